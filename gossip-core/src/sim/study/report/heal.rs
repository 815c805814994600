//! Healing after a cut in halves.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Effort, Job, Line, Measure, Section, Unit, percentile, rate};
use crate::config::Profile;
use crate::sim::study::cut::{Cut, name};
use crate::sim::study::sample::Sample;
use crate::sim::study::stage::Ground;

/// What the anchors need.
const ANCHOR: &str = "chitchat 3.1 to 3.8; serf 26 to 31; foca 84 to 114; memberlist never";

/// Members, and of each effort how many clusters and cuts in each.
type Size = (u32, [(u32, u32); 3]);

fn job(nodes: u32, span_s: u64, (trials, cuts): (u32, u32)) -> Job {
    let study = Cut {
        ground: Ground::new(nodes, Profile::Lan),
        span: Duration::from_secs(span_s),
        cuts,
    };
    let cost = f64::from(nodes) * (20.0 + (span_s as f64 + 25.0) * f64::from(cuts));
    Job::new(
        format!("N={nodes}, cut for {span_s} s"),
        trials,
        cost,
        move |seed, progress| study.trial(seed, progress),
    )
}

/// `heal`: cuts of one and of five minutes.
pub(super) fn short(effort: Effort) -> Section {
    let sizes: [Size; 3] = [
        (64, [(1, 1), (4, 3), (20, 10)]),
        (256, [(1, 1), (2, 1), (5, 4)]),
        (1_000, [(1, 1), (1, 1), (5, 1)]),
    ];
    section(
        "heal",
        "From mending a half-and-half cut until all views are exact",
        effort,
        &sizes,
        &[(60, 3.0), (300, 3.0)],
    )
}

/// `heal-hour`: cuts of an hour.
pub(super) fn long(effort: Effort) -> Section {
    // At a thousand a cut costs three minutes of a core, most of them for the
    // half million deaths in it.
    let sizes: [Size; 3] = [
        (64, [(1, 1), (2, 1), (20, 10)]),
        (256, [(1, 1), (1, 1), (5, 1)]),
        (1_000, [(1, 1), (1, 1), (5, 1)]),
    ];
    section(
        "heal-hour",
        "The same after an hour",
        effort,
        effort.pick(&sizes[..1], &sizes[..1], &sizes[..]),
        &[(effort.pick(60, 3_600, 3_600), 10.0)],
    )
}

fn section(
    name: &'static str,
    title: &'static str,
    effort: Effort,
    sizes: &[Size],
    spans: &[(u64, f64)],
) -> Section {
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    let few = sizes.len().min(2);
    let sizes = effort.pick(&sizes[..1], &sizes[..few], sizes);
    for (span_s, bar) in spans {
        for (nodes, counts) in sizes {
            let nodes = effort.pick(8, *nodes, *nodes);
            let [smoke, quick, full] = *counts;
            let place = jobs.len();
            jobs.push(job(nodes, *span_s, effort.pick(smoke, quick, full)));
            let (permille, word) = if nodes >= 256 {
                (1_000, "worst")
            } else {
                (990, "p99")
            };
            let what = format!("{span_s} s, N={nodes}, {word}");
            let healed = percentile(place, name::HEALED, permille);
            let line = Line::new(what, Unit::Seconds, healed);
            lines.push(line.at_most(*bar).beside(ANCHOR));
        }
    }
    for (place, job) in jobs.iter().enumerate() {
        let what = format!("of the pairs across held dead when mended, {}", job.label);
        lines.push(Line::new(what, Unit::Share, parted(place)));
    }
    for (what, counted) in [
        ("calls to the absent, whole cluster", name::CALLS),
        ("all dials, whole cluster", name::DIALS),
    ] {
        for (place, job) in jobs.iter().enumerate() {
            let what = format!("{what}, {}", job.label);
            let measure = rate(place, counted, name::CUT);
            lines.push(Line::new(what, Unit::PerSecond, measure));
        }
    }
    if sizes.len() > 1 {
        let growth = Line::new(
            "calls to the absent, the largest N to the smallest",
            Unit::Times,
            growth(sizes.len()),
        );
        lines.push(growth.at_most(2.0).beside("a budget independent of N"));
    }
    Section {
        name,
        title,
        jobs,
        lines,
        exact: true,
    }
}

/// How many of the pairs across a cut held one another dead when it was mended: what
/// was not given up yet need not be healed.
fn parted(job: usize) -> Measure {
    Box::new(move |samples: &[Sample]| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        let (dead, pairs) = (sample.count(name::DEAD), sample.count(name::ACROSS));
        super::Figure {
            number: 100.0 * dead as f64 / pairs as f64,
            from: format!("{dead} of {pairs}"),
        }
    })
}

/// How many times as often the largest cluster calls as the smallest, in the
/// last span.
fn growth(sizes: usize) -> Measure {
    Box::new(move |samples: &[Sample]| {
        let calls = |sample: Option<&Sample>| {
            let sample = sample.cloned().unwrap_or_default();
            sample.count(name::CALLS) as f64 / sample.time(name::CUT).as_secs_f64()
        };
        let first = samples.len().saturating_sub(sizes);
        super::Figure {
            number: calls(samples.last()) / calls(samples.get(first)),
            from: "of the rates above".into(),
        }
    })
}
