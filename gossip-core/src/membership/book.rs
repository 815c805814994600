//! Whom to call that is not here: seeds, and everybody whose address we ever
//! learned.
//!
//! Dead is not forgotten. As long as a node runs it calls, in random order, the
//! seeds of its configuration and the members it holds dead or never heard of
//! since its last run. That is what heals a partition of any length, and what
//! lets a cluster restart with every seed gone. All of a cluster's members
//! together make about four calls in a
//! [`reconnect_interval`](crate::config::Config::reconnect_interval), however
//! many they are: a cut through a thousand does not make a storm.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Links, Roster};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::input::Target;
use crate::message::{Claim, Footing, Sealed};

/// The peer book.
#[derive(Debug)]
pub struct Book {
    /// Each seed, and where it last led.
    seeds: BTreeMap<String, Option<Led>>,
    /// Members that have no row: of an earlier run, and not met in this one; or
    /// dead for so long that their row is gone.
    remembered: BTreeMap<NodeId, Sealed<Claim>>,
}

/// Where a seed led.
#[derive(Debug)]
struct Led {
    /// The last time; `None`: to ourselves.
    to: Option<NodeId>,
    /// To ourselves, once. Its name may stand for many then, of whom whoever
    /// answers first is one, or for fewer than it will.
    ours: bool,
}

impl Book {
    /// The book of a node that starts.
    pub fn new(seeds: &[String]) -> Self {
        Self {
            seeds: seeds.iter().map(|seed| (seed.clone(), None)).collect(),
            remembered: BTreeMap::new(),
        }
    }

    /// Whether it has nobody to try, ever.
    pub fn is_empty(&self) -> bool {
        self.seeds.is_empty() && self.remembered.is_empty()
    }

    /// Whether nobody but ourselves was ever to be found by it.
    pub fn leads_nowhere(&self) -> bool {
        let ours = |led: &Option<Led>| led.as_ref().is_some_and(|led| led.to.is_none());
        self.remembered.is_empty() && self.seeds.values().all(ours)
    }

    /// A seed led to a peer; `None`: to ourselves.
    pub fn seed_is(&mut self, seed: &str, to: Option<&NodeId>) {
        if let Some(known) = self.seeds.get_mut(seed) {
            let before = known.as_ref().is_some_and(|led| led.ours);
            *known = Some(Led {
                to: to.cloned(),
                ours: before || to.is_none(),
            });
        }
    }

    /// A member has no row, and may come back. How many there was no room for.
    pub fn remember(&mut self, claim: Sealed<Claim>) -> u64 {
        let room = self.remembered.len() < limit::REMEMBERED;
        if room {
            self.remembered.insert(claim.value.member.clone(), claim);
        }
        u64::from(!room)
    }

    /// Up to where the history of a member that is called was known.
    pub fn footing(&self, peer: &NodeId) -> Option<Footing> {
        let claim = self.remembered.get(peer)?;
        Some(claim.value.footing)
    }

    /// Whether a member is called that has no row.
    pub fn remembers(&self, peer: &NodeId) -> bool {
        self.remembered.contains_key(peer)
    }

    /// A member was met: the roster knows it from now on.
    pub fn met(&mut self, peer: &NodeId) {
        self.remembered.remove(peer);
    }

    /// Whom to call now: an unconnected seed or a member that is not here, by
    /// chance, so that neither waits behind many of the other.
    pub fn call(&self, roster: &Roster, links: &Links, rng: &mut Rng) -> Option<Target> {
        let seed = rng.sample(1, self.lost_seeds(roster, links)).pop();
        let seed = seed.or_else(|| self.call_again(rng));
        let seed = seed.map(|seed| Target::Seed(seed.clone()));
        let member = roster.any_dead(rng).map(|member| &member.claim.value);
        let remembered = rng.sample(1, self.strangers(roster, links)).pop();
        let mut members = member.into_iter().chain(remembered);
        let member = match (members.next(), members.next()) {
            (Some(one), Some(other)) => Some(if rng.chance_ppm(500_000) { one } else { other }),
            (one, _) => one,
        };
        let member = member.map(Target::of);
        match (seed, member) {
            (Some(seed), Some(member)) => Some(if rng.chance_ppm(500_000) {
                seed
            } else {
                member
            }),
            (seed, member) => seed.or(member),
        }
    }

    /// A seed that has led to ourselves, now and then, although others are here.
    /// Under the one name of all its members a cluster that started in parts finds
    /// itself; who is but its own seed pays for a dial to itself.
    fn call_again(&self, rng: &mut Rng) -> Option<&String> {
        let ours = |led: &Option<Led>| led.as_ref().is_some_and(|led| led.ours);
        let seeds = self.seeds.iter().filter(|(_, led)| ours(led));
        let seed = rng.sample(1, seeds.map(|(seed, _)| seed)).pop()?;
        rng.chance_ppm(AGAIN_PPM).then_some(seed)
    }

    /// Some to call while we look for our cluster: seeds first, and not those that
    /// lead to ourselves.
    pub fn calls(
        &self,
        count: usize,
        roster: &Roster,
        links: &Links,
        rng: &mut Rng,
    ) -> Vec<Target> {
        let others = |seed: &&String| {
            let led = self.seeds.get(*seed).and_then(Option::as_ref);
            led.is_none_or(|led| led.to.is_some())
        };
        let mut seeds = rng.sample(count, self.lost_seeds(roster, links).filter(others));
        rng.shuffle(&mut seeds);
        let mut members = rng.sample(count, self.strangers(roster, links));
        rng.shuffle(&mut members);
        let mut seeds = seeds.into_iter().map(|seed| Target::Seed(seed.clone()));
        let mut members = members.into_iter().map(Target::of);
        let mut all = Vec::new();
        while all.len() < count && seeds.len() + members.len() > 0 {
            all.extend(seeds.next());
            all.extend(members.next());
        }
        all.truncate(count);
        all
    }

    /// Seeds that lead to nobody who is here; of those that lead to ourselves, while
    /// nobody else is.
    fn lost_seeds(&self, roster: &Roster, links: &Links) -> impl Iterator<Item = &String> {
        let lost = |led: &Led| match &led.to {
            Some(peer) => !links.is_up(peer) && !roster.is_here(peer),
            None => roster.others().is_empty(),
        };
        self.seeds
            .iter()
            .filter(move |(_, led)| led.as_ref().is_none_or(lost))
            .map(|(seed, _)| seed)
    }

    /// Members that have no row, and may come back.
    fn strangers(&self, roster: &Roster, links: &Links) -> impl Iterator<Item = &Claim> {
        let strange =
            |claim: &Claim| !links.is_up(&claim.member) && roster.member(&claim.member).is_none();
        self.remembered
            .values()
            .map(|claim| &claim.value)
            .filter(move |claim| strange(claim))
    }
}

/// Calls, of a million, that go to a seed that has led to ourselves, while others are
/// here and no other seed is lost (guess: one of sixteen; three who are quiet do it
/// every minute, a thousand every few hours).
const AGAIN_PPM: u32 = 62_500;
