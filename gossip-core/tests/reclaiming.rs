//! Reclaiming: what is held of the forgotten goes, with everybody, and nobody
//! takes what is left of it for the whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{all_alive, all_equal, all_hold, all_read, answer, grown, host, own, put, seconds};
use gossip_core::input::{Command, Space};
use gossip_core::message::{Head, Scope};
use gossip_core::output::{MemberStatus, Reply};
use gossip_core::sim::{HostId, NodeSetup, Setup, World};

/// Kills one and has an operator forget it.
fn forget(world: &mut World, gone: HostId) {
    world.crash(gone);
    let dead = world.run_until(seconds(60), |world| {
        all_hold(world, gone, MemberStatus::Dead)
    });
    dead.unwrap();
    let id = world.id(gone).clone();
    let ticket = world.command(host(1), Command::Forget(id));
    assert_eq!(answer(world, ticket), Reply::Done);
    world.run_for(seconds(5));
}

/// What each running node holds of a log: its head, and how many writes.
fn held(world: &World, of: HostId) -> Vec<(Option<Head>, usize)> {
    let id = world.id(of);
    let running = world.running().into_iter();
    let held = running.map(|host| {
        let node = world.node(host).unwrap();
        let mut logs = node.logs();
        let head = logs.find(|(author, _)| *author == id);
        (head.map(|(_, head)| head), node.log(id).len())
    });
    held.collect()
}

/// Nothing of it stands: all of it goes, and one that joins later agrees without
/// ever having had it. It comes back, and so does everything it wrote.
#[test]
fn a_log_of_which_nothing_stands_goes_and_comes_back_with_its_author() {
    for seed in 0..5 {
        let mut world = grown(Setup::seeded(50 + seed), 6);
        let gone = host(3);
        for key in ["a", "b", "c"] {
            put(&mut world, gone, Scope::Own, key, b"1");
        }
        world.run_for(seconds(5));
        let before = held(&world, gone);
        assert!(before.iter().all(|(_, writes)| *writes == 3));
        forget(&mut world, gone);
        let after = held(&world, gone);
        assert!(after.iter().all(|(_, writes)| *writes == 0), "{after:?}");
        assert!(
            after
                .iter()
                .all(|(head, _)| *head == before.first().unwrap().0)
        );
        let late = world.add(NodeSetup::named("late").joining("n1"));
        world.run_for(seconds(60));
        assert_eq!(held(&world, gone).last(), after.last(), "seed {seed}");
        // A restart forgets what was forgotten, and agrees again.
        world.restart(host(2));
        world.restart(late);
        world.run_for(seconds(60));
        let again = held(&world, gone);
        assert!(
            again.iter().all(|all| Some(all) == after.first()),
            "{again:?}"
        );
        world.restart(gone);
        let back = world.run_until(seconds(20), |world| all_alive(world));
        back.unwrap();
        world.run_for(seconds(30));
        let mine = own(&world, gone);
        assert!(all_read(&mut world, &mine, "a", Some(b"1")), "seed {seed}");
        assert!(held(&world, gone).iter().all(|(_, writes)| *writes == 3));
        assert!(all_equal(&mut world));
    }
}

/// What it wrote to a shared key stands: the log stays, until somebody else has
/// written that key.
#[test]
fn a_log_goes_when_the_last_of_it_is_superseded() {
    let mut world = World::new(Setup::seeded(60));
    for number in 0..5 {
        let mut setup = NodeSetup::named(&format!("n{number}"));
        if number > 0 {
            setup = setup.joining("n0");
        }
        // Logs are looked at four times as often as this.
        setup.config.tombstone_grace = seconds(40);
        world.add(setup);
    }
    world
        .run_until(seconds(60), |world| all_alive(world))
        .unwrap();
    let gone = host(3);
    put(&mut world, gone, Scope::Own, "a", b"1");
    put(&mut world, gone, Scope::Shared, "b", b"1");
    world.run_for(seconds(5));
    forget(&mut world, gone);
    world.run_for(seconds(60));
    assert!(held(&world, gone).iter().all(|(_, writes)| *writes == 2));
    assert!(all_read(&mut world, &Space::Shared, "b", Some(b"1")));
    put(&mut world, host(1), Scope::Shared, "b", b"2");
    world.run_for(seconds(60));
    let after = held(&world, gone);
    assert!(after.iter().all(|(_, writes)| *writes == 0), "{after:?}");
    assert!(all_read(&mut world, &Space::Shared, "b", Some(b"2")));
    world.run_for(seconds(120));
    assert_eq!(held(&world, gone), after, "and nobody brings it back");
}

/// One that was away when the others forgot still holds the log, and it has more
/// of it than they: what it shared is not lost by that.
#[test]
fn what_turns_up_beyond_the_end_is_taken_from_nothing() {
    for seed in 0..5 {
        let mut world = grown(Setup::seeded(70 + seed), 6);
        let (gone, away) = (host(3), host(5));
        put(&mut world, gone, Scope::Own, "a", b"1");
        world.run_for(seconds(5));
        let apart: Vec<HostId> = [0, 1, 2, 4].map(host).to_vec();
        world.partition(&[&apart, &[gone, away]]);
        world.run_for(seconds(40));
        put(&mut world, gone, Scope::Shared, "b", b"1");
        world.run_for(seconds(10));
        world.crash(gone);
        let id = world.id(gone).clone();
        let ticket = world.command(host(1), Command::Forget(id));
        assert_eq!(answer(&mut world, ticket), Reply::Done);
        world.run_for(seconds(20));
        world.heal();
        let read = world.run_until(seconds(120), |world| all_read_of(world, "b"));
        println!("seed {seed}: everybody has it after {:?}", read.unwrap());
        world.run_for(seconds(60));
        let after = held(&world, gone);
        assert!(after.iter().all(|(_, writes)| *writes == 2), "{after:?}");
    }
}

fn all_read_of(world: &World, key: &str) -> bool {
    let mut running = world.running().into_iter();
    running.all(|host| {
        let node = world.node(host).unwrap();
        let rows = node.rows(&Space::Shared);
        rows.iter().any(|row| row.key.as_str() == key)
    })
}
