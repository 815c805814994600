//! The healthy beside the sick: one sick member, Lifeguard's grid, Rapid's
//! three scenarios.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::loss::per_hour;
use super::{Effort, Figure, Job, Line, Measure, Section, Unit, count, percentile};
use crate::config::{Config, Profile};
use crate::defence::Defence;
use crate::sim::study::many::{self, Many};
use crate::sim::study::sick::{self, Ailment, Sick};
use crate::sim::study::slow::{self, Slow, Slowness};
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

/// Switches a protection off.
type Switch = fn(&mut Config);

fn awareness(config: &mut Config) {
    config.awareness_max = 0;
}

fn jurors(config: &mut Config) {
    config.jurors = 0;
}

fn shrinking(config: &mut Config) {
    config.suspicion_max = config.suspicion_min;
}

/// What is switched off, row by row: nothing, each protection alone, and all of
/// them. The last row is a member as SWIM has it, with one time of suspicion for
/// everybody: what Lifeguard was measured against.
const WITHOUT: [(&str, Switch); 10] = [
    ("with all of it", |_| {}),
    ("awareness off", awareness),
    ("nobody looks too", jurors),
    ("suspicion always the least", shrinking),
    ("verdicts believed", |config| {
        config.defences.without(Defence::OwnVerdict);
    }),
    ("own pause not forgiven", |config| {
        config.defences.without(Defence::Forgiveness);
    }),
    ("no warning", |config| {
        config.defences.without(Defence::Warning)
    }),
    ("no buddy", |config| config.defences.without(Defence::Buddy)),
    ("no nack", |config| config.defences.without(Defence::Nack)),
    ("all off: plain SWIM", |config| {
        awareness(config);
        jurors(config);
        shrinking(config);
        for defence in Defence::ALL {
            config.defences.without(defence);
        }
    }),
];

/// `lifeguard`: slow members, with nothing, each and all of the protections off.
pub(super) fn lifeguard(effort: Effort) -> Section {
    let nodes = effort.pick(16, 64, 128);
    let cells = effort.pick(&GRID[4..5], &GRID[4..6], &GRID[..]);
    let span = Duration::from_secs(effort.pick(30, 60, 120));
    let rows = WITHOUT.len();
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (place, (word, switch)) in WITHOUT.into_iter().enumerate() {
        // What the ratio is made of is played more often.
        let often = place == 0 || place + 1 == rows;
        let trials = if often { effort.pick(1, 4, 4) } else { 1 };
        for (slow, pause, gap) in cells {
            let mut ground = Ground::new(nodes, Profile::Lan);
            switch(&mut ground.config);
            let study = Slow {
                ground,
                slow: slow * nodes / 128,
                how: Slowness::Held,
                pause: Duration::from_millis(*pause),
                gap: Duration::from_millis(*gap),
                span,
            };
            let label = format!("{slow} slow, {pause} ms of {}, {word}", pause + gap);
            let cost = f64::from(nodes) * (20.0 + span.as_secs_f64());
            jobs.push(Job::new(label, trials, cost, move |seed, progress| {
                study.trial(seed, progress)
            }));
        }
        let cells = Cells {
            first: place * cells.len(),
            count: cells.len(),
            trials,
        };
        let line = |what, counted| {
            let what = format!("{what}, {word}");
            Line::new(what, Unit::Count, cells.total(counted))
        };
        lines.push(line("declared dead", Wrongs::DEATHS));
        lines.push(line("suspected", slow::name::SUSPECTED));
    }
    let ratio = Line::new(
        "declared dead with all off, times those with all on",
        Unit::Times,
        ratio(cells.len(), rows),
    );
    lines.push(ratio.at_least(50.0).beside("Lifeguard: more than 50"));
    Section {
        name: "lifeguard",
        title: "Lifeguard's grid, N=128 (quick: 64): healthy members in the eyes of healthy ones",
        jobs,
        lines,
        exact: true,
    }
}

/// How many times as many are declared dead in the last row as in the first. Where
/// the first has none, its true number is taken for three: with 95 % confidence
/// it is below that.
fn ratio(cells: usize, rows: usize) -> Measure {
    Box::new(move |samples| {
        let row = |row: usize| {
            let cells = samples.iter().skip(row * cells).take(cells);
            let measured = cells.clone().all(|it| it.counts().next().is_some());
            let total: u64 = cells.map(|it| it.count(Wrongs::DEATHS)).sum();
            measured.then_some(total as f64)
        };
        let (on, off) = (row(0), row(rows - 1));
        let (Some(on), Some(off)) = (on, off) else {
            return Figure {
                number: f64::NAN,
                from: String::new(),
            };
        };
        let from = match on > 0.0 {
            true => format!("{off} to {on}"),
            false => format!("{off} to none: at least so many times, with 95 % confidence"),
        };
        Figure {
            number: off / if on > 0.0 { on } else { 3.0 },
            from,
        }
    })
}

/// The jobs of one row of the table: all cells of the grid.
#[derive(Clone, Copy)]
struct Cells {
    first: usize,
    count: usize,
    trials: u32,
}

impl Cells {
    /// How often something was counted in all of them.
    fn total(self, what: &'static str) -> Measure {
        Box::new(move |samples| {
            let cells = samples.iter().skip(self.first).take(self.count);
            let measured = cells.clone().any(|it| it.counts().next().is_some());
            let total: u64 = cells.map(|it| it.count(what)).sum();
            let runs = u64::from(self.trials) * self.count as u64;
            Figure {
                number: if measured { total as f64 } else { f64::NAN },
                from: format!("{} cells of the grid, {runs} runs", self.count),
            }
        })
    }
}
