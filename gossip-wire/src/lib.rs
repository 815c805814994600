//! The gossip protocol's messages as protobuf bytes, and back, validated.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod channel;
mod error;
mod pb;

pub use channel::Channel;
pub use error::DecodeError;

use bytes::Bytes;
use gossip_core::message::{
    Accusation, Batch, BatchHead, Claim, Entry, Item, Message, Sealed, Statement,
};

/// What was understood of a message, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The message; its unknown items left out. Of an unknown kind, its
    /// rumors as [`Body::Gossip`](gossip_core::message::Body::Gossip), or
    /// nothing if none are left.
    pub message: Option<Message>,
    /// What was left out.
    pub skipped: Skipped,
}

/// What a later version said and this one does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// Kinds of message: none or one.
    pub kinds: u64,
    /// Items: statements or entries of an unknown kind.
    pub items: u64,
}

/// A sealed statement, opened: what a verifier judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The exact bytes that are signed.
    pub statement: Bytes,
    /// The signature; empty if there is none.
    pub signature: Bytes,
}

/// The message in `bytes`, which came on `channel`.
///
/// # Errors
/// Malformed bytes; the peer that sent them is at fault.
pub fn decode_message(bytes: Bytes, channel: Channel) -> Result<Decoded, DecodeError> {
    let _ = (bytes, channel);
    Err(DecodeError::UnknownKind { what: "message" })
}

/// The bytes of `message`; never more than its weight.
pub fn encode_message(message: &Message) -> Bytes {
    let _ = message;
    Bytes::new()
}

/// The item in `bytes`.
///
/// # Errors
/// Malformed bytes, or an unknown kind.
pub fn decode_item(bytes: Bytes) -> Result<Item, DecodeError> {
    let _ = bytes;
    Err(DecodeError::UnknownKind { what: "item" })
}

/// The bytes of `item`: its sealed bytes and entries as they are, enveloped.
pub fn encode_item(item: &Item) -> Bytes {
    sealed_bytes(item).clone()
}

/// Encodes `statement`, signs it and makes the item that travels. `sign` gets
/// the exact bytes of the statement and may return nothing.
pub fn seal(statement: &Statement, sign: impl FnOnce(&[u8]) -> Bytes) -> Item {
    let bytes = sign(&[]);
    match statement {
        Statement::Claim(claim) => Item::Claim(Sealed {
            value: claim.clone(),
            bytes,
        }),
        Statement::Accusation(accusation) => Item::Accusation(Sealed {
            value: accusation.clone(),
            bytes,
        }),
        Statement::Batch(draft) => Item::Batch(Batch {
            head: std::sync::Arc::new(Sealed {
                value: BatchHead {
                    author: draft.author.clone(),
                    lineage: draft.lineage.clone(),
                    first: draft.first,
                    count: u32::try_from(draft.entries.len()).unwrap_or(u32::MAX),
                },
                bytes,
            }),
            parts: Vec::new(),
        }),
    }
}

/// The sealed bytes of `item`: of a batch, those of its head.
pub fn sealed_bytes(item: &Item) -> &Bytes {
    match item {
        Item::Claim(claim) => &claim.bytes,
        Item::Accusation(accusation) => &accusation.bytes,
        Item::Batch(batch) => &batch.head.bytes,
    }
}

/// Opens sealed bytes: the statement's bytes and the signature over them.
///
/// # Errors
/// Malformed bytes.
pub fn open(sealed: &Bytes) -> Result<Envelope, DecodeError> {
    let _ = sealed;
    Err(DecodeError::UnknownKind { what: "envelope" })
}

/// The claim in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_claim(sealed: Bytes) -> Result<Sealed<Claim>, DecodeError> {
    let _ = sealed;
    Err(DecodeError::UnknownKind { what: "statement" })
}

/// The accusation in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_accusation(sealed: Bytes) -> Result<Sealed<Accusation>, DecodeError> {
    let _ = sealed;
    Err(DecodeError::UnknownKind { what: "statement" })
}

/// The head of a batch in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_batch_head(sealed: Bytes) -> Result<Sealed<BatchHead>, DecodeError> {
    let _ = sealed;
    Err(DecodeError::UnknownKind { what: "statement" })
}

/// The entry in these bytes.
///
/// # Errors
/// Malformed bytes, or an unknown operation.
pub fn decode_entry(bytes: Bytes) -> Result<Sealed<Entry>, DecodeError> {
    let _ = bytes;
    Err(DecodeError::UnknownKind { what: "entry" })
}

/// The batch of this sealed head and these entries, in rising places; each is
/// held against the hash the head names it by.
///
/// # Errors
/// Malformed bytes, an unknown kind, or an entry the head does not name.
pub fn decode_batch(
    head: Bytes,
    parts: impl IntoIterator<Item = (u32, Bytes)>,
) -> Result<Batch, DecodeError> {
    let _ = (head, parts.into_iter().count());
    Err(DecodeError::UnknownKind { what: "batch" })
}
