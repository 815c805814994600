//! The healthy beside the sick: one sick member, Lifeguard's grid, Rapid's
//! three scenarios.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::loss::per_hour;
use super::{Effort, Figure, Job, Line, Measure, Section, Unit, count, percentile};
use crate::config::Profile;
use crate::sim::study::many::{self, Many};
use crate::sim::study::sample::Sample;
use crate::sim::study::sick::{self, Ailment, Sick};
use crate::sim::study::slow::Slow;
use crate::sim::study::stage::Ground;
use crate::sim::study::wrongs::Wrongs;

/// 80 of a hundred packets.
const MOST_PPM: u32 = 800_000;

fn job(label: String, study: Sick, trials: u32) -> Job {
    let cost = f64::from(study.ground.nodes) * (20.0 + study.span.as_secs_f64());
    Job::new(label, trials, cost, move |seed, progress| {
        study.trial(seed, progress)
    })
}

/// `sick`: one sick member among 100.
pub(super) fn one(effort: Effort) -> Section {
    let ailments = [
        (
            "loses 80 % of what it is sent",
            Ailment::Ingress(MOST_PPM),
            "foca 86",
        ),
        ("loses 80 % both ways", Ailment::Both(MOST_PPM), "foca 111"),
        ("is deaf", Ailment::Deaf, "foca 13.5"),
        ("is mute", Ailment::Mute, "foca 0"),
    ];
    let nodes = effort.pick(8, 100, 100);
    let (span_s, trials) = effort.pick((60, 1), (600, 1), (1_800, 20));
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (words, ailment, anchor) in ailments {
        let measure = rate(jobs.len(), sick::name::SICK_TIME, "sick-node-h");
        let line = Line::new(format!("one {words}"), Unit::PerHour, measure);
        lines.push(line.at_most(0.5).beside(anchor));
        let study = Sick {
            ground: Ground::new(nodes, Profile::Lan),
            sick: 1,
            ailment,
            span: Duration::from_secs(span_s),
        };
        jobs.push(job(format!("N={nodes}, one {words}"), study, trials));
    }
    Section {
        name: "sick",
        title: "Healthy members declared dead by healthy ones, per sick-node-hour, N=100",
        jobs,
        lines,
        exact: true,
    }
}

fn rate(job: usize, watched: &'static str, unit: &'static str) -> Measure {
    Box::new(move |samples| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        per_hour(&sample, watched, unit)
    })
}

/// `rapid`: Rapid's three scenarios (Suresh et al. 2018, §7).
pub(super) fn rapid(effort: Effort) -> Section {
    let nodes = effort.pick(10, 100, 1_000);
    let trials = effort.pick(1, 4, 5);
    let sick = (nodes / 100).max(1);
    let span = Duration::from_secs(effort.pick(60, 600, 600));
    let many = Many {
        ground: Ground::new(nodes, Profile::Lan),
        crashes: effort.pick(1, 10, 10),
    };
    let crashes = many.crashes;
    let cost = f64::from(nodes) * 110.0;
    let mut jobs = Vec::from([Job::new(
        format!("N={nodes}, {crashes} crashes at one moment"),
        trials,
        cost,
        move |seed, progress| many.trial(seed, progress),
    )]);
    let ailments = [
        (
            "flip-flop: deaf 20 s, well 20 s",
            Ailment::FlipFlop(Duration::from_secs(20)),
        ),
        ("80 % loss", Ailment::Both(MOST_PPM)),
    ];
    for (words, ailment) in ailments {
        let study = Sick {
            ground: Ground::new(nodes, Profile::Lan),
            sick,
            ailment,
            span,
        };
        jobs.push(job(
            format!("N={nodes}, {sick} with {words}"),
            study,
            trials,
        ));
    }
    let removed = |job| count(job, Wrongs::DEATHS, "over all runs");
    let healthy = |what: &str, job| {
        let what = format!("{what}: healthy members removed");
        let line = Line::new(what, Unit::Count, removed(job)).at_most(0.0);
        line.beside("memberlist oscillates")
    };
    let (one, two) = ("flip-flop on 1 %", "80 % loss on 1 %");
    Section {
        name: "rapid",
        title: "Rapid's three scenarios, ten minutes each, N=1 000 (quick: 100)",
        lines: Vec::from([
            healthy("10 crashes", 0),
            Line::new(
                "10 crashes: all known to all, worst",
                Unit::Seconds,
                percentile(0, many::name::ALL, 1_000),
            ),
            healthy(one, 1),
            Line::new(
                format!("{one}: deaths told of a faulty one"),
                Unit::Count,
                flaps(1),
            ),
            healthy(two, 2),
            Line::new(
                format!("{two}: deaths told of a faulty one"),
                Unit::Count,
                flaps(2),
            ),
        ]),
        jobs,
        exact: true,
    }
}

/// How often the average faulty member was declared dead.
fn flaps(job: usize) -> Measure {
    Box::new(move |samples| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        let sick = sample.count(sick::name::SICK);
        let flaps = sample.count(sick::name::FLAPS);
        Figure {
            number: if sick == 0 {
                f64::NAN
            } else {
                flaps as f64 / sick as f64
            },
            from: format!("{flaps} of {sick} faulty ones"),
        }
    })
}

/// Lifeguard's grid: how many are slow, how long they stand still, how long
/// they go on, in milliseconds.
const GRID: [(u32, u64, u64); 12] = [
    (4, 2_048, 64),
    (4, 8_192, 64),
    (4, 8_192, 1_024),
    (4, 16_384, 1_024),
    (16, 2_048, 64),
    (16, 8_192, 64),
    (16, 8_192, 1_024),
    (16, 16_384, 1_024),
    (32, 2_048, 64),
    (32, 8_192, 64),
    (32, 8_192, 1_024),
    (32, 16_384, 1_024),
];

/// `lifeguard`: slow members, with awareness and without.
pub(super) fn lifeguard(effort: Effort) -> Section {
    let nodes = effort.pick(16, 128, 128);
    let (cells, trials) = effort.pick((&GRID[..1], 1), (&GRID[..], 1), (&GRID[..], 10));
    let span = Duration::from_secs(effort.pick(30, 120, 120));
    let mut jobs = Vec::new();
    for aware in [true, false] {
        for (slow, pause, gap) in cells {
            let mut ground = Ground::new(nodes, Profile::Lan);
            if !aware {
                ground.config.awareness_max = 0;
            }
            let study = Slow {
                ground,
                slow: *slow,
                pause: Duration::from_millis(*pause),
                gap: Duration::from_millis(*gap),
                span,
            };
            let word = if aware { "on" } else { "off" };
            let label = format!(
                "{slow} slow, {pause} ms of {}, awareness {word}",
                pause + gap
            );
            let cost = f64::from(nodes) * (20.0 + span.as_secs_f64());
            jobs.push(Job::new(label, trials, cost, move |seed, progress| {
                study.trial(seed, progress)
            }));
        }
    }
    let half = cells.len();
    let sum = move |samples: &[Sample], off: bool| {
        let start = if off { half } else { 0 };
        let cells = samples.iter().skip(start).take(half);
        cells.map(|it| it.count(Wrongs::DEATHS)).sum::<u64>()
    };
    let total = move |off: bool| -> Measure {
        Box::new(move |samples| {
            let measured = samples.iter().any(|it| it.counts().next().is_some());
            let wrongs = sum(samples, off) as f64;
            Figure {
                number: if measured { wrongs } else { f64::NAN },
                from: format!("{half} cells of the grid, {} runs", half as u32 * trials),
            }
        })
    };
    let times: Measure = Box::new(move |samples| {
        let (on, off) = (sum(samples, false), sum(samples, true));
        Figure {
            // None at all is at least as good as one.
            number: match (on, off) {
                (0, 0) => f64::NAN,
                (0, off) => off as f64,
                (on, off) => off as f64 / on as f64,
            },
            from: String::from(if on == 0 {
                "at least: none with it"
            } else {
                ""
            }),
        }
    });
    Section {
        name: "lifeguard",
        title: "Lifeguard's grid, N=128: false positives at healthy members",
        lines: Vec::from([
            Line::new("with awareness", Unit::Count, total(false)),
            Line::new("with awareness off", Unit::Count, total(true)),
            Line::new("times fewer with it", Unit::Times, times)
                .at_least(50.0)
                .beside("Lifeguard > 50"),
        ]),
        jobs,
        exact: true,
    }
}
