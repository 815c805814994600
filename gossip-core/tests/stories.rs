//! Stories: every scenario beside this file, every seed that once failed, and a
//! swarm of new ones.
//!
//! ```text
//!   scenarios/*.scenario ──┐
//!   scenarios/seeds.txt ───┼──▶ played, all rules on ──▶ as expected
//!   0, 1, 2, … ────────────┘         │ not
//!                                    ▼
//!                      target/sim/fail-<seed>.scenario, and a smaller one
//! ```
//!
//! `SWARM_FROM=725 SWARM_SEEDS=1` plays one seed of the swarm,
//! `SWARM_SEEDS=100000` looks for hours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

mod common;
#[path = "../examples/sim/story.rs"]
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gossip_core::Node;
use gossip_core::base::rng::Rng;
use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::sim::Setup;
use gossip_core::sim::marks::{self, Mark};
use gossip_core::sim::scenario::{Played, Scenario, draw};

/// Seeds that are run when nobody asks for others: more where they are fast.
const SEEDS: u64 = if cfg!(debug_assertions) { 40 } else { 300 };

/// How long a failure is made smaller in a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stories the protocol does not hold yet, and why.
const PENDING: &[(&str, &str)] = &[];

/// Seeds of the bank that do not hold yet, and why.
const PENDING_SEEDS: &[(u64, &str)] = &[];

/// Rare states that the fewest seeds above come to. Where one is reached no more,
/// rules about it are asked of nobody.
const REACHED: &[Mark] = &[
    "refuted an accusation of itself",
    "a probe found nobody",
    "called somebody absent",
    "a batch did not follow",
    "a baseless accusation",
    "a message out of place",
    "a session turned away",
    "suspected and refuted",
    "condemned and back in the same run",
    "condemned by a verdict alone",
    "back in a new run",
    "left",
    "moved, or raised its incarnation",
    "two processes of one name",
    "a concurrent write lost",
    "a disk that failed",
    "a quorum lost or found",
    "halted of its own will",
    "lost on the way",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// Plays one, and keeps it where it fails.
fn played(scenario: &Scenario) -> Result<Played, String> {
    story::quietly(|| story::attempt::<Node>(scenario, 0))
        .map_err(|failure| story::keep::<Node>(scenario, &failure, PATIENCE))
}

/// The hash of what happened in it.
fn holds(scenario: &Scenario) -> Result<u64, String> {
    played(scenario).map(|played| played.trace_hash)
}

#[test]
fn every_story_goes_as_told() {
    let entries = fs::read_dir(folder()).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "scenario"));
    paths.sort();
    assert!(paths.len() >= 24, "{paths:?}");
    let mut failed = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let drawn = text
            .lines()
            .take_while(|line| line.starts_with('#'))
            .count();
        assert!(drawn >= 3, "{name} begins with what happens, and a drawing");
        let scenario: Scenario = text
            .parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.to_string().parse(), Ok(scenario.clone()), "{name}");
        let pending = PENDING.iter().find(|(known, _)| *known == name);
        match (
            story::quietly(|| story::attempt::<Node>(&scenario, 0)),
            pending,
        ) {
            (Ok(_), None) | (Err(_), Some(_)) => {}
            (Ok(_), Some((_, why))) => failed.push(format!("{name} holds now, though: {why}")),
            (Err(failure), None) => failed.push(format!("{name}: {failure}")),
        }
    }
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}

#[test]
fn what_once_failed_does_not_again() {
    let bank = fs::read_to_string(folder().join("seeds.txt")).unwrap();
    for line in bank.lines().filter(|line| !line.starts_with('#')) {
        let (seed, why) = line.split_once(' ').unwrap();
        let seed: u64 = seed.parse().unwrap();
        let pending = PENDING_SEEDS.iter().any(|(known, _)| *known == seed);
        let held = holds(&draw(seed));
        assert_eq!(
            held.is_err(),
            pending,
            "seed {seed}, {}: {held:?}",
            why.trim()
        );
    }
}

#[test]
fn whatever_happens_a_healed_core_is_right() {
    let asked = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let (from, seeds) = (asked("SWARM_FROM", 0), asked("SWARM_SEEDS", SEEDS));
    let mut reached = BTreeSet::new();
    for seed in from..from + seeds {
        if PENDING_SEEDS.iter().any(|(known, _)| *known == seed) {
            continue;
        }
        match played(&draw(seed)) {
            Ok(played) => reached.extend(played.marks),
            Err(text) => panic!("seed {seed}: {text}"),
        }
    }
    if (from, seeds) == (0, SEEDS) {
        let missed: Vec<_> = REACHED.iter().filter(|it| !reached.contains(*it)).collect();
        assert!(missed.is_empty(), "no longer reached by any: {missed:?}");
    }
}

#[test]
fn the_swarm_is_asked_for_marks_that_there_are() {
    let all = marks::all();
    assert!(REACHED.iter().all(|mark| all.contains(mark)));
}

/// ```text
///   seed ──▶ run ──▶ hash a
///   seed ──▶ run ──▶ hash a
/// ```
#[test]
fn a_scenario_is_one_run() {
    for seed in 0..20 {
        let scenario = draw(seed);
        let (first, second) = (holds(&scenario), holds(&scenario));
        assert_eq!(first, second, "seed {seed}");
        let text = scenario.to_string();
        assert_eq!(holds(&text.parse().unwrap()), first, "seed {seed} as text");
    }
}

/// What is expected has all of its time, whatever else was to happen after the end.
#[test]
fn a_fault_that_outlasts_the_end_takes_no_time_from_an_expectation() {
    let text = "seed 1\nnodes n0\nnodes n1,n2 joining n0\n\
                at 10s flap n0 <-> n2 every 1s for 60s\n\
                at 12s crash n1\nat 12s expect n0 hold n1 dead within 60s\nend at 12s\n";
    holds(&text.parse().unwrap()).unwrap();
}

/// Shared and own keys as an application sees them that listens from the start.
#[test]
fn a_watcher_who_never_stops_sees_what_is_held() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let size = *rng.choose(&[2, 3, 4, 5, 6, 8, 12, 16]).unwrap();
        let loss = *rng
            .choose(&[0, 0, 10_000, 50_000, 100_000, 200_000])
            .unwrap();
        let mut world = common::cluster(Setup::seeded(seed).losing(loss), size);
        let hosts: Vec<_> = world.hosts().collect();
        for number in 0..10_u64 {
            let host = *rng.choose(&hosts).unwrap();
            for _ in 0..=rng.below(4) {
                let key = format!("k{}", rng.below(5));
                let scope = *rng.choose(&[Scope::Own, Scope::Shared]).unwrap();
                match rng.below(4) {
                    0 => world.delete(host, scope, &key),
                    _ => world.put(host, scope, &key, &number.to_be_bytes()),
                };
            }
            let most = *rng.choose(&[1, 10, 100, 1_000, 5_000, 20_000]).unwrap();
            world.run_for(rng.within(Duration::from_millis(most)) + Duration::from_millis(1));
            world.break_links(host);
        }
        world.set_loss(0);
        world.run_for(common::seconds(60));
        let mut spaces: Vec<_> = hosts
            .iter()
            .map(|host| common::own(&world, *host))
            .collect();
        spaces.push(Space::Shared);
        for host in hosts {
            let mut held = BTreeMap::new();
            for space in &spaces {
                for row in world.rows(host, space.clone()) {
                    held.insert((space.clone(), row.key), (row.value, row.write));
                }
            }
            assert_eq!(world.picture(host).keys, held, "seed {seed}, {host}");
        }
    }
}
