//! Pacing: one who hears slowly holds up nobody, is not buried, and catches up;
//! and budgets hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/mod.rs"]
mod common;

use core::time::Duration;

use common::{all_alive, false_deaths, grown, host, own, seconds};
use gossip_core::config::DeltaOrder;
use gossip_core::message::Scope;
use gossip_core::sim::{HostId, NodeSetup, Paths, Setup, Weather, World};

const MS: Duration = Duration::from_millis(1);

/// What `n0` writes: every 100 ms 20 KB to one of 40 keys, in turn. When each
/// write was everywhere among the fast ones; and then how long the last of all
/// takes to hold everything.
fn played(slow: Option<HostId>) -> (Vec<Duration>, Duration, World) {
    let mut world = grown(Setup::seeded(3), 8);
    if let Some(slow) = slow {
        // 16 kB/s from each of seven: half of what is written.
        let weather = Weather {
            bytes_per_second: Some(16_000),
            ..Weather::default()
        };
        world.set_weather(&Paths::into(slow), &weather);
    }
    let (mut took, mut last) = (Vec::new(), Vec::new());
    let mut value = vec![0; 20_000];
    for round in 0..150_u32 {
        let key = format!("k{}", round % 40);
        value[..4].copy_from_slice(&round.to_le_bytes());
        world.put(host(0), Scope::Own, &key, &value);
        let begun = world.elapsed();
        let here = |world: &mut World| {
            let space = own(world, host(0));
            let fast = world
                .running()
                .into_iter()
                .filter(|host| Some(*host) != slow);
            let mut rows = fast.map(|host| world.value(host, space.clone(), &key));
            rows.all(|row| row.is_some_and(|row| row.value.bytes()[..4] == value[..4]))
        };
        while world.elapsed() < begun + MS * 100 {
            world.run_for(MS * 5);
            if took.len() <= round as usize && here(&mut world) {
                took.push(world.elapsed() - begun);
            }
        }
        if took.len() <= round as usize {
            took.push(MS * 100);
        }
        last.push((key, value.clone()));
    }
    let begun = world.elapsed();
    let last = last.split_off(last.len() - 40);
    let space = own(&world, host(0));
    let all = |world: &mut World| {
        let hosts = world.running();
        hosts.into_iter().all(|host| {
            last.iter().all(|(key, value)| {
                let row = world.value(host, space.clone(), key);
                row.is_some_and(|row| row.value.bytes() == value)
            })
        })
    };
    while !all(&mut world) {
        assert!(world.elapsed() < begun + seconds(60), "it never catches up");
        world.run_for(seconds(1));
    }
    let caught_up = world.elapsed() - begun;
    (took, caught_up, world)
}

fn mean(all: &[Duration]) -> Duration {
    all.iter().sum::<Duration>() / all.len() as u32
}

#[test]
fn one_who_hears_slowly_holds_up_nobody_and_catches_up() {
    let (alone, _, _) = played(None);
    let slow = host(5);
    let (beside, caught_up, mut world) = played(Some(slow));
    let (quick, beside) = (mean(&alone), mean(&beside));
    println!(
        "fast ones: {quick:?} alone, {beside:?} beside a slow one; it had all {caught_up:?} later"
    );
    assert!(beside <= quick + MS * 10, "{quick:?} {beside:?}");
    // It fetches what it lacks, 800 KB, from two who have it, at 16 kB/s each: 25 s.
    // Were it buried under everything that was ever written, it would need 94.
    assert!(caught_up <= seconds(35), "{caught_up:?}");
    assert_eq!(false_deaths(&world), 0);
    world.run_for(seconds(5));
    assert!(all_alive(&world));
}

/// A node that may send half a MiB a second to all brings no more than that to two
/// who join, and both get everything.
#[test]
fn a_budget_holds() {
    let mut world = World::new(Setup::seeded(4));
    let mut frugal = NodeSetup::named("n0");
    frugal.config.bulk_kib_per_s = 512;
    frugal.config.peer_kib_per_s = 384;
    world.add(frugal);
    world.run_for(seconds(2));
    for number in 0..40 {
        world.put(
            host(0),
            Scope::Own,
            &format!("k{number}"),
            &vec![7; 100_000],
        );
        world.put(host(0), Scope::Own, &format!("s{number}"), &vec![7; 10_000]);
        world.run_for(MS * 10);
    }
    let total = 40 * 110_000;
    let space = own(&world, host(0));
    let mut late = vec![];
    for name in ["n1", "n2"] {
        let mut setup = NodeSetup::named(name).joining("n0");
        // What one has the other does not give.
        setup.config.bulk_kib_per_s = 64;
        setup.config.peer_kib_per_s = 64;
        late.push(world.add(setup));
    }
    let begun = world.elapsed();
    let sent = |world: &World| world.traffic(host(0)).sent.bytes;
    let before = sent(&world);
    let mut second = 0;
    let mut rates = vec![];
    let has_all = |world: &mut World| {
        late.iter()
            .all(|host| world.rows(*host, space.clone()).len() == 80)
    };
    while !has_all(&mut world) {
        second += 1;
        assert!(second < 60, "never");
        world.run_for(seconds(1));
        rates.push(sent(&world) - before);
    }
    let took = world.elapsed() - begun;
    let status = world.status(host(0)).unwrap();
    println!(
        "2 x {total} bytes in {took:?}: {rates:?}, deferred {}",
        status.counters.bulk_deferred
    );
    // A burst each, and from then on the rate.
    let most = |seconds: usize| (512 * 1024 * seconds + 700_000) as u64;
    for (at, bytes) in rates.iter().enumerate() {
        assert!(*bytes <= most(at + 1), "{bytes} after {} s", at + 1);
    }
    assert!(status.counters.bulk_deferred > 0);
    assert!(took >= seconds(12), "{took:?}");
}

/// Who joins is sent the log first of which there is the most; or that of the first
/// name, where the one who sends is told so.
#[test]
fn the_log_furthest_behind_goes_first() {
    for (order, expected) in [
        (DeltaOrder::FurthestBehind, ["n2", "n0", "n1"]),
        (DeltaOrder::Name, ["n0", "n1", "n2"]),
    ] {
        let mut world = World::new(Setup::seeded(5));
        for name in ["n0", "n1", "n2"] {
            let mut setup = NodeSetup::named(name).joining("n0");
            setup.config.delta_order = order;
            world.add(setup);
        }
        world.run_for(seconds(5));
        for (number, keys) in [(0, 120), (1, 40), (2, 300)] {
            for key in 0..keys {
                world.put(host(number), Scope::Own, &format!("k{key}"), &[7; 900]);
                world.run_for(MS * 2);
            }
        }
        world.run_for(seconds(5));
        let late = world.add(NodeSetup::named("late").joining("n0"));
        let weather = Weather {
            bytes_per_second: Some(100_000),
            ..Weather::default()
        };
        world.set_weather(&Paths::into(late), &weather);
        let mut came: Vec<&str> = Vec::new();
        for _ in 0..400 {
            world.run_for(MS * 50);
            for (number, name) in (0..).zip(["n0", "n1", "n2"]) {
                let space = own(&world, host(number));
                if !came.contains(&name) && !world.rows(late, space).is_empty() {
                    came.push(name);
                }
            }
            if came.len() == 3 {
                break;
            }
        }
        assert_eq!(came, expected, "{order:?}");
    }
}
