//! What is drafted for the next commit: batches that follow on each other, in
//! which nothing is written twice.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::base::limit;
use crate::input::Write;
use crate::message::{Draft, Entry, Key, Scope};

/// What is drafted for the next commit.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    pub(super) done: Vec<Draft>,
    pub(super) entries: u64,
    bytes: usize,
    /// What is written: nothing twice, so that nothing in it supersedes anything.
    names: BTreeSet<(Scope, Key)>,
}

impl Drafts {
    /// Whether a command's writes fit in as well: in number, in bytes, and with no
    /// key twice.
    pub(super) fn fit(&self, writes: &[Write]) -> bool {
        let bytes = payload_bytes(writes);
        let full =
            self.bytes + bytes > limit::BATCH_BYTES || self.done.len() > limit::FLIGHT_BATCHES;
        let twice = |write: &Write| self.names.contains(&(write.scope, write.key.clone()));
        self.entries == 0 || !full && !writes.iter().any(twice)
    }

    /// Takes them in: into the last draft, or, where that is full, into another
    /// like it.
    pub(super) fn add(&mut self, entries: Vec<Entry>) {
        let Some(last) = self.done.last_mut() else {
            return;
        };
        for entry in &entries {
            self.bytes += entry.payload_bytes();
            self.names.insert((entry.scope, entry.key.clone()));
        }
        self.entries += entries.len() as u64;
        if last.entries.len() + entries.len() <= limit::BATCH_ENTRIES {
            return last.entries.extend(entries);
        }
        let next = Draft {
            author: last.author.clone(),
            lineage: last.lineage.clone(),
            first: last.first.plus(last.entries.len() as u64),
            floor: last.floor,
            entries,
        };
        self.done.push(next);
    }
}

/// Keys and values.
pub(super) fn payload_bytes(writes: &[Write]) -> usize {
    let bytes = writes.iter().map(|write| {
        write.key.as_str().len() + write.value.as_ref().map_or(0, |value| value.bytes().len())
    });
    bytes.sum()
}
