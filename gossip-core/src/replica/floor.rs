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
use super::log::Log;
use super::slot::Slot;
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
    /// `as_of` is how old the dead have to be; of shared keys so old as
    /// `all_here`, since when everybody who may ever have written has been here.
    pub fn next_floor(
        &self,
        me: &NodeId,
        as_of: WallTime,
        all_here: Option<WallTime>,
    ) -> Option<(Floor, Vec<Entry>)> {
        let log = self.logs.get(me)?;
        let mut floor = Floor {
            through: log.head().version,
            shared: log.head().version,
            as_of,
        };
        let (mut dead, mut last) = (0_usize, None);
        for (version, slot) in log.slots() {
            let old = |as_of| matches!(age(slot, as_of), Age::Old);
            match age(slot, as_of) {
                // It may be dead by the next floor, and not yet to be cleared: so
                // far the floor of shared keys must not reach.
                Age::Live if slot.scope() == Scope::Shared && slot.expires().is_some() => {
                    floor.shared = floor.shared.min(version.before());
                }
                Age::Live => {}
                Age::Young => {
                    floor.through = version.before();
                    break;
                }
                Age::Old if slot.scope() == Scope::Own => {
                    dead += 1;
                    last = Some(slot);
                }
                Age::Old if version > floor.shared => {}
                Age::Old if all_here.is_some_and(old) && !self.hides(me, slot) => {
                    dead += 1;
                    last = last.or(Some(slot));
                }
                Age::Old => floor.shared = floor.shared.min(version.before()),
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
        let again = last.filter(|_| along.is_empty());
        along.extend(again.and_then(tombstone));
        Some((floor, along))
    }

    /// Whether a write of `me` stands above a value in another log.
    fn hides(&self, me: &NodeId, slot: &Slot) -> bool {
        let Some(entry) = slot.entry() else {
            return true;
        };
        let others = self.logs.iter().filter(|(author, _)| *author != me);
        let mut found = others.filter_map(|(_, log)| log.find(Scope::Shared, &entry.key));
        found.any(|(_, slot)| slot.is_put())
    }

    /// The values of `me` that lost against a deletion, long ago, as tombstones.
    fn lost(&self, me: &NodeId, log: &Log, as_of: WallTime) -> Vec<Entry> {
        let lost = |(_, slot): &(Version, &Slot)| {
            let is_put = slot.scope() == Scope::Shared && slot.is_put();
            let Some(entry) = is_put.then(|| slot.entry()).flatten() else {
                return false;
            };
            let Some(winner) = self.view.winner(&self.logs, &entry.key) else {
                return false;
            };
            let slot = self.slot(&winner.author, winner.version);
            let deleted = slot.is_none_or(|slot| matches!(age(slot, as_of), Age::Old));
            winner.author != *me && winner.stamp > entry.stamp && deleted
        };
        let lost = log.slots().filter(lost);
        let lost = lost.filter_map(|(_, slot)| tombstone(slot));
        lost.take(limit::BATCH_ENTRIES).collect()
    }
}

enum Age {
    Live,
    Young,
    Old,
}

/// Whether a write is dead, and has been since `as_of`.
fn age(slot: &Slot, as_of: WallTime) -> Age {
    match (slot.is_put(), slot.expires()) {
        (false, _) if slot.stamp().millis <= as_of.as_millis() => Age::Old,
        (false, _) => Age::Young,
        (true, Some(ends)) if ends <= as_of => Age::Old,
        (true, _) => Age::Live,
    }
}

/// The tombstone that stands in the place of a write, as of the same moment.
fn tombstone(slot: &Slot) -> Option<Entry> {
    Some(Entry {
        op: Op::Delete,
        expires: None,
        ..slot.entry()?
    })
}
