//! Failing and leaving: what one node does, and what all the others say of it.

mod common;

use common::{
    all_alive, all_hold, all_read, answer, cluster, false_deaths, grown, host, put, seconds,
};
use gossip_core::input::{Command, DiskError, Space};
use gossip_core::message::Scope;
use gossip_core::output::{Halt, MemberEventKind, MemberStatus, Notification, Refusal, Reply};
use gossip_core::sim::{NodeSetup, Setup, World};

/// A node that leaves says so; nobody takes it for dead.
///
/// ```text
///   n4: leave ── «left» ──▶ everybody          ✗ never «dead»
/// ```
#[test]
fn who_leaves_is_left_and_not_dead() {
    let mut world = grown(Setup::seeded(1), 10);
    let ticket = world.command(host(4), Command::Leave);
    assert_eq!(answer(&mut world, ticket), Reply::Left);
    assert_eq!(world.halt(host(4)), Some(&Halt::Left));
    let known = world.run_until(seconds(5), |world| {
        all_hold(world, host(4), MemberStatus::Left)
    });
    println!("all know that it left after {:?}", known.unwrap());
    world.run_for(seconds(120));
    assert!(all_hold(&world, host(4), MemberStatus::Left));
    for other in world.running() {
        assert_eq!(world.picture(other).deaths, 0, "{}", world.id(other));
    }
}

/// One who left comes back.
#[test]
fn who_left_may_come_back() {
    let mut world = grown(Setup::seeded(2), 5);
    let ticket = world.command(host(3), Command::Leave);
    answer(&mut world, ticket);
    world.run_for(seconds(5));
    world.restart(host(3));
    let back = world.run_until(seconds(20), |world| all_alive(world));
    println!("back after {:?}", back.unwrap());
}

/// The whole of a cluster, one after the other, down to the last.
#[test]
fn all_but_one_may_leave() {
    let mut world = grown(Setup::seeded(3), 4);
    for number in 1..4 {
        let ticket = world.command(host(number), Command::Leave);
        assert_eq!(answer(&mut world, ticket), Reply::Left);
    }
    world.run_for(seconds(5));
    assert_eq!(world.picture(host(0)).count(MemberStatus::Left), 3);
    put(&mut world, host(0), Scope::Shared, "k", b"alone");
}

/// Two processes under one name: the one with the lower generation stops, and
/// says why. The other is believed.
///
/// ```text
///   h2: n2 (generation g)          h5: n2 (generation g + some seconds)
///        └── hears of the other: Twin, Halt ◀──┘
/// ```
#[test]
fn of_two_processes_with_one_name_the_older_halts() {
    let mut world = grown(Setup::seeded(4), 5);
    let twin = world.add(NodeSetup::named("n2").joining("n0"));
    let over = world.run_until(seconds(30), |world| !world.is_running(host(2)));
    println!("the older one halts after {:?}", over.unwrap());
    assert!(matches!(world.halt(host(2)), Some(Halt::Conflict { .. })));
    let loud = |(_, told): &(_, Notification)| matches!(told, Notification::Twin { .. });
    assert!(world.notifications(host(2)).iter().any(loud));
    let known = world.run_until(seconds(60), |world| all_alive(world));
    println!(
        "the newer one is held alive by all after {:?}",
        known.unwrap()
    );
    assert!(world.is_running(twin));
    world.run_for(seconds(60));
    assert!(world.is_running(twin) && all_alive(&world));
}

/// Where one of three has crashed, nobody is left to confirm what the other says.
///
/// ```text
///   n2 ✗      n0 ◀─▶ n1 (later)      n1 (earlier) ── n0 alone refuses it ──▶ halts
/// ```
#[test]
fn of_two_processes_the_older_halts_beside_a_dead_member_too() {
    let mut world = grown(Setup::seeded(5), 3);
    world.crash(host(2));
    let dead = world.run_until(seconds(60), |world| {
        all_hold(world, host(2), MemberStatus::Dead)
    });
    dead.unwrap();
    let twin = world.add(NodeSetup::named("n1").joining("n0"));
    let over = world.run_until(seconds(60), |world| !world.is_running(host(1)));
    println!("the older one halts after {:?}", over.unwrap());
    assert!(matches!(world.halt(host(1)), Some(Halt::Conflict { .. })));
    let known = world.run_until(seconds(60), |world| all_alive(world));
    known.unwrap();
    assert!(world.is_running(twin));
}

/// Two processes under one name, begun in the same millisecond and so in the same
/// generation: one goes on in a later one, the other halts.
#[test]
fn of_two_processes_of_one_moment_one_halts() {
    one_of_two_halts(cluster(Setup::seeded(6), 5));
}

/// The same, the second half a second after the first: it has joined.
#[test]
fn of_two_processes_of_one_moment_one_halts_even_if_it_has_joined() {
    let mut world = cluster(Setup::seeded(8), 5);
    world.run_for(seconds(1) / 2);
    one_of_two_halts(world);
}

fn one_of_two_halts(mut world: World) {
    let first = host(2);
    let second = world.add(NodeSetup::named("n2").joining("n0"));
    let over = world.run_until(seconds(30), |world| {
        !world.is_running(first) || !world.is_running(second)
    });
    println!("one of the two halts after {over:?}");
    assert!(over.is_some());
    world.run_for(seconds(60));
    assert!(world.is_running(first) != world.is_running(second));
    assert!(all_alive(&world));
}

/// Two processes of one moment on two sides of a cut, and both are gone when it
/// heals, while their claims are told: nobody is left to settle it, and it becomes
/// quiet all the same.
///
/// ```text
///   n0 n1 ◀─ x (g) ✗ ║ x (g) ✗ ─▶ n2 n3       healed: x is dead to all, and no word more
/// ```
#[test]
fn two_that_are_gone_are_not_told_of_for_ever() {
    let mut setup = Setup::seeded(12);
    setup.wall_error = core::time::Duration::ZERO;
    let mut world = grown(setup, 4);
    let [left, right] = ["n0", "n2"].map(|seed| world.add(NodeSetup::named("x").joining(seed)));
    world.partition(&[&[host(0), host(1), left], &[host(2), host(3), right]]);
    let heard = world.run_until(seconds(5), |world| {
        let x = world.id(left).clone();
        let seen = [0, 2].map(|number| world.picture(host(number)).status(&x));
        seen == [Some(MemberStatus::Alive); 2]
    });
    println!("both sides know one after {:?}", heard.unwrap());
    let footings = [left, right].map(|host| world.node(host).map(|node| node.footing()));
    assert_eq!(footings[0], footings[1], "on one footing");
    world.crash(left);
    world.crash(right);
    world.heal();
    let dead = world.run_until(seconds(60), |world| {
        world
            .running()
            .into_iter()
            .all(|host| world.picture(host).count(MemberStatus::Dead) == 1)
    });
    dead.unwrap();
    world.run_for(seconds(60));
    let told = |world: &World| -> u64 {
        let nodes = world.running().into_iter().map(|host| world.node(host));
        nodes
            .flatten()
            .map(|node| node.counters().contradictions)
            .sum()
    };
    let before = told(&world);
    assert!(before > 0, "each side hears of the other's");
    world.run_for(seconds(60));
    assert_eq!(told(&world), before, "quiet after a minute");
}

/// A full disk: the write is refused, nothing of it is told, and a later one
/// succeeds.
///
/// ```text
///   n1: disk full   put k=1 ──▶ refused, nobody hears of it
///       disk works  put k=2 ──▶ everybody
/// ```
#[test]
fn a_full_disk_refuses_and_tells_nobody() {
    let mut world = grown(Setup::seeded(5), 5);
    put(&mut world, host(1), Scope::Shared, "before", b"0");
    world.fail_disk(host(1), Some(DiskError::Full));
    let ticket = world.put(host(1), Scope::Shared, "k", b"1");
    let refused = Reply::Refused(Refusal::Disk(DiskError::Full));
    assert_eq!(answer(&mut world, ticket), refused);
    world.run_for(seconds(30));
    assert!(all_read(&mut world, &Space::Shared, "k", None));
    let told = |(_, told): &(_, Notification)| *told == Notification::Disk(DiskError::Full);
    assert!(world.notifications(host(1)).iter().any(told));

    world.fail_disk(host(1), None);
    put(&mut world, host(1), Scope::Shared, "k", b"2");
    let spread = world.run_until(seconds(20), |world| {
        all_read(world, &Space::Shared, "k", Some(b"2"))
    });
    spread.unwrap();
    assert!(all_read(&mut world, &Space::Shared, "before", Some(b"0")));
}

/// A node whose generation cannot be written never speaks.
#[test]
fn without_a_disk_a_node_does_not_start() {
    let mut world = grown(Setup::seeded(6), 3);
    world.crash(host(2));
    world.fail_disk(host(2), Some(DiskError::Failed));
    let sent = world.traffic(host(2)).sent;
    world.restart(host(2));
    world.run_for(seconds(5));
    assert_eq!(world.halt(host(2)), Some(&Halt::Disk(DiskError::Failed)));
    assert_eq!(world.traffic(host(2)).sent, sent);
    world.fail_disk(host(2), None);
    world.restart(host(2));
    let back = world.run_until(seconds(30), |world| all_alive(world));
    back.unwrap();
}

/// Links that break again and again do not make anybody dead.
///
/// ```text
///   every 2 s, 60 times:   n_i ══╳══ all its peers
/// ```
#[test]
fn links_that_flap_kill_nobody() {
    let mut world = grown(Setup::seeded(7), 10);
    for round in 0..60 {
        world.break_links(host(round % 10));
        world.run_for(seconds(2));
    }
    assert_eq!(false_deaths(&world), 0);
    put(&mut world, host(3), Scope::Own, "k", b"v");
    let space = common::own(&world, host(3));
    let spread = world.run_until(seconds(20), |world| {
        all_read(world, &space, "k", Some(b"v"))
    });
    println!("a key is everywhere after {:?}", spread.unwrap());
    assert!(all_alive(&world));
}

/// Half of a cluster crashes at once; the other half finds out and goes on.
#[test]
fn half_of_them_crash_at_once() {
    let mut world = grown(Setup::seeded(8), 20);
    let victims: Vec<_> = (10..20).map(host).collect();
    victims.iter().for_each(|host| world.crash(*host));
    let known = world.run_until(seconds(120), |world| {
        victims
            .iter()
            .all(|victim| all_hold(world, *victim, MemberStatus::Dead))
    });
    println!("all ten are known to all ten after {:?}", known.unwrap());
    assert_eq!(false_deaths(&world), 0);
    put(&mut world, host(0), Scope::Shared, "k", b"v");
    let spread = world.run_until(seconds(20), |world| {
        all_read(world, &Space::Shared, "k", Some(b"v"))
    });
    spread.unwrap();
    victims.iter().for_each(|host| world.restart(*host));
    let back = world.run_until(seconds(60), |world| all_alive(world));
    println!("all twenty are back after {:?}", back.unwrap());
}

/// A crash is reported once to every application, and never as anything else.
#[test]
fn a_crash_is_told_once() {
    let mut world: World = grown(Setup::seeded(9), 8);
    world.crash(host(6));
    world.run_for(seconds(120));
    let dead = world.id(host(6)).clone();
    for other in world.running() {
        let told = world.notifications(other).iter();
        let deaths = told.filter(|(_, told)| {
            matches!(told, Notification::Member(event)
                if event.id == dead && matches!(event.kind, MemberEventKind::Died { .. }))
        });
        assert_eq!(deaths.count(), 1, "{}", world.id(other));
    }
}
