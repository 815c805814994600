//! A statement, and the sealed bytes it travels as.
//!
//! Sealing happens once, at the author: gossip-wire encodes the [`Statement`]
//! canonically, gossip-quic may sign it, and the resulting bytes are what the
//! world sees. A relay that does not know half of the fields in them passes
//! them on, stores them and reloads them byte-identical, because it keeps the
//! bytes and never encodes the value again.

use alloc::boxed::Box;

use bytes::Bytes;

use super::{Accusation, Batch, Claim, Draft, Event, weight};
use crate::base::id::NodeId;

/// A value as we understand it, beside the exact bytes its author made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<T> {
    /// What we understand of it.
    pub value: T,
    /// What the author made; the only form that travels and is stored.
    pub bytes: Bytes,
}

impl<T> Sealed<T> {
    /// The length of the bytes and a constant.
    pub fn weight(&self) -> usize {
        self.bytes.len() + weight::FIELD
    }
}

/// What a member wants to say, before sealing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// About itself.
    Claim(Claim),
    /// Against another.
    Accusation(Accusation),
    /// Writes to its log.
    Batch(Draft),
    /// To everybody, once.
    Event(Event),
}

/// What travels: a sealed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A member about itself.
    Claim(Sealed<Claim>),
    /// One member against another.
    Accusation(Sealed<Accusation>),
    /// Writes to one log.
    Batch(Batch),
    /// A member to everybody, once. Apart, since it is twice as large as the
    /// others, which are many.
    Event(Box<Sealed<Event>>),
}

impl Item {
    /// Who authored it: who would have signed it, not who relayed it.
    pub fn author(&self) -> &NodeId {
        match self {
            Self::Claim(claim) => &claim.value.member,
            Self::Accusation(accusation) => &accusation.value.accuser,
            Self::Batch(batch) => batch.author(),
            Self::Event(event) => event.value.author(),
        }
    }

    /// An upper bound of what it adds to a message, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD
            + match self {
                Self::Claim(claim) => claim.weight(),
                Self::Accusation(accusation) => accusation.weight(),
                Self::Batch(batch) => batch.weight(),
                Self::Event(event) => event.weight(),
            }
    }

    /// The weight of many.
    pub fn weight_of(items: &[Self]) -> usize {
        items.iter().map(Self::weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_as_large_as_the_claims_that_most_of_them_are() {
        let (item, claim) = (size_of::<Item>(), size_of::<Sealed<Claim>>());
        assert!(item <= claim + 8, "{item} bytes, a claim {claim}");
    }
}
