//! Marks: rare states that a swarm of scenarios must have been in.
//!
//! A rule that never meets the state it is about holds for nothing. So each
//! scenario that was played says which of these it reached, the swarm says how
//! many did, and a test fails where one is no longer reached by any
//! (Antithesis calls it "sometimes", TigerBeetle "coverage marks").
//!
//! They are read from what is there anyway when a scenario ends: what was told
//! to applications, what nodes and the network counted. A process that has
//! ended took its counters with it.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::machine::Machine;
use super::world::World;
use crate::output::{Counters, Halt, KeyEventKind, MemberEventKind, MemberStatus, Notification};

/// A state by name.
pub type Mark = &'static str;

/// How often it was there, by a node's own count.
type Count = fn(&Counters) -> u64;

/// What a node counts, by mark.
const COUNTED: [(Mark, Count); 12] = [
    ("refuted an accusation of itself", |it| it.refutations),
    ("a probe found nobody", |it| it.probes_failed),
    ("called somebody absent", |it| it.calls),
    ("a batch did not follow", |it| it.gaps),
    ("a baseless accusation", |it| it.baseless),
    ("two claims on one footing", |it| it.contradictions),
    ("a stamp from the future", |it| it.stamps_held),
    ("a message out of place", |it| it.unexpected),
    ("a session turned away", |it| it.sessions_refused),
    ("a ping-req turned away", |it| it.relays_refused),
    ("a rumor let go early", |it| it.rumors_dropped),
    ("outbox full", |it| it.outbox_full),
];

/// What an application is told, by mark.
const TOLD: [Mark; 11] = [
    "suspected and refuted",
    "condemned and back in the same run",
    "condemned by a verdict alone",
    "back in a new run",
    "left",
    "moved, or raised its incarnation",
    "two processes of one name",
    "a concurrent write lost",
    "a log cut back",
    "a disk that failed",
    "a quorum lost or found",
];

/// What the network and the hosts count, by mark.
const SEEN: [Mark; 4] = [
    "halted of its own will",
    "sent to a link that was gone",
    "lost on the way",
    "unread, the socket being full",
];

/// All marks.
pub fn all() -> Vec<Mark> {
    let counted = COUNTED.iter().map(|(mark, _)| *mark);
    counted.chain(TOLD).chain(SEEN).collect()
}

fn told(notification: &Notification) -> Option<Mark> {
    let [
        refuted,
        back,
        verdict,
        anew,
        left,
        moved,
        twin,
        conflict,
        reset,
        disk,
        quorum,
    ] = TOLD;
    Some(match notification {
        Notification::Member(event) => match &event.kind {
            MemberEventKind::Refuted { .. } => refuted,
            // Its incarnation is above the one it was condemned on.
            MemberEventKind::Joined {
                before: Some(MemberStatus::Dead),
            } if event.footing.incarnation.0 > 0 => back,
            MemberEventKind::Joined { before: Some(_) } => anew,
            MemberEventKind::Died { after, .. } if after.is_zero() => verdict,
            MemberEventKind::Left => left,
            MemberEventKind::Updated => moved,
            MemberEventKind::Conflict => twin,
            _ => return None,
        },
        Notification::Twin { .. } => twin,
        Notification::Conflict { .. } => conflict,
        Notification::Key(event) if event.kind == KeyEventKind::Reset => reset,
        Notification::Disk(_) => disk,
        Notification::Quorum(_) => quorum,
        _ => return None,
    })
}

impl<M: Machine> World<M> {
    /// Which of the rare states it has been in.
    pub fn marks(&self) -> BTreeSet<Mark> {
        let mut marks = BTreeSet::new();
        let [halted, unlinked, lost, unread] = SEEN;
        for at in &self.hosts {
            marks.extend(at.notifications.iter().filter_map(|(_, it)| told(it)));
            if let Some(node) = at.node.as_ref().and_then(M::as_node) {
                let counted = COUNTED.iter();
                let counted = counted.filter(|(_, count)| count(node.counters()) > 0);
                marks.extend(counted.map(|(mark, _)| *mark));
            }
            let seen = [
                (halted, matches!(at.halt, Some(Halt::Conflict { .. }))),
                (unlinked, at.traffic.unlinked > 0),
                (lost, at.traffic.lost > 0),
                (unread, at.traffic.unread > 0),
            ];
            marks.extend(seen.iter().filter(|(_, is)| *is).map(|(mark, _)| *mark));
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{HostId, NodeSetup, Setup};
    use core::time::Duration;

    #[test]
    fn a_mark_is_there_when_its_state_was() {
        let mut world = World::new(Setup::seeded(1));
        for name in ["a", "b", "c"] {
            world.add(NodeSetup::named(name).joining("a"));
        }
        world.run_for(Duration::from_secs(10));
        assert!(!world.marks().contains("a probe found nobody"));
        assert!(!world.marks().contains("back in a new run"));
        world.crash(HostId::new(2));
        world.run_for(Duration::from_secs(30));
        world.restart(HostId::new(2));
        world.run_for(Duration::from_secs(10));
        assert!(world.marks().contains("a probe found nobody"));
        assert!(world.marks().contains("back in a new run"));
    }

    #[test]
    fn every_mark_has_a_name_of_its_own() {
        let all = all();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
