//! One write that still matters, packed.
//!
//! Its author's exact bytes hold the key and the value already; a slot remembers
//! where, and of the rest only what is asked for all the time. What the bytes
//! mean is not read again: where a key does not stand in them as it is (nobody
//! but tests makes such bytes) the entry is kept beside them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use bytes::Bytes;
use core::cmp::Ordering;

use crate::base::time::WallTime;
use crate::message::{
    BatchHead, BatchPart, Entry, Floor, Key, Op, Replaced, Scope, Sealed, Stamp, Value, Version,
};

/// Entries up to so many bytes are copied out of the message they came in: one
/// that stays shall not keep all the others in memory (guess).
const COPIED: usize = 4_096;

/// One write that still matters.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    bytes: Bytes,
    batch: Arc<Sealed<BatchHead>>,
    rare: Option<Box<Rare>>,
    millis: u64,
    /// Zero: never.
    expires: u64,
    counter: u32,
    index: u32,
    key_at: u32,
    value_at: u32,
    value_len: u32,
    key_len: u16,
    scope: Scope,
    put: bool,
    /// The time of its value is over, and was found to be.
    pub(super) expired: bool,
}

/// What few entries have.
#[derive(Debug, Clone)]
struct Rare {
    replaces: Option<Replaced>,
    /// Where the bytes do not hold the key and the value as they are.
    loose: Option<(Key, Option<Value>)>,
}

impl Slot {
    /// Packs a part of a batch.
    pub(super) fn new(batch: &Arc<Sealed<BatchHead>>, part: &BatchPart) -> Self {
        let Sealed {
            value: entry,
            bytes,
        } = &part.entry;
        let key = entry.key.as_str().as_bytes();
        let value = match &entry.op {
            Op::Put(value) => Some(value),
            Op::Delete => None,
        };
        let places = place_of(bytes, key).and_then(|key_at| {
            let value = value.map_or(Some((0, 0)), |value| slice_of(bytes, value.bytes()))?;
            Some((key_at, value))
        });
        let loose = places
            .is_none()
            .then(|| (entry.key.clone(), value.cloned()));
        let rare = (loose.is_some() || entry.replaces.is_some()).then(|| {
            Box::new(Rare {
                replaces: entry.replaces.clone(),
                loose,
            })
        });
        let (key_at, (value_at, value_len)) = places.unwrap_or_default();
        Self {
            bytes: match bytes.len() <= COPIED {
                true => Bytes::copy_from_slice(bytes),
                false => bytes.clone(),
            },
            batch: Arc::clone(batch),
            rare,
            millis: entry.stamp.millis,
            expires: entry.expires.map_or(0, WallTime::as_millis),
            counter: entry.stamp.counter,
            index: part.index,
            key_at,
            value_at,
            value_len,
            key_len: u16::try_from(key.len()).unwrap_or(0),
            scope: entry.scope,
            put: value.is_some(),
            expired: false,
        }
    }

    /// Its place in the author's log.
    pub(super) fn version(&self) -> Version {
        self.batch.value.first.plus(u64::from(self.index))
    }

    /// The head of the batch it came in.
    pub(super) const fn batch(&self) -> &Arc<Sealed<BatchHead>> {
        &self.batch
    }

    /// Whether it put a value, whose time may be over.
    pub(super) const fn is_put(&self) -> bool {
        self.put
    }

    /// Whether the key holds something by it.
    pub(super) const fn is_live(&self) -> bool {
        self.put && !self.expired
    }

    /// Whether a floor clears it away.
    pub(super) fn is_cleared_by(&self, floor: &Floor, version: Version) -> bool {
        let ended = self.expires().is_some_and(|expires| expires <= floor.as_of);
        floor.reaches(self.scope, version) && (!self.put || ended)
    }

    pub(super) const fn scope(&self) -> Scope {
        self.scope
    }

    pub(super) const fn stamp(&self) -> Stamp {
        Stamp {
            millis: self.millis,
            counter: self.counter,
        }
    }

    pub(super) fn expires(&self) -> Option<WallTime> {
        (self.expires > 0).then(|| WallTime::from_millis(self.expires))
    }

    pub(super) fn replaces(&self) -> Option<&Replaced> {
        self.rare.as_ref()?.replaces.as_ref()
    }

    fn loose(&self) -> Option<&(Key, Option<Value>)> {
        self.rare.as_ref()?.loose.as_ref()
    }

    /// The bytes of its key.
    pub(super) fn key_bytes(&self) -> &[u8] {
        if let Some((key, _)) = self.loose() {
            return key.as_str().as_bytes();
        }
        let from = usize::try_from(self.key_at).unwrap_or(usize::MAX);
        let to = from.saturating_add(usize::from(self.key_len));
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Whether its name comes before another, or is the same.
    pub(super) fn compare(&self, scope: Scope, key: &[u8]) -> Ordering {
        (self.scope, self.key_bytes()).cmp(&(scope, key))
    }

    /// Bytes of key and value.
    pub(super) fn payload_bytes(&self) -> usize {
        if let Some((key, value)) = self.loose() {
            let value = value.as_ref().map_or(0, |value| value.bytes().len());
            return key.as_str().len() + value;
        }
        usize::from(self.key_len) + usize::try_from(self.value_len).unwrap_or(0)
    }

    /// Its author's exact bytes.
    pub(super) const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The part of its batch that it is, as it travels.
    pub(super) fn part(&self) -> Option<BatchPart> {
        Some(BatchPart {
            index: self.index,
            entry: Sealed {
                value: self.entry()?,
                bytes: self.bytes.clone(),
            },
        })
    }

    /// The entry, unpacked. It was packed from one, so there is one.
    pub(super) fn entry(&self) -> Option<Entry> {
        let (key, value) = match self.loose() {
            Some((key, value)) => (key.clone(), value.clone()),
            None => {
                let key = core::str::from_utf8(self.key_bytes()).ok()?;
                let from = usize::try_from(self.value_at).ok()?;
                let to = from.checked_add(usize::try_from(self.value_len).ok()?)?;
                let held = self.put && to <= self.bytes.len();
                let value = held.then(|| Value::new(self.bytes.slice(from..to)));
                (key.parse().ok()?, value.transpose().ok()?)
            }
        };
        Some(Entry {
            scope: self.scope,
            key,
            stamp: self.stamp(),
            op: value.map_or(Op::Delete, Op::Put),
            expires: self.expires(),
            replaces: self.replaces().cloned(),
        })
    }
}

/// Where some bytes stand first.
fn place_of(bytes: &Bytes, what: &[u8]) -> Option<u32> {
    let mut windows = bytes.windows(what.len().max(1));
    let at = windows.position(|window| window == what)?;
    u32::try_from(at).ok()
}

/// Where a slice of some bytes begins, and how long it is; `None`: it is none.
fn slice_of(bytes: &Bytes, slice: &Bytes) -> Option<(u32, u32)> {
    let len = u32::try_from(slice.len()).ok()?;
    if slice.is_empty() {
        return Some((0, 0));
    }
    let at = slice.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    let fits = at.checked_add(slice.len())? <= bytes.len();
    let at = u32::try_from(at).ok()?;
    fits.then_some((at, len))
}
