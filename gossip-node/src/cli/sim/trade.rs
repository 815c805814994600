//! `gossip sim trade`: what a longer suspicion buys, and what it costs.

use std::time::Duration;

use gossip_core::sim::study::report::Job;
use gossip_core::sim::study::trade::{Rung, rungs};
use gossip_core::sim::study::{
    Length, Percentiles, Sample, Wrongs, crash_name, quiet_name, upper_bound,
};
use serde_json::json;

use super::plot::{Curve, Point};
use super::{Trade, given, plot, pool};
use crate::cli::exit::Failure;
use crate::cli::out;
use crate::cli::table::table;

pub(super) fn run(args: &Trade, as_json: bool) -> Result<(), Failure> {
    let seed = given::number("--seed", &args.seed, 0, u64::MAX)?;
    let threads = given::threads(args.threads.as_deref())?;
    plot::check(args.plot.as_deref())?;

    let rungs = rungs(given::effort(args.quick, args.smoke));
    let jobs: Vec<&Job> = rungs.iter().flat_map(jobs).collect();
    let mut course = pool::Course::of(jobs.iter().copied());
    let mut samples = pool::play(&jobs, seed, threads, &mut course)?.into_iter();
    course.clear();
    let mut rows = Vec::new();
    for rung in &rungs {
        let crash = samples.next().unwrap_or_default();
        let quiet = rung.quiet.iter().zip(samples.by_ref());
        let quiet = quiet.map(|((percent, _), sample)| (*percent, sample));
        rows.push(Row {
            suspicion: rung.suspicion,
            first: crash.percentiles(crash_name::FIRST),
            quiet: quiet.collect(),
        });
    }
    if let Some(path) = &args.plot {
        let below = format!("N=100, profile lan, seed {seed}; simulated by gossip sim trade");
        let heading = "How long to suspect: speed against false positives";
        plot::write(path, &plot::trade(heading, &below, &curves(&rows)))?;
    }
    if as_json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        return out::json(&json!({ "seed": seed, "lengths": rows }));
    }
    out::line(&people(&rows))
}

fn jobs(rung: &Rung) -> impl Iterator<Item = &Job> {
    std::iter::once(&rung.crash).chain(rung.quiet.iter().map(|(_, job)| job))
}

/// A length of suspicion, as a name.
fn length(suspicion: Duration) -> String {
    format!("{} s", suspicion.as_secs_f64())
}

/// What one length of suspicion did.
struct Row {
    suspicion: Duration,
    first: Percentiles,
    /// Loss in percent, and the quiet hours under it.
    quiet: Vec<(u32, Sample)>,
}

/// False positives per node-hour, how many, and the 95 % bound.
fn rate(sample: &Sample) -> (f64, u64, f64) {
    let hours = sample.time(quiet_name::NODE_TIME).as_secs_f64() / 3_600.0;
    let wrongs = sample.count(Wrongs::DEATHS);
    (wrongs as f64 / hours, wrongs, upper_bound(wrongs, hours))
}

fn seconds(of: Option<Length>) -> f64 {
    of.map_or(f64::NAN, Length::as_secs)
}

impl Row {
    fn json(&self) -> serde_json::Value {
        let quiet = self.quiet.iter().map(|(percent, sample)| {
            let (rate, count, bound) = rate(sample);
            json!({
                "loss": f64::from(*percent) / 100.0,
                "false_positives": count,
                "per_node_hour": rate,
                "per_node_hour_95": bound,
            })
        });
        json!({
            "suspicion_min_s": self.suspicion.as_secs_f64(),
            "first_p50_s": seconds(self.first.median()),
            "first_p99_s": seconds(self.first.p99()),
            "under_loss": quiet.collect::<Vec<_>>(),
        })
    }
}

fn curves(rows: &[Row]) -> Vec<Curve> {
    let losses = rows.first().map(|row| row.quiet.len()).unwrap_or(0);
    let curve = |place: usize| {
        let mut name = String::new();
        let points = rows.iter().filter_map(|row| {
            let (percent, sample) = row.quiet.get(place)?;
            name = format!("{percent} % loss");
            let (rate, count, bound) = rate(sample);
            Some(Point {
                name: length(row.suspicion),
                detection_s: seconds(row.first.median()),
                wrongs: if count == 0 { bound } else { rate },
                none: count == 0,
            })
        });
        let points = points.collect();
        Curve { name, points }
    };
    (0..losses).map(curve).collect()
}

fn people(rows: &[Row]) -> String {
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            let mut rates = row.quiet.iter().map(|(_, sample)| {
                let (rate, count, bound) = rate(sample);
                match count {
                    0 => format!("0 (95 %: < {bound:.2})"),
                    _ => format!("{rate:.2}"),
                }
            });
            [
                length(row.suspicion),
                format!("{:.2} s", seconds(row.first.median())),
                format!("{:.2} s", seconds(row.first.p99())),
                rates.next().unwrap_or_default(),
                rates.next().unwrap_or_default(),
            ]
        })
        .collect();
    let headings = [
        "SUSPICION",
        "FIRST VERDICT P50",
        "P99",
        "FALSE POSITIVES A NODE-HOUR AT 20 % LOSS",
        "AT 30 %",
    ];
    table(headings, &cells)
}
