//! Clocks: what a host's two clocks show, against the world's.
//!
//! No two hosts agree. A monotonic clock has an origin of its own and may run
//! fast or slow; a wall clock is a little off and is kept at the right speed
//! by whoever sets it.

use core::time::Duration;

use crate::base::time::{Instant, Now, WallTime};

/// Millionths in one.
const MILLION: u128 = 1_000_000;

/// A host's two clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    /// What the wall clock shows when the world begins.
    wall: WallTime,
    /// A moment of the world, and what the monotonic clock shows then.
    anchor: (Instant, Instant),
    /// By how many millionths it runs fast from there on.
    drift_ppm: i32,
}

impl Clocks {
    /// Clocks that run right; `origin` is what the monotonic one shows when
    /// the world begins.
    pub(super) fn new(origin: Duration, wall: WallTime) -> Self {
        Self {
            wall,
            anchor: (Instant::ZERO, Instant::ZERO + origin),
            drift_ppm: 0,
        }
    }

    /// Lets the monotonic clock run fast from now on, or slow if negative; by
    /// half of its speed at most.
    pub(super) fn drift(&mut self, now: Instant, ppm: i32) {
        self.anchor = (now, self.read(now).mono);
        self.drift_ppm = ppm.clamp(-500_000, 500_000);
    }

    /// Both clocks, at a moment of the world.
    pub(super) fn read(&self, at: Instant) -> Now {
        let (moment, shown) = self.anchor;
        let millis = at.as_nanos() / 1_000_000;
        Now {
            mono: shown + self.stretched(at.since(moment)),
            wall: WallTime::from_millis(self.wall.as_millis().saturating_add(millis)),
        }
    }

    /// The moment of the world at which the monotonic clock shows `mono`; the
    /// last change of its speed, if it did so before.
    pub(super) fn moment(&self, mono: Instant) -> Instant {
        let (moment, shown) = self.anchor;
        let span = mono.since(shown);
        if self.drift_ppm == 0 {
            return moment + span;
        }
        let nanos = (span.as_nanos() * MILLION).div_ceil(self.speed());
        moment + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn stretched(&self, span: Duration) -> Duration {
        if self.drift_ppm == 0 {
            return span;
        }
        let nanos = span.as_nanos() * self.speed() / MILLION;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn speed(&self) -> u128 {
        u128::try_from(1_000_000 + i64::from(self.drift_ppm)).unwrap_or(MILLION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_of_its_own() {
        let clocks = Clocks::new(Duration::from_secs(77), WallTime::from_millis(1_000));
        let at = Instant::from_millis(1_500);
        let now = clocks.read(at);
        assert_eq!(now.mono, Instant::from_millis(78_500));
        assert_eq!(now.wall, WallTime::from_millis(2_500));
        assert_eq!(clocks.moment(now.mono), at);
    }

    #[test]
    fn a_drifting_clock_never_jumps_and_meets_its_deadlines() {
        let mut clocks = Clocks::new(Duration::from_secs(77), WallTime::default());
        let mut last = clocks.read(Instant::ZERO).mono;
        let steps = [(0, 0), (10, 100_000), (20, -300_000), (30, 37), (40, 0)];
        for (second, ppm) in steps {
            let now = Instant::from_millis(second * 1_000);
            clocks.drift(now, ppm);
            assert!(clocks.read(now).mono >= last);
            last = clocks.read(now).mono;
            for nanos in [0, 1, 999_999_937, 3_600_000_000_001] {
                let deadline = last + Duration::from_nanos(nanos);
                let moment = clocks.moment(deadline);
                assert!(clocks.read(moment).mono >= deadline);
                let before = moment - Duration::from_nanos(1);
                assert!(moment == now || clocks.read(before).mono < deadline);
            }
        }
        // 10 s right, 10 s at 1.1, 10 s at 0.7, 10 s at 1.000037.
        assert_eq!(last, Instant::from_nanos(115_000_370_000));
    }
}
