//! One row of the roster: a member, and how it stands.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::Suspicion;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::message::{Accusation, Claim, Footing, Item, MemberRow, MemberState, Presence, Sealed};
use crate::output::{MemberEvent, MemberEventKind, MemberStatus};

/// How a member stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Here.
    Alive,
    /// Accused of silence; dead when its time is over, unless it refutes.
    Suspect(Box<Suspicion>),
    /// Condemned: this is its death certificate.
    Dead(Box<Sealed<Accusation>>),
    /// Gone of its own will.
    Left,
}

impl Standing {
    /// How a member stands who says so itself.
    pub const fn of(presence: Presence) -> Self {
        match presence {
            Presence::Alive => Self::Alive,
            Presence::Left => Self::Left,
        }
    }
}

/// One row of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The newest thing it said of itself.
    pub claim: Sealed<Claim>,
    /// How it stands.
    pub standing: Standing,
    /// Since when it stands so, here.
    pub since: Instant,
}

impl Member {
    /// Who.
    pub const fn id(&self) -> &NodeId {
        &self.claim.value.member
    }

    /// Where it stands in its history.
    pub const fn footing(&self) -> Footing {
        self.claim.value.footing
    }

    /// Its standing as one word.
    pub const fn status(&self) -> MemberStatus {
        match self.standing {
            Standing::Alive => MemberStatus::Alive,
            Standing::Suspect(_) => MemberStatus::Suspect,
            Standing::Dead(_) => MemberStatus::Dead,
            Standing::Left => MemberStatus::Left,
        }
    }

    /// Whether it takes part: alive, or suspect and not yet condemned.
    pub const fn is_here(&self) -> bool {
        matches!(self.standing, Standing::Alive | Standing::Suspect(_))
    }

    /// The suspicion it is under.
    pub fn suspicion(&self) -> Option<&Suspicion> {
        match &self.standing {
            Standing::Suspect(suspicion) => Some(suspicion),
            _ => None,
        }
    }

    /// Its row in a digest.
    pub const fn row(&self) -> MemberRow {
        let state = match self.standing {
            Standing::Alive | Standing::Suspect(_) => MemberState::Alive,
            Standing::Dead(_) => MemberState::Dead,
            Standing::Left => MemberState::Left,
        };
        MemberRow {
            footing: self.claim.value.footing,
            state,
        }
    }

    /// What another has to hear to believe what we believe: of a dead member
    /// the verdict first, so that whoever never knew it does not welcome it.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        if let Standing::Dead(verdict) = &self.standing {
            items.push(Item::Accusation((**verdict).clone()));
        }
        items.push(Item::Claim(self.claim.clone()));
        items
    }

    /// What to tell the application of it.
    pub fn event(&self, kind: MemberEventKind) -> MemberEvent {
        MemberEvent {
            id: self.id().clone(),
            kind,
            footing: self.footing(),
            addrs: self.claim.value.addrs.to_vec(),
        }
    }

    /// What a newer claim of it means, after how it stood.
    pub fn renewed_by(&self, claim: &Claim, now: Instant) -> MemberEventKind {
        let before = self.status();
        let same_run = self.footing().generation == claim.footing.generation;
        match (before, &self.standing) {
            _ if claim.presence == Presence::Left => MemberEventKind::Left,
            (_, Standing::Suspect(suspicion)) if same_run => MemberEventKind::Refuted {
                by: suspicion.first().clone(),
                after: now.since(suspicion.since()),
            },
            (MemberStatus::Alive, _) if same_run => MemberEventKind::Updated,
            _ => MemberEventKind::Joined {
                before: Some(before),
            },
        }
    }

    /// How long it has stood so.
    pub const fn for_how_long(&self, now: Instant) -> Duration {
        now.since(self.since)
    }
}
