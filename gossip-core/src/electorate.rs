//! Who votes: the list against which a quorum is counted, and how.
//!
//! An operator who knows who belongs to the cluster says so with an
//! [`Electorate`]: then a member that nobody expected changes nothing, and one
//! that was never met is missed. Without a list everybody counts whom this node
//! knows and who has not left, and a cut that lasts until the dead are
//! forgotten makes both sides whole in their own eyes: a list is what makes a
//! majority mean something.
//!
//! It is this node's own view, set for each node. It is evidence for people and
//! programs, not an authority: two sides can both believe, for a while, that
//! they are the majority, and only a lease would tell which may act.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::base::id::{IdError, NodeId};
use crate::base::limit;

/// What fails together: a rack, a room, a zone. By default the zone in a
/// member's name; empty for members without one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Domain(String);

impl Domain {
    /// The zone of a member's name.
    pub fn of(id: &NodeId) -> Self {
        Self(id.zone().to_string())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = IdError;

    /// A path of labels like a zone's, or nothing.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if !text.is_empty() {
            text.parse::<NodeId>()?;
        }
        Ok(Self(text.to_string()))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.0.is_empty() { "(none)" } else { &self.0 })
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One member on the operator's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Whether it counts. One that does not is expected all the same.
    pub votes: bool,
    /// With whom it fails; `None`: with its zone.
    pub domain: Option<Domain>,
}

impl Default for Seat {
    /// Votes, and fails with its zone.
    fn default() -> Self {
        Self {
            votes: true,
            domain: None,
        }
    }
}

/// Who belongs to the cluster, as an operator says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Electorate {
    /// Everybody who belongs, at most [`limit::ELECTORATE`]; `None`: everybody
    /// who is known and has not left, and all of them vote.
    pub seats: Option<BTreeMap<NodeId, Seat>>,
    /// Domains taken out of use, at most [`limit::ELECTORATE`]: their members do
    /// not vote, and are in no quorum themselves. Only
    /// [`QuorumProvider::FailureDomain`] asks.
    pub inactive: BTreeSet<Domain>,
}

impl Electorate {
    /// A list of members who all vote.
    pub fn of_voters(voters: impl IntoIterator<Item = NodeId>) -> Self {
        let seats = voters.into_iter().map(|id| (id, Seat::default()));
        Self {
            seats: Some(seats.collect()),
            inactive: BTreeSet::new(),
        }
    }

    /// The seat of a member; of one that is not on the list, `None`. Without a
    /// list everybody has one.
    pub fn seat(&self, id: &NodeId) -> Option<Seat> {
        match &self.seats {
            Some(seats) => seats.get(id).cloned(),
            None => Some(Seat::default()),
        }
    }

    /// With whom a member fails.
    pub fn domain(&self, id: &NodeId) -> Domain {
        self.seats
            .as_ref()
            .and_then(|seats| seats.get(id)?.domain.clone())
            .unwrap_or_else(|| Domain::of(id))
    }

    /// Whether it is short enough.
    ///
    /// # Errors
    /// If either list has more than [`limit::ELECTORATE`] entries.
    pub fn check(&self) -> Result<(), ElectorateError> {
        let seats = self.seats.as_ref().map_or(0, BTreeMap::len);
        let found = seats.max(self.inactive.len());
        if found > limit::ELECTORATE {
            return Err(ElectorateError::TooMany { found });
        }
        Ok(())
    }
}

/// A list that an operator gave to a running node, and that outlives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elected {
    /// Who votes.
    pub list: Electorate,
    /// What the configuration said then. One that says something else at a
    /// later start is the operator's newer word, and outranks the list.
    pub instead_of: Electorate,
}

impl Elected {
    /// Who votes at a start with this configuration.
    pub fn over(self, configured: Electorate) -> Electorate {
        if self.instead_of == configured && self.list.check().is_ok() {
            self.list
        } else {
            configured
        }
    }
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElectorateError {
    /// More entries than a node keeps.
    #[error("a list of {found} is more than the {max} a node keeps", max = limit::ELECTORATE)]
    TooMany {
        /// How many it has.
        found: usize,
    },
}

/// How a quorum is counted (libopenstorage/gossip's quorum providers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum QuorumProvider {
    /// More than half of the voters are here.
    #[default]
    Majority,
    /// More than half of the voters in active domains are here, and so is our
    /// own domain active.
    FailureDomain,
    /// Nobody counts: a node that takes part is always in quorum.
    None,
}

/// What an operator may choose about quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumConfig {
    /// How it is counted.
    pub provider: QuorumProvider,
    /// How long a node that lost its quorum waits, suspect, before it calls
    /// itself out: a restart or a short cut is over by then. 0 to 1 h. (60 s:
    /// libopenstorage/gossip.)
    pub timeout: Duration,
    /// How long a dead member is only suspected to be down while no other of its
    /// domain answers; then it is down, if we are in quorum ourselves. Shorter
    /// than a domain takes to be cut off and back, and data is copied for
    /// nothing. 0 to 1 h. (60 s: libopenstorage/gossip.) Only
    /// [`QuorumProvider::FailureDomain`] asks.
    pub probation: Duration,
    /// Who votes.
    pub electorate: Electorate,
}

impl Default for QuorumConfig {
    fn default() -> Self {
        Self {
            provider: QuorumProvider::default(),
            timeout: Duration::from_secs(60),
            probation: Duration::from_secs(60),
            electorate: Electorate::default(),
        }
    }
}
