//! How far a log goes, and across which restarts.
//!
//! A log is everything one author ever wrote, numbered 1, 2, 3, … across
//! restarts. Its *head* is (generation, version): "I hold the author's history
//! as of that generation, up to that version". An author whose disk was
//! restored from a backup would write version 58 a second time; so each new
//! generation names its *base*, the version it really continues from, and
//! whoever holds more than that drops the excess.

use alloc::vec::Vec;

use super::{Generation, weight};
use crate::base::id::NodeId;
use crate::base::limit;

/// The number of a write in its author's log; the first is 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Version(pub u64);

impl Version {
    /// The `count`-th version after this one.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The version before this one; of the first, zero: nothing.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// How much of a log is held. Ordered: generation first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Head {
    /// As of which run of the author.
    pub generation: Generation,
    /// Up to which write.
    pub version: Version,
}

impl Head {
    /// More than anybody holds: who says so of itself lacks nothing.
    pub const MAX: Self = Self {
        generation: Generation(u64::MAX),
        version: Version(u64::MAX),
    };
}

/// A log, and how much of it somebody holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LogHead {
    /// Whose log.
    pub author: NodeId,
    /// How far it is held.
    pub head: Head,
}

impl LogHead {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::id(&self.author) + weight::FIELD + 2 * weight::NUMBER
    }
}

/// Where one generation began: what it continued from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Base {
    /// The generation that began.
    pub generation: Generation,
    /// The head it had in its journal when it began.
    pub from: Head,
}

/// The bases of a log, oldest first, at most [`limit::LINEAGE`]; the last one
/// is that of the generation that speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage(Vec<Base>);

impl Lineage {
    /// A lineage of these bases, or `None` where they do not rise in
    /// generation, fall in version, or are more than [`limit::LINEAGE`].
    pub fn new(bases: Vec<Base>) -> Option<Self> {
        let rising = bases.windows(2).all(|pair| match pair {
            [older, newer] => {
                older.generation <= newer.from.generation
                    && older.from.version <= newer.from.version
            }
            _ => true,
        });
        let sane = bases
            .iter()
            .all(|base| base.from.generation < base.generation);
        (rising && sane && bases.len() <= limit::LINEAGE).then_some(Self(bases))
    }

    /// This lineage, and then a new generation that continues from `from`.
    ///
    /// A base beyond `from` says nothing any more: whoever holds no more than
    /// that of its own log never reached it.
    #[must_use]
    pub fn extended(&self, generation: Generation, from: Head) -> Self {
        let mut bases = self.0.clone();
        bases.retain(|base| base.from.version <= from.version);
        bases.push(Base { generation, from });
        if bases.len() > limit::LINEAGE {
            bases.remove(0);
        }
        Self(bases)
    }

    /// The bases, oldest first.
    pub fn bases(&self) -> &[Base] {
        &self.0
    }

    /// Up to which version a history held as of `generation` agrees with this
    /// lineage.
    ///
    /// Zero when `generation` is older than the lineage remembers: then
    /// nothing can be kept. `Version(u64::MAX)` for its newest generation.
    pub fn ceiling(&self, generation: Generation) -> Version {
        if let Some(oldest) = self.0.first() {
            let forgotten = generation < oldest.from.generation;
            if forgotten && oldest.from.version > Version(0) {
                return Version(0);
            }
        }
        let later = self.0.iter().filter(|base| base.generation > generation);
        later
            .map(|base| base.from.version)
            .min()
            .unwrap_or(Version(u64::MAX))
    }

    /// Whether a history as of `generation` is a part of this one.
    fn continues(&self, generation: Generation) -> bool {
        self.0
            .iter()
            .any(|base| base.generation == generation || base.from.generation == generation)
    }

    /// Up to which version a history of the lineage `other` agrees with this
    /// one.
    ///
    /// That is the ceiling of its generation, unless this lineage has never
    /// heard of that: an author that went back to an older disk, wrote, and
    /// then went on from the newer one has two histories, which part where
    /// either leaves the last generation they share.
    pub fn agrees_with(&self, other: &Self) -> Version {
        let Some(newest) = other.0.last() else {
            return Version(0);
        };
        if self.continues(newest.generation) {
            return self.ceiling(newest.generation);
        }
        let shared = other.0.iter().rev().map(|base| base.from.generation);
        let shared = shared
            .filter(|generation| self.continues(*generation))
            .max();
        shared.map_or(Version(0), |shared| {
            self.ceiling(shared).min(other.ceiling(shared))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn base(generation: u64, from_generation: u64, version: u64) -> Base {
        Base {
            generation: Generation(generation),
            from: Head {
                generation: Generation(from_generation),
                version: Version(version),
            },
        }
    }

    /// ```text
    ///   generation 1: 1 ──────────── 60        (58..60 lost with the disk)
    ///   generation 2:          57 ─┴─ 58 … 70
    ///   generation 3:                      70 ── …
    /// ```
    #[test]
    fn a_history_agrees_up_to_the_lowest_later_base() {
        let lineage = Lineage::new(vec![base(1, 0, 0), base(2, 1, 57), base(3, 2, 70)]).unwrap();
        assert_eq!(lineage.ceiling(Generation(1)), Version(57));
        assert_eq!(lineage.ceiling(Generation(2)), Version(70));
        assert_eq!(lineage.ceiling(Generation(3)), Version(u64::MAX));
    }

    #[test]
    fn what_it_no_longer_remembers_cannot_be_kept() {
        let lineage = Lineage::new(vec![base(8, 7, 40), base(9, 8, 41)]).unwrap();
        assert_eq!(lineage.ceiling(Generation(7)), Version(40));
        assert_eq!(lineage.ceiling(Generation(6)), Version(0));
    }

    /// ```text
    ///   generation 1:  1 ───── 10 ───────── 20          (a backup is made at 10)
    ///   generation 2:          └─ 11 … 15   (the backup)
    ///   generation 3:                        └─ 21 …    (the first disk again)
    /// ```
    #[test]
    fn two_histories_agree_up_to_where_they_part() {
        let fork = Lineage::new(vec![base(1, 0, 0), base(2, 1, 10)]).unwrap();
        let main = Lineage::new(vec![base(1, 0, 0), base(3, 1, 20)]).unwrap();
        assert_eq!(main.agrees_with(&fork), Version(10));
        let longer = main.extended(Generation(4), base(4, 3, 30).from);
        assert_eq!(longer.agrees_with(&main), Version(30));
        assert_eq!(longer.agrees_with(&fork), Version(10));
        let wiped = Lineage::new(vec![base(5, 0, 0)]).unwrap();
        assert_eq!(wiped.agrees_with(&main), Version(0));
        assert_eq!(main.agrees_with(&Lineage::default()), Version(0));
    }

    #[test]
    fn a_base_beyond_what_is_held_is_dropped() {
        let held = Lineage::new(vec![base(1, 0, 0), base(2, 1, 50)]).unwrap();
        let from = base(3, 2, 7).from;
        let new = held.extended(Generation(3), from);
        assert_eq!(Lineage::new(new.bases().to_vec()), Some(new.clone()));
        assert_eq!(new.ceiling(Generation(1)), Version(7));
        assert_eq!(new.ceiling(Generation(2)), Version(7));
    }

    #[test]
    fn bases_must_rise() {
        assert_eq!(Lineage::new(vec![base(2, 1, 5), base(2, 1, 6)]), None);
        assert_eq!(Lineage::new(vec![base(2, 2, 5)]), None);
        assert_eq!(Lineage::new(vec![base(2, 1, 5), base(3, 2, 4)]), None);
    }
}
