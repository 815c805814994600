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
    /// Nothing is held of it any more, and the newest batch is its last.
    spent: bool,
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
    /// What was handed over stands only with what follows.
    owes: bool,
}

/// One entry of a batch that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its place in the batch.
    pub(super) index: u32,
    pub(super) version: Version,
    pub(super) superseded: Superseded,
}

/// What a batch did to a log.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    pub(super) taken: Vec<Taken>,
    /// The generation is new to us, with or without entries.
    pub(super) new_generation: bool,
    /// It does not follow on what we hold.
    pub(super) gap: bool,
    /// What the floor of the batch clears away: to be taken out.
    pub(super) cleared: Vec<Version>,
}

impl Accepted {
    /// What is new of the batch, and which versions it put an end to.
    pub(super) fn commit(&self, batch: &Batch) -> (Batch, Vec<Version>) {
        let is_taken = |index| {
            let taken = self.taken.binary_search_by_key(&index, |taken| taken.index);
            taken.is_ok()
        };
        let parts = batch.parts.iter().filter(|part| is_taken(part.index));
        let batch = Batch {
            head: batch.head.clone(),
            parts: parts.cloned().collect(),
        };
        let superseded = self.taken.iter();
        let superseded = superseded.filter_map(|taken| Some(taken.superseded.as_ref()?.0));
        let cleared = self.cleared.iter().copied();
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

    /// The head of its last batch, if there is one that says just how far it goes.
    pub(super) fn last_head(&self) -> Option<Arc<Sealed<BatchHead>>> {
        let last = self.slots.last()?.batch();
        let mut heads = [Some(last), self.newest.as_ref()].into_iter().flatten();
        let head = heads.find(|head| head.value.after() == self.head);
        head.cloned()
    }

    /// Nothing is held of it any more but the head of its last batch.
    pub(super) fn spend(&mut self, last: Arc<Sealed<BatchHead>>) {
        *self = Self {
            head: last.value.after(),
            newest: Some(last),
            spent: true,
            ..Self::default()
        };
    }

    /// Whether that is all.
    pub(super) const fn is_spent(&self) -> bool {
        self.spent
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

    /// Cuts it back to what a batch of a newer generation continues, which may
    /// follow on `from`: to which version, and what is to be taken out. It is as
    /// of that generation then.
    ///
    /// What has to be fetched again and lies below a floor begins from nothing:
    /// of two that were cut to one version, one may have cleared and the other not.
    pub(super) fn cut(
        &mut self,
        from: Version,
        head: &Arc<Sealed<BatchHead>>,
    ) -> Option<(Version, Vec<Version>)> {
        let BatchHead { lineage, floor, .. } = &head.value;
        let ceiling = self.ceiling(lineage, head.value.generation())?;
        if self.misses(&head.value) {
            return None;
        }
        let mut through = self.unbroken().min(ceiling);
        if from > through && floor.through > Version(0) {
            through = Version(0);
        }
        self.head.generation = head.value.generation();
        self.newest = Some(Arc::clone(head));
        Some((through, self.keep_through(through)))
    }

    /// Drops what a newer generation never wrote: down to which version, and
    /// what is to be taken out.
    ///
    /// A dropped write may have hidden older ones that *are* part of the new
    /// history, here or already at whoever sent it to us. So the cut reaches
    /// down to the first version we do not hold, and the rest is fetched again.
    pub(super) fn rebase(
        &mut self,
        lineage: &Lineage,
        generation: Generation,
    ) -> Option<Vec<Version>> {
        let ceiling = self.ceiling(lineage, generation)?;
        let through = self.unbroken().min(ceiling);
        Some(self.keep_through(through))
    }

    fn keep_through(&mut self, through: Version) -> Vec<Version> {
        let beyond = self.slots.from(through.plus(1));
        let dropped = beyond.map(Slot::version).collect();
        self.head.version = through;
        // What stays is unbroken: no floor has taken anything from it.
        self.floor = Floor::default();
        dropped
    }

    /// Up to which version a newer generation agrees with it, if that is not all
    /// of it.
    fn ceiling(&self, lineage: &Lineage, generation: Generation) -> Option<Version> {
        let newer = generation > self.head.generation && self.newest.is_some();
        let ceiling = newer.then(|| lineage.agrees_with(&self.lineage()))?;
        (self.head.version > ceiling).then_some(ceiling)
    }

    /// Up to which version it holds every one.
    fn unbroken(&self) -> Version {
        let slots = self.slots.iter().zip(1..);
        let unbroken = slots.take_while(|(held, count)| held.version().0 == *count);
        Version(unbroken.count() as u64)
    }

    /// How much of it a run of `lineage` would leave.
    pub(super) fn kept_by(&self, lineage: &Lineage, generation: Generation) -> Version {
        let ceiling = self.ceiling(lineage, generation);
        ceiling.map_or(self.head.version, |ceiling| self.unbroken().min(ceiling))
    }

    /// Whether a batch tells of a floor above what is held, or agreed to be: only
    /// what comes from nothing can follow.
    fn misses(&self, head: &BatchHead) -> bool {
        let ceiling = self.ceiling(&head.lineage, head.generation());
        let known = ceiling.unwrap_or(self.head.version.max(self.floor.through));
        head.floor.through > known
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

    /// Where a write is.
    pub(super) fn place(&self, version: Version) -> Option<u32> {
        self.slots.place_of(version)
    }

    /// The write in a place.
    pub(super) fn at(&self, place: u32) -> Option<&Slot> {
        self.slots.slot(place)
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
        accepted.gap = from > self.head.version || self.misses(head);
        if accepted.gap {
            return accepted;
        }
        if generation > self.head.generation || self.newest.is_none() {
            accepted.new_generation = true;
            self.head.generation = generation;
            self.newest = Some(Arc::clone(&batch.head));
        } else if generation < self.head.generation {
            ceiling = self.lineage().agrees_with(&head.lineage);
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
            let slot = Slot::new(&batch.head, part);
            debug_assert_eq!(slot.version(), version, "its place in the batch");
            accepted.taken.push(Taken {
                index: part.index,
                version,
                superseded: self.put(slot),
            });
        }
        if !accepted.taken.is_empty() && head.floor.through > self.floor.through {
            accepted.cleared = self.raise(head.floor);
        }
        accepted
    }

    /// Raises the floor: what it clears away is to be taken out.
    fn raise(&mut self, floor: Floor) -> Vec<Version> {
        self.floor = floor;
        self.below(floor).collect()
    }

    /// Raises the floor, and takes out what it clears away.
    pub(super) fn clear(&mut self, floor: Floor) {
        for version in self.raise(floor) {
            self.take(version);
        }
    }

    /// It is what another says that was built aside: its writes, to be
    /// [put](Self::put), and the versions to be taken out then.
    pub(super) fn becomes(&mut self, other: Self) -> (Vec<Slot>, Vec<Version>) {
        let gone = self.slots().map(|(version, _)| version);
        let gone = gone.filter(|version| other.slot(*version).is_none());
        let gone = gone.collect();
        self.head = other.head;
        self.newest = other.newest;
        self.floor = other.floor;
        let mut slots: Vec<Slot> = other.slots.into_iter().collect();
        slots.retain(|slot| self.slot(slot.version()).is_none());
        slots.sort_by_key(Slot::version);
        (slots, gone)
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

    /// Keeps a write, in the place of the one it supersedes.
    pub(super) fn put(&mut self, slot: Slot) -> Superseded {
        self.bytes += slot.payload_bytes();
        let before = self.slots.put(slot)?;
        self.bytes -= before.payload_bytes();
        Some((before.version(), before))
    }

    /// What `theirs` lacks, oldest first, up to about `budget` bytes; at least
    /// one entry. `None` if they lack nothing.
    ///
    /// A piece in which no version is missing stands alone, and is said to be all;
    /// one with holes counts only with the rest, which may hold what hides them.
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
        if self.spent {
            let head = Batch {
                head: Arc::clone(newest),
                parts: Vec::new(),
            };
            let run = LogDelta {
                from: Version(0),
                batches: Vec::from([head]),
                chunked: Vec::new(),
                more: false,
            };
            return (theirs < self.head).then_some((run, None));
        }
        if self.head.version == Version(0) && newest.value.floor.through > Version(0) {
            // It was cut to nothing, and waits to be fetched again.
            return None;
        }
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
        let mut is_bound = handed.is_some_and(|handed| handed.owes) || from < self.floor.through;
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
            // Rather less than a batch that is divided: its head would go twice.
            let begins_another = continued.is_none() && weight > budget / 8 * 7;
            if reached > from && (begins_another || weight + adds > budget) {
                whole = false;
                break;
            }
            // What is large is there later than what follows on it: so neither
            // stands alone.
            is_bound |= slot.version() != reached.plus(1);
            is_bound |= part.is_large();
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
            owes: is_bound,
        });
        let more = next.is_some() && is_bound;
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
    match part.is_large() {
        true => chunks_of(part.entry.bytes.len()) * limit::ENTRY_HASH_BYTES,
        false => part.entry.weight(),
    }
}

/// Room for the place and the tags of a part, in bytes.
const PART_WEIGHT: usize = 64;
