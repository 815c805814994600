//! What one author committed together.
//!
//! ```text
//!   ┌ head (sealed, one signature) ────────────────────┐
//!   │ author · lineage · first version · hash of each  │
//!   └───┬──────────────┬──────────────┬────────────────┘
//!    entry 58       entry 59       entry 60     each its author's exact bytes
//! ```
//!
//! The head names every entry by hash, so a relay can hand on the entries that
//! still matter and leave out the superseded ones, and what it hands on can
//! still be proven to be its author's.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Entry, Floor, Generation, Head, Lineage, Sealed, Version, weight};
use crate::base::id::NodeId;
use crate::base::limit;

/// The head of a batch: what its author seals.
///
/// A batch without entries is an *opening*: it declares the base of a new
/// generation and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHead {
    /// Whose log.
    pub author: NodeId,
    /// The run that wrote it, and those it continues.
    pub lineage: Lineage,
    /// The version of the first entry; of an opening, the one that will be next.
    pub first: Version,
    /// How many entries it names; at most [`limit::BATCH_ENTRIES`].
    pub count: u32,
    /// What its author has cleared of the log, as of this batch.
    pub floor: Floor,
}

impl BatchHead {
    /// The generation that wrote it: the last of its lineage.
    pub fn generation(&self) -> Generation {
        self.lineage
            .bases()
            .last()
            .map_or(Generation(0), |base| base.generation)
    }

    /// The version before its first.
    pub const fn before(&self) -> Version {
        self.first.before()
    }

    /// What the author's own head is once this is written.
    pub fn after(&self) -> Head {
        Head {
            generation: self.generation(),
            version: self.before().plus(u64::from(self.count)),
        }
    }
}

/// One entry of a batch, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPart {
    /// Its place in the batch, from zero.
    pub index: u32,
    /// The entry and its exact bytes.
    pub entry: Sealed<Entry>,
}

impl BatchPart {
    /// Whether a run of a log tells it by its chunks.
    pub fn is_large(&self) -> bool {
        self.entry.bytes.len() > limit::LARGE_BYTES
    }
}

/// A batch, or the part of it that still matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What the author sealed. Shared: each entry kept in memory points at it.
    pub head: Arc<Sealed<BatchHead>>,
    /// The entries at hand, in rising places.
    pub parts: Vec<BatchPart>,
}

impl Batch {
    /// Whose log it belongs to.
    pub fn author(&self) -> &NodeId {
        &self.head.value.author
    }

    /// Whether every entry it names is at hand.
    pub fn is_whole(&self) -> bool {
        self.parts.len() == usize::try_from(self.head.value.count).unwrap_or(usize::MAX)
    }

    /// Whether an entry of it is told by its chunks.
    pub fn has_large(&self) -> bool {
        self.parts.iter().any(BatchPart::is_large)
    }

    /// The version of the entry in place `index`.
    pub fn version(&self, index: u32) -> Version {
        self.head.value.first.plus(u64::from(index))
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let parts = self.parts.iter();
        let parts = parts.map(|part| part.entry.weight() + weight::NUMBER + weight::FIELD);
        self.head.weight() + parts.sum::<usize>() + weight::FIELD
    }
}

/// A batch before sealing: what the author wants said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whose log.
    pub author: NodeId,
    /// The run that writes, and those it continues.
    pub lineage: Lineage,
    /// The version of the first entry.
    pub first: Version,
    /// The entries, in version order; none in an opening.
    pub entries: Vec<Entry>,
    /// What is cleared of the log from now on.
    pub floor: Floor,
}

impl Draft {
    /// An upper bound of the length, in bytes, of the batch it becomes.
    pub fn weight(&self) -> usize {
        let entry = |entry: &Entry| entry.weight() + Self::PER_ENTRY;
        self.entries.iter().map(entry).sum::<usize>()
            + weight::id(&self.author)
            + self.lineage.bases().len() * 4 * weight::NUMBER
            + 7 * weight::NUMBER
            + 5 * weight::FIELD
            + limit::SIGNATURE_BYTES_MAX
    }

    /// What each entry adds beside its own weight: its hash, place and tags.
    const PER_ENTRY: usize = limit::ENTRY_HASH_BYTES + 3 * weight::FIELD + 2 * weight::NUMBER;
}
