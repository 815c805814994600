//! Activity: when a link was last used, and what is open on it.
//!
//! It is what tells a link that rests, and may be spared, from one at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What is known of a link's use.
#[derive(Debug)]
pub(crate) struct Activity {
    born: Instant,
    /// Nanoseconds after `born`.
    last_used_ns: AtomicU64,
    open: AtomicUsize,
}

/// Something open on a link; ends when dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<Activity>);

impl Activity {
    /// Of a link that begins now.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            last_used_ns: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        })
    }

    /// The host or the peer says something.
    pub(crate) fn touch(&self) {
        let since = u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.last_used_ns.fetch_max(since, Ordering::Relaxed);
    }

    /// A stream is opened.
    pub(crate) fn open(self: &Arc<Self>) -> Open {
        self.touch();
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    /// Whether any stream is open.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0
    }

    /// For how long it was not used.
    pub(crate) fn idle(&self) -> Duration {
        let last = Duration::from_nanos(self.last_used_ns.load(Ordering::Relaxed));
        self.born.elapsed().saturating_sub(last)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.touch();
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_is_since_the_last_word_or_stream() {
        const LONG: Duration = Duration::from_secs(1_000);
        let born_long_ago = || {
            let mut activity = Activity::new();
            let born = Instant::now().checked_sub(LONG).unwrap();
            Arc::get_mut(&mut activity).unwrap().born = born;
            activity
        };
        let activity = born_long_ago();
        assert!(activity.idle() >= LONG);
        activity.touch();
        assert!(activity.idle() < LONG / 2);

        let activity = born_long_ago();
        let open = activity.open();
        assert!(activity.is_open());
        assert!(activity.idle() < LONG / 2);
        activity.last_used_ns.store(0, Ordering::Relaxed);
        drop(open);
        assert!(!activity.is_open());
        assert!(activity.idle() < LONG / 2, "its end is use, too");
    }
}
