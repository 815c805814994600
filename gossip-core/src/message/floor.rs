//! The floor of a log: below it nothing dead is kept.
//!
//! A tombstone is needed as long as somebody may still hold what it removed.
//! For ever would be safe, and too long. So the author of a log, and nobody
//! else, raises a floor: what is dead at or below it is dropped by everybody
//! who hears of it. Whoever holds less of the log than the floor cannot be
//! brought up to it write by write any more: it gets the log from nothing, and
//! drops what is not in it.
//!
//! ```text
//!   version   1  2  3  4  5  6  7  8  9
//!   kept      a     †b    c  †d    e       floor 4: †b goes, c stays, †d stays
//!                        ▲ floor           a head of 3 or less: from nothing
//! ```
//!
//! Every batch names the floor of its log, so whoever holds the same head has
//! dropped the same.

use super::{Entry, Op, Scope, Version};
use crate::base::time::WallTime;

/// How much of a log its author has cleared of what is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Floor {
    /// Up to which version own keys are cleared.
    pub through: Version,
    /// Up to which version shared keys are, too; never above `through`. A
    /// shared tombstone stays as long as it may hide a write of another author.
    pub shared: Version,
    /// What had expired by then is dead, on the author's clock.
    pub as_of: WallTime,
}

impl Floor {
    /// Whether it clears away the write of that version.
    pub fn clears(&self, version: Version, entry: &Entry) -> bool {
        let through = match entry.scope {
            Scope::Own => self.through,
            Scope::Shared => self.shared,
        };
        version <= through && (entry.op == Op::Delete || entry.has_expired(self.as_of))
    }

    /// Whether it can be the floor of a batch that begins with `first`: it lies
    /// below, its parts are in order, and a floor of nothing says nothing.
    pub fn fits_below(&self, first: Version) -> bool {
        let nothing = self.through == Version(0) && self.as_of != WallTime::default();
        self.through < first && self.shared <= self.through && !nothing
    }
}
