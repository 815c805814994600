//! The truth: what every member has said, of itself and against others, whoever
//! relays it.
//!
//! No rule, but what rules are judged by. It hears each statement at the moment
//! its author has it sealed, so nobody can know of it earlier.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::base::id::NodeId;
use crate::message::{Accusation, Claim, Footing, Presence};

/// Everything that was ever claimed.
#[derive(Debug, Default)]
pub(in crate::sim) struct Truth {
    said: BTreeMap<NodeId, BTreeMap<Footing, Presence>>,
    /// Accuser, accused, and the footing.
    accused: BTreeSet<(NodeId, NodeId, Footing)>,
}

impl Truth {
    /// A member has a claim of its own sealed.
    pub(in crate::sim) fn says(&mut self, claim: &Claim) {
        let said = self.said.entry(claim.member.clone()).or_default();
        let presence = said.entry(claim.footing).or_insert(claim.presence);
        // Having left outweighs being here on one footing.
        *presence = (*presence).max(claim.presence);
    }

    /// A member has an accusation of its own sealed.
    pub(in crate::sim) fn accuses(&mut self, accusation: &Accusation) {
        self.accused.insert(key(accusation));
    }

    /// Whether its accuser ever made it.
    pub(in crate::sim) fn has_accused(&self, accusation: &Accusation) -> bool {
        self.accused.contains(&key(accusation))
    }

    /// The newest it ever said of itself.
    pub(in crate::sim) fn newest(&self, id: &NodeId) -> Option<Footing> {
        let last = self.said.get(id)?.last_key_value();
        last.map(|(footing, _)| *footing)
    }

    /// Whether it ever said anything on this footing.
    pub(in crate::sim) fn has_said(&self, id: &NodeId, footing: Footing) -> bool {
        self.said
            .get(id)
            .is_some_and(|said| said.contains_key(&footing))
    }
}

fn key(accusation: &Accusation) -> (NodeId, NodeId, Footing) {
    let Accusation {
        accuser, accused, ..
    } = accusation;
    (accuser.clone(), accused.clone(), accusation.footing)
}
