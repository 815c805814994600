//! Suspecting: how one node comes to think that another is gone, and how it
//! changes its mind. Driven by hand, so that every time is exact.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::time::Duration;

use gossip_core::base::time::Instant;
use gossip_core::input::{Command, LinkError, LinkEvent, Saved, Target, Via};
use gossip_core::message::{Body, Charge, Footing, Item, Message, Seq, Statement};
use gossip_core::output::{MemberEventKind, MemberStatus, Notification, Output, Reply};
use gossip_core::{Config, Input};

use solo::{SECOND, Solo, accusation, claim, footing, id};

const MS: Duration = Duration::from_millis(1);

/// `n0`, and so many others that are alive: `n1`, `n2`, …
fn among(others: usize) -> Solo {
    let mut solo = Solo::new();
    for number in 1..=others {
        let name = format!("n{number}");
        solo.rumors(&name, vec![claim(&name, footing(7, 0))]);
    }
    solo
}

/// The same, but it does not look for itself: what it knows it was told.
fn told_only(others: usize) -> Solo {
    let mut config = Config::default();
    config.probe_interval = Duration::from_secs(60);
    config.jurors = 0;
    let mut solo = Solo::with(config, Saved::default());
    for number in 1..=others {
        let name = format!("n{number}");
        solo.rumors(&name, vec![claim(&name, footing(7, 0))]);
    }
    solo
}

fn suspect(by: &str, whom: &str, at: Footing) -> Item {
    accusation(by, whom, at, Charge::Suspect)
}

/// What was told of a member, with what happened to it, since the last look.
fn told(solo: &mut Solo, name: &str) -> Vec<MemberEventKind> {
    let said = std::mem::take(&mut solo.said).into_iter();
    said.filter_map(|output| match output {
        Output::Notify(Notification::Member(event)) if event.id == id(name) => Some(event.kind),
        _ => None,
    })
    .collect()
}

/// Lets time pass and answers every ping of everybody but some, until one of
/// `n1` is told to have died, or `most` is over. When that was.
fn dies_after(solo: &mut Solo, most: Duration) -> Option<Duration> {
    let begun = solo.now.mono;
    while solo.now.mono.since(begun) < most {
        solo.pass(10 * MS);
        let died = told(solo, "n1")
            .iter()
            .any(|kind| matches!(kind, MemberEventKind::Died { .. }));
        if died {
            return Some(solo.now.mono.since(begun));
        }
    }
    None
}

/// One tick asks one member that is here, and never oneself or the dead.
#[test]
fn one_is_asked_at_a_time_and_never_oneself_or_the_dead() {
    let mut solo = among(3);
    for name in ["n1", "n2", "n3"] {
        solo.link(name);
    }
    solo.ask(Command::Remove(id("n3")));
    solo.sent();
    let mut asked = vec![];
    for _ in 0..400 {
        solo.pass(10 * MS);
        for sent in solo.sent() {
            if let Body::Ping { seq } = sent.message.body {
                asked.push((solo.now.mono, sent.to.clone()));
                let peer = sent.to.as_str().to_owned();
                solo.message(&peer, Via::Datagram, Body::Ack { seq });
            }
        }
    }
    assert!(asked.len() >= 3, "{asked:?}");
    let mut moments: Vec<Instant> = asked.iter().map(|(at, _)| *at).collect();
    moments.dedup();
    assert_eq!(moments.len(), asked.len(), "one at a time");
    assert!(
        asked
            .iter()
            .all(|(_, to)| *to == id("n1") || *to == id("n2"))
    );
}

/// In one round everybody is asked once: nobody is forgotten by chance.
#[test]
fn everybody_is_asked_once_a_round() {
    let mut solo = among(5);
    (1..=5).for_each(|number| solo.link(&format!("n{number}")));
    solo.sent();
    let mut asked = vec![];
    while asked.len() < 15 {
        solo.pass(10 * MS);
        for sent in solo.sent() {
            if let Body::Ping { seq } = sent.message.body {
                asked.push(sent.to.clone());
                let peer = sent.to.as_str().to_owned();
                solo.message(&peer, Via::Datagram, Body::Ack { seq });
            }
        }
    }
    // Those who joined got a place in the round under way: from the second on.
    for round in asked[5..].chunks(5) {
        let mut round = round.to_vec();
        round.sort();
        round.dedup();
        assert_eq!(round.len(), 5, "{asked:?}");
    }
}

/// A suspicion lasts as long as its accusers are few, and ends when its time
/// is over and not before; whoever accuses twice counts once.
///
/// ```text
///   accusers        1        2        3        4        one, four times
///   dead after     18 s   10.5 s    6.1 s     3 s        18 s
/// ```
#[test]
fn the_time_to_refute_shrinks_with_different_accusers() {
    let cases: [(&[&str], u64); 5] = [
        (&["n2"], 18_000),
        (&["n2", "n3"], 10_500),
        (&["n2", "n3", "n4"], 6_111),
        (&["n2", "n3", "n4", "n5"], 3_000),
        (&["n2", "n2", "n2", "n2"], 18_000),
    ];
    for (accusers, expected) in cases {
        let mut solo = told_only(9);
        for by in accusers {
            solo.rumors(by, vec![suspect(by, "n1", footing(7, 0))]);
        }
        let after = dies_after(&mut solo, 20 * SECOND).unwrap();
        let expected = Duration::from_millis(expected);
        assert!(
            after >= expected - MS && after < expected + 30 * MS,
            "{accusers:?}: {after:?}, expected {expected:?}"
        );
    }
}

/// It is told once that somebody is suspected, however many say so, and once
/// that it died; the event names the accusers.
#[test]
fn a_death_is_told_once_and_why() {
    let mut solo = told_only(5);
    told(&mut solo, "n1");
    for by in ["n2", "n3", "n4", "n5"] {
        solo.rumors(by, vec![suspect(by, "n1", footing(7, 0))]);
    }
    let kinds = told(&mut solo, "n1");
    let by = id("n2");
    assert_eq!(kinds, [MemberEventKind::Suspected { by, silent: None }]);
    solo.pass(4 * SECOND);
    solo.rumors(
        "n2",
        vec![accusation("n2", "n1", footing(7, 0), Charge::Dead)],
    );
    let kinds = told(&mut solo, "n1");
    assert!(
        matches!(&kinds[..], [MemberEventKind::Died { by, accusers: 4, after }]
            if *by == id("n0") && *after == 3 * SECOND),
        "{kinds:?}"
    );
}

/// A newer claim ends a suspicion, whoever brings it; an older one, or the same
/// again, does not.
#[test]
fn only_a_newer_claim_refutes() {
    let mut solo = among(3);
    solo.rumors("n1", vec![claim("n1", footing(7, 4))]);
    solo.rumors("n2", vec![suspect("n2", "n1", footing(7, 4))]);
    for old in [footing(7, 4), footing(7, 3), footing(6, 9)] {
        solo.rumors("n1", vec![claim("n1", old)]);
        let status = solo.member("n1").unwrap().status;
        assert_eq!(status, MemberStatus::Suspect, "{old:?}");
    }
    solo.pass(SECOND);
    solo.said.clear();
    solo.rumors("n3", vec![claim("n1", footing(7, 5))]);
    let kinds = told(&mut solo, "n1");
    let (by, after) = (id("n2"), SECOND);
    assert_eq!(kinds, [MemberEventKind::Refuted { by, after }]);
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
    // What was said of the claim before counts no more, and wakes nobody.
    solo.rumors("n3", vec![suspect("n3", "n1", footing(7, 4))]);
    solo.rumors(
        "n3",
        vec![accusation("n3", "n1", footing(7, 4), Charge::Dead)],
    );
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
}

/// Nobody is born by accusation, and nobody is suspected who has no claim.
#[test]
fn an_accusation_of_a_stranger_makes_nobody_a_member() {
    let mut solo = among(2);
    solo.said.clear();
    solo.rumors("n2", vec![suspect("n2", "ghost", footing(7, 0))]);
    solo.rumors(
        "n2",
        vec![accusation("n2", "ghost", footing(7, 0), Charge::Dead)],
    );
    assert_eq!(told(&mut solo, "ghost"), []);
    assert_eq!(solo.member("ghost"), None);
    let status = solo.status();
    assert_eq!(status.counters.baseless, 1, "the suspicion");
    assert_eq!(status.certificates, 1, "the verdict is kept as what it is");
}

/// Who is not here itself accuses nobody: neither a stranger, nor one who is
/// dead, starts a suspicion or confirms one.
#[test]
fn who_is_not_here_accuses_nobody() {
    let mut solo = among(5);
    solo.ask(Command::Remove(id("n5")));
    for by in ["stranger", "n5"] {
        solo.rumors("n2", vec![suspect(by, "n1", footing(7, 0))]);
        let row = solo.member("n1").unwrap();
        assert_eq!(row.status, MemberStatus::Alive, "accused by {by}");
    }
    solo.rumors("n2", vec![suspect("n2", "n1", footing(7, 0))]);
    for by in ["stranger", "n5"] {
        solo.rumors("n2", vec![suspect(by, "n1", footing(7, 0))]);
    }
    assert_eq!(solo.member("n1").unwrap().accused_by, [id("n2")]);
}

/// A verdict that is heard about somebody held alive starts a suspicion here:
/// each condemns for itself, and nobody dies of one voice at once.
///
/// ```text
///   n2: «n1 is dead» ──▶ n0: n1 suspect ── 3 s ──▶ dead, by n2's verdict
///                                   └── n1 refutes ──▶ alive
/// ```
#[test]
fn a_verdict_that_is_heard_starts_a_suspicion() {
    for refutes in [false, true] {
        let mut solo = among(4);
        let verdict = accusation("n2", "n1", footing(7, 0), Charge::Dead);
        solo.rumors("n3", vec![verdict]);
        assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Suspect);
        solo.pass(2_900 * MS);
        assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Suspect);
        if refutes {
            solo.rumors("n1", vec![claim("n1", footing(7, 1))]);
        }
        solo.pass(200 * MS);
        let row = solo.member("n1").unwrap();
        if refutes {
            assert_eq!(row.status, MemberStatus::Alive);
        } else {
            assert_eq!(row.status, MemberStatus::Dead);
            assert_eq!(row.accused_by, [id("n2")], "the first verdict stands");
        }
    }
}

/// A higher footing than anybody could hold accuses nobody, be it the highest
/// there is: only a claim of the member itself raises its footing.
#[test]
fn the_highest_incarnation_evicts_nobody() {
    let mut solo = among(3);
    let ours = solo.generation();
    let highest = footing(7, u64::MAX);
    for charge in [
        Charge::Suspect,
        Charge::Dead,
        Charge::Removed,
        Charge::Forgotten,
    ] {
        solo.rumors("n2", vec![accusation("n2", "n1", highest, charge)]);
        let ours = footing(ours, u64::MAX);
        solo.rumors("n2", vec![accusation("n2", "n0", ours, charge)]);
    }
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
    assert!(
        solo.generation() <= ours + 4,
        "one further for each at most"
    );
    solo.rumors("n1", vec![claim("n1", footing(7, 1))]);
    assert_eq!(solo.member("n1").unwrap().footing, footing(7, 1));
}

/// A verdict on a run of ours that nobody could have: believed, it would drive
/// our generation to where no peer believes us, and no start of ours could go.
#[test]
fn a_verdict_from_the_far_future_does_not_lock_us_out() {
    let mut solo = among(3);
    let ours = solo.generation();
    for charge in [Charge::Dead, Charge::Removed, Charge::Forgotten] {
        let far = footing(u64::MAX - 1, 0);
        solo.rumors("n2", vec![accusation("n2", "n0", far, charge)]);
    }
    assert_eq!(solo.generation(), ours);
    assert_eq!(solo.status().counters.generations_refused, 3);
}

/// A stale accusation does not raise one's own incarnation.
#[test]
fn an_old_accusation_of_ourselves_is_not_answered() {
    let mut solo = among(2);
    let ours = solo.generation();
    solo.rumors("n1", vec![suspect("n1", "n0", footing(ours, 0))]);
    assert_eq!(solo.status().footing, footing(ours, 1));
    for old in [footing(ours, 0), footing(ours - 5, 9)] {
        solo.rumors("n1", vec![suspect("n1", "n0", old)]);
        solo.rumors("n1", vec![accusation("n1", "n0", old, Charge::Dead)]);
    }
    let status = solo.status();
    assert_eq!(status.footing, footing(ours, 1));
    assert_eq!(status.counters.refutations, 1);
    assert_eq!(status.awareness, 1, "being accused is a reason for doubt");
}

/// A ping to a suspect shows it first of all what it is accused of.
#[test]
fn a_suspect_is_shown_what_it_is_accused_of() {
    let mut solo = among(3);
    solo.link("n1");
    let accused = suspect("n2", "n1", footing(7, 0));
    solo.rumors("n2", vec![accused.clone()]);
    let mut pings = 0;
    for _ in 0..300 {
        solo.pass(20 * MS);
        for sent in solo.sent() {
            if sent.to == id("n1") && matches!(sent.message.body, Body::Ping { .. }) {
                let shown = sent.message.rumors.iter().any(
                    |item| matches!(item, Item::Accusation(it) if it.value.accused == id("n1")),
                );
                assert!(shown, "{:?}", sent.message);
                pings += 1;
            }
        }
    }
    assert!(pings >= 2);
}

/// Shown that it is accused, a node answers at once: the refutation leaves
/// with what it says next.
#[test]
fn a_refutation_leaves_at_once() {
    let mut solo = among(1);
    solo.link("n1");
    solo.pass(SECOND * 30);
    let ours = solo.status().footing;
    solo.sent();
    let accused = suspect("n1", "n0", ours);
    let mut message = gossip_core::message::Message::bare(Body::Ping { seq: Seq(77) });
    message.rumors.push(accused);
    solo.hear(Input::Message {
        from: id("n1"),
        via: Via::Datagram,
        message,
    });
    solo.pass(10 * MS);
    let sent = solo.sent();
    let refutes = sent
        .iter()
        .flat_map(|sent| &sent.message.rumors)
        .any(|item| {
            matches!(item, Item::Claim(claim)
            if claim.value.member == id("n0") && claim.value.footing > ours)
        });
    assert!(refutes, "{sent:?}");
}

/// Many died at once: it may be ourselves who were cut off. A claim above
/// whatever the others hold against us is made while there is time.
#[test]
fn many_deaths_are_refuted_in_advance() {
    let mut solo = told_only(8);
    let before = solo.status().footing;
    for name in ["n1", "n2"] {
        solo.ask(Command::Remove(id(name)));
    }
    solo.pass(2_900 * MS);
    assert_eq!(
        solo.status().footing,
        before,
        "not before they would condemn us"
    );
    solo.pass(200 * MS);
    let after = solo.status();
    assert_eq!(after.footing.incarnation.0, before.incarnation.0 + 1);
    assert_eq!(after.counters.refutations, 0, "nobody accused us");
    for name in ["n3", "n4"] {
        solo.ask(Command::Remove(id(name)));
    }
    solo.pass(20 * SECOND);
    assert_eq!(solo.status().footing, after.footing, "once for all of them");
    for name in ["n5", "n6"] {
        solo.ask(Command::Remove(id(name)));
    }
    solo.pass(4 * SECOND);
    let again = solo.status().footing.incarnation.0;
    assert_eq!(again, before.incarnation.0 + 2, "another loss");
}

/// One death among many is no reason to.
#[test]
fn one_death_is_not_refuted_in_advance() {
    let mut solo = told_only(9);
    let before = solo.status().footing;
    solo.ask(Command::Remove(id("n1")));
    solo.pass(10 * SECOND);
    assert_eq!(solo.status().footing, before);
}

/// Who slept for longer than a suspicion was condemned, for all it knows.
#[test]
fn a_long_pause_is_refuted_in_advance_and_a_short_one_is_not() {
    for (pause, raised) in [(2 * SECOND, 0), (60 * SECOND, 1)] {
        let mut solo = among(3);
        solo.pass(SECOND / 3);
        let before = solo.status().footing.incarnation.0;
        solo.sleep(pause);
        solo.hear(Input::Timeout);
        solo.pass(SECOND / 3);
        let after = solo.status().footing.incarnation.0;
        assert_eq!(after - before, raised, "{pause:?}");
    }
}

/// A probe that began before a pause does not fail in it: what was asked gets
/// the time back.
#[test]
fn a_question_that_was_open_in_a_pause_accuses_nobody() {
    let mut solo = among(1);
    solo.link("n1");
    solo.sent();
    let seq = next_ping(&mut solo, "n1");
    solo.sleep(300 * SECOND);
    solo.hear(Input::Timeout);
    solo.message("n1", Via::Datagram, Body::Ack { seq });
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
    assert_eq!(solo.status().counters.probes_failed, 0);
    let rtt = solo.member("n1").unwrap().rtt.unwrap();
    assert!(rtt < SECOND, "the pause was not measured: {rtt:?}");
}

/// Waits for the next ping to a peer.
fn next_ping(solo: &mut Solo, peer: &str) -> Seq {
    for _ in 0..1_000 {
        solo.pass(5 * MS);
        let sent = solo.sent().into_iter();
        let mut pings = sent.filter_map(|sent| match sent.message.body {
            Body::Ping { seq } if sent.to == id(peer) => Some(seq),
            _ => None,
        });
        if let Some(seq) = pings.next() {
            return seq;
        }
    }
    panic!("no ping to {peer}")
}

/// The answer to a question that was asked before is no answer to the one
/// that is open, and what nobody asked is counted.
#[test]
fn a_late_ack_of_an_earlier_question_does_not_count() {
    let mut solo = among(1);
    solo.link("n1");
    let first = next_ping(&mut solo, "n1");
    solo.message("n1", Via::Datagram, Body::Ack { seq: first });
    next_ping(&mut solo, "n1");
    solo.message("n1", Via::Datagram, Body::Ack { seq: first });
    solo.message("n1", Via::Datagram, Body::Ack { seq: Seq(9_999) });
    assert!(solo.status().counters.stale >= 2);
    solo.pass(3 * SECOND);
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Suspect);
}

/// The round trip is measured where it is clear, and only there.
///
/// ```text
///   ping ── 20 ms ── ack                          measured
///   ping ── no answer ── asked again ── ack       which one? not measured
/// ```
#[test]
fn the_round_trip_is_measured_only_where_it_is_clear() {
    let mut solo = among(1);
    solo.link("n1");
    let before = solo.member("n1").unwrap().rtt.unwrap();
    assert_eq!(before, MS, "that of the handshake");
    let seq = next_ping(&mut solo, "n1");
    solo.pass(20 * MS);
    solo.message("n1", Via::Datagram, Body::Ack { seq });
    let clear = solo.member("n1").unwrap().rtt.unwrap();
    assert!(clear > before, "{clear:?}");
    let seq = next_ping(&mut solo, "n1");
    solo.pass(400 * MS);
    solo.message("n1", Via::Datagram, Body::Ack { seq });
    assert_eq!(solo.member("n1").unwrap().rtt.unwrap(), clear);
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
}

/// With datagrams lost and streams well, an answer on a stream is an answer,
/// in time; with both cut the probe is no longer for it.
#[test]
fn an_answer_on_a_stream_saves_and_silence_on_both_does_not_take_longer() {
    for answers in [true, false] {
        let mut solo = among(1);
        solo.link("n1");
        let begun = next_ping(&mut solo, "n1");
        let start = solo.now.mono;
        let mut failed = None;
        for _ in 0..150 {
            solo.pass(10 * MS);
            let streams: Vec<_> = solo
                .sent()
                .into_iter()
                .filter(|sent| sent.via == Via::Stream)
                .collect();
            for sent in streams {
                if let Body::Ping { seq } = sent.message.body
                    && answers
                {
                    // The same question again, or that of a later probe.
                    assert!(seq >= begun);
                    solo.message("n1", Via::Stream, Body::Ack { seq });
                }
            }
            if failed.is_none() && solo.node.poll_timeout().is_some() {
                let status = solo.member("n1").unwrap().status;
                failed = (status == MemberStatus::Suspect).then(|| solo.now.mono.since(start));
            }
            if answers && failed.is_none() && solo.now.mono.since(start) > SECOND {
                break;
            }
        }
        match answers {
            true => assert_eq!(failed, None),
            false => assert!(failed.unwrap() <= SECOND + 10 * MS, "{failed:?}"),
        }
    }
}

/// An unreachable member is looked for through relays, and suspected, not dead.
#[test]
fn who_does_not_answer_is_asked_for_by_others_and_then_suspect() {
    let mut solo = among(6);
    (2..=6).for_each(|number| solo.link(&format!("n{number}")));
    let mut relays = vec![];
    let mut suspected = false;
    for _ in 0..2_000 {
        solo.pass(10 * MS);
        for sent in solo.sent() {
            match sent.message.body {
                Body::Ping { seq } => {
                    let peer = sent.to.as_str().to_owned();
                    solo.message(&peer, Via::Datagram, Body::Ack { seq });
                }
                Body::PingReq { seq, ref target } => {
                    assert_eq!(*target, id("n1"));
                    relays.push((seq, sent.to.clone()));
                    let peer = sent.to.as_str().to_owned();
                    solo.message(&peer, Via::Datagram, Body::Nack { seq });
                }
                _ => {}
            }
        }
        let statement = |said: &Statement| {
            matches!(said, Statement::Accusation(it)
            if it.accused == id("n1") && it.charge == Charge::Suspect)
        };
        if solo.sealed.iter().any(statement) {
            suspected = true;
            break;
        }
    }
    assert!(suspected);
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Suspect);
    let (first, _) = relays[0];
    let mut asked: Vec<_> = relays.iter().filter(|(seq, _)| *seq == first).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 3, "as many relays as the configuration says");
    assert_eq!(solo.status().awareness, 0, "all said nack: it is not us");
}

/// Relays that say nothing, not even nack, are a reason to doubt oneself: one
/// point each. Every probe that is answered takes one back.
#[test]
fn silent_relays_are_a_reason_for_doubt() {
    for nacks in 0..=3_usize {
        let mut solo = among(4);
        (1..=4).for_each(|number| solo.link(&format!("n{number}")));
        // From now on n1 is silent, and everybody else answers pings.
        let mut asked = vec![];
        let score = loop {
            solo.pass(10 * MS);
            for sent in solo.sent() {
                let peer = sent.to.as_str().to_owned();
                match sent.message.body {
                    Body::Ping { seq } if peer != "n1" && asked.is_empty() => {
                        solo.message(&peer, Via::Datagram, Body::Ack { seq });
                    }
                    Body::PingReq { seq, ref target } if *target == id("n1") => {
                        if asked.len() < nacks {
                            solo.message(&peer, Via::Datagram, Body::Nack { seq });
                            // A second one of the same relay counts no more.
                            solo.message(&peer, Via::Datagram, Body::Nack { seq });
                        }
                        asked.push(peer);
                    }
                    _ => {}
                }
            }
            let status = solo.status();
            if status.counters.probes_failed > 0 {
                break status.awareness;
            }
        };
        assert_eq!(asked.len(), 3);
        assert_eq!(score as usize, 3 - nacks, "{nacks} of three said nack");
        if score > 0 {
            // Who doubts itself takes longer, and an answer takes a point back.
            let seq = loop {
                solo.pass(10 * MS);
                let pings = solo
                    .sent()
                    .into_iter()
                    .find_map(|sent| match sent.message.body {
                        Body::Ping { seq } if sent.to != id("n1") => Some((seq, sent.to)),
                        _ => None,
                    });
                if let Some(ping) = pings {
                    break ping;
                }
            };
            let before = solo.status().awareness;
            let peer = seq.1.as_str().to_owned();
            solo.message(&peer, Via::Datagram, Body::Ack { seq: seq.0 });
            assert_eq!(solo.status().awareness, before - 1);
        }
    }
}

/// Acks and nacks of whoever was not asked change nothing.
#[test]
fn nacks_of_those_who_were_not_asked_do_not_count() {
    let mut solo = among(4);
    (1..=4).for_each(|number| solo.link(&format!("n{number}")));
    let mut failed = false;
    for _ in 0..1_000 {
        solo.pass(10 * MS);
        for sent in solo.sent() {
            match sent.message.body {
                Body::PingReq { seq, .. } => {
                    for _ in 0..100 {
                        solo.message("m", Via::Datagram, Body::Nack { seq });
                    }
                }
                Body::Ping { seq } if sent.to != id("n1") && !failed => {
                    let peer = sent.to.as_str().to_owned();
                    solo.message(&peer, Via::Datagram, Body::Ack { seq });
                }
                _ => {}
            }
        }
        if solo.status().counters.probes_failed > 0 {
            failed = true;
            break;
        }
    }
    assert!(failed);
    assert_eq!(solo.status().awareness, 3, "a flood of nacks hides nothing");
}

/// A member that cannot be dialed is asked for by others at once, and a dial
/// that was not even tried proves nothing.
#[test]
fn a_dial_that_failed_asks_others_at_once() {
    for (why, at_once) in [(LinkError::Unreachable, true), (LinkError::NotTried, false)] {
        let mut solo = among(2);
        solo.link("n2");
        let target = loop {
            solo.pass(10 * MS);
            let said = std::mem::take(&mut solo.said);
            for output in &said {
                if let Output::Send(sent) = output
                    && let Body::Ping { seq } = sent.message.body
                {
                    solo.message("n2", Via::Datagram, Body::Ack { seq });
                }
            }
            let dialed = said.into_iter().find_map(|output| match output {
                Output::Dial(target) => Some(target),
                _ => None,
            });
            let probing = solo.status().counters.probes > 0;
            if let Some(target) = dialed.filter(|_| probing) {
                break target;
            }
        };
        solo.sent();
        solo.hear(Input::Link(LinkEvent::DialFailed { target, why }));
        let asked = solo.sent();
        let asked = asked
            .iter()
            .any(|sent| matches!(sent.message.body, Body::PingReq { .. }));
        assert_eq!(asked, at_once, "{why:?}");
    }
}

/// The target leaves the roster while it is being asked: nobody stumbles.
#[test]
fn who_is_gone_before_it_answers_is_not_accused() {
    let mut solo = among(2);
    solo.link("n1");
    solo.link("n2");
    next_ping(&mut solo, "n1");
    solo.ask(Command::Remove(id("n1")));
    assert_eq!(solo.ask(Command::Forget(id("n1"))), Reply::Done);
    solo.sealed.clear();
    solo.pass(3 * SECOND);
    let accused = solo
        .sealed
        .iter()
        .any(|said| matches!(said, Statement::Accusation(it) if it.accused == id("n1")));
    assert!(!accused);
    assert_eq!(solo.member("n1"), None);
}

/// Whatever else happens, a suspect is shown the accusation at a half and at
/// three quarters of the least time: its answer may bring what was missed.
#[test]
fn a_suspect_is_warned_twice_before_its_time_is_over() {
    let mut solo = told_only(2);
    solo.link("n1");
    solo.sent();
    solo.rumors("n2", vec![suspect("n2", "n1", footing(7, 0))]);
    let mut warned = vec![];
    for tick in 1..=30 {
        solo.pass(100 * MS);
        for sent in solo.sent() {
            if sent.to == id("n1") && matches!(sent.message.body, Body::Ping { .. }) {
                warned.push(tick);
            }
        }
    }
    assert_eq!(warned, [15, 23], "tenths of a second, of three");
}

/// Whom one alone accuses is called and warned by whoever believes it: all others
/// may hold the accuser for gone, and believe nothing of it.
#[test]
fn whom_one_alone_accuses_is_called_to_be_warned() {
    let mut solo = told_only(6);
    solo.sent();
    solo.rumors("n2", vec![suspect("n2", "n1", footing(7, 0))]);
    let (mut dialed, mut warned) = (vec![], vec![]);
    for tick in 1..=60 {
        solo.pass(100 * MS);
        let calls = |said: &Output| matches!(said, Output::Dial(Target::Member(peer, _)) if *peer == id("n1"));
        if solo.said.iter().any(calls) {
            dialed.push(tick);
        }
        for sent in solo.sent() {
            let accuses =
                sent.message.rumors.iter().any(
                    |item| matches!(item, Item::Accusation(it) if it.value.accused == id("n1")),
                );
            if sent.to == id("n1") && accuses && matches!(sent.message.body, Body::Ping { .. }) {
                warned.push(tick);
            }
        }
        if tick == 35 {
            solo.link("n1");
        }
    }
    assert_eq!(dialed, [23, 33], "tenths of a second");
    assert_eq!(warned, [43]);
}

/// Whoever accuses alone, and hears nobody confirm it, has perhaps not been heard:
/// it says so again, and calls the suspect if there is no link to warn it on.
///
/// ```text
///   told by n2:  suspect ── 2.25 s ──▶ dialed; nothing of it is told again
///   our own:     suspect ── 2.25 s ──▶ dialed, and told again
/// ```
#[test]
fn who_accuses_alone_says_so_again() {
    let mut solo = among(2);
    solo.link("n2");
    let (mut since, mut told) = (None, vec![]);
    for _ in 0..1_200 {
        solo.pass(10 * MS);
        let dials = solo.said.iter().filter(
            |said| matches!(said, Output::Dial(Target::Member(peer, _)) if *peer == id("n1")),
        );
        let dialed = dials.count() > 0;
        let all_sent = solo.sent();
        let suspect = solo.member("n1").unwrap().status == MemberStatus::Suspect;
        if suspect {
            since.get_or_insert(solo.now.mono);
        }
        let mut accuses = false;
        for sent in all_sent {
            if let Body::Ping { seq } = sent.message.body
                && sent.to == id("n2")
            {
                solo.message("n2", Via::Datagram, Body::Ack { seq });
            }
            let ours =
                |item: &Item| matches!(item, Item::Accusation(it) if it.value.accused == id("n1"));
            accuses |= sent.message.rumors.iter().any(ours);
        }
        if let Some(since) = since
            && (accuses || dialed)
        {
            told.push((solo.now.mono.since(since), accuses, dialed));
        }
        solo.said.clear();
    }
    let at = 2_250 * MS;
    let near = |(when, ..): &&(Duration, bool, bool)| *when >= at && *when < at + 400 * MS;
    let again: Vec<_> = told.iter().filter(near).collect();
    assert!(again.iter().any(|(_, accuses, _)| *accuses), "{told:?}");
    assert!(again.iter().any(|(.., dialed)| *dialed), "{told:?}");
}

/// Who asks on an accusation that we have answered long ago missed the answer,
/// and gets it with the ack, whether or not it is still told.
#[test]
fn who_missed_a_refutation_gets_it_with_the_ack() {
    let mut solo = among(1);
    solo.link("n1");
    let before = solo.status().footing;
    let old = suspect("n1", "n0", before);
    solo.rumors("n1", vec![old.clone()]);
    assert!(solo.status().footing > before);
    solo.pass(SECOND * 60);
    for (shown, answered) in [(vec![old], 1), (vec![], 0)] {
        solo.sent();
        solo.hear(Input::Message {
            from: id("n1"),
            via: Via::Stream,
            message: Message {
                body: Body::Ping { seq: Seq(9) },
                rumors: shown,
            },
        });
        let acks = solo.sent();
        let ack = acks.iter().find(|sent| sent.via == Via::Stream).unwrap();
        let ours = |item: &&Item| {
            matches!(item, Item::Claim(claim)
                if claim.value.member == id("n0") && claim.value.footing > before)
        };
        assert_eq!(ack.message.rumors.iter().filter(ours).count(), answered);
    }
}

/// A dial that the transport did not even try says nothing about anybody, and
/// nothing about us.
#[test]
fn who_was_never_asked_is_not_suspected() {
    let mut solo = among(1);
    for _ in 0..200 {
        solo.pass(100 * MS);
        let dials: Vec<_> = core::mem::take(&mut solo.said)
            .into_iter()
            .filter_map(|said| match said {
                Output::Dial(target) => Some(target),
                _ => None,
            })
            .collect();
        for target in dials {
            let why = LinkError::NotTried;
            solo.hear(Input::Link(LinkEvent::DialFailed { target, why }));
        }
    }
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
    assert_eq!(solo.status().awareness, 0);
    assert!(solo.status().counters.probes > 10);
}

/// Who is alone has nothing to do, and is not woken for nothing; whoever comes
/// wakes it, and is looked after like anybody.
#[test]
fn who_is_alone_sleeps_until_somebody_comes() {
    let mut solo = Solo::new();
    solo.pass(60 * SECOND);
    let hour = 3_600 * SECOND;
    let next = solo.node.poll_timeout();
    assert!(next.is_none_or(|at| at > solo.now.mono + hour), "{next:?}");
    // Asleep for long: that is no pause.
    solo.sleep(hour);
    solo.link("n1");
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    solo.sent();
    solo.pass(2 * SECOND);
    let sent = solo.sent();
    let pings = |sent: &&gossip_core::output::Transmit| {
        sent.to == id("n1") && matches!(sent.message.body, Body::Ping { .. })
    };
    assert!(sent.iter().any(|sent| pings(&sent)), "{sent:?}");
    // Its seeds are called for ever, whoever is here.
    let mut seeking = Solo::joining();
    seeking.pass(60 * SECOND);
    assert!(seeking.node.poll_timeout().is_some());
}
