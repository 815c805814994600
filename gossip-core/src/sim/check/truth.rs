//! The truth: what every member has said, of itself and against others, whoever
//! relays it.
//!
//! No rule, but what rules are judged by. It hears each statement at the moment
//! its author has it sealed, so nobody can know of it earlier.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::message::{Accusation, Claim, Footing, Presence};
use crate::sim::names::{NameId, Names};

/// Everything that was ever claimed.
#[derive(Debug, Default)]
pub(in crate::sim) struct Truth {
    /// Names by numbers of its own: each message is held against it.
    names: Names,
    said: Vec<Said>,
}

/// What was said by one member, and against it.
#[derive(Debug, Default)]
struct Said {
    newest: Option<Footing>,
    claims: BTreeMap<Footing, Presence>,
    /// The footing and the accuser.
    accused: BTreeSet<(Footing, NameId)>,
}

impl Truth {
    /// A member has a claim of its own sealed.
    pub(in crate::sim) fn says(&mut self, claim: &Claim) {
        let (_, said) = self.enter(&claim.member);
        said.newest = said.newest.max(Some(claim.footing));
        let presence = said.claims.entry(claim.footing).or_insert(claim.presence);
        // Having left outweighs being here on one footing.
        *presence = (*presence).max(claim.presence);
    }

    /// A member has an accusation of its own sealed.
    pub(in crate::sim) fn accuses(&mut self, accusation: &Accusation) {
        let (accuser, _) = self.enter(&accusation.accuser);
        let (_, said) = self.enter(&accusation.accused);
        said.accused.insert((accusation.footing, accuser));
    }

    /// Whether its accuser ever made it.
    pub(in crate::sim) fn has_accused(&self, accusation: &Accusation) -> bool {
        let accuser = self.names.find(&accusation.accuser);
        let said = self.said(&accusation.accused);
        accuser
            .zip(said)
            .is_some_and(|(accuser, said)| said.accused.contains(&(accusation.footing, accuser)))
    }

    /// The newest it ever said of itself.
    pub(in crate::sim) fn newest(&self, id: &NodeId) -> Option<Footing> {
        self.said(id)?.newest
    }

    /// Whether it ever said anything on this footing.
    pub(in crate::sim) fn has_said(&self, id: &NodeId, footing: Footing) -> bool {
        self.said(id)
            .is_some_and(|said| said.claims.contains_key(&footing))
    }

    fn said(&self, id: &NodeId) -> Option<&Said> {
        self.said.get(self.names.find(id)?.index())
    }

    fn enter(&mut self, id: &NodeId) -> (NameId, &mut Said) {
        let name = self.names.insert(id);
        if self.said.len() <= name.index() {
            self.said.resize_with(name.index() + 1, Said::default);
        }
        (name, &mut self.said[name.index()])
    }
}
