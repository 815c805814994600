//! Whose own keys are not shown.
//!
//! A member that is forgotten takes its own keys with it: nobody reads them,
//! and the application is told that they are gone. The log itself stays as it
//! is for as long as something of it stands among the shared keys, so that two
//! replicas that differ in whom they have forgotten still agree on what was
//! written, and a member that comes back finds everything where it was. Then it is
//! [let go](super::reclaim). At most twice as many are veiled as there may be logs.

use alloc::vec::Vec;

use super::{Change, Replica, event, reset};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{Scope, WriteId};

impl Replica {
    /// The own keys of an author are shown no more.
    pub fn veil(&mut self, author: &NodeId, changes: &mut Vec<Change>) {
        if self.veiled.len() >= 2 * limit::LOGS {
            // Whoever has a log stays; of the others there is nothing to show.
            self.veiled.retain(|author| self.logs.contains(author));
        }
        if self.veiled.insert(author.clone()) {
            self.tell_own(author, true, changes);
        }
    }

    /// The author is a member again: its own keys are shown as they stand.
    pub fn unveil(&mut self, author: &NodeId, changes: &mut Vec<Change>) {
        self.give_up(author);
        if self.veiled.remove(author) {
            self.tell_own(author, false, changes);
        }
    }

    /// Whether the own keys of an author are not shown.
    pub fn is_veiled(&self, author: &NodeId) -> bool {
        self.veiled.contains(author)
    }

    fn tell_own(&self, author: &NodeId, gone: bool, changes: &mut Vec<Change>) {
        let Some(log) = self.logs.get(author) else {
            return;
        };
        for (version, slot) in log.slots() {
            let own = slot.scope() == Scope::Own && slot.is_live();
            if let Some(entry) = own.then(|| slot.entry()).flatten() {
                let write = WriteId {
                    author: author.clone(),
                    version,
                };
                changes.push(match gone {
                    true => reset(&entry, write),
                    false => event(&entry, write, None, true),
                });
            }
        }
    }
}
