//! The truth: what every member has said, of itself and against others, whoever
//! relays it.
//!
//! No rule, but what rules are judged by. It hears each statement at the moment
//! its author has it sealed, so nobody can know of it earlier.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::message::{Accusation, Charge, Claim, Footing, Presence};
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
    newest: Option<(Footing, Presence)>,
    /// On one footing both, should two processes bear the name.
    claims: BTreeSet<(Footing, Presence)>,
    /// The footing, how grave it is, and the accuser.
    accused: BTreeSet<(Footing, Charge, NameId)>,
}

impl Truth {
    /// A member has a claim of its own sealed.
    pub(in crate::sim) fn says(&mut self, claim: &Claim) {
        let (_, said) = self.enter(&claim.member);
        let word = (claim.footing, claim.presence);
        said.newest = said.newest.max(Some(word));
        said.claims.insert(word);
    }

    /// A member has an accusation of its own sealed.
    pub(in crate::sim) fn accuses(&mut self, accusation: &Accusation) {
        let (accuser, _) = self.enter(&accusation.accuser);
        let (_, said) = self.enter(&accusation.accused);
        let charge = accusation.charge;
        said.accused.insert((accusation.footing, charge, accuser));
    }

    /// Whether its accuser ever made it, and as grave.
    pub(in crate::sim) fn has_accused(&self, accusation: &Accusation) -> bool {
        let accuser = self.names.find(&accusation.accuser);
        let said = self.said(&accusation.accused);
        let (footing, charge) = (accusation.footing, accusation.charge);
        accuser
            .zip(said)
            .is_some_and(|(accuser, said)| said.accused.contains(&(footing, charge, accuser)))
    }

    /// What it was ever accused of on this footing, the gravest first.
    pub(in crate::sim) fn charges(
        &self,
        id: &NodeId,
        footing: Footing,
    ) -> impl Iterator<Item = Charge> {
        let accused = self.said(id).into_iter().flat_map(|said| &said.accused);
        let accused = accused.rev().skip_while(move |(on, ..)| *on > footing);
        let accused = accused.take_while(move |(on, ..)| *on == footing);
        accused.map(|(_, charge, _)| *charge)
    }

    /// The newest it ever said of itself.
    pub(in crate::sim) fn newest(&self, id: &NodeId) -> Option<Footing> {
        self.said(id)?.newest.map(|(footing, _)| footing)
    }

    /// Whether it ever said on this footing that it is here, or that it has left.
    pub(in crate::sim) fn has_said(
        &self,
        id: &NodeId,
        footing: Footing,
        presence: Presence,
    ) -> bool {
        let word = (footing, presence);
        self.said(id)
            .is_some_and(|said| said.newest == Some(word) || said.claims.contains(&word))
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
