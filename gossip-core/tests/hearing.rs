//! Laws of what is heard: once each, in one order, and in the end by both.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::{ClusterId, NodeId};
use gossip_core::base::limit;
use gossip_core::base::time::Instant;
use gossip_core::event::{Events, KEEP, Told};
use gossip_core::message::{Event, EventHave, EventId, EventRun, Generation, Lamport, Run, Sealed};
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Instant = Instant::from_millis(1_000);

fn run(author: usize, generation: u64) -> Run {
    let author: NodeId = format!("n{author}").parse().unwrap();
    Run {
        author,
        generation: Generation(generation),
    }
}

fn event(run: &Run, number: u64) -> Sealed<Event> {
    named(run, number, "e", false)
}

fn named(run: &Run, number: u64, name: &str, coalesce: bool) -> Sealed<Event> {
    let value = Event {
        id: EventId {
            run: run.clone(),
            number,
        },
        time: Lamport(number * 3 % 17 + 1),
        name: name.parse().unwrap(),
        payload: Bytes::new(),
        coalesce,
        ask: None,
    };
    let bytes = format!("{value:?}").into();
    Sealed { value, bytes }
}

fn heard() -> Events {
    let cluster: ClusterId = "main".parse().unwrap();
    let mut events = Events::new(&cluster);
    events.begin();
    events
}

/// What `to` lacks of what `from` has heard, told as peers tell it: the numbers
/// that were news, and how many are missed or coalesced.
fn tell(from: &Events, to: &mut Events) -> (Vec<EventId>, u64, u64) {
    let (mut news, mut missed, mut coalesced) = (Vec::new(), 0, 0);
    for _ in 0..1_000 {
        let Some(delta) = from.delta(&to.have(false)) else {
            return (news, missed, coalesced);
        };
        assert!(delta.weight() <= limit::STREAM_MESSAGE_BYTES);
        for run in &delta.runs {
            let taken = to.take(NOW, run);
            news.extend(taken.news.into_iter().map(|event| event.value.id));
            missed += taken.missed;
            coalesced += taken.coalesced;
        }
    }
    panic!("they do not come to an end");
}

/// Events of three authors, of two runs each, in any order, some of them twice.
fn stream() -> impl Strategy<Value = Vec<(usize, u64, u64)>> {
    vec((0..3_usize, 1..3_u64, 1..60_u64), 0..300)
}

proptest! {
    #[test]
    fn each_is_news_once_whatever_the_order(stream in stream()) {
        let mut events = heard();
        let mut known = BTreeSet::new();
        for (author, generation, number) in stream {
            let event = event(&run(author, generation), number);
            let told = events.hear(NOW, &event);
            let news = known.insert(event.value.id.clone());
            prop_assert_eq!(told, if news { Told::News } else { Told::Again });
        }
        let window = events.window();
        prop_assert_eq!(window.len(), known.len());
        prop_assert!(window.is_sorted_by(|left, right| left.order() < right.order()));
        prop_assert!(window.is_sorted_by_key(|event| event.time));
    }

    #[test]
    fn two_that_tell_each_other_have_heard_the_same(one in stream(), other in stream()) {
        let (mut left, mut right) = (heard(), heard());
        let mut known = [BTreeSet::new(), BTreeSet::new()];
        for (side, stream) in [one, other].into_iter().enumerate() {
            for (author, generation, number) in stream {
                let event = event(&run(author, generation), number);
                let events = if side == 0 { &mut left } else { &mut right };
                events.hear(NOW, &event);
                known[side].insert(event.value.id.clone());
            }
        }
        let (to_right, missed, coalesced) = tell(&left, &mut right);
        let (to_left, ..) = tell(&right, &mut left);
        // Each once, exactly what was lacking; what nobody has is still waited for.
        let lacking: Vec<_> = known[0].difference(&known[1]).cloned().collect();
        prop_assert_eq!(to_right.iter().collect::<BTreeSet<_>>(), lacking.iter().collect());
        prop_assert_eq!(to_right.len(), lacking.len());
        let lacking: Vec<_> = known[1].difference(&known[0]).cloned().collect();
        prop_assert_eq!(to_left.len(), lacking.len());
        prop_assert_eq!((missed, coalesced), (0, 0));
        prop_assert_eq!(left.sum(), right.sum());
        let stranger = "n9".parse().unwrap();
        prop_assert!(left.lacking(&right.have(true), &stranger).rows.is_empty());
    }

    #[test]
    fn of_those_that_coalesce_the_newest_is_heard_everywhere(
        numbers in vec(1..40_u64, 1..60),
        names in vec(0..3_usize, 40),
    ) {
        let run = run(0, 1);
        let name = |number: u64| ["a", "b", "c"][names[number as usize % names.len()]];
        let mut author = heard();
        let last = *numbers.iter().max().unwrap();
        for number in 1..=last {
            author.hear(NOW, &named(&run, number, name(number), true));
        }
        let mut other = heard();
        let mut told = BTreeSet::new();
        for number in numbers {
            if other.hear(NOW, &named(&run, number, name(number), true)) == Told::News {
                told.insert(number);
            }
        }
        let (news, missed, _) = tell(&author, &mut other);
        prop_assert_eq!(missed, 0);
        told.extend(news.iter().map(|id| id.number));
        for newest in author.window() {
            prop_assert!(told.contains(&newest.id.number), "{:?}", newest);
        }
        prop_assert_eq!(author.window(), other.window());
        prop_assert_eq!(author.sum(), other.sum());
    }

    /// Whatever a peer says of a run, nobody gives up what its author may yet say.
    #[test]
    fn a_liar_cannot_speak_for_an_author(
        floor in any::<u64>(),
        through in any::<u64>(),
        said in 0..20_u64,
    ) {
        let run = run(0, 1);
        let mut events = heard();
        let told = EventRun {
            run: run.clone(),
            floor,
            through,
            events: (1..=said).map(|number| event(&run, number)).collect(),
        };
        let taken = events.take(NOW, &told);
        prop_assert_eq!((taken.news.len() as u64, taken.missed), (said, 0));
        prop_assert_eq!(events.hear(NOW, &event(&run, said + 1)), Told::News);
    }
}

#[test]
fn what_is_forgotten_is_missed_and_counted() {
    let run = run(0, 1);
    let (mut author, mut other) = (heard(), heard());
    other.hear(NOW, &event(&run, 1));
    for number in 1..=10 {
        author.hear(NOW, &event(&run, number));
    }
    let later = NOW + KEEP + Duration::from_secs(1);
    author.hear(later, &event(&run, 11));
    author.expire(later);
    assert_eq!(author.kept().0, 1, "only the last is left");
    let (news, missed, _) = tell(&author, &mut other);
    assert_eq!((news.len(), missed), (1, 9));
    assert_eq!(author.sum(), other.sum());
    // What is told again is refused, kept or not.
    assert_eq!(other.hear(later, &event(&run, 5)), Told::Again);
}

#[test]
fn the_window_is_bounded_and_the_last_of_a_run_stays() {
    let quiet = run(1, 1);
    let mut events = heard();
    events.hear(NOW, &event(&quiet, 1));
    let loud = run(0, 1);
    for number in 1..=limit::EVENTS_KEPT as u64 + 100 {
        events.hear(NOW, &event(&loud, number));
    }
    assert_eq!(events.kept().0, limit::EVENTS_KEPT);
    assert!(events.window().iter().any(|event| event.id.run == quiet));
    assert!(events.kept().1 <= limit::EVENT_BYTES_KEPT);
}

#[test]
fn too_far_beyond_a_hole_is_left_to_the_lists() {
    let run = run(0, 1);
    let mut events = heard();
    let far = limit::EVENTS_AHEAD + 1;
    assert_eq!(events.hear(NOW, &event(&run, far)), Told::Ahead);
    assert_eq!(events.hear(NOW, &event(&run, far - 1)), Told::News);
    let row = &events.have(false).rows[0];
    assert_eq!(row.holes.len(), limit::EVENT_HOLES);
    assert_eq!(row.through(), 0);
}

#[test]
fn two_runs_of_an_author_are_remembered_and_no_third() {
    let mut events = heard();
    for generation in [3, 5] {
        assert_eq!(events.hear(NOW, &event(&run(0, generation), 1)), Told::News);
    }
    assert_eq!(events.hear(NOW, &event(&run(0, 2), 1)), Told::Refused);
    assert_eq!(events.hear(NOW, &event(&run(0, 7), 1)), Told::News);
    assert_eq!(events.hear(NOW, &event(&run(0, 3), 1)), Told::Refused);
    assert_eq!(events.hear(NOW, &event(&run(0, 5), 1)), Told::Again);
}

#[test]
fn who_has_just_come_learns_where_the_runs_stand() {
    let run = run(0, 1);
    let mut old = heard();
    for number in 1..=5 {
        old.hear(NOW, &event(&run, number));
    }
    let cluster: ClusterId = "main".parse().unwrap();
    let mut new = Events::new(&cluster);
    assert!(new.is_fresh());
    new.learn(NOW, &old.have(false));
    assert_eq!(new.hear(NOW, &event(&run, 4)), Told::Again);
    assert_eq!(new.hear(NOW, &event(&run, 6)), Told::News);
    assert_eq!(tell(&old, &mut new), (Vec::new(), 0, 0));
    let all = EventHave {
        whole: true,
        ..new.have(false)
    };
    assert!(old.delta(&all).is_none());
}

#[test]
fn a_list_since_both_agreed_names_what_changed() {
    let mut events = heard();
    for author in 0..100 {
        assert_eq!(events.hear(NOW, &event(&run(author, 1), 1)), Told::News);
    }
    let agreed = events.changes();
    assert!(events.have_since(agreed, true).rows.is_empty());
    assert_eq!(events.hear(NOW, &event(&run(7, 1), 2)), Told::News);
    let have = events.have_since(agreed, true);
    assert_eq!((have.rows.len(), have.whole), (1, false));
    assert_eq!((have.rows[0].run.clone(), have.rows[0].top), (run(7, 1), 2));
    // A hundredth of what everything weighs.
    assert!(have.weight() * 50 < events.have(true).weight());
}

#[test]
fn what_was_just_heard_counts_as_not_heard_for_who_has_just_come() {
    let mut events = heard();
    let later = NOW + Duration::from_secs(10);
    for number in 1..=3 {
        let at = if number < 3 { NOW } else { later };
        assert_eq!(events.hear(at, &event(&run(1, 1), number)), Told::News);
    }
    assert_eq!(events.hear(later, &event(&run(2, 1), 1)), Told::News);
    let stands = events.stands(later + Duration::from_millis(500));
    assert_eq!(stands.rows.len(), 1);
    assert_eq!(stands.rows[0].top, 2);
    let stands = events.stands(later + Duration::from_secs(5));
    assert_eq!(stands.rows.len(), 2);
}

#[test]
fn who_says_too_much_crowds_out_itself_alone() {
    let mut events = heard();
    let (quiet, loud) = (run(1, 1), run(2, 1));
    for number in 1..=100 {
        assert_eq!(events.hear(NOW, &event(&quiet, number)), Told::News);
    }
    for number in 1..=limit::EVENTS_KEPT as u64 + 500 {
        assert_eq!(events.hear(NOW, &event(&loud, number)), Told::News);
    }
    assert!(events.kept().0 <= limit::EVENTS_KEPT);
    let window = events.window();
    let of = |author: &Run| {
        window
            .iter()
            .filter(|event| event.id.run == *author)
            .count()
    };
    assert_eq!(of(&quiet), 100);
    assert!(of(&loud) > limit::EVENTS_KEPT - 200);
}
