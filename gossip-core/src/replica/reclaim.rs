//! Whose log is no longer worth its memory.
//!
//! The log of a forgotten member is not shown, but for what it wrote to shared
//! keys. Once none of that stands any more, all of it can go. What stays is the
//! head of its last batch: it says up to where the log went, so that whoever still
//! holds it has nothing to bring, and it is handed on in place of the log, alone,
//! so that nobody takes a part of the log for the whole:
//!
//! ```text
//!   held        a b c d e ── forgotten, nothing stands ──▶ [head of e]
//!   handed on   from nothing: a b c d e                    from nothing: [head of e]
//! ```
//!
//! Only who holds nothing of the log, and does not show it either, takes that
//! head. If more of the log turns up than it speaks of, or the member is back, it
//! is given up, and the log is fetched from nothing.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Change, Outcome, Replica};
use crate::base::id::NodeId;
use crate::message::{Batch, BatchHead, Scope, Sealed, Version};
use crate::output::{Counters, Record};

/// Whether a run is the head that stands for a log which is gone.
pub fn stands_for_all(from: Version, batches: &[Batch]) -> Option<&Arc<Sealed<BatchHead>>> {
    match batches {
        [batch] if from == Version(0) && batch.parts.is_empty() => {
            let says_something = batch.head.value.after().version > Version(0);
            says_something.then_some(&batch.head)
        }
        _ => None,
    }
}

impl Replica {
    /// Lets go of the logs of forgotten members of which nothing stands.
    pub fn reclaim_all(&mut self, counters: &mut Counters, changes: &mut Vec<Change>) {
        let authors: Vec<NodeId> = self.veiled.iter().cloned().collect();
        for author in authors {
            self.reclaim(&author, counters, changes);
        }
    }

    /// Lets go of the log of a forgotten member, if nothing of it stands.
    pub fn reclaim(&mut self, author: &NodeId, counters: &mut Counters, changes: &mut Vec<Change>) {
        let Some(log) = self.logs.get(author) else {
            return;
        };
        if !self.is_veiled(author) {
            return;
        }
        let Some(last) = log.last_head() else {
            return;
        };
        let stands = log.slots().any(|(version, slot)| {
            slot.scope() == Scope::Shared
                && slot.entry().is_none_or(|entry| {
                    self.view.stands(&self.logs, &entry.key, author, version)
                        || self.view.is_held(author, version, entry.stamp)
                })
        });
        if stands {
            return;
        }
        let versions: Vec<Version> = log.slots().map(|(version, _)| version).collect();
        for version in versions {
            self.clear(author, version);
        }
        if let Some(log) = self.logs.held_mut(author) {
            log.spend(last);
        }
        counters.logs_reclaimed += 1;
        changes.push(Change::Record(Record::Cut {
            author: author.clone(),
            through: Version(0),
        }));
    }

    /// A run came of a log that is gone, or the head that stands for one. What
    /// became of it; `None`: it is to be taken as any other.
    pub(super) fn hear_of_spent(
        &mut self,
        author: &NodeId,
        from: Version,
        batches: &[Batch],
        counters: &mut Counters,
    ) -> Option<Outcome> {
        let veiled = self.is_veiled(author);
        let log = self.logs.held_mut(author)?;
        if let Some(head) = stands_for_all(from, batches) {
            let (says, empty) = (head.value.after(), log.head().version == Version(0));
            if veiled && (log.is_spent() || empty) && says > log.head() {
                log.spend(Arc::clone(head));
                counters.logs_reclaimed += 1;
                self.touched.note(author);
            }
            // Whoever holds something of it, or shows it, asks somebody else.
            return Some(Outcome::default());
        }
        if !log.is_spent() {
            return None;
        }
        let reaches = batches.iter().map(|batch| batch.head.value.after());
        if reaches.max() <= Some(log.head()) {
            return Some(Outcome::default());
        }
        self.give_up(author);
        None
    }

    /// The log of an author may be fetched from nothing, if it is gone.
    pub(super) fn give_up(&mut self, author: &NodeId) {
        if let Some(log) = self.logs.held_mut(author)
            && log.is_spent()
        {
            *log = super::log::Log::default();
            self.touched.note(author);
        }
    }

    /// Whether nothing is held of a log but the head that stands for it.
    pub fn is_spent(&self, author: &NodeId) -> bool {
        let log = self.logs.get(author);
        log.is_some_and(super::log::Log::is_spent)
    }
}
