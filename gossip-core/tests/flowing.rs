//! Flowing: a log that is written faster than rumors carry reaches everybody
//! in hops, about one copy each, whatever is lost and whoever stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

mod common;

use core::time::Duration;

use bytes::Bytes;
use common::{grown, seconds};
use gossip_core::input::{Command, Write};
use gossip_core::message::{
    Draft, Entry, Floor, Generation, Head, Lineage, Op, Scope, Stamp, Statement, Value, Version,
};
use gossip_core::output::Counters;
use gossip_core::sim::{HostId, Paths, Setup, Weather, World, seal};

/// Entries of one write: as many as a batch holds.
const BATCH: usize = 64;

/// What one node writes: so many batches of so many keys of 64 bytes, as many at
/// a time as the node takes.
fn writes(prefix: &str, batches: usize, entries: usize) -> Vec<Vec<Write>> {
    let write = |number: usize| Write {
        scope: Scope::Own,
        key: format!("{prefix}/{number:06}").parse().unwrap(),
        value: Some(Value::new(Bytes::from_static(&[b'x'; 64])).unwrap()),
        only_if: None,
        ttl: None,
    };
    let batch = |batch: usize| (batch * entries..(batch + 1) * entries).map(write);
    (0..batches).map(|number| batch(number).collect()).collect()
}

/// Has them written, a few at a time, one lot after the other.
fn write_all(world: &mut World, author: HostId, writes: Vec<Vec<Write>>, every: Duration) {
    for write in writes {
        world.command(author, Command::Write(write));
        world.run_for(every);
    }
}

fn keys(world: &mut World, host: HostId) -> usize {
    world.status(host).unwrap().keys
}

/// How long it takes until all that run hold so many keys.
fn everywhere(world: &mut World, count: usize, limit: Duration) -> Option<Duration> {
    world.run_until(limit, |world| {
        let running = world.running();
        running.into_iter().all(|host| keys(world, host) == count)
    })
}

fn counters(world: &mut World) -> Vec<Counters> {
    let running = world.running();
    let status = |host| world.status(host).unwrap().counters;
    running.into_iter().map(status).collect()
}

/// Bytes on the wire for each byte of keys and values that somebody lacked.
fn share(world: &World, before: u64, keys: usize, members: usize) -> f64 {
    let sent = world.total_traffic().wire.bytes - before;
    sent as f64 / (keys * (64 + "k/000000".len()) * members) as f64
}

/// What so many batches weigh as their author sealed them.
fn sealed_bytes(batches: usize) -> usize {
    let entry = |number: usize| Entry {
        scope: Scope::Own,
        key: format!("k/{number:06}").parse().unwrap(),
        stamp: Stamp {
            millis: 1_750_000_000_000,
            counter: 1,
        },
        op: Op::Put(Value::new(Bytes::from_static(&[b'x'; 64])).unwrap()),
        expires: None,
        replaces: None,
    };
    let draft = Draft {
        author: "n0".parse().unwrap(),
        lineage: Lineage::default().extended(Generation(1_750_000_000_000), Head::default()),
        first: Version(1),
        entries: (0..BATCH).map(entry).collect(),
        floor: Floor::default(),
    };
    batches * seal(Statement::Batch(draft)).weight()
}

/// Bytes on the wire, but for those to be connected.
fn comparing(world: &World) -> u64 {
    let traffic = world.total_traffic();
    traffic.wire.bytes - traffic.connecting.bytes
}

fn losing(percent: u32) -> Weather {
    Weather::losing(percent * 10_000)
}

#[test]
fn a_fast_author_keeps_nobody_waiting_for_the_next_session() {
    for (seed, loss_percent, soon, most) in
        [(1, 0, 100, 2.1), (2, 5, 300, 2.6), (3, 20, 4_000, 3.6)]
    {
        let mut world = grown(Setup::seeded(seed), 12);
        let before = world.total_traffic().wire.bytes;
        let sessions: u64 = counters(&mut world).iter().map(|of| of.syncs).sum();
        world.set_weather(&Paths::all(), &losing(loss_percent));
        let author = world.hosts().next().unwrap();
        let batches = 300;
        let every = Duration::from_millis(3);
        write_all(&mut world, author, writes("k", batches, BATCH), every);
        let after = everywhere(&mut world, batches * BATCH, seconds(60));
        let share = share(&world, before, batches * BATCH, 11);
        let counters = counters(&mut world);
        let sum = |of: fn(&Counters) -> u64| counters.iter().map(of).sum::<u64>();
        println!(
            "{loss_percent} % loss: everywhere {after:?} after the last write, {share:.2} bytes sent \
             for each of a value and member; {} sessions, {} followed, {} moved, {} refused, \
             {} batches of {} in tails, {} as news",
            sum(|of| of.syncs) - sessions,
            sum(|of| of.tails_followed),
            sum(|of| of.tails_moved),
            sum(|of| of.tails_refused),
            sum(|of| of.tail_batches),
            batches * 11,
            sum(|of| of.copies_useful),
        );
        let soon = Duration::from_millis(soon);
        assert!(after.is_some_and(|after| after <= soon), "{after:?}");
        assert!(share <= most, "{share}");
    }
}

#[test]
fn the_tree_mends_itself_when_those_in_the_middle_crash() {
    let mut world = grown(Setup::seeded(4), 16);
    let hosts: Vec<HostId> = world.hosts().collect();
    let mut lots = writes("k", 200, BATCH);
    let rest = lots.split_off(60);
    let every = Duration::from_millis(3);
    write_all(&mut world, hosts[0], lots, every);
    // Whom most follow: a silent crash, no link is closed.
    let batches_of = |world: &mut World, host| world.status(host).unwrap().counters.messages_out;
    let mut busy: Vec<(u64, HostId)> = hosts[1..]
        .iter()
        .map(|host| (batches_of(&mut world, *host), *host))
        .collect();
    busy.sort_unstable();
    for (_, host) in busy.iter().rev().take(3) {
        world.crash(*host);
    }
    write_all(&mut world, hosts[0], rest, every);
    let after = everywhere(&mut world, 200 * BATCH, seconds(60));
    println!("three crashed: everywhere {after:?} after the last write");
    assert!(after.is_some_and(|after| after <= seconds(2)), "{after:?}");
}

#[test]
fn several_fast_authors_at_once_reach_everybody() {
    let mut world = grown(Setup::seeded(5), 10);
    world.set_weather(&Paths::all(), &losing(2));
    let hosts: Vec<HostId> = world.hosts().collect();
    let lots: Vec<_> = (0..6).map(|_| writes("k", 60, BATCH)).collect();
    for number in 0..60 {
        for (author, lots) in hosts.iter().zip(&lots) {
            world.command(*author, Command::Write(lots[number].clone()));
        }
        world.run_for(Duration::from_millis(8));
    }
    let after = everywhere(&mut world, 6 * 60 * BATCH, seconds(60));
    println!("six authors: everywhere {after:?} after the last write");
    assert!(after.is_some_and(|after| after <= seconds(2)), "{after:?}");
}

#[test]
fn a_slow_member_gets_larger_pieces_and_keeps_up_in_the_end() {
    let mut world = grown(Setup::seeded(6), 8);
    let hosts: Vec<HostId> = world.hosts().collect();
    // Twenty milliseconds for each thing it hears.
    world.slow(hosts[3], Duration::from_millis(20));
    let every = Duration::from_millis(3);
    write_all(&mut world, hosts[0], writes("k", 300, BATCH), every);
    world.slow(hosts[3], Duration::ZERO);
    let after = everywhere(&mut world, 300 * BATCH, seconds(60));
    println!("one slow: everywhere {after:?} after the last write");
    assert!(after.is_some_and(|after| after <= seconds(3)), "{after:?}");
}

#[test]
fn what_overtook_is_kept_and_what_it_follows_on_is_fetched() {
    // Too slow for a flow: one batch every thirty milliseconds, as rumors, a third
    // of all packets lost.
    let mut world = grown(Setup::seeded(7), 10);
    world.set_weather(&Paths::all(), &losing(30));
    let author = world.hosts().next().unwrap();
    write_all(
        &mut world,
        author,
        writes("k", 60, 4),
        Duration::from_millis(30),
    );
    let after = everywhere(&mut world, 60 * 4, seconds(60));
    println!("overtaken: everywhere {after:?} after the last write");
    assert!(after.is_some_and(|after| after <= seconds(3)), "{after:?}");
}

#[test]
fn two_halves_meet_at_the_cost_of_what_they_lack() {
    // Where several meet several at once, some begins twice before it is known.
    for (seed, size, most) in [(8, 2, 1.1), (9, 8, 2.0)] {
        let mut world = grown(Setup::seeded(seed), size);
        let hosts: Vec<HostId> = world.hosts().collect();
        let (left, right) = hosts.split_at(size / 2);
        world.partition(&[left, right]);
        world.run_for(seconds(40));
        let batches = 157;
        let every = Duration::from_millis(5);
        write_all(&mut world, left[0], writes("l", batches, BATCH), every);
        write_all(&mut world, right[0], writes("r", batches, BATCH), every);
        world.run_for(seconds(20));
        let before = comparing(&world);
        let counted: u64 = counters(&mut world)
            .iter()
            .map(|of| of.entries_applied)
            .sum();
        world.heal();
        let keys = 2 * batches * BATCH;
        let met = world.run_until(seconds(60), |world| {
            let running = world.running();
            running
                .into_iter()
                .any(|host| keys == self::keys(world, host))
        });
        let after = everywhere(&mut world, keys, seconds(60));
        // Without the dials in vain from before they met.
        let sent = comparing(&world) - before;
        let differs = sealed_bytes(batches) * size;
        let share = sent as f64 / differs as f64;
        let applied: u64 = counters(&mut world)
            .iter()
            .map(|of| of.entries_applied)
            .sum();
        println!(
            "{size} in two halves: met after {met:?}, everywhere {after:?} later, {share:.3} bytes \
             for each of what they lacked, {} entries taken of {}",
            applied - counted,
            keys * size / 2
        );
        assert!(after.is_some(), "they meet");
        assert!(share <= most, "{share}");
    }
}

#[test]
fn an_author_that_lost_its_end_and_writes_on_fast_loses_nobody() {
    let mut world = grown(Setup::seeded(11), 5);
    let author = world.hosts().next().unwrap();
    // Each batch writes the same keys: a log with holes, whose first batches are gone.
    let again = |prefix: &str, batches: usize| -> Vec<Vec<Write>> {
        let batch = writes(prefix, 1, 8).pop().unwrap();
        (0..batches).map(|_| batch.clone()).collect()
    };
    write_all(&mut world, author, writes("a", 3, 8), seconds(1));
    write_all(&mut world, author, again("b", 3), seconds(1));
    world.run_for(seconds(3));
    let backup = world.journal(author).clone();
    write_all(&mut world, author, again("b", 6), seconds(1));
    world.run_for(seconds(3));

    world.crash(author);
    world.partition(&[&[author]]);
    world.restart_from(author, backup);
    world.run_for(seconds(1));
    world.command(author, Command::Write(writes("c", 1, 1).pop().unwrap()));
    world.run_for(seconds(1));
    world.heal();
    // Never quiet for as long as heads are told: no tail ends by itself.
    let fast = |world: &mut World, name: &str| {
        write_all(world, author, again(name, 80), Duration::from_millis(25));
    };
    let others: Vec<HostId> = world.hosts().skip(1).collect();
    for _ in 0..10 {
        fast(&mut world, "d");
    }
    let there = keys(&mut world, author);
    for other in others {
        assert_eq!(keys(&mut world, other), there, "{other}");
    }
}
