//! The laws of the vocabulary, and of the replica: whatever the order in which
//! the same news arrives, everybody ends up believing the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing
)] // a test may stop

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::input::{Query, Space};
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Claim, Entry, Floor, Footing, Generation, Head, Incarnation,
    Lineage, LogDelta, Op, Presence, Scope, Sealed, Stamp, Value, Version, WriteId,
};
use gossip_core::output::{Counters, KeyEvent, KeyEventKind, Notification};
use gossip_core::replica::{Change, Chronicle, Replica};
use gossip_core::watched::{Cursor, Keys, Selection};
use proptest::prelude::*;

const WALL: WallTime = WallTime::from_millis(1_000_000);

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

fn claim(generation: u64, incarnation: u64, left: bool) -> Claim {
    Claim {
        member: id("n"),
        footing: footing(generation, incarnation),
        presence: if left {
            Presence::Left
        } else {
            Presence::Alive
        },
        addrs: [].into(),
    }
}

const fn footing(generation: u64, incarnation: u64) -> Footing {
    Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    }
}

prop_compose! {
    fn any_claim()(generation in 1..4u64, incarnation in 0..3u64, left: bool) -> Claim {
        claim(generation, incarnation, left)
    }
}

proptest! {
    #[test]
    fn of_two_claims_exactly_one_supersedes_or_they_say_the_same(
        a in any_claim(), b in any_claim(), c in any_claim(),
    ) {
        prop_assert!(!(a.supersedes(&b) && b.supersedes(&a)));
        prop_assert_eq!(a == b, !a.supersedes(&b) && !b.supersedes(&a));
        prop_assert!(!a.supersedes(&b) || !b.supersedes(&c) || a.supersedes(&c));
    }
}

/// A member that writes, and may lose the tail of its disk at a restart.
struct Author {
    id: NodeId,
    replica: Replica,
    generation: u64,
    /// Every batch it ever sealed, lost ones included, in the order made.
    said: Vec<Batch>,
    /// What its disk holds.
    disk: Vec<Batch>,
}

impl Author {
    fn new(name: &str) -> Self {
        let (said, disk) = (vec![], vec![]);
        Self {
            id: id(name),
            replica: Replica::default(),
            generation: 1,
            said,
            disk,
        }
    }

    fn write(&mut self, key: u8, value: u8, millis: u64) {
        let head = self.replica.head(&self.id).unwrap_or_default();
        let mut lineage = self.replica.lineage(&self.id);
        if self.replica.generation(&self.id) != Generation(self.generation) {
            lineage = lineage.extended(Generation(self.generation), head);
        }
        let batch = batch(&self.id, lineage, head.version.plus(1), key, value, millis);
        take(&mut self.replica, head.version, &batch);
        self.said.push(batch.clone());
        self.disk.push(batch);
    }

    fn restart_without_the_last(&mut self, lost: usize) {
        self.disk.truncate(self.disk.len().saturating_sub(lost));
        self.generation += 1;
        self.replica = Replica::default();
        for batch in &self.disk {
            take(&mut self.replica, batch.head.value.before(), batch);
        }
    }
}

fn batch(
    author: &NodeId,
    lineage: Lineage,
    first: Version,
    key: u8,
    value: u8,
    millis: u64,
) -> Batch {
    let head = BatchHead {
        author: author.clone(),
        lineage,
        first,
        count: 1,
        floor: Floor::default(),
    };
    let entry = Entry {
        scope: if key < 4 { Scope::Shared } else { Scope::Own },
        key: format!("k{key}").parse().unwrap(),
        stamp: Stamp { millis, counter: 0 },
        op: match value {
            0 => Op::Delete,
            _ => Op::Put(Value::new(Bytes::from(vec![value])).unwrap()),
        },
        replaces: None,
        expires: None,
    };
    Batch {
        head: Arc::new(Sealed {
            value: head,
            bytes: Bytes::from_static(b"head"),
        }),
        parts: vec![BatchPart {
            index: 0,
            entry: Sealed {
                value: entry,
                bytes: Bytes::from_static(b"entry"),
            },
        }],
    }
}

fn take(replica: &mut Replica, from: Version, batch: &Batch) -> Vec<Change> {
    let (mut counters, mut changes) = (Counters::default(), vec![]);
    replica.apply(from, batch, WALL, &mut counters, &mut changes);
    changes
}

/// Everything that can be read of a replica.
fn picture(replica: &Replica, authors: &[&NodeId]) -> Vec<String> {
    let shared = replica
        .list(&Space::Shared, "")
        .into_iter()
        .map(|row| format!("shared {row:?}"));
    let own = authors.iter().flat_map(|author| {
        let rows = replica.list(&Space::Own((*author).clone()), "").into_iter();
        rows.map(move |row| format!("{author} {row:?}"))
    });
    shared.chain(own).collect()
}

/// The run of a log that `theirs` lacks, put together from its pieces.
fn run(from: &Replica, author: &NodeId, theirs: Head, budget: usize) -> LogDelta {
    let (mut run, mut handed) = from.since(author, theirs, None, budget).unwrap();
    while handed.is_some() {
        let (piece, next) = from.since(author, theirs, handed, budget).unwrap();
        assert_eq!(
            piece.from,
            run.reaches(),
            "each goes on where the last one ended"
        );
        run.batches.extend(piece.batches);
        handed = next;
    }
    run
}

fn merge(replica: &mut Replica, run: &LogDelta) -> Vec<Change> {
    let (mut counters, mut changes) = (Counters::default(), vec![]);
    let LogDelta { from, batches, .. } = run;
    replica.merge(*from, batches, WALL, &mut counters, &mut changes);
    changes
}

/// `to` asks `from` for everything it lacks, in pieces of `budget` bytes.
fn sync(from: &Replica, to: &mut Replica, budget: usize) {
    let heads: Vec<(NodeId, Head)> = from
        .authors()
        .map(|(author, head)| (author.clone(), head))
        .collect();
    for (author, head) in heads {
        // Once more where a newer generation cut below what was asked for.
        for _ in 0..2 {
            let theirs = to.head(&author).unwrap_or_default();
            if theirs >= head {
                break;
            }
            let run = run(from, &author, theirs, budget);
            merge(to, &run);
        }
        assert!(
            to.head(&author).unwrap_or_default() >= head,
            "a session ends up level"
        );
    }
}

proptest! {
    /// Three authors write, restart, and lose the tails of their disks; their
    /// batches reach two replicas in any order, some not at all; then one
    /// session with each author, and everybody reads the same.
    #[test]
    fn replicas_that_compared_notes_agree(
        deeds in prop::collection::vec((0..3usize, 0..8u8, 0..4u8, 1..60u64, 0..12u8), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
        budget in 1..400usize,
    ) {
        let mut authors = [Author::new("a"), Author::new("b"), Author::new("c")];
        let mut replicas = [Replica::default(), Replica::default()];
        for (who, key, value, millis, fate) in deeds {
            let author = &mut authors[who];
            match fate {
                0 => author.restart_without_the_last(0),
                1 => author.restart_without_the_last(2),
                // A session in the middle of it all: what is lost later is out in the world.
                2 => sync(&author.replica, &mut replicas[0], budget),
                _ => author.write(key, value, millis),
            }
        }
        // Whatever was lost, the newest generation speaks once more.
        for author in &mut authors {
            author.write(9, 1, 60);
        }
        let said: Vec<Batch> = authors.iter().flat_map(|author| author.said.clone()).collect();
        for (turn, index) in order.iter().enumerate() {
            let batch = index.get(&said);
            take(&mut replicas[turn % 2], batch.head.value.before(), batch);
        }
        for author in &authors {
            for replica in &mut replicas {
                sync(&author.replica, replica, budget);
            }
        }
        let ids: Vec<&NodeId> = authors.iter().map(|author| &author.id).collect();
        let [left, right] = &replicas;
        prop_assert_eq!(picture(left, &ids), picture(right, &ids));
        for author in &authors {
            let own = [&author.id];
            let shared_free = |replica: &Replica| {
                let rows = picture(replica, &own).into_iter();
                rows.filter(|row| !row.starts_with("shared")).collect::<Vec<_>>()
            };
            prop_assert_eq!(shared_free(left), shared_free(&author.replica));
        }
    }

    /// A subscriber that folds the notifications holds what a reader reads.
    #[test]
    fn notifications_fold_to_the_picture(
        deeds in prop::collection::vec((0..2usize, 0..8u8, 0..4u8, 1..60u64, 0..10u8), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..150),
    ) {
        let mut authors = [Author::new("a"), Author::new("b")];
        for (who, key, value, millis, fate) in deeds {
            match fate {
                0 => authors[who].restart_without_the_last(2),
                _ => authors[who].write(key, value, millis),
            }
        }
        let said: Vec<Batch> = authors.iter().flat_map(|author| author.said.clone()).collect();
        prop_assume!(!said.is_empty());
        let mut replica = Replica::default();
        let mut folded: BTreeMap<(Scope, NodeId, String), Bytes> = BTreeMap::new();
        let nobody = id("shared");
        for index in order {
            let batch = index.get(&said);
            for change in take(&mut replica, batch.head.value.before(), batch) {
                let Change::Notify(Notification::Key(event)) = change else { continue };
                let space = match event.scope {
                    Scope::Own => event.write.author,
                    Scope::Shared => nobody.clone(),
                };
                let name = (event.scope, space, event.key.as_str().to_owned());
                match event.value {
                    Some(value) => folded.insert(name, value.bytes().clone()),
                    None => folded.remove(&name),
                };
            }
        }
        let mut read = BTreeMap::new();
        for row in replica.list(&Space::Shared, "") {
            let name = (Scope::Shared, nobody.clone(), row.key.as_str().to_owned());
            read.insert(name, row.value.bytes().clone());
        }
        for author in &authors {
            for row in replica.list(&Space::Own(author.id.clone()), "") {
                let name = (Scope::Own, author.id.clone(), row.key.as_str().to_owned());
                read.insert(name, row.value.bytes().clone());
            }
        }
        prop_assert_eq!(folded, read);
    }
}

/// What a watcher holds: key by key, the value and the write behind it.
type Held = BTreeMap<(NodeId, String), (Bytes, WriteId)>;

/// Takes one event in, and looks whether it can follow on what is held.
fn fold(held: &mut Held, event: &KeyEvent) {
    let space = match event.scope {
        Scope::Own => event.write.author.clone(),
        Scope::Shared => id("shared"),
    };
    let name = (space, event.key.as_str().to_owned());
    let stood = held.get(&name).map(|(_, write)| write);
    if stood.is_some() {
        assert_eq!(
            stood,
            event.before.as_ref(),
            "{event:?} follows on what stood"
        );
    }
    match (event.kind, &event.value) {
        (KeyEventKind::Put, Some(value)) => {
            assert_ne!(stood, Some(&event.write), "no version is told twice");
            held.insert(name, (value.bytes().clone(), event.write.clone()));
        }
        (KeyEventKind::Put, None) | (_, Some(_)) => panic!("{event:?} says two things"),
        (_, None) => {
            held.remove(&name);
        }
    }
}

fn held(replica: &Replica, selection: &Selection) -> Held {
    let shared = selection.whose == gossip_core::watched::Whose::Shared;
    let rows = replica.select(selection).into_iter().map(|row| {
        let space = if shared {
            id("shared")
        } else {
            row.write.author.clone()
        };
        let name = (space, row.key.as_str().to_owned());
        (name, (row.value.bytes().clone(), row.write))
    });
    rows.collect()
}

proptest! {
    /// A watcher may go away at any moment and come back with the cursor it was
    /// given: what it held, and what it is told that it missed, is what stands.
    /// No event is told twice, none is left out, whatever it watches.
    #[test]
    fn from_any_cursor_what_was_missed_folds_to_what_stands(
        deeds in prop::collection::vec((0..2usize, 0..8u8, 0..4u8, 1..60u64, 0..10u8), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
        whose in 0..4usize, exact: bool,
    ) {
        let mut authors = [Author::new("a"), Author::new("b")];
        for (who, key, value, millis, fate) in deeds {
            match fate {
                0 => authors[who].restart_without_the_last(2),
                _ => authors[who].write(key, value, millis),
            }
        }
        let said: Vec<Batch> = authors.iter().flat_map(|author| author.said.clone()).collect();
        prop_assume!(!said.is_empty());
        let keys = match exact {
            true => Keys::Exactly(if whose == 0 { "k1" } else { "k5" }.parse().unwrap()),
            false => Keys::Prefix("k".to_owned()),
        };
        let selection = match whose {
            0 => Selection::shared(keys),
            1 => Selection::everybody(keys),
            _ => Selection::member(authors[whose - 2].id.clone(), keys),
        };
        let mut replica = Replica::default();
        let mut chronicle = Chronicle::new(&id("n"), Generation(1));
        let mut went: Vec<(Cursor, Held)> = vec![(chronicle.now(), held(&replica, &selection))];
        let mut told: Vec<Notification> = vec![];
        for index in order {
            let batch = index.get(&said);
            for change in take(&mut replica, batch.head.value.before(), batch) {
                let Change::Notify(mut told_now) = change else { continue };
                chronicle.enter(&mut told_now);
                told.push(told_now);
            }
            went.push((chronicle.now(), held(&replica, &selection)));
        }
        let stands = held(&replica, &selection);
        let number = |event: &Notification| event.cursor().unwrap().number();
        prop_assert!(told.iter().map(number).eq(1..=told.len() as u64), "numbered without a gap");
        for (cursor, mut held) in went {
            let missed = chronicle.since(cursor, &selection).unwrap();
            let expected = told.iter().filter(|event| number(event) > cursor.number());
            prop_assert!(missed.iter().eq(expected.filter(|event| event.concerns(&selection))));
            for event in &missed {
                if let Notification::Key(event) = event {
                    fold(&mut held, event);
                }
            }
            prop_assert_eq!(&held, &stands);
        }
    }
}

/// A cursor that is too old, of another run, or from nowhere is not guessed at.
#[test]
fn what_is_no_longer_known_is_not_told() {
    let mut author = Author::new("a");
    author.write(1, 1, 10);
    let mut told = take(&mut Replica::default(), Version(0), &author.said[0]);
    told.retain(|change| matches!(change, Change::Notify(_)));
    let Some(Change::Notify(event)) = told.pop() else {
        panic!("it is told")
    };
    let mut chronicle = Chronicle::new(&id("n"), Generation(1));
    let all = Selection::shared(Keys::Prefix(String::new()));
    let start = chronicle.now();
    for _ in 0..limit::KEY_EVENTS_KEPT {
        chronicle.enter(&mut event.clone());
    }
    let kept = chronicle.since(start, &all).map(|missed| missed.len());
    assert_eq!(kept, Some(limit::KEY_EVENTS_KEPT));
    chronicle.enter(&mut event.clone());
    assert_eq!(chronicle.since(start, &all), None, "one more than is kept");
    assert_eq!(chronicle.since(chronicle.now(), &all), Some(vec![]));

    let mut other_run = Chronicle::new(&id("n"), Generation(2));
    assert_eq!(other_run.since(start, &all), None, "another run");
    other_run.enter(&mut event.clone());
    let mut other_node = Chronicle::new(&id("m"), Generation(2));
    other_node.enter(&mut event.clone());
    assert_eq!(
        other_node.since(other_run.now(), &all),
        None,
        "another node"
    );
    let ahead = chronicle
        .now()
        .to_string()
        .replace("-", "-9")
        .parse()
        .unwrap();
    assert_eq!(chronicle.since(ahead, &all), None, "from nowhere");

    // Large values push each other out before their number does.
    let Notification::Key(mut large) = event else {
        panic!("a key")
    };
    large.value = Some(Value::new(Bytes::from(vec![0; limit::VALUE_BYTES])).unwrap());
    let mut chronicle = Chronicle::new(&id("n"), Generation(1));
    for _ in 0..limit::KEY_EVENT_BYTES_KEPT / limit::VALUE_BYTES {
        chronicle.enter(&mut Notification::Key(large.clone()));
    }
    assert_eq!(chronicle.since(start, &all), None, "the keys count, too");
}

#[test]
fn a_stamp_from_the_future_waits_for_its_time() {
    let (far, near) = (WALL.as_millis() + 90_000, WALL.as_millis());
    let lineage = |author: &Author| author.replica.lineage(&author.id);
    let (mut fast, mut slow) = (Author::new("fast"), Author::new("slow"));
    fast.write(1, 7, far);
    slow.write(1, 3, near);
    assert_eq!(lineage(&fast).bases().len(), 1);

    let mut replica = Replica::default();
    take(&mut replica, Version(0), &fast.said[0]);
    take(&mut replica, Version(0), &slow.said[0]);
    let query = Query {
        space: Space::Shared,
        key: "k1".parse().unwrap(),
    };
    let author = |replica: &Replica| replica.value(&query).unwrap().write.author;
    assert_eq!(author(&replica), id("slow"));
    assert_eq!(
        replica.stamp(WALL).millis,
        near,
        "it does not drag our clock along"
    );

    let due = replica.next_release().unwrap();
    assert_eq!(due.as_millis(), far - 60_000);
    let mut changes = vec![];
    replica.release(due, &mut changes);
    assert_eq!(author(&replica), id("fast"));
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, Change::Notify(Notification::Key(_))))
    );
}

/// An author whose clock runs far ahead, and who writes one key again and
/// again, is waited for once.
#[test]
fn what_waits_for_its_time_is_forgotten_when_it_is_replaced() {
    let (far, mut fast) = (WALL.as_millis() + 90_000, Author::new("fast"));
    fast.write(1, 1, far);
    fast.write(1, 2, far + 1_000);
    let due = fast.replica.next_release().unwrap();
    assert_eq!(due.as_millis(), far + 1_000 - 60_000);
    fast.write(1, 3, WALL.as_millis());
    assert_eq!(fast.replica.next_release(), None);
}

#[test]
fn of_two_blind_writes_the_lost_one_is_reported() {
    let (mut a, mut b) = (Author::new("a"), Author::new("b"));
    a.write(1, 1, 10);
    b.write(1, 2, 11);
    let orders = [[&a.said[0], &b.said[0]], [&b.said[0], &a.said[0]]];
    for order in orders {
        let mut replica = Replica::default();
        let changes: Vec<Change> = order
            .iter()
            .flat_map(|batch| take(&mut replica, Version(0), batch))
            .collect();
        let conflicts: BTreeSet<String> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Notify(Notification::Conflict { won, lost, .. }) => {
                    Some(format!("{} over {}", won.0.author, lost.0.author))
                }
                _ => None,
            })
            .collect();
        assert_eq!(conflicts, BTreeSet::from(["b over a".to_owned()]));
    }
}

/// ```text
///   author   1: k=a   2: k=b | the disk loses 2 |   2': j=c
///   replica           2: k=b   (1 was superseded, and never sent)
/// ```
/// The replica has to fetch 1 again: it cannot know that 2 had hidden it.
#[test]
fn a_cut_reaches_below_what_the_lost_writes_had_hidden() {
    let (mut author, mut replica) = (Author::new("a"), Replica::default());
    author.write(0, 1, 10);
    author.write(0, 2, 11);
    sync(&author.replica, &mut replica, 1);
    author.restart_without_the_last(1);
    author.write(1, 3, 12);
    sync(&author.replica, &mut replica, 1);
    assert_eq!(
        picture(&replica, &[&author.id]),
        picture(&author.replica, &[&author.id])
    );
    assert_eq!(replica.list(&Space::Shared, "").len(), 2);
}
