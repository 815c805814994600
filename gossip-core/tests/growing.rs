//! Growing together: small clusters, a hundred, and a hundred on a bad network.

#![allow(clippy::unwrap_used, reason = "a story told twice")]

mod common;

use common::{
    TWENTY_PERCENT, all_alive, all_hold, all_read, cluster, false_deaths, grown, host, own, put,
    seconds,
};
use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::output::{MemberStatus, Notification};
use gossip_core::sim::{NodeSetup, Setup, World};

/// ```text
///   n0        n0 ◀─ n1        n2 ─▶ n0 ◀─ n1
/// ```
#[test]
fn one_two_and_three_know_each_other() {
    for size in 1..=3 {
        let mut world = cluster(Setup::seeded(1), size);
        let took = world.run_until(seconds(10), |world| all_alive(world));
        println!("{size} nodes know each other after {:?}", took.unwrap());
        let value = b"v";
        put(&mut world, host(0), Scope::Shared, "k", value);
        let spread = world.run_until(seconds(10), |world| {
            all_read(world, &Space::Shared, "k", Some(value))
        });
        println!("{size} nodes hold a key after {:?}", spread.unwrap());
    }
}

/// A hundred nodes and one seed; then a key; then a crash. `loss_ppm` of a
/// million packets are lost.
///
/// ```text
///   n1 … n99 ─▶ n0      n7: k = v ─▶ everybody      n13 ✗ ─▶ everybody knows
/// ```
fn a_hundred(loss_ppm: u32) {
    let mut world = cluster(Setup::seeded(7).losing(loss_ppm), 100);
    let joined = world.run_until(seconds(60), |world| all_alive(world));
    println!(
        "loss {loss_ppm} ppm: all know all after {:?}",
        joined.unwrap()
    );
    world.run_for(seconds(30));
    println!("{:?}", world.total_traffic());
    assert_eq!(false_deaths(&world), 0);

    let space = own(&world, host(7));
    put(&mut world, host(7), Scope::Own, "own", b"mine");
    let spread = world.run_until(seconds(30), |world| {
        all_read(world, &space, "own", Some(b"mine"))
    });
    println!("an own key is everywhere after {:?}", spread.unwrap());
    put(&mut world, host(8), Scope::Shared, "shared", b"ours");
    let spread = world.run_until(seconds(30), |world| {
        all_read(world, &Space::Shared, "shared", Some(b"ours"))
    });
    println!("a shared key is everywhere after {:?}", spread.unwrap());

    world.crash(host(13));
    let first = world.run_until(seconds(60), |world| {
        world.running().iter().any(|host| {
            world.picture(*host).status(world.id(common::host(13))) == Some(MemberStatus::Dead)
        })
    });
    let all = world.run_until(seconds(60), |world| {
        all_hold(world, host(13), MemberStatus::Dead)
    });
    println!(
        "a crash is known first after {:?}, to all {:?} later",
        first.unwrap(),
        all.unwrap()
    );
    assert_eq!(
        false_deaths(&world),
        0,
        "and nobody who is well was condemned"
    );
}

#[test]
fn a_hundred_grow_together_through_one_seed() {
    a_hundred(0);
}

#[test]
fn twenty_percent_loss_changes_none_of_that() {
    a_hundred(TWENTY_PERCENT);
}

#[test]
fn pictures_equal_what_the_nodes_hold() {
    let mut world = grown(Setup::seeded(3), 12);
    world.crash(host(5));
    world.run_for(seconds(20));
    world.restart(host(5));
    world.run_for(seconds(20));
    for host in world.running() {
        let held: Vec<_> = world
            .members(host)
            .into_iter()
            .filter(|member| member.id != *world.id(host))
            .map(|member| (member.id, (member.status, member.footing)))
            .collect();
        let told = world.picture(host);
        let told: Vec<_> = told.members().map(|(id, row)| (id.clone(), row)).collect();
        assert_eq!(told, held, "{}", world.id(host));
    }
}

/// The first of a cluster often stands in its own list of seeds.
///
/// ```text
///   n0 ─▶ n0: nobody else to look for       n1 ─▶ n0: and then there are two
/// ```
#[test]
fn who_is_its_own_only_seed_does_not_wait() {
    let mut world = World::new(Setup::seeded(9));
    let first = world.add(NodeSetup::named("n0").joining("n0"));
    let runs = |world: &World, host| {
        let told = world.notifications(host).iter();
        told.filter(|(_, told)| matches!(told, Notification::Running { .. }))
            .count()
            == 1
    };
    let alone = world.run_until(seconds(10), |world| runs(world, first));
    println!("it runs after {:?}", alone.unwrap());
    let second = world.add(NodeSetup::named("n1").joining("n0"));
    let both = world.run_until(seconds(10), |world| runs(world, second) && all_alive(world));
    println!("and both know each other after {:?}", both.unwrap());
}

/// Pods that start together find but themselves under the name of all. Nobody is
/// told, so they look again: alone at once, and in company now and then.
///
/// ```text
///   pods = n0: n0 alone     pods = n1: n1 alone     pods = n1: n0 ─▶ n1
/// ```
#[test]
fn who_found_but_itself_looks_again() {
    let mut world = World::new(Setup::seeded(10));
    let pods = |world: &mut World, name: &str| {
        let host = world.add(NodeSetup::named(name).joining("pods"));
        world.resolve("pods", host);
        let alone = world.run_until(seconds(10), |world| world.picture(host).running);
        alone.unwrap();
        host
    };
    pods(&mut world, "n0");
    pods(&mut world, "n1");
    assert!(!all_alive(&world), "each found but itself");
    let met = world.run_until(seconds(10), |world| all_alive(world));
    println!("and both know each other after {:?}", met.unwrap());
}

/// ```text
///   n2 ─▶ n0 ─▶ pods = n0      pods = n1 ◀─ n1 ◀─ n3      pods = n3: n0 ─▶ n3
/// ```
#[test]
fn who_found_but_itself_looks_again_in_company() {
    let mut world = World::new(Setup::seeded(11));
    for (pod, other) in [("n0", "n2"), ("n1", "n3")] {
        let host = world.add(NodeSetup::named(pod).joining("pods"));
        world.resolve("pods", host);
        let alone = world.run_until(seconds(10), |world| world.picture(host).running);
        alone.unwrap();
        let other = world.add(NodeSetup::named(other).joining(pod));
        world.resolve("pods", other);
        let two = world.run_until(seconds(10), |world| {
            let seen = world.picture(other).status(world.id(host));
            seen == Some(MemberStatus::Alive)
        });
        two.unwrap();
    }
    assert!(!all_alive(&world), "two times two");
    let met = world.run_until(seconds(300), |world| all_alive(world));
    println!("and all know each other after {:?}", met.unwrap());
}
