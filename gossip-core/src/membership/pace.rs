//! How fast word travels here and back, as measured.
//!
//! A suspect has to hear of it, and its refutation has to reach everybody,
//! before its time is over. How long that takes depends on the network, hardly
//! on the number of members (it crosses a thousand in two hops more than it
//! crosses ten). So it is measured: every refutation that ends a suspicion is
//! one round trip of news through the cluster. A suspicion lasts at least
//! [`Config::suspicion_min`](crate::config::Config::suspicion_min), and longer
//! where news is seen to be slow; detection stays flat as a cluster grows.

use core::time::Duration;

use super::estimate::Estimate;
use crate::base::time::Instant;

/// What was measured loses half its weight in this time, so that a bad hour
/// does not slow detection for ever (guess).
const HALF_LIFE: Duration = Duration::from_secs(600);

/// The measured round trip of news.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    measured: Option<(Estimate, Instant)>,
}

impl Pace {
    /// A suspect has refuted, so long after we heard that it was one.
    pub fn refuted(&mut self, now: Instant, after: Duration) {
        match &mut self.measured {
            // What has lost its weight does not get it back.
            Some((_, at)) if now.since(*at) >= HALF_LIFE => {
                self.measured = Some((Estimate::first(after), now));
            }
            Some((estimate, at)) => {
                estimate.add(after);
                *at = now;
            }
            None => self.measured = Some((Estimate::first(after), now)),
        }
    }

    /// A time within which a refutation would almost surely have come: the mean
    /// and four deviations of those that came, and half as much again for those
    /// that were not seen (guess). Zero where none was ever seen.
    pub fn bound(&self, now: Instant) -> Duration {
        let Some((estimate, at)) = &self.measured else {
            return Duration::ZERO;
        };
        let halvings = now.since(*at).as_secs() / HALF_LIFE.as_secs();
        let halvings = u32::try_from(halvings).unwrap_or(u32::MAX).min(31);
        (estimate.bound() * 3 / 2) / (1 << halvings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_news_is_remembered_for_a_while() {
        let mut pace = Pace::default();
        let (start, ms) = (Instant::ZERO, Duration::from_millis);
        assert_eq!(pace.bound(start), Duration::ZERO);
        (0..20).for_each(|_| pace.refuted(start, ms(2_000)));
        let slow = pace.bound(start);
        assert!(slow >= ms(3_000), "{slow:?}");
        assert_eq!(pace.bound(start + HALF_LIFE), slow / 2);
        (0..60).for_each(|_| pace.refuted(start, ms(20)));
        assert!(pace.bound(start) < ms(100));
    }
    #[test]
    fn what_has_lost_its_weight_does_not_get_it_back() {
        let mut pace = Pace::default();
        let (start, ms) = (Instant::ZERO, Duration::from_millis);
        (0..20).for_each(|_| pace.refuted(start, ms(4_000)));
        let later = start + HALF_LIFE * 6;
        pace.refuted(later, ms(50));
        assert!(pace.bound(later) < ms(1_000), "{:?}", pace.bound(later));
    }
}
