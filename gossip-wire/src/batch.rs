//! Batches: a sealed head that names its entries by hash, and the entries.

use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Base, Batch, BatchHead, BatchPart, Floor, Generation, Head, Lineage, Sealed, Version,
};

use crate::entry::{self, decode_entry};
use crate::envelope::{self, Kind};
use crate::error::DecodeError;
use crate::{field, pb};

/// A head as the author encodes it, over the bytes of its entries.
pub(crate) fn head_to_pb<'a>(
    head: &BatchHead,
    entries: impl Iterator<Item = &'a Bytes>,
) -> pb::BatchHead {
    let bases = head.lineage.bases().iter().map(|base| pb::Base {
        generation: base.generation.0,
        from_generation: base.from.generation.0,
        from_version: base.from.version.0,
    });
    let hashes: Vec<u8> = entries.flat_map(entry::hash).collect();
    pb::BatchHead {
        author: head.author.to_string(),
        bases: bases.collect(),
        first: head.first.0,
        entry_hashes: hashes.into(),
        floor: (head.floor != Floor::default()).then(|| pb::Floor {
            through: head.floor.through.0,
            shared: head.floor.shared.0,
            as_of: head.floor.as_of.as_millis(),
        }),
    }
}

pub(crate) fn head_from_pb(head: &pb::BatchHead) -> Result<BatchHead, DecodeError> {
    let author = field::id("author", &head.author)?;
    let whole = (head.entry_hashes.len()).is_multiple_of(limit::ENTRY_HASH_BYTES);
    field::ensure(whole, "a hash of an entry is cut short")?;
    let count = head.entry_hashes.len() / limit::ENTRY_HASH_BYTES;
    field::at_most("entries", count, limit::BATCH_ENTRIES)?;
    let count = u32::try_from(count).unwrap_or(u32::MAX);

    field::at_most("bases", head.bases.len(), limit::LINEAGE)?;
    let base = head.bases.last().ok_or(DecodeError::Missing {
        what: "the base of a batch",
    })?;
    let follows = head.first > base.from_version;
    field::ensure(follows, "a batch begins before its base")?;
    let ends = head.first.checked_add(u64::from(count));
    field::ensure(ends.is_some(), "a batch runs past the last version")?;

    let bases = head.bases.iter().map(|base| Base {
        generation: Generation(base.generation),
        from: Head {
            generation: Generation(base.from_generation),
            version: Version(base.from_version),
        },
    });
    let lineage = Lineage::new(bases.collect()).ok_or(DecodeError::Senseless {
        what: "bases that do not rise",
    })?;
    let floor = floor_from_pb(head)?;
    Ok(BatchHead {
        author,
        lineage,
        first: Version(head.first),
        count,
        floor,
    })
}

fn floor_from_pb(head: &pb::BatchHead) -> Result<Floor, DecodeError> {
    let Some(floor) = &head.floor else {
        return Ok(Floor::default());
    };
    let floor = Floor {
        through: Version(floor.through),
        shared: Version(floor.shared),
        as_of: WallTime::from_millis(floor.as_of),
    };
    let sane = floor.through > Version(0) && floor.fits_below(Version(head.first));
    field::ensure(sane, "a floor that is none, or above its batch")?;
    Ok(floor)
}

/// The head of a batch in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_batch_head(sealed: Bytes) -> Result<Sealed<BatchHead>, DecodeError> {
    match envelope::statement(&sealed)? {
        Kind::Batch(head) => Ok(Sealed {
            value: head_from_pb(&head)?,
            bytes: sealed,
        }),
        _ => Err(DecodeError::OtherKind { wanted: "batch" }),
    }
}

/// The batch of this sealed head and these entries, in rising places. Each
/// entry is held against the hash by which the head names it.
///
/// # Errors
/// Malformed bytes, an unknown kind, or an entry the head does not name.
pub fn decode_batch(
    head: Bytes,
    parts: impl IntoIterator<Item = (u32, Bytes)>,
) -> Result<Batch, DecodeError> {
    match envelope::statement(&head)? {
        Kind::Batch(decoded) => from_pb(&decoded, head, parts),
        _ => Err(DecodeError::OtherKind { wanted: "batch" }),
    }
}

/// The batch of a decoded head, its exact bytes, and its entries' exact bytes.
pub(crate) fn from_pb(
    head: &pb::BatchHead,
    sealed: Bytes,
    parts: impl IntoIterator<Item = (u32, Bytes)>,
) -> Result<Batch, DecodeError> {
    let value = head_from_pb(head)?;
    let mut kept: Vec<BatchPart> = Vec::new();
    let mut payload_bytes = 0_usize;
    for (index, bytes) in parts {
        let rises = kept.last().is_none_or(|last| last.index < index);
        field::ensure(rises, "entries out of place")?;
        if hash_at(head, index) != Some(entry::hash(&bytes).as_slice()) {
            return Err(DecodeError::NotNamed { index });
        }
        let entry = decode_entry(bytes)?;
        payload_bytes = payload_bytes.saturating_add(entry.value.payload_bytes());
        field::no_longer("keys and values", payload_bytes, limit::BATCH_BYTES)?;
        kept.push(BatchPart { index, entry });
    }
    Ok(Batch {
        head: Arc::new(Sealed {
            value,
            bytes: sealed,
        }),
        parts: kept,
    })
}

/// The hash of the entry in place `index`, if the head names one.
pub(crate) fn hash_at(head: &pb::BatchHead, index: u32) -> Option<&[u8]> {
    let index = usize::try_from(index).ok()?;
    head.entry_hashes
        .chunks_exact(limit::ENTRY_HASH_BYTES)
        .nth(index)
}
