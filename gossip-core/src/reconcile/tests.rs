//! The algebra of sketches, and that what is understood is what differs.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::*;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::message::{
    Footing, Generation, Head, Incarnation, MemberRow, MemberState, Range, RangePart, Ranges,
    Symbol, Version,
};
use proptest::prelude::*;

type Halves = (Option<MemberRow>, Option<Head>);
type Rows = BTreeMap<NodeId, Halves>;

fn id(number: u64) -> NodeId {
    format!("n{number}").parse().unwrap()
}

fn halves(generation: u64, at: u64) -> Halves {
    let generation = Generation(generation);
    let footing = Footing {
        generation,
        incarnation: Incarnation(at),
    };
    let state = MemberState::Alive;
    let version = Version(at);
    let head = Head {
        generation,
        version,
    };
    (Some(MemberRow { footing, state }), Some(head))
}

fn sketch(rows: &Rows) -> Sketch {
    let mut sketch = Sketch::new(&"test".parse().unwrap());
    for (id, (member, head)) in rows {
        sketch.set(id, *member, *head);
    }
    sketch
}

fn all_symbols(sketch: &Sketch) -> &[Symbol] {
    sketch.symbols(0, limit::SYMBOLS)
}

fn held(rows: &Rows) -> impl Iterator<Item = Held<'_>> {
    rows.iter().map(|(id, (member, head))| Held {
        id,
        member: *member,
        head: *head,
    })
}

/// Keys of what differs, as the plain comparison sees it.
fn truly_differs(ours: &Rows, theirs: &Rows) -> Vec<u64> {
    let coder = *sketch(&Rows::new()).coder();
    let mut keys = Vec::new();
    let names = ours
        .keys()
        .chain(theirs.keys().filter(|id| !ours.contains_key(*id)));
    for id in names {
        let nothing = (None, None);
        let one = ours.get(id).unwrap_or(&nothing);
        let other = theirs.get(id).unwrap_or(&nothing);
        if one.0 != other.0 {
            keys.push(key(coder.name(id), Half::Member));
        }
        if one.1 != other.1 {
            keys.push(key(coder.name(id), Half::Head));
        }
    }
    keys.sort_unstable();
    keys
}

/// Two sets of rows that differ in some: ours and theirs.
fn two(rng: &mut Rng, size: u64, differing: u64) -> (Rows, Rows) {
    let mut ours = Rows::new();
    for number in 0..size {
        ours.insert(id(number), halves(7, 1 + number % 40));
    }
    let mut theirs = ours.clone();
    for _ in 0..differing {
        let number = rng.below(size.max(1));
        let at = 100 + rng.below(1_000);
        let side = if rng.below(2) == 0 {
            &mut ours
        } else {
            &mut theirs
        };
        match rng.below(6) {
            0 => drop(side.remove(&id(number))),
            1 => drop(side.insert(id(size + number), halves(7, 3))),
            2 => drop(side.insert(id(number), halves(8, at))),
            3 => side.entry(id(number)).or_default().0 = None,
            _ => side.entry(id(number)).or_default().1 = halves(7, at).1,
        }
    }
    (ours, theirs)
}

proptest! {
    /// The order of changes does not matter, nor what was there between.
    #[test]
    fn a_sketch_is_of_the_rows_alone(steps in prop::collection::vec((0..6_u64, 0..4_u64, 0..9_u64), 0..40)) {
        let mut rows = Rows::new();
        let mut walked = sketch(&rows);
        for (name, generation, at) in steps {
            let row = match at {
                0 => (None, None),
                1 => (halves(generation, at).0, None),
                2 => (None, halves(generation, at).1),
                _ => halves(generation, at),
            };
            walked.set(&id(name), row.0, row.1);
            rows.insert(id(name), row);
        }
        rows.retain(|_, row| *row != (None, None));
        let fresh = sketch(&rows);
        prop_assert_eq!(walked.sum(), fresh.sum());
        prop_assert_eq!(all_symbols(&walked), all_symbols(&fresh));
        prop_assert_eq!(walked.len(), rows.len());
    }

    /// The sketch of two sets without a name in common is the sum of theirs.
    #[test]
    fn sketches_add_up(left in 0..20_u64, right in 0..20_u64) {
        let rows = |numbers: core::ops::Range<u64>| -> Rows {
            numbers.map(|number| (id(number), halves(7, 1 + number))).collect()
        };
        let one = sketch(&rows(0..left));
        let other = sketch(&rows(left..left + right));
        let both = sketch(&rows(0..left + right));
        let added = all_symbols(&one).iter().zip(all_symbols(&other));
        let added: Vec<Symbol> = added.map(|(one, other)| super::sketch::plus(*one, *other)).collect();
        prop_assert_eq!(all_symbols(&both), added);
    }

    /// Whatever a peer sends as symbols: an answer, and never a wrong certainty
    /// about more items than there are symbols.
    #[test]
    fn any_symbols_are_answered(
        words in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u32>()), 0..200),
        few in 0..3_u64,
    ) {
        let rows: Rows = (0..20).map(|number| (id(number), halves(7, 1))).collect();
        let ours = sketch(&rows);
        let symbols: Vec<Symbol> = words.iter().map(|(sum, product, check)| Symbol {
            sum: sum % few.max(1) , product: product % 3, check: check % 2,
        }).collect();
        for symbols in [symbols, words.iter().map(|(sum, product, check)| Symbol {
            sum: *sum, product: *product, check: *check,
        }).collect()] {
            if let Peeled::All { differences, used } = peel(&symbols, &ours) {
                prop_assert!(differences.len() <= symbols.len() && used <= symbols.len());
            }
        }
    }
}

/// What symbols tell is what plain rows tell, in random cases; the seed is in
/// the message. A tenth of a million in a build that is optimised.
#[test]
fn what_is_peeled_is_what_differs() {
    let cases = if cfg!(debug_assertions) {
        1_500
    } else {
        100_000
    };
    let mut understood = 0;
    for seed in 0..cases {
        let mut rng = Rng::new(seed);
        let size = rng.below(60);
        let differing = rng.below(12);
        let (ours, theirs) = two(&mut rng, size, differing);
        let truth = truly_differs(&ours, &theirs);
        let (ours, theirs) = (sketch(&ours), sketch(&theirs));
        assert_eq!(ours.sum() == theirs.sum(), truth.is_empty(), "seed {seed}");
        let length = 1 + rng.below(80) as usize;
        if let Peeled::All { differences, .. } = peel(theirs.symbols(0, length), &ours) {
            let keys: Vec<u64> = differences.iter().map(|one| one.key).collect();
            assert_eq!(keys, truth, "seed {seed}");
            for one in differences {
                assert_eq!(one.ours, ours.value(one.key), "seed {seed}");
                assert_eq!(one.theirs, theirs.value(one.key), "seed {seed}");
            }
            understood += 1;
        }
    }
    assert!(understood * 10 > cases * 8, "{understood} of {cases}");
}

/// Symbols a difference, within what the paper and our simulation of it have:
/// means 1.77 at most, and the 99th of a hundred by the number that differ.
#[test]
fn it_takes_no_more_symbols_than_published() {
    for (differing, runs, p99) in [
        (1, 50, 1.0),
        (10, 1_000, 3.8),
        (20, 300, 2.8),
        (50, 200, 2.0),
        (100, 200, 1.75),
    ] {
        let mut took: Vec<f64> = (0..runs)
            .map(|run| {
                let rows = |from: u64| -> Rows {
                    let numbers = (0..differing).map(|number| 1_000 * run + number);
                    numbers
                        .map(|number| (id(number), (None, halves(7, from + number).1)))
                        .collect()
                };
                let (ours, theirs) = (sketch(&rows(1)), sketch(&rows(2)));
                match peel(all_symbols(&theirs), &ours) {
                    Peeled::All { used, differences } => {
                        assert_eq!(differences.len() as u64, differing);
                        used as f64 / differing as f64
                    }
                    short => panic!("{differing}, run {run}: {short:?}"),
                }
            })
            .collect();
        took.sort_by(f64::total_cmp);
        let mean = took.iter().sum::<f64>() / runs as f64;
        let high = took[(runs as usize * 99) / 100 - 1];
        assert!(mean <= 1.80, "{differing}: mean {mean}");
        assert!(high <= p99, "{differing}: p99 {high}");
    }
}

/// Where they do not suffice, the symbols still tell about how much differs.
#[test]
fn too_few_symbols_tell_how_many_differ() {
    for (symbols, differing) in [
        (16, 40),
        (64, 150),
        (256, 600),
        (1_024, 1_500),
        (1_024, 4_000),
    ] {
        let rows = |at: u64| -> Rows {
            (0..differing)
                .map(|number| (id(number), (None, halves(7, at).1)))
                .collect()
        };
        let (ours, theirs) = (sketch(&rows(1)), sketch(&rows(2)));
        let Peeled::Short { about } = peel(theirs.symbols(0, symbols), &ours) else {
            panic!("{symbols} symbols for {differing}");
        };
        let ratio = about as f64 / differing as f64;
        assert!(
            (0.4..2.5).contains(&ratio),
            "{symbols}: {about} of {differing}"
        );
    }
}

fn after<'a>(rows: &'a Rows, after: Option<&NodeId>) -> impl Iterator<Item = Held<'a>> + use<'a> {
    let after = after.cloned();
    held(rows).filter(move |held| after.as_ref().is_none_or(|after| held.id > after))
}

/// By ranges, both sides until nothing is left: what the server compares.
fn by_ranges(server: &Rows, opener: &Rows, salt: u64) -> (Vec<NodeId>, u32) {
    let hash = sketch(&Rows::new()).coder().hash();
    let mut comparison = Comparison::new(hash, salt, held(server));
    let (mut differ, mut rounds) = (Vec::new(), 0);
    while let Some(said) = comparison.say() {
        rounds += 1;
        assert!(said.ranges.len() <= limit::RANGES);
        let answered = answer(hash, &said, |from| after(opener, from));
        assert!(answered.ranges.len() <= limit::RANGES);
        for digest in comparison.hear(&answered, |from| after(server, from)) {
            let theirs: Rows = digest
                .rows
                .iter()
                .map(|row| (row.id.clone(), (row.member, row.head)))
                .collect();
            let ours = server.iter().filter(|(id, _)| digest.covers(id));
            let ours: Rows = ours.map(|(id, row)| (id.clone(), *row)).collect();
            let other = |(id, row): &(&NodeId, &Halves)| theirs.get(*id) != Some(row);
            differ.extend(ours.iter().filter(other).map(|(id, _)| id.clone()));
            differ.extend(theirs.keys().filter(|id| !ours.contains_key(id)).cloned());
        }
    }
    differ.sort();
    (differ, rounds)
}

#[test]
fn ranges_find_what_differs() {
    let cases = if cfg!(debug_assertions) { 200 } else { 5_000 };
    for seed in 0..cases {
        let mut rng = Rng::new(seed);
        let size = rng.below(400);
        let differing = rng.below(60);
        let (ours, theirs) = two(&mut rng, size, differing);
        let nothing = (None, None);
        let row = |rows: &Rows, id: &NodeId| *rows.get(id).unwrap_or(&nothing);
        let names: alloc::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        let is_row = |id: &&NodeId| {
            ours.contains_key(id) != theirs.contains_key(id) || row(&ours, id) != row(&theirs, id)
        };
        let truth: Vec<NodeId> = names.into_iter().filter(is_row).cloned().collect();
        let (found, rounds) = by_ranges(&ours, &theirs, seed);
        assert_eq!(found, truth, "seed {seed}");
        assert!(rounds <= 4, "seed {seed}: {rounds} rounds");
    }
}

/// More than a message holds is told in several.
#[test]
fn ranges_of_much_end() {
    let ours: Rows = (0..3_000)
        .map(|number| (id(number), halves(7, 1)))
        .collect();
    let theirs: Rows = (1_500..4_500)
        .map(|number| (id(number), halves(7, 1 + number % 2)))
        .collect();
    let (found, rounds) = by_ranges(&ours, &theirs, 1);
    assert!(rounds < 20, "{rounds}");
    assert_eq!(found.len(), 1_500 + 1_500 + 750);
}

/// Ranges that a peer makes up, backwards and beyond, cost what they hold.
#[test]
fn made_up_ranges_are_answered() {
    let rows: Rows = (0..40).map(|number| (id(number), halves(7, 1))).collect();
    let hash = sketch(&Rows::new()).coder().hash();
    let range = |after, through, part| Range {
        after,
        through,
        part,
    };
    let ranges = alloc::vec![
        range(None, Some(id(30)), RangePart::Print(1)),
        range(Some(id(10)), Some(id(1)), RangePart::Print(2)),
        range(Some(id(9)), None, RangePart::Tell),
        range(None, None, RangePart::Rows(Vec::new())),
    ];
    let asked = Ranges { salt: 3, ranges };
    let said = answer(hash, &asked, |from| after(&rows, from));
    assert!(said.ranges.len() <= 10, "{said:?}");
    let mut comparison = Comparison::new(hash, 3, held(&rows));
    comparison.hear(&asked, |from| after(&rows, from));
    let mut said = 0;
    while comparison.say().is_some() {
        let many = alloc::vec![asked.ranges[0].clone(); 2 * limit::RANGES];
        comparison.hear(
            &Ranges {
                salt: 3,
                ranges: many,
            },
            |from| after(&rows, from),
        );
        said += 1;
    }
    assert!(said <= limit::RANGE_ROUNDS);
}

/// The numbers that PROTOCOL.md shows: others compute the same.
#[test]
fn a_sketch_is_the_same_for_ever() {
    let mut sketch = Sketch::new(&"demo".parse().unwrap());
    let (member, _) = halves(1_700_000_000, 1);
    let head = Head {
        generation: Generation(1_700_000_000),
        version: Version(60),
    };
    let id = "eu/1/n17".parse().unwrap();
    sketch.set(&id, member, Some(head));
    let name = sketch.coder().name(&id);
    let values = [Half::Member, Half::Head].map(|half| sketch.value(key(name, half)));
    let [member, head] = values;
    let symbol = sketch.symbols(0, 1)[0];
    let all = format!(
        "{name:015x} {member:016x} {head:016x} {:016x} {:016x} {:08x}",
        symbol.sum, symbol.product, symbol.check
    );
    assert_eq!(
        all,
        "7913e90c544b495 01d2200000000004 01d220000000003c \
         03a4400000000040 035cd3240d804204 2041a318"
    );
}
