//! How much one author may have, and what happens above that.
//!
//! **A run is taken only if the log it makes is within the limits**, all of it or
//! nothing. What stands under a head is then the same with everybody, whichever
//! way it came, and the log of an author that breaks its word stops where it
//! last kept it, until it keeps it again:
//!
//! ```text
//!   head        57        58        59        60
//!   holds     9 keys   10 keys   11 keys   10 keys      most: 10 keys
//!             taken     taken    refused   taken, from 58 on in one run
//! ```
//!
//! It cannot be a hole instead, an entry left out while the head moves on. What
//! comes later may supersede what made the log too large. Whoever hears only of
//! that sees a log within the limits and has to hold all of it; whoever left
//! something out before cannot know that it is due again. Two replicas would hold
//! different logs under one head, and nothing would tell them.

use alloc::collections::BTreeMap;

use super::log::Log;
use super::{Change, Replica};
use crate::base::agreed::Share;
use crate::base::id::NodeId;
use crate::message::{Batch, Version};
use crate::output::{Counters, Notification};

impl Replica {
    /// A replica of a node that takes at most so much of each other author. Of
    /// its own log it takes everything: what it may write is judged before.
    pub fn new(me: NodeId, most: Share) -> Self {
        Self {
            me: Some(me),
            most,
            ..Self::default()
        }
    }

    /// Whether the last that was heard of an author was more than it may have.
    pub fn is_over(&self, author: &NodeId) -> bool {
        self.over.contains(author)
    }

    /// How many authors that is true of.
    pub fn over(&self) -> usize {
        self.over.len()
    }

    /// Whether so much is too much for an author.
    pub(super) fn is_too_much(&self, author: &NodeId, share: Share) -> bool {
        !share.fits(&self.most) && self.me.as_ref() != Some(author)
    }

    /// Whether a run can be taken; otherwise how much the author would have.
    pub(super) fn has_room(
        &self,
        author: &NodeId,
        from: Version,
        batches: &[Batch],
    ) -> Result<(), Share> {
        let log = self.logs.get(author);
        match log.map_or(Ok(()), |log| log.has_room(from, batches, self.most)) {
            Err(share) if self.is_too_much(author, share) => Err(share),
            _ => Ok(()),
        }
    }

    /// A run is refused: it would give its author more than it may have.
    pub(super) fn refuse(
        &mut self,
        author: &NodeId,
        share: Share,
        batches: &[Batch],
        counters: &mut Counters,
        changes: &mut alloc::vec::Vec<Change>,
    ) {
        let entries: usize = batches.iter().map(|batch| batch.parts.len()).sum();
        counters.author_full += u64::try_from(entries).unwrap_or(u64::MAX);
        if self.over.insert(author.clone()) {
            changes.push(Change::Notify(Notification::OverLimit {
                author: author.clone(),
                held: self.head(author).unwrap_or_default(),
                share,
                most: self.most,
            }));
        }
    }
}

impl Log {
    /// Whether it holds no more than `most` once a run is taken that may follow
    /// on `from`; otherwise how much that were. Looks closer only where it is
    /// tight.
    fn has_room(&self, from: Version, batches: &[Batch], most: Share) -> Result<(), Share> {
        let follows = batches.iter().all(|batch| {
            let head = &batch.head.value;
            head.generation() == self.generation() && head.floor.through <= self.floor().through
        });
        let known = self.head().version;
        let parts = || {
            let parts = batches.iter().flat_map(|batch| {
                let parts = batch.parts.iter();
                parts.map(move |part| (batch.version(part.index), &part.entry.value))
            });
            let new = parts.filter(move |(version, _)| !follows || *version > known);
            new.map(|(_, entry)| entry)
        };
        let mut share = self.share();
        for entry in parts() {
            share.keys += 1;
            share.bytes += bytes(entry.payload_bytes());
        }
        if share.fits(&most) {
            return Ok(());
        }
        // Some may supersede others, of the log or of the run.
        let mut newest = BTreeMap::new();
        for entry in parts() {
            newest.insert((entry.scope, &entry.key), bytes(entry.payload_bytes()));
        }
        let mut share = self.share();
        for ((scope, key), size) in newest {
            let held = self.find(scope, key);
            share.keys += u64::from(held.is_none());
            share.bytes -= held.map_or(0, |(_, slot)| bytes(slot.payload_bytes()));
            share.bytes += size;
        }
        if share.fits(&most) {
            return Ok(());
        }
        if follows {
            return Err(share);
        }
        // A floor may clear much, and a newer generation cut it. That is rare.
        let mut aside = self.clone();
        aside.take_run(from, batches);
        let share = aside.share();
        if share.fits(&most) {
            Ok(())
        } else {
            Err(share)
        }
    }

    /// Takes a run, as [`Replica::merge`] does, and tells nobody.
    fn take_run(&mut self, mut from: Version, batches: &[Batch]) {
        for batch in batches {
            let cut = self.cut(from, &batch.head);
            for version in cut.into_iter().flat_map(|(_, dropped)| dropped) {
                self.take(version);
            }
            let accepted = self.accept(from, batch);
            for version in accepted.cleared {
                self.take(version);
            }
            if accepted.gap {
                return;
            }
            if let Some(part) = batch.parts.last() {
                from = batch.version(part.index);
            }
        }
    }

    /// Keys, tombstones included, and bytes of keys and values held.
    pub(super) fn share(&self) -> Share {
        Share {
            keys: bytes(self.keys()),
            bytes: bytes(self.bytes()),
        }
    }
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
