//! Floor 4: what everybody says. All logs, and the view of the shared keys.
//!
//! ```text
//!   batch ──▶ Log (one an author) ──▶ own keys: the newest version
//!                     │
//!                     └────────────▶ View ──▶ shared keys: the latest stamp
//! ```
//!
//! [`Replica::apply`] takes writes from anywhere: our own commits, rumors, a
//! session, the journal. It answers with [`Change`]s: what to keep, and what
//! to tell the application.

mod log;
mod read;
mod veil;
mod view;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::base::touched::Touched;
use crate::message::{Batch, Entry, Key, Op, Scope, Stamp, Version, WriteId};
use crate::output::{Counters, KeyEvent, Notification, Record};

use log::{Accepted, Log, Slot};
use view::{Contest, View, Winner};

/// What the replica learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The journal should keep this.
    Record(Record),
    /// The application should hear this.
    Notify(Notification),
}

/// How a batch was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Something in it was new to us.
    pub fresh: bool,
    /// It does not follow on what we hold.
    pub gap: bool,
}

/// All logs and the view over them.
#[derive(Debug, Default)]
pub struct Replica {
    logs: BTreeMap<NodeId, Log>,
    view: View,
    clock: Stamp,
    /// Authors that are forgotten.
    veiled: BTreeSet<NodeId>,
    /// Whose head is another.
    touched: Touched,
}

impl Replica {
    /// Takes what is new of a batch that may follow on `from`; appends what
    /// was learned to `changes`, in order.
    pub fn apply(
        &mut self,
        from: Version,
        batch: &Batch,
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let author = batch.author();
        if !self.logs.contains_key(author) && self.logs.len() >= limit::LOGS {
            counters.logs_full += 1;
            return Outcome::default();
        }
        let log = self.logs.entry(author.clone()).or_default();
        let before = log.head();
        let accepted = log.accept(from, batch);
        if log.head() != before {
            self.touched.note(author);
        }
        counters.author_full += accepted.holes;
        counters.gaps += u64::from(accepted.gap);
        let outcome = Outcome {
            fresh: accepted.new_generation || !accepted.taken.is_empty(),
            gap: accepted.gap,
        };
        self.record(batch, &accepted, changes);
        if let Some((_, dropped)) = accepted.cut {
            for (version, slot) in dropped {
                self.undo(author, version, &slot, wall, changes);
            }
        }
        for (index, version, superseded) in accepted.taken {
            counters.entries_applied += 1;
            if let Some(part) = batch.parts.iter().find(|part| part.index == index) {
                let renewed = superseded.is_some();
                if let Some((version, stamp)) = superseded {
                    self.view.forget(author, version, stamp);
                }
                self.tell(
                    author,
                    version,
                    &part.entry.value,
                    renewed,
                    wall,
                    counters,
                    changes,
                );
            }
        }
        outcome
    }

    /// What the journal has to do about it.
    fn record(&self, batch: &Batch, accepted: &Accepted, changes: &mut Vec<Change>) {
        if let Some((through, _)) = &accepted.cut {
            let cut = Record::Cut {
                author: batch.author().clone(),
                through: *through,
            };
            changes.push(Change::Record(cut));
        }
        if !accepted.new_generation && accepted.taken.is_empty() {
            return;
        }
        let is_taken = |index| accepted.taken.iter().any(|(taken, _, _)| *taken == index);
        let parts = batch
            .parts
            .iter()
            .filter(|part| is_taken(part.index))
            .cloned();
        let batch = Batch {
            head: batch.head.clone(),
            parts: parts.collect(),
        };
        let superseded = accepted
            .taken
            .iter()
            .filter_map(|(_, _, superseded)| Some((*superseded)?.0));
        let superseded = superseded.collect();
        changes.push(Change::Record(Record::Commit { batch, superseded }));
    }

    /// One entry was taken: what does it mean for its key?
    #[allow(clippy::too_many_arguments)]
    fn tell(
        &mut self,
        author: &NodeId,
        version: Version,
        entry: &Entry,
        renewed: bool,
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) {
        let write = Winner {
            author: author.clone(),
            version,
            stamp: entry.stamp,
        };
        let early = View::is_early(entry.stamp, wall);
        if !early {
            self.clock = self.clock.max(entry.stamp);
        }
        if entry.scope == Scope::Shared && early {
            counters.stamps_held += 1;
            self.view.hold(write.clone());
        }
        match entry.scope {
            Scope::Own => {
                let shown = !self.is_veiled(author);
                if shown && (renewed || entry.op != Op::Delete) {
                    changes.push(event(entry, write.write(), false));
                }
            }
            Scope::Shared => {
                let stood = self
                    .view
                    .winner(&entry.key)
                    .filter(|stood| stood.author == *author);
                if let Some(stood) = stood.filter(|stood| early || entry.stamp < stood.stamp) {
                    // The author's own newer write has removed the one that stands
                    // and may not stand above the others: its stamp runs backwards,
                    // or is held. Whoever is next stands, as on a replica that
                    // never saw the first.
                    let stood = stood.write();
                    self.view.remove(&entry.key);
                    self.elect(&entry.key, wall, changes);
                    if self.view.winner(&entry.key).is_none() {
                        changes.push(event(entry, stood, true));
                    }
                } else if !early {
                    self.contend(write, entry, changes);
                }
            }
        }
    }

    /// A write to a shared key contends with the one that stands.
    fn contend(&mut self, write: Winner, entry: &Entry, changes: &mut Vec<Change>) {
        let seen = entry.replaces.as_ref().map(|replaced| replaced.stamp);
        match self.view.contend(&entry.key, write.clone()) {
            Contest::Won(before) => {
                if before.is_some() || entry.op != Op::Delete {
                    changes.push(event(entry, write.write(), false));
                }
                // It had not seen the write it wins over: somebody's write is lost.
                if let Some(lost) = before
                    && lost.author != write.author
                    && seen.is_none_or(|seen| seen < lost.stamp)
                {
                    changes.push(conflict(&entry.key, &write, &lost));
                }
            }
            Contest::Lost(standing) => {
                let standing_saw = self
                    .slot(&standing.author, standing.version)
                    .and_then(|slot| slot.entry.value.replaces.as_ref())
                    .map(|replaced| replaced.stamp);
                if standing_saw.is_none_or(|saw| saw < write.stamp) {
                    changes.push(conflict(&entry.key, &standing, &write));
                }
            }
        }
    }

    /// One entry was cut away: it never was.
    fn undo(
        &mut self,
        author: &NodeId,
        version: Version,
        slot: &Slot,
        wall: WallTime,
        changes: &mut Vec<Change>,
    ) {
        let entry = &slot.entry.value;
        let write = WriteId {
            author: author.clone(),
            version,
        };
        if entry.scope == Scope::Shared {
            self.view.forget(author, version, entry.stamp);
            if self
                .view
                .winner(&entry.key)
                .is_none_or(|winner| winner.write() != write)
            {
                return;
            }
            self.view.remove(&entry.key);
        }
        let shown = entry.scope == Scope::Shared || !self.is_veiled(author);
        if shown && entry.op != Op::Delete {
            changes.push(event(entry, write, true));
        }
        if entry.scope == Scope::Shared {
            self.elect(&entry.key, wall, changes);
        }
    }

    /// Finds the write that stands for a key nobody stands for.
    fn elect(&mut self, key: &Key, wall: WallTime, changes: &mut Vec<Change>) {
        let mut best: Option<(Winner, &Entry)> = None;
        for (author, log) in &self.logs {
            let Some((version, slot)) = log.find(Scope::Shared, key) else {
                continue;
            };
            let entry = &slot.entry.value;
            let later = best
                .as_ref()
                .is_none_or(|(winner, other)| entry.wins(author, other, &winner.author));
            if later && !View::is_early(entry.stamp, wall) {
                best = Some((
                    Winner {
                        author: author.clone(),
                        version,
                        stamp: entry.stamp,
                    },
                    entry,
                ));
            }
        }
        if let Some((winner, entry)) = best {
            changes.push(event(entry, winner.write(), false));
            self.view.contend(key, winner);
        }
    }

    /// When [`Replica::release`] has something to do.
    pub fn next_release(&self) -> Option<WallTime> {
        self.view.next_release()
    }

    /// Lets the writes contend whose stamps our clock has come near.
    pub fn release(&mut self, wall: WallTime, changes: &mut Vec<Change>) {
        while let Some((author, version)) = self.view.release(wall) {
            let Some(slot) = self.slot(&author, version) else {
                continue;
            };
            let entry = slot.entry.value.clone();
            self.clock = self.clock.max(entry.stamp);
            let write = Winner {
                author,
                version,
                stamp: entry.stamp,
            };
            self.contend(write, &entry, changes);
        }
    }

    fn slot(&self, author: &NodeId, version: Version) -> Option<&Slot> {
        self.logs.get(author)?.slot(version)
    }

    /// The stamp of a write made now.
    pub fn stamp(&self, wall: WallTime) -> Stamp {
        Stamp::after(self.clock, wall)
    }
}

fn event(entry: &Entry, write: WriteId, reset: bool) -> Change {
    let value = match &entry.op {
        Op::Put(value) if !reset => Some(value.clone()),
        _ => None,
    };
    Change::Notify(Notification::Key(KeyEvent {
        scope: entry.scope,
        key: entry.key.clone(),
        value,
        write,
        stamp: entry.stamp,
        reset,
    }))
}

fn conflict(key: &Key, won: &Winner, lost: &Winner) -> Change {
    Change::Notify(Notification::Conflict {
        key: key.clone(),
        won: (won.write(), won.stamp),
        lost: (lost.write(), lost.stamp),
    })
}
