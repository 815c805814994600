//! False positives on a network that loses packets evenly.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Effort, Figure, Job, Line, Measure, Section, Unit};
use crate::config::Profile;
use crate::sim::study::quiet::{self, Quiet};
use crate::sim::study::sample::Sample;
use crate::sim::study::stage::Ground;
use crate::sim::study::upper_bound;
use crate::sim::study::wrongs::Wrongs;

/// Loss in percent; hours of one cluster; how many clusters, by effort; the
/// bar, in false positives per node-hour; the anchor.
type Row = (u32, [(f64, u32); 3], f64, &'static str);

/// At 5 % the bar is none in 10 000 node-hours. The others get enough hours to
/// see a rate at their bar: three over the bar, and some.
const ROWS: [Row; 4] = [
    (5, [(0.02, 1), (1.0, 2), (2.0, 50)], 0.0, "foca 0"),
    (10, [(0.02, 1), (0.5, 2), (2.0, 20)], 0.001, "foca 0.10"),
    (20, [(0.02, 1), (0.5, 2), (0.5, 20)], 0.02, "foca 1.9"),
    (30, [(0.02, 1), (0.25, 2), (0.25, 20)], 0.2, "foca 18"),
];

/// `loss`: false positives per node-hour, N=100, profile `lan`.
pub(super) fn uniform(effort: Effort) -> Section {
    let nodes = effort.pick(10, 100, 100);
    let mut jobs = Vec::new();
    let mut lines = Vec::new();
    for (percent, sizes, bar, anchor) in ROWS {
        let [smoke, quick, full] = sizes;
        let (hours, trials) = effort.pick(smoke, quick, full);
        let study = Quiet {
            ground: Ground::new(nodes, Profile::Lan),
            warm_up: Duration::ZERO,
            loss_ppm: percent * 10_000,
            span: Duration::from_secs_f64(hours * 3_600.0),
        };
        let cost = f64::from(nodes) * study.span.as_secs_f64();
        let what = format!("{percent} % loss, N={nodes}");
        let line = Line::new(what.clone(), Unit::PerHour, rate_per_hour(jobs.len()));
        lines.push(line.at_most(bar).beside(anchor));
        jobs.push(Job::new(what, trials, cost, move |seed, progress| {
            study.trial(seed, progress)
        }));
    }
    Section {
        name: "loss",
        title: "False positives per node-hour under uniform loss",
        jobs,
        lines,
        exact: true,
    }
}

/// False positives per node-hour, with what the count allows to be claimed.
pub(super) fn rate_per_hour(job: usize) -> Measure {
    Box::new(move |samples| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        per_hour(&sample, quiet::name::NODE_TIME, "node-h")
    })
}

/// The same, of any exposure.
pub(super) fn per_hour(sample: &Sample, watched: &str, unit: &str) -> Figure {
    let hours = sample.time(watched).as_secs_f64() / 3_600.0;
    let events = sample.count(Wrongs::DEATHS);
    let bound = upper_bound(events, hours);
    Figure {
        number: events as f64 / hours,
        from: format!(
            "{events} in {} {unit}, 95 %: < {}",
            few(hours),
            small(bound)
        ),
    }
}

/// A number without more digits than it has a right to.
fn few(number: f64) -> String {
    if number >= 10.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    }
}

fn small(number: f64) -> String {
    if number < 0.1 {
        format!("{number:.1e}")
    } else {
        format!("{number:.2}")
    }
}
