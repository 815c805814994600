//! A batch without the bytes of its larger entries: what they are called, so
//! that they can be fetched chunk by chunk.
//!
//! ```text
//!   ┌ head (sealed) ─────────────────────────────┐
//!   └───┬──────────────┬──────────────┬──────────┘
//!    entry 58       entry 59       entry 60
//!    its bytes      hashes a b c   its bytes
//! ```
//!
//! Who tells it has the bytes at hand, and its wire names the chunks; who reads
//! it has the names. The hash in the head proves them.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;

use super::chunk::chunks_of;
use super::{Batch, BatchHead, BatchPart, ChunkHash, ChunkedId, Sealed, weight};
use crate::base::limit;

/// An entry that is told by its chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chunked {
    /// Its exact bytes, at who tells it; only the names of their chunks travel.
    Held(Bytes),
    /// How long it is, and its chunks by name, at who reads it.
    Named {
        /// How many bytes.
        bytes: u32,
        /// The hash of each chunk.
        chunks: Vec<ChunkHash>,
    },
}

impl Chunked {
    /// How many bytes the entry has.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Held(bytes) => bytes.len(),
            Self::Named { bytes, .. } => usize::try_from(*bytes).unwrap_or(usize::MAX),
        }
    }

    /// Of how many chunks it is.
    pub fn chunks(&self) -> usize {
        match self {
            Self::Held(bytes) => chunks_of(bytes.len()),
            Self::Named { chunks, .. } => chunks.len(),
        }
    }
}

/// One entry of a batch that is told by its chunks, in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChunkedPart {
    /// Its place in the batch, from zero.
    pub index: u32,
    /// The entry.
    pub entry: Chunked,
}

impl ChunkedPart {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let hashes = self.entry.chunks() * limit::ENTRY_HASH_BYTES;
        2 * weight::FIELD + 2 * weight::NUMBER + hashes
    }
}

/// A batch, its larger entries told by their chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// What the author sealed.
    pub head: Arc<Sealed<BatchHead>>,
    /// The entries at hand, in rising places.
    pub parts: Vec<BatchPart>,
    /// Those told by their chunks, in rising places.
    pub chunked: Vec<ChunkedPart>,
}

impl Outline {
    /// Tells a batch without its entries of more than so many bytes.
    pub fn of(batch: &Batch, most: usize) -> Self {
        let is_small = |part: &&BatchPart| part.entry.bytes.len() <= most;
        let (small, large): (Vec<_>, Vec<_>) = batch.parts.iter().partition(is_small);
        let chunked = large.into_iter().map(|part| ChunkedPart {
            index: part.index,
            entry: Chunked::Held(part.entry.bytes.clone()),
        });
        Self {
            head: Arc::clone(&batch.head),
            parts: small.into_iter().cloned().collect(),
            chunked: chunked.collect(),
        }
    }

    /// Whether every entry the head names is told, in one way or the other.
    pub fn is_whole(&self) -> bool {
        let told = self.parts.len() + self.chunked.len();
        told == usize::try_from(self.head.value.count).unwrap_or(usize::MAX)
    }

    /// What one of its entries is called.
    pub fn id_of(&self, index: u32) -> ChunkedId {
        let head = &self.head.value;
        ChunkedId {
            author: head.author.clone(),
            generation: head.generation(),
            version: head.first.plus(u64::from(index)),
        }
    }

    /// Whether an entry of it that is told by its chunks is called so.
    pub fn names(&self, of: &ChunkedId) -> bool {
        let head = &self.head.value;
        let index = of.version.0.checked_sub(head.first.0);
        let index = index.and_then(|index| u32::try_from(index).ok());
        head.author == of.author
            && head.generation() == of.generation
            && self.chunked.iter().any(|part| Some(part.index) == index)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let parts = self.parts.iter();
        let parts = parts.map(|part| part.entry.weight() + weight::NUMBER + weight::FIELD);
        let chunked = self.chunked.iter().map(ChunkedPart::weight);
        self.head.weight() + parts.sum::<usize>() + chunked.sum::<usize>() + 2 * weight::FIELD
    }
}

/// A batch whose entries have come: the bytes of each, in pieces. The host reads
/// them, and holds them against the head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gathered {
    /// What the author sealed.
    pub head: Arc<Sealed<BatchHead>>,
    /// The place of each entry, rising, and its exact bytes, to be put together.
    pub entries: Vec<(u32, Vec<Bytes>)>,
}
