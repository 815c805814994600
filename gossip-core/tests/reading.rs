//! Reading and writing: what a reader may rely on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may stop

mod common;
#[path = "common/solo.rs"]
mod solo;

use common::{all_equal, all_read, grown, host, own, put, seconds};
use gossip_core::base::limit;
use gossip_core::input::{Command, Expected, Query, Space, Ticket, Write};
use gossip_core::message::{Body, Checksum, Scope, Value, Version};
use gossip_core::output::{
    HistoryView, KeyEventKind, MemberStatus, Notification, Refusal, Reply, SessionEnd,
    SessionRecord, Via, Voice,
};
use gossip_core::sim::{HostId, Setup, World};
use solo::{Solo, delete, put as wish};

fn shared(key: &str) -> Command {
    Command::Get(Query {
        space: Space::Shared,
        key: key.parse().unwrap(),
    })
}

fn everybody(world: &mut World, host: HostId, key: &str) -> Vec<(String, Option<MemberStatus>)> {
    let said = match world.ask(host, Command::Everybody(key.parse().unwrap())) {
        Some(Reply::Everybody(said)) => said,
        other => panic!("{other:?}"),
    };
    let brief = |said: Voice| {
        let value = String::from_utf8_lossy(said.row.value.bytes()).into_owned();
        (format!("{}={value}", said.row.write.author), said.status)
    };
    said.into_iter().map(brief).collect()
}

/// One key, every member's value: the last word of one that is down as well,
/// until it is forgotten.
#[test]
fn one_key_is_read_of_everybody_and_of_the_dead_until_they_are_forgotten() {
    let mut world = grown(Setup::seeded(11), 4);
    for number in 0..4 {
        put(
            &mut world,
            host(number),
            Scope::Own,
            "load",
            &[b'0' + number as u8],
        );
    }
    put(&mut world, host(1), Scope::Own, "only", b"n1");
    let spread = world.run_until(seconds(20), |world| {
        everybody(world, host(0), "load").len() == 4
    });
    spread.unwrap();
    world.crash(host(3));
    let dead = world.run_until(seconds(60), |world| {
        everybody(world, host(0), "load")[3].1 == Some(MemberStatus::Dead)
    });
    dead.unwrap();
    let alive = |text: &str| (text.to_owned(), Some(MemberStatus::Alive));
    let mut said = vec![alive("n0=0"), alive("n1=1"), alive("n2=2")];
    said.push(("n3=3".to_owned(), Some(MemberStatus::Dead)));
    assert_eq!(everybody(&mut world, host(0), "load"), said);
    assert_eq!(everybody(&mut world, host(0), "nobody's"), []);
    let keys = world.ask(host(0), Command::Keys(String::new()));
    let key = |text: &str| text.parse().unwrap();
    assert_eq!(
        keys,
        Some(Reply::Keys(vec![(key("load"), 4), (key("only"), 1)]))
    );

    let id = world.id(host(3)).clone();
    assert_eq!(
        world.ask(host(1), Command::Forget(id)),
        None,
        "it is sealed first"
    );
    let forgotten = world.run_until(seconds(20), |world| {
        (0..3).all(|number| everybody(world, host(number), "load").len() == 3)
    });
    forgotten.unwrap();
    said.pop();
    assert_eq!(everybody(&mut world, host(0), "load"), said);
}

/// ```text
///   synced    put ─ sealed ─ (disk) ─ written: read       not read before
///   at once   put ─ sealed ─ written: read      (disk)
/// ```
#[test]
fn who_was_told_written_reads_what_it_wrote() {
    let mut solo = Solo::new();
    solo.slow_disk = true;
    let write = Command::Write(vec![wish(Scope::Shared, "k", 1)]);
    solo.said.clear();
    solo.hear(gossip_core::Input::Command(Ticket(1), write));
    assert_eq!(solo.reply(Ticket(1)), None, "not on disk, not said");
    assert_eq!(
        solo.ask(shared("k")),
        Reply::Value(None),
        "nor read by anybody"
    );
    solo.disk_catches_up();
    let Reply::Value(Some(row)) = solo.ask(shared("k")) else {
        panic!("it is read once it is written");
    };
    assert_eq!(row.write.version, Version(1));

    solo.slow_disk = true;
    let write = Command::WriteAtOnce(vec![wish(Scope::Shared, "k", 2)]);
    assert!(matches!(solo.ask(write), Reply::Written(names) if names[0].version == Version(2)));
    assert!(
        matches!(solo.ask(shared("k")), Reply::Value(Some(row)) if row.value.bytes().len() == 2)
    );
    assert!(solo.waiting.is_empty(), "nobody waits for the disk");

    // Behind a write that waits for the disk it waits as well: a log has one order.
    let durable = Command::Write(vec![wish(Scope::Shared, "k", 3)]);
    solo.hear(gossip_core::Input::Command(Ticket(2), durable));
    let hasty = Command::WriteAtOnce(vec![wish(Scope::Shared, "k", 4)]);
    solo.hear(gossip_core::Input::Command(Ticket(3), hasty));
    assert_eq!(solo.reply(Ticket(3)), None);
    solo.disk_catches_up();
    assert!(solo.reply(Ticket(2)).is_some() && solo.reply(Ticket(3)).is_some());
    assert!(
        matches!(solo.ask(shared("k")), Reply::Value(Some(row)) if row.value.bytes().len() == 4)
    );
}

/// A deletion under a condition is done if the key stands so, or not at all.
#[test]
fn a_deletion_may_depend_on_what_it_deletes() {
    let mut solo = Solo::new();
    let Reply::Written(first) = solo.ask(Command::Write(vec![wish(Scope::Shared, "k", 1)])) else {
        panic!("written");
    };
    let Reply::Written(second) = solo.ask(Command::Write(vec![wish(Scope::Shared, "k", 2)])) else {
        panic!("written");
    };
    let only_if = |write: &gossip_core::message::WriteId| Write {
        ttl: None,
        only_if: Some(Expected::Write(write.clone())),
        ..delete(Scope::Shared, "k")
    };
    let refused = solo.ask(Command::Write(vec![only_if(&first[0])]));
    assert!(
        matches!(&refused, Reply::Refused(Refusal::Unexpected { found: Some(found), .. }) if *found == second[0]),
        "{refused:?}"
    );
    // With it, nothing of the same command is done.
    let both = vec![wish(Scope::Shared, "other", 1), only_if(&first[0])];
    assert!(matches!(solo.ask(Command::Write(both)), Reply::Refused(_)));
    assert_eq!(solo.ask(shared("other")), Reply::Value(None));
    let done = solo.ask(Command::Write(vec![only_if(&second[0])]));
    assert!(matches!(done, Reply::Written(names) if names.len() == 1));
    assert_eq!(solo.ask(shared("k")), Reply::Value(None));
}

/// Ten keys are written together, again and again, while every node is read
/// every millisecond: nobody ever sees the keys of two rounds at once.
#[test]
fn what_was_written_together_is_seen_together() {
    const KEYS: usize = 10;
    let mut world = grown(Setup::seeded(12).losing(50_000), 5);
    let mut seen = 0;
    for round in 0..20_u8 {
        let write = |number| Write {
            scope: [Scope::Shared, Scope::Own][number % 2],
            key: format!("k{number}").parse().unwrap(),
            value: Some(Value::new(vec![round].into()).unwrap()),
            ttl: None,
            only_if: None,
        };
        let wishes: Vec<Write> = (0..KEYS).map(write).collect();
        world.command(
            host(0),
            match round % 2 {
                0 => Command::Write(wishes),
                _ => Command::WriteAtOnce(wishes),
            },
        );
        for _ in 0..200 {
            world.run_for(core::time::Duration::from_millis(1));
            for reader in 0..5 {
                let mut rows = world.rows(host(reader), Space::Shared);
                let own = own(&world, host(0));
                rows.extend(world.rows(host(reader), own));
                let mut rounds: Vec<_> = rows.iter().map(|row| row.value.bytes()[0]).collect();
                assert!(rounds.is_empty() || rounds.len() == KEYS, "{rows:?}");
                rounds.dedup();
                assert!(rounds.len() <= 1, "n{reader} sees {rounds:?}");
                seen += rounds.len();
            }
        }
    }
    assert!(seen > 5_000, "they were there to be seen: {seen}");
}

/// What was put at once and not synced when its author crashed is lost with it,
/// if the author writes again before anybody reminds it: the new generation
/// says on what it builds, and everybody drops the rest.
///
/// ```text
///   n1: a=1 (synced) ─ b=1 (at once) ─ ✗      restarted, alone: a=1 ─ c=1
///   all:  a=1           b=1                   heal:             a=1, c=1, no b
/// ```
#[test]
fn what_was_put_at_once_may_be_lost_with_a_crash_and_then_is_so_everywhere() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..12 {
        let mut world = grown(Setup::seeded(100 + seed), 4);
        put(&mut world, host(1), Scope::Own, "a", b"1");
        let space = own(&world, host(1));
        let write = |key: &str| Write {
            scope: Scope::Own,
            key: key.parse().unwrap(),
            value: Some(Value::new(b"1".to_vec().into()).unwrap()),
            ttl: None,
            only_if: None,
        };
        let ticket = world.command(host(1), Command::WriteAtOnce(vec![write("b")]));
        let reply = common::answer(&mut world, ticket);
        assert!(matches!(reply, Reply::Written(_)));
        let spread = world.run_until(seconds(1), |world| all_read(world, &space, "b", Some(b"1")));
        assert!(spread.is_some(), "it is told before it is on disk");
        world.crash(host(1));
        let rest = [host(0), host(2), host(3)];
        world.partition(&[&[host(1)], &rest]);
        world.restart(host(1));
        world.run_for(seconds(1));
        put(&mut world, host(1), Scope::Own, "c", b"1");
        let survived = world.value(host(1), space.clone(), "b").is_some();
        world.heal();
        let equal = world.run_until(seconds(120), |world| {
            all_read(world, &space, "c", Some(b"1")) && all_equal(world)
        });
        equal.expect("all agree with the author");
        let value = survived.then_some(&b"1"[..]);
        assert!(
            all_read(&mut world, &space, "a", Some(b"1")),
            "what was synced stays"
        );
        assert!(all_read(&mut world, &space, "b", value));
        let reset = |(_, told): &(_, Notification)| {
            matches!(told, Notification::Key(event)
                if event.kind == KeyEventKind::Reset && event.key.as_str() == "b")
        };
        assert_eq!(world.notifications(host(0)).iter().any(reset), !survived);
        lost += u32::from(!survived);
        kept += u32::from(survived);
    }
    println!("lost {lost}, kept {kept}");
    assert!(lost > 0, "the simulator's disk forgets what was not synced");
}

/// The same, but its peers answer before it writes again: they give it back.
#[test]
fn what_was_put_at_once_is_given_back_by_those_who_heard_it() {
    let mut world = grown(Setup::seeded(21), 4);
    let space = own(&world, host(1));
    let write = wish(Scope::Own, "b", 1);
    world.command(host(1), Command::WriteAtOnce(vec![write]));
    let spread = world.run_until(seconds(1), |world| all_read(world, &space, "b", Some(&[7])));
    spread.unwrap();
    world.crash(host(1));
    world.restart(host(1));
    let back = world.run_until(seconds(60), |world| {
        all_read(world, &space, "b", Some(&[7]))
    });
    back.unwrap();
}

/// What a node remembers of how it was told: each session once, with its end,
/// and the age of every write that came.
#[test]
fn the_last_sessions_and_the_ages_of_news_can_be_asked() {
    fn history(world: &mut World, host: HostId) -> HistoryView {
        match world.ask(host, Command::History) {
            Some(Reply::History(history)) => *history,
            other => panic!("{other:?}"),
        }
    }
    let mut world = grown(Setup::seeded(31), 3);
    let before = history(&mut world, host(1)).news.total();
    for number in 0..40_u8 {
        put(
            &mut world,
            host(0),
            Scope::Own,
            &format!("k{number}"),
            &[number],
        );
    }
    world.run_for(seconds(30));
    let told = history(&mut world, host(1));
    assert_eq!(told.news.total() - before, 40, "each write of another once");
    let young: u64 = told.news.younger_than[..11].iter().sum();
    assert_eq!(
        young,
        told.news.total(),
        "younger than a second: {:?}",
        told.news
    );
    assert_eq!(
        history(&mut world, host(0)).news.total(),
        0,
        "nobody else wrote"
    );

    let level = |session: &&SessionRecord| session.end == SessionEnd::Level;
    assert!(told.sessions.iter().filter(level).count() >= 2, "{told:?}");
    let quiet = &told.sessions[0];
    assert_eq!(
        (quiet.end, quiet.differed),
        (SessionEnd::Level, 0),
        "{quiet:?}"
    );
    assert!((1..200).contains(&quiet.sent_bytes), "{quiet:?}");
    let mut newest_first = told.sessions.windows(2);
    assert!(
        newest_first.all(|pair| pair[0].began >= pair[1].began || pair[0].ours != pair[1].ours)
    );

    // A joiner is told the past: old news, and a session in which much differed.
    let joiner = world.add(gossip_core::sim::NodeSetup::named("n3").joining("n0"));
    world.run_for(seconds(30));
    let told = history(&mut world, joiner);
    assert!(
        told.sessions
            .iter()
            .any(|session| session.differed >= 2 && session.ours),
        "{told:?}"
    );
    assert_eq!(told.news.total(), 40);
    let old: u64 = told.news.younger_than[14..].iter().sum();
    assert_eq!(old, 40, "it happened half a minute ago: {:?}", told.news);

    // The ring has a bound.
    for _ in 0..limit::SESSIONS_RECALLED {
        world.run_for(seconds(20));
    }
    assert_eq!(
        history(&mut world, host(1)).sessions.len(),
        limit::SESSIONS_RECALLED
    );
}

/// A session that ends before its end is not called level.
#[test]
fn a_session_says_how_it_ended() {
    use gossip_core::Input;
    use gossip_core::input::{LinkError, LinkEvent, SessionEvent, SessionId};
    let mut solo = Solo::new();
    for peer in ["a", "b", "c", "d", "e"] {
        solo.link(peer);
    }
    // Served are three at once: the fourth is turned away.
    for (number, peer) in (1..).zip(["a", "b", "c", "d"]) {
        solo::opened(&mut solo, number, peer);
        let via = Via::Session(SessionId::inbound(number));
        solo.message(peer, via, Body::Checksum(Checksum(1)));
    }
    let closed = Input::Session(SessionId::inbound(1), SessionEvent::Closed);
    solo.hear(closed);
    solo.hear(Input::Link(LinkEvent::Down {
        peer: solo::id("b"),
        why: LinkError::Closed,
    }));
    let Reply::History(history) = solo.ask(Command::History) else {
        panic!("a history");
    };
    let ends = history.sessions.iter().filter(|session| !session.ours);
    let ends: Vec<_> = ends
        .map(|session| (session.peer.as_str(), session.end))
        .collect();
    let (given_up, broken) = (SessionEnd::GivenUp, SessionEnd::Broken);
    assert_eq!(ends, [("b", broken), ("a", broken), ("d", given_up)]);
}
