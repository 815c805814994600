//! The clock: the only place in the library that asks what time it is.
//!
//! The monotonic side is Linux's `CLOCK_BOOTTIME`, which goes on while the
//! machine is suspended: a node that wakes after an hour must know that an
//! hour has passed before it judges anybody.

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gossip_core::base::time::{Instant, Now, WallTime};
use rustix::time::{ClockId, clock_gettime};

#[cfg(target_os = "linux")]
const MONOTONIC: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const MONOTONIC: ClockId = ClockId::Monotonic;

/// Both clocks, as they are now.
pub(crate) fn now() -> Now {
    let mono = clock_gettime(MONOTONIC);
    let seconds = u64::try_from(mono.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(mono.tv_nsec).unwrap_or(0);
    // A clock before 1970 is one that was never set.
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = wall.unwrap_or(Duration::ZERO).as_millis();
    Now {
        mono: Instant::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos)),
        wall: WallTime::from_millis(u64::try_from(wall).unwrap_or(u64::MAX)),
    }
}

/// An alarm: wakes the driver at one moment, or never.
///
/// It may ring late after a suspend, by what was left of it: its timer stands
/// still while the machine does. Whoever is woken looks at [`now`].
#[derive(Debug)]
pub(super) struct Alarm {
    at: Option<Instant>,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Alarm {
    /// An alarm that never rings.
    pub(super) fn new() -> Self {
        Self {
            at: None,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Rings at `at` instead.
    pub(super) fn set(&mut self, at: Option<Instant>) {
        if self.at == at {
            return;
        }
        self.at = at;
        if let Some(at) = at {
            let left = at.since(now().mono);
            self.sleep
                .as_mut()
                .reset(tokio::time::Instant::now() + left);
        }
    }

    /// Waits until it rings.
    pub(super) async fn rings(&mut self) {
        match self.at {
            Some(_) => self.sleep.as_mut().await,
            None => std::future::pending().await,
        }
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_forward() {
        let before = now();
        let after = now();
        assert!(after.mono >= before.mono);
        // 2020-01-01: any machine that builds this lives later.
        assert!(after.wall.as_secs() > 1_577_836_800);
    }
}
