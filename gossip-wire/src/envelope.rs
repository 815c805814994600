//! The envelope: a statement's exact bytes, and the signature over them.
//!
//! ```text
//!   Sealed ┬ statement  the bytes that are signed, hashed and cached by
//!          └ signature  empty, or the author's
//! ```

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::Item;
use prost::Message as _;

pub(crate) use crate::pb::statement::Kind;

use crate::error::DecodeError;
use crate::{bound, field, pb};

/// A sealed statement, opened: what a verifier judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The exact bytes that are signed.
    pub statement: Bytes,
    /// The signature; empty if there is none.
    pub signature: Bytes,
}

impl Envelope {
    /// Opens sealed bytes. Both fields are slices of them.
    ///
    /// # Errors
    /// Malformed bytes.
    pub fn open(sealed: &Bytes) -> Result<Self, DecodeError> {
        let max = bound::SEALED_EVENT_BYTES;
        field::no_longer("a sealed statement", sealed.len(), max)?;
        let sealed: pb::Sealed = field::parse("sealed statement", sealed.clone())?;
        if sealed.statement.is_empty() {
            return Err(DecodeError::Missing { what: "statement" });
        }
        let (bytes, max) = (sealed.signature.len(), limit::SIGNATURE_BYTES_MAX);
        field::no_longer("a signature", bytes, max)?;
        Ok(Self {
            statement: sealed.statement,
            signature: sealed.signature,
        })
    }
}

/// The sealed bytes of `item`: of a batch, those of its head.
pub fn sealed_bytes(item: &Item) -> &Bytes {
    match item {
        Item::Claim(claim) => &claim.bytes,
        Item::Accusation(accusation) => &accusation.bytes,
        Item::Batch(batch) => &batch.head.bytes,
        Item::Event(event) => &event.bytes,
    }
}

/// Encodes a statement, has it signed, and closes the envelope.
pub(crate) fn close(kind: Kind, sign: impl FnOnce(&[u8]) -> Bytes) -> Bytes {
    let statement: Bytes = pb::Statement { kind: Some(kind) }.encode_to_vec().into();
    let signature = sign(&statement);
    let sealed = pb::Sealed {
        statement,
        signature,
    };
    sealed.encode_to_vec().into()
}

/// The statement in sealed bytes.
pub(crate) fn statement(sealed: &Bytes) -> Result<Kind, DecodeError> {
    let envelope = Envelope::open(sealed)?;
    let statement: pb::Statement = field::parse("statement", envelope.statement)?;
    let kind = statement.kind;
    if !matches!(kind, None | Some(Kind::Event(_))) {
        field::no_longer("a sealed statement", sealed.len(), bound::SEALED_BYTES)?;
    }
    kind.ok_or(DecodeError::UnknownKind { what: "statement" })
}
