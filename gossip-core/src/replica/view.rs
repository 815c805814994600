//! Which write of a shared key stands.
//!
//! Several authors may write one shared key. The view points at the write with
//! the latest stamp, ties broken by the author's name: last writer wins. A
//! stamp too far ahead of our clock does not take part until its time has
//! come, so one fast clock cannot lock a key for everybody.
//!
//! ```text
//!   a/key  ─▶ log 3, place 17        each key is held once, in the bytes of the
//!   b/key  ─▶ log 0, place 4         write that stands: eight bytes find it
//! ```
//!
//! A write that is superseded by its author's next one gives it its place, so
//! what points there points at the next one. Every other write has to be taken
//! out of the view *before* it is taken out of its log.

use alloc::collections::{BTreeMap, BTreeSet};

use super::logs::{Logs, Spot};
use super::order::{At, Order};
use super::slot::Slot;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::message::{Key, Stamp, Version, WriteId};

/// The write that stands for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Winner {
    pub(super) author: NodeId,
    pub(super) version: Version,
    pub(super) stamp: Stamp,
}

impl Winner {
    fn new(author: &NodeId, slot: &Slot) -> Self {
        Self {
            author: author.clone(),
            version: slot.version(),
            stamp: slot.stamp(),
        }
    }

    pub(super) fn write(&self) -> WriteId {
        WriteId {
            author: self.author.clone(),
            version: self.version,
        }
    }

    fn rank(&self) -> (Stamp, &NodeId) {
        (self.stamp, &self.author)
    }
}

/// The winners, and the writes that wait for their time.
#[derive(Debug, Default)]
pub(super) struct View {
    /// In order of key.
    standing: Order<Spot>,
    /// Tombstones that are cleared and still hide somebody's write.
    shadows: BTreeMap<Key, Winner>,
    held: BTreeSet<(u64, NodeId, Version)>,
}

/// How a contest ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Contest {
    /// The new write stands; this one stood before.
    Won(Option<Winner>),
    /// This one still stands.
    Lost(Winner),
}

impl View {
    /// Where a key's write is in the order, or belongs. It holds until the view
    /// changes.
    pub(super) fn search(&self, logs: &Logs, key: &Key) -> Result<At, At> {
        let key = key.as_str().as_bytes();
        self.standing.search(|spot| {
            let slot = logs.at(spot);
            slot.map_or(core::cmp::Ordering::Less, |(_, slot)| {
                slot.key_bytes().cmp(key)
            })
        })
    }

    /// The write that stands for a key, and whose it is; not a shadow.
    pub(super) fn standing<'a>(&self, logs: &'a Logs, key: &Key) -> Option<(&'a NodeId, &'a Slot)> {
        logs.at(self.standing.get(self.search(logs, key).ok()?)?)
    }

    /// The write that stands for a key, be it a shadow.
    pub(super) fn winner(&self, logs: &Logs, key: &Key) -> Option<Winner> {
        let standing = self.standing(logs, key);
        let standing = standing.map(|(author, slot)| Winner::new(author, slot));
        standing.or_else(|| self.shadows.get(key).cloned())
    }

    /// What stood for the key of an author's write before that was made, if it
    /// was its own: the write it `superseded`, or a shadow.
    pub(super) fn own_before(
        &self,
        (at, key): (Result<At, At>, &Key),
        (author, spot): (&NodeId, Spot),
        superseded: Option<&Winner>,
    ) -> Option<Winner> {
        match at {
            Ok(at) if self.standing.get(at) == Some(spot) => superseded.cloned(),
            Ok(_) => None,
            Err(_) => {
                let shadow = self.shadows.get(key);
                shadow.filter(|shadow| shadow.author == *author).cloned()
            }
        }
    }

    /// Whether it is this write that stands for a key.
    pub(super) fn stands(&self, logs: &Logs, key: &Key, author: &NodeId, version: Version) -> bool {
        let standing = self.standing(logs, key);
        standing.is_some_and(|(winner, slot)| winner == author && slot.version() == version)
    }

    /// The writes that stand for the keys from one on, in order.
    pub(super) fn from<'a>(
        &self,
        logs: &'a Logs,
        key: &Key,
    ) -> impl Iterator<Item = (&'a NodeId, &'a Slot)> {
        let at = self.search(logs, key).unwrap_or_else(|at| at);
        let spots = self.standing.from(at);
        spots.filter_map(|spot| logs.at(spot))
    }

    /// All writes that stand.
    pub(super) fn iter<'a>(&self, logs: &'a Logs) -> impl Iterator<Item = (&'a NodeId, &'a Slot)> {
        let spots = self.standing.from((0, 0));
        spots.filter_map(|spot| logs.at(spot))
    }

    /// Lets a write contend for its key. One that stands already stands again
    /// in its new version, after the one it `superseded`: an author never loses
    /// against its own past.
    pub(super) fn contend(
        &mut self,
        logs: &Logs,
        (at, key): (Result<At, At>, &Key),
        (write, spot): (&Winner, Spot),
        superseded: Option<&Winner>,
    ) -> Contest {
        let at = match at {
            Ok(at) => at,
            Err(at) => {
                let shadow = self.shadows.get(key);
                let shadow = shadow.filter(|shadow| shadow.author != write.author);
                if let Some(shadow) = shadow.filter(|shadow| shadow.rank() > write.rank()) {
                    return Contest::Lost(shadow.clone());
                }
                self.standing.insert(at, spot);
                return Contest::Won(self.shadows.remove(key));
            }
        };
        let standing = self.standing.get(at).filter(|standing| *standing != spot);
        let Some((author, slot)) = standing.and_then(|standing| logs.at(standing)) else {
            return Contest::Won(superseded.cloned());
        };
        let standing = Winner::new(author, slot);
        if standing.rank() > write.rank() {
            return Contest::Lost(standing);
        }
        self.standing.set(at, spot);
        Contest::Won(Some(standing))
    }

    /// Nobody stands for a key any more, not even a shadow.
    pub(super) fn remove(&mut self, logs: &Logs, key: &Key) {
        if let Ok(at) = self.search(logs, key) {
            self.standing.remove(at);
        }
        self.shadows.remove(key);
    }

    /// A write is about to be taken out of its log. Whether it stood for its key,
    /// for which nobody stands now.
    pub(super) fn withdraw(&mut self, logs: &Logs, key: &Key, spot: Spot) -> bool {
        let at = self.search(logs, key).ok();
        let at = at.filter(|at| self.standing.get(*at) == Some(spot));
        if let Some(at) = at {
            self.standing.remove(at);
        }
        at.is_some()
    }

    /// A write that is no longer goes on standing, as a shadow.
    pub(super) fn shade(&mut self, key: Key, winner: Winner) {
        self.shadows.insert(key, winner);
    }

    /// What the shadow over a key has hidden is gone, and so is the shadow.
    pub(super) fn lighten(&mut self, key: &Key) {
        self.shadows.remove(key);
    }

    /// Whether a stamp lies too far ahead of `wall` to be believed yet.
    pub(super) const fn is_early(stamp: Stamp, wall: WallTime) -> bool {
        stamp.millis > wall.as_millis().saturating_add(limit::STAMP_AHEAD_MS)
    }

    /// Keeps a write out until its time.
    pub(super) fn hold(&mut self, write: Winner) {
        self.held
            .insert((write.stamp.millis, write.author, write.version));
    }

    /// Whether a write is kept out until its time.
    pub(super) fn is_held(&self, author: &NodeId, version: Version, stamp: Stamp) -> bool {
        !self.held.is_empty() && self.held.contains(&(stamp.millis, author.clone(), version))
    }

    /// A write is no longer: if it was kept out, it is not waited for.
    pub(super) fn forget(&mut self, author: &NodeId, version: Version, stamp: Stamp) {
        self.held.remove(&(stamp.millis, author.clone(), version));
    }

    /// When the next held write may be looked at.
    pub(super) fn next_release(&self) -> Option<WallTime> {
        let (millis, _, _) = self.held.first()?;
        Some(WallTime::from_millis(
            millis.saturating_sub(limit::STAMP_AHEAD_MS),
        ))
    }

    /// One held write whose time has come.
    pub(super) fn release(&mut self, wall: WallTime) -> Option<(NodeId, Version)> {
        let (millis, _, _) = self.held.first()?;
        if Self::is_early(
            Stamp {
                millis: *millis,
                counter: 0,
            },
            wall,
        ) {
            return None;
        }
        let (_, author, version) = self.held.pop_first()?;
        Some((author, version))
    }
}
