//! The clock: the only place in the library that asks what time it is.
//!
//! The monotonic side is Linux's `CLOCK_BOOTTIME`, which goes on while the
//! machine is suspended: a node that wakes after an hour must know that an
//! hour has passed before it judges anybody.

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
