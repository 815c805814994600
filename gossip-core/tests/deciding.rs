//! Deciding: the quorum as nodes in a simulated cluster see it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use core::time::Duration;

use common::{all_alive, host, seconds};
use gossip_core::base::id::NodeId;
use gossip_core::electorate::{Elected, Electorate, QuorumConfig, QuorumProvider};
use gossip_core::input::{Command, DiskError};
use gossip_core::output::{MemberEventKind, MemberStatus, Notification, Refusal, Reply};
use gossip_core::quorum::{Fate, QuorumEvent, QuorumStanding};
use gossip_core::sim::{HostId, NodeSetup, Setup, World};

/// How long a standing may take to follow, beside the timeout: a crash is
/// found, and told to everybody. One that is cut off alone trusts itself least: it
/// takes nine seconds over each of four probes, and 18 over its suspicion.
const FOUND: Duration = seconds(60);

/// Voters `n0` …, all of them on the list of each; the first `started` run.
fn listed(seed: u64, voters: usize, started: usize) -> World {
    let names = (0..voters).map(|number| id(&format!("n{number}")));
    let electorate = Electorate::of_voters(names);
    let mut world = World::new(Setup::seeded(seed));
    for number in 0..started {
        start(&mut world, number, &electorate);
    }
    world
}

fn start(world: &mut World, number: usize, electorate: &Electorate) -> HostId {
    let mut setup = NodeSetup::named(&format!("n{number}"));
    if number > 0 {
        setup = setup.joining("n0");
    }
    setup.config.quorum = QuorumConfig {
        electorate: electorate.clone(),
        ..QuorumConfig::default()
    };
    world.add(setup)
}

fn id(name: &str) -> NodeId {
    name.parse().expect("a name")
}

/// What a node was told of its quorum, in order.
fn told(world: &World, host: HostId) -> Vec<&QuorumEvent> {
    let told = world.notifications(host).iter();
    let told = told.filter_map(|(_, told)| match told {
        Notification::Quorum(event) => Some(event),
        _ => None,
    });
    told.collect()
}

fn standing(world: &mut World, host: HostId) -> QuorumStanding {
    match world.ask(host, Command::Quorum) {
        Some(Reply::Quorum(view)) => view.standing,
        other => panic!("{other:?}"),
    }
}

/// Gives the first node a list, and waits for the answer.
fn elect(world: &mut World, list: Electorate) -> Reply {
    let ticket = world.command(host(0), Command::Electorate(list));
    common::answer(world, ticket)
}

/// Where each node stands, as letters: in, suspect, out.
fn letters(world: &mut World, hosts: impl Iterator<Item = u32>) -> String {
    let mut letters = String::new();
    for number in hosts {
        letters.push(match standing(world, host(number)) {
            QuorumStanding::InQuorum => 'i',
            QuorumStanding::Suspect { .. } => 's',
            QuorumStanding::Out => 'o',
            QuorumStanding::Left => 'l',
        });
    }
    letters
}

/// TestQuorumAllNodesUpOneByOne: the third of five makes the quorum, at all.
#[test]
fn a_quorum_comes_with_the_third_of_five() {
    let mut world = listed(1, 5, 2);
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..2), "oo");
    let names = (0..5).map(|number| id(&format!("n{number}")));
    let electorate = Electorate::of_voters(names);
    start(&mut world, 2, &electorate);
    let all = world.run_until(seconds(30), |world| {
        world
            .running()
            .iter()
            .all(|host| !told(world, *host).is_empty())
    });
    assert!(all.is_some(), "all three are told");
    assert_eq!(letters(&mut world, 0..3), "iii");
}

/// TestQuorumNetworkPartition and TestQuorumOneNodeIsolated.
///
/// ```text
///   n0 n1 n2  ║  n3 n4      in in in │ suspect, suspect; after a minute out, out
///   n0 … n4                 heal: in, all of them, at once
/// ```
#[test]
fn the_lesser_side_of_a_cut_is_suspect_then_out_and_back_at_once() {
    for lesser in [vec![3, 4], vec![2]] {
        let lesser: Vec<HostId> = lesser.into_iter().map(host).collect();
        let mut world = listed(2, 5, 5);
        world
            .run_until(seconds(60), |world| all_alive(world))
            .expect("they meet");
        world.run_for(seconds(10));
        assert_eq!(letters(&mut world, 0..5), "iiiii");
        let greater: Vec<HostId> = world.running();
        let greater: Vec<HostId> = greater
            .into_iter()
            .filter(|host| !lesser.contains(host))
            .collect();
        world.partition(&[&greater, &lesser]);
        let suspect = world.run_until(FOUND, |world| {
            lesser.iter().all(|host| told(world, *host).len() == 2)
        });
        assert!(suspect.is_some(), "the lesser side notices");
        for host in &lesser {
            let last = told(&world, *host).pop().expect("two events");
            assert!(matches!(last.after, QuorumStanding::Suspect { .. }));
        }
        world.run_for(seconds(60) + FOUND);
        for host in world.running() {
            let wanted = if lesser.contains(&host) {
                QuorumStanding::Out
            } else {
                QuorumStanding::InQuorum
            };
            assert_eq!(standing(&mut world, host), wanted);
        }
        world.heal();
        let healed = world.run_until(seconds(60), |world| all_alive(world));
        assert!(healed.is_some());
        assert_eq!(letters(&mut world, 0..5), "iiiii");
        for host in &lesser {
            let after: Vec<_> = told(&world, *host).iter().map(|told| told.after).collect();
            assert_eq!(after.len(), 4, "in, suspect, out, in: {after:?}");
        }
        for host in &greater {
            assert_eq!(
                told(&world, *host).len(),
                1,
                "the greater side never wavers"
            );
        }
    }
}

/// TestQuorumTwoNodesLooseConnectivity: neither half of two goes on.
#[test]
fn neither_of_two_that_lose_each_other_goes_on() {
    let mut world = listed(3, 2, 2);
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..2), "ii");
    world.partition(&[&[host(0)], &[host(1)]]);
    world.run_for(FOUND);
    assert_eq!(letters(&mut world, 0..2), "ss");
    world.run_for(seconds(60));
    assert_eq!(letters(&mut world, 0..2), "oo");
}

/// TestGossiperOnlyOneNodeGossips and TestQuorumRemoveNodes: whoever survives
/// is out, until the dead are taken off the list.
#[test]
fn a_survivor_is_out_until_the_dead_are_off_the_list() {
    let mut world = listed(4, 3, 3);
    world.run_for(seconds(30));
    world.crash(host(1));
    world.crash(host(2));
    world.run_for(FOUND + seconds(60));
    assert_eq!(letters(&mut world, 0..1), "o");
    let list = Electorate::of_voters([id("n0")]);
    let reply = elect(&mut world, list);
    assert_eq!(reply, Reply::Done);
    assert_eq!(letters(&mut world, 0..1), "i");
}

/// Without a list everybody known counts: a member that leaves is not missed,
/// one that dies is, until it is forgotten.
#[test]
fn without_a_list_the_forgotten_and_those_who_left_are_not_missed() {
    let mut world = World::new(Setup::seeded(5));
    world.add(NodeSetup::named("n0"));
    for number in 1..4 {
        world.add(NodeSetup::named(&format!("n{number}")).joining("n0"));
    }
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..4), "iiii");
    for gone in [2, 3] {
        let _ = world.command(host(gone), Command::Leave);
    }
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..2), "ii");
    assert_eq!(told(&world, host(0)).len(), 1, "nobody was missed");
    world.crash(host(1));
    world.run_for(FOUND + seconds(60));
    assert_eq!(letters(&mut world, 0..1), "o");
    let forgotten = world.command(host(0), Command::Forget(id("n1")));
    world.run_for(seconds(1));
    assert_eq!(world.reply(forgotten), Some(&Reply::Done));
    assert_eq!(letters(&mut world, 0..1), "i");
}

/// Six voters, two in each of three domains, and their names.
fn three_domains(seed: u64) -> (World, Vec<String>) {
    let names: Vec<String> = (0..6).map(|n| format!("z{}/n{n}", n / 2 + 1)).collect();
    let mut world = World::new(Setup::seeded(seed));
    for name in &names {
        let mut setup = NodeSetup::named(name);
        let seed = names.first().filter(|seed| *seed != name);
        if let Some(seed) = seed {
            setup = setup.joining(seed);
        }
        setup.config.quorum = QuorumConfig {
            provider: QuorumProvider::FailureDomain,
            electorate: Electorate::of_voters(names.iter().map(|name| id(name))),
            ..QuorumConfig::default()
        };
        world.add(setup);
    }
    world.run_for(seconds(30));
    (world, names)
}

/// TestQuorumFdOneNodeDown and TestQuorumFdOneFailureDomainDown*, in a cluster.
///
/// ```text
///   z1/n0 z1/n1   z2/n2 z2/n3   z3/n4 ✗ z3/n5       n4 is down: n5 answers
///   z1/n0 z1/n1 ║ z2/n2 z2/n3 ║ z3/n5               a cut: z2 and n5 may be out of sight
/// ```
#[test]
fn a_dead_member_is_down_where_its_neighbour_answers() {
    let (mut world, names) = three_domains(6);
    world.crash(host(4));
    let dead = |world: &World| {
        let told = world.notifications(host(0)).iter();
        told.filter(|(_, told)| matches!(told, Notification::Member(event) if matches!(event.kind, MemberEventKind::Died { .. })))
            .count()
    };
    let found = world.run_until(FOUND, |world| dead(world) == 1);
    assert!(found.is_some());
    // It takes no round until n5 has its turn: it is asked at once.
    world.run_for(seconds(1));
    assert_eq!(fates(&mut world), "z3/n4=down");
    // A whole domain is out of sight, and the others are in quorum.
    world.partition(&[&[host(0), host(1), host(5)], &[host(2), host(3)]]);
    let found = world.run_until(FOUND, |world| dead(world) == 3);
    assert!(found.is_some());
    world.run_for(seconds(10));
    assert_eq!(fates(&mut world), "z2/n2=suspect z2/n3=suspect z3/n4=down");
    // Of six voters three are here: we are out of quorum, and judge nobody.
    world.run_for(seconds(180));
    assert_eq!(fates(&mut world), "z2/n2=suspect z2/n3=suspect z3/n4=down");
    // With an operator's word for it we are in, and the next probation is the last.
    let mut list = Electorate::of_voters(names.iter().map(|name| id(name)));
    list.inactive.insert("z2".parse().expect("a domain"));
    let reply = elect(&mut world, list);
    assert_eq!(reply, Reply::Done);
    world.run_for(seconds(61));
    assert_eq!(fates(&mut world), "z2/n2=down z2/n3=down z3/n4=down");
    world.heal();
    let back = world.run_until(seconds(60), |world| {
        let sights = world.node(host(0)).map(|node| node.sights());
        sights.is_some_and(|sights| {
            sights
                .filter(|sight| sight.status == MemberStatus::Alive)
                .count()
                == 5
        })
    });
    assert!(back.is_some());
    assert_eq!(fates(&mut world), "z3/n4=down");
}

/// What a node slept through says nothing of those it did not hear meanwhile: a
/// domain that is back when it wakes is not down for a moment.
///
/// ```text
///   z2 ║ z1 z3 ── n0: z2 suspect ── n0 asleep ── the cut heals, n0 awake ── z2 is back
/// ```
#[test]
fn a_pause_of_our_own_takes_no_domain_down() {
    let (mut world, _) = three_domains(9);
    let zones = [0, 1, 4, 5].map(host);
    world.partition(&[&zones, &[host(2), host(3)]]);
    world.run_for(seconds(30));
    assert_eq!(fates(&mut world), "z2/n2=suspect z2/n3=suspect");
    world.pause(host(0));
    world.run_for(seconds(70));
    world.heal();
    world.resume(host(0));
    for _ in 0..5_000 {
        let told = fates(&mut world);
        assert!(!told.contains("down"), "{told}");
        world.run_for(Duration::from_millis(1));
    }
    assert_eq!(fates(&mut world), "");
}

/// What the first makes of the dead.
fn fates(world: &mut World) -> String {
    let Some(Reply::Quorum(view)) = world.ask(host(0), Command::Quorum) else {
        panic!("no view");
    };
    let fates = view.members.iter().filter_map(|seat| {
        let fate = match seat.fate? {
            Fate::Down => "down",
            Fate::SuspectDown { .. } => "suspect",
        };
        Some(format!("{}={fate}", seat.id))
    });
    fates.collect::<Vec<_>>().join(" ")
}

/// What an operator elects is on disk before the answer, and stands when the
/// node comes back; unless its configuration says something new.
#[test]
fn an_elected_list_outlives_the_process() {
    let mut world = listed(7, 3, 1);
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..1), "o");
    let list = Electorate::of_voters([id("n0")]);
    let reply = elect(&mut world, list.clone());
    assert_eq!(reply, Reply::Done);
    // At once: what was not on disk is gone.
    world.crash(host(0));
    world.restart(host(0));
    world.run_for(seconds(30));
    assert_eq!(letters(&mut world, 0..1), "i");

    // A disk that fails says so, and the list before stays.
    world.fail_disk(host(0), Some(DiskError::Full));
    let other = Electorate::of_voters([id("n1"), id("n2")]);
    let reply = elect(&mut world, other);
    let refused = Reply::Refused(Refusal::Disk(DiskError::Full));
    assert_eq!(reply, refused);
    assert_eq!(letters(&mut world, 0..1), "i");
}

/// The newer word of an operator holds.
#[test]
fn a_configuration_that_has_changed_since_outranks_an_elected_list() {
    let configured = Electorate::of_voters([id("n0"), id("n1")]);
    let elected = Elected {
        list: Electorate::of_voters([id("n0")]),
        instead_of: configured.clone(),
    };
    assert_eq!(elected.clone().over(configured), elected.list);
    let changed = Electorate::of_voters([id("n2")]);
    assert_eq!(elected.over(changed.clone()), changed);
}
