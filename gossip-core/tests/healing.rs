//! Healing: partitions and restarts.

mod common;

use core::time::Duration;

use common::{
    TWENTY_PERCENT, all_alive, all_equal, all_hold, all_read, cluster, grown, host, own, put,
    seconds,
};
use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::output::{KeyEventKind, MemberStatus, Notification};
use gossip_core::sim::{HostId, Setup, World};

fn halves(size: u32) -> (Vec<HostId>, Vec<HostId>) {
    let (left, right) = (0..size / 2, size / 2..size);
    (left.map(host).collect(), right.map(host).collect())
}

/// A partition of a minute, with writes on both sides.
///
/// ```text
///   n0 … n9  ║  n10 … n19        60 s: each half holds the other dead
///      a=1   ║   b=2   c=1║c=2
///   n0 … n19                     heal: all alive, a and b everywhere, one c
/// ```
#[test]
fn halves_find_each_other_and_merge() {
    let mut world = grown(Setup::seeded(1), 20);
    let (left, right) = halves(20);
    world.partition(&[&left, &right]);
    put(&mut world, left[1], Scope::Shared, "a", b"1");
    put(&mut world, right[1], Scope::Shared, "b", b"2");
    put(&mut world, left[2], Scope::Shared, "c", b"1");
    put(&mut world, right[2], Scope::Shared, "c", b"2");
    world.run_for(seconds(60));
    assert_eq!(world.picture(left[0]).count(MemberStatus::Dead), 10);
    assert_eq!(world.picture(right[0]).count(MemberStatus::Dead), 10);
    world.heal();
    let alive = world.run_until(seconds(60), |world| all_alive(world));
    println!("all alive {:?} after the heal", alive.unwrap());
    let merged = world.run_until(seconds(60), all_equal);
    println!("all equal {:?} later", merged.unwrap());
    assert!(all_read(&mut world, &Space::Shared, "a", Some(b"1")));
    assert!(all_read(&mut world, &Space::Shared, "b", Some(b"2")));
    let conflicts: u64 = world
        .running()
        .iter()
        .map(|host| world.picture(*host).conflicts)
        .sum();
    assert!(conflicts > 0, "the write of c that is lost is reported");
}

/// A long partition heals as well: dead is not forgotten.
#[test]
fn an_hour_apart_heals_too() {
    let mut world = grown(Setup::seeded(2), 6);
    let (left, right) = halves(6);
    world.partition(&[&left, &right]);
    world.run_for(seconds(3_600));
    world.heal();
    let alive = world.run_until(seconds(60), |world| all_alive(world));
    println!("all alive {:?} after the heal", alive.unwrap());
}

/// The seed is gone for good when the cut is mended: the halves still find
/// each other, since nobody forgets the dead.
///
/// ```text
///   n0 ✗   n1 … n4  ║  n5 … n9      heal: n1 … n9
/// ```
#[test]
fn halves_find_each_other_without_their_seed() {
    let mut world = grown(Setup::seeded(10), 10);
    let (left, right) = halves(10);
    world.partition(&[&left, &right]);
    world.run_for(seconds(60));
    world.crash(host(0));
    world.run_for(seconds(60));
    world.heal();
    let merged = world.run_until(seconds(60), |world| {
        let running = world.running();
        running
            .iter()
            .all(|host| world.picture(*host).count(MemberStatus::Alive) + 1 == running.len())
    });
    println!("the nine are together {:?} after the heal", merged.unwrap());
}

/// One node alone on its side, and the seed at that.
#[test]
fn the_seed_alone_comes_back() {
    let mut world = grown(Setup::seeded(3), 9);
    world.partition(&[&[host(0)]]);
    world.run_for(seconds(90));
    assert!(all_hold(&world, host(0), MemberStatus::Dead));
    world.heal();
    let alive = world.run_until(seconds(60), |world| all_alive(world));
    println!("all alive {:?} after the heal", alive.unwrap());
}

fn generation(world: &World, host: HostId) -> u64 {
    world.node(host).map_or(0, |node| node.generation().0)
}

/// A crash and a restart on the same disk: a higher generation, its keys are
/// still there, and nothing is sent anew.
///
/// ```text
///   n3: 200 keys of 1 KiB … ✗ … restart (generation + ) … 200 keys, at once
///   bytes sent by all in the minute after: far less than once everything
/// ```
#[test]
fn a_restart_keeps_its_keys_and_resends_nothing() {
    let mut world = grown(Setup::seeded(4), 6);
    for number in 0..200 {
        let key = format!("k{number}");
        put(&mut world, host(3), Scope::Own, &key, &[b'x'; 1_024]);
    }
    let space = own(&world, host(3));
    let spread = world.run_until(seconds(60), |world| {
        all_read(world, &space, "k199", Some(&[b'x'; 1_024]))
    });
    spread.unwrap();
    world.run_for(seconds(20));
    let before = generation(&world, host(3));
    world.crash(host(3));
    world.run_for(seconds(20));
    let sent = world.total_traffic().sent.bytes;
    world.restart(host(3));
    assert!(generation(&world, host(3)) > before);
    assert_eq!(world.rows(host(3), space.clone()).len(), 200);
    let alive = world.run_until(seconds(30), |world| all_alive(world));
    println!("alive again for all after {:?}", alive.unwrap());
    world.run_for(seconds(60));
    put(&mut world, host(3), Scope::Own, "after", b"1");
    let spread = world.run_until(seconds(30), |world| {
        all_read(world, &space, "after", Some(b"1"))
    });
    spread.unwrap();
    let sent = world.total_traffic().sent.bytes - sent;
    println!("{sent} bytes sent in the minute after the restart");
    assert!(sent < 200 * 1_024, "less than the keys once: {sent}");
    assert!(all_equal(&mut world));
}

/// A restart so quick that nobody noticed: no death, a new generation.
#[test]
fn a_quick_restart_is_no_death() {
    let mut world = grown(Setup::seeded(5), 6);
    let before = generation(&world, host(2));
    // Three times within a second: each run still has its own generation.
    for _ in 0..3 {
        let last = generation(&world, host(2));
        world.restart(host(2));
        assert!(generation(&world, host(2)) > last);
        world.run_for(Duration::from_millis(100));
    }
    let higher = world.run_until(seconds(30), |world| {
        let id = world.id(host(2)).clone();
        let after = generation(world, host(2));
        let mut others = world
            .running()
            .into_iter()
            .filter(|other| *other != host(2));
        after > before
            && others.all(|other| {
                let known = world.picture(other).member(&id);
                known.is_some_and(|(status, footing)| {
                    status == MemberStatus::Alive && footing.generation.0 == after
                })
            })
    });
    println!(
        "the new generation is known to all after {:?}",
        higher.unwrap()
    );
    assert_eq!(common::false_deaths(&world), 0);
}

/// A disk that was wiped: the node comes back with nothing, on a generation
/// above the one the cluster remembers, and gets the shared keys back.
#[test]
fn a_wiped_disk_comes_back_empty_and_higher() {
    let mut world = grown(Setup::seeded(6), 6);
    put(&mut world, host(2), Scope::Shared, "ours", b"1");
    put(&mut world, host(2), Scope::Own, "mine", b"1");
    world.run_for(seconds(20));
    let before = generation(&world, host(2));
    world.crash(host(2));
    world.run_for(seconds(20));
    world.restart_wiped(host(2));
    let alive = world.run_until(seconds(60), |world| all_alive(world));
    println!("alive again for all after {:?}", alive.unwrap());
    assert!(generation(&world, host(2)) > before);
    put(&mut world, host(2), Scope::Own, "new", b"2");
    let equal = world.run_until(seconds(60), |world| {
        let space = own(world, host(2));
        all_read(world, &space, "new", Some(b"2")) && all_equal(world)
    });
    println!("all replicas equal after {:?}", equal.unwrap());
}

/// A disk restored from a backup: the author continues from an older point,
/// and everybody ends up with the author's history, whatever they held before.
/// It is cut off while it starts, so that nobody can remind it.
///
/// ```text
///   n2: a=1 ─ backup ─ a=2 ─ b=1 ─ ✗    restored, alone: a=1 ─ c=1
///   all:            a=2, b=1            heal:            a=1, c=1, no b
/// ```
#[test]
fn a_restored_backup_does_not_diverge_silently() {
    let mut world = grown(Setup::seeded(7), 6);
    put(&mut world, host(2), Scope::Own, "a", b"1");
    let backup = world.journal(host(2)).clone();
    put(&mut world, host(2), Scope::Own, "a", b"2");
    put(&mut world, host(2), Scope::Own, "b", b"1");
    let space = own(&world, host(2));
    let spread = world.run_until(seconds(20), |world| {
        all_read(world, &space, "b", Some(b"1"))
    });
    spread.unwrap();
    world.partition(&[&[host(2)]]);
    world.restart_from(host(2), backup);
    world.run_for(seconds(1));
    put(&mut world, host(2), Scope::Own, "c", b"1");
    world.heal();
    let equal = world.run_until(seconds(120), |world| {
        all_read(world, &space, "c", Some(b"1")) && all_equal(world)
    });
    println!("all replicas equal the author's after {:?}", equal.unwrap());
    world.run_for(seconds(60));
    assert!(all_equal(&mut world));
    assert!(all_read(&mut world, &space, "a", Some(b"1")));
    assert!(all_read(&mut world, &space, "b", None));
    let told_of_the_reset = |(_, told): &(_, Notification)| matches!(told, Notification::Key(event) if event.kind == KeyEventKind::Reset);
    assert!(world.notifications(host(0)).iter().any(told_of_the_reset));
}

/// The same, before it has written anything: others give back what it lost.
#[test]
fn a_restored_backup_that_asks_first_gets_everything_back() {
    let mut world = grown(Setup::seeded(7), 6);
    let backup = world.journal(host(2)).clone();
    put(&mut world, host(2), Scope::Own, "a", b"2");
    world.run_for(seconds(20));
    world.restart_from(host(2), backup);
    world.run_for(seconds(20));
    let space = own(&world, host(2));
    assert!(all_read(&mut world, &space, "a", Some(b"2")));
    put(&mut world, host(2), Scope::Own, "c", b"1");
    let equal = world.run_until(seconds(60), |world| {
        all_read(world, &space, "c", Some(b"1")) && all_equal(world)
    });
    equal.unwrap();
}

/// Everybody crashes, everybody restarts, the seed last of all.
#[test]
fn the_whole_cluster_restarts() {
    let mut world = grown(Setup::seeded(8), 12);
    put(&mut world, host(4), Scope::Shared, "k", b"v");
    world.run_for(seconds(20));
    let all: Vec<_> = world.hosts().collect();
    all.iter().for_each(|host| world.crash(*host));
    world.run_for(seconds(60));
    all.iter().skip(1).for_each(|host| world.restart(*host));
    let alive = world.run_until(seconds(120), |world| all_alive(world));
    println!("all but the seed are together after {:?}", alive.unwrap());
    world.restart(host(0));
    let alive = world.run_until(seconds(120), |world| all_alive(world));
    println!("and with the seed after {:?}", alive.unwrap());
    assert!(all_read(&mut world, &Space::Shared, "k", Some(b"v")));
}

/// A restart in the middle of a partition, on a network that loses a fifth.
#[test]
fn trouble_comes_in_threes() {
    let mut world = cluster(Setup::seeded(9).losing(TWENTY_PERCENT), 12);
    world.run_for(seconds(60));
    let (left, right) = halves(12);
    world.partition(&[&left, &right]);
    world.run_for(seconds(30));
    world.restart(left[2]);
    world.crash(right[2]);
    put(&mut world, left[3], Scope::Shared, "k", b"left");
    world.run_for(seconds(30));
    world.heal();
    world.restart(right[2]);
    let alive = world.run_until(seconds(180), |world| all_alive(world));
    println!("all alive {:?} after the heal", alive.unwrap());
    let equal = world.run_until(seconds(60), all_equal);
    println!("all equal {:?} later", equal.unwrap());
    let twin = |(_, told): &(_, Notification)| matches!(told, Notification::Twin { .. });
    assert!(
        !world
            .hosts()
            .any(|host| world.notifications(host).iter().any(twin))
    );
}
