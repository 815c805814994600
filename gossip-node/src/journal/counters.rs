//! What the journal did, and what it could not.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A snapshot of what the journal counted since it was opened.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct JournalCounters {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl JournalCounters {
            /// Every counter by name, for a table or a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }

        /// The live cells behind [`JournalCounters`].
        #[derive(Debug, Default)]
        pub(super) struct Cells {
            $(pub(super) $name: AtomicU64,)+
        }

        impl Cells {
            pub(super) fn snapshot(&self) -> JournalCounters {
                JournalCounters { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

impl Cells {
    /// A record of so many bytes waits.
    pub(super) fn queue(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.records_queued.fetch_add(1, Ordering::Relaxed);
        self.bytes_queued.fetch_add(bytes, Ordering::Relaxed);
    }

    /// It does not wait any more.
    pub(super) fn unqueue(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.records_queued.fetch_sub(1, Ordering::Relaxed);
        self.bytes_queued.fetch_sub(bytes, Ordering::Relaxed);
    }
}

counters! {
    /// Records on disk.
    records_written,
    /// Commits, each synced to disk.
    commits,
    /// Commits that failed.
    commits_failed,
    /// Times the file was opened again after a failure.
    reopened,
    /// Records that were waited for and could not be written.
    persists_failed,
    /// Records given up after failures: [`RETAINED_BYTES`](super::limit::RETAINED_BYTES).
    /// What they said is held by the others, and fetched again after a restart.
    records_given_up,
    /// Records not written because the log they continue has a part missing on disk.
    records_skipped,
    /// Claims and verdicts of the oldest runs that made room for others:
    /// [`CLAIMS`](super::limit::CLAIMS) or [`VERDICTS`](super::limit::VERDICTS).
    rows_given_up,
    /// Records that wait now.
    records_queued,
    /// Bytes of records that wait now.
    bytes_queued,
}
