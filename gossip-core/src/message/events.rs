//! What two peers say to each other of the events they have heard.
//!
//! Rumors carry an event; this finds what a rumor missed. A *run* is one
//! author's events in one run of its process, numbered from 1, so what a member
//! has heard of a run is a number and a few holes.
//!
//! ```text
//!   one                                    other
//!    │── EventSum ──────────────────────────▶│  one number: all I have heard
//!    │◀──────────────────────── EventHave ───│  it differs: run by run, back
//!    │── EventDelta (what the other lacks) ─▶│
//!    │── EventHave (what I lack) ───────────▶│
//!    │◀─────────────────────── EventDelta ───│
//! ```
//!
//! Equal sums are the end of it. What is no longer kept cannot be told: the
//! delta says so (`floor`), and the receiver tells its application how many it
//! missed.

use alloc::vec::Vec;

use super::{Checksum, Event, Lamport, Run, Sealed, weight};
use crate::base::siphash::HashKey;

/// All I have heard, as one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventSum {
    /// The sum of a hash of each run heard of.
    pub sum: Checksum,
    /// I have just come: what was said before does not concern me, so tell me
    /// where each run stands, even if the sums agree.
    pub fresh: bool,
}

impl EventSum {
    /// An upper bound of its encoded length, in bytes.
    pub const WEIGHT: usize = Checksum::WEIGHT + weight::NUMBER;
}

/// How much of one run is heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    /// Which run.
    pub run: Run,
    /// The highest number heard.
    pub top: u64,
    /// Numbers below it that are not, rising; at most
    /// [`EVENT_HOLES`](crate::base::limit::EVENT_HOLES).
    pub holes: Vec<u64>,
}

impl EventRow {
    /// Everything up to here is heard.
    pub fn through(&self) -> u64 {
        self.holes.first().map_or(self.top, |hole| hole - 1)
    }

    /// Whether `number` is not.
    pub fn lacks(&self, number: u64) -> bool {
        number > self.top || self.holes.binary_search(&number).is_ok()
    }

    /// Adds what is heard of it to a sum; the order does not matter.
    pub fn add_to(&self, sum: &mut Checksum, key: HashKey) {
        let mut bytes = Vec::with_capacity(24 + self.run.author.as_str().len());
        bytes.extend(self.run.generation.0.to_le_bytes());
        bytes.extend(self.top.to_le_bytes());
        bytes.extend(self.holes.iter().flat_map(|hole| hole.to_le_bytes()));
        bytes.extend(self.run.author.as_str().as_bytes());
        sum.0 = sum.0.wrapping_add(key.hash(&bytes));
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::id(&self.run.author)
            + 2 * weight::NUMBER
            + 2 * weight::FIELD
            + self.holes.len() * weight::NUMBER
    }
}

/// What I have heard, run by run: tell me the rest of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventHave {
    /// At most [`EVENT_RUNS`](crate::base::limit::EVENT_RUNS), rising.
    pub rows: Vec<EventRow>,
    /// The sender's Lamport clock.
    pub clock: Lamport,
    /// Of runs that are not among the rows I have heard nothing.
    pub whole: bool,
    /// Tell me too what you lack of these.
    pub back: bool,
}

impl EventHave {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD + 3 * weight::NUMBER + self.rows.iter().map(EventRow::weight).sum::<usize>()
    }
}

/// Events of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRun {
    /// Which run.
    pub run: Run,
    /// Of what is not above this number the sender may have forgotten some.
    pub floor: u64,
    /// Up to here, everything that the receiver lacks and still matters is told;
    /// what is neither told nor forgotten has been coalesced.
    pub through: u64,
    /// In rising numbers.
    pub events: Vec<Sealed<Event>>,
}

impl EventRun {
    /// An upper bound of its encoded length without events, in bytes.
    pub fn frame(run: &Run) -> usize {
        weight::id(&run.author) + 3 * weight::NUMBER + weight::FIELD
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let events = self.events.iter().map(Sealed::weight);
        Self::frame(&self.run) + events.sum::<usize>()
    }
}

/// What you lack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventDelta {
    /// Each run once, rising; at most
    /// [`EVENT_PIECE`](crate::base::limit::EVENT_PIECE) events in all.
    pub runs: Vec<EventRun>,
    /// There is more: ask again.
    pub more: bool,
}

impl EventDelta {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD + weight::NUMBER + self.runs.iter().map(EventRun::weight).sum::<usize>()
    }
}
