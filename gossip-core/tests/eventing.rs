//! Events and queries, from many nodes' point of view.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]
mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::input::{Command, Saying};
use gossip_core::message::{Ask, Filter, Said, Scope, Tag};
use gossip_core::output::{Notification, Refusal, Reply};
use gossip_core::sim::{HostId, Paths, Setup, Weather, World};

fn say(name: &str, payload: String, coalesce: bool) -> Command {
    Command::Say(Saying {
        name: name.parse().unwrap(),
        payload: payload.into(),
        coalesce,
        ask: None,
    })
}

fn ask(filter: Filter, relays: u32) -> Command {
    Command::Say(Saying {
        name: "ping".parse().unwrap(),
        payload: Bytes::from_static(b"?"),
        coalesce: false,
        ask: Some(Ask {
            filter,
            deadline_ms: 3_000,
            relays,
        }),
    })
}

/// A cluster whose members know each other.
fn cluster(seed: u64, nodes: usize) -> (World, Vec<HostId>) {
    let world = common::grown(Setup::seeded(seed), nodes);
    let hosts = world.hosts().collect();
    (world, hosts)
}

/// Says so many, as fast as it can: what is accepted, and what refused.
fn burst(world: &mut World, host: HostId, count: u64) -> (u64, u64) {
    let tickets: Vec<_> = (0..count)
        .map(|number| world.command(host, say("burst", format!("{number}"), false)))
        .collect();
    world.run_for(Duration::from_millis(1));
    let (mut accepted, mut refused) = (0, 0);
    for ticket in tickets {
        match world.reply(ticket) {
            Some(Reply::Said { .. }) => accepted += 1,
            Some(Reply::Refused(Refusal::Busy)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    (accepted, refused)
}

fn events(world: &World, host: HostId) -> u64 {
    world.picture(host).events
}

#[test]
fn a_burst_of_two_thousand_is_told_whole_under_loss() {
    let (mut world, hosts) = cluster(1, 16);
    world.set_weather(&Paths::all(), &Weather::losing(50_000));
    let (accepted, refused) = burst(&mut world, hosts[3], 2_000);
    assert_eq!((accepted, refused), (2_000, 0));
    let begun = world.elapsed();
    while world.untold().is_some() {
        world.run_for(Duration::from_millis(100));
        let taken = world.elapsed() - begun;
        assert!(taken < Duration::from_secs(30), "{:?}", world.untold());
    }
    println!(
        "2 000 events to 16 under 5 % loss: {:?}",
        world.elapsed() - begun
    );
    for host in &hosts {
        assert_eq!(events(&world, *host), accepted);
        assert_eq!(world.picture(*host).missed, 0);
    }
}

#[test]
fn there_is_room_again_though_nobody_says_anything_more() {
    let (mut world, hosts) = cluster(10, 3);
    world.set_weather(&Paths::all(), &Weather::losing(200_000));
    for _ in 0..20 {
        burst(&mut world, hosts[0], 1);
        world.run_for(Duration::from_secs(7));
    }
    world.run_for(Duration::from_secs(20));
    let status = world.status(hosts[0]).unwrap();
    assert_eq!(status.events_under_way, 0);
    assert_eq!(world.untold(), None);
}

#[test]
fn what_is_too_much_is_refused_and_the_rest_is_told() {
    let (mut world, hosts) = cluster(2, 8);
    let (accepted, refused) = burst(&mut world, hosts[1], 5_000);
    assert_eq!((accepted, refused), (2_048, 2_952));
    world.run_for(Duration::from_secs(30));
    assert_eq!(world.untold(), None);
    assert_eq!(events(&world, hosts[5]), accepted);
    // There is room again.
    let (again, _) = burst(&mut world, hosts[1], 100);
    assert_eq!(again, 100);
}

#[test]
fn who_is_cut_off_is_refused_soon_and_what_was_accepted_is_told_later() {
    let (mut world, hosts) = cluster(3, 6);
    world.partition(&[&hosts[..1]]);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..5 {
        let (yes, no) = burst(&mut world, hosts[0], 600);
        accepted += yes;
        refused += no;
        world.run_for(Duration::from_secs(1));
    }
    assert_eq!((accepted, refused), (2_048, 952));
    world.heal();
    world.run_for(Duration::from_secs(90));
    assert_eq!(world.untold(), None);
    assert_eq!(events(&world, hosts[4]), accepted);
}

#[test]
fn who_was_away_for_too_long_is_told_how_many_it_missed() {
    let (mut world, hosts) = cluster(4, 4);
    world.partition(&[&hosts[..1]]);
    let mut accepted = 0;
    for _ in 0..3 {
        accepted += burst(&mut world, hosts[1], 500).0;
        world.run_for(Duration::from_secs(400));
    }
    world.heal();
    world.run_for(Duration::from_secs(90));
    assert_eq!(world.untold(), None);
    let away = world.picture(hosts[0]);
    assert!(away.missed > 0, "{away:?}");
    assert_eq!(away.events + away.missed, accepted);
}

#[test]
fn who_joins_hears_nothing_of_what_was_said_before() {
    let (mut world, hosts) = cluster(5, 4);
    burst(&mut world, hosts[1], 300);
    world.run_for(Duration::from_secs(20));
    world.restart(hosts[3]);
    world.run_for(Duration::from_secs(20));
    let picture = world.picture(hosts[3]);
    assert_eq!((picture.events, picture.missed), (0, 0));
    burst(&mut world, hosts[3], 10);
    burst(&mut world, hosts[1], 10);
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.untold(), None);
    assert_eq!(events(&world, hosts[3]), 20);
    assert_eq!(events(&world, hosts[2]), 320);
}

/// ```text
///   n3   takes part ─ who stands where? ──▶ ◀── here ─ told
///   n1   ────────── says ─ says ─ says ─ says ─ says ─ says
/// ```
#[test]
fn what_is_said_while_a_joiner_asks_where_things_stand_is_told_to_it() {
    for seed in 0..10 {
        let (mut world, hosts) = cluster(50 + seed, 4);
        world.set_weather(&Paths::all(), &Weather::losing(200_000));
        burst(&mut world, hosts[1], 3);
        world.run_for(Duration::from_secs(20));
        world.restart(hosts[3]);
        let mut said = BTreeSet::new();
        for _ in 0..200 {
            let ticket = world.command(hosts[1], say("now", String::new(), false));
            world.run_for(Duration::from_millis(5));
            let takes_part = world.picture(hosts[3]).running;
            if let (true, Some(Reply::Said { id, .. })) = (takes_part, world.reply(ticket)) {
                said.insert(id.clone());
            }
        }
        world.run_for(Duration::from_secs(30));
        assert!(said.len() > 50, "{}", said.len());
        let told = world.notifications(hosts[3]).iter();
        for (_, notification) in told {
            if let Notification::Event(event) = notification {
                said.remove(&event.id);
            }
        }
        assert!(said.is_empty(), "seed {seed}: {} are missing", said.len());
    }
}

#[test]
fn of_those_that_coalesce_the_last_is_told() {
    let (mut world, hosts) = cluster(6, 5);
    world.set_weather(&Paths::all(), &Weather::losing(100_000));
    for number in 0..50 {
        world.command(hosts[0], say("level", format!("{number}"), true));
    }
    world.run_for(Duration::from_secs(30));
    for host in &hosts[1..] {
        let told = world.notifications(*host).iter();
        let told: Vec<_> = told
            .filter_map(|(_, told)| match told {
                Notification::Event(event) => Some(event.payload.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(told.last().unwrap(), "49");
        assert!(told.len() < 50, "{} told", told.len());
        assert_eq!(world.picture(*host).missed, 0);
    }
}

#[test]
fn times_follow_what_was_heard() {
    let (mut world, hosts) = cluster(7, 4);
    let mut last = 0;
    for round in 0..8 {
        let host = hosts[round % 4];
        world.command(host, say("turn", format!("{round}"), false));
        world.run_for(Duration::from_secs(10));
        let told = world.notifications(hosts[0]).iter().rev();
        let time = told
            .filter_map(|(_, told)| match told {
                Notification::Event(event) => Some(event.time.0),
                _ => None,
            })
            .next()
            .unwrap();
        assert!(time > last, "{time} after {last}");
        last = time;
    }
    let Some(Reply::Events(window)) = world.ask(hosts[2], Command::Events) else {
        panic!("no window");
    };
    assert_eq!(window.len(), 8);
    assert!(window.is_sorted_by(|left, right| left.order() < right.order()));
}

#[test]
fn a_query_asks_whom_it_means_and_counts_them() {
    let (mut world, hosts) = cluster(8, 6);
    world.put(hosts[2], Scope::Own, "tag/role", b"db");
    world.put(hosts[4], Scope::Own, "tag/role", b"db");
    world.put(hosts[5], Scope::Own, "tag/role", b"web");
    world.run_for(Duration::from_secs(30));
    let db = Filter {
        tags: vec![Tag {
            key: "tag/role".parse().unwrap(),
            value: Bytes::from_static(b"db"),
        }],
        ..Filter::default()
    };
    let ticket = world.command(hosts[0], ask(db, 2));
    world.run_for(Duration::from_secs(6));
    assert!(matches!(
        world.reply(ticket),
        Some(Reply::Said { asked: 2, .. })
    ));
    let picture = world.picture(hosts[0]);
    let ended = &picture.ended;
    let counts = ended.first().unwrap();
    assert_eq!(
        (counts.asked, counts.acked, counts.answered, counts.late),
        (2, 2, 2, 0)
    );
    let told = world.notifications(hosts[0]).iter();
    let responses = told.filter(|(_, told)| {
        let Notification::Answer { said, .. } = told else {
            return false;
        };
        matches!(said, Said::Response(_))
    });
    assert_eq!(responses.count(), 2, "once each, though they came two ways");
    // Everybody, the asker included.
    world.command(hosts[0], ask(Filter::default(), 0));
    world.run_for(Duration::from_secs(6));
    let counts = world.picture(hosts[0]).ended[1];
    assert_eq!((counts.asked, counts.answered), (6, 6));
}

#[test]
fn an_answer_comes_through_a_relay_where_the_straight_way_is_cut() {
    let (mut world, hosts) = cluster(9, 5);
    let (asker, other) = (hosts[0], hosts[4]);
    world.run_for(Duration::from_secs(30));
    world.cut(&Paths {
        from: gossip_core::sim::Hosts::These(vec![other]),
        to: gossip_core::sim::Hosts::These(vec![asker]),
    });
    let members = vec![world.id(other).clone()];
    let filter = Filter {
        members,
        ..Filter::default()
    };
    world.command(asker, ask(filter, 2));
    world.run_for(Duration::from_secs(6));
    let counts = world.picture(asker).ended[0];
    assert_eq!((counts.asked, counts.answered), (1, 1));
    let relayed = world.notifications(asker).iter();
    let relayed =
        relayed.filter(|(_, told)| matches!(told, Notification::Answer { relay: Some(_), .. }));
    assert!(relayed.count() > 0);
}
