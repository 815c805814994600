//! Rule M19, fairness: while nobody comes or goes, a node asks every member it
//! holds alive at least once in any `2 × (n − 1)` of its own probes.
//!
//! That is what a shuffled round-robin promises and what bounds the time to
//! the first detection of a crash.

use alloc::collections::BTreeMap;
use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::sim::names::NameId;

/// Probes that may run besides: one whose target is being asked already when its
/// turn comes is passed over in that round (guess: a probe outlasts no more than
/// so many others).
const SLACK: u64 = 16;

/// Whom one process asked last, in its own probes.
#[derive(Debug, Default)]
pub(in crate::sim) struct Fairness {
    asked: BTreeMap<NameId, u64>,
    probes: u64,
    /// Since which probe nobody came or went.
    stable_since: u64,
}

impl Fairness {
    /// It has begun so many probes.
    pub(in crate::sim) const fn has_begun(&mut self, probes: u64) {
        self.probes = probes;
    }

    /// It asks somebody, or calls to ask.
    pub(in crate::sim) fn asks(&mut self, name: NameId) {
        self.asked.insert(name, self.probes);
    }

    /// Somebody came or went.
    pub(in crate::sim) const fn changes(&mut self) {
        self.stable_since = self.probes;
    }

    /// Holds where it does not pass `id` over, being one of `here` members.
    pub(in crate::sim) fn passes_over(&self, name: NameId, id: &NodeId, here: usize) -> Verdict {
        let window = 2 * (here as u64).saturating_sub(1) + SLACK;
        let last = self.asked.get(&name).copied().unwrap_or(0);
        let idle = self.probes - last.max(self.stable_since);
        if idle > window {
            return Err(format!(
                "fairness: {idle} probes without one of {id}, at most {window} may pass"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::sim::names::Names;

    #[test]
    fn fires_on_one_that_is_passed_over() {
        let mut names = Names::default();
        let (n1, n2) = (id("n1"), id("n2"));
        let (one, two) = (names.insert(&n1), names.insert(&n2));
        let mut rule = Fairness::default();
        for probes in 0..=40 {
            rule.has_begun(probes);
            rule.asks(one);
        }
        assert_eq!(rule.passes_over(one, &n1, 3), Ok(()));
        assert!(rule.passes_over(two, &n2, 3).is_err());
        rule.changes();
        assert_eq!(rule.passes_over(two, &n2, 3), Ok(()));
    }
}
