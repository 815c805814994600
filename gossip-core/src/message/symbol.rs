//! Anti-entropy by what differs: coded symbols, and what is said once they are
//! understood.
//!
//! ```text
//!   opener                                server
//!     │── Sketch: checksum, some symbols ──▶│
//!     │◀──────────────────────────── Done ──│   they agree; or
//!     │◀──────────────────────────── More ──│   too few to understand: at most a
//!     │── Sketch: the next symbols ────────▶│   few times
//!     │◀─────────────────── Found, Delta ───│   what differs, what the opener lacks
//!     │── Rows ────────────────────────────▶│   where a number did not say it all
//!     │◀──────────────────── Delta, Done ───│
//!     │── Delta, Done ─────────────────────▶│   what the server lacks
//! ```

use alloc::vec::Vec;

use super::{Checksum, DigestRow, weight};
use crate::base::id::NodeId;

/// One coded symbol: three sums over all items that are in it.
///
/// An item is a key (a name, and which half of its row) and a value (how that
/// half stands), both numbers below 2⁶¹ − 1. [`reconcile`](crate::reconcile)
/// says how rows become items, and in which symbols an item is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Symbol {
    /// Of all values, modulo 2⁶¹ − 1.
    pub sum: u64,
    /// Of each key times its value, modulo 2⁶¹ − 1.
    pub product: u64,
    /// Of a hash of each item, modulo 2³².
    pub check: u32,
}

impl Symbol {
    /// Its encoded length, in bytes.
    pub const BYTES: usize = 20;
}

/// In which direction a session carries what differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// Both ways.
    #[default]
    PushPull,
    /// From the opener to the server alone.
    Push,
    /// From the server to the opener alone.
    Pull,
}

impl Form {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Push, Self::Pull, Self::PushPull];

    /// Its name, as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
            Self::PushPull => "push-pull",
        }
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Whether the server tells what the opener lacks.
    pub const fn pulls(self) -> bool {
        matches!(self, Self::PushPull | Self::Pull)
    }

    /// Whether the opener tells what the server lacks.
    pub const fn pushes(self) -> bool {
        matches!(self, Self::PushPull | Self::Push)
    }
}

/// The opener's beginning, and its answer to [`More`](super::Body::More).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    /// Everything its sender holds, as one number.
    pub sum: Checksum,
    /// What the session is to carry.
    pub form: Form,
    /// The place of the first of the symbols; zero where all before are void.
    pub first: u32,
    /// Consecutive symbols; none in a cluster that compares by plain digests.
    pub symbols: Vec<Symbol>,
}

impl Sketch {
    /// An upper bound of its encoded length, in bytes: a close one, since most
    /// sessions are little else.
    pub const fn weight(&self) -> usize {
        // Tag and length of all, sum, form, first and symbols, each at its longest.
        5 + 18 + 2 + 6 + 4 + self.symbols.len() * Symbol::BYTES
    }
}

/// What the server understood of the symbols.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// How many symbols it took.
    pub used: u32,
    /// Items that the opener is ahead in, by key, and the server's value: 0 for
    /// none.
    pub lacks: Vec<(u64, u64)>,
    /// Names, as keys of their first half, whose rows the opener is to tell.
    pub unclear: Vec<u64>,
}

impl Found {
    /// An upper bound of its encoded length, in bytes.
    pub const fn weight(&self) -> usize {
        weight::NUMBER + 3 * weight::FIELD + 16 * self.lacks.len() + 8 * self.unclear.len()
    }
}

/// What is said of one range of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RangePart {
    /// The sum of a salted hash of each row in it.
    Print(u128),
    /// It differs and is small: tell your rows.
    Tell,
    /// All rows in it, in rising names.
    Rows(Vec<DigestRow>),
}

/// A range of names, and what is said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// It begins after this name; `None`: at the beginning.
    pub after: Option<NodeId>,
    /// It ends with this name; `None`: at the end.
    pub through: Option<NodeId>,
    /// What is said of it.
    pub part: RangePart,
}

/// A piece of a comparison by ranges (Meyer, "Range-Based Set Reconciliation",
/// SRDS 2023).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ranges {
    /// What the hash is salted with in this session.
    pub salt: u64,
    /// Apart from each other, in rising names.
    pub ranges: Vec<Range>,
}

impl Ranges {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let one = |range: &Range| {
            let rows = match &range.part {
                RangePart::Rows(rows) => rows.iter().map(DigestRow::weight).sum(),
                _ => 0,
            };
            let ends = [&range.after, &range.through];
            let ends: usize = ends.into_iter().flatten().map(weight::id).sum();
            3 * weight::FIELD + 16 + ends + rows
        };
        weight::NUMBER + weight::FIELD + self.ranges.iter().map(one).sum::<usize>()
    }
}
