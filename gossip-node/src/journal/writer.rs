//! The journal's thread: takes what waits, writes it in one commit, tells.
//!
//! ```text
//!   persist ─┐                   ┌──────────── one commit, synced ───────────┐
//!   remember ┼──▶ queue ──▶ buffer ─▶ begin · apply · apply · … · commit · fsync ─▶ told
//!   remember ┘               │
//!                            └─ without anybody waiting: after a second, or enough of them
//! ```
//!
//! A failed commit is told to those who wait, and what nobody waits for is
//! kept for the next try. When that becomes too much it is given up, log by
//! log: from then on nothing of such a log is written (see [`Gaps`]), because
//! a log with a hole would pass for a whole one at the next start.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gossip_core::base::id::NodeId;
use gossip_core::base::time::Instant;
use gossip_core::input::{DiskError, PersistId};
use gossip_core::message::{Batch, Version};
use gossip_core::output::Record;
use tokio::sync::mpsc::UnboundedSender;

use super::apply::lowest;
use super::counters::Cells;
use super::store::Store;
use super::witness::{Point, Witness};
use super::{election, limit};
use crate::driver::clock;

/// What the thread is asked.
pub(super) enum Work {
    /// Write a record; somebody waits if there is an id.
    Write(Record, Option<PersistId>),
    /// Write what is left and end.
    Close,
}

/// What one commit brought about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The records that were waited for, in order.
    pub persisted: Vec<(PersistId, Result<(), DiskError>)>,
}

/// A record that is not on disk yet.
struct Waiting {
    record: Record,
    waited_for: Option<PersistId>,
    bytes: usize,
}

/// The thread's state.
pub(super) struct Writer {
    store: Store,
    own: NodeId,
    inbox: Receiver<Work>,
    done: UnboundedSender<Done>,
    cells: Arc<Cells>,
    witness: Box<dyn Witness>,
    buffer: VecDeque<Waiting>,
    /// When the buffer has to be written even if nobody waits.
    due: Option<Instant>,
    /// The last commit failed: no hurry with what nobody waits for.
    failing: bool,
    gaps: Gaps,
}

impl Writer {
    pub(super) fn new(
        store: Store,
        own: NodeId,
        inbox: Receiver<Work>,
        done: UnboundedSender<Done>,
        cells: Arc<Cells>,
        witness: Box<dyn Witness>,
    ) -> Self {
        Self {
            store,
            own,
            inbox,
            done,
            cells,
            witness,
            buffer: VecDeque::new(),
            due: None,
            failing: false,
            gaps: Gaps::default(),
        }
    }

    /// Runs until it is asked to close, or nobody is left to ask.
    pub(super) fn run(mut self) {
        let mut open = true;
        while open {
            open = self.take_in();
            while self.is_due() && self.commit() {}
        }
        while !self.buffer.is_empty() && self.commit() {}
        if let Err(failure) = self.store.close() {
            tracing::error!(%failure, "the journal did not close cleanly; it is checked at the next start");
        }
    }

    /// Waits for work, or until the buffer is due, and takes all there is.
    fn take_in(&mut self) -> bool {
        let first = match self.due {
            None => self
                .inbox
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => self.inbox.recv_timeout(due.since(clock::now().mono)),
        };
        let mut next = match first {
            Ok(work) => Some(work),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        while let Some(work) = next {
            match work {
                Work::Write(record, waited_for) => self.buffer(record, waited_for),
                Work::Close => return false,
            }
            next = self.inbox.try_recv().ok();
        }
        true
    }

    fn buffer(&mut self, record: Record, waited_for: Option<PersistId>) {
        let bytes = bytes_of(&record);
        if !self.gaps.admit(&record) {
            self.forget_queued(bytes);
            self.cells.records_skipped.fetch_add(1, Ordering::Relaxed);
            if let Some(id) = waited_for {
                self.tell(vec![(id, Err(DiskError::Failed))]);
            }
            return;
        }
        if self.due.is_none() {
            self.due = Some(clock::now().mono + Duration::from_millis(limit::BUFFER_MS));
        }
        self.buffer.push_back(Waiting {
            record,
            waited_for,
            bytes,
        });
    }

    fn is_due(&self) -> bool {
        if self
            .buffer
            .iter()
            .any(|waiting| waiting.waited_for.is_some())
        {
            return true;
        }
        let bytes: usize = self.buffer.iter().map(|waiting| waiting.bytes).sum();
        let many = self.buffer.len() >= limit::BUFFER_RECORDS || bytes >= limit::COMMIT_BYTES;
        (many && !self.failing) || self.due.is_some_and(|due| due <= clock::now().mono)
    }

    /// Writes the front of the buffer. False: it failed; wait before the next try.
    fn commit(&mut self) -> bool {
        let mut bytes = 0;
        let fitting = self.buffer.iter().take_while(|waiting| {
            bytes += waiting.bytes;
            bytes <= limit::COMMIT_BYTES
        });
        // The first goes in any case.
        let count = fitting.count().max(1).min(self.buffer.len());
        if self.store.is_closed() {
            self.cells.reopened.fetch_add(1, Ordering::Relaxed);
        }
        self.witness.at(Point::Before);
        let records = self
            .buffer
            .iter()
            .take(count)
            .map(|waiting| &waiting.record);
        let written = self.store.commit(records, &mut *self.witness);
        let taken: Vec<Waiting> = self.buffer.drain(..count).collect();
        let mut persisted = Vec::new();
        match &written {
            Ok(gone) => {
                self.witness.at(Point::After);
                self.cells.rows_given_up.fetch_add(*gone, Ordering::Relaxed);
                self.failing = false;
                self.cells.commits.fetch_add(1, Ordering::Relaxed);
                let records = u64::try_from(count).unwrap_or(u64::MAX);
                self.cells
                    .records_written
                    .fetch_add(records, Ordering::Relaxed);
                for waiting in taken {
                    self.forget_queued(waiting.bytes);
                    persisted.extend(waiting.waited_for.map(|id| (id, Ok(()))));
                }
            }
            Err(failure) => {
                tracing::error!(%failure, records = count, "the journal could not be written");
                self.failing = true;
                self.cells.commits_failed.fetch_add(1, Ordering::Relaxed);
                let mut kept = Vec::new();
                for waiting in taken {
                    match waiting.waited_for {
                        None => kept.push(waiting),
                        Some(id) => {
                            persisted.push((id, Err(failure.disk_error())));
                            self.forget_queued(waiting.bytes);
                            kept.extend(self.cut_instead_of(&waiting.record));
                        }
                    }
                }
                self.keep_for_another_try(kept);
            }
        }
        let more = self.buffer.front().is_some();
        let pause = Duration::from_millis(limit::BUFFER_MS);
        self.due = more.then(|| clock::now().mono + pause);
        self.tell(persisted);
        if written.is_ok() {
            self.witness.at(Point::Told);
        }
        written.is_ok()
    }

    /// A write of ours is told to have failed: it must not turn up later. What
    /// a failed commit left of it, if anything, is cut off by the next that
    /// succeeds. One cut is enough for all that failed since.
    fn cut_instead_of(&self, refused: &Record) -> Option<Waiting> {
        let batch = match refused {
            Record::Commit { batch, .. } => batch,
            Record::Run { commits, .. } => &commits.first()?.0,
            _ => return None,
        };
        let through = lowest(batch).before();
        let record = Record::Cut {
            author: self.own.clone(),
            through,
        };
        if self.buffer.iter().any(|waiting| waiting.record == record) {
            return None;
        }
        let bytes = bytes_of(&record);
        self.cells.queue(bytes);
        Some(Waiting {
            record,
            waited_for: None,
            bytes,
        })
    }

    fn keep_for_another_try(&mut self, kept: Vec<Waiting>) {
        for waiting in kept.into_iter().rev() {
            self.buffer.push_front(waiting);
        }
        let unwaited = self
            .buffer
            .iter()
            .filter(|waiting| waiting.waited_for.is_none());
        let bytes: usize = unwaited.map(|waiting| waiting.bytes).sum();
        if bytes <= limit::RETAINED_BYTES {
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        let (kept, given_up): (VecDeque<_>, VecDeque<_>) =
            buffer.into_iter().partition(|waiting| {
                // Of our own log only cuts are here: small, and never given up.
                waiting.waited_for.is_some() || author(&waiting.record) == Some(&self.own)
            });
        self.buffer = kept;
        for waiting in given_up {
            self.gaps.give_up(&waiting.record);
            self.cells.records_given_up.fetch_add(1, Ordering::Relaxed);
            self.forget_queued(waiting.bytes);
        }
    }

    fn tell(&mut self, persisted: Vec<(PersistId, Result<(), DiskError>)>) {
        let failed = persisted.iter().filter(|(_, end)| end.is_err()).count();
        let failed = u64::try_from(failed).unwrap_or(u64::MAX);
        self.cells
            .persists_failed
            .fetch_add(failed, Ordering::Relaxed);
        // If nobody listens any more, nobody has to know.
        let _ = self.done.send(Done { persisted });
    }

    fn forget_queued(&self, bytes: usize) {
        self.cells.unqueue(bytes);
    }
}

/// Whose log a record is about.
fn author(record: &Record) -> Option<&NodeId> {
    match record {
        Record::Commit { batch, .. } => Some(batch.author()),
        Record::Cut { author, .. } | Record::Run { author, .. } => Some(author),
        _ => None,
    }
}

/// What a row's name, keys and links take, in bytes (guess).
const ROW: usize = 128;

fn bytes_of_commit(batch: &Batch, superseded: &[Version]) -> usize {
    let entries = batch.parts.iter();
    let entries = entries.map(|part| part.entry.bytes.len() + ROW);
    batch.head.bytes.len() + entries.sum::<usize>() + 8 * superseded.len() + ROW
}

/// About how many bytes a record takes.
pub(super) fn bytes_of(record: &Record) -> usize {
    match record {
        Record::Commit { batch, superseded } => bytes_of_commit(batch, superseded),
        Record::Run { commits, .. } => {
            let commits = commits.iter();
            let bytes = commits.map(|(batch, superseded)| bytes_of_commit(batch, superseded));
            bytes.sum::<usize>() + ROW
        }
        Record::Claim(claim) => claim.bytes.len() + ROW,
        Record::Verdict(verdict) => verdict.bytes.len() + ROW,
        Record::Electorate(elected) => election::text(elected).len() + ROW,
        _ => ROW,
    }
}

/// Logs that are not whole on disk: from which version on.
///
/// Nothing is written beyond a gap, so that what is read back is always a log
/// as it once stood. A cut to below the gap closes it.
#[derive(Debug, Default)]
struct Gaps(BTreeMap<NodeId, Version>);

impl Gaps {
    /// Whether a record may be written.
    fn admit(&mut self, record: &Record) -> bool {
        match record {
            Record::Commit { batch, .. } => !self.0.contains_key(batch.author()),
            Record::Run {
                author, cut: None, ..
            } => !self.0.contains_key(author),
            Record::Run {
                author,
                cut: Some(through),
                ..
            }
            | Record::Cut { author, through } => match self.0.get(author) {
                Some(gap) if through < gap => {
                    self.0.remove(author);
                    true
                }
                Some(_) => false,
                None => true,
            },
            _ => true,
        }
    }

    /// A record will not be written.
    fn give_up(&mut self, record: &Record) {
        let (author, from) = match record {
            Record::Commit { batch, .. } => (batch.author(), lowest(batch)),
            Record::Cut { author, through } => (author, through.plus(1)),
            Record::Run {
                author,
                cut,
                commits,
            } => {
                let first = commits.iter().map(|(batch, _)| lowest(batch)).min();
                let cut = cut.map(|through| through.plus(1));
                let Some(from) = first.into_iter().chain(cut).min() else {
                    return;
                };
                (author, from)
            }
            _ => return,
        };
        let gap = self.0.entry(author.clone()).or_insert(from);
        *gap = (*gap).min(from);
    }
}
