//! Items: what travels from member to member, in messages and in journals.
//!
//! The author's bytes are embedded as they are and read on the side. Reading
//! copies them out of the message they came in, so that a claim kept for a
//! year does not keep a whole delta in memory beside it.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{Item, Sealed};
use prost::Message as _;

use crate::envelope::{self, Kind, sealed_bytes};
use crate::error::DecodeError;
use crate::{accusation, batch, claim, event, field, pb, scan};

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
    }
}

pub(crate) fn from_pb(item: pb::Item) -> Result<Item, DecodeError> {
    let kind = envelope::statement(&item.sealed)?;
    let bytes = Bytes::copy_from_slice(&item.sealed);
    let alone = item.parts.is_empty() || matches!(kind, Kind::Batch(_));
    field::ensure(alone, "entries beside a statement that names none")?;
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
        Kind::Event(_) => Item::Event(event::decode_sealed_event(bytes)?),
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
