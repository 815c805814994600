//! A sample: what trials of a study have measured, by name.
//!
//! Trials run apart, perhaps on several threads; what they measured is joined
//! afterwards, and the sum does not depend on who ran what where, as long as
//! samples are joined in the order of their trials.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::percentiles::Percentiles;

/// Lengths, counts and exposures of one trial or many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    spans: BTreeMap<&'static str, Vec<Option<Duration>>>,
    counts: BTreeMap<&'static str, u64>,
    times: BTreeMap<&'static str, Duration>,
}

impl Sample {
    /// Something took so long; `None`: it never came.
    pub fn took(&mut self, what: &'static str, span: Option<Duration>) {
        self.spans.entry(what).or_default().push(span);
    }

    /// Something happened so many times more. Zero is worth saying.
    pub fn counted(&mut self, what: &'static str, times: u64) {
        *self.counts.entry(what).or_default() += times;
    }

    /// Something was watched for so long more.
    pub fn watched(&mut self, what: &'static str, span: Duration) {
        *self.times.entry(what).or_default() += span;
    }

    /// Takes in what another trial measured.
    pub fn join(&mut self, other: Self) {
        for (what, spans) in other.spans {
            self.spans.entry(what).or_default().extend(spans);
        }
        for (what, times) in other.counts {
            self.counted(what, times);
        }
        for (what, span) in other.times {
            self.watched(what, span);
        }
    }

    /// How long something took, over all trials.
    pub fn percentiles(&self, what: &str) -> Percentiles {
        let spans = self.spans.get(what);
        Percentiles::of(spans.into_iter().flatten().copied())
    }

    /// How often something happened.
    pub fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// For how long something was watched, over all trials and nodes.
    pub fn time(&self, what: &str) -> Duration {
        self.times.get(what).copied().unwrap_or_default()
    }

    /// Everything that was counted, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(what, count)| (*what, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::super::percentiles::Length;
    use super::*;

    #[test]
    fn what_two_trials_measured_is_joined() {
        let mut first = Sample::default();
        first.took("a", Some(Duration::from_secs(2)));
        first.counted("b", 1);
        first.watched("c", Duration::from_secs(5));
        let mut second = Sample::default();
        second.took("a", None);
        second.counted("b", 0);
        second.watched("c", Duration::from_secs(1));
        first.join(second);
        let a = first.percentiles("a");
        assert_eq!((a.count(), a.never()), (2, 1));
        assert_eq!(a.least(), Some(Length::Took(Duration::from_secs(2))));
        assert_eq!(first.count("b"), 1);
        assert_eq!(first.time("c"), Duration::from_secs(6));
        assert_eq!((first.count("x"), first.percentiles("x").count()), (0, 0));
    }
}
