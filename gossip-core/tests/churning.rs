//! A hundred nodes that come and go, and lose nothing.
//!
//! ```text
//!   n0..n4      stay, and everybody joins them
//!   n5..n79     crash and restart (most on their disks, some on empty ones), leave
//!               and come back, are cut off and paused
//!   n80..n99    join late
//!   all of them write own and shared keys, on disk or at once, some for a while
//!               only; delete; compare first; say events
//!   ├── 2 % loss, trouble ─────────────┤├── calm ──▶ exact, equal, kept, told ──┤
//! ```
//!
//! *Kept* is asked of everything that an application was told is written: on disk,
//! by every member whose disk was not taken away; at once, by every process that
//! still runs. What was deleted may be back nowhere. All rules hold all the while.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "../examples/sim/story.rs"]
mod story;

use std::time::Duration;

use gossip_core::Node;
use gossip_core::base::rng::Rng;
use gossip_core::message::Scope;
use gossip_core::sim::Weather;
use gossip_core::sim::scenario::{Deed, Disk, Expectation, Route, Scenario, What, Who, Wish};

const NODES: u64 = 100;
const STAY: u64 = 5;
const LATE: u64 = 20;

/// How long there is trouble, in milliseconds: longer where a build is fast.
const TROUBLE: u64 = if cfg!(debug_assertions) {
    12_000
} else {
    60_000
};

/// How long one of it lasts, at most.
const SPAN: u64 = TROUBLE / 3;

/// How many deeds there are for each second of it.
const fn deeds(a_second: u64) -> u64 {
    TROUBLE * a_second / 1_000
}

fn name(number: u64) -> String {
    format!("n{number}")
}

fn one(number: u64) -> Who {
    Who::These([name(number)].into())
}

/// One wish: an own or a shared key out of few, so that they meet.
fn wish(rng: &mut Rng, number: u64) -> Wish {
    let scope = match rng.below(2) {
        0 => Scope::Own,
        _ => Scope::Shared,
    };
    let value = (rng.below(4) > 0).then(|| format!("v{number}"));
    let ends = value.is_some() && rng.below(5) == 0;
    Wish {
        scope,
        key: format!("k{}", rng.below(40)).parse().unwrap(),
        value,
        ttl: ends.then(|| Duration::from_secs(5 + rng.below(60))),
        unchanged: rng.below(5) == 0,
    }
}

/// Writes and events of somebody at some time.
fn work(story: &mut Scenario, rng: &mut Rng) {
    for number in 0..deeds(7) {
        let at = Duration::from_millis(rng.below(TROUBLE));
        let on = name(rng.below(NODES));
        let wishes = (0..=rng.below(3)).map(|_| wish(rng, number));
        let mut wishes: Vec<Wish> = wishes.collect();
        wishes.sort_by(|left, right| (left.scope, &left.key).cmp(&(right.scope, &right.key)));
        wishes.dedup_by(|left, right| (left.scope, &left.key) == (right.scope, &right.key));
        let deed = match rng.below(3) {
            0 => Deed::WriteAtOnce(on, wishes),
            _ => Deed::Write(on, wishes),
        };
        story.at(at, deed);
    }
    for number in 0..deeds(1) {
        let at = Duration::from_millis(rng.below(TROUBLE));
        let event = format!("e{}", number % 4).parse().unwrap();
        story.at(at, Deed::Say(name(rng.below(NODES)), event, 5));
    }
}

/// What comes upon those that do not stay.
fn trouble(story: &mut Scenario, rng: &mut Rng) {
    for number in NODES - LATE..NODES {
        let at = Duration::from_millis(rng.below(TROUBLE / 2));
        story.at(at, Deed::Start(one(number)));
    }
    for _ in 0..deeds(2) {
        let at = Duration::from_millis(rng.below(TROUBLE));
        let later = at + Duration::from_millis(500 + rng.below(SPAN));
        let who = one(STAY + rng.below(NODES - STAY - LATE));
        let (begins, ends) = match rng.below(10) {
            0..4 => (Deed::Crash(who.clone()), Deed::Start(who)),
            4 => (Deed::Restart(who.clone(), Disk::Wiped), Deed::Start(who)),
            5 | 6 => (Deed::Leave(who.clone()), Deed::Start(who)),
            7 | 8 => {
                let route = Route::Around(who);
                (Deed::Cut(route.clone()), Deed::Mend(route))
            }
            _ => (Deed::Pause(who.clone()), Deed::Resume(who)),
        };
        story.at(at, begins);
        story.at(later, ends);
    }
}

fn story(seed: u64) -> Scenario {
    let mut story = Scenario::of(seed, (0..NODES).map(name));
    for part in &mut story.cast {
        part.joins = (0..STAY).map(name).collect();
    }
    for part in story.cast.iter_mut().skip((NODES - LATE) as usize) {
        part.late = true;
    }
    story.weather = Weather::losing(20_000);
    let mut rng = Rng::new(seed);
    work(&mut story, &mut rng);
    trouble(&mut story, &mut rng);
    let calm = Duration::from_millis(TROUBLE + SPAN + 1_000);
    for deed in [
        Deed::Heal,
        Deed::Weather(Route::Everywhere, Weather::default()),
        Deed::Resume(Who::All),
        Deed::Start(Who::All),
    ] {
        story.at(calm, deed);
    }
    // Whoever was leaving has left by now.
    let asked = calm + Duration::from_secs(6);
    story.at(asked, Deed::Start(Who::All));
    // To look at everything of a hundred takes a while: so it is asked when it should
    // have come to be.
    let span = Duration::from_secs(15);
    for (what, at) in [
        (What::Run(Who::All), asked),
        (What::Exact(Who::All), asked),
        (What::Equal(Who::All), asked + span),
        (What::Kept(Who::All), asked + span),
        (What::Told(Who::All), asked + span),
    ] {
        let expectation = Expectation {
            what,
            within: span,
            holding: Duration::ZERO,
        };
        story.at(at, Deed::Expect(expectation));
    }
    story.end = asked + span * 2;
    story
}

#[test]
fn a_hundred_come_and_go_and_nothing_is_lost() {
    let story = story(1);
    let played = story::quietly(|| story::attempt::<Node>(&story, 20));
    match played {
        Ok(played) => println!("{:?}", played.took),
        Err(failure) => panic!("{}", story::keep::<Node>(&story, &failure, Duration::ZERO)),
    }
}
