//! Guarding: what a buggy or hostile peer, a long pause, a full disk or an
//! unlucky moment must not do to one node, driven by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::sync::Arc;
use std::time::Duration;

use gossip_core::base::limit;
use gossip_core::input::{
    Command, LinkError, LinkEvent, Saved, Saying, SessionEvent, SessionId, Target, Ticket, Via,
    Write,
};
use gossip_core::message::{
    Accusation, Body, Charge, Checksum, Claim, Digest, Generation, Head, Item, Lineage, Presence,
    Scope, Seq, Statement, Version,
};
use gossip_core::output::{Halt, MemberStatus, Phase, Refusal, Reply};
use gossip_core::{Config, Input, Output};

use solo::{
    SECOND, Solo, accusation, batch, begun, claim, delete, footing, id, opened, put, seal, sealed,
};

/// A generation that is not on disk yet is not spoken of: neither to refute
/// nor to leave. Whoever leaves meanwhile is not back once it is.
///
/// ```text
///   n0 (g) ── «n0 is at g+5» ──▶ g+6, on its way to the disk
///             «n0 (g, 0) is suspect» ──▶ ✗ no claim at g+6
///             leave                  ──▶ ✗ no claim at g+6
///             on disk                ──▶ left at g+6
/// ```
#[test]
fn what_is_not_on_disk_is_not_claimed() {
    let mut solo = Solo::joining();
    let ours = solo.generation();
    solo.link("n1");
    solo.slow_disk = true;
    solo.sealed.clear();
    solo.rumors("n1", vec![claim("n0", footing(ours + 5, 0))]);
    let suspected = accusation("n1", "n0", footing(ours, 0), Charge::Suspect);
    solo.rumors("n1", vec![suspected]);
    solo.hear(Input::Command(Ticket(1), Command::Leave));
    assert_eq!(
        solo.sealed,
        [],
        "nothing is said of a generation in the air"
    );
    assert_eq!(solo.generation(), ours);
    solo.disk_catches_up();
    assert_eq!(solo.generation(), ours + 6);
    let presences: Vec<_> = solo
        .sealed
        .iter()
        .map(|statement| match statement {
            Statement::Claim(claim) => (claim.footing.generation.0, claim.presence),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(presences, [(ours + 6, Presence::Left)]);
    solo.pass(SECOND * 2);
    assert_eq!(solo.reply(Ticket(1)), Some(Reply::Left));
    assert!(solo.said.contains(&Output::Halt(Halt::Left)));
}

/// Nor is anything written or said in it, be it at once: writes wait for the disk
/// with it, and an event is refused until then. Whoever asks which run we are,
/// the host among them, hears of it when it is.
///
/// ```text
///   n0 (g), running ── «n0 (g+5) is dead» ──▶ g+6, on its way to the disk
///                      put at once, say   ──▶ ✗ nothing at g+6
///                      on disk            ──▶ claim, then the write, at g+6
/// ```
#[test]
fn what_is_not_on_disk_is_not_written_or_said() {
    let mut solo = Solo::new();
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    solo.link("n1");
    let ours = solo.generation();
    solo.slow_disk = true;
    solo.sealed.clear();
    let condemned = accusation("n1", "n0", footing(ours + 5, 0), Charge::Dead);
    solo.rumors("n1", vec![condemned]);
    let at_once = Command::WriteAtOnce(vec![put(Scope::Own, "k", 1)]);
    solo.hear(Input::Command(Ticket(1), at_once));
    let synced = Command::Write(vec![put(Scope::Own, "l", 1)]);
    solo.hear(Input::Command(Ticket(2), synced));
    let say = || {
        Command::Say(Saying {
            name: "e".parse().unwrap(),
            payload: "e".into(),
            coalesce: false,
            ask: None,
        })
    };
    solo.hear(Input::Command(Ticket(3), say()));
    solo.pass(SECOND);
    assert_eq!(solo.sealed, []);
    assert_eq!(solo.reply(Ticket(3)), Some(Reply::Refused(Refusal::Busy)));
    let status = solo.status();
    assert_eq!((status.footing.generation.0, status.keys), (ours, 0));
    assert_eq!(solo.generation(), ours);
    solo.said.clear();
    solo.disk_catches_up();
    assert_eq!(solo.generation(), ours + 6);
    for ticket in [Ticket(1), Ticket(2)] {
        let reply = solo.reply(ticket);
        assert!(matches!(reply, Some(Reply::Written(_))), "{reply:?}");
    }
    let runs: Vec<_> = solo
        .sealed
        .iter()
        .map(|statement| match statement {
            Statement::Claim(claim) => claim.footing.generation.0,
            Statement::Batch(draft) => draft.lineage.bases().last().unwrap().generation.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(runs, [ours + 6; 3]);
    solo.hear(Input::Command(Ticket(4), say()));
    let said = match solo.reply(Ticket(4)) {
        Some(Reply::Said { id, .. }) => id,
        other => panic!("{other:?}"),
    };
    assert_eq!((said.run.generation.0, said.number), (ours + 6, 1));
}

/// However many accuse it at once, a member refutes once.
#[test]
fn many_accusations_are_one_refutation() {
    let mut solo = Solo::new();
    let ours = solo.generation();
    let many = (0..200).map(|n| accusation(&format!("m{n}"), "n0", footing(ours, 0), Charge::Dead));
    // All in one message: none of the refutations is sealed in between.
    solo.rumors("m1", many.collect());
    let status = solo.status();
    assert_eq!(status.footing, footing(ours, 1));
    assert_eq!(status.counters.refutations, 1);
}

/// A wiped author that heard of its old log, and writes before it has it back:
/// what it seals is what its peers accept.
///
/// ```text
///   old log:  generation 100 ─ 50 ┴ 51 … 60 (200)
///   n0 hears of 60, holds nothing, writes     ──▶ bases must not fall
/// ```
#[test]
fn a_lineage_never_falls() {
    let mut solo = Solo::new();
    let from = Head {
        generation: Generation(100),
        version: Version(50),
    };
    let old = begun(100).extended(Generation(200), from);
    let old = batch("n0", old, 60, "k", 1);
    solo.rumors("n1", vec![Item::Batch(old)]);
    let reply = solo.ask(Command::Write(vec![put(Scope::Own, "k", 1)]));
    assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
    let drafts = solo.sealed.iter().filter_map(|statement| match statement {
        Statement::Batch(draft) => Some(draft),
        _ => None,
    });
    for draft in drafts {
        let bases = draft.lineage.bases().to_vec();
        assert!(Lineage::new(bases.clone()).is_some(), "{bases:?}");
    }
}

/// After a pause nobody is condemned before what came meanwhile is heard.
///
/// ```text
///   n1 suspect ── n0 is suspended for an hour ── woken ── «n1 refutes»
/// ```
#[test]
fn a_pause_condemns_nobody() {
    let mut solo = Solo::new();
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    // Every deadline of the node in turn is the one it sleeps through.
    for round in 0..40_u64 {
        let suspected = accusation("n2", "n1", footing(7, round), Charge::Suspect);
        solo.rumors("n2", vec![suspected]);
        solo.pass(Duration::from_millis(100 * round));
        solo.sleep(Duration::from_secs(3_600));
        solo.hear(Input::Timeout);
        solo.pass(Duration::from_millis(500));
        let status = solo.member("n1").unwrap().status;
        assert_ne!(status, MemberStatus::Dead, "round {round}");
        solo.rumors("n1", vec![claim("n1", footing(7, round + 1))]);
    }
}

/// The log of a run of ours of which we have not heard otherwise: what is
/// written next continues it, in a generation above.
#[test]
fn a_run_known_by_its_log_alone_is_outlived() {
    let mut solo = Solo::new();
    let ahead = solo.generation() + 100;
    let old = batch("n0", begun(ahead), 60, "k", 1);
    solo.rumors("n1", vec![Item::Batch(old)]);
    assert_eq!(solo.generation(), ahead + 1);
}

/// One forged claim or batch does not lock a member out of its own name.
#[test]
fn a_generation_from_the_far_future_is_not_believed() {
    let mut solo = Solo::new();
    solo.rumors("n1", vec![claim("n1", footing(u64::MAX, u64::MAX))]);
    let forged = batch("n1", begun(u64::MAX), 1, "k", 1);
    solo.rumors("n1", vec![Item::Batch(forged)]);
    let forged = batch("n0", begun(u64::MAX), 1, "k", 1);
    solo.rumors("n1", vec![Item::Batch(forged)]);
    assert_eq!(solo.member("n1"), None);
    assert_eq!(solo.status().counters.generations_refused, 3);
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    let honest = batch("n1", begun(7), 1, "k", 1);
    solo.rumors("n1", vec![Item::Batch(honest)]);
    assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Alive);
    assert_eq!(solo.status().keys, 1);
    let reply = solo.ask(Command::Write(vec![put(Scope::Own, "k", 1)]));
    assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
}

/// A digest tells each name once: a peer that tells it again and again does
/// not make us remember it again and again.
#[test]
fn a_digest_that_is_repeated_is_not_heard() {
    let mut solo = Solo::new();
    let via = opened(&mut solo, 1, "n1");
    let (after, through) = (None, Some(id("n9")));
    let rows = vec![];
    let piece = Body::Digest(Digest {
        after,
        through,
        rows,
    });
    for _ in 0..5 {
        solo.message("n1", via, piece.clone());
    }
    assert_eq!(solo.status().counters.unexpected, 4);
}

/// Each side says its checksum once: a peer that says it again and again, or
/// answers what was not asked, is not answered.
#[test]
fn a_checksum_that_is_repeated_is_not_answered() {
    let mut solo = Solo::new();
    let via = opened(&mut solo, 1, "n1");
    for _ in 0..5 {
        solo.message("n1", via, Body::Checksum(Checksum(7)));
        solo.hear(Input::Session(
            SessionId::inbound(1),
            SessionEvent::Writable,
        ));
    }
    let sent = solo.sent().into_iter();
    let said = sent.filter(|sent| matches!(sent.message.body, Body::Checksum(_)));
    let said: Vec<_> = said.map(|sent| sent.message.body.clone()).collect();
    assert_eq!(said.len(), 1, "it differs, and hears so once");
    // In another session, the same: there is nothing to tell.
    let via = opened(&mut solo, 2, "n2");
    solo.message("n2", via, said[0].clone());
    let sent = solo.sent().into_iter();
    let done = sent.filter(|sent| sent.via == via && sent.message.body == Body::Done);
    assert_eq!(done.count(), 1);
    assert_eq!(solo.status().counters.unexpected, 4);
}

/// Symbols that mean nothing are asked for a few times more, then compared
/// otherwise, and then not heard.
#[test]
fn symbols_that_mean_nothing_end() {
    use gossip_core::message::{Sketch, Symbol};
    let mut solo = Solo::new();
    let via = opened(&mut solo, 1, "n1");
    let nonsense = Symbol {
        sum: 5,
        product: 7,
        check: 9,
    };
    for _ in 0..40 {
        let sketch = Sketch {
            symbols: vec![nonsense],
            ..Sketch::default()
        };
        solo.message("n1", via, Body::Sketch(sketch));
        let session = SessionId::inbound(1);
        solo.hear(Input::Session(session, SessionEvent::Writable));
    }
    let sent = solo.sent();
    let count = |kind: fn(&Body) -> bool| sent.iter().filter(|it| kind(&it.message.body)).count();
    assert_eq!(count(|body| matches!(body, Body::More { .. })), 12);
    // It holds next to nothing: a quarter of that is soon told plainly.
    assert_eq!(count(|body| matches!(body, Body::Checksum(_))), 1);
    assert_eq!(solo.status().counters.unexpected, 27);
}

/// One peer does not take every place at our table.
#[test]
fn a_peer_has_one_session_with_us() {
    let mut solo = Solo::new();
    for number in 1..=5 {
        opened(&mut solo, number, "n1");
        let via = Via::Session(SessionId::inbound(number));
        solo.message("n1", via, Body::Checksum(Checksum(1)));
    }
    let resets = solo.said.iter().filter_map(|output| match output {
        Output::Reset(session) => Some(session.as_u64() & 0xff),
        _ => None,
    });
    let resets: Vec<_> = resets.collect();
    assert_eq!(resets, [1, 2, 3, 4], "the newest replaces the one before");
    opened(&mut solo, 6, "n2");
    assert_eq!(solo.status().counters.sessions_refused, 0);
}

/// A link that went took its sessions along, whatever the host still says.
#[test]
fn a_session_does_not_outlive_its_link() {
    use gossip_core::input::LinkError;
    let mut solo = Solo::joining();
    let begun = |solo: &mut Solo| {
        let sent = solo.sent().into_iter();
        let sessions = sent.filter(|sent| matches!(sent.message.body, Body::Digest(_)));
        sessions.count()
    };
    solo.link("n1");
    assert_eq!(begun(&mut solo), 1);
    let (peer, why) = (id("n1"), LinkError::Closed);
    solo.hear(Input::Link(LinkEvent::Down { peer, why }));
    solo.link("n1");
    assert_eq!(begun(&mut solo), 1, "it compares notes again at once");
}

/// A large accusation (a later version's, or a hostile one) does not burst
/// the datagram of the ping that would show it.
#[test]
fn a_ping_fits_its_datagram() {
    use gossip_core::base::limit;
    let mut solo = Solo::new();
    solo.link("n1");
    solo.rumors("n2", vec![claim("n2", footing(7, 0))]);
    let mut suspected = Accusation {
        accuser: id("n2"),
        accused: id("n1"),
        footing: footing(7, 0),
        charge: Charge::Suspect,
    };
    for (incarnation, bytes) in [(0, 60), (1, 1_060), (2, 4_000)] {
        solo.rumors("n1", vec![claim("n1", footing(7, incarnation))]);
        suspected.footing = footing(7, incarnation);
        let item = Item::Accusation(sealed(suspected.clone(), bytes));
        solo.rumors("n2", vec![item]);
        // Nobody answers, so the node takes ever more time.
        solo.pass(SECOND * 12);
        let sent = solo.sent();
        assert!(
            sent.iter()
                .any(|sent| matches!(sent.message.body, Body::Ping { .. }))
        );
        for sent in sent {
            let weight = sent.message.weight();
            let fits = sent.via != Via::Datagram || weight <= limit::DATAGRAM_BYTES;
            assert!(
                fits,
                "{weight} bytes in a datagram: {:?}",
                sent.message.body
            );
        }
    }
}

/// A relay that nobody asked cannot vouch for anybody.
#[test]
fn only_relays_that_were_asked_vouch() {
    let mut solo = Solo::new();
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    solo.rumors("n2", vec![claim("n2", footing(7, 0))]);
    solo.link("n2");
    solo.sent();
    // n1 cannot be reached; m, a stranger, says it can.
    for _ in 0..200 {
        solo.pass(Duration::from_millis(50));
        for sent in solo.sent() {
            let ack = match sent.message.body {
                Body::Ping { seq } if sent.to == id("n2") => ("n2", seq),
                Body::PingReq { seq, .. } => ("m", seq),
                _ => continue,
            };
            solo.message(ack.0, Via::Datagram, Body::Ack { seq: ack.1 });
        }
    }
    let status = solo.member("n1").unwrap().status;
    assert_ne!(status, MemberStatus::Alive);
}

/// What an author may hold is counted over everything that is committed
/// together, and what is deleted or overwritten makes room.
#[test]
fn a_share_is_counted_to_the_byte() {
    let mut solo = Solo::new();
    let mib = 1024 * 1024;
    for number in 0..63 {
        let key = format!("k{number}");
        let reply = solo.ask(Command::Write(vec![put(Scope::Own, &key, mib)]));
        assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
    }
    // Two that fit one by one, and not together, wait for the same commit.
    solo.slow_disk = true;
    solo.said.clear();
    let ask = |ticket, write: Write| Input::Command(Ticket(ticket), Command::Write(vec![write]));
    solo.hear(ask(1, put(Scope::Own, "first", 1)));
    solo.hear(ask(2, put(Scope::Own, "a", mib * 6 / 10)));
    solo.hear(ask(3, put(Scope::Own, "b", mib * 4 / 10 - 100)));
    solo.disk_catches_up();
    solo.disk_catches_up();
    assert!(matches!(solo.reply(Ticket(2)), Some(Reply::Written(_))));
    let Some(Reply::Refused(Refusal::Full { would, has, most })) = solo.reply(Ticket(3)) else {
        panic!("{:?}", solo.reply(Ticket(3)));
    };
    assert!(
        has.fits(&most) && would.bytes > most.bytes,
        "{has}, {would} of {most}"
    );
    let status = solo.status();
    assert_eq!((status.share.keys, status.agreed.writes), (65, most));
    assert_eq!(solo.status().counters.author_full, 0);
    let reply = solo.ask(Command::Write(vec![put(Scope::Own, "k7", mib - 1)]));
    assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
    let reply = solo.ask(Command::Write(vec![delete(Scope::Own, "k7")]));
    assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
}

/// A commit that failed is no word of ours: what we wrote in an earlier run can
/// still be learned from those who hold it.
#[test]
fn a_failed_commit_does_not_close_the_log() {
    use gossip_core::input::DiskError;
    let mut solo = Solo::new();
    solo.slow_disk = true;
    let write = vec![put(Scope::Own, "k", 1)];
    solo.hear(Input::Command(Ticket(1), Command::Write(write)));
    let persist = solo.waiting.pop().unwrap();
    solo.hear(Input::Persisted(persist, Err(DiskError::Full)));
    solo.slow_disk = false;
    let refused = Reply::Refused(Refusal::Disk(DiskError::Full));
    assert_eq!(solo.reply(Ticket(1)), Some(refused));
    let old = batch("n0", begun(7), 1, "old", 1);
    solo.rumors("n1", vec![Item::Batch(old)]);
    assert_eq!(solo.status().keys, 1);
}

/// A seed does not wait behind all who ever died.
#[test]
fn a_seed_is_tried_at_once_however_many_are_dead() {
    let mut saved = Saved::default();
    for number in 0..300 {
        let name = format!("m{number}");
        if let Item::Claim(claim) = claim(&name, footing(7, 0)) {
            saved.claims.push(claim);
        }
    }
    let mut config = Config::default();
    config.seeds.push("seed".to_owned());
    let solo = Solo::with(config, saved);
    let seed = Target::Seed("seed".to_owned());
    let dialed = solo.said.iter().filter_map(|output| match output {
        Output::Dial(target) => Some(target.clone()),
        _ => None,
    });
    let dialed: Vec<_> = dialed.collect();
    assert!(dialed.contains(&seed), "{dialed:?}");
    assert!(dialed.iter().any(|target| *target != seed), "and others");
}

/// How often a seed was dialed since this was last asked.
fn dials_of(solo: &mut Solo, seed: &str) -> usize {
    let seed = Target::Seed(seed.to_owned());
    let said = std::mem::take(&mut solo.said).into_iter();
    said.filter(|output| *output == Output::Dial(seed.clone()))
        .count()
}

/// A seed that led to ourselves may lead to others later, so it is called on: at the pace
/// of those who are gone, and seldom where others are here.
#[test]
fn a_seed_that_led_to_ourselves_is_called_at_a_slow_pace() {
    let mut solo = Solo::joining();
    assert_eq!(dials_of(&mut solo, "seed"), 1);
    let ourselves = |solo: &mut Solo| {
        solo.hear(Input::Link(LinkEvent::DialFailed {
            target: Target::Seed("seed".to_owned()),
            why: LinkError::Ourselves,
        }));
    };
    ourselves(&mut solo);
    assert_eq!(solo.status().phase, Phase::Running, "it does not wait");
    solo.pass(1_800 * SECOND);
    ourselves(&mut solo);
    solo.said.clear();
    solo.pass(600 * SECOND);
    let alone = dials_of(&mut solo, "seed");
    assert!((100..=200).contains(&alone), "{alone} dials in ten minutes");
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    solo.said.clear();
    for round in 0..600 {
        // It speaks, so it is here.
        solo.pass(SECOND);
        let word = claim("n1", footing(7, round));
        solo.rumors("n1", vec![word]);
    }
    let together = dials_of(&mut solo, "seed");
    assert!((1..=30).contains(&together), "{together} with company");
}

/// Two processes under one name that began in the same millisecond stand on the
/// same footing; that they are two shows in what they say.
#[test]
fn a_twin_of_the_same_second_is_noticed() {
    let mut solo = Solo::new();
    let ours = solo.generation();
    solo.rumors("n1", vec![claim("n0", footing(ours, 0))]);
    assert_eq!(solo.generation(), ours + 1);
}

fn outlived(solo: &mut Solo, peer: &str, by: u64) {
    let (peer, by) = (id(peer), Generation(by));
    let why = LinkError::Outlived { by };
    solo.hear(Input::Link(LinkEvent::Down { peer, why }));
}

/// A later run of our name, one peer says; two have to, where there are two.
#[test]
fn one_peer_alone_does_not_stop_a_node_and_two_do() {
    let mut solo = Solo::new();
    let ours = solo.generation();
    for peer in ["n1", "n2", "n3"] {
        solo.rumors(peer, vec![claim(peer, footing(7, 0))]);
    }
    outlived(&mut solo, "n1", ours + 9);
    outlived(&mut solo, "n1", ours + 9);
    assert_eq!(solo.node.phase(), Phase::Running, "one peer, however often");
    outlived(&mut solo, "n2", ours);
    assert_eq!(solo.node.phase(), Phase::Running, "that is no later run");
    outlived(&mut solo, "n2", u64::MAX);
    assert_eq!(
        solo.node.phase(),
        Phase::Running,
        "nor is that to be believed"
    );
    outlived(&mut solo, "n2", ours + 9);
    let generation = Generation(ours + 9);
    assert!(
        solo.said
            .contains(&Output::Halt(Halt::Conflict { generation }))
    );
}

/// With one other there is nobody else to ask; who joins goes on above it.
#[test]
fn the_only_peer_is_enough_and_a_joiner_outlives() {
    let mut solo = Solo::new();
    let ours = solo.generation();
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    outlived(&mut solo, "n1", ours + 9);
    assert_eq!(solo.node.phase(), Phase::Halted);

    let mut solo = Solo::joining();
    outlived(&mut solo, "n1", ours + 9);
    assert_eq!(solo.generation(), ours + 10);
}

/// Nobody asks those who are gone: of three, one dead and one left, the third is
/// enough.
#[test]
fn who_is_gone_is_no_witness_to_wait_for() {
    let mut solo = Solo::new();
    let ours = solo.generation();
    for peer in ["n1", "n2", "n3"] {
        solo.rumors(peer, vec![claim(peer, footing(7, 0))]);
    }
    let removed = accusation("n1", "n2", footing(7, 0), Charge::Removed);
    solo.rumors("n1", vec![removed]);
    outlived(&mut solo, "n1", ours + 9);
    assert_eq!(solo.node.phase(), Phase::Running, "n3 may say otherwise");
    let left = seal(Statement::Claim(Claim {
        member: id("n3"),
        footing: footing(7, 1),
        presence: Presence::Left,
        addrs: [([10, 0, 0, 9], 7).into()].into(),
    }));
    solo.rumors("n1", vec![left]);
    outlived(&mut solo, "n1", ours + 9);
    assert_eq!(solo.node.phase(), Phase::Halted);
}

/// What a bound refuses is counted: probes and warnings where hundreds are
/// suspected at once, peers to ask for what we miss, and the dead whose row is gone.
#[test]
fn what_there_is_no_room_for_is_counted() {
    let mut config = asks_nobody();
    config.jurors = 16;
    let mut solo = Solo::with(config, Saved::default());
    let names: Vec<String> = (0..1_000).map(|number| format!("m{number}")).collect();
    solo.rumors("m0", vec![claim("m0", footing(7, 0))]);
    for name in &names[1..] {
        let suspect = accusation("m0", name, footing(7, 0), Charge::Suspect);
        solo.rumors("m0", vec![claim(name, footing(7, 0)), suspect]);
    }
    let counters = solo.status().counters;
    assert_eq!(counters.probes, limit::PROBES as u64);
    assert!(counters.probes_refused > 0, "sixteen of all here look too");
    let refused = 2 * 999 - limit::WARNINGS as u64;
    assert_eq!(counters.warnings_refused, refused, "two for each");

    // A part of a batch: whoever tells it has the rest.
    let mut part = batch("m1", begun(7), 1, "k", 1);
    Arc::make_mut(&mut part.head).value.count = 2;
    let mut solo = Solo::with(asks_nobody(), Saved::default());
    for name in &names[..10] {
        solo.rumors(name, vec![claim(name, footing(7, 0))]);
    }
    for name in &names[..10] {
        solo.rumors(name, vec![Item::Batch(part.clone()); 3]);
    }
    let refused = solo.status().counters.appointments_refused;
    assert_eq!(refused, 3 * (10 - limit::APPOINTMENTS as u64));

    let mut saved = Saved::default();
    for number in 0..limit::REMEMBERED {
        if let Item::Claim(claim) = claim(&format!("old{number}"), footing(7, 0)) {
            saved.claims.push(claim);
        }
    }
    let mut config = asks_nobody();
    config.forget_after = 5 * SECOND;
    let mut solo = Solo::with(config, saved);
    solo.rumors("m1", vec![claim("m1", footing(7, 0))]);
    assert_eq!(solo.ask(Command::Remove(id("m1"))), Reply::Done);
    solo.pass(6 * SECOND);
    assert_eq!(solo.member("m1"), None);
    assert_eq!(solo.status().counters.remembered_refused, 1);
}

/// So that nobody dies of silence.
fn asks_nobody() -> Config {
    let mut config = Config::default();
    config.probe_interval = 60 * SECOND;
    config.jurors = 0;
    config
}

/// A second word on one footing is answered with the first, for both to hear.
#[test]
fn who_contradicts_itself_hears_what_was_said_first() {
    let mut solo = Solo::with(asks_nobody(), Saved::default());
    solo.link("n2");
    let first = claim("n1", footing(7, 0));
    solo.rumors("n2", vec![first.clone()]);
    // Long enough for the first to be told until it is cold.
    solo.pass(SECOND * 30);
    solo.sent();
    let other = seal(Statement::Claim(Claim {
        member: id("n1"),
        footing: footing(7, 0),
        presence: Presence::Alive,
        addrs: [([10, 0, 0, 8], 7).into()].into(),
    }));
    solo.rumors("n2", vec![other]);
    solo.pass(SECOND);
    let told = solo.sent();
    assert!(told.iter().any(|sent| sent.message.rumors.contains(&first)));
    assert_eq!(solo.status().counters.contradictions, 1);
}

/// Once it is gone nobody is left to be told: what others held first is not answered,
/// or the two claims would be told against each other until the row is gone.
#[test]
fn what_the_dead_and_those_who_left_contradicted_is_told_no_more() {
    let left = |port: u16| {
        seal(Statement::Claim(Claim {
            member: id("n1"),
            footing: footing(7, 1),
            presence: Presence::Left,
            addrs: [([10, 0, 0, 9], port).into()].into(),
        }))
    };
    let alive = |port: u16| {
        seal(Statement::Claim(Claim {
            member: id("n1"),
            footing: footing(7, 0),
            presence: Presence::Alive,
            addrs: [([10, 0, 0, 9], port).into()].into(),
        }))
    };
    let removed = accusation("n2", "n1", footing(7, 0), Charge::Removed);
    for (end, other) in [(removed, alive(99)), (left(7), left(99))] {
        let mut solo = Solo::with(asks_nobody(), Saved::default());
        solo.link("n2");
        solo.rumors("n2", vec![claim("n2", footing(7, 0)), alive(7), end]);
        // Long enough for all of it to be told until it is cold.
        solo.pass(SECOND * 30);
        let before = solo.status();
        solo.rumors("n2", vec![other]);
        let after = solo.status();
        assert_eq!((before.hot_rumors, after.hot_rumors), (0, 0));
        assert_eq!(after.counters.stale, before.counters.stale + 1);
        assert_eq!(after.counters.contradictions, 0);
    }
}

/// A dead member's connection is closed if it is silent, and kept if not.
#[test]
fn only_a_silent_dead_member_is_hung_up_on() {
    for speaks in [false, true] {
        let mut solo = Solo::new();
        solo.link("n1");
        solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
        let dead = accusation("n2", "n1", footing(7, 0), Charge::Dead);
        solo.rumors("n2", vec![dead]);
        solo.pass(SECOND * 29 / 10);
        if speaks {
            solo.rumors("n1", vec![]);
        }
        solo.pass(SECOND / 5);
        let hung_up = solo.said.contains(&Output::HangUp(id("n1")));
        assert_eq!(solo.member("n1").unwrap().status, MemberStatus::Dead);
        assert_eq!(hung_up, !speaks);
    }
}

/// A ping that gets no answer is repeated on a stream; the answer to one comes
/// back on a stream, too.
#[test]
fn a_lost_ping_is_asked_again_on_a_stream() {
    let mut solo = Solo::new();
    solo.link("n1");
    solo.rumors("n1", vec![claim("n1", footing(7, 0))]);
    solo.sent();
    solo.pass(SECOND * 2);
    let pings = solo.sent().into_iter();
    let pings: Vec<Via> = pings
        .filter(|sent| matches!(sent.message.body, Body::Ping { .. }))
        .map(|sent| sent.via)
        .collect();
    assert!(pings.contains(&Via::Datagram) && pings.contains(&Via::Stream));

    solo.message("n1", Via::Stream, Body::Ping { seq: Seq(5) });
    let acks = solo.sent().into_iter();
    let acks = acks.filter(|sent| sent.message.body == Body::Ack { seq: Seq(5) });
    assert!(acks.map(|sent| sent.via).eq([Via::Stream]));
}
