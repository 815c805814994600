//! Backoff: who failed a moment ago is not dialed again at once.
//!
//! Full jitter (a uniform draw up to a bound that doubles), because a cluster
//! that lost a member would otherwise come back to it in step.

use std::collections::BTreeMap;
use std::time::Duration;

use gossip_core::base::rng::Rng;
use tokio::time::Instant;

use crate::limit::{BACKOFF_FIRST, BACKOFF_MAX, BACKOFFS};
use crate::target::TargetName;

#[derive(Debug)]
struct Failures {
    count: u32,
    until: Instant,
}

/// The failures of every target that did not succeed since.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: BTreeMap<TargetName, Failures>,
    rng: Rng,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            failures: BTreeMap::new(),
            rng: Rng::new(seed),
        }
    }

    /// How long a target must still wait, if at all.
    pub(crate) fn wait(&self, name: &TargetName, now: Instant) -> Option<Duration> {
        let until = self.failures.get(name)?.until;
        until
            .checked_duration_since(now)
            .filter(|wait| !wait.is_zero())
    }

    pub(crate) fn succeeded(&mut self, name: &TargetName) {
        self.failures.remove(name);
    }

    pub(crate) fn failed(&mut self, name: &TargetName, now: Instant) {
        if self.failures.len() >= BACKOFFS && !self.failures.contains_key(name) {
            self.forget_one();
        }
        let entry = self.failures.entry(name.clone()).or_insert(Failures {
            count: 0,
            until: now,
        });
        let bound = BACKOFF_FIRST
            .saturating_mul(1 << entry.count.min(16))
            .min(BACKOFF_MAX);
        entry.count = entry.count.saturating_add(1);
        entry.until = now + self.rng.within(bound);
    }

    /// Makes room: whoever may be dialed soonest is missed least.
    fn forget_one(&mut self) {
        let soonest = self
            .failures
            .iter()
            .min_by_key(|(_, failures)| failures.until);
        if let Some(name) = soonest.map(|(name, _)| name.clone()) {
            self.failures.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_end_with_success() {
        let (mut backoff, now) = (Backoff::new(1), Instant::now());
        let name = TargetName::Seed("s".into());
        assert_eq!(backoff.wait(&name, now), None);
        let mut longest = Duration::ZERO;
        for n in 0..200_u32 {
            backoff.failed(&name, now);
            let wait = backoff.wait(&name, now).unwrap_or_default();
            assert!(wait <= BACKOFF_FIRST * 2_u32.pow(n.min(9)));
            assert!(wait <= BACKOFF_MAX);
            longest = longest.max(wait);
        }
        assert!(longest > BACKOFF_MAX / 2, "the jitter reaches far");
        backoff.succeeded(&name);
        assert_eq!(backoff.wait(&name, now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut backoff, now) = (Backoff::new(1), Instant::now());
        for n in 0..BACKOFFS + 100 {
            backoff.failed(&TargetName::Seed(n.to_string().into()), now);
        }
        assert_eq!(backoff.failures.len(), BACKOFFS);
    }
}
