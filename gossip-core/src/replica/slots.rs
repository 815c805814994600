//! The slots of one log: found by version, and by key.
//!
//! ```text
//!   by version  ─▶ 0 1 3 4 …  ┐ places   ┌───┬───┬───┬───┬───┐
//!   by key      ─▶ 3 0 4 1 …  ┘ ───────▶ │ 0 │ 1 │ free │ 3 │ 4 │ …
//!                                        └───┴───┴───┴───┴───┘
//! ```
//!
//! A slot stands in one place for as long as it matters, and what supersedes it
//! takes its place; two orders of places find it. A key is held once, inside its
//! author's bytes.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::order::{At, Order};
use super::slot::Slot;
use crate::message::{Key, Scope, Version};

/// Slots in one block; the last one alone may have room (guess).
const BLOCK: usize = 64;

/// All slots of a log.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    blocks: Vec<Vec<Option<Slot>>>,
    free: Vec<u32>,
    by_version: Order<u32>,
    by_key: Order<u32>,
    len: usize,
}

impl Slots {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, version: Version) -> Option<&Slot> {
        let at = self.at_version(version).ok()?;
        self.slot(self.by_version.get(at)?)
    }

    pub(super) fn held_mut(&mut self, version: Version) -> Option<&mut Slot> {
        let at = self.at_version(version).ok()?;
        let place = self.by_version.get(at)?;
        self.place(place)?.as_mut()
    }

    pub(super) fn find(&self, scope: Scope, key: &Key) -> Option<&Slot> {
        let at = self.at_key(scope, key.as_str().as_bytes()).ok()?;
        self.slot(self.by_key.get(at)?)
    }

    /// The slots, in order of version.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.by_version.from((0, 0)).filter_map(|at| self.slot(at))
    }

    /// Those from a version on.
    pub(super) fn from(&self, version: Version) -> impl Iterator<Item = &Slot> {
        let at = self.at_version(version).unwrap_or_else(|at| at);
        self.by_version.from(at).filter_map(|at| self.slot(at))
    }

    /// Those whose name is not before (scope, key), in order of name.
    pub(super) fn keys_from(&self, scope: Scope, key: &Key) -> impl Iterator<Item = &Slot> {
        let at = self.at_key(scope, key.as_str().as_bytes());
        let places = self.by_key.from(at.unwrap_or_else(|at| at));
        places.filter_map(|at| self.slot(at))
    }

    pub(super) fn last(&self) -> Option<&Slot> {
        self.slot(self.by_version.last()?)
    }

    /// Keeps a write, in the place of the one that held its key before: that
    /// one. A version that is held already stays as it is.
    pub(super) fn put(&mut self, slot: Slot) -> Option<Slot> {
        let mut by_version = self.at_version(slot.version()).err()?;
        let by_key = self.at_key(slot.scope(), slot.key_bytes());
        let before = by_key.ok().and_then(|by_key| self.by_key.get(by_key));
        if let Some(before) = before.and_then(|before| self.slot(before)) {
            let version = self.at_version(before.version()).ok()?;
            self.by_version.remove(version);
            by_version = self.at_version(slot.version()).err()?;
        }
        let place = before.unwrap_or_else(|| self.make_room());
        let before = self.place(place)?.replace(slot);
        self.by_version.insert(by_version, place);
        if let Err(by_key) = by_key {
            self.by_key.insert(by_key, place);
            self.len += 1;
        }
        before
    }

    pub(super) fn remove(&mut self, version: Version) -> Option<Slot> {
        let by_version = self.at_version(version).ok()?;
        let place = self.by_version.get(by_version)?;
        let slot = self.slot(place)?;
        let by_key = self.at_key(slot.scope(), slot.key_bytes());
        let slot = self.place(place)?.take();
        self.by_version.remove(by_version);
        if let Ok(by_key) = by_key {
            self.by_key.remove(by_key);
        }
        self.free.push(place);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        }
        slot
    }

    fn make_room(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        if self.blocks.last().is_none_or(|last| last.len() >= BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let full = (self.blocks.len() - 1) * BLOCK;
        let last = self.blocks.last_mut();
        let place = last.map_or(0, |last| {
            last.push(None);
            full + last.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Where a write is.
    pub(super) fn place_of(&self, version: Version) -> Option<u32> {
        self.by_version.get(self.at_version(version).ok()?)
    }

    /// The write in a place.
    pub(super) fn slot(&self, place: u32) -> Option<&Slot> {
        let place = usize::try_from(place).ok()?;
        self.blocks.get(place / BLOCK)?.get(place % BLOCK)?.as_ref()
    }

    fn place(&mut self, place: u32) -> Option<&mut Option<Slot>> {
        let place = usize::try_from(place).ok()?;
        self.blocks.get_mut(place / BLOCK)?.get_mut(place % BLOCK)
    }

    fn at_version(&self, version: Version) -> Result<At, At> {
        self.by_version.search(|place| {
            let slot = self.slot(place);
            slot.map_or(Ordering::Less, |slot| slot.version().cmp(&version))
        })
    }

    fn at_key(&self, scope: Scope, key: &[u8]) -> Result<At, At> {
        self.by_key.search(|place| {
            let slot = self.slot(place);
            slot.map_or(Ordering::Less, |slot| slot.compare(scope, key))
        })
    }
}

impl IntoIterator for Slots {
    type Item = Slot;
    type IntoIter =
        core::iter::Flatten<core::iter::Flatten<alloc::vec::IntoIter<Vec<Option<Slot>>>>>;

    /// Every slot, in no order.
    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter().flatten().flatten()
    }
}
