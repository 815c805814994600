//! Items: what travels from member to member, in messages and in journals.
//!
//! The author's bytes are embedded as they are and read on the side. Reading
//! copies them out of the message they came in, so that a claim kept for a
//! year does not keep a whole delta in memory beside it.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{Batch, ChunkedPart, Item, Outline, Sealed};
use prost::Message as _;

use crate::envelope::{self, Kind, sealed_bytes};
use crate::error::DecodeError;
use crate::{accusation, batch, chunk, claim, event, field, pb, scan};

pub(crate) fn to_pb(item: &Item) -> pb::Item {
    let parts = match item {
        Item::Claim(_) | Item::Accusation(_) | Item::Event(_) => Vec::new(),
        Item::Batch(batch) => {
            let parts = batch.parts.iter().map(|part| pb::Part {
                index: part.index,
                entry: part.entry.bytes.clone(),
            });
            parts.collect()
        }
    };
    pb::Item {
        sealed: sealed_bytes(item).clone(),
        parts,
        chunked: Vec::new(),
    }
}

/// A batch, some of its entries told by their chunks.
pub(crate) fn told_to_pb(batch: Batch, chunked: &[&ChunkedPart]) -> pb::Item {
    let mut item = to_pb(&Item::Batch(batch));
    item.chunked = chunked.iter().map(|part| chunk::part_to_pb(part)).collect();
    item
}

/// A batch, and its entries that are told by their chunks.
pub(crate) fn told_from_pb(mut item: pb::Item) -> Result<(Item, Vec<ChunkedPart>), DecodeError> {
    let told = core::mem::take(&mut item.chunked);
    if told.is_empty() {
        return Ok((from_pb(item)?, Vec::new()));
    }
    let Kind::Batch(head) = envelope::statement(&item.sealed)? else {
        return Err(DecodeError::OtherKind { wanted: "batch" });
    };
    let mut chunked: Vec<ChunkedPart> = Vec::with_capacity(told.len());
    for part in &told {
        let rises = chunked.last().is_none_or(|last| last.index < part.index);
        field::ensure(rises, "entries out of place")?;
        field::ensure(
            item.parts.iter().all(|whole| whole.index != part.index),
            "an entry is told in both ways",
        )?;
        let named = batch::hash_at(&head, part.index);
        chunked.push(chunk::part_from_pb(part, named)?);
    }
    Ok((from_pb(item)?, chunked))
}

pub(crate) fn outline_to_pb(outline: &Outline) -> pb::Item {
    let batch = Batch {
        head: outline.head.clone(),
        parts: outline.parts.clone(),
    };
    told_to_pb(batch, &outline.chunked.iter().collect::<Vec<_>>())
}

pub(crate) fn outline_from_pb(item: pb::Item) -> Result<Outline, DecodeError> {
    let (Item::Batch(Batch { head, parts }), chunked) = told_from_pb(item)? else {
        return Err(DecodeError::OtherKind { wanted: "batch" });
    };
    field::ensure(!chunked.is_empty(), "an outline of nothing large")?;
    Ok(Outline {
        head,
        parts,
        chunked,
    })
}

pub(crate) fn from_pb(item: pb::Item) -> Result<Item, DecodeError> {
    let kind = envelope::statement(&item.sealed)?;
    let bytes = Bytes::copy_from_slice(&item.sealed);
    let alone = item.parts.is_empty() || matches!(kind, Kind::Batch(_));
    field::ensure(alone, "entries beside a statement that names none")?;
    field::ensure(
        item.chunked.is_empty(),
        "chunks where entries are told whole",
    )?;
    Ok(match kind {
        Kind::Claim(claim) => {
            let value = claim::from_pb(&claim)?;
            Item::Claim(Sealed { value, bytes })
        }
        Kind::Accusation(accusation) => {
            let value = accusation::from_pb(&accusation)?;
            Item::Accusation(Sealed { value, bytes })
        }
        // Its texts are slices of the copy, so that it is held once.
        Kind::Event(_) => Item::Event(Box::new(event::decode_sealed_event(bytes)?)),
        Kind::Batch(head) => {
            let parts = item.parts.into_iter();
            let parts = parts.map(|part| (part.index, Bytes::copy_from_slice(&part.entry)));
            Item::Batch(batch::from_pb(&head, bytes, parts)?)
        }
    })
}

/// The items, without those of unknown kinds, which are counted.
pub(crate) fn many_from_pb(
    items: Vec<pb::Item>,
    skipped: &mut u64,
) -> Result<Vec<Item>, DecodeError> {
    let mut known = Vec::with_capacity(items.len());
    for item in items {
        match from_pb(item) {
            Ok(item) => known.push(item),
            Err(error) if error.is_unknown() => *skipped += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

/// The bytes of `item`: its sealed bytes and its entries as they are.
pub fn encode_item(item: &Item) -> Bytes {
    to_pb(item).encode_to_vec().into()
}

/// The item in `bytes`.
///
/// # Errors
/// Malformed bytes, or an unknown kind.
pub fn decode_item(bytes: Bytes) -> Result<Item, DecodeError> {
    field::no_longer("an item", bytes.len(), limit::STREAM_MESSAGE_BYTES)?;
    scan::pieces("item", &scan::ITEM, &bytes)?;
    from_pb(field::parse("item", bytes)?)
}
