//! What many runs of one epidemic say together.

use alloc::vec::Vec;

use super::Outcome;

/// Mean, spread and the mean's own error of one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stat {
    /// The mean over all runs.
    pub mean: f64,
    /// The standard deviation of one run.
    pub sd: f64,
    /// The standard error of the mean: sd over the root of the runs.
    pub se: f64,
}

impl Stat {
    /// Of some numbers; all NaN where there are none.
    pub fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let count = numbers.clone().count() as f64;
        let mean = numbers.clone().sum::<f64>() / count;
        let squares: f64 = numbers
            .map(|number| (number - mean) * (number - mean))
            .sum();
        let sd = libm::sqrt(squares / (count - 1.0).max(1.0));
        Self {
            mean,
            sd,
            se: sd / libm::sqrt(count),
        }
    }
}

/// What many runs of one epidemic say together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many runs.
    pub runs: usize,
    /// The share of members that never heard.
    pub residue: Stat,
    /// Updates sent a member.
    pub traffic: Stat,
    /// When a member heard, in cycles.
    pub t_ave: Stat,
    /// When the last one heard, in cycles.
    pub t_last: Stat,
    /// Below which 99 of 100 runs stay in `t_last`, in cycles.
    pub t_last_p99: u32,
    /// The share of runs in which everybody heard.
    pub complete: f64,
    /// The share of calls that were refused.
    pub refused: f64,
}

impl Summary {
    /// Of some outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let stat = |figure: fn(&Outcome) -> f64| Stat::of(outcomes.iter().map(figure));
        let total = |figure: fn(&Outcome) -> u64| outcomes.iter().map(figure).sum::<u64>() as f64;
        let complete = total(|outcome| u64::from(outcome.is_complete()));
        let mut last: Vec<u32> = outcomes.iter().map(|outcome| outcome.last).collect();
        last.sort_unstable();
        let rank = (last.len() * 99).div_ceil(100).saturating_sub(1);
        Self {
            runs: outcomes.len(),
            residue: stat(Outcome::residue),
            traffic: stat(Outcome::traffic),
            t_ave: stat(Outcome::t_ave),
            t_last: stat(Outcome::t_last),
            t_last_p99: last.get(rank).copied().unwrap_or(0),
            complete: complete / outcomes.len() as f64,
            refused: total(|outcome| outcome.refused) / total(|outcome| outcome.calls),
        }
    }
}
