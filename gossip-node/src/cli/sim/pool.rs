//! The pool: trials of many jobs on several threads.
//!
//! A trial depends on its seed alone, so the sum is the same on one thread and
//! on many. The dearest trials begin first, so that none of them is left over
//! at the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gossip_core::sim::study::Sample;
use gossip_core::sim::study::report::{Job, WALL};

use super::clock::Stopwatch;
use super::meter::Meter;
use crate::cli::exit::{Exit, Failure};

/// How far all of it is, over several calls of [`play`].
#[derive(Debug)]
pub(super) struct Course {
    meter: Meter,
    /// What all trials of all calls cost, and those that ended.
    total: f64,
    done: f64,
}

impl Course {
    /// Before the first of these jobs.
    pub(super) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Self {
        Self {
            meter: Meter::start(),
            total: jobs.map(|job| job.cost * f64::from(job.trials)).sum(),
            done: 0.0,
        }
    }

    /// Shows how far it is: between the trials, and within a long one.
    fn show(&mut self, count: usize, of: usize, label: &str, at: Option<Duration>) {
        let share = self.done / self.total;
        self.meter
            .show(|after| progress(share, (count, of), after, label, at));
    }

    /// Takes the line away, for something that is to stay.
    pub(super) fn clear(&mut self) {
        self.meter.clear();
    }
}

/// Plays every trial of every job; a sample for each job, in their order.
///
/// # Errors
/// If a trial broke a rule of the simulator, with the seed that shows it.
pub(super) fn play(
    jobs: &[&Job],
    seed: u64,
    threads: usize,
    course: &mut Course,
) -> Result<Vec<Sample>, Failure> {
    let mut tasks: Vec<(usize, u32)> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        tasks.extend((0..job.trials).map(|trial| (place, trial)));
    }
    let cost = |(place, _): &(usize, u32)| jobs.get(*place).map_or(0.0, |job| job.cost);
    tasks.sort_by(|a, b| cost(b).total_cmp(&cost(a)));

    let next = AtomicUsize::new(0);
    let ended = Mutex::new((Vec::new(), course));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(tasks.len()).max(1) {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(job) = jobs.get(task.0) else { return };
                    let sample = one(job, job.seed(seed, task.1), &mut |at| {
                        // Whoever draws next will do.
                        if let Ok(mut ended) = ended.try_lock() {
                            let (samples, course) = &mut *ended;
                            course.show(samples.len(), tasks.len(), &job.label, Some(at));
                        }
                    });
                    let failed = sample.is_err();
                    // Nobody panics while holding it.
                    let Ok(mut ended) = ended.lock() else { return };
                    let (samples, course) = &mut *ended;
                    samples.push((*task, sample));
                    course.done += cost(task);
                    course.show(samples.len(), tasks.len(), &job.label, None);
                    if failed {
                        next.store(tasks.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (mut samples, ..) = ended
        .into_inner()
        .map_err(|_| Failure::new(Exit::Error, "a trial ended without a result"))?;
    samples.sort_by_key(|(task, _)| *task);
    let mut joined = vec![Sample::default(); jobs.len()];
    for ((place, _), sample) in samples {
        let sample = sample.map_err(|seed| broken(jobs.get(place), seed))?;
        if let Some(of) = joined.get_mut(place) {
            of.join(sample);
        }
    }
    Ok(joined)
}

/// One trial, and how long it took; the seed, if it broke a rule.
fn one(job: &Job, seed: u64, show: &mut dyn FnMut(Duration)) -> Result<Sample, u64> {
    let watch = Stopwatch::start();
    let trial = || (job.trial)(seed, show);
    let mut sample = catch_unwind(AssertUnwindSafe(trial)).map_err(|_| seed)?;
    sample.watched(WALL, watch.elapsed());
    Ok(sample)
}

fn broken(job: Option<&&Job>, seed: u64) -> Failure {
    let label = job.map_or("", |job| job.label.as_str());
    Failure::new(
        Exit::Error,
        format!("{label}: seed {seed} broke a rule of the simulator; its trace is above"),
    )
}

fn progress(
    share: f64,
    (done, of): (usize, usize),
    after: Duration,
    label: &str,
    at: Option<Duration>,
) -> String {
    let left = after.as_secs_f64() * (1.0 - share) / share;
    let left = if left.is_finite() {
        format!("about {left:.0} s left")
    } else {
        "no estimate yet".to_owned()
    };
    let at = at.map_or(String::new(), |at| {
        format!(", {} s of its time", at.as_secs())
    });
    let share = share * 100.0;
    format!("{share:>3.0} %  {done} of {of} trials, {left}: {label}{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Vec<Job> {
        let job = |label: &str, trials| Job {
            label: label.to_owned(),
            trials,
            cost: 1.0,
            trial: Box::new(|seed, _| {
                let mut sample = Sample::default();
                sample.took("x", Some(Duration::from_nanos(seed % 1_000)));
                sample
            }),
        };
        vec![job("a", 5), job("b", 3)]
    }

    fn played(threads: usize) -> Vec<gossip_core::sim::study::Percentiles> {
        let jobs = jobs();
        let jobs: Vec<&Job> = jobs.iter().collect();
        let mut course = Course::of(jobs.iter().copied());
        let samples = play(&jobs, 7, threads, &mut course).unwrap();
        samples.iter().map(|it| it.percentiles("x")).collect()
    }

    #[test]
    fn threads_do_not_change_the_sum() {
        assert_eq!(played(1), played(4));
        assert_eq!(played(2).first().unwrap().count(), 5);
    }

    #[test]
    fn a_broken_rule_names_its_seed() {
        let mut jobs = jobs();
        jobs.push(Job {
            label: "the bad one".to_owned(),
            trials: 1,
            cost: 1.0,
            trial: Box::new(|_, _| panic!("a rule")),
        });
        let all: Vec<&Job> = jobs.iter().collect();
        let mut course = Course::of(jobs.iter());
        let text = play(&all, 7, 2, &mut course).unwrap_err().to_string();
        assert!(text.contains("the bad one: seed "), "{text}");
    }

    #[test]
    fn an_estimate_is_given_when_there_is_one() {
        let second = Duration::from_secs(1);
        let none = progress(0.0, (0, 4), second, "a", Some(second * 90));
        assert_eq!(
            none,
            "  0 %  0 of 4 trials, no estimate yet: a, 90 s of its time"
        );
        let half = progress(0.5, (2, 4), second * 30, "a", None);
        assert_eq!(half, " 50 %  2 of 4 trials, about 30 s left: a");
    }
}
