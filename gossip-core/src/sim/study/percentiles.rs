//! Percentiles: how long something took, over many trials.
//!
//! Nearest rank (the smallest value that at least the asked share of trials
//! did not exceed), so every answer is a value that was measured. A trial in
//! which the thing did not happen within its patience is not left out: it
//! counts as longer than all others. A percentile that falls on such a trial is
//! [`Length::Never`], and a report that shows it says so.
//!
//! ```
//! use core::time::Duration;
//! use gossip_core::sim::study::{Length, Percentiles};
//!
//! let seconds = Duration::from_secs;
//! let took = Percentiles::of([Some(seconds(3)), Some(seconds(1)), None]);
//! assert_eq!(took.median(), Some(Length::Took(seconds(3))));
//! assert_eq!(took.most(), Some(Length::Never));
//! ```

use alloc::vec::Vec;
use core::time::Duration;

/// How long something took, if it came at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// So long.
    Took(Duration),
    /// Longer than anybody waited.
    Never,
}

impl Length {
    /// Seconds; infinity where it never came.
    pub fn as_secs(self) -> f64 {
        match self {
            Self::Took(span) => span.as_secs_f64(),
            Self::Never => f64::INFINITY,
        }
    }
}

impl From<Option<Duration>> for Length {
    fn from(span: Option<Duration>) -> Self {
        span.map_or(Self::Never, Self::Took)
    }
}

/// The lengths of many trials, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Percentiles {
    lengths: Vec<Length>,
}

impl Percentiles {
    /// Of these trials; `None` is one in which it never came.
    pub fn of(spans: impl IntoIterator<Item = Option<Duration>>) -> Self {
        let mut lengths: Vec<Length> = spans.into_iter().map(Length::from).collect();
        lengths.sort_unstable();
        Self { lengths }
    }

    /// How many trials.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// In how many of them it never came.
    pub fn never(&self) -> usize {
        let came = self.lengths.partition_point(|it| *it < Length::Never);
        self.lengths.len() - came
    }

    /// The length that `permille` of a thousand trials did not exceed, by
    /// nearest rank; the least for zero, the greatest from a thousand on.
    /// `None` without trials.
    pub fn at(&self, permille: u32) -> Option<Length> {
        let count = self.lengths.len();
        let rank = (count * permille as usize).div_ceil(1_000);
        let index = rank.clamp(1, count.max(1)) - 1;
        self.lengths.get(index).copied()
    }

    /// The shortest.
    pub fn least(&self) -> Option<Length> {
        self.at(0)
    }

    /// Half of them were no longer.
    pub fn median(&self) -> Option<Length> {
        self.at(500)
    }

    /// 99 of 100 were no longer.
    pub fn p99(&self) -> Option<Length> {
        self.at(990)
    }

    /// The longest.
    pub fn most(&self) -> Option<Length> {
        self.at(1_000)
    }
}

/// The rate below which the true one lies with 95 % confidence, where so many
/// events were counted: for none the rule of three (3 / exposure), else
/// (events + 1.6 + 1.645 × √(events + 1)) / exposure, which is the normal
/// approximation to Poisson, moved so far that it lies above the exact bound,
/// by three hundredths at most.
pub fn upper_bound(events: u64, exposure: f64) -> f64 {
    if exposure <= 0.0 {
        return f64::INFINITY;
    }
    if events == 0 {
        return 3.0 / exposure;
    }
    let events = events as f64;
    (events + 1.6 + 1.645 * libm::sqrt(events + 1.0)) / exposure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_millis(millis: &[u64]) -> Percentiles {
        Percentiles::of(millis.iter().map(|ms| Some(Duration::from_millis(*ms))))
    }

    fn took(ms: u64) -> Option<Length> {
        Some(Length::Took(Duration::from_millis(ms)))
    }

    #[test]
    fn nearest_rank_over_a_hundred() {
        let all: Vec<u64> = (1..=100).rev().collect();
        let of = of_millis(&all);
        assert_eq!(of.least(), took(1));
        assert_eq!(of.median(), took(50));
        assert_eq!(of.p99(), took(99));
        assert_eq!(of.at(995), took(100));
        assert_eq!(of.most(), took(100));
        assert_eq!((of.count(), of.never()), (100, 0));
    }

    #[test]
    fn few_trials_have_a_p99_that_is_their_worst() {
        let of = of_millis(&[30, 10, 20]);
        assert_eq!((of.median(), of.p99()), (took(20), took(30)));
        assert_eq!(of_millis(&[7]).median(), took(7));
    }

    #[test]
    fn without_trials_there_is_no_answer() {
        let of = Percentiles::default();
        assert_eq!((of.least(), of.median(), of.most()), (None, None, None));
        assert_eq!(of.never(), 0);
    }

    #[test]
    fn what_never_came_is_the_longest() {
        let spans = [None, Some(Duration::from_millis(5)), None];
        let of = Percentiles::of(spans);
        assert_eq!((of.count(), of.never()), (3, 2));
        assert_eq!(of.least(), took(5));
        assert_eq!(of.median(), Some(Length::Never));
        assert!(Length::Never.as_secs().is_infinite());
    }

    #[test]
    fn a_bound_stays_above_the_rate() {
        assert!((upper_bound(0, 10_000.0) - 0.000_3).abs() < 1e-12);
        // Half the 95th percentile of chi-square with 2 × (events + 1) degrees of
        // freedom, from a table.
        let exact = [
            (0, 2.996),
            (1, 4.744),
            (2, 6.296),
            (5, 10.513),
            (10, 16.962),
        ];
        for (events, exact) in exact {
            let bound = upper_bound(events, 1.0);
            assert!(bound >= exact && bound <= exact * 1.04, "{events}: {bound}");
        }
        assert!(upper_bound(0, 0.0).is_infinite());
    }
}
