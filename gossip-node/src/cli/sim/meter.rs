//! The meter: how far it is, for somebody who waits.
//!
//! One line on standard error that rewrites itself, only on a terminal, and
//! only for what takes longer than two seconds.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use super::clock::Stopwatch;

/// Whoever gets an answer sooner needs no meter.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the line is rewritten (guess: alive to the eye).
const FRAME: Duration = Duration::from_millis(200);

/// The meter of one command.
#[derive(Debug)]
pub(super) struct Meter {
    watch: Stopwatch,
    drawn: Duration,
    seen: bool,
}

impl Meter {
    pub(super) fn start() -> Self {
        Self {
            watch: Stopwatch::start(),
            drawn: Duration::ZERO,
            seen: io::stderr().is_terminal(),
        }
    }

    /// Shows a text, if it is time for one.
    pub(super) fn show(&mut self, text: impl FnOnce(Duration) -> String) {
        let now = self.watch.elapsed();
        if !self.seen || now < PATIENCE || now < self.drawn + FRAME {
            return;
        }
        self.drawn = now;
        // With standard error gone there is nobody left to tell.
        let _ = write!(io::stderr(), "\r\u{1b}[K{}", text(now));
        let _ = io::stderr().flush();
    }

    /// Takes the line away, if there is one.
    pub(super) fn clear(&mut self) {
        if self.seen && !self.drawn.is_zero() {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
            self.drawn = Duration::ZERO;
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.clear();
    }
}
