//! Folding: whoever applies every event to an empty list holds what
//! [`Command::Members`](gossip_core::input::Command::Members) answers.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use common::{TWENTY_PERCENT, cluster, host, seconds};
use gossip_core::base::id::NodeId;
use gossip_core::input::Command;
use gossip_core::message::Footing;
use gossip_core::output::{MemberEvent, MemberEventKind, MemberStatus, Notification};
use gossip_core::sim::{HostId, Setup, World};

type Folded = BTreeMap<NodeId, (MemberStatus, Footing, Vec<SocketAddr>)>;

fn apply(folded: &mut Folded, event: &MemberEvent) {
    let status = match &event.kind {
        MemberEventKind::Forgotten { .. } => {
            folded.remove(&event.id);
            return;
        }
        MemberEventKind::Joined { .. } | MemberEventKind::Refuted { .. } => MemberStatus::Alive,
        MemberEventKind::Suspected { .. } => MemberStatus::Suspect,
        MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => MemberStatus::Dead,
        MemberEventKind::Left => MemberStatus::Left,
        MemberEventKind::Updated | MemberEventKind::Conflict => match folded.get(&event.id) {
            Some((status, ..)) => *status,
            None => panic!("{event:?} of a member that nobody was told of"),
        },
    };
    let row = (status, event.footing, event.addrs.clone());
    folded.insert(event.id.clone(), row);
}

/// What a node told of the others, and what it answers of them.
fn both(world: &mut World, host: HostId) -> (Folded, Folded) {
    let me = world.id(host).clone();
    let mut folded = Folded::new();
    for (_, told) in world.notifications(host) {
        if let Notification::Member(event) = told {
            apply(&mut folded, event);
        }
    }
    folded.remove(&me);
    let others = world.members(host).into_iter().filter(|m| m.id != me);
    let answered = others.map(|m| (m.id, (m.status, m.footing, m.addrs)));
    (folded, answered.collect())
}

/// Ten members under loss: some crash, restart, leave, are cut off, removed and
/// forgotten. Four of them run from the beginning to the end and are asked
/// again and again.
#[test]
fn a_fold_of_the_events_is_the_list_of_members() {
    for seed in 1..=8 {
        let mut world = cluster(Setup::seeded(seed).losing(TWENTY_PERCENT), 10);
        let check = |world: &mut World, what: &str| {
            for number in 0..4 {
                let (folded, answered) = both(world, host(number));
                assert_eq!(folded, answered, "seed {seed}, n{number}, {what}");
            }
        };
        let steps = |world: &mut World, what: &str, count: u64| {
            for _ in 0..count {
                world.run_for(seconds(3));
                check(world, what);
            }
        };
        steps(&mut world, "growing", 5);
        world.crash(host(9));
        world.crash(host(8));
        steps(&mut world, "two crash", 8);
        world.restart(host(9));
        let _ = world.command(host(7), Command::Leave);
        steps(&mut world, "one is back, one leaves", 5);
        let (left, right): (Vec<_>, Vec<_>) =
            ((0..3).map(host).collect(), (3..7).map(host).collect());
        world.partition(&[&left, &right]);
        steps(&mut world, "a cut", 12);
        world.heal();
        steps(&mut world, "healed", 5);
        let (dead, alive) = (world.id(host(8)).clone(), world.id(host(5)).clone());
        let _ = world.command(host(0), Command::Forget(dead));
        let _ = world.command(host(1), Command::Remove(alive));
        steps(&mut world, "an operator's word", 5);
        world.restart(host(8));
        steps(&mut world, "the forgotten is back", 5);
        let (folded, _) = both(&mut world, host(0));
        let here = folded.values().filter(|row| row.0 == MemberStatus::Alive);
        assert!(here.count() >= 7, "seed {seed}: {folded:#?}");
    }
}
