//! The report: the project's figures, what they should be, and what others
//! were measured at.
//!
//! A [`Section`] is one question: the [`Job`]s that answer it (a study, and
//! how many seeds to play it with) and the [`Line`]s that are printed of it.
//! It is a table and nothing more: the host plays the jobs, in any order and
//! side by side, joins their samples and hands them to the lines.
//!
//! A bar that depends on nothing but the seed is *exact*: the same on every
//! machine. The others (the simulator's own speed) are printed and never
//! judged by a script.

mod detect;
mod epidemic;
mod exchange;
mod grow;
mod heal;
mod loss;
mod sick;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::percentiles::{Length, Percentiles};
use super::sample::Sample;
use super::stage::Progress;
use crate::sim::hash::RunningHash;

/// How much work to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Seconds, to see that it works; the figures say little.
    Smoke,
    /// About a minute on two cores.
    Quick,
    /// What the figures are quoted from: hours on two cores, most of them for
    /// thousands of members; a section at a time is minutes.
    Full,
}

impl Effort {
    /// One of three, by effort.
    pub(super) fn pick<T>(self, smoke: T, quick: T, full: T) -> T {
        match self {
            Self::Smoke => smoke,
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// The function that plays one trial.
pub type Trial = Box<dyn Fn(u64, Progress<'_>) -> Sample + Send + Sync>;

/// A study and how many seeds to play it with.
pub struct Job {
    /// Of which cluster, for whoever waits.
    pub label: String,
    /// How many seeds.
    pub trials: u32,
    /// What one trial costs, in seconds of one node: for planning alone.
    pub cost: f64,
    /// One trial.
    pub trial: Trial,
}

impl Job {
    pub(super) fn new(
        label: impl Into<String>,
        trials: u32,
        cost: f64,
        trial: impl Fn(u64, Progress<'_>) -> Sample + Send + Sync + 'static,
    ) -> Self {
        Self {
            label: label.into(),
            trials,
            cost,
            trial: Box::new(move |seed, progress| {
                let mut sample = trial(seed, progress);
                sample.counted(TRIALS, 1);
                sample
            }),
        }
    }

    /// The seed of one of its trials.
    pub fn seed(&self, base: u64, trial: u32) -> u64 {
        let mut hash = RunningHash::from_seed(base);
        hash.bytes(self.label.as_bytes());
        hash.word(u64::from(trial));
        hash.value()
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Job");
        shown.field("label", &self.label);
        shown.field("trials", &self.trials).finish_non_exhaustive()
    }
}

/// How a figure is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Events in an hour of one node.
    PerHour,
    /// How many.
    Count,
    /// Hundredths more or less than the middle.
    Percent,
    /// Hundredths of a whole.
    Share,
    /// In a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
    /// How many times as many.
    Times,
    /// Rounds in which everybody acts once.
    Cycles,
    /// How often something was sent, a member.
    Copies,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bar {
    /// Whether a figure reaches it; what was not measured does not.
    pub fn is_reached(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bar) => figure <= bar,
            Self::AtLeast(bar) => figure >= bar,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number; infinite where it never came, NaN where nothing was measured.
    pub number: f64,
    /// From how much: runs, hours, and what else a reader should know.
    pub from: String,
}

/// Works a figure out from the samples of a section's jobs, in their order.
pub type Measure = Box<dyn Fn(&[Sample]) -> Figure + Send + Sync>;

/// One line of the report.
pub struct Line {
    /// What is measured.
    pub what: String,
    /// How the number is read.
    pub unit: Unit,
    /// What it should be; `None`: told for what it is worth.
    pub bar: Option<Bar>,
    /// What others were measured or quoted at.
    pub anchor: &'static str,
    /// How to get it.
    pub measure: Measure,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Line");
        shown.field("what", &self.what).field("bar", &self.bar);
        shown.finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn new(what: impl Into<String>, unit: Unit, measure: Measure) -> Self {
        Self {
            what: what.into(),
            unit,
            bar: None,
            anchor: "",
            measure,
        }
    }

    pub(super) fn at_most(mut self, bar: f64) -> Self {
        self.bar = Some(Bar::AtMost(bar));
        self
    }

    pub(super) fn at_least(mut self, bar: f64) -> Self {
        self.bar = Some(Bar::AtLeast(bar));
        self
    }

    pub(super) fn beside(mut self, anchor: &'static str) -> Self {
        self.anchor = anchor;
        self
    }
}

/// One question.
#[derive(Debug)]
pub struct Section {
    /// The word to ask for it alone.
    pub name: &'static str,
    /// The question.
    pub title: &'static str,
    /// Who answers it.
    pub jobs: Vec<Job>,
    /// What is told of it.
    pub lines: Vec<Line>,
    /// Whether the figures depend on nothing but the seed.
    pub exact: bool,
}

impl Section {
    /// Plays only the jobs with this in their label, `runs` seeds of each if it is
    /// given; of the others nothing is measured. Whether any is left.
    pub fn narrow(&mut self, of: &str, runs: Option<u32>) -> bool {
        for job in &mut self.jobs {
            let is_played = job.label.contains(of);
            job.trials = match is_played {
                true => runs.unwrap_or(job.trials),
                false => 0,
            };
        }
        self.jobs.iter().any(|job| job.trials > 0)
    }
}

/// The name under which each trial counts itself.
pub const TRIALS: &str = "trials";

/// The name under which the host adds how long a trial took on its own clock.
pub const WALL: &str = "wall";

/// The whole report.
pub fn sections(effort: Effort) -> Vec<Section> {
    Vec::from([
        loss::uniform(effort),
        sick::one(effort),
        detect::lan(effort),
        detect::local(effort),
        detect::flat(effort),
        heal::short(effort),
        heal::long(effort),
        grow::cold(effort),
        grow::leave(effort),
        grow::restart(effort),
        sick::lifeguard(effort),
        sick::rapid(effort),
        exchange::bytes(effort),
        grow::idle(effort),
        epidemic::demers(effort),
        epidemic::rounds(effort),
        epidemic::copies(effort),
        grow::speed(effort),
    ])
}

/// A percentile of one job's lengths, in seconds.
pub(super) fn percentile(job: usize, series: &'static str, permille: u32) -> Measure {
    Box::new(move |samples| {
        let of = samples.get(job).map(|it| it.percentiles(series));
        let of = of.unwrap_or_default();
        Figure {
            number: of.at(permille).map_or(f64::NAN, Length::as_secs),
            from: runs(&of),
        }
    })
}

/// So many runs, and how many of them never came to an end.
pub(super) fn runs(of: &Percentiles) -> String {
    let runs = if of.count() == 1 { "run" } else { "runs" };
    match of.never() {
        0 => alloc::format!("{} {runs}", of.count()),
        never => alloc::format!("{} {runs}, {never} of them never", of.count()),
    }
}

/// How often something was counted in one job.
pub(super) fn count(job: usize, what: &'static str, from: &'static str) -> Measure {
    Box::new(move |samples| Figure {
        number: samples
            .get(job)
            .filter(|it| it.counts().any(|(name, _)| name == what))
            .map_or(f64::NAN, |it| it.count(what) as f64),
        from: from.into(),
    })
}

/// How often something was counted in a second of what was watched.
pub(super) fn rate(job: usize, what: &'static str, watched: &'static str) -> Measure {
    Box::new(move |samples| {
        let Some(sample) = samples.get(job) else {
            return Figure {
                number: f64::NAN,
                from: String::new(),
            };
        };
        let span = sample.time(watched);
        Figure {
            number: sample.count(what) as f64 / span.as_secs_f64(),
            from: hours(span),
        }
    })
}

/// A span of exposure, for people.
pub(super) fn hours(span: Duration) -> String {
    let hours = span.as_secs_f64() / 3_600.0;
    if hours >= 10.0 {
        alloc::format!("{hours:.0} h")
    } else {
        alloc::format!("{hours:.2} h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_name_of_its_own_and_lines_that_can_be_read() {
        for effort in [Effort::Smoke, Effort::Quick, Effort::Full] {
            let sections = sections(effort);
            for (place, section) in sections.iter().enumerate() {
                let same = sections.iter().filter(|it| it.name == section.name);
                assert_eq!(same.count(), 1, "{}", section.name);
                assert!(!section.jobs.is_empty() && !section.lines.is_empty());
                assert!(section.jobs.iter().all(|job| job.trials > 0), "{place}");
                let nothing: Vec<_> = section.jobs.iter().map(|_| Sample::default()).collect();
                for line in &section.lines {
                    // Nothing was measured: no number may look like a success.
                    let figure = (line.measure)(&nothing);
                    assert!(!figure.number.is_finite(), "{}", line.what);
                }
            }
        }
    }

    #[test]
    fn a_job_gives_each_trial_its_own_seed_and_always_the_same() {
        let job = |label: &str| Job::new(label, 2, 1.0, |_, _| Sample::default());
        assert_eq!(job("a").seed(7, 0), job("a").seed(7, 0));
        assert_ne!(job("a").seed(7, 0), job("a").seed(7, 1));
        assert_ne!(job("a").seed(7, 0), job("b").seed(7, 0));
        assert_ne!(job("a").seed(7, 0), job("a").seed(8, 0));
    }

    #[test]
    fn a_part_is_played_in_its_place() {
        let mut section = heal::short(Effort::Full);
        let all: Vec<u32> = section.jobs.iter().map(|job| job.trials).collect();
        assert!(section.narrow("", None));
        assert!(section.jobs.iter().map(|job| job.trials).eq(all));
        assert!(section.narrow("N=1000, cut for 60 s", Some(2)));
        let played = section.jobs.iter().filter(|job| job.trials > 0);
        let played: Vec<_> = played.map(|job| (job.label.as_str(), job.trials)).collect();
        assert_eq!(played, [("N=1000, cut for 60 s", 2)]);
        assert!(!section.narrow("N=7,", None));
    }

    #[test]
    fn a_bar_is_reached_or_not() {
        assert!(Bar::AtMost(2.0).is_reached(2.0) && !Bar::AtMost(2.0).is_reached(2.1));
        assert!(Bar::AtLeast(2.0).is_reached(3.0) && !Bar::AtLeast(2.0).is_reached(1.0));
        assert!(!Bar::AtMost(2.0).is_reached(f64::NAN) && !Bar::AtLeast(2.0).is_reached(f64::NAN));
        assert!(!Bar::AtMost(2.0).is_reached(f64::INFINITY));
    }
}
