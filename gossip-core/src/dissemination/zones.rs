//! Who is near: the members by zone, as their names say.
//!
//! News goes round in its zone, and its author mails it to a few of every
//! other: one or two there are enough for the zone to have it as soon as
//! everybody else, at two copies a zone instead of one a member
//! (docs/ARCHITECTURE.md). Where all are in one zone this room is empty.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::membership::Roster;

/// The members that are here, by zone; made anew when the roster has changed.
#[derive(Debug, Default)]
pub struct Zones {
    as_of: Option<u64>,
    members: BTreeMap<String, Vec<NodeId>>,
}

impl Zones {
    /// Looks at the roster, if it has changed.
    pub fn look(&mut self, roster: &Roster) {
        if self.as_of == Some(roster.changes()) {
            return;
        }
        self.as_of = Some(roster.changes());
        self.members.clear();
        for member in roster.others() {
            let id = member.id();
            if let Some(zone) = self.members.get_mut(id.zone()) {
                zone.push(id.clone());
            } else {
                let zone = Vec::from([id.clone()]);
                self.members.insert(String::from(id.zone()), zone);
            }
        }
    }

    /// Whether somebody is in another zone than `me`.
    pub fn are_many(&self, me: &NodeId) -> bool {
        self.members.keys().any(|zone| zone != me.zone())
    }

    /// Members of `me`'s zone, so many, by chance; and now and then one of
    /// another: all of a zone together about two a round.
    pub fn near(&self, me: &NodeId, count: usize, rng: &mut Rng) -> Vec<NodeId> {
        let none = Vec::new();
        let near = self.members.get(me.zone()).unwrap_or(&none);
        let mut chosen: Vec<NodeId> = rng.pick(count, near).into_iter().cloned().collect();
        let all = u64::try_from(near.len() + 1).unwrap_or(u64::MAX);
        if rng.below(all) < RELAYS {
            chosen.extend(self.abroad(me, 1, rng));
        }
        chosen
    }

    /// So many members of other zones, each zone equally likely.
    fn abroad(&self, me: &NodeId, count: usize, rng: &mut Rng) -> Vec<NodeId> {
        let others = self.members.iter().filter(|(zone, _)| *zone != me.zone());
        let zones = rng.sample(count, others);
        let one = |(_, members): (&String, &Vec<NodeId>)| rng.choose(members).cloned();
        zones.into_iter().filter_map(one).collect()
    }

    /// Two members of every other zone, for what is new here; of very many
    /// zones some.
    pub fn mailed(&self, me: &NodeId, rng: &mut Rng) -> Vec<NodeId> {
        let others = self.members.iter().filter(|(zone, _)| *zone != me.zone());
        let zones = rng.sample(ZONES, others);
        let mut chosen = Vec::new();
        for (_, members) in zones {
            chosen.extend(rng.pick(SEEDS, members).into_iter().cloned());
        }
        chosen
    }
}

/// Members of each other zone that an author mails to (our simulation: with two,
/// 5 zones of 200 are done in 8.1 cycles at 11 copies across, where uniform
/// gossip takes 9.2 and 800).
const SEEDS: usize = 2;

/// Members of a zone that call another one in a round, all together (ibid.).
const RELAYS: u64 = 2;

/// Zones that are mailed to at once (guess: beyond it relays carry the news).
const ZONES: usize = 32;
