//! Flowing: a log that is written faster than rumors carry reaches everybody
//! in hops, about one copy each, whatever is lost and whoever stops.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that stops at the first surprise"
)]

mod common;

use core::time::Duration;

use bytes::Bytes;
use common::{grown, seconds};
use gossip_core::input::{Command, Write};
use gossip_core::message::{Scope, Value};
use gossip_core::output::Counters;
use gossip_core::sim::{HostId, Setup, World};

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

#[test]
fn a_fast_author_keeps_nobody_waiting_for_the_next_session() {
    for (seed, loss_percent) in [(1, 0), (2, 5), (3, 20)] {
        let mut world = grown(Setup::seeded(seed), 12);
        let before = world.total_traffic().wire.bytes;
        let sessions: u64 = counters(&mut world).iter().map(|of| of.syncs).sum();
        world.set_weather(
            &gossip_core::sim::Paths::all(),
            &gossip_core::sim::Weather::losing(loss_percent * 10_000),
        );
        let author = world.hosts().next().unwrap();
        let batches = 300;
        write_all(&mut world, author, writes("k", batches, BATCH), Duration::from_millis(3));
        let after = everywhere(&mut world, batches * BATCH, seconds(60));
        let sent = world.total_traffic().wire.bytes - before;
        let syncs: u64 = counters(&mut world).iter().map(|of| of.syncs).sum();
        let due = (batches * BATCH * 72 * 11) as f64;
        println!(
            "{loss_percent} % loss: everywhere {after:?} after the last write, {:.2} bytes sent \
             for each of a value and member, {} sessions",
            sent as f64 / due,
            syncs - sessions
        );
        assert!(after.is_some_and(|after| after < seconds(2)), "{after:?}");
    }
}
