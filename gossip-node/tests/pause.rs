//! Agents that are frozen (SIGSTOP) and go on (SIGCONT) without knowing: they
//! are missed meanwhile, accuse nobody afterwards, and are back at once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "agents_kit/mod.rs"]
mod kit;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use kit::support::until;
use kit::{Member, certify, signal};

/// Rounds of probes in which a false accusation would have to show.
const ROUNDS: u64 = 2;

fn cluster(folder: &Path, count: usize) -> Vec<Member> {
    let tls = certify(folder, count);
    let mut members: Vec<Member> = Vec::new();
    for (n, tls) in tls.iter().enumerate() {
        let seed = members.first().map(|first| first.agent.listen());
        let seed = seed
            .into_iter()
            .flat_map(|addr| ["--seed".to_owned(), addr]);
        members.push(Member::start(folder, n, tls, &seed.collect::<Vec<_>>()));
    }
    all_alive(&members, "everybody sees everybody");
    members
}

fn all_alive(members: &[Member], what: &str) {
    until(what, || {
        let exact = |member: &Member| member.count("alive") == members.len();
        members.iter().all(exact).then_some(())
    });
}

/// Waits until each has asked everybody a few times over.
fn a_few_rounds(members: &[Member]) {
    let probes = |member: &Member| member.counter("protocol", "probes");
    let wanted = ROUNDS * members.len() as u64;
    let before: Vec<_> = members
        .iter()
        .map(|m| until("counters", || probes(m)))
        .collect();
    for (member, before) in members.iter().zip(before) {
        until("a few rounds", || {
            (probes(member)? >= before + wanted).then_some(())
        });
    }
}

/// Freezes those, until the others hold them dead; lets them go on, until all is well.
fn freeze_and_thaw(members: &[Member], frozen: &[usize]) {
    let (asleep, awake): (Vec<_>, Vec<_>) = members
        .iter()
        .enumerate()
        .partition(|(n, _)| frozen.contains(n));
    let only = |some: Vec<(usize, _)>| some.into_iter().map(|(_, m)| m).collect();
    let (asleep, awake): (Vec<&Member>, Vec<&Member>) = (only(asleep), only(awake));
    signal("-STOP", &asleep);
    for member in &awake {
        until("the frozen are held dead", || {
            (member.count("dead") == asleep.len()).then_some(())
        });
    }
    let began = Instant::now();
    signal("-CONT", &asleep);
    all_alive(members, "everybody is back");
    println!("back after {:?}", began.elapsed());
    a_few_rounds(members);
    all_alive(members, "everybody stays");

    let ids = |some: &[&Member]| -> Vec<_> { some.iter().map(|m| m.id.clone()).collect() };
    let (slept, healthy) = (ids(&asleep), ids(&awake));
    for member in members {
        for told in member.told() {
            let accused = told.what == "died" || told.what == "suspected";
            let false_word = healthy.contains(&told.member)
                || told.by.as_ref().is_some_and(|by| slept.contains(by));
            assert!(!(accused && false_word), "{} tells {told:?}", member.id);
        }
    }
    // They were missed, and whoever was awake says so; else the above proves nothing.
    for member in awake {
        let died = member.told().into_iter().filter(|t| t.what == "died");
        let died: BTreeSet<_> = died.map(|told| told.member).collect();
        assert_eq!(Vec::from_iter(died), slept, "{}", member.id);
    }
}

#[test]
fn one_that_was_frozen_accuses_nobody_and_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let members = cluster(folder.path(), 6);
    freeze_and_thaw(&members, &[5]);
}

#[test]
fn a_frozen_majority_accuses_nobody_and_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let members = cluster(folder.path(), 7);
    // The seed among them.
    freeze_and_thaw(&members, &[0, 2, 4, 5]);
}
