//! Which values have an end, and when the next one ends.
//!
//! A value's end is a moment on its author's clock, and every replica looks at
//! its own: what drift there is between the two is what readers may differ by.
//! Once a replica has found a value's time to be over it stays over there, even
//! if its clock is set back: nobody reads a value again that was gone.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Change, Replica, event};
use crate::base::id::NodeId;
use crate::base::time::WallTime;
use crate::message::{Key, Scope, Version, WriteId};

/// Every value that will end, the next one first.
#[derive(Debug, Default)]
pub(super) struct Expiries(BTreeSet<(WallTime, NodeId, Version)>);

impl Expiries {
    /// A value that has an end came to stand in its log.
    pub(super) fn add(&mut self, author: &NodeId, version: Version, ends: Option<WallTime>) {
        if let Some(expires) = ends {
            self.0.insert((expires, author.clone(), version));
        }
    }

    /// A write is no longer in its log.
    pub(super) fn remove(&mut self, author: &NodeId, version: Version, ends: Option<WallTime>) {
        if let Some(expires) = ends {
            self.0.remove(&(expires, author.clone(), version));
        }
    }

    /// When the next one ends.
    pub(super) fn next(&self) -> Option<WallTime> {
        self.0.first().map(|(expires, ..)| *expires)
    }

    fn take(&mut self, wall: WallTime) -> Option<(NodeId, Version)> {
        if self.next()? > wall {
            return None;
        }
        let (_, author, version) = self.0.pop_first()?;
        Some((author, version))
    }
}

impl Replica {
    /// Of the values that have not ended, the one that ends next, and when.
    pub fn next_end(&self) -> Option<(Key, WallTime)> {
        let (ends, author, version) = self.expiries.0.first()?;
        let slot = self.slot(author, *version)?;
        Some((slot.entry()?.key, *ends))
    }

    /// Ends the values whose time is over.
    pub(super) fn expire(&mut self, wall: WallTime, changes: &mut Vec<Change>) {
        while let Some((author, version)) = self.expiries.take(wall) {
            let veiled = self.is_veiled(&author);
            let Some(log) = self.logs.held_mut(&author) else {
                continue;
            };
            let Some(slot) = log.expire(version) else {
                continue;
            };
            let Some(entry) = slot.entry() else {
                continue;
            };
            let write = WriteId { author, version };
            let shown = match entry.scope {
                Scope::Own => !veiled,
                // Where it stands it goes on standing, as a tombstone: what it
                // won against does not come back.
                Scope::Shared => {
                    let author = &write.author;
                    self.view.stands(&self.logs, &entry.key, author, version)
                }
            };
            if shown {
                changes.push(event(&entry, write.clone(), Some(write), false));
            }
        }
    }
}
