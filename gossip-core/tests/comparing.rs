//! Comparing: what a session costs where there is nothing to tell, and that it
//! finds what there is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that stops at the first surprise"
)]

mod common;

use common::{grown, own, put, seconds};
use gossip_core::message::Scope;
use gossip_core::sim::{Setup, World};

/// Sessions begun by all so far, and the bytes of all sessions.
fn spent(world: &mut World) -> (u64, u64) {
    let hosts: Vec<_> = world.hosts().collect();
    let syncs = hosts
        .iter()
        .map(|host| world.status(*host).unwrap().counters.syncs);
    let syncs = syncs.sum();
    let bytes = hosts.iter().map(|host| world.traffic(*host).sync.bytes);
    (syncs, bytes.sum())
}

/// Two that agree tell each other a checksum and that this is all, whatever the
/// number of members and of logs.
#[test]
fn agreeing_costs_the_same_in_any_cluster() {
    for size in [4, 16, 64] {
        let mut world = grown(Setup::seeded(5), size);
        for host in world.hosts().collect::<Vec<_>>() {
            put(&mut world, host, Scope::Own, "k", b"v");
        }
        world.run_for(seconds(60));
        let (syncs_before, bytes_before) = spent(&mut world);
        world.run_for(seconds(300));
        let (syncs, bytes) = spent(&mut world);
        let syncs = syncs - syncs_before;
        assert!(syncs > size as u64, "{syncs} sessions of {size}");
        let each = (bytes - bytes_before) / syncs;
        assert!(each <= 2 * 64, "{each} B a session among {size}");
    }
}

/// What rumors could not carry, since nobody was there to hear them, a session
/// finds: a checksum that differs leads to the digests.
#[test]
fn a_difference_is_found() {
    let mut world = grown(Setup::seeded(6), 8);
    let hosts: Vec<_> = world.hosts().collect();
    let (writer, others) = hosts.split_first().unwrap();
    world.partition(&[&[*writer], others]);
    put(&mut world, *writer, Scope::Own, "k", b"v");
    world.run_for(seconds(1));
    world.heal();
    let space = own(&world, *writer);
    let all_read = |world: &mut World| {
        let all = world.hosts().collect::<Vec<_>>();
        let mut rows = all.into_iter();
        rows.all(|host| world.value(host, space.clone(), "k").is_some())
    };
    let found = world.run_until(seconds(120), all_read);
    found.expect("everybody reads it within two minutes");
}
