//! Repeating: one seed is one run.

mod common;

use common::{cluster, host, seconds};
use gossip_core::input::DiskError;
use gossip_core::message::Scope;
use gossip_core::sim::{Setup, World};

/// Loss, a partition, a crash, a restart, a full disk and writes.
fn chaos(seed: u64) -> World {
    let mut world = cluster(Setup::seeded(seed).losing(100_000), 16);
    world.run_for(seconds(10));
    world.put(host(3), Scope::Shared, "a", b"1");
    world.partition(&[&[host(0), host(1), host(2), host(3), host(4)]]);
    world.run_for(seconds(15));
    world.crash(host(7));
    world.put(host(8), Scope::Shared, "a", b"2");
    world.fail_disk(host(9), Some(DiskError::Full));
    world.put(host(9), Scope::Own, "b", b"3");
    world.run_for(seconds(10));
    world.heal();
    world.restart(host(7));
    world.break_links(host(5));
    world.fail_disk(host(9), None);
    world.set_loss(300_000);
    world.run_for(seconds(30));
    world
}

/// ```text
///   seed 1 ──▶ run ──▶ hash a
///   seed 1 ──▶ run ──▶ hash a        seed 2 ──▶ run ──▶ hash b
/// ```
#[test]
fn the_same_seed_is_the_same_run() {
    let (first, second, other) = (chaos(1), chaos(1), chaos(2));
    assert_eq!(first.trace_hash(), second.trace_hash());
    assert_eq!(first.total_traffic(), second.total_traffic());
    for host in first.hosts() {
        assert_eq!(first.picture(host), second.picture(host));
    }
    assert_ne!(first.trace_hash(), other.trace_hash());
}
