//! What the stories share: a cluster, and questions about all of it.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file takes what it needs"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests"
)]

use core::time::Duration;

use gossip_core::input::{Space, Ticket};
use gossip_core::message::{Scope, WriteId};
use gossip_core::output::{MemberStatus, Reply};
use gossip_core::sim::{HostId, NodeSetup, Setup, World};

/// Twenty of a hundred packets.
pub const TWENTY_PERCENT: u32 = 200_000;

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// `size` nodes, started at once, the first of them the seed of the others.
///
/// ```text
///   n1 ─▶ n0 ◀─ n2
///          ▲
///     n3 … n99
/// ```
pub fn cluster(setup: Setup, size: usize) -> World {
    let mut world = World::new(setup);
    world.add(NodeSetup::named("n0"));
    for number in 1..size {
        world.add(NodeSetup::named(&format!("n{number}")).joining("n0"));
    }
    world
}

/// The same, grown together, and quiet again.
pub fn grown(setup: Setup, size: usize) -> World {
    let mut world = cluster(setup, size);
    let joined = world.run_until(seconds(60), |world| all_alive(world));
    joined.expect("they grow together within a minute");
    world.run_for(seconds(10));
    world
}

/// Whether every running node takes part and holds every other running node,
/// and nobody else, alive. (Of itself a node is told nothing.)
pub fn all_alive(world: &World) -> bool {
    let running = world.running();
    running.iter().all(|host| {
        let picture = world.picture(*host);
        let mut others = running.iter().filter(|other| *other != host);
        picture.running
            && picture.count(MemberStatus::Alive) + 1 == running.len()
            && others.all(|other| picture.status(world.id(*other)) == Some(MemberStatus::Alive))
    })
}

/// Whether every other running node holds one so.
pub fn all_hold(world: &World, about: HostId, status: MemberStatus) -> bool {
    let mut others = world.running().into_iter().filter(|host| *host != about);
    others.all(|host| world.picture(host).status(world.id(about)) == Some(status))
}

/// How many running nodes were ever reported dead, over all runs of all.
pub fn false_deaths(world: &World) -> u64 {
    use gossip_core::output::{MemberEventKind, Notification};
    let running: Vec<_> = world
        .running()
        .into_iter()
        .map(|host| world.id(host).clone())
        .collect();
    let told = world.hosts().flat_map(|host| world.notifications(host));
    let died = told.filter(|(_, told)| {
        matches!(told, Notification::Member(event)
            if matches!(event.kind, MemberEventKind::Died { .. }) && running.contains(&event.id))
    });
    died.count() as u64
}

/// The space of a node's own keys.
pub fn own(world: &World, host: HostId) -> Space {
    Space::Own(world.id(host).clone())
}

/// Whether a key holds this on every running node.
pub fn all_read(world: &mut World, space: &Space, key: &str, value: Option<&[u8]>) -> bool {
    let running = world.running();
    running.into_iter().all(|host| {
        let row = world.value(host, space.clone(), key);
        row.as_ref().map(|row| &row.value.bytes()[..]) == value
    })
}

/// Whether all running nodes hold the same shared keys, and the same own keys
/// of everybody.
pub fn all_equal(world: &mut World) -> bool {
    let running = world.running();
    let spaces: Vec<_> = world.hosts().map(|host| own(world, host)).collect();
    for space in spaces.into_iter().chain([Space::Shared]) {
        let mut rows = running.iter().map(|host| world.rows(*host, space.clone()));
        let first = rows.next();
        if let Some(first) = first
            && rows.any(|other| other != first)
        {
            return false;
        }
    }
    true
}

/// Writes, and waits until it is done.
pub fn put(world: &mut World, host: HostId, scope: Scope, key: &str, value: &[u8]) -> Vec<WriteId> {
    let ticket = world.put(host, scope, key, value);
    match answer(world, ticket) {
        Reply::Written(writes) => writes,
        other => panic!("a write was answered with {other:?}"),
    }
}

/// Waits for a reply.
pub fn answer(world: &mut World, ticket: Ticket) -> Reply {
    let came = world.run_until(seconds(5), |world| world.reply(ticket).is_some());
    came.expect("a reply within five seconds");
    world.reply(ticket).cloned().unwrap()
}

pub fn host(number: u32) -> HostId {
    HostId::new(number)
}
