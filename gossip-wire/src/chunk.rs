//! Chunks: entries told by the hashes of their pieces, and the pieces.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{
    Chunk, ChunkAsk, ChunkHash, Chunked, ChunkedId, ChunkedPart, Generation, Version, chunk_at,
    chunks_of,
};
use sha2::{Digest as _, Sha256};

use crate::error::DecodeError;
use crate::{bound, field, pb};

/// What stands before the hashes of an entry's chunks where they are hashed. No
/// entry begins like this: its first byte is no tag of a field.
const CHUNKED: &[u8] = b"\xff gossip chunks";

/// The hash of a chunk: the first bytes of the SHA-256 of its bytes.
pub fn chunk_hash(bytes: &[u8]) -> ChunkHash {
    ChunkHash(cut(&Sha256::digest(bytes)))
}

fn cut(digest: &[u8]) -> [u8; limit::ENTRY_HASH_BYTES] {
    let mut cut = [0; limit::ENTRY_HASH_BYTES];
    for (to, from) in cut.iter_mut().zip(digest) {
        *to = *from;
    }
    cut
}

/// The hashes of the chunks of some bytes.
pub(crate) fn hashes(bytes: &Bytes) -> Vec<ChunkHash> {
    let chunks = (0..).map_while(|index| chunk_at(bytes, index));
    let hashes: Vec<ChunkHash> = chunks.map(|chunk| chunk_hash(&chunk)).collect();
    match hashes.is_empty() {
        true => vec![chunk_hash(bytes)],
        false => hashes,
    }
}

/// The hash of an entry of so many bytes and with these chunks: that of its only
/// chunk, or one over all of them.
pub(crate) fn name(bytes: usize, chunks: &[ChunkHash]) -> [u8; limit::ENTRY_HASH_BYTES] {
    if let [only] = chunks {
        return only.0;
    }
    let mut hash = Sha256::new();
    hash.update(CHUNKED);
    hash.update((bytes as u64).to_be_bytes());
    chunks.iter().for_each(|chunk| hash.update(chunk.0));
    cut(&hash.finalize())
}

pub(crate) fn part_to_pb(part: &ChunkedPart) -> pb::Chunked {
    let named;
    let chunks = match &part.entry {
        Chunked::Held(bytes) => {
            named = hashes(bytes);
            &named
        }
        Chunked::Named { chunks, .. } => chunks,
    };
    let hashes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.0).collect();
    pb::Chunked {
        index: part.index,
        bytes: u32::try_from(part.entry.bytes()).unwrap_or(u32::MAX),
        hashes: hashes.into(),
    }
}

/// An entry told by its chunks; `named` is its hash in the head.
pub(crate) fn part_from_pb(
    part: &pb::Chunked,
    named: Option<&[u8]>,
) -> Result<ChunkedPart, DecodeError> {
    let bytes = usize::try_from(part.bytes).unwrap_or(usize::MAX);
    field::no_longer("an entry", bytes, bound::ENTRY_BYTES)?;
    let (hashes, rest) = part.hashes.as_chunks::<{ limit::ENTRY_HASH_BYTES }>();
    let fits = rest.is_empty() && hashes.len() == chunks_of(bytes);
    field::ensure(fits, "an entry of another length than its chunks")?;
    let chunks: Vec<ChunkHash> = hashes.iter().map(|hash| ChunkHash(*hash)).collect();
    if named != Some(name(bytes, &chunks).as_slice()) {
        return Err(DecodeError::NotNamed { index: part.index });
    }
    Ok(ChunkedPart {
        index: part.index,
        entry: Chunked::Named {
            bytes: part.bytes,
            chunks,
        },
    })
}

pub(crate) fn ask_to_pb(ask: &ChunkAsk) -> pb::ChunkAsk {
    pb::ChunkAsk {
        author: ask.of.author.to_string(),
        generation: ask.of.generation.0,
        version: ask.of.version.0,
        chunks: ask.chunks.clone(),
    }
}

pub(crate) fn ask_from_pb(ask: &pb::ChunkAsk) -> Result<ChunkAsk, DecodeError> {
    field::at_most("chunks", ask.chunks.len(), limit::CHUNKS_ASKED)?;
    field::ensure(!ask.chunks.is_empty(), "no chunk is asked for")?;
    let rises = ask.chunks.is_sorted_by(|one, other| one < other);
    field::ensure(rises, "chunks out of place")?;
    ask.chunks.iter().try_for_each(|index| place(*index))?;
    Ok(ChunkAsk {
        of: id(&ask.author, ask.generation, ask.version)?,
        chunks: ask.chunks.clone(),
    })
}

pub(crate) fn to_pb(chunk: &Chunk) -> pb::Chunk {
    pb::Chunk {
        author: chunk.of.author.to_string(),
        generation: chunk.of.generation.0,
        version: chunk.of.version.0,
        index: chunk.index,
        bytes: chunk.bytes.clone(),
    }
}

/// The chunk, with its hash: here is where its bytes are read.
pub(crate) fn from_pb(chunk: pb::Chunk) -> Result<Chunk, DecodeError> {
    field::no_longer("a chunk", chunk.bytes.len(), limit::CHUNK_BYTES)?;
    place(chunk.index)?;
    Ok(Chunk {
        of: id(&chunk.author, chunk.generation, chunk.version)?,
        index: chunk.index,
        hash: Some(chunk_hash(&chunk.bytes)),
        bytes: chunk.bytes,
    })
}

fn place(index: u32) -> Result<(), DecodeError> {
    let most = chunks_of(bound::ENTRY_BYTES);
    let place = usize::try_from(index).unwrap_or(usize::MAX);
    field::ensure(place < most, "a chunk beyond the longest entry")
}

fn id(author: &str, generation: u64, version: u64) -> Result<ChunkedId, DecodeError> {
    field::ensure(generation > 0 && version > 0, "a chunk of nothing")?;
    Ok(ChunkedId {
        author: field::id("author of a chunk", author)?,
        generation: Generation(generation),
        version: Version(version),
    })
}
