//! What a member says of itself: I am here (or gone), at these addresses.
//!
//! Only the member authors its claims, so relaying one proves nothing about
//! the relay. Which of two claims counts is decided by their [`Footing`]: the
//! generation (one a run of the process, persisted) and within it the
//! incarnation (raised by the member alone, to refute an accusation).

use super::{Addrs, weight};
use crate::base::id::NodeId;

/// The run of a member's process. Persisted before the first send and raised
/// at every start to `max(saved + 1, unix milliseconds)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Generation(pub u64);

/// Raised within a run, by the member itself, to refute. Not persisted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Incarnation(pub u64);

/// Where a statement about a member stands in that member's history.
/// Generation first, then incarnation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Footing {
    /// The run.
    pub generation: Generation,
    /// Within the run.
    pub incarnation: Incarnation,
}

/// Whether the member says it is here or has left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Presence {
    /// I am here.
    Alive,
    /// I have left, of my own will.
    Left,
}

/// A member about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who speaks, and about whom.
    pub member: NodeId,
    /// Where this stands in its history.
    pub footing: Footing,
    /// Here or gone.
    pub presence: Presence,
    /// Where to reach it, best first; at most [`limit::ADDRS`](crate::base::limit::ADDRS).
    pub addrs: Addrs,
}

impl Claim {
    /// Whether this claim replaces `other`, both being of one member.
    ///
    /// A higher footing does; on equal footing having left replaces being
    /// here. Anything else is old news or the same news.
    pub fn supersedes(&self, other: &Self) -> bool {
        (self.footing, self.presence) > (other.footing, other.presence)
    }

    /// An upper bound of its encoded length, in bytes, before sealing.
    pub fn weight(&self) -> usize {
        weight::id(&self.member)
            + 4 * weight::NUMBER
            + self.addrs.len() * weight::ADDR
            + weight::FIELD
    }
}
