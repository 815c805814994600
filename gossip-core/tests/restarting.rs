//! Restarting: what a node makes of its journal, and of those above all who were
//! gone before it stopped. Driven by hand, on a disk that keeps everything.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use gossip_core::Config;
use gossip_core::base::id::NodeId;
use gossip_core::input::{Command, Space, Target};
use gossip_core::message::{
    Body, Charge, Claim, Delta, Footing, Item, LogDelta, Presence, Scope, Statement,
};
use gossip_core::output::{MemberStatus, Output, Phase, Record, Refusal, Reply};
use gossip_core::sim::Journal;

use solo::{SECOND, Solo, accusation, claim, footing, holds, id, opened, seal, written};

/// `n0`, which probes nobody and forgets after half a minute, on this disk.
fn started(disk: &Journal) -> Solo {
    let mut config = Config::default();
    config.probe_interval = 60 * SECOND;
    config.jurors = 0;
    config.forget_after = 30 * SECOND;
    Solo::with(config, disk.saved())
}

/// It stops, and starts again on what its disk holds by then.
fn restarted(mut solo: Solo, disk: &mut Journal) -> Solo {
    solo.settle();
    for record in solo.kept {
        disk.write(record);
    }
    started(disk)
}

/// `n1` and `n2`, alive at (7, 0), and what `n1` wrote.
fn acquainted() -> Solo {
    let mut solo = started(&Journal::default());
    for name in ["n1", "n2"] {
        solo.rumors(name, vec![claim(name, footing(7, 0))]);
    }
    delta(&mut solo, vec![], vec![log("n1")]);
    assert!(is_shown(&mut solo));
    solo
}

/// The same, on a disk alone.
fn disk_of_acquaintances() -> Journal {
    let mut disk = Journal::default();
    restarted(acquainted(), &mut disk);
    disk
}

/// `n2` compares notes with it.
fn delta(solo: &mut Solo, members: Vec<Item>, logs: Vec<LogDelta>) {
    let via = opened(solo, 1, "n2");
    solo.message("n2", via, Body::Delta(Delta { members, logs }));
}

/// One own key, of the run 7.
fn log(author: &str) -> LogDelta {
    written(author, &[(Scope::Own, "mine")])
}

/// Whether what `n1` wrote is read.
fn is_shown(solo: &mut Solo) -> bool {
    holds(solo, Space::Own(id("n1")), "mine")
}

fn farewell(name: &str, footing: Footing) -> Item {
    seal(Statement::Claim(Claim {
        member: id(name),
        footing,
        presence: Presence::Left,
        addrs: [([10, 0, 0, 9], 7).into()].into(),
    }))
}

fn removed(solo: &mut Solo) {
    let word = accusation("n2", "n1", footing(7, 0), Charge::Removed);
    solo.rumors("n2", vec![word]);
}

/// Whether whoever is connected next hears that `n1` is forgotten.
fn tells_that_n1_is_forgotten(solo: &mut Solo) -> bool {
    solo.said.clear();
    solo.link("n3");
    let rumors = solo.sent().into_iter().flat_map(|sent| sent.message.rumors);
    rumors.into_iter().any(|rumor| {
        matches!(rumor, Item::Accusation(word)
            if word.value.accused == id("n1") && word.value.charge == Charge::Forgotten)
    })
}

fn status(solo: &mut Solo, name: &str) -> Option<MemberStatus> {
    solo.member(name).map(|row| row.status)
}

/// Whom it calls within two minutes.
fn calls(solo: &mut Solo) -> Vec<NodeId> {
    solo.said.clear();
    solo.pass(120 * SECOND);
    let called = solo.said.iter().filter_map(|output| match output {
        Output::Dial(Target::Member(peer, _)) => Some(peer.clone()),
        _ => None,
    });
    let mut called: Vec<NodeId> = called.collect();
    called.sort();
    called.dedup();
    called
}

/// What an earlier run said of `n1` changes nothing; what it says now does.
fn comes_back_by_its_own_word_alone(solo: &mut Solo) {
    solo.rumors("n2", vec![claim("n1", footing(7, 0))]);
    assert_eq!(status(solo, "n1"), None);
    assert!(!is_shown(solo));
    solo.rumors("n2", vec![claim("n1", footing(8, 0))]);
    assert_eq!(status(solo, "n1"), Some(MemberStatus::Alive));
    // Its log was let go of, perhaps, and is there again.
    delta(solo, vec![], vec![log("n1")]);
    assert!(is_shown(solo));
}

/// A row that was closed stays closed, and what its member said is not shown; it
/// is still called, and if it comes back it is here.
///
/// ```text
///   n1 ──✗── dead ── 30 s ── no row ──┐        ┌── no row, n1 is called ── (8, 0) ── alive
///                                     └ n0 ↻ ──┘
/// ```
#[test]
fn a_row_that_was_closed_stays_closed() {
    let (mut solo, mut disk) = (acquainted(), Journal::default());
    removed(&mut solo);
    solo.pass(31 * SECOND);
    assert_eq!(status(&mut solo, "n1"), None);
    for _ in 0..2 {
        solo = restarted(solo, &mut disk);
        assert_eq!(status(&mut solo, "n1"), None);
        assert_eq!(solo.status().certificates, 1);
        assert!(!is_shown(&mut solo));
        assert!(calls(&mut solo).contains(&id("n1")));
    }
    comes_back_by_its_own_word_alone(&mut solo);
    // What it says then outlives a restart as well, and so does its next death.
    solo = restarted(solo, &mut disk);
    assert!(is_shown(&mut solo));
    solo.rumors("n2", vec![claim("n1", footing(8, 0))]);
    let word = accusation("n2", "n1", footing(8, 0), Charge::Removed);
    solo.rumors("n2", vec![word]);
    solo = restarted(solo, &mut disk);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Dead));
    assert!(
        is_shown(&mut solo),
        "its last word, as long as it has a row"
    );
}

/// A row that was closed where the node asks is closed here too, after a restart
/// as before it.
#[test]
fn a_row_that_others_closed_is_not_opened_by_a_restart() {
    let mut disk = disk_of_acquaintances();
    let mut solo = started(&disk);
    let verdict = accusation("n2", "n1", footing(7, 0), Charge::Dead);
    delta(&mut solo, vec![verdict], vec![]);
    assert_eq!(status(&mut solo, "n1"), None);
    assert!(!is_shown(&mut solo));
    solo = restarted(solo, &mut disk);
    assert_eq!(status(&mut solo, "n1"), None);
    comes_back_by_its_own_word_alone(&mut solo);
}

/// Whoever an operator forgets after its row was closed is not called by the next
/// run either; and the word is told on, since the others call it as well.
#[test]
fn who_is_forgotten_without_a_row_is_not_called_after_a_restart() {
    for told_by_another in [false, true] {
        let (mut solo, mut disk) = (acquainted(), Journal::default());
        removed(&mut solo);
        solo.pass(60 * SECOND);
        if told_by_another {
            let word = accusation("n2", "n1", footing(7, 0), Charge::Forgotten);
            solo.rumors("n2", vec![word]);
        } else {
            assert_eq!(solo.ask(Command::Forget(id("n1"))), Reply::Done);
        }
        assert!(tells_that_n1_is_forgotten(&mut solo));
        for _ in 0..2 {
            assert!(!calls(&mut solo).contains(&id("n1")));
            assert!(!is_shown(&mut solo));
            solo = restarted(solo, &mut disk);
        }
        comes_back_by_its_own_word_alone(&mut solo);
    }
}

/// A disk on which an operator's word and the claim it was about stand together.
#[test]
fn an_operators_word_on_the_disk_outlives_the_claim_beside_it() {
    let mut disk = disk_of_acquaintances();
    let word = accusation("n2", "n1", footing(7, 0), Charge::Forgotten);
    let Item::Accusation(word) = word else {
        panic!("an accusation");
    };
    disk.write(Record::Verdict(word));
    let mut solo = started(&disk);
    assert!(!is_shown(&mut solo));
    assert_eq!(calls(&mut solo), [id("n2")]);
    comes_back_by_its_own_word_alone(&mut solo);
}

/// The whole cluster restarts and `n1` never returns: nobody has more of it than
/// an address. An operator can say so, once and for all.
#[test]
fn who_is_known_by_an_address_alone_can_be_forgotten() {
    let mut disk = disk_of_acquaintances();
    let mut solo = started(&disk);
    assert!(is_shown(&mut solo), "it may be here in a moment");
    assert_eq!(calls(&mut solo), [id("n1"), id("n2")]);
    let unknown = Reply::Refused(Refusal::Unknown { id: id("n1") });
    assert_eq!(solo.ask(Command::Remove(id("n1"))), unknown);
    assert_eq!(solo.ask(Command::Forget(id("n1"))), Reply::Done);
    for _ in 0..2 {
        assert!(!is_shown(&mut solo));
        assert_eq!(calls(&mut solo), [id("n2")]);
        solo = restarted(solo, &mut disk);
    }
    comes_back_by_its_own_word_alone(&mut solo);
}

/// Who left is left after a restart; when its time is over its row is closed, and
/// no restart after that lets a belated word revive it.
#[test]
fn a_farewell_outlives_restarts() {
    for has_row in [true, false] {
        let (mut solo, mut disk) = (acquainted(), Journal::default());
        if has_row {
            solo.rumors("n1", vec![farewell("n1", footing(7, 1))]);
            solo = restarted(solo, &mut disk);
        } else {
            // Heard by one that knew nothing but its address.
            solo = restarted(solo, &mut disk);
            solo.rumors("n2", vec![farewell("n1", footing(7, 1))]);
        }
        assert!(is_shown(&mut solo), "its last word");
        solo = restarted(solo, &mut disk);
        assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Left));
        assert!(is_shown(&mut solo), "its last word");
        solo.pass(31 * SECOND);
        for _ in 0..2 {
            assert_eq!(status(&mut solo, "n1"), None);
            assert_eq!(solo.status().certificates, 1);
            assert!(!is_shown(&mut solo));
            solo = restarted(solo, &mut disk);
        }
        assert_eq!(calls(&mut solo), [id("n2")], "in peace");
        comes_back_by_its_own_word_alone(&mut solo);
    }
}

/// One of two is left, and restarts without anybody to ask: it waits for the
/// other, until an operator says that there is none.
#[test]
fn the_last_one_runs_once_nobody_is_left_to_wait_for() {
    for is_dead in [false, true] {
        let mut disk = Journal::default();
        let mut solo = started(&disk);
        solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
        if is_dead {
            let word = accusation("n1", "n1", footing(7, 0), Charge::Removed);
            solo.rumors("n1", vec![word]);
        }
        solo = restarted(solo, &mut disk);
        solo.pass(120 * SECOND);
        assert_eq!(solo.status().phase, Phase::Joining, "it may come back");
        assert_eq!(solo.ask(Command::Forget(id("n1"))), Reply::Done);
        solo.pass(SECOND);
        assert_eq!(solo.status().phase, Phase::Running);
        solo = restarted(solo, &mut disk);
        assert_eq!(solo.status().phase, Phase::Running);
    }
}
