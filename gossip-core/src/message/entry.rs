//! One write to one key.
//!
//! *Own* keys have one writer, their node: the newest version counts. *Shared*
//! keys may be written by anybody: the latest [`Stamp`] counts, ties broken by
//! the author's name, and each write says which write it saw and replaced, so
//! that a concurrent one does not vanish without a word.

use alloc::sync::Arc;
use bytes::Bytes;
use core::fmt;
use core::str::FromStr;

use super::{Replaced, Stamp, weight};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;

/// Why a text is not a key, or bytes not a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The empty text names nothing.
    #[error("a key must not be empty")]
    Empty,
    /// Longer than [`limit::KEY_BYTES`].
    #[error("a key of {bytes} bytes is more than the {max} allowed", max = limit::KEY_BYTES)]
    TooLong {
        /// How long it was, in bytes.
        bytes: usize,
    },
    /// Holds a control character.
    #[error("a key must not hold control characters, found {found:?}")]
    Control {
        /// The first one.
        found: char,
    },
    /// Longer than [`limit::VALUE_BYTES`].
    #[error("a value of {bytes} bytes is more than the {max} allowed", max = limit::VALUE_BYTES)]
    ValueTooLong {
        /// How long it was, in bytes.
        bytes: usize,
    },
}

/// The name of a value: 1 to [`limit::KEY_BYTES`] bytes of UTF-8 without
/// control characters. A copy costs nothing: a write is told to many.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > limit::KEY_BYTES {
            return Err(KeyError::TooLong { bytes: text.len() });
        }
        let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_plain && let Some(found) = text.chars().find(|c| c.is_control()) {
            return Err(KeyError::Control { found });
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// What a key holds: at most [`limit::VALUE_BYTES`] bytes of anything.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(Bytes);

impl Value {
    /// These bytes as a value.
    ///
    /// # Errors
    /// [`KeyError::ValueTooLong`].
    pub fn new(bytes: Bytes) -> Result<Self, KeyError> {
        if bytes.len() > limit::VALUE_BYTES {
            return Err(KeyError::ValueTooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.0.len())
    }
}

/// Who may write a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// One writer: the node whose key it is. Each node has its own name space.
    Own,
    /// Any node of the cluster; one name space for all.
    Shared,
}

/// What the write does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// The key holds this now.
    Put(Value),
    /// The key is gone; the entry stays as its tombstone.
    Delete,
}

/// One write to one key, as its author made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Whose name space the key is in.
    pub scope: Scope,
    /// Which key.
    pub key: Key,
    /// When, on the author's hybrid logical clock.
    pub stamp: Stamp,
    /// What becomes of the key.
    pub op: Op,
    /// From when on the value counts as deleted, on its author's clock; `None`:
    /// it stays. A tombstone has none.
    pub expires: Option<WallTime>,
    /// The write its author saw and replaced; `None` if it saw none.
    pub replaces: Option<Replaced>,
}

impl Entry {
    /// Bytes of key and value: what the limits of an author count.
    pub fn payload_bytes(&self) -> usize {
        let value = match &self.op {
            Op::Put(value) => value.bytes().len(),
            Op::Delete => 0,
        };
        self.key.as_str().len() + value
    }

    /// Whether its value's time is over at `wall`.
    pub fn has_expired(&self, wall: WallTime) -> bool {
        self.expires.is_some_and(|expires| expires <= wall)
    }

    /// Whether a write to a shared key stands above another: the later stamp,
    /// then the greater author.
    pub fn wins(&self, author: &NodeId, other: &Self, other_author: &NodeId) -> bool {
        (self.stamp, author) > (other.stamp, other_author)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let replaces = self.replaces.as_ref().map_or(0, |replaced| {
            weight::id(&replaced.write.author) + 3 * weight::NUMBER + 2 * weight::FIELD
        });
        self.payload_bytes() + 3 * weight::FIELD + 5 * weight::NUMBER + replaces
    }
}
