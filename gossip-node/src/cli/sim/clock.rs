//! The clock of whoever waits for a simulation; the simulation has its own.

use std::time::{Duration, Instant};

/// How long something has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Until now.
    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
