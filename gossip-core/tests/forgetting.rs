//! Forgetting: who is gone for good, everywhere, and who comes back after that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::time::Duration;

use common::{all_alive, all_equal, all_hold, all_read, answer, grown, host, own, put, seconds};
use gossip_core::input::{Command, Space};
use gossip_core::message::Scope;
use gossip_core::output::{MemberEventKind, MemberStatus, Notification, Reply};
use gossip_core::sim::{HostId, NodeSetup, Setup, World};

/// Whether no running node has a row of one.
fn nobody_knows(world: &World, about: HostId) -> bool {
    let running = world.running();
    running
        .iter()
        .all(|host| world.picture(*host).status(world.id(about)).is_none())
}

/// A cluster that forgets its dead after so long, each a little later than the
/// one before.
fn forgetful(seed: u64, size: usize, after: Duration, apart: Duration) -> World {
    let mut world = World::new(Setup::seeded(seed));
    for number in 0..size {
        world.add(forgets(
            number,
            after + apart * u32::try_from(number).unwrap(),
        ));
    }
    let joined = world.run_until(seconds(60), |world| all_alive(world));
    joined.expect("they grow together within a minute");
    world
}

fn forgets(number: usize, after: Duration) -> NodeSetup {
    let mut setup = NodeSetup::named(&format!("n{number}"));
    if number > 0 {
        setup = setup.joining("n0");
    }
    setup.config.forget_after = after;
    setup
}

/// An operator's word at one member counts at all of them, within a second, and
/// one that lives refutes it.
#[test]
fn who_is_removed_is_dead_everywhere_at_once_and_is_back() {
    let mut world = grown(Setup::seeded(31), 8);
    let (crashed, lives) = (host(5), host(6));
    world.crash(crashed);
    for about in [crashed, lives] {
        let id = world.id(about).clone();
        let ticket = world.command(host(1), Command::Remove(id));
        assert_eq!(answer(&mut world, ticket), Reply::Done);
    }
    let known = world.run_until(seconds(1), |world| {
        all_hold(world, crashed, MemberStatus::Dead)
    });
    println!("all hold it dead after {:?}", known.unwrap());
    let back = world.run_until(seconds(5), |world| {
        all_hold(world, lives, MemberStatus::Alive)
    });
    println!("the living one is back after {:?}", back.unwrap());
    world.run_for(seconds(30));
    assert!(all_hold(&world, crashed, MemberStatus::Dead));
    assert!(all_hold(&world, lives, MemberStatus::Alive));
}

/// Forgotten: no row, no own keys, everywhere; what it shared stays. When it
/// starts again it is a member again, and everybody has all it wrote.
///
/// ```text
///   n3 ── own a=1, shared b=1 ──✗── forgotten ──────●── a=1, b=1
///                                   b=1 stays
/// ```
#[test]
fn a_forgotten_member_that_comes_back_has_its_whole_log() {
    for seed in 0..5 {
        let mut world = grown(Setup::seeded(32 + seed), 6);
        let gone = host(3);
        put(&mut world, gone, Scope::Own, "a", b"1");
        put(&mut world, gone, Scope::Shared, "b", b"1");
        world.run_for(seconds(5));
        world.crash(gone);
        let dead = world.run_until(seconds(60), |world| {
            all_hold(world, gone, MemberStatus::Dead)
        });
        dead.unwrap();
        let id = world.id(gone).clone();
        let ticket = world.command(host(1), Command::Forget(id));
        assert_eq!(answer(&mut world, ticket), Reply::Done);
        let known = world.run_until(seconds(2), |world| nobody_knows(world, gone));
        println!("all forgot it after {:?}", known.unwrap());
        let mine = own(&world, gone);
        assert!(all_read(&mut world, &mine, "a", None));
        assert!(all_read(&mut world, &Space::Shared, "b", Some(b"1")));
        world.run_for(seconds(60));
        assert!(nobody_knows(&world, gone), "and nobody reminds them");
        // One of them forgets across a restart of its own.
        world.restart(host(2));
        world.run_for(seconds(20));
        assert!(nobody_knows(&world, gone), "not even a journal");
        assert!(all_read(&mut world, &mine, "a", None));
        world.restart(gone);
        let back = world.run_until(seconds(20), |world| all_alive(world));
        println!("back after {:?}", back.unwrap());
        let whole = world.run_until(seconds(60), |world| {
            let running = world.running();
            running
                .iter()
                .all(|host| world.picture(*host).keys.len() == 2)
        });
        println!("with all it wrote after {whole:?}");
        assert!(all_read(&mut world, &mine, "a", Some(b"1")), "seed {seed}");
        assert!(all_read(&mut world, &Space::Shared, "b", Some(b"1")));
        assert!(all_equal(&mut world));
    }
}

/// Eight of sixteen die. The rest forget them, each in its own time, while
/// newcomers join: nobody is told again of the dead by who still remembers
/// them, for ten times as long as it takes to forget.
#[test]
fn there_are_no_ghosts() {
    let (after, size) = (seconds(40), 16);
    let mut world = forgetful(33, size, after, seconds(2));
    world.run_for(seconds(5));
    let dead: Vec<HostId> = (8..16).map(host).collect();
    for host in &dead {
        world.crash(*host);
        world.run_for(Duration::from_millis(700));
    }
    let condemned = world.run_until(seconds(60), |world| {
        let running = world.running();
        let here = |host: &HostId| {
            let stands = running
                .iter()
                .map(|other| world.picture(*other).status(world.id(*host)));
            stands.flatten().any(|status| status != MemberStatus::Dead)
        };
        !dead.iter().any(here)
    });
    condemned.expect("all are condemned");
    let mut newcomers = vec![];
    for number in 0..8 {
        world.run_for(seconds(12));
        let setup = forgets(size + number, after);
        newcomers.push(world.add(setup));
    }
    world.run_for(seconds(40));
    for round in 0..40 {
        for host in &dead {
            assert!(nobody_knows(&world, *host), "{host} in round {round}");
        }
        assert!(all_alive(&world), "round {round}");
        world.run_for(seconds(10));
    }
    for newcomer in newcomers {
        let told = world.notifications(newcomer).iter();
        let joins = told.filter(|(_, told)| {
            matches!(told, Notification::Member(event)
                if matches!(event.kind, MemberEventKind::Joined { .. })
                    && dead.iter().any(|host| world.id(*host) == &event.id))
        });
        assert_eq!(joins.count(), 0, "none of the dead was ever welcomed");
    }
    // One that is really back is alive at once, everywhere.
    world.restart(host(12));
    let back = world.run_until(seconds(10), |world| all_alive(world));
    println!("back after {:?}", back.unwrap());
}

/// A cut that lasts longer than anybody remembers the other side: the seed of
/// the configuration is all that is left to find each other by.
#[test]
fn halves_that_forgot_each_other_find_each_other_by_their_seed() {
    let mut world = forgetful(34, 8, seconds(30), Duration::ZERO);
    world.run_for(seconds(10));
    let (left, right): (Vec<_>, Vec<_>) = ((0..4).map(host).collect(), (4..8).map(host).collect());
    world.partition(&[&left, &right]);
    world.run_for(seconds(120));
    for (here, there) in [(&left, &right), (&right, &left)] {
        for host in here {
            for other in there {
                let status = world.picture(*host).status(world.id(*other));
                assert_eq!(status, None, "{host} has forgotten {other}");
            }
        }
    }
    world.heal();
    let healed = world.run_until(seconds(60), |world| all_alive(world));
    println!("one again after {:?}", healed.unwrap());
    world.run_for(seconds(60));
    assert!(all_alive(&world));
}

/// Three live; five that crashed under names of their own are long forgotten. One
/// of the three restarts: the five do not come back with its journal, neither into
/// its list nor into the count of its quorum.
#[test]
fn who_restarts_does_not_count_those_who_are_long_gone() {
    let after = seconds(20);
    let mut world = forgetful(36, 3, after, Duration::ZERO);
    let gone: Vec<HostId> = (0..5)
        .map(|number| world.add(forgets(100 + number, after)))
        .collect();
    world.run_for(seconds(10));
    for host in &gone {
        world.crash(*host);
    }
    let forgotten = world.run_until(seconds(120), |world| {
        gone.iter().all(|host| nobody_knows(world, *host))
    });
    forgotten.expect("all three forget the five");
    world.run_for(seconds(5));
    world.restart(host(1));
    let back = world.run_until(seconds(10), |world| all_alive(world));
    back.expect("it is back");
    for second in 0..40 {
        assert_eq!(world.members(host(1)).len(), 3, "after {second} s");
        let Some(Reply::Quorum(view)) = world.ask(host(1), Command::Quorum) else {
            panic!("a quorum view");
        };
        let judgement = view.judgement;
        assert_eq!(
            (judgement.voters, judgement.here),
            (3, 3),
            "after {second} s"
        );
        world.run_for(seconds(1));
    }
}

/// A process that crashes and comes back under a fresh name, again and again:
/// the rows it leaves behind go with time, and the rest is not disturbed.
#[test]
fn a_crash_loop_under_fresh_names_leaves_nothing_behind() {
    let mut world = forgetful(35, 4, seconds(20), Duration::ZERO);
    for number in 0..20 {
        let fresh = world.add(forgets(100 + number, seconds(20)));
        world.run_for(seconds(6));
        world.crash(fresh);
        world.run_for(seconds(6));
        for number in 0..4 {
            let members = world.members(host(number)).len();
            assert!(members <= 4 + 6, "{members} rows");
        }
    }
    world.run_for(seconds(60));
    for number in 0..4 {
        assert_eq!(world.members(host(number)).len(), 4);
        let calls = |world: &mut World| world.status(host(number)).unwrap().counters.calls;
        let before = calls(&mut world);
        world.run_for(seconds(60));
        let calls = calls(&mut world) - before;
        assert!(calls <= 120, "however many are gone: {calls}");
    }
}

/// Who left takes nothing along before it is forgotten: a newcomer, who hears
/// the farewell alone, reads what the others read, after a restart too. When
/// its time is over nobody does.
///
/// ```text
///   n3 ── own a=1 ── leaves ──────────────────────── forgotten
///   n0, n1, n2        a=1        a=1                  nothing
///   n4                           joins: a=1, ↻: a=1   nothing
/// ```
#[test]
fn what_a_member_said_that_has_left_is_read_by_newcomers_too() {
    let (after, size) = (seconds(60), 4);
    let mut world = forgetful(34, size, after, seconds(1));
    let gone = host(3);
    put(&mut world, gone, Scope::Own, "a", b"1");
    world.run_for(seconds(5));
    let ticket = world.command(gone, Command::Leave);
    assert_eq!(answer(&mut world, ticket), Reply::Left);
    world.run_for(seconds(2));
    let mine = own(&world, gone);
    let late = world.add(forgets(size, after));
    let joined = world.run_until(seconds(20), |world| {
        world.picture(late).status(world.id(host(0))).is_some()
    });
    joined.unwrap();
    world.run_for(seconds(2));
    assert!(all_read(&mut world, &mine, "a", Some(b"1")));
    world.restart(late);
    world.run_for(seconds(20));
    assert!(all_read(&mut world, &mine, "a", Some(b"1")));
    world.run_for(after * 2);
    assert!(all_read(&mut world, &mine, "a", None));
    assert!(nobody_knows(&world, gone));
}
