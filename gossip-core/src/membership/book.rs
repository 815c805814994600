//! Where to look for those we are not connected to: seeds, and everybody
//! whose address we ever learned.
//!
//! Dead is not forgotten. As long as a node runs it tries, one at a time and
//! in random order, the seeds of its configuration and the members it holds
//! dead or never heard of since its last run. That is what heals a partition
//! of any length, and what lets a cluster restart with every seed gone.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Links, Roster, Standing};
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::input::Target;
use crate::message::{Claim, Presence, Sealed};

/// The peer book.
#[derive(Debug)]
pub struct Book {
    /// Each seed, and the peer it last led to.
    seeds: BTreeMap<String, Option<NodeId>>,
    /// Members of an earlier run that we have not met in this one.
    remembered: BTreeMap<NodeId, Sealed<Claim>>,
}

impl Book {
    /// The book of a node that starts.
    pub fn new(seeds: &[String], saved: Vec<Sealed<Claim>>, me: &NodeId) -> Self {
        let here = saved
            .into_iter()
            .filter(|claim| claim.value.presence == Presence::Alive && claim.value.member != *me);
        Self {
            seeds: seeds.iter().map(|seed| (seed.clone(), None)).collect(),
            remembered: here
                .map(|claim| (claim.value.member.clone(), claim))
                .collect(),
        }
    }

    /// Whether it has nobody to try, ever.
    pub fn is_empty(&self) -> bool {
        self.seeds.is_empty() && self.remembered.is_empty()
    }

    /// Whether nobody but ourselves was ever to be found by it.
    pub fn leads_nowhere(&self, me: &NodeId) -> bool {
        let ours = |peer: &Option<NodeId>| peer.as_ref() == Some(me);
        self.remembered.is_empty() && self.seeds.values().all(ours)
    }

    /// A seed led to a peer, perhaps to ourselves.
    pub fn seed_is(&mut self, seed: &str, peer: &NodeId) {
        if let Some(known) = self.seeds.get_mut(seed) {
            *known = Some(peer.clone());
        }
    }

    /// A member was met: the roster knows it from now on.
    pub fn met(&mut self, peer: &NodeId) {
        self.remembered.remove(peer);
    }

    /// Everybody worth a try now: unconnected seeds in random order, and in
    /// between them dead members and remembered ones, so that neither waits
    /// behind many of the other.
    pub fn candidates(&self, roster: &Roster, links: &Links, rng: &mut Rng) -> Vec<Target> {
        let seeds = self
            .seeds
            .iter()
            .filter(|(_, peer)| peer.as_ref().is_none_or(|peer| !links.is_up(peer)));
        let seeds = seeds.map(|(seed, _)| Target::Seed(seed.clone()));
        let dead = roster
            .iter()
            .filter(|(_, member)| matches!(member.standing, Standing::Dead(_)));
        let dead =
            dead.map(|(id, member)| Target::Member(id.clone(), member.claim.value.addrs.clone()));
        let remembered = self.remembered.values().filter(|claim| {
            !links.is_up(&claim.value.member) && roster.member(&claim.value.member).is_none()
        });
        let remembered = remembered
            .map(|claim| Target::Member(claim.value.member.clone(), claim.value.addrs.clone()));
        let mut seeds: Vec<Target> = seeds.collect();
        let mut members: Vec<Target> = dead.chain(remembered).collect();
        rng.shuffle(&mut seeds);
        rng.shuffle(&mut members);
        let (mut seeds, mut members) = (seeds.into_iter(), members.into_iter());
        let mut all = Vec::new();
        while seeds.len() + members.len() > 0 {
            all.extend(seeds.next());
            all.extend(members.next());
        }
        all
    }
}
