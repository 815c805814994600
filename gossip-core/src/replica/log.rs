//! One author's log, as far as it still matters.
//!
//! Of all the writes an author ever made, a log keeps the newest of each key,
//! tombstones included, under their versions. What lies between two of them
//! was superseded *within the log*. So a log stands on its own: it never
//! leaves out a write because another author's is newer, and any stretch of
//! it can be handed on without asking what else the receiver holds.
//!
//! ```text
//!   version   1  2  3  4  5  6  7  8  9      head = (generation, 9)
//!   kept            a        b     c  d      1, 2, 4, 5, 7 are superseded
//! ```
//!
//! Tombstones go when the author raises the log's [`Floor`], and not before.
//! A log whose floor lies above what we hold is never taken piece by piece: it
//! replaces ours, whole.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::slot::Slot;
use super::slots::Slots;
use crate::base::limit;
use crate::message::{
    Batch, BatchHead, BatchPart, Floor, Generation, Head, Key, Lineage, LogDelta, Scope, Sealed,
    Version, chunks_of,
};

/// Everything held of one author.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    head: Head,
    /// A batch of the head's generation: the proof of its lineage.
    newest: Option<Arc<Sealed<BatchHead>>>,
    slots: Slots,
    bytes: usize,
    /// What is cleared of it.
    floor: Floor,
}

/// The write that stood for a key before, if any did.
pub(super) type Superseded = Option<(Version, Slot)>;

/// How far a log has been handed to somebody, piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    /// The generation of the log, and the last version handed over.
    reached: Head,
    /// What was cleared of the log then.
    floor: Version,
}

/// What a batch did to a log.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The places in the batch that were taken, with their versions and what
    /// each superseded.
    pub(super) taken: Vec<(u32, Version, Superseded)>,
    /// The generation is new to us, with or without entries.
    pub(super) new_generation: bool,
    /// It does not follow on what we hold.
    pub(super) gap: bool,
    /// Entries refused for lack of room: they advance the head as holes.
    pub(super) holes: u64,
    /// What the floor of the batch cleared away.
    pub(super) cleared: Vec<(Version, Slot)>,
}

impl Accepted {
    /// What is new of the batch, and which versions it put an end to.
    pub(super) fn commit(&self, batch: &Batch) -> (Batch, Vec<Version>) {
        let is_taken = |index| self.taken.iter().any(|(taken, ..)| *taken == index);
        let parts = batch.parts.iter().filter(|part| is_taken(part.index));
        let batch = Batch {
            head: batch.head.clone(),
            parts: parts.cloned().collect(),
        };
        let superseded = self.taken.iter();
        let superseded = superseded.filter_map(|(_, _, before)| Some(before.as_ref()?.0));
        let cleared = self.cleared.iter().map(|(version, _)| *version);
        (batch, superseded.chain(cleared).collect())
    }
}

impl Log {
    pub(super) const fn head(&self) -> Head {
        self.head
    }

    /// What is cleared of it.
    pub(super) const fn floor(&self) -> Floor {
        self.floor
    }

    /// An empty one, to be filled from nothing by a run under a floor.
    pub(super) fn under(floor: Floor) -> Self {
        Self {
            floor,
            ..Self::default()
        }
    }

    /// Whether it is whole: a floor above its head says that something is
    /// missing. One that is read back from a journal is whole by itself.
    pub(super) fn is_whole(&self) -> bool {
        self.floor.through <= self.head.version
    }

    /// It is whole, whatever its floor says.
    pub(super) fn settle(&mut self) {
        if !self.is_whole() {
            self.floor = Floor::default();
        }
    }

    /// Cuts it back to what a batch of a newer generation continues: to which
    /// version, and what it lost.
    pub(super) fn cut(&mut self, head: &BatchHead) -> Option<(Version, Vec<(Version, Slot)>)> {
        let newer = head.generation() > self.head.generation && self.newest.is_some();
        newer.then(|| self.rebase(&head.lineage)).flatten()
    }

    /// How much of it a run of `lineage` would leave.
    pub(super) fn kept_by(&self, lineage: &Lineage, generation: Generation) -> Version {
        if generation > self.head.generation && self.newest.is_some() {
            self.cut_through(lineage).unwrap_or(self.head.version)
        } else {
            self.head.version
        }
    }

    /// Keys held, tombstones included.
    pub(super) fn keys(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of keys and values held.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the next generation's batches have to say about their origin.
    pub(super) fn lineage(&self) -> Lineage {
        self.newest
            .as_ref()
            .map(|head| head.value.lineage.clone())
            .unwrap_or_default()
    }

    pub(super) fn slot(&self, version: Version) -> Option<&Slot> {
        self.slots.get(version)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = (Version, &Slot)> {
        self.slots.iter().map(|slot| (slot.version(), slot))
    }

    /// The write that stands for a key in this log, tombstone or not.
    pub(super) fn find(&self, scope: Scope, key: &Key) -> Option<(Version, &Slot)> {
        let slot = self.slots.find(scope, key)?;
        Some((slot.version(), slot))
    }

    /// The keys of one scope from `from` on, in order.
    pub(super) fn keys_from(&self, scope: Scope, from: &Key) -> impl Iterator<Item = &Slot> {
        let slots = self.slots.keys_from(scope, from);
        slots.take_while(move |slot| slot.scope() == scope)
    }

    /// Takes what is new of `batch`, which may follow on `from`, after
    /// [`Log::cut`].
    pub(super) fn accept(&mut self, from: Version, batch: &Batch) -> Accepted {
        let mut accepted = Accepted::default();
        let head = &batch.head.value;
        let generation = head.generation();
        let mut ceiling = Version(u64::MAX);
        if generation > self.head.generation || self.newest.is_none() {
            accepted.new_generation = true;
            self.head.generation = generation;
            self.newest = Some(Arc::clone(&batch.head));
        } else if generation < self.head.generation {
            ceiling = self.lineage().agrees_with(&head.lineage);
        }
        let known = self.head.version.max(self.floor.through);
        if from > self.head.version || head.floor.through > known {
            accepted.gap = true;
            return accepted;
        }
        for part in &batch.parts {
            let version = batch.version(part.index);
            if version <= self.head.version {
                continue;
            }
            if version > ceiling {
                break;
            }
            self.head.version = version;
            match self.insert(&batch.head, part, version) {
                Ok(superseded) => accepted.taken.push((part.index, version, superseded)),
                Err(NoRoom) => accepted.holes += 1,
            }
        }
        if !accepted.taken.is_empty() && head.floor.through > self.floor.through {
            accepted.cleared = self.clear(head.floor);
        }
        accepted
    }

    /// Raises the floor, and takes out what it clears away.
    pub(super) fn clear(&mut self, floor: Floor) -> Vec<(Version, Slot)> {
        self.floor = floor;
        let dead: Vec<Version> = self.below(floor).collect();
        let taken = dead
            .into_iter()
            .filter_map(|version| Some((version, self.take(version)?)));
        taken.collect()
    }

    /// Takes everything out.
    pub(super) fn drain(&mut self) -> Vec<(Version, Slot)> {
        self.bytes = 0;
        let slots = core::mem::take(&mut self.slots).into_iter();
        let mut slots: Vec<_> = slots.map(|slot| (slot.version(), slot)).collect();
        slots.sort_by_key(|(version, _)| *version);
        slots
    }

    /// What a floor would clear away.
    pub(super) fn below(&self, floor: Floor) -> impl Iterator<Item = Version> {
        let below = self.slots().take_while(move |(at, _)| *at <= floor.through);
        let dead = below.filter(move |(at, slot)| slot.is_cleared_by(&floor, *at));
        dead.map(|(version, _)| version)
    }

    /// Takes a write out.
    pub(super) fn take(&mut self, version: Version) -> Option<Slot> {
        let slot = self.slots.remove(version)?;
        self.bytes -= slot.payload_bytes();
        Some(slot)
    }

    /// The time of a value is over: the write, if it held one until now.
    pub(super) fn expire(&mut self, version: Version) -> Option<&Slot> {
        let slot = self.slots.held_mut(version)?;
        if slot.expired {
            return None;
        }
        slot.expired = true;
        Some(slot)
    }

    /// Keeps one entry, the newest of its log.
    fn insert(
        &mut self,
        batch: &Arc<Sealed<BatchHead>>,
        part: &BatchPart,
        version: Version,
    ) -> Result<Superseded, NoRoom> {
        let entry = &part.entry.value;
        let old = self.slots.find(entry.scope, &entry.key);
        let old_bytes = old.map_or(0, Slot::payload_bytes);
        let bytes = self.bytes - old_bytes + entry.payload_bytes();
        if bytes > limit::BYTES_PER_AUTHOR
            || (old.is_none() && self.slots.len() >= limit::KEYS_PER_AUTHOR)
        {
            return Err(NoRoom);
        }
        let at = old.map(Slot::version);
        let superseded = at.and_then(|at| Some((at, self.slots.remove(at)?)));
        self.bytes = bytes;
        let slot = Slot::new(batch, part);
        debug_assert_eq!(slot.version(), version, "its place in the batch");
        self.slots.insert(slot);
        Ok(superseded)
    }

    /// Drops what a newer generation never wrote.
    ///
    /// A dropped write may have hidden older ones that *are* part of the new
    /// history, here or already at whoever sent it to us. So the cut reaches
    /// down to the first version we do not hold, and the rest is fetched again.
    pub(super) fn rebase(&mut self, lineage: &Lineage) -> Option<(Version, Vec<(Version, Slot)>)> {
        let through = self.cut_through(lineage)?;
        let beyond = self.slots.from(through.plus(1));
        let beyond: Vec<Version> = beyond.map(Slot::version).collect();
        let dropped = beyond
            .into_iter()
            .filter_map(|version| Some((version, self.take(version)?)));
        let dropped = dropped.collect();
        self.head.version = through;
        // What stays is unbroken: no floor has taken anything from it.
        self.floor = Floor::default();
        Some((through, dropped))
    }

    /// Where a newer generation cuts it, if it does.
    fn cut_through(&self, lineage: &Lineage) -> Option<Version> {
        let ceiling = lineage.agrees_with(&self.lineage());
        if self.head.version <= ceiling {
            return None;
        }
        let unbroken = self
            .slots
            .iter()
            .zip(1..)
            .take_while(|(held, count)| held.version().0 == *count);
        Some(ceiling.min(Version(unbroken.count() as u64)))
    }

    /// What `theirs` lacks, oldest first, up to about `budget` bytes; at least
    /// one entry. `None` if they lack nothing.
    ///
    /// `handed` is how far the piece before came. What comes with the answer is
    /// for the next piece; without it, that was all. Where the log was cut or
    /// cleared meanwhile, it begins anew.
    pub(super) fn since(
        &self,
        theirs: Head,
        handed: Option<Handed>,
        budget: usize,
    ) -> Option<(LogDelta, Option<Handed>)> {
        let newest = self.newest.as_ref()?;
        let handed = handed.filter(|handed| self.still_holds(*handed));
        if theirs >= self.head && handed.is_none() {
            return None;
        }
        let mut batches: Vec<Batch> = Vec::new();
        let mut weight = 0;
        let mut show = |head: &Arc<Sealed<BatchHead>>| {
            weight += head.weight();
            batches.push(Batch {
                head: Arc::clone(head),
                parts: Vec::new(),
            });
        };
        let from = match handed {
            Some(handed) => handed.reached.version,
            None => {
                let ceiling = newest.value.lineage.ceiling(theirs.generation);
                let from = theirs.version.min(ceiling);
                if theirs.generation < self.head.generation {
                    show(newest);
                }
                if from < self.floor.through {
                    // From nothing, and the author's word for it goes first.
                    let last = self.slots.last();
                    last.into_iter().for_each(|slot| show(slot.batch()));
                    Version(0)
                } else {
                    from
                }
            }
        };
        let mut reached = from;
        let mut whole = true;
        for slot in self.slots.from(from.plus(1)) {
            let Some(part) = slot.part() else {
                continue;
            };
            let continued = batches
                .last_mut()
                .filter(|last| Arc::ptr_eq(&last.head, slot.batch()));
            let adds = told_weight(&part)
                + PART_WEIGHT
                + if continued.is_some() {
                    0
                } else {
                    slot.batch().weight()
                };
            if reached > from && weight + adds > budget {
                whole = false;
                break;
            }
            reached = slot.version();
            weight += adds;
            match continued {
                Some(last) => last.parts.push(part),
                None => {
                    batches.push(Batch {
                        head: Arc::clone(slot.batch()),
                        parts: Vec::from([part]),
                    });
                }
            }
        }
        if batches.is_empty() {
            // What was still to come is gone: say that this is all.
            batches.push(Batch {
                head: Arc::clone(newest),
                parts: Vec::new(),
            });
        }
        let next = (!whole).then_some(Handed {
            reached: Head {
                generation: self.head.generation,
                version: reached,
            },
            floor: self.floor.through,
        });
        let more = next.is_some();
        Some((
            LogDelta {
                from,
                batches,
                chunked: Vec::new(),
                more,
            },
            next,
        ))
    }

    /// Whether what was handed over is still a part of this log, whole.
    fn still_holds(&self, handed: Handed) -> bool {
        let uncleared =
            handed.floor == self.floor.through || handed.reached.version >= self.floor.through;
        handed.reached.generation == self.head.generation && uncleared
    }

    /// Whether the author is in a later run than any batch of it shows.
    pub(super) fn generation(&self) -> Generation {
        self.head.generation
    }
}

/// What a part adds to a delta: a large one is told by its chunks.
fn told_weight(part: &BatchPart) -> usize {
    match part.entry.bytes.len() {
        bytes if bytes > limit::LARGE_BYTES => chunks_of(bytes) * limit::ENTRY_HASH_BYTES,
        _ => part.entry.weight(),
    }
}

/// Room for the place and the tags of a part, in bytes.
const PART_WEIGHT: usize = 64;

/// The author has used up its share.
#[derive(Debug)]
struct NoRoom;
