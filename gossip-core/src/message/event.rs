//! What a member tells everybody once: a deploy has begun, flush your caches.
//!
//! An event is not kept for ever and replaces nothing: it is told, heard once by
//! every member, and forgotten. Its author *numbers* what it says, one after the
//! other within a run of its process, so that everybody can tell what it has
//! heard, what it has heard already, and what it has missed. Beside the number
//! stands a Lamport time (Lamport 1978, "Time, Clocks, and the Ordering of
//! Events in a Distributed System"): an event said after another was heard is
//! later than it, everywhere, whatever the clocks say.
//!
//! An event that asks, an [`Ask`] inside it, is a *query*: it spreads as any
//! event does, and whom it asks [answers](super::Answer).

use bytes::Bytes;

use super::{Ask, Generation, Key, Sealed, weight};
use crate::base::id::NodeId;

/// A time that counts events, not seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lamport(pub u64);

impl Lamport {
    /// How far one event moves a clock at most: a forged time far ahead costs
    /// its forger four thousand million events before a clock runs out (guess).
    pub const JUMP: u64 = 1 << 32;

    /// The time after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This clock after it has seen `other`; whether that lay further ahead than
    /// it may move.
    pub fn seen(self, other: Self) -> (Self, bool) {
        let most = self.0.saturating_add(Self::JUMP);
        (Self(self.0.max(other.0.min(most))), other.0 > most)
    }
}

/// One run of a member's process, as far as it says events: whose they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Run {
    /// Who speaks.
    pub author: NodeId,
    /// In which run of its process: a restart begins again with number 1, and
    /// cannot collide with what was said before.
    pub generation: Generation,
}

/// Which event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId {
    /// Who said it, in which run.
    pub run: Run,
    /// The how-manieth it was; from 1.
    pub number: u64,
}

/// What a member tells everybody once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Which.
    pub id: EventId,
    /// When, among events.
    pub time: Lamport,
    /// What it is called: 1 to [`KEY_BYTES`](crate::base::limit::KEY_BYTES)
    /// bytes of text without control characters, as a key.
    pub name: Key,
    /// What it says; at most
    /// [`EVENT_PAYLOAD_BYTES`](crate::base::limit::EVENT_PAYLOAD_BYTES).
    pub payload: Bytes,
    /// Only the newest of this name and run matters: whoever has not heard the
    /// earlier ones need not.
    pub coalesce: bool,
    /// Whom it asks, if it is a query.
    pub ask: Option<Ask>,
}

impl Event {
    /// Who said it.
    pub const fn author(&self) -> &NodeId {
        &self.id.run.author
    }

    /// Where it stands among all events: by Lamport time, then by author.
    pub fn order(&self) -> (Lamport, &EventId) {
        (self.time, &self.id)
    }

    /// An upper bound of its encoded length, in bytes, before sealing.
    pub fn weight(&self) -> usize {
        weight::id(&self.id.run.author)
            + 5 * weight::NUMBER
            + 3 * weight::FIELD
            + self.name.as_str().len()
            + self.payload.len()
            + self.ask.as_ref().map_or(0, Ask::weight)
    }
}

impl Sealed<Event> {
    /// Its run.
    pub const fn run(&self) -> &Run {
        &self.value.id.run
    }

    /// Its number in its run.
    pub const fn number(&self) -> u64 {
        self.value.id.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_follows_what_it_sees_but_not_at_any_jump() {
        let clock = Lamport(7);
        assert_eq!(clock.seen(Lamport(3)), (Lamport(7), false));
        assert_eq!(clock.seen(Lamport(9)), (Lamport(9), false));
        let (moved, jumped) = clock.seen(Lamport(u64::MAX));
        assert_eq!((moved, jumped), (Lamport(7 + Lamport::JUMP), true));
        assert_eq!(Lamport(u64::MAX).next(), Lamport(u64::MAX));
    }
}
