//! Anti-entropy: what I hold, what I lack, what you lack.
//!
//! Two peers compare the heads of all logs and the state of all members, and
//! send each other the difference. A digest is cut into pieces by range of
//! names, so that each fits a message and the other side knows, within a
//! range, which names were *not* mentioned.
//!
//! ```text
//!   opener                         server
//!     │── Digest (m … s] ───────────▶│
//!     │◀───────── Delta, Delta ──────│   what the opener lacks
//!     │── Digest (s … end] ─────────▶│   the last piece
//!     │◀───────── Delta, Want ───────│   what the server lacks
//!     │── Delta, Delta, Done ───────▶│
//! ```

use alloc::vec::Vec;

use super::{Batch, Footing, Head, Item, Version, weight};
use crate::base::id::NodeId;

/// How a member stands, as far as reconciliation cares: a suspicion is not
/// reconciled, it is spread as news or it is nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MemberState {
    /// Here, as far as known.
    Alive,
    /// Condemned on this footing.
    Dead,
    /// Gone of its own will.
    Left,
    /// Gone, and forgotten because an operator said so.
    Forgotten,
}

/// What we hold about a member. Ordered: the greater is the newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemberRow {
    /// The footing of its own claim.
    pub footing: Footing,
    /// How it stands.
    pub state: MemberState,
}

/// What we hold under one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigestRow {
    /// The member, and the author of the log.
    pub id: NodeId,
    /// Its place in our roster, if it has one.
    pub member: Option<MemberRow>,
    /// How much of its log we hold, if any.
    pub head: Option<Head>,
}

impl DigestRow {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::id(&self.id) + 6 * weight::NUMBER + 2 * weight::FIELD
    }
}

/// Everything we hold for the names in a range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    /// The range begins after this name; `None`: at the beginning.
    pub after: Option<NodeId>,
    /// The range ends with this name; `None`: at the end, and this is the last piece.
    pub through: Option<NodeId>,
    /// What we hold in it, in rising names.
    pub rows: Vec<DigestRow>,
}

impl Digest {
    /// Whether `id` lies in its range.
    pub fn covers(&self, id: &NodeId) -> bool {
        self.after.as_ref().is_none_or(|after| id > after)
            && self.through.as_ref().is_none_or(|through| id <= through)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let ends = [&self.after, &self.through];
        let ends: usize = ends.into_iter().flatten().map(weight::id).sum();
        weight::FIELD + ends + self.rows.iter().map(DigestRow::weight).sum::<usize>()
    }
}

/// The rows of the other's digest where we are behind, as we stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Want {
    /// What we hold under each of these names; a missing part is nothing.
    pub rows: Vec<DigestRow>,
}

impl Want {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD + self.rows.iter().map(DigestRow::weight).sum::<usize>()
    }
}

/// Writes of one log that follow on `from`, in rising versions.
///
/// Versions that are skipped between two entries were superseded within the
/// log: whoever applies this holds everything that still matters up to the
/// last entry in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDelta {
    /// It may be applied by whoever holds at least up to here.
    pub from: Version,
    /// All of one author.
    pub batches: Vec<Batch>,
}

impl LogDelta {
    /// Whose log, if it says anything.
    pub fn author(&self) -> Option<&NodeId> {
        self.batches.first().map(Batch::author)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let batches = self
            .batches
            .iter()
            .map(|batch| batch.weight() + weight::FIELD);
        weight::NUMBER + weight::FIELD + batches.sum::<usize>()
    }
}

/// What the other lacks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Delta {
    /// Claims and verdicts.
    pub members: Vec<Item>,
    /// Writes, at most one run a log.
    pub logs: Vec<LogDelta>,
}

impl Delta {
    /// Whether it says nothing.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty() && self.logs.is_empty()
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD
            + Item::weight_of(&self.members)
            + self.logs.iter().map(LogDelta::weight).sum::<usize>()
    }
}
