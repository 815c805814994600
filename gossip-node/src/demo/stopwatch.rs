//! A stopwatch: how long things took, for people to read.
//!
//! The only clock of the command line. Nothing is decided by it.

use std::time::{Duration, Instant, SystemTime};

/// Started when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

#[allow(
    clippy::disallowed_methods,
    reason = "printing how long things took is what this file is for"
)]
impl Stopwatch {
    /// Starts.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago it was started.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The date, to say of a certificate whether it has expired.
#[allow(
    clippy::disallowed_methods,
    reason = "a date for people; nothing is decided by it"
)]
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}
