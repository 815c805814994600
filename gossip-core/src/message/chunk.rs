//! Chunks: a large entry, a piece at a time, from whoever has it.
//!
//! An entry of more than [`limit::CHUNK_BYTES`] is named in the head of its batch
//! by a hash over the hashes of its chunks. So whoever has the head and that list
//! can tell of each chunk by itself, wherever it comes from, that it is what the
//! author wrote:
//!
//! ```text
//!   head of the batch (one signature)
//!     └ hash of entry 58 = hash of (length, a, b, c)
//!                                            │  │  └ hash of bytes 65 536 …
//!                                            │  └─── hash of bytes 32 768 … 65 536
//!                                            └────── hash of bytes      0 … 32 768
//! ```
//!
//! An entry of one chunk is named by the hash of that chunk, its bytes.

use alloc::vec::Vec;

use bytes::Bytes;

use super::{Generation, Version, weight};
use crate::base::id::NodeId;
use crate::base::limit;

/// The hash of a chunk's bytes: as long as that of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChunkHash(pub [u8; limit::ENTRY_HASH_BYTES]);

/// Which entry a chunk is of: an author writes one entry of a version in a run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChunkedId {
    /// Whose log.
    pub author: NodeId,
    /// Which run wrote it.
    pub generation: Generation,
    /// Its place in the log.
    pub version: Version,
}

impl ChunkedId {
    fn weight(&self) -> usize {
        weight::id(&self.author) + 2 * weight::NUMBER
    }
}

/// Send me these chunks of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChunkAsk {
    /// Which entry.
    pub of: ChunkedId,
    /// Which chunks, counted from zero, rising; 1 to [`limit::CHUNKS_ASKED`].
    pub chunks: Vec<u32>,
}

impl ChunkAsk {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        self.of.weight() + weight::FIELD + self.chunks.len() * weight::NUMBER
    }
}

/// One chunk of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Which entry.
    pub of: ChunkedId,
    /// Which chunk, counted from zero.
    pub index: u32,
    /// Its bytes, at most [`limit::CHUNK_BYTES`]; none: I do not have it.
    pub bytes: Bytes,
    /// The hash of these bytes, made by whoever read them off the wire: it does
    /// not travel. `None` at who sends it.
    pub hash: Option<ChunkHash>,
}

impl Chunk {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        self.of.weight() + weight::NUMBER + weight::FIELD + self.bytes.len()
    }
}

/// Of how many chunks so many bytes are; at least one.
pub const fn chunks_of(bytes: usize) -> usize {
    match bytes.div_ceil(limit::CHUNK_BYTES) {
        0 => 1,
        chunks => chunks,
    }
}

/// The chunk of some bytes in a place; `None`: there is none.
pub fn chunk_at(bytes: &Bytes, index: u32) -> Option<Bytes> {
    let from = usize::try_from(index)
        .ok()?
        .checked_mul(limit::CHUNK_BYTES)?;
    let to = from.saturating_add(limit::CHUNK_BYTES).min(bytes.len());
    (from < to).then(|| bytes.slice(from..to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_chunks_of_some_bytes_are_all_of_them() {
        for bytes in [1, 5, limit::CHUNK_BYTES, limit::CHUNK_BYTES + 1, 1_048_700] {
            let all = Bytes::from(vec![7; bytes]);
            let chunks = (0..).map_while(|index| chunk_at(&all, index));
            let chunks: Vec<Bytes> = chunks.collect();
            assert_eq!(chunks.len(), chunks_of(bytes));
            assert_eq!(chunks.concat(), all);
        }
        assert_eq!(chunk_at(&Bytes::new(), 0), None);
        assert_eq!(chunk_at(&Bytes::from_static(b"x"), u32::MAX), None);
    }
}
