//! When an author raises the floor of its log, and how far.
//!
//! Own keys are simple: a log has one author and one order, so whoever is above
//! the floor has seen every deletion below it, and whoever is not starts from
//! nothing. A tombstone goes when it is old enough for few to have to.
//!
//! A tombstone of a shared key hides older writes of *other* authors, whose
//! logs know nothing of it. **It goes only when nothing is left for it to
//! hide:** no other log holds a value under the key, and no other log can bring
//! one, because everybody who may ever have written is here, and has been for
//! as long as the tombstone is old. An author whose write to a shared key has
//! lost against one withdraws it: it puts a tombstone of the *same* stamp in its place,
//! which changes nothing for readers, and in time both can go.
//!
//! Whoever lags behind on the other log alone may still hold such a value. It
//! keeps the tombstone's rank as a shadow until that is gone.

use alloc::vec::Vec;

use super::Replica;
use super::log::{Log, Slot};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::message::{Entry, Floor, Op, Scope, Version};

/// A tombstone is worth clearing away when there is at least one for so many
/// keys (guess: it costs every node one batch, and a laggard the whole log).
const WORTH: usize = 8;

impl Replica {
    /// The floor to which the log of `me` may be raised, and what to write
    /// along with it; `None`: it is not worth it.
    ///
    /// `as_of` is how old the dead have to be. `all_here`: everybody who may
    /// ever have written has been here since.
    pub fn next_floor(
        &self,
        me: &NodeId,
        as_of: WallTime,
        all_here: bool,
    ) -> Option<(Floor, Vec<Entry>)> {
        let log = self.logs.get(me)?;
        let mut floor = Floor {
            through: log.head().version,
            shared: log.head().version,
            as_of,
        };
        let (mut dead, mut last) = (0_usize, None);
        for (version, slot) in log.slots() {
            let entry = &slot.entry.value;
            match age(entry, as_of) {
                Age::Live => {}
                Age::Young => {
                    floor.through = version.before();
                    break;
                }
                Age::Old if entry.scope == Scope::Own => {
                    dead += 1;
                    last = Some(entry);
                }
                Age::Old if version > floor.shared => {}
                Age::Old if all_here && !self.hides(me, entry) => {
                    dead += 1;
                    last = last.or(Some(entry));
                }
                Age::Old => floor.shared = version.before(),
            }
        }
        let before = log.floor();
        floor.shared = floor.shared.min(floor.through).max(before.shared);
        floor.as_of = floor.as_of.max(before.as_of);
        let mut along = self.lost(me, log, as_of);
        let rises = floor.through > before.through;
        if !rises || dead < 2 || dead * WORTH < log.keys() {
            return (!along.is_empty()).then_some((before, along));
        }
        // A floor needs a batch, and a batch an entry: the same tombstone again.
        if let Some(entry) = last.filter(|_| along.is_empty()) {
            along.push(tombstone(entry));
        }
        Some((floor, along))
    }

    /// Whether a write of `me` stands above a value in another log.
    fn hides(&self, me: &NodeId, entry: &Entry) -> bool {
        let others = self.logs.iter().filter(|(author, _)| *author != me);
        let mut found = others.filter_map(|(_, log)| log.find(Scope::Shared, &entry.key));
        found.any(|(_, slot)| slot.entry.value.op != Op::Delete)
    }

    /// The values of `me` that lost against a deletion, long ago, as tombstones.
    fn lost(&self, me: &NodeId, log: &Log, as_of: WallTime) -> Vec<Entry> {
        let lost = |(_, slot): &(Version, &Slot)| {
            let entry = &slot.entry.value;
            let is_put = entry.scope == Scope::Shared && entry.op != Op::Delete;
            let Some(winner) = self.view.winner(&entry.key).filter(|_| is_put) else {
                return false;
            };
            let slot = self.slot(&winner.author, winner.version);
            let deleted = slot.is_none_or(|slot| matches!(age(&slot.entry.value, as_of), Age::Old));
            winner.author != *me && winner.stamp > entry.stamp && deleted
        };
        let lost = log.slots().filter(lost);
        let lost = lost.map(|(_, slot)| tombstone(&slot.entry.value));
        lost.take(limit::BATCH_ENTRIES).collect()
    }
}

enum Age {
    Live,
    Young,
    Old,
}

/// Whether a write is dead, and has been since `as_of`.
fn age(entry: &Entry, as_of: WallTime) -> Age {
    match (&entry.op, entry.expires) {
        (Op::Delete, _) if entry.stamp.millis <= as_of.as_millis() => Age::Old,
        (Op::Delete, _) => Age::Young,
        (Op::Put(_), Some(ends)) if ends <= as_of => Age::Old,
        (Op::Put(_), _) => Age::Live,
    }
}

/// The tombstone that stands in the place of a write, as of the same moment.
fn tombstone(entry: &Entry) -> Entry {
    Entry {
        op: Op::Delete,
        expires: None,
        ..entry.clone()
    }
}
