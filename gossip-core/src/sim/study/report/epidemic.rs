//! How an update travels, on paper: the literature's tables and limits.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Effort, Figure, Job, Line, Measure, Progress, Section, Unit, percentile};
use crate::config::Profile;
use crate::dissemination::fanout::rounds as limit;
use crate::dissemination::{Method, Mode, Mongering};
use crate::sim::epidemic::demers::{self, Column};
use crate::sim::epidemic::{Epidemic, Stat, Summary};
use crate::sim::study::percentiles::Length;
use crate::sim::study::sample::Sample;
use crate::sim::study::stage::Ground;
use crate::sim::study::write::{Write, name as write_name};

/// What a run is remembered by.
mod name {
    pub(super) const RUNS: &str = "runs";
    pub(super) const SITES: &str = "sites";
    pub(super) const MISSED: &str = "missed";
    pub(super) const SENT: &str = "sent";
    pub(super) const COMPLETE: &str = "complete";
    pub(super) const CALLS: &str = "calls";
    pub(super) const REFUSED: &str = "refused";
    /// In millionths of a cycle.
    pub(super) const T_AVE: &str = "t_ave";
    /// In cycles.
    pub(super) const T_LAST_ALL: &str = "t_last, all together";
    /// A cycle is a second.
    pub(super) const T_LAST: &str = "t_last";
}

/// `demers`: the thirteen rows of Tables 1 to 3.
pub(super) fn demers(effort: Effort) -> Section {
    let runs = effort.pick(5, 200, 200);
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for row in demers::rows() {
        let rule = row.mongering;
        let (mode, stop) = (rule.mode.name(), rule.stop.name());
        let what = format!("Table {}: {mode}, {stop}, k={}", row.table, rule.k);
        let place = jobs.len();
        let measure: Measure = Box::new(move |samples| {
            let summary = samples.get(place).and_then(summary);
            let told = summary.map(|summary| {
                let cells = row.cells.iter().map(|cell| {
                    let figure = plain(cell.column.of(&summary), cell.column);
                    format!("{} {figure} ({})", cell.column.name(), cell.paper)
                });
                (row.off(&summary) * 100.0, cells.collect::<Vec<_>>())
            });
            let (number, cells) = told.unwrap_or((f64::NAN, Vec::new()));
            Figure {
                number,
                from: cells.join(", "),
            }
        });
        let line = Line::new(what.clone(), Unit::Percent, measure);
        lines.push(line.at_most(100.0));
        jobs.push(job(what, runs, row.epidemic()));
    }
    Section {
        name: "demers",
        title: "Demers et al. 1987, n=1000: the farthest figure's way to the edge of its gate; in brackets the paper",
        jobs,
        lines,
        exact: true,
    }
}

/// `rounds`: cycles until everybody has an update that everybody keeps telling.
pub(super) fn rounds(effort: Effort) -> Section {
    let sizes: &[(u32, u32)] = match effort {
        Effort::Smoke => &[(1_000, 5)],
        Effort::Quick => &[(1_000, 300), (10_000, 100)],
        Effort::Full => &[(1_000, 1_000), (10_000, 300), (100_000, 100)],
    };
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for mode in [Mode::PushPull, Mode::Pull, Mode::Push] {
        for fanout in [1, 3] {
            for (nodes, runs) in sizes {
                let mut epidemic = Epidemic::new(*nodes, Method::AntiEntropy(mode));
                epidemic.fanout = fanout;
                let limit = limit(*nodes as usize, fanout);
                let place = jobs.len();
                let what = format!("{}, {fanout} a cycle, n={nodes}", mode.name());
                let mean: Measure = Box::new(move |samples| cycles(samples.get(place), None));
                let p99: Measure = Box::new(move |samples| cycles(samples.get(place), Some(990)));
                let mean = Line::new(format!("{what}, mean"), Unit::Cycles, mean);
                let p99 = Line::new(format!("{what}, p99"), Unit::Cycles, p99);
                // The limit is push-pull's; the others are told beside it.
                if mode == Mode::PushPull {
                    lines.push(mean.at_most(limit + 0.6).beside("the limit, and 0.6"));
                    lines.push(p99.at_most(limit * 1.15 + 1.0).beside("1.15 of it, and 1"));
                } else {
                    lines.push(mean);
                }
                jobs.push(job(what, *runs, epidemic));
            }
        }
    }
    Section {
        name: "rounds",
        title: "Cycles until everybody knows, nobody loses interest",
        jobs,
        lines,
        exact: true,
    }
}

/// `copies`: what the default costs, and what it misses.
pub(super) fn copies(effort: Effort) -> Section {
    let sizes: &[(u32, u32)] = match effort {
        Effort::Smoke => &[(1_000, 5)],
        Effort::Quick => &[(1_000, 1_000)],
        Effort::Full => &[(1_000, 4_000), (10_000, 400)],
    };
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (nodes, runs) in sizes {
        let method = Method::RumorMongering(Mongering::default());
        let place = jobs.len();
        let of = move |figure: fn(&Summary) -> f64| -> Measure {
            Box::new(move |samples| {
                let summary = samples.get(place).and_then(summary);
                Figure {
                    number: summary.as_ref().map_or(f64::NAN, figure),
                    from: from(summary.as_ref()),
                }
            })
        };
        let sent = format!("copies sent a member, n={nodes}");
        let sent = Line::new(sent, Unit::Copies, of(|summary| summary.traffic.mean));
        lines.push(sent.at_most(6.5).beside("memberlist 16 to 24; e⁻ᵐ 9.4"));
        let missed = format!("members of a million that miss it, n={nodes}");
        let missed = Line::new(
            missed,
            Unit::Count,
            of(|summary| summary.residue.mean * 1e6),
        );
        lines.push(missed.at_most(80.0));
        let label = format!("push-pull, feedback-counter, k=2, minimised, n={nodes}");
        jobs.push(job(label, *runs, Epidemic::new(*nodes, method)));
    }
    for (bytes, loss) in [(20, 0), (20, 30), (500, 0), (500, 30)] {
        let place = jobs.len();
        let nodes = effort.pick(8, 64, 64);
        let study = Write {
            ground: Ground::new(nodes, Profile::Lan),
            loss_ppm: loss * 10_000,
            writes: effort.pick(2, 10, 40),
            bytes,
            alone: true,
        };
        let what = format!("nodes, N=64, {bytes} B, {loss} % loss");
        let copies: Measure = Box::new(move |samples| {
            let sample = samples.get(place).cloned().unwrap_or_default();
            let due = sample.count(write_name::COPIES_DUE) as f64;
            let part = |what| sample.count(what) as f64 / due;
            let missed = sample.count(write_name::MISSED);
            Figure {
                number: part(write_name::COPIES_SENT),
                from: format!(
                    "{due} due, {:.2} in vain, {missed} missed, {:.0} B each",
                    part(write_name::COPIES_IN_VAIN),
                    part(write_name::BYTES)
                ),
            }
        });
        let line = Line::new(format!("{what}: copies sent"), Unit::Copies, copies);
        lines.push(line.at_most(if bytes > 64 { 1.5 } else { 6.5 }));
        let known = percentile(place, write_name::KNOWN, 500);
        lines.push(Line::new(
            format!("{what}: known to all, p50"),
            Unit::Seconds,
            known,
        ));
        let cost = f64::from(nodes * (40 + 10 * study.writes));
        let trial = move |seed, progress: Progress<'_>| study.trial(seed, progress);
        jobs.push(Job::new(what, effort.pick(1, 1, 5), cost, trial));
    }
    Section {
        name: "copies",
        title: "Copies sent a member: by the book (push-pull, feedback, counter, k=2, minimised), and by nodes, rumors alone",
        jobs,
        lines,
        exact: true,
    }
}

fn job(label: impl Into<String>, runs: u32, epidemic: Epidemic) -> Job {
    // A cycle of one member costs about a millionth of what a second of a node does.
    let cost = f64::from(epidemic.nodes * epidemic.fanout) * 2e-4;
    Job::new(label, runs, cost, move |seed, _| {
        let outcome = epidemic.run(seed);
        let mut sample = Sample::default();
        sample.counted(name::RUNS, 1);
        sample.counted(name::SITES, u64::from(outcome.nodes));
        sample.counted(name::MISSED, u64::from(outcome.missed));
        sample.counted(name::SENT, outcome.sent);
        sample.counted(name::COMPLETE, u64::from(outcome.is_complete()));
        sample.counted(name::CALLS, outcome.calls);
        sample.counted(name::REFUSED, outcome.refused);
        // Cycles are far fewer than 2⁴⁴.
        sample.counted(name::T_AVE, (outcome.t_ave() * 1e6) as u64);
        sample.counted(name::T_LAST_ALL, u64::from(outcome.last));
        let last = Duration::from_secs(u64::from(outcome.last));
        sample.took(name::T_LAST, Some(last));
        sample
    })
}

/// The means of a sample; it keeps sums alone, so there is no spread.
fn summary(sample: &Sample) -> Option<Summary> {
    let runs = sample.count(name::RUNS);
    if runs == 0 {
        return None;
    }
    let per = |what: &str, of: u64| sample.count(what) as f64 / of as f64;
    let mean = |mean: f64| Stat {
        mean,
        sd: f64::NAN,
        se: f64::NAN,
    };
    let sites = sample.count(name::SITES);
    let last = sample.percentiles(name::T_LAST);
    Some(Summary {
        runs: usize::try_from(runs).unwrap_or(usize::MAX),
        residue: mean(per(name::MISSED, sites)),
        traffic: mean(per(name::SENT, sites)),
        t_ave: mean(per(name::T_AVE, runs) / 1e6),
        t_last: mean(per(name::T_LAST_ALL, runs)),
        // A cycle is a whole second.
        t_last_p99: last.at(990).map_or(0, |length| length.as_secs() as u32),
        complete: per(name::COMPLETE, runs),
        refused: per(name::REFUSED, sample.count(name::CALLS)),
    })
}

/// The mean of `t_last`, or a percentile.
fn cycles(sample: Option<&Sample>, permille: Option<u32>) -> Figure {
    let summary = sample.and_then(summary);
    let at = |permille| {
        let lengths = sample?.percentiles(name::T_LAST);
        lengths.at(permille).map(Length::as_secs)
    };
    let number = match permille {
        None => summary.map(|summary| summary.t_last.mean),
        Some(permille) => at(permille),
    };
    Figure {
        number: number.unwrap_or(f64::NAN),
        from: from(summary.as_ref()),
    }
}

fn from(summary: Option<&Summary>) -> String {
    let of = |summary: &Summary| format!("{} runs", summary.runs);
    summary.map_or_else(String::new, of)
}

fn plain(figure: f64, column: Column) -> String {
    match column {
        Column::Residue if figure < 0.01 => format!("{figure:.2e}"),
        Column::Residue | Column::Traffic => format!("{figure:.3}"),
        Column::TAve | Column::TLast => format!("{figure:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::epidemic::Outcome;

    #[test]
    fn a_sample_says_what_the_outcomes_say() {
        let epidemic = Epidemic::new(200, Method::RumorMongering(Mongering::default()));
        let job = job("x", 20, epidemic.clone());
        let (mut sample, mut outcomes): (Sample, Vec<Outcome>) = Default::default();
        for trial in 0..job.trials {
            let seed = job.seed(1, trial);
            sample.join((job.trial)(seed, &mut |_| {}));
            outcomes.push(epidemic.run(seed));
        }
        let (told, direct) = (summary(&sample).unwrap(), Summary::of(&outcomes));
        let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-5, "{one} {other}");
        near(told.residue.mean, direct.residue.mean);
        near(told.traffic.mean, direct.traffic.mean);
        near(told.t_ave.mean, direct.t_ave.mean);
        near(told.t_last.mean, direct.t_last.mean);
        near(told.complete, direct.complete);
        assert_eq!(told.t_last_p99, direct.t_last_p99);
        assert!(summary(&Sample::default()).is_none());
    }
}
