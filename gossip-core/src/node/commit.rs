//! Our own writes: from the wish to the disk to the world.
//!
//! ```text
//!   Command::Write ─▶ queue ─▶ draft ─▶ seal ─▶ persist ─▶ apply, spread, reply
//!                      ▲        one commit in flight         │
//!                      └─────────── the next ◀───────────────┘
//! ```
//!
//! What waits while a commit is in flight goes into the next one together, so
//! many writers share one sync of the disk: as many batches as that takes, one
//! after the other, written whole or not at all. Nothing is told before it is
//! durable, and a commit that cannot be written leaves no trace: its versions
//! are used again. The named exception are writes *at once*: they stand when they
//! are sealed, and are remembered like others' writes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::agreed::Share;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Now, WallTime};
use crate::config::Config;
use crate::input::{DiskError, Durability, Expected, PersistId, Query, Space, Ticket, Write};
use crate::message::{
    Batch, Draft, Entry, Head, Item, Op, Replaced, Scope, Stamp, Statement, Version, WriteId,
};
use crate::output::{Notification, Output, Phase, Record, Refusal, Reply};
use crate::replica::Change;

use super::drafts::{Drafts, payload_bytes};
use super::{Node, Sealing};

/// The write path's state.
#[derive(Debug, Default)]
pub(super) struct Commits {
    queue: VecDeque<(Ticket, Vec<Write>, Durability)>,
    flight: Option<Flight>,
    /// This run has written: from now on our log is what we say it is.
    opened: bool,
}

/// The commit between draft and disk.
#[derive(Debug)]
struct Flight {
    tickets: Tickets,
    first: Version,
    durability: Durability,
    /// Nothing was written in this run before it.
    opens: bool,
    /// How many batches it is, and those that are sealed.
    count: usize,
    batches: Vec<Batch>,
    persist: Option<PersistId>,
}

/// Whom to answer, and which entries are theirs, counted through all batches.
type Tickets = Vec<(Ticket, core::ops::Range<u64>)>;

impl Commits {
    /// Whether others may still tell us what we wrote in an earlier run.
    pub(super) const fn may_recover(&self) -> bool {
        !self.opened
    }

    /// Gives up everything that waits.
    pub(super) fn abandon(&mut self) -> Vec<Ticket> {
        let flying = self
            .flight
            .take()
            .map(|flight| flight.tickets)
            .unwrap_or_default();
        let queued = self.queue.drain(..).map(|(ticket, ..)| ticket);
        flying
            .into_iter()
            .map(|(ticket, _)| ticket)
            .chain(queued)
            .collect()
    }
}

impl Node {
    /// The application wants to write.
    pub(super) fn write(
        &mut self,
        now: Now,
        ticket: Ticket,
        writes: Vec<Write>,
        durability: Durability,
    ) {
        let refusal = self.refusal(&writes);
        if let Some(refusal) = refusal {
            self.outbox
                .push(Output::Reply(ticket, Reply::Refused(refusal)));
            return;
        }
        self.commits.queue.push_back((ticket, writes, durability));
        self.commit_next(now);
    }

    /// What can be said against a write before its turn comes.
    fn refusal(&mut self, writes: &[Write]) -> Option<Refusal> {
        if !matches!(self.phase, Phase::Joining | Phase::Running) {
            return Some(Refusal::NotRunning);
        }
        if self.commits.queue.len() >= limit::QUEUED_WRITES {
            self.outbox.counters.commands_refused += 1;
            return Some(Refusal::Busy);
        }
        let bytes = payload_bytes(writes);
        if writes.len() > limit::BATCH_ENTRIES || bytes > limit::BATCH_BYTES {
            return Some(Refusal::TooLarge {
                entries: writes.len(),
                bytes,
            });
        }
        let (mut names, mut twice) = (alloc::collections::BTreeSet::new(), None);
        for write in writes {
            if !names.insert((write.scope, &write.key)) {
                twice = Some(Refusal::Twice {
                    key: write.key.clone(),
                });
            }
        }
        twice
    }

    /// Drafts the next commit out of everything that waits, unless it waits for
    /// our generation.
    pub(super) fn commit_next(&mut self, now: Now) {
        if self.generation_persist.is_some() {
            return;
        }
        while self.commits.flight.is_none() && !self.commits.queue.is_empty() {
            let me = self.identity.id.clone();
            let head = self.replica.head(&me).unwrap_or_default();
            let mut share = self.replica.share(&me);
            let mut drafts = Drafts::default();
            drafts.done.push(self.draft(me, head));
            let mut tickets = Vec::new();
            let mut stamp = self.replica.stamp(now.wall);
            let mut durability = None;
            while let Some((ticket, writes, wanted)) = self.commits.queue.pop_front() {
                if !drafts.fit(&writes) || *durability.get_or_insert(wanted) != wanted {
                    self.commits.queue.push_front((ticket, writes, wanted));
                    break;
                }
                let begin = drafts.entries;
                match self.entries(&writes, &mut stamp, &mut share, now) {
                    Ok(entries) => {
                        drafts.add(entries);
                        tickets.push((ticket, begin..drafts.entries));
                    }
                    Err(refusal) => {
                        self.outbox
                            .push(Output::Reply(ticket, Reply::Refused(refusal)));
                    }
                }
            }
            if drafts.entries == 0 {
                // Nothing but deletions of what is not there: done as it is.
                for (ticket, _) in tickets {
                    self.outbox
                        .push(Output::Reply(ticket, Reply::Written(Vec::new())));
                }
                continue;
            }
            self.seal_commit(drafts.done, tickets, durability.unwrap_or_default());
        }
    }

    /// Raises the floor of our log, where that is worth it.
    pub(super) fn clear_log(&mut self, now: Now) {
        let writes = self.commits.flight.is_some() || !self.commits.queue.is_empty();
        let writes = writes || self.generation_persist.is_some();
        let busy = writes || self.phase != Phase::Running;
        let ago = |span: Duration| {
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            WallTime::from_millis(now.wall.as_millis().saturating_sub(millis))
        };
        let grace = self.config.tombstone_grace;
        let as_of = ago(grace);
        let me = self.identity.id.clone();
        // Who is gone is held for here for a while: it may have written what nobody
        // has heard, and bring it when it is back.
        let grace = grace.max(self.longest_silence());
        let all_here = self.have_all_been_here(now, grace).then(|| ago(grace));
        let next = self.replica.next_floor(&me, as_of, all_here);
        if let Some((floor, entries)) = next.filter(|_| !busy) {
            let head = self.replica.head(&me).unwrap_or_default();
            let draft = Draft {
                floor,
                entries,
                ..self.draft(me, head)
            };
            self.seal_commit(Vec::from([draft]), Vec::new(), Durability::Synced);
        }
    }

    /// For how long a member may be gone before it is held for gone (guess: a round
    /// of those who doubt themselves most, and the longest suspicion).
    fn longest_silence(&self) -> Duration {
        let Config {
            probe_interval,
            awareness_max,
            suspicion_max,
            ..
        } = self.config;
        suspicion_max + probe_interval * (awareness_max + 2)
    }

    /// Whether everybody who may ever have written has been here for so long.
    fn have_all_been_here(&self, now: Now, grace: Duration) -> bool {
        let mut members = self.roster.iter();
        let all_here = members.all(|(id, member)| {
            let long = member.for_how_long(now.mono) >= grace;
            *id == self.identity.id || member.is_here() && long
        });
        let mut authors = self.replica.authors();
        let all_known = authors.all(|(author, _)| self.roster.member(author).is_some());
        all_here && all_known && self.roster.certificates().is_empty()
    }

    /// A draft without entries that follows on `head`.
    fn draft(&self, author: NodeId, head: Head) -> Draft {
        let mut draft = Draft {
            lineage: self.replica.lineage(&author),
            first: head.version.plus(1),
            entries: Vec::new(),
            floor: self.replica.floor(&author),
            author,
        };
        if self.replica.generation(&draft.author) != self.footing.generation {
            draft.lineage = draft.lineage.extended(self.footing.generation, head);
        }
        draft
    }

    /// The next commit is drafted: so many batches, each following on the last.
    fn seal_commit(&mut self, drafts: Vec<Draft>, tickets: Tickets, durability: Durability) {
        let first = drafts.first().map(|draft| draft.first);
        self.commits.flight = Some(Flight {
            tickets,
            first: first.unwrap_or_default(),
            durability,
            opens: !core::mem::replace(&mut self.commits.opened, true),
            count: drafts.len(),
            batches: Vec::new(),
            persist: None,
        });
        for draft in drafts {
            let id = self.outbox.seal(Statement::Batch(draft));
            self.seals.insert(id, Sealing::Commit);
        }
    }

    /// What one command writes, if everything stands as it expects. `share` is
    /// what this author holds, in keys and bytes, with what is drafted before.
    fn entries(
        &self,
        writes: &[Write],
        stamp: &mut Stamp,
        share: &mut (usize, usize),
        now: Now,
    ) -> Result<Vec<Entry>, Refusal> {
        let me = &self.identity.id;
        let (mut keys, mut bytes) = *share;
        let mut entries = Vec::new();
        for write in writes {
            let space = match write.scope {
                Scope::Own => Space::Own(me.clone()),
                Scope::Shared => Space::Shared,
            };
            let standing = self.replica.standing(&Query {
                space,
                key: write.key.clone(),
            });
            let there = standing.as_ref().filter(|(.., live)| *live);
            check(write, there.map(|(write, ..)| write))?;
            let op = match &write.value {
                Some(value) => Op::Put(value.clone()),
                None if there.is_none() => continue,
                None => Op::Delete,
            };
            let held = self.replica.held_bytes(me, write.scope, &write.key);
            keys += usize::from(held.is_none());
            bytes = bytes.saturating_sub(held.unwrap_or(0));
            let replaces = standing.filter(|_| write.scope == Scope::Shared);
            let replaces = replaces.map(|(write, entry, _)| Replaced {
                stamp: entry.stamp,
                write,
            });
            let entry = Entry {
                scope: write.scope,
                key: write.key.clone(),
                stamp: *stamp,
                expires: write
                    .ttl
                    .filter(|_| op != Op::Delete)
                    .map(|ttl| ends(now, ttl)),
                op,
                replaces,
            };
            bytes += entry.payload_bytes();
            entries.push(entry);
            *stamp = Stamp::after(*stamp, now.wall);
        }
        // What holds less than before is never too much.
        let grows = keys > share.0 || bytes > share.1;
        let would = as_share((keys, bytes));
        let most = self.config.agreed().writes;
        if grows && !would.fits(&most) {
            let has = as_share(*share);
            return Err(Refusal::Full { would, has, most });
        }
        *share = (keys, bytes);
        Ok(entries)
    }

    /// A batch of the commit in flight has its bytes; with the last of them it goes
    /// to the disk. One that does not wait for that is remembered behind those
    /// before it, in order, so that the disk holds a log without a hole whenever it
    /// is read.
    pub(super) fn commit_sealed(&mut self, now: Now, batch: Batch) {
        let Some(flight) = &mut self.commits.flight else {
            return;
        };
        flight.batches.push(batch);
        if flight.batches.len() < flight.count {
            return;
        }
        flight.batches.sort_by_key(|batch| batch.head.value.first);
        let at_once = |flight: &mut Flight| flight.durability == Durability::AtOnce;
        if let Some(flight) = self.commits.flight.take_if(at_once) {
            self.commit_stands(now, flight, |_| true);
            return self.commit_next(now);
        }
        let Some(flight) = &mut self.commits.flight else {
            return;
        };
        let commits = flight.batches.iter();
        let commits = commits.map(|batch| (batch.clone(), self.replica.superseded_by(batch)));
        let mut commits: Vec<(Batch, Vec<Version>)> = commits.collect();
        let record = match commits.len() {
            1 => commits
                .pop()
                .map(|(batch, superseded)| Record::Commit { batch, superseded }),
            _ => Some(Record::Run {
                author: self.identity.id.clone(),
                cut: None,
                commits,
            }),
        };
        flight.persist = record.map(|record| self.outbox.persist(record));
    }

    /// The commit in flight is on disk, or will not be.
    pub(super) fn commit_persisted(
        &mut self,
        now: Now,
        id: PersistId,
        result: Result<(), DiskError>,
    ) {
        let ours = self
            .commits
            .flight
            .as_ref()
            .is_some_and(|f| f.persist == Some(id));
        let Some(flight) = self.commits.flight.take_if(|_| ours) else {
            self.outbox.counters.unexpected += 1;
            return;
        };
        match result {
            Ok(()) => {
                // The record is on disk already; only the word is left to spread.
                let told = |change: &Change| matches!(change, Change::Notify(_));
                self.commit_stands(now, flight, told);
            }
            Err(error) => {
                self.commits.opened = !flight.opens;
                self.outbox.notify(Notification::Disk(error));
                for (ticket, _) in flight.tickets {
                    let refusal = Reply::Refused(Refusal::Disk(error));
                    self.outbox.push(Output::Reply(ticket, refusal));
                }
            }
        }
        self.commit_next(now);
    }

    /// The commit that was in flight stands: it is read here from now on, told,
    /// and answered. `keep`: what of it is still to be done.
    fn commit_stands(&mut self, now: Now, flight: Flight, keep: impl Fn(&Change) -> bool) {
        for batch in &flight.batches {
            let mut changes = Vec::new();
            let counters = &mut self.outbox.counters;
            let from = batch.head.value.before();
            self.replica
                .apply(from, batch, now.wall, counters, &mut changes);
            changes.retain(&keep);
            self.replica_changed(changes);
        }
        for (ticket, places) in flight.tickets {
            let names = places.map(|place| WriteId {
                author: self.identity.id.clone(),
                version: flight.first.plus(place),
            });
            let reply = Reply::Written(names.collect());
            self.outbox.push(Output::Reply(ticket, reply));
        }
        self.mail = true;
        for batch in flight.batches {
            self.spread(now, Item::Batch(batch));
        }
        // It waited for others on its way to the disk.
        self.timers
            .fresh_soon(now.mono, self.config.gossip_interval);
    }
}

fn as_share((keys, bytes): (usize, usize)) -> Share {
    let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
    Share {
        keys: number(keys),
        bytes: number(bytes),
    }
}

/// When a value written now is over.
fn ends(now: Now, ttl: Duration) -> WallTime {
    now.later(ttl).wall
}

/// Whether a key stands as a write expects.
fn check(write: &Write, there: Option<&WriteId>) -> Result<(), Refusal> {
    let as_expected = match &write.only_if {
        None => true,
        Some(Expected::Absent) => there.is_none(),
        Some(Expected::Write(expected)) => there == Some(expected),
    };
    match (as_expected, &write.only_if) {
        (false, Some(expected)) => Err(Refusal::Unexpected {
            key: write.key.clone(),
            expected: expected.clone(),
            found: there.cloned(),
        }),
        _ => Ok(()),
    }
}
