//! What two say to each other about rumors: by name, not by content.
//!
//! A contact is one call and its answer, and what the answer asks for:
//!
//! ```text
//!   caller                                         called
//!     │── Offer { asks, hot: a b c }, a rides along ─▶│   c it knows, a is news, b it lacks
//!     │◀─ Offer { known: c, taken: a, wanted: b, hot: d } ──│   and has d to tell
//!     │── b ─────────────────────────────────────────▶│
//!     │── Offer { wanted: d } ───────────────────────▶│
//!     │◀───────────────────────────────────────── d ──│
//! ```
//!
//! A name is a hash of eight bytes, so that an offer of something big costs
//! nothing, and so does finding out that the other knows it: that is the
//! feedback of the literature. Beside the name of a rumor goes its sender's
//! counter, which minimisation compares.

use alloc::vec::Vec;

use super::{LogHead, weight};
#[cfg(doc)]
use crate::base::limit;

/// The name of a rumor: a keyed hash of what its author sealed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RumorId(pub u64);

/// What one says about rumors, and answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Tell me of yours as well: it is a call, not an answer.
    pub asks: bool,
    /// I tell these, some of them along with this message; and my counter of
    /// each, at most [`Offer::COUNT_MAX`].
    pub hot: Vec<(RumorId, u32)>,
    /// I knew these before you told me; and my counter, where I tell it too.
    pub known: Vec<(RumorId, Option<u32>)>,
    /// These came with what you sent, and were news.
    pub taken: Vec<RumorId>,
    /// Tell me these.
    pub wanted: Vec<RumorId>,
    /// So far I hold these logs, which grow faster than they can be told by
    /// name; at most [`limit::OFFER_HEADS`].
    pub heads: Vec<LogHead>,
}

impl Offer {
    /// The highest counter that is told: it takes a byte.
    pub const COUNT_MAX: u32 = 126;

    /// What one rumor adds to the first two columns, in bytes.
    pub const ROW: usize = 9;

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let rows = (self.hot.len() + self.known.len()) * Self::ROW;
        let ids = (self.taken.len() + self.wanted.len()) * 8;
        // Tag and length of six columns, and the flag.
        let heads: usize = self.heads.iter().map(LogHead::weight).sum();
        rows + ids + 4 * weight::FIELD + heads
    }
}
