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

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::base::limit;
use crate::message::{
    Batch, BatchHead, BatchPart, Entry, Generation, Head, Key, Lineage, LogDelta, Scope, Sealed,
    Stamp, Version,
};

/// One write that still matters.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    batch: Arc<Sealed<BatchHead>>,
    index: u32,
    /// The write itself.
    pub(super) entry: Sealed<Entry>,
}

/// Everything held of one author.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    head: Head,
    /// A batch of the head's generation: the proof of its lineage.
    newest: Option<Arc<Sealed<BatchHead>>>,
    slots: BTreeMap<Version, Slot>,
    by_key: BTreeMap<(Scope, Key), Version>,
    bytes: usize,
}

/// The version and stamp of the write that stood for a key before, if any did.
pub(super) type Superseded = Option<(Version, Stamp)>;

/// What a batch did to a log.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The log was cut back to this version, and lost these.
    pub(super) cut: Option<(Version, Vec<(Version, Slot)>)>,
    /// The places in the batch that were taken, with their versions and what
    /// each superseded.
    pub(super) taken: Vec<(u32, Version, Superseded)>,
    /// The generation is new to us, with or without entries.
    pub(super) new_generation: bool,
    /// It does not follow on what we hold.
    pub(super) gap: bool,
    /// Entries refused for lack of room: they advance the head as holes.
    pub(super) holes: u64,
}

impl Log {
    pub(super) const fn head(&self) -> Head {
        self.head
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
        self.slots.get(&version)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = (Version, &Slot)> {
        self.slots.iter().map(|(version, slot)| (*version, slot))
    }

    /// The write that stands for a key in this log, tombstone or not.
    pub(super) fn find(&self, scope: Scope, key: &Key) -> Option<(Version, &Slot)> {
        let version = *self.by_key.get(&(scope, key.clone()))?;
        Some((version, self.slots.get(&version)?))
    }

    /// The keys of one scope from `from` on, in order.
    pub(super) fn keys_from(
        &self,
        scope: Scope,
        from: Key,
    ) -> impl Iterator<Item = (&Key, Version, &Slot)> {
        let range = self.by_key.range((scope, from)..);
        range
            .take_while(move |((s, _), _)| *s == scope)
            .filter_map(|((_, key), version)| Some((key, *version, self.slots.get(version)?)))
    }

    /// Takes what is new of `batch`, which may follow on `from`.
    pub(super) fn accept(&mut self, from: Version, batch: &Batch) -> Accepted {
        let mut accepted = Accepted::default();
        let head = &batch.head.value;
        let generation = head.generation();
        let mut ceiling = Version(u64::MAX);
        if generation > self.head.generation || self.newest.is_none() {
            accepted.cut = self.rebase(&head.lineage);
            accepted.new_generation = true;
            self.head.generation = generation;
            self.newest = Some(Arc::clone(&batch.head));
        } else if generation < self.head.generation {
            ceiling = self.lineage().agrees_with(&head.lineage);
        }
        if from > self.head.version {
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
        accepted
    }

    /// Keeps one entry, the newest of its log.
    fn insert(
        &mut self,
        batch: &Arc<Sealed<BatchHead>>,
        part: &BatchPart,
        version: Version,
    ) -> Result<Superseded, NoRoom> {
        let entry = &part.entry.value;
        let name = (entry.scope, entry.key.clone());
        let old = self
            .by_key
            .get(&name)
            .and_then(|at| Some((*at, self.slots.get(at)?)));
        let old_bytes = old.map_or(0, |(_, slot)| slot.entry.value.payload_bytes());
        let bytes = self.bytes - old_bytes + entry.payload_bytes();
        if bytes > limit::BYTES_PER_AUTHOR
            || (old.is_none() && self.slots.len() >= limit::KEYS_PER_AUTHOR)
        {
            return Err(NoRoom);
        }
        let superseded = old.map(|(at, slot)| (at, slot.entry.value.stamp));
        if let Some((at, _)) = superseded {
            self.slots.remove(&at);
        }
        self.bytes = bytes;
        self.by_key.insert(name, version);
        let slot = Slot {
            batch: Arc::clone(batch),
            index: part.index,
            entry: part.entry.clone(),
        };
        self.slots.insert(version, slot);
        Ok(superseded)
    }

    /// Drops what a newer generation never wrote.
    ///
    /// A dropped write may have hidden older ones that *are* part of the new
    /// history, here or already at whoever sent it to us. So the cut reaches
    /// down to the first version we do not hold, and the rest is fetched again.
    fn rebase(&mut self, lineage: &Lineage) -> Option<(Version, Vec<(Version, Slot)>)> {
        let ceiling = lineage.agrees_with(&self.lineage());
        if self.head.version <= ceiling {
            return None;
        }
        let unbroken = self
            .slots
            .keys()
            .zip(1..)
            .take_while(|(held, count)| held.0 == *count);
        let through = ceiling.min(Version(unbroken.count() as u64));
        let dropped: Vec<(Version, Slot)> =
            self.slots.split_off(&through.plus(1)).into_iter().collect();
        for (_, slot) in &dropped {
            let entry = &slot.entry.value;
            self.bytes -= entry.payload_bytes();
            self.by_key.remove(&(entry.scope, entry.key.clone()));
        }
        self.head.version = through;
        Some((through, dropped))
    }

    /// What `theirs` lacks, oldest first, up to about `budget` bytes; at least
    /// one entry. `None` if they lack nothing. The flag says whether it is all.
    pub(super) fn since(&self, theirs: Head, budget: usize) -> Option<(LogDelta, bool)> {
        let newest = self.newest.as_ref()?;
        if theirs >= self.head {
            return None;
        }
        let ceiling = newest.value.lineage.ceiling(theirs.generation);
        let from = theirs.version.min(ceiling);
        let mut batches: Vec<Batch> = Vec::new();
        let mut weight = 0;
        let mut whole = true;
        if theirs.generation < self.head.generation {
            weight += newest.weight();
            batches.push(Batch {
                head: Arc::clone(newest),
                parts: Vec::new(),
            });
        }
        for (_, slot) in self.slots.range(from.plus(1)..) {
            let part = BatchPart {
                index: slot.index,
                entry: slot.entry.clone(),
            };
            let continued = batches
                .last_mut()
                .filter(|last| Arc::ptr_eq(&last.head, &slot.batch));
            let adds = part.entry.weight()
                + PART_WEIGHT
                + if continued.is_some() {
                    0
                } else {
                    slot.batch.weight()
                };
            if weight > 0 && weight + adds > budget {
                whole = false;
                break;
            }
            weight += adds;
            match continued {
                Some(last) => last.parts.push(part),
                None => {
                    batches.push(Batch {
                        head: Arc::clone(&slot.batch),
                        parts: Vec::from([part]),
                    });
                }
            }
        }
        (!batches.is_empty()).then_some((LogDelta { from, batches }, whole))
    }

    /// Whether the author is in a later run than any batch of it shows.
    pub(super) fn generation(&self) -> Generation {
        self.head.generation
    }
}

/// Room for the place and the tags of a part, in bytes.
const PART_WEIGHT: usize = 64;

/// The author has used up its share.
#[derive(Debug)]
struct NoRoom;
