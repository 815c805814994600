//! Remembering: what is left of those who are gone, who comes back of it, and
//! what a claim does to a row. Driven by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::time::Duration;

use gossip_core::input::{Command, Saved, Space, Target, Ticket, Via};
use gossip_core::message::{
    Body, Charge, Claim, Delta, Footing, Item, LogDelta, Presence, Scope, Statement,
};
use gossip_core::output::{
    MemberEventKind, MemberStatus, Notification, Output, Record, Refusal, Reply,
};
use gossip_core::{Config, Input};

use solo::{SECOND, Solo, accusation, claim, footing, holds, id, opened, seal, written};

/// `n0`, which probes nobody, and `n1` to `n4`, alive at (7, 0).
fn known() -> Solo {
    let mut config = Config::default();
    config.probe_interval = 60 * SECOND;
    config.jurors = 0;
    config.forget_after = 30 * SECOND;
    let mut solo = Solo::with(config, Saved::default());
    for name in ["n1", "n2", "n3", "n4"] {
        solo.rumors(name, vec![claim(name, footing(7, 0))]);
    }
    solo.said.clear();
    solo
}

fn says(name: &str, footing: Footing, presence: Presence, port: u16) -> Item {
    seal(Statement::Claim(Claim {
        member: id(name),
        footing,
        presence,
        addrs: [([10, 0, 0, 9], port).into()].into(),
    }))
}

fn told(solo: &mut Solo, name: &str) -> Vec<MemberEventKind> {
    let said = std::mem::take(&mut solo.said).into_iter();
    said.filter_map(|output| match output {
        Output::Notify(Notification::Member(event)) if event.id == id(name) => Some(event.kind),
        _ => None,
    })
    .collect()
}

fn status(solo: &mut Solo, name: &str) -> Option<MemberStatus> {
    solo.member(name).map(|row| row.status)
}

/// Kills `n1` here by an operator's word from elsewhere.
fn removed(solo: &mut Solo) {
    let word = accusation("n2", "n1", footing(7, 0), Charge::Removed);
    solo.rumors("n2", vec![word]);
}

/// A new member: joined once, told on once; the same claim again changes
/// nothing and is told nobody.
#[test]
fn a_new_member_is_told_of_once() {
    let mut solo = known();
    solo.rumors("n5", vec![claim("n5", footing(7, 0))]);
    assert_eq!(
        told(&mut solo, "n5"),
        [MemberEventKind::Joined { before: None }]
    );
    let rows = solo.status().counters.rows_changed;
    let hot = solo.status().hot_rumors;
    solo.said.clear();
    for _ in 0..10 {
        solo.rumors("n2", vec![claim("n5", footing(7, 0))]);
    }
    assert_eq!(told(&mut solo, "n5"), []);
    let status = solo.status();
    assert_eq!(
        (status.counters.rows_changed, status.hot_rumors),
        (rows, hot)
    );
    assert_eq!(status.counters.stale, 10);
}

/// Other addresses on a higher footing are an update, not a join; calls go
/// there from now on.
#[test]
fn a_new_address_is_an_update() {
    let mut solo = known();
    solo.rumors("n3", vec![says("n1", footing(7, 1), Presence::Alive, 99)]);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Updated]);
    let row = solo.member("n1").unwrap();
    assert_eq!((row.status, row.addrs[0].port()), (MemberStatus::Alive, 99));
}

/// A later run of somebody held alive is a join, with how it stood before.
#[test]
fn a_new_run_is_a_join() {
    let mut solo = known();
    solo.rumors("n1", vec![claim("n1", footing(8, 0))]);
    let before = Some(MemberStatus::Alive);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Joined { before }]);
    removed_run(&mut solo, 8);
    solo.said.clear();
    solo.rumors("n1", vec![says("n1", footing(9, 0), Presence::Alive, 4)]);
    let before = Some(MemberStatus::Dead);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Joined { before }]);
    assert_eq!(solo.member("n1").unwrap().addrs[0].port(), 4);
}

fn removed_run(solo: &mut Solo, generation: u64) {
    let word = accusation("n2", "n1", footing(generation, 0), Charge::Removed);
    solo.rumors("n2", vec![word]);
}

/// The name of somebody alive is not taken by another address on the footing
/// it has: the first stands, both are told.
#[test]
fn a_name_in_use_is_not_taken_over() {
    let mut solo = known();
    solo.rumors("n3", vec![says("n1", footing(7, 0), Presence::Alive, 99)]);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Conflict]);
    assert_eq!(solo.member("n1").unwrap().addrs[0].port(), 7);
    assert_eq!(solo.status().counters.contradictions, 1);
}

/// What a dead member said while it lived, told again, revives nobody; only
/// what it says anew does, whoever brings that.
#[test]
fn nobody_is_revived_by_hearsay() {
    let mut solo = known();
    removed(&mut solo);
    for from in ["n1", "n2", "n3", "n4"] {
        solo.rumors(
            from,
            vec![claim("n1", footing(7, 0)), claim("n1", footing(6, 99))],
        );
        assert_eq!(
            status(&mut solo, "n1"),
            Some(MemberStatus::Dead),
            "by {from}"
        );
    }
    solo.rumors("n4", vec![claim("n1", footing(7, 1))]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
}

/// An operator's word needs no time to refute, and can be refuted after.
#[test]
fn who_is_removed_is_dead_at_once_and_may_say_otherwise() {
    let mut solo = known();
    assert_eq!(solo.ask(Command::Remove(id("n1"))), Reply::Done);
    let by = id("n0");
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Removed { by }]);
    let row = solo.member("n1").unwrap();
    assert_eq!(
        (row.status, row.accused_by),
        (MemberStatus::Dead, vec![id("n0")])
    );
    assert_eq!(solo.ask(Command::Remove(id("n1"))), Reply::Done, "again");
    solo.rumors("n1", vec![claim("n1", footing(7, 1))]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
    // One that is suspect is removed no less.
    let suspect = accusation("n2", "n1", footing(7, 1), Charge::Suspect);
    solo.rumors("n2", vec![suspect]);
    let word = accusation("n3", "n1", footing(7, 1), Charge::Removed);
    solo.rumors("n3", vec![word]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Dead));
    solo.pass(20 * SECOND);
    assert_eq!(
        status(&mut solo, "n1"),
        Some(MemberStatus::Dead),
        "its timer is gone"
    );
}

/// Ourselves, strangers, and those who are here: what an operator cannot say.
#[test]
fn an_operator_cannot_remove_us_or_forget_who_is_here() {
    let mut solo = known();
    let ourselves = Reply::Refused(Refusal::Ourselves { id: id("n0") });
    assert_eq!(solo.ask(Command::Remove(id("n0"))), ourselves);
    assert_eq!(solo.ask(Command::Forget(id("n0"))), ourselves);
    let unknown = Reply::Refused(Refusal::Unknown { id: id("n9") });
    assert_eq!(solo.ask(Command::Remove(id("n9"))), unknown);
    assert_eq!(solo.ask(Command::Forget(id("n9"))), unknown);
    let here = Reply::Refused(Refusal::StillHere { id: id("n1") });
    assert_eq!(solo.ask(Command::Forget(id("n1"))), here);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
}

/// An operator's word takes a moment to be sealed. Who speaks meanwhile is not
/// gone, and the operator is not told that it was.
#[test]
fn an_operator_is_told_when_the_member_has_spoken_meanwhile() {
    let removes = |solo: &mut Solo, meanwhile: Option<Item>| {
        let (ticket, now) = (Ticket(77), solo.now);
        let command = Input::Command(ticket, Command::Remove(id("n1")));
        solo.node.handle_input(now, command);
        let (seal_id, order) = loop {
            match solo.node.poll_output().unwrap() {
                Output::Seal(id, order) => break (id, order),
                other => solo.said.push(other),
            }
        };
        solo.rumors("n1", meanwhile.into_iter().collect());
        solo.hear(Input::Sealed(seal_id, seal(order)));
        let reply = solo.reply(ticket).unwrap();
        solo.said.clear();
        reply
    };
    let mut solo = known();
    let spoken = claim("n1", footing(7, 1));
    let refuted = Reply::Refused(Refusal::Refuted { id: id("n1") });
    assert_eq!(removes(&mut solo, Some(spoken)), refuted);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
    // Said again, it holds against what the member says now.
    assert_eq!(removes(&mut solo, None), Reply::Done);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Dead));
}

/// Who left is left: neither suspected nor condemned, whatever is said of the
/// footing it left on; and it leaves once, in whatever order that is heard.
#[test]
fn who_left_is_not_made_dead() {
    let mut solo = known();
    let farewell = says("n1", footing(7, 1), Presence::Left, 7);
    solo.rumors("n1", vec![farewell.clone()]);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Left]);
    for charge in [Charge::Suspect, Charge::Dead, Charge::Removed] {
        solo.rumors("n2", vec![accusation("n2", "n1", footing(7, 1), charge)]);
    }
    solo.rumors(
        "n2",
        vec![
            farewell,
            claim("n1", footing(7, 1)),
            claim("n1", footing(7, 0)),
        ],
    );
    assert_eq!(told(&mut solo, "n1"), []);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Left));
    // Its name is free for its next run, wherever that is.
    solo.rumors("n1", vec![says("n1", footing(8, 0), Presence::Alive, 88)]);
    let before = Some(MemberStatus::Left);
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Joined { before }]);
    // The farewell of the run before, heard late, ends nothing.
    solo.rumors("n2", vec![says("n1", footing(7, 2), Presence::Left, 7)]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
}

/// A farewell that comes before anything else of its member, or while it is
/// suspect, or dead, counts; on an equal footing it wins over being here.
#[test]
fn a_farewell_counts_in_whatever_order_it_comes() {
    let mut solo = known();
    let farewell = |name, incarnation| says(name, footing(7, incarnation), Presence::Left, 7);
    solo.rumors(
        "n2",
        vec![farewell("early", 1), claim("early", footing(7, 0))],
    );
    assert_eq!(told(&mut solo, "early"), [], "nobody to mourn");
    assert_eq!(solo.member("early"), None, "nor to welcome");
    let suspect = accusation("n2", "n1", footing(7, 0), Charge::Suspect);
    solo.rumors("n2", vec![suspect, farewell("n1", 0)]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Left), "suspect");
    let word = accusation("n2", "n3", footing(7, 0), Charge::Removed);
    solo.rumors("n2", vec![word, farewell("n3", 1)]);
    assert_eq!(status(&mut solo, "n3"), Some(MemberStatus::Left), "dead");
}

/// A farewell that names another is worth nothing where its author does not
/// sign it; that a claim's footing is its member's own is the transport's and
/// the signature's business. An *accusation* cannot make anybody leave.
#[test]
fn no_accusation_is_a_farewell() {
    let mut solo = known();
    for charge in [Charge::Suspect, Charge::Dead, Charge::Removed] {
        solo.rumors("n2", vec![accusation("n1", "n1", footing(7, 0), charge)]);
        assert_ne!(status(&mut solo, "n1"), Some(MemberStatus::Left));
    }
}

/// The verdict on a member we never met is kept; its claim, when it comes on
/// that footing, makes a dead row: one event, and nobody is welcomed.
///
/// ```text
///   «x (7, 0) is dead» ──▶ certificate ── «x: I am here (7, 0)» ──▶ dead
///                                      └─ «x: I am here (7, 1)» ──▶ alive
/// ```
#[test]
fn who_was_dead_before_it_was_known_is_not_welcomed() {
    for (incarnation, expected) in [(0, MemberStatus::Dead), (1, MemberStatus::Alive)] {
        let mut solo = known();
        solo.rumors(
            "n2",
            vec![accusation("n2", "x", footing(7, 0), Charge::Dead)],
        );
        assert_eq!(told(&mut solo, "x"), []);
        assert_eq!(status(&mut solo, "x"), None, "a certificate is no member");
        assert_eq!(solo.status().certificates, 1);
        solo.said.clear();
        solo.rumors("n3", vec![claim("x", footing(7, incarnation))]);
        let kinds = told(&mut solo, "x");
        assert_eq!(status(&mut solo, "x"), Some(expected));
        assert_eq!(solo.status().certificates, 0, "the row has it now");
        match &kinds[..] {
            [
                MemberEventKind::Died {
                    by,
                    accusers: 1,
                    after: Duration::ZERO,
                },
            ] => {
                assert_eq!((by, incarnation), (&id("n2"), 0));
            }
            [MemberEventKind::Joined { before: None }] => assert_eq!(incarnation, 1),
            other => panic!("{other:?}"),
        }
    }
}

/// Gone for long enough, a dead member loses its row, and who left too; the
/// certificate stays, refuses what was said before, and lets in what is new.
#[test]
fn the_long_gone_are_forgotten_and_not_revived() {
    for leaves in [false, true] {
        let mut solo = known();
        let last = if leaves {
            solo.rumors("n1", vec![says("n1", footing(7, 3), Presence::Left, 7)]);
            footing(7, 3)
        } else {
            removed(&mut solo);
            footing(7, 0)
        };
        solo.pass(29 * SECOND);
        assert!(solo.member("n1").is_some());
        solo.said.clear();
        solo.pass(2 * SECOND);
        let kinds = told(&mut solo, "n1");
        assert_eq!(kinds, [MemberEventKind::Forgotten { by: None }]);
        assert_eq!(solo.member("n1"), None);
        assert_eq!(solo.status().certificates, 1);
        solo.said.clear();
        for old in [last, footing(7, 0), footing(6, 9)] {
            solo.rumors("n3", vec![claim("n1", old)]);
            assert_eq!(solo.member("n1"), None, "{old:?}");
        }
        assert_eq!(told(&mut solo, "n1"), []);
        let next = footing(last.generation.0, last.incarnation.0 + 1);
        solo.rumors("n3", vec![claim("n1", next)]);
        assert_eq!(
            told(&mut solo, "n1"),
            [MemberEventKind::Joined { before: None }]
        );
        assert_eq!(solo.status().certificates, 0);
    }
}

/// Whoever returns in time keeps its row: being forgotten is counted anew.
#[test]
fn who_returns_is_not_forgotten_for_the_time_before() {
    let mut solo = known();
    removed(&mut solo);
    solo.pass(20 * SECOND);
    solo.rumors("n1", vec![claim("n1", footing(7, 1))]);
    solo.rumors(
        "n2",
        vec![accusation("n2", "n1", footing(7, 1), Charge::Removed)],
    );
    solo.pass(20 * SECOND);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Dead));
}

/// What a member wrote: one key of its own, one shared.
fn log(author: &str) -> LogDelta {
    written(author, &[(Scope::Own, "mine"), (Scope::Shared, "ours")])
}

/// Forgotten by an operator: the row, its address and its own values are gone,
/// what it wrote to shared keys stays; its old words, and its old log from
/// somebody who has not heard, bring nothing back.
#[test]
fn the_forgotten_leave_only_what_they_shared() {
    let mut solo = known();
    let via = opened(&mut solo, 1, "n2");
    let delta = |logs| {
        Body::Delta(Delta {
            members: vec![],
            logs,
        })
    };
    solo.message("n2", via, delta(vec![log("n1")]));
    let own = Space::Own(id("n1"));
    assert!(holds(&mut solo, own.clone(), "mine"));
    removed(&mut solo);
    let word = accusation("n3", "n1", footing(7, 0), Charge::Forgotten);
    solo.said.clear();
    solo.rumors("n3", vec![word.clone()]);
    let by = Some(id("n3"));
    let forgets = solo
        .said
        .contains(&Output::Remember(Record::Forget(id("n1"))));
    assert!(forgets, "the journal, too");
    assert_eq!(told(&mut solo, "n1"), [MemberEventKind::Forgotten { by }]);
    assert_eq!(solo.member("n1"), None);
    assert!(!holds(&mut solo, own.clone(), "mine"));
    assert!(holds(&mut solo, Space::Shared, "ours"));
    // From those who have not heard.
    solo.message("n2", via, delta(vec![log("n1")]));
    solo.rumors("n2", vec![claim("n1", footing(7, 0)), word]);
    assert_eq!(solo.member("n1"), None);
    assert!(!holds(&mut solo, own, "mine"));
    // Nobody calls it any more.
    solo.said.clear();
    solo.pass(120 * SECOND);
    let calls = |output: &Output| matches!(output, Output::Dial(Target::Member(peer, _)) if *peer == id("n1"));
    assert!(!solo.said.iter().any(calls));
    // It says something new: it is a member again.
    solo.rumors("n1", vec![claim("n1", footing(8, 0))]);
    assert_eq!(status(&mut solo, "n1"), Some(MemberStatus::Alive));
}

/// An operator's word that somebody is forgotten closes a name that was never
/// met: the claim it was about makes nobody a member, not even a dead one.
#[test]
fn a_stranger_that_is_forgotten_gets_no_row() {
    let mut solo = known();
    let word = accusation("n2", "x", footing(7, 2), Charge::Forgotten);
    solo.rumors("n2", vec![word]);
    for old in [footing(7, 2), footing(7, 0)] {
        solo.rumors("n3", vec![claim("x", old)]);
        assert_eq!(solo.member("x"), None, "{old:?}");
    }
    solo.rumors("n3", vec![claim("x", footing(7, 3))]);
    assert_eq!(status(&mut solo, "x"), Some(MemberStatus::Alive));
}

/// In one delta: a dead member we never met comes with its verdict first, and
/// is not welcomed; unknown members that are alive join; a verdict on somebody
/// we hold alive is a suspicion.
#[test]
fn a_delta_is_taken_in_without_a_needless_event() {
    let mut solo = known();
    let via = opened(&mut solo, 1, "n2");
    let members = vec![
        accusation("n2", "x", footing(7, 0), Charge::Dead),
        claim("x", footing(7, 0)),
        accusation("n2", "n1", footing(7, 0), Charge::Dead),
        claim("n1", footing(7, 0)),
        claim("y", footing(7, 0)),
        claim("n3", footing(7, 0)),
    ];
    solo.said.clear();
    solo.message(
        "n2",
        via,
        Body::Delta(Delta {
            members,
            logs: vec![],
        }),
    );
    let events: Vec<_> = solo
        .said
        .iter()
        .filter_map(|output| match output {
            Output::Notify(Notification::Member(event)) => {
                Some((event.id.as_str(), event.kind.clone()))
            }
            _ => None,
        })
        .map(|(id, kind)| (id.to_owned(), kind))
        .collect();
    let of = |name: &str| {
        let all = events.iter().filter(|(id, _)| id == name);
        all.map(|(_, kind)| kind.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("y"), [MemberEventKind::Joined { before: None }]);
    assert!(matches!(&of("n1")[..], [MemberEventKind::Suspected { .. }]));
    assert_eq!(of("n3"), []);
    let died = MemberEventKind::Died {
        by: id("n2"),
        accusers: 1,
        after: Duration::ZERO,
    };
    assert_eq!(of("x"), [died]);
    assert_eq!(status(&mut solo, "x"), Some(MemberStatus::Dead));
}

/// Members that never existed cannot fill the roster without end, nor can
/// certificates of them: each has a bound and is counted.
#[test]
fn the_roster_has_a_bound() {
    use gossip_core::base::limit;
    let mut solo = known();
    let room = limit::ROSTER - 5;
    for turn in 0..room + 50 {
        solo.rumors("n1", vec![claim(&format!("x{turn}"), footing(7, 0))]);
    }
    let status = solo.status();
    assert_eq!(status.counters.roster_full, 50);
    assert_eq!(status.members[0], limit::ROSTER);
    // Those who are known are heard no less.
    solo.rumors("n1", vec![claim("n1", footing(7, 1))]);
    assert_eq!(solo.member("n1").unwrap().footing, footing(7, 1));
}

/// Where there is no room, the dead make some, for the living who have no row; for
/// nothing else that is said.
#[test]
fn the_dead_make_room_for_those_who_need_it() {
    use gossip_core::base::limit;
    let mut solo = known();
    for turn in 0..limit::ROSTER - 5 {
        solo.rumors("n1", vec![claim(&format!("x{turn}"), footing(7, 0))]);
    }
    for name in ["n2", "n3", "n4"] {
        let word = accusation("n1", name, footing(7, 0), Charge::Removed);
        solo.rumors("n1", vec![word]);
    }
    let dead = |solo: &mut Solo| solo.status().members[2];
    assert_eq!(dead(&mut solo), 3);
    // One refutes, one contradicts itself, and strangers leave, or were condemned.
    let words = [
        claim("x0", footing(7, 1)),
        says("x1", footing(7, 0), Presence::Alive, 99),
        says("y0", footing(7, 0), Presence::Left, 7),
        accusation("n1", "y1", footing(7, 0), Charge::Dead),
        claim("y1", footing(7, 0)),
        claim("n0", footing(7, 0)),
    ];
    for word in words {
        solo.rumors("n1", vec![word.clone()]);
        assert_eq!(dead(&mut solo), 3, "{word:?}");
    }
    assert_eq!(solo.status().counters.roster_full, 1, "a dead stranger");
    solo.rumors("n1", vec![claim("y2", footing(7, 0))]);
    assert_eq!(dead(&mut solo), 2);
    assert_eq!(status(&mut solo, "y2"), Some(MemberStatus::Alive));
    assert_eq!(status(&mut solo, "n2"), None, "the longest gone");
}

/// What is dead is called again for ever, at a pace that does not depend on how
/// many are dead; and one that left is not.
#[test]
fn the_dead_are_called_for_ever_at_a_pace_of_its_own() {
    for dead in [1_usize, 3] {
        let mut config = Config::default();
        config.probe_interval = 60 * SECOND;
        config.jurors = 0;
        let mut solo = Solo::with(config, Saved::default());
        for number in 1..=dead {
            let name = format!("n{number}");
            solo.rumors(&name, vec![claim(&name, footing(7, 0))]);
            solo.ask(Command::Remove(id(&name)));
        }
        solo.rumors("n9", vec![says("n9", footing(7, 1), Presence::Left, 7)]);
        let before = solo.status().counters.calls;
        solo.pass(200 * SECOND);
        let first = solo.status().counters.calls - before;
        assert!((140..=280).contains(&first), "about one a second: {first}");
        solo.pass(24 * 3_600 * SECOND - 400 * SECOND);
        solo.said.clear();
        solo.pass(200 * SECOND);
        let calls = solo.said.iter().filter_map(|output| match output {
            Output::Dial(Target::Member(peer, _)) => Some(peer.clone()),
            _ => None,
        });
        let calls: Vec<_> = calls.collect();
        assert!(
            (25..=80).contains(&calls.len()),
            "one in four seconds: {}",
            calls.len()
        );
        assert!(!calls.contains(&id("n9")), "who left is left in peace");
    }
}

/// Nothing of a run before this one changes what it says: a recorded claim, or
/// accusation, of ours that is played back is old news.
#[test]
fn what_was_recorded_of_an_earlier_run_changes_nothing() {
    let mut solo = known();
    let ours = solo.generation();
    let before = solo.status();
    let old = footing(ours - 100, 3);
    solo.rumors(
        "n1",
        vec![
            claim("n0", old),
            says("n0", footing(ours - 100, 4), Presence::Left, 7),
            accusation("n2", "n0", old, Charge::Suspect),
            accusation("n2", "n0", old, Charge::Dead),
            accusation("n2", "n0", old, Charge::Removed),
            accusation("n2", "n0", old, Charge::Forgotten),
        ],
    );
    solo.message(
        "n1",
        Via::Datagram,
        Body::Ack {
            seq: gossip_core::message::Seq(3),
        },
    );
    solo.message(
        "n1",
        Via::Datagram,
        Body::Nack {
            seq: gossip_core::message::Seq(3),
        },
    );
    let after = solo.status();
    assert_eq!(
        (after.footing, after.members),
        (before.footing, before.members)
    );
    assert_eq!(after.counters.refutations, 0);
    assert_eq!(after.awareness, before.awareness);
}

/// A claim in our name with other addresses, of the run we are: ours stand.
#[test]
fn what_is_said_in_our_name_is_not_adopted() {
    let mut solo = known();
    let ours = solo.generation();
    solo.rumors(
        "n1",
        vec![says("n0", footing(ours - 1, 9), Presence::Alive, 66)],
    );
    solo.rumors(
        "n1",
        vec![says("n0", footing(ours, 0), Presence::Alive, 66)],
    );
    let row = solo.member("n0").unwrap();
    assert_eq!(row.addrs, [([10, 0, 0, 1], 7).into()]);
    assert!(row.footing > footing(ours, 0), "and outlive what was said");
}
