//! A disk: slow, in order, able to fail, and forgetful of what was not synced.
//!
//! ```text
//!   Persist ─▶ ┌─────────── queue ───────────┐ ─ synced, in order ─▶ journal
//!   Remember ─▶│ remember · persist · persist │
//!              └──────────────────────────────┘
//!                a crash keeps a prefix that chance picks, and loses the rest
//! ```
//!
//! A failing disk drops the records that were to be synced and says so. What
//! was merely to be remembered stays in the queue until the disk works again.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::time::Duration;

use super::archive::Kept;
use super::journal::Journal;
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::input::{DiskError, PersistId};
use crate::message::Head;
use crate::output::Record;

/// How disks behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSetup {
    /// How long a write and its sync take, less or more up to a tenth
    /// (2 ms: guess, a server's flash disk).
    pub sync_delay: Duration,
    /// After what time something that nobody waits for is on disk anyway
    /// (1 s: guess).
    pub flush_delay: Duration,
}

impl Default for DiskSetup {
    fn default() -> Self {
        Self {
            sync_delay: Duration::from_millis(2),
            flush_delay: Duration::from_secs(1),
        }
    }
}

/// One host's disk.
#[derive(Debug)]
pub(super) struct Disk {
    setup: DiskSetup,
    rng: Rng,
    journal: Journal,
    queue: VecDeque<Queued>,
    /// When the last sync that was begun ends.
    busy_until: Instant,
    failing: Option<DiskError>,
}

#[derive(Debug)]
struct Queued {
    record: Kept,
    /// Set where somebody waits.
    persist: Option<PersistId>,
    since: Instant,
}

impl Disk {
    /// A disk that holds `journal`.
    pub(super) const fn new(setup: DiskSetup, rng: Rng, journal: Journal) -> Self {
        Self {
            setup,
            rng,
            journal,
            queue: VecDeque::new(),
            busy_until: Instant::ZERO,
            failing: None,
        }
    }

    /// What would be found if the process ended well now.
    pub(super) const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How far the log of `author` goes with what waits to be remembered.
    pub(super) fn remembered(&self, author: &NodeId) -> Head {
        let waiting = self.queue.iter().filter(|next| next.persist.is_none());
        let records = waiting.filter_map(|next| match &next.record {
            Kept::Other(record) => Some(&**record),
            Kept::Claim(_) => None,
        });
        let heads = records.filter_map(|record| match record {
            Record::Commit { batch, .. } if batch.author() == author => {
                Some(batch.head.value.after())
            }
            Record::Run {
                author: of,
                commits,
                ..
            } if of == author => commits.last().map(|(batch, _)| batch.head.value.after()),
            _ => None,
        });
        heads.fold(self.journal.head(author), Head::max)
    }

    /// Puts another content in its place.
    pub(super) fn replace(&mut self, journal: Journal) {
        self.queue.clear();
        self.journal = journal;
    }

    /// Lets it fail from now on, or work again.
    pub(super) const fn fail(&mut self, failing: Option<DiskError>) {
        self.failing = failing;
    }

    /// Takes a record that somebody waits for; the time its sync ends.
    pub(super) fn persist(&mut self, now: Instant, id: PersistId, record: Record) -> Instant {
        self.flush(now);
        self.queue.push_back(Queued {
            record: Kept::Other(Box::new(record)),
            persist: Some(id),
            since: now,
        });
        self.busy_until = self.busy_until.max(now) + self.rng.jittered(self.setup.sync_delay);
        self.busy_until
    }

    /// Takes a record that nobody waits for.
    pub(super) fn remember(&mut self, now: Instant, record: Kept) {
        self.flush(now);
        self.queue.push_back(Queued {
            record,
            persist: None,
            since: now,
        });
    }

    /// The oldest sync that was begun ends: whose it was, and how it went.
    pub(super) fn sync(&mut self) -> Option<(PersistId, Result<(), DiskError>)> {
        let at = self.queue.iter().position(|next| next.persist.is_some())?;
        if let Some(error) = self.failing {
            let id = self.queue.remove(at)?.persist?;
            return Some((id, Err(error)));
        }
        let mut done = None;
        for queued in self.queue.drain(..=at) {
            self.journal.keep(queued.record);
            done = queued.persist;
        }
        Some((done?, Ok(())))
    }

    /// The process ends without a word. Chance decides how much of what was
    /// not synced had reached the disk; what is kept is a prefix.
    pub(super) fn crash(&mut self, now: Instant) {
        self.flush(now);
        let kept = self.rng.index(self.queue.len() + 1).unwrap_or(0);
        let kept = if self.failing.is_some() { 0 } else { kept };
        for queued in self.queue.drain(..).take(kept) {
            self.journal.keep(queued.record);
        }
        self.busy_until = now;
    }

    /// The process ends well: everything is written.
    pub(super) fn close(&mut self) {
        for queued in self.queue.drain(..) {
            if self.failing.is_none() {
                self.journal.keep(queued.record);
            }
        }
    }

    /// Writes what has been remembered long enough ago, up to the first that
    /// somebody waits for.
    fn flush(&mut self, now: Instant) {
        if self.failing.is_some() {
            return;
        }
        let delay = self.setup.flush_delay;
        while let Some(first) = self.queue.front()
            && first.persist.is_none()
            && first.since + delay <= now
            && let Some(queued) = self.queue.pop_front()
        {
            self.journal.keep(queued.record);
        }
        if self.queue.is_empty() {
            self.queue.shrink_to(16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Generation;

    fn generation(number: u64) -> Record {
        Record::Generation(Generation(number))
    }

    fn disk(seed: u64) -> Disk {
        Disk::new(DiskSetup::default(), Rng::new(seed), Journal::default())
    }

    #[test]
    fn syncs_end_in_order_and_carry_what_came_before() {
        let mut disk = disk(1);
        disk.remember(Instant::ZERO, Kept::Other(Box::new(generation(1))));
        let first = disk.persist(Instant::ZERO, PersistId(1), generation(2));
        let second = disk.persist(Instant::ZERO, PersistId(2), generation(3));
        assert!(Instant::ZERO < first && first < second);
        assert_eq!(disk.journal().generation(), Generation(0));
        assert_eq!(disk.sync(), Some((PersistId(1), Ok(()))));
        assert_eq!(disk.journal().generation(), Generation(2));
        assert_eq!(disk.sync(), Some((PersistId(2), Ok(()))));
        assert_eq!(disk.journal().generation(), Generation(3));
        assert_eq!(disk.sync(), None);
    }

    #[test]
    fn a_full_disk_says_so_and_keeps_what_it_had() {
        let mut disk = disk(1);
        disk.fail(Some(DiskError::Full));
        disk.remember(Instant::ZERO, Kept::Other(Box::new(generation(7))));
        disk.persist(Instant::ZERO, PersistId(1), generation(8));
        assert_eq!(disk.sync(), Some((PersistId(1), Err(DiskError::Full))));
        assert_eq!(disk.journal().generation(), Generation(0));
        disk.fail(None);
        disk.persist(Instant::ZERO, PersistId(2), generation(9));
        assert_eq!(disk.sync(), Some((PersistId(2), Ok(()))));
        assert_eq!(disk.journal().generation(), Generation(9));
    }

    #[test]
    fn a_crash_keeps_a_prefix_and_chance_picks_which() {
        let kept = |seed| {
            let mut disk = disk(seed);
            for number in 1..=3 {
                disk.persist(Instant::ZERO, PersistId(number), generation(number));
            }
            disk.crash(Instant::ZERO);
            disk.journal().generation().0
        };
        let mut seen: alloc::vec::Vec<_> = (0..64).map(kept).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3]);
    }

    #[test]
    fn what_was_remembered_is_on_disk_a_little_later() {
        let mut disk = disk(1);
        disk.remember(Instant::ZERO, Kept::Other(Box::new(generation(5))));
        disk.remember(
            Instant::from_millis(1_500),
            Kept::Other(Box::new(generation(6))),
        );
        assert_eq!(disk.journal().generation(), Generation(5));
    }
}
