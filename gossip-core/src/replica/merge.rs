//! How writes get into the replica.
//!
//! ```text
//!   run ──▶ follows on what we hold? ──▶ batch by batch into the log
//!     │
//!     └──▶ from nothing, under a floor above what we hold? ──▶ the log is replaced
//! ```
//!
//! A run is taken whole or not at all, and the journal gets it as one record; one
//! that would make a log [too large](super::room) is not.
//! In a part of it a write may be missing because a later part supersedes it; who
//! stopped there would hold less than its head says, and nobody could know.

use alloc::vec::Vec;

use super::log::Log;
use super::view::Winner;
use super::{Change, Outcome, Replica, reset};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::message::{Batch, Floor, Head, Scope, Version, WriteId};
use crate::output::{Counters, Notification, Record};

impl Outcome {
    /// Refused, since its author would have too much.
    const OVER: Self = Self {
        fresh: false,
        gap: false,
        over: true,
    };
}

/// What the journal has to do about a run.
#[derive(Default)]
struct Kept {
    cut: Option<Version>,
    commits: Vec<(Batch, Vec<Version>)>,
}

impl Kept {
    /// The least records that say it; each is written whole or not at all.
    fn records(mut self, author: &NodeId) -> Vec<Record> {
        let cut = |through| Record::Cut {
            author: author.clone(),
            through,
        };
        if self.commits.len() > 1 {
            return Vec::from([Record::Run {
                author: author.clone(),
                cut: self.cut,
                commits: self.commits,
            }]);
        }
        let commit = self.commits.pop();
        let commit = commit.map(|(batch, superseded)| Record::Commit { batch, superseded });
        self.cut.map(cut).into_iter().chain(commit).collect()
    }
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
        self.merge(from, core::slice::from_ref(batch), wall, counters, changes)
    }

    /// Takes what is new of a run of batches of one author that may follow on
    /// `from`, all of it or, where it does not follow, none of it but the cut
    /// that a newer generation makes.
    pub fn merge(
        &mut self,
        from: Version,
        batches: &[Batch],
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let heads = batches.iter().map(|batch| &batch.head.value);
        let Some(newest) = heads.clone().max_by_key(|head| head.generation()) else {
            return Outcome::default();
        };
        let author = newest.author.clone();
        if self.logs.len() >= limit::LOGS
            && !self.logs.contains(&author)
            && let Some(gone) = self.logs.make_room()
        {
            self.touched.note(&gone);
        }
        if !self.logs.contains(&author) && self.logs.len() >= limit::LOGS {
            counters.logs_full += 1;
            return Outcome::default();
        }
        let floors = heads.map(|head| head.floor);
        let floor = floors.max_by_key(|floor| floor.through).unwrap_or_default();
        self.logs.open(&author);
        if let Some(outcome) = self.hear_of_spent(&author, from, batches, counters) {
            return outcome;
        }
        let Some(log) = self.logs.get(&author) else {
            return Outcome::default();
        };
        let before = log.head();
        let kept = log.kept_by(&newest.lineage, newest.generation());
        let replaces =
            from == Version(0) && floor.through > kept && newest.generation() >= before.generation;
        let outcome = match replaces {
            true => self.replace(&author, floor, batches, wall, counters, changes),
            false => match self.has_room(&author, from, batches) {
                Ok(()) => self.follow(&author, from, batches, wall, counters, changes),
                Err(share) => {
                    self.refuse(&author, share, batches, counters, changes);
                    Outcome::OVER
                }
            },
        };
        if outcome.fresh {
            self.over.remove(&author);
        }
        let after = self.logs.get(&author).map(Log::head);
        if after != Some(before) {
            self.touched.note(&author);
        }
        counters.gaps += u64::from(outcome.gap);
        outcome
    }

    /// Takes over what a journal held of one log: it is whole, and nobody is
    /// told.
    pub fn restore(&mut self, batches: &[Batch], wall: WallTime) {
        let Some(first) = batches.first() else {
            return;
        };
        let author = first.author();
        let floors = batches.iter().map(|batch| batch.head.value.floor);
        let floor = floors.max_by_key(|floor| floor.through).unwrap_or_default();
        let (mut counters, mut told) = (Counters::default(), Vec::new());
        self.logs.open(author);
        let held = self.logs.get(author).into_iter().flat_map(Log::slots);
        let held: Vec<Version> = held.map(|(version, _)| version).collect();
        for version in held {
            self.undo(author, version, wall, &mut told);
        }
        if let Some(log) = self.logs.held_mut(author) {
            *log = Log::under(floor);
        }
        for batch in batches {
            let held = self
                .logs
                .get(author)
                .map_or(Version(0), |log| log.head().version);
            let from = held.min(batch.head.value.before());
            let batch = core::slice::from_ref(batch);
            self.follow(author, from, batch, wall, &mut counters, &mut told);
            told.clear();
        }
        if let Some(log) = self.logs.held_mut(author) {
            log.settle();
        }
        self.touched.note(author);
    }

    /// Batch by batch, on top of what we hold.
    fn follow(
        &mut self,
        author: &NodeId,
        mut from: Version,
        batches: &[Batch],
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let (mut kept, mut told) = (Kept::default(), Vec::new());
        for batch in batches {
            let Some(log) = self.logs.held_mut(author) else {
                break;
            };
            // Before anything new is there: whoever stands next for a key that
            // was cut away has to be one that stood there before.
            let cut = log.cut(from, &batch.head);
            let was_cut = cut.is_some();
            if let Some((through, dropped)) = cut {
                kept.cut = Some(through);
                for version in dropped {
                    self.undo(author, version, wall, &mut told);
                }
            }
            let Some(log) = self.logs.held_mut(author) else {
                break;
            };
            let accepted = log.accept(from, batch);
            outcome.gap = accepted.gap;
            if was_cut || accepted.new_generation || !accepted.taken.is_empty() {
                outcome.fresh = true;
                kept.commits.push(accepted.commit(batch));
            }
            for taken in accepted.taken {
                let place = batch
                    .parts
                    .binary_search_by_key(&taken.index, |part| part.index);
                if let Some(part) = place.ok().and_then(|place| batch.parts.get(place)) {
                    let (entry, write) = (&part.entry.value, (author, taken.version));
                    self.tell(write, entry, taken.superseded, wall, counters, &mut told);
                }
            }
            for version in accepted.cleared {
                counters.tombstones_cleared += 1;
                self.clear(author, version);
            }
            if outcome.gap {
                break;
            }
            if let Some(part) = batch.parts.last() {
                from = batch.version(part.index);
            }
        }
        let records = kept.records(author).into_iter();
        changes.extend(records.map(Change::Record));
        changes.append(&mut told);
        outcome
    }

    /// Our log lags behind the floor: what comes from nothing takes its place,
    /// and what is not in it is gone.
    fn replace(
        &mut self,
        author: &NodeId,
        floor: Floor,
        batches: &[Batch],
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) -> Outcome {
        let mut fresh = Log::under(floor);
        let (mut from, mut gap) = (Version(0), false);
        for batch in batches {
            let accepted = fresh.accept(from, batch);
            gap |= accepted.gap;
            if let Some(part) = batch.parts.last() {
                from = batch.version(part.index);
            }
        }
        if gap || !fresh.is_whole() {
            return Outcome {
                gap: true,
                ..Outcome::default()
            };
        }
        fresh.clear(floor);
        if self.is_too_much(author, fresh.share()) {
            self.refuse(author, fresh.share(), batches, counters, changes);
            return Outcome::OVER;
        }
        counters.logs_replaced += 1;
        let Some(log) = self.logs.held_mut(author) else {
            return Outcome::default();
        };
        let before = log.head();
        let cut = log.rebase(&fresh.lineage(), fresh.generation());
        let mut told = Vec::new();
        for version in cut.into_iter().flatten() {
            self.undo(author, version, wall, &mut told);
        }
        let record = Record::Run {
            author: author.clone(),
            cut: Some(Version(0)),
            commits: batches
                .iter()
                .map(|batch| (batch.clone(), Vec::new()))
                .collect(),
        };
        changes.push(Change::Record(record));
        changes.append(&mut told);
        let dropped = self.renew(author, fresh, wall, counters, changes);
        if before != Head::default() {
            changes.push(Change::Notify(Notification::CaughtUp {
                author: author.clone(),
                from: before,
                to: self.head(author).unwrap_or_default(),
                dropped,
            }));
        }
        Outcome {
            fresh: true,
            ..Outcome::default()
        }
    }

    /// Makes a log what was built aside, and tells what is new of it and what is
    /// gone. How many keys hold nothing by it any more.
    fn renew(
        &mut self,
        author: &NodeId,
        fresh: Log,
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) -> u64 {
        let Some(log) = self.logs.held_mut(author) else {
            return 0;
        };
        let (slots, gone) = log.becomes(fresh);
        for slot in slots {
            let (version, entry) = (slot.version(), slot.entry());
            let log = self.logs.held_mut(author);
            let superseded = log.and_then(|log| log.put(slot));
            if let Some(entry) = entry {
                let write = (author, version);
                self.tell(write, &entry, superseded, wall, counters, changes);
            }
        }
        let mut dropped = 0;
        for version in gone {
            // Not there: one of the new ones has superseded it.
            let slot = self.slot(author, version);
            let Some((entry, live)) = slot.and_then(|slot| Some((slot.entry()?, slot.is_live())))
            else {
                continue;
            };
            let shown = match entry.scope {
                Scope::Own => !self.is_veiled(author),
                Scope::Shared => self.view.stands(&self.logs, &entry.key, author, version),
            };
            if shown && live {
                let write = WriteId {
                    author: author.clone(),
                    version,
                };
                changes.push(reset(&entry, write));
                dropped += 1;
            }
            self.clear(author, version);
        }
        dropped
    }

    /// A tombstone is cleared away. It is forgotten, unless it still hides a
    /// write of another author that we hold: then it goes on standing, as a
    /// shadow, until that one is gone.
    pub(super) fn clear(&mut self, author: &NodeId, version: Version) {
        let Some((entry, stood, _)) = self.take_out(author, version) else {
            return;
        };
        if entry.scope == Scope::Own {
            return;
        }
        let mut logs = self.logs.iter();
        let hides = logs.any(|(_, log)| log.find(Scope::Shared, &entry.key).is_some());
        if stood && hides {
            let winner = Winner {
                author: author.clone(),
                version,
                stamp: entry.stamp,
            };
            self.view.shade(entry.key, winner);
        } else if !hides {
            self.view.lighten(&entry.key);
        }
    }
}
