//! Detection of crashes.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::loss::rate_per_hour;
use super::{Effort, Figure, Job, Line, Measure, Section, Unit, percentile};
use crate::config::Profile;
use crate::sim::study::crash::{Crash, name};
use crate::sim::study::percentiles::Length;
use crate::sim::study::quiet::Quiet;
use crate::sim::study::sample::Sample;
use crate::sim::study::stage::Ground;

/// One trial of a crash passes about forty probe intervals (detection, coming
/// back, settling) after twenty to grow up.
const INTERVALS: u32 = 40;

fn crashes(profile: Profile, nodes: u32, loss_percent: u32, sizes: (u32, u32)) -> Job {
    let (trials, crashes) = sizes;
    let study = Crash {
        ground: Ground::new(nodes, profile),
        loss_ppm: loss_percent * 10_000,
        crashes,
    };
    let label = if loss_percent > 0 {
        format!("N={nodes}, {loss_percent} % loss")
    } else {
        format!("N={nodes}")
    };
    let cost = f64::from(nodes * (20 + INTERVALS * crashes));
    Job::new(label, trials, cost, move |seed, progress| {
        study.trial(seed, progress)
    })
}

/// `detect`: profile `lan`, N=128.
pub(super) fn lan(effort: Effort) -> Section {
    let nodes = effort.pick(8, 128, 128);
    let sizes = effort.pick((1, 2), (4, 8), (20, 10));
    let seconds = |what: &str, series, permille| {
        Line::new(what, Unit::Seconds, percentile(0, series, permille))
    };
    Section {
        name: "detect",
        title: "Detection of a crash, N=128, profile lan",
        jobs: Vec::from([crashes(Profile::Lan, nodes, 0, sizes)]),
        lines: Vec::from([
            seconds("the first declares it dead, p50", name::FIRST, 500)
                .at_most(6.0)
                .beside("foca 10.2; serf 8.5 at N=64"),
            seconds("the first declares it dead, p99", name::FIRST, 990)
                .at_most(10.0)
                .beside("foca 14.4"),
            seconds("everybody else after the first, p99", name::REST, 990)
                .at_most(2.0)
                .beside("foca tail 93"),
            seconds("everybody else after the first, worst", name::REST, 1_000)
                .at_most(10.0)
                .beside("foca tail 93"),
        ]),
        exact: true,
    }
}

/// `local`: profile `local`, N=64, and quiet hours of it at 20 % loss.
pub(super) fn local(effort: Effort) -> Section {
    let nodes = effort.pick(8, 64, 64);
    let sizes = effort.pick((1, 2), (4, 8), (20, 10));
    let (span_s, trials) = effort.pick((60, 1), (300, 2), (3_600, 2));
    let quiet = Quiet {
        ground: Ground::new(nodes, Profile::Local),
        warm_up: Duration::ZERO,
        loss_ppm: 200_000,
        span: Duration::from_secs(span_s),
    };
    let cost = f64::from(nodes) * span_s as f64 * 4.0;
    let label = format!("N={nodes}, quiet, 20 % loss");
    let jobs = Vec::from([
        crashes(Profile::Local, nodes, 0, sizes),
        Job::new(label, trials, cost, move |seed, progress| {
            quiet.trial(seed, progress)
        }),
    ]);
    let seconds = |what: &str, series, permille| {
        Line::new(what, Unit::Seconds, percentile(0, series, permille))
    };
    let chitchat = "chitchat at 200 ms: 1.9 to 2.5, at 99.6 kB/s a node";
    Section {
        name: "local",
        title: "Detection of a crash, N=64, profile local",
        jobs,
        lines: Vec::from([
            seconds("the first declares it dead, p50", name::FIRST, 500)
                .at_most(1.5)
                .beside(chitchat),
            seconds("all have, p99", name::ALL, 990)
                .at_most(2.5)
                .beside(chitchat),
            Line::new(
                "false positives per node-hour at 20 % loss",
                Unit::PerHour,
                rate_per_hour(1),
            )
            .at_most(0.0),
        ]),
        exact: true,
    }
}

/// `flat`: how detection grows with the number of members.
pub(super) fn flat(effort: Effort) -> Section {
    let sizes: [(u32, (u32, u32)); 5] = [
        (10, effort.pick((1, 2), (5, 8), (20, 10))),
        (32, effort.pick((1, 2), (5, 8), (20, 10))),
        (100, effort.pick((1, 1), (4, 5), (20, 10))),
        (316, effort.pick((1, 1), (1, 5), (5, 10))),
        (1_000, effort.pick((1, 1), (1, 3), (5, 5))),
    ];
    let sizes = effort.pick(&sizes[..2], &sizes[..4], &sizes[..]);
    let jobs = sizes.iter();
    let jobs = jobs.map(|(nodes, sizes)| crashes(Profile::Lan, *nodes, 0, *sizes));
    let lines = sizes.iter().enumerate().map(|(job, (nodes, _))| {
        let what = format!("the first declares it dead, p50, N={nodes}");
        Line::new(what, Unit::Seconds, percentile(job, name::FIRST, 500))
    });
    let spread = Line::new(
        "spread of these around their middle",
        Unit::Percent,
        spread(),
    );
    let spread = spread.at_most(20.0);
    Section {
        name: "flat",
        title: "Detection from N=10 to 1 000 (quick: to 316), profile lan",
        jobs: jobs.collect(),
        lines: lines
            .chain([spread.beside("grows with log N in memberlist")])
            .collect(),
        exact: true,
    }
}

/// By how much the fastest and the slowest median differ from the middle
/// between them, in percent.
fn spread() -> Measure {
    Box::new(|samples: &[Sample]| {
        let medians = samples.iter().map(|sample| {
            let median = sample.percentiles(name::FIRST).median();
            median.map_or(f64::NAN, Length::as_secs)
        });
        let medians: Vec<f64> = medians.collect();
        let missing = medians.iter().any(|median| !median.is_finite());
        let most = medians.iter().copied().fold(f64::NAN, f64::max);
        let least = medians.iter().copied().fold(f64::NAN, f64::min);
        let number = if missing {
            f64::NAN
        } else {
            (most - least) / (most + least) * 100.0
        };
        Figure {
            number,
            from: String::from("half of the difference, of their middle"),
        }
    })
}
