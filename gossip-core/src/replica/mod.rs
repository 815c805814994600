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
mod view;

use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::input::{Query, Space};
use crate::message::{
    Batch, Entry, Generation, Head, Key, Lineage, LogDelta, Op, Scope, Stamp, Version, WriteId,
};
use crate::output::{Counters, KeyEvent, Notification, Record, Row};

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
        let accepted = log.accept(from, batch);
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
            .filter_map(|(_, _, superseded)| *superseded);
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
        if entry.scope == Scope::Shared {
            self.depose(author, entry, early, wall, changes);
        }
        if entry.scope == Scope::Shared && early {
            counters.stamps_held += 1;
            self.view.hold(write);
            return;
        }
        match entry.scope {
            Scope::Own => {
                if renewed || entry.op != Op::Delete {
                    changes.push(event(entry, write.write(), false));
                }
            }
            Scope::Shared => self.contend(write, entry, changes),
        }
    }

    /// The author's own newer write has removed the one that stands, and does
    /// not itself stand above it: its stamp runs backwards, or is held back.
    /// Then whoever is next stands, as on a replica that never saw the first.
    fn depose(
        &mut self,
        author: &NodeId,
        entry: &Entry,
        early: bool,
        wall: WallTime,
        changes: &mut Vec<Change>,
    ) {
        let stood = self.view.winner(&entry.key);
        let Some(stood) = stood.filter(|winner| winner.author == *author) else {
            return;
        };
        if early || entry.stamp < stood.stamp {
            self.view.remove(&entry.key);
            self.elect(&entry.key, wall, changes);
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
            if self
                .view
                .winner(&entry.key)
                .is_none_or(|winner| winner.write() != write)
            {
                return;
            }
            self.view.remove(&entry.key);
        }
        if entry.op != Op::Delete {
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
            if entry.op != Op::Delete {
                changes.push(event(entry, winner.write(), false));
            }
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

    /// How much of a log is held.
    pub fn head(&self, author: &NodeId) -> Option<Head> {
        self.logs
            .get(author)
            .map(Log::head)
            .filter(|head| *head != Head::default())
    }

    /// The run of an author that its log last showed.
    pub fn generation(&self, author: &NodeId) -> Generation {
        self.logs.get(author).map_or(Generation(0), Log::generation)
    }

    /// What an author's next generation continues.
    pub fn lineage(&self, author: &NodeId) -> Lineage {
        self.logs.get(author).map(Log::lineage).unwrap_or_default()
    }

    /// Authors in a range of names: after one, through another.
    pub fn authors(&self) -> impl Iterator<Item = (&NodeId, Head)> {
        let heads = self.logs.iter().map(|(author, log)| (author, log.head()));
        heads.filter(|(_, head)| *head != Head::default())
    }

    /// What `theirs` lacks of a log, up to about `budget` bytes, and whether
    /// that is all of it.
    pub fn since(&self, author: &NodeId, theirs: Head, budget: usize) -> Option<(LogDelta, bool)> {
        self.logs.get(author)?.since(theirs, budget)
    }

    /// Keys and bytes an author holds.
    pub fn share(&self, author: &NodeId) -> (usize, usize) {
        self.logs
            .get(author)
            .map_or((0, 0), |log| (log.keys(), log.bytes()))
    }

    /// Whether an author has a write or tombstone under a key.
    pub fn holds(&self, author: &NodeId, scope: Scope, key: &Key) -> bool {
        self.logs
            .get(author)
            .is_some_and(|log| log.holds(scope, key))
    }

    /// The versions of a log that no longer matter once `batch` is in it.
    pub fn superseded_by(&self, batch: &Batch) -> Vec<Version> {
        let Some(log) = self.logs.get(batch.author()) else {
            return Vec::new();
        };
        let entries = batch.parts.iter().map(|part| &part.entry.value);
        let found = entries.filter_map(|entry| log.find(entry.scope, &entry.key));
        found.map(|(version, _)| version).collect()
    }

    /// The write behind a key, tombstone or not.
    pub fn standing(&self, query: &Query) -> Option<(WriteId, &Entry)> {
        match &query.space {
            Space::Own(member) => {
                let (version, slot) = self.logs.get(member)?.find(Scope::Own, &query.key)?;
                let write = WriteId {
                    author: member.clone(),
                    version,
                };
                Some((write, &slot.entry.value))
            }
            Space::Shared => {
                let winner = self.view.winner(&query.key)?;
                let slot = self.slot(&winner.author, winner.version)?;
                Some((winner.write(), &slot.entry.value))
            }
        }
    }

    /// How a key stands; `None`: not there.
    pub fn value(&self, query: &Query) -> Option<Row> {
        let (write, entry) = self.standing(query)?;
        row(write, entry)
    }

    /// The keys of a space that begin with `prefix`, in order.
    pub fn list(&self, space: &Space, prefix: &str) -> Vec<Row> {
        let Ok(from) = first_key(prefix) else {
            return Vec::new();
        };
        match space {
            Space::Own(member) => {
                let Some(log) = self.logs.get(member) else {
                    return Vec::new();
                };
                let keys = log.keys_from(Scope::Own, from);
                let keys = keys.take_while(|(key, ..)| key.as_str().starts_with(prefix));
                keys.filter_map(|(_, version, slot)| {
                    row(
                        WriteId {
                            author: member.clone(),
                            version,
                        },
                        &slot.entry.value,
                    )
                })
                .collect()
            }
            Space::Shared => {
                let keys = self.view.from(from);
                let keys = keys.take_while(|(key, _)| key.as_str().starts_with(prefix));
                keys.filter_map(|(_, winner)| {
                    let slot = self.slot(&winner.author, winner.version)?;
                    row(winner.write(), &slot.entry.value)
                })
                .collect()
            }
        }
    }

    /// Keys that hold something, own and shared, of every author.
    pub fn live_keys(&self) -> usize {
        let live = |slot: &Slot| slot.entry.value.op != Op::Delete;
        let own = self.logs.values().flat_map(Log::slots);
        let own = own.filter(|(_, slot)| slot.entry.value.scope == Scope::Own && live(slot));
        let shared = self
            .view
            .iter()
            .filter(|(_, winner)| self.slot(&winner.author, winner.version).is_some_and(live));
        own.count() + shared.count()
    }
}

/// The first key that a prefix can match.
fn first_key(prefix: &str) -> Result<Key, crate::message::KeyError> {
    // The empty text is no key; the least key is the least printable character.
    if prefix.is_empty() {
        " ".to_string().parse()
    } else {
        prefix.parse()
    }
}

fn row(write: WriteId, entry: &Entry) -> Option<Row> {
    match &entry.op {
        Op::Put(value) => Some(Row {
            key: entry.key.clone(),
            value: value.clone(),
            write,
            stamp: entry.stamp,
        }),
        Op::Delete => None,
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
