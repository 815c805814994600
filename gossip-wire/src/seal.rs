//! Sealing: from what a member wants to say to the bytes that travel.
//!
//! ```text
//!   Statement ─ encode ─ sign ─ envelope ─▶ Item
//!                 └ of a batch first its entries, each then hashed into the head
//! ```
//!
//! It happens once in the life of a statement, at its author. The encoding is
//! canonical: fields in the order of their numbers, values of zero left out.
//! Nobody depends on that but tests and people who compare bytes, because
//! nobody else encodes a statement a second time.

use std::sync::Arc;

use bytes::Bytes;
use gossip_core::message::{Batch, BatchHead, BatchPart, Draft, Item, Sealed, Statement};

use crate::accusation::{self, decode_sealed_accusation};
use crate::batch::{self, decode_sealed_batch_head};
use crate::claim::{self, decode_sealed_claim};
use crate::entry::{self, decode_entry};
use crate::envelope::{self, Kind};
use crate::error::DecodeError;
use crate::event::{self, decode_sealed_event};

/// Encodes `statement`, has it signed, and makes the item that travels.
///
/// `sign` gets the exact bytes of the statement; what it returns, at most
/// [`SIGNATURE_BYTES_MAX`](gossip_core::base::limit::SIGNATURE_BYTES_MAX)
/// bytes and possibly none, is the signature.
///
/// The value in the item is what every peer will read from its bytes. The
/// limits of the protocol are the caller's to keep: what breaks them is sealed
/// all the same, and refused by every peer.
pub fn seal(statement: &Statement, sign: impl FnOnce(&[u8]) -> Bytes) -> Item {
    match statement {
        Statement::Claim(claim) => {
            let bytes = envelope::close(Kind::Claim(claim::to_pb(claim)), sign);
            Item::Claim(read_back(bytes, claim, decode_sealed_claim))
        }
        Statement::Accusation(accusation) => {
            let bytes = envelope::close(Kind::Accusation(accusation::to_pb(accusation)), sign);
            Item::Accusation(read_back(bytes, accusation, decode_sealed_accusation))
        }
        Statement::Batch(draft) => Item::Batch(seal_batch(draft, sign)),
        Statement::Event(said) => {
            let bytes = envelope::close(Kind::Event(event::to_pb(said)), sign);
            Item::Event(Box::new(read_back(bytes, said, decode_sealed_event)))
        }
    }
}

fn seal_batch(draft: &Draft, sign: impl FnOnce(&[u8]) -> Bytes) -> Batch {
    let entries = draft.entries.iter();
    let entries: Vec<_> = entries
        .map(|entry| read_back(entry::encode(entry), entry, decode_entry))
        .collect();
    let head = BatchHead {
        author: draft.author.clone(),
        lineage: draft.lineage.clone(),
        first: draft.first,
        count: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        floor: draft.floor,
    };
    let encoded = batch::head_to_pb(&head, entries.iter().map(|entry| &entry.bytes));
    let bytes = envelope::close(Kind::Batch(encoded), sign);
    let parts = (0..).zip(entries);
    Batch {
        head: Arc::new(read_back(bytes, &head, decode_sealed_batch_head)),
        parts: parts
            .map(|(index, entry)| BatchPart { index, entry })
            .collect(),
    }
}

/// `bytes` beside what a peer reads in them: its values are slices of the
/// bytes, so they are held once, and what does not travel is gone.
fn read_back<T: Clone>(
    bytes: Bytes,
    said: &T,
    decode: impl FnOnce(Bytes) -> Result<Sealed<T>, DecodeError>,
) -> Sealed<T> {
    decode(bytes.clone()).unwrap_or_else(|_| Sealed {
        value: said.clone(),
        bytes,
    })
}
