//! Which write of a shared key stands.
//!
//! Several authors may write one shared key. The view points at the write with
//! the latest stamp, ties broken by the author's name: last writer wins. A
//! stamp too far ahead of our clock does not take part until its time has
//! come, so one fast clock cannot lock a key for everybody.

use alloc::collections::{BTreeMap, BTreeSet};

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
    winners: BTreeMap<Key, Winner>,
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
    pub(super) fn winner(&self, key: &Key) -> Option<&Winner> {
        self.winners.get(key)
    }

    /// Whether it is this write that stands for a key.
    pub(super) fn stands(&self, key: &Key, author: &NodeId, version: Version) -> bool {
        let winner = self.winners.get(key);
        winner.is_some_and(|winner| winner.author == *author && winner.version == version)
    }

    pub(super) fn from(&self, key: Key) -> impl Iterator<Item = (&Key, &Winner)> {
        self.winners.range(key..)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Winner)> {
        self.winners.iter()
    }

    /// Lets a write contend for its key. One that stands already stands again
    /// in its new version: an author never loses against its own past.
    pub(super) fn contend(&mut self, key: &Key, write: Winner) -> Contest {
        match self.winners.get_mut(key) {
            None => {
                self.winners.insert(key.clone(), write);
                Contest::Won(None)
            }
            Some(standing) if standing.rank() < write.rank() || standing.author == write.author => {
                Contest::Won(Some(core::mem::replace(standing, write)))
            }
            Some(standing) => Contest::Lost(standing.clone()),
        }
    }

    /// Takes the write that stands for a key out.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Winner> {
        self.winners.remove(key)
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

    /// Whether a write is kept out.
    #[cfg(feature = "sim")]
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
