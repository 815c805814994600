//! Keeping: keys on their way to everybody, many and large.

mod common;

use common::{TWENTY_PERCENT, all_equal, all_read, cluster, grown, host, own, put, seconds};
use gossip_core::input::{Command, Expected, Space, Write};
use gossip_core::message::{Scope, Value};
use gossip_core::output::{Refusal, Reply};
use gossip_core::sim::{NodeSetup, Setup};

/// Ten megabytes, and one who joins late.
///
/// ```text
///   n0 ── 2 560 keys of 4 KiB ── n1 … n4        n5 joins ─▶ has them all
/// ```
#[test]
fn ten_megabytes_reach_a_joiner() {
    let mut world = grown(Setup::seeded(1), 5);
    let value = Value::new(vec![7; 4_096].into()).unwrap();
    for batch in 0..40 {
        let write = |number| Write {
            scope: Scope::Own,
            key: format!("k{batch}-{number}").parse().unwrap(),
            value: Some(value.clone()),
            only_if: None,
            ttl: None,
        };
        let ticket = world.command(host(0), Command::Write((0..64).map(write).collect()));
        assert!(matches!(
            common::answer(&mut world, ticket),
            Reply::Written(_)
        ));
    }
    let space = own(&world, host(0));
    let spread = world.run_until(seconds(60), |world| {
        (1..5).all(|number| world.rows(host(number), space.clone()).len() == 2_560)
    });
    println!("10 MB are on five nodes after {:?}", spread.unwrap());
    world.run_for(seconds(20));
    let before = world.total_traffic().sent.bytes;
    let joiner = world.add(NodeSetup::named("n5").joining("n0"));
    let has_all = world.run_until(seconds(60), |world| {
        world.rows(joiner, space.clone()).len() == 2_560
    });
    println!("and on the joiner after {:?}", has_all.unwrap());
    let sent = world.total_traffic().sent.bytes - before;
    println!("{} KB were sent for it", sent / 1_000);
    assert!(sent < 15_000_000, "once, and not from everybody: {sent}");
}

/// Many writers of one shared key, on a network that loses a fifth: all end
/// up with the same one.
#[test]
fn all_agree_on_a_key_that_all_write() {
    let mut world = cluster(Setup::seeded(2).losing(TWENTY_PERCENT), 10);
    world.run_for(seconds(30));
    for number in 0..10 {
        let value = [b'0' + number];
        world.put(host(u32::from(number)), Scope::Shared, "k", &value);
    }
    world.run_for(seconds(1));
    let equal = world.run_until(seconds(60), |world| {
        world.value(host(0), Space::Shared, "k").is_some() && all_equal(world)
    });
    println!("all agree after {:?}", equal.unwrap());
}

/// A deletion reaches everybody, and stays.
#[test]
fn what_is_deleted_stays_deleted() {
    let mut world = grown(Setup::seeded(3), 8);
    put(&mut world, host(1), Scope::Shared, "k", b"v");
    world.run_for(seconds(5));
    world.crash(host(5));
    let ticket = world.delete(host(2), Scope::Shared, "k");
    assert!(matches!(
        common::answer(&mut world, ticket),
        Reply::Written(_)
    ));
    let gone = world.run_until(seconds(10), |world| {
        all_read(world, &Space::Shared, "k", None)
    });
    println!("gone everywhere after {:?}", gone.unwrap());
    // It held the key when it crashed; nobody takes it back from it.
    world.restart(host(5));
    world.run_for(seconds(60));
    assert!(all_read(&mut world, &Space::Shared, "k", None));
}

/// A compare-and-set that finds something else says what it found.
#[test]
fn a_condition_that_does_not_hold_is_refused() {
    let mut world = grown(Setup::seeded(4), 3);
    let written = put(&mut world, host(0), Scope::Shared, "k", b"1");
    world.run_for(seconds(5));
    let write = Write {
        scope: Scope::Shared,
        key: "k".parse().unwrap(),
        value: Some(Value::new(vec![2].into()).unwrap()),
        only_if: Some(Expected::Absent),
        ttl: None,
    };
    let ticket = world.command(host(1), Command::Write(vec![write.clone()]));
    let Reply::Refused(Refusal::Unexpected { found, .. }) = common::answer(&mut world, ticket)
    else {
        panic!("it was done although the key is there");
    };
    assert_eq!(found.as_ref(), written.first());
    let write = Write {
        only_if: found.map(Expected::Write),
        ..write
    };
    let ticket = world.command(host(1), Command::Write(vec![write]));
    assert!(matches!(
        common::answer(&mut world, ticket),
        Reply::Written(_)
    ));
}

/// What the applications were told of keys is what the nodes hold.
#[test]
fn watchers_see_what_is_held() {
    let mut world = grown(Setup::seeded(5).losing(50_000), 6);
    for round in 0..30_u32 {
        let writer = host(round % 6);
        let (scope, key) = match round % 3 {
            0 => (Scope::Own, "own"),
            1 => (Scope::Shared, "one"),
            _ => (Scope::Shared, "two"),
        };
        if round % 7 == 6 {
            world.delete(writer, scope, key);
        } else {
            world.put(writer, scope, key, &round.to_be_bytes());
        }
        world.run_for(core::time::Duration::from_millis(300));
    }
    world.run_for(seconds(30));
    assert!(all_equal(&mut world));
    let spaces: Vec<_> = world.hosts().map(|host| own(&world, host)).collect();
    for watcher in world.running() {
        let mut held = std::collections::BTreeMap::new();
        for space in spaces.iter().cloned().chain([Space::Shared]) {
            for row in world.rows(watcher, space.clone()) {
                held.insert((space.clone(), row.key), (row.value, row.write));
            }
        }
        assert_eq!(world.picture(watcher).keys, held, "{}", world.id(watcher));
    }
}
