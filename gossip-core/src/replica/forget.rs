//! What remains of a writer that is forgotten.
//!
//! Its own keys go with it. What it wrote to shared keys stays: others may have
//! built on it, and what it replaced must not come back. A log in this state is
//! *hollow*: it says how far it goes, and no longer holds all of that. If its
//! author comes back, the log is fetched again from the beginning, from those
//! who hold the whole of it.

use alloc::vec::Vec;

use super::{Change, Replica, event};
use crate::base::id::NodeId;
use crate::message::{Batch, Op, Scope, Version, WriteId};
use crate::output::Record;

impl Replica {
    /// Lets the own keys of an author go.
    pub fn forget(&mut self, author: &NodeId, changes: &mut Vec<Change>) {
        let Some(log) = self.logs.get_mut(author) else {
            return;
        };
        let newest = log.newest();
        let dropped = log.drop_scope(Scope::Own);
        for (version, slot) in &dropped {
            let entry = &slot.entry.value;
            let write = WriteId {
                author: author.clone(),
                version: *version,
            };
            if entry.op != Op::Delete {
                changes.push(event(entry, write, true));
            }
        }
        if log.keys() == 0 {
            self.logs.remove(author);
            self.hollow.remove(author);
            changes.push(Change::Record(Record::Cut {
                author: author.clone(),
                through: Version(0),
            }));
            return;
        }
        self.hollow.insert(author.clone());
        if let Some(head) = newest.filter(|_| !dropped.is_empty()) {
            let batch = Batch {
                head,
                parts: Vec::new(),
            };
            let superseded = dropped.iter().map(|(version, _)| *version).collect();
            changes.push(Change::Record(Record::Commit { batch, superseded }));
        }
    }

    /// A log was taken over from somebody who had forgotten its author, or from
    /// a journal that had.
    pub fn hollow(&mut self, author: &NodeId) {
        if self.logs.contains_key(author) {
            self.hollow.insert(author.clone());
        }
    }

    /// Whether a log lacks what its head claims.
    pub fn is_hollow(&self, author: &NodeId) -> bool {
        self.hollow.contains(author)
    }

    /// The author is back: its log is to be fetched from the beginning.
    pub fn revive(&mut self, author: &NodeId) {
        if self.hollow.remove(author)
            && let Some(log) = self.logs.get_mut(author)
        {
            log.rewind();
        }
    }
}
