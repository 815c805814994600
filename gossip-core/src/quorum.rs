//! What is said of a quorum: the words between a node and whoever asks it.
//!
//! How it is judged stands in [`membership::quorum`](crate::membership::quorum).

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::electorate::{Domain, QuorumProvider};
use crate::output::MemberStatus;

/// Whether a node may believe that its side of the cluster goes on.
///
/// ```text
///            voters come back
///          ┌───────────────────────────────────────┐
///          ▼         voters go           time is up │
///   ▶ Out ────▶ InQuorum ────────▶ Suspect ────────▶ Out
///                  ▲   voters come    │
///                  └──────────────────┘        any ── leave ──▶ Left
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum QuorumStanding {
    /// It has none, or has not looked yet.
    #[default]
    Out,
    /// It had one, and its time is running.
    Suspect {
        /// How much is left of it.
        left: Duration,
    },
    /// It has one.
    InQuorum,
    /// It has left the cluster, or leaves. Nothing follows.
    Left,
}

/// Why a node is in quorum or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuorumReason {
    /// The node does not take part yet.
    NotRunning,
    /// Nobody counts: [`QuorumProvider::None`].
    Uncounted,
    /// Enough voters are here.
    Enough,
    /// Fewer voters are here than are needed.
    TooFew,
    /// Nobody votes, so there is no majority.
    NoVoters,
    /// An operator has taken our own domain out of use.
    OwnDomainInactive {
        /// It.
        domain: Domain,
    },
    /// This node is not on the operator's list.
    NotListed,
    /// This node leaves, or has left.
    Left,
}

impl QuorumReason {
    /// One word for programs: a promise.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NotRunning => "not-running",
            Self::Uncounted => "uncounted",
            Self::Enough => "enough",
            Self::TooFew => "too-few",
            Self::NoVoters => "no-voters",
            Self::OwnDomainInactive { .. } => "own-domain-inactive",
            Self::NotListed => "not-listed",
            Self::Left => "left",
        }
    }
}

/// A count, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it is a quorum.
    pub quorum: bool,
    /// Why.
    pub reason: QuorumReason,
    /// How many vote.
    pub voters: usize,
    /// How many of them are here: alive, or suspect and not condemned.
    pub here: usize,
    /// How many have to be.
    pub needed: usize,
    /// Domains that are out of use, where that is asked.
    pub inactive: Vec<Domain>,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (voters, here, needed) = (self.voters, self.here, self.needed);
        match &self.reason {
            QuorumReason::NotRunning => f.write_str("the node does not take part yet"),
            QuorumReason::Left => f.write_str("the node has left the cluster"),
            QuorumReason::Uncounted => f.write_str("nobody is counted (provider none)"),
            QuorumReason::NoVoters => f.write_str("nobody votes"),
            QuorumReason::Enough => write!(f, "{here} of {voters} voters are here"),
            QuorumReason::TooFew => {
                write!(f, "{here} of {voters} voters are here, {needed} are needed")
            }
            QuorumReason::OwnDomainInactive { domain } => {
                write!(f, "this node's own zone {domain} is inactive")
            }
            QuorumReason::NotListed => {
                write!(
                    f,
                    "this node is not on the list of members ({here} of {voters} voters are here)"
                )
            }
        }?;
        let ours = match &self.reason {
            QuorumReason::OwnDomainInactive { domain } => Some(domain),
            _ => None,
        };
        for domain in self.inactive.iter().filter(|domain| Some(*domain) != ours) {
            write!(f, "; zone {domain} is inactive")?;
        }
        Ok(())
    }
}

/// A node's standing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumEvent {
    /// How it stood.
    pub before: QuorumStanding,
    /// How it stands.
    pub after: QuorumStanding,
    /// What was counted when it changed.
    pub judgement: Judgement,
}

/// What a member is to the quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// It counts.
    Voter,
    /// It is on the list without a vote.
    Watcher,
    /// It would count, but its domain is out of use.
    Inactive,
    /// It is not on the list: nobody expected it.
    Stranger,
}

/// What a dead member is to those who count by domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is down: a neighbour in its domain answers, or its probation is over.
    Down,
    /// No neighbour in its domain answers either: perhaps the domain is only
    /// out of sight.
    SuspectDown {
        /// How much is left of its probation.
        left: Duration,
    },
}

/// One member in the eyes of the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatView {
    /// Who.
    pub id: NodeId,
    /// What it is to the quorum.
    pub part: Part,
    /// With whom it fails.
    pub domain: Domain,
    /// How it stands; `None`: it is on the list, and was never met.
    pub status: Option<MemberStatus>,
    /// What its death means, where [`QuorumProvider::FailureDomain`] counts.
    pub fate: Option<Fate>,
}

/// Everything a node can say about its quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumView {
    /// How it stands.
    pub standing: QuorumStanding,
    /// How it counts.
    pub provider: QuorumProvider,
    /// Whether there is an operator's list.
    pub listed: bool,
    /// What it counts now.
    pub judgement: Judgement,
    /// Everybody on the list or known, in order of name.
    pub members: Vec<SeatView>,
}
