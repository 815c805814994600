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
use crate::defence::{Defence, Defences};
use crate::sim::study::many::{self, Many};
use crate::sim::study::sample::Sample;
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
        title: "Rapid's three scenarios, the faults for ten minutes, N=1 000 (quick: 100)",
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

/// Takes protections away in a cluster of so many.
type Switch = fn(&mut Config, u32);

fn jurors(config: &mut Config) {
    config.jurors = 0;
}

/// SWIM as Lifeguard's authors had it: no protection, a verdict is believed, and
/// a suspicion lasts 5 × log₁₀ N intervals (Dadgar et al. 2018, §V-C: α = 5).
fn plain(config: &mut Config, nodes: u32) {
    config.awareness_max = 0;
    jurors(config);
    let times = 5.0 * libm::log10(f64::from(nodes)).max(1.0);
    config.suspicion_min = config.probe_interval.mul_f64(times);
    config.suspicion_max = config.suspicion_min;
    for defence in Defence::ALL {
        config.defences.without(defence);
    }
}

/// The same with what they added: awareness with its nacks, a suspicion that
/// begins six times as long and shrinks (β = 6), the buddy; and nothing of ours.
fn theirs(config: &mut Config, nodes: u32) {
    plain(config, nodes);
    config.awareness_max = Config::default().awareness_max;
    config.suspicion_max = config.suspicion_min * 6;
    config.defences = Defences::default();
    for defence in [Defence::OwnVerdict, Defence::Forgiveness, Defence::Warning] {
        config.defences.without(defence);
    }
}

/// What is taken away, row by row: nothing, each protection alone, all that is
/// ours, and everything: what Lifeguard was measured against.
const WITHOUT: [(&str, Switch); 11] = [
    ("with all of it", |_, _| {}),
    ("awareness off", |config, _| config.awareness_max = 0),
    ("nobody looks too", |config, _| jurors(config)),
    ("suspicion always the least", |config, _| {
        config.suspicion_max = config.suspicion_min;
    }),
    ("verdicts believed", |config, _| {
        config.defences.without(Defence::OwnVerdict);
    }),
    ("own pause not forgiven", |config, _| {
        config.defences.without(Defence::Forgiveness);
    }),
    ("no warning", |config, _| {
        config.defences.without(Defence::Warning);
    }),
    ("no buddy", |config, _| {
        config.defences.without(Defence::Buddy);
    }),
    ("no nack", |config, _| {
        config.defences.without(Defence::Nack)
    }),
    ("Lifeguard's alone", theirs),
    ("plain SWIM", plain),
];

/// The rows that the ratios are made of.
const ALL: usize = 0;
const AWARENESS: usize = 1;
const THEIRS: usize = WITHOUT.len() - 2;
const PLAIN: usize = WITHOUT.len() - 1;

/// `lifeguard`: slow members, with nothing, each and all of the protections off.
pub(super) fn lifeguard(effort: Effort) -> Section {
    let nodes = effort.pick(16, 64, 128);
    let cells = effort.pick(&GRID[4..5], &GRID[4..6], &GRID[..]);
    let span = Duration::from_secs(effort.pick(30, 60, 120));
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (place, (word, switch)) in WITHOUT.into_iter().enumerate() {
        // What the ratios are made of is played more often.
        let often = [ALL, THEIRS, PLAIN].contains(&place);
        let trials = if often { effort.pick(1, 12, 4) } else { 1 };
        for (slow, pause, gap) in cells {
            let mut ground = Ground::new(nodes, Profile::Lan);
            switch(&mut ground.config, nodes);
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
        };
        let line = |what, counted| {
            let what = format!("{what}, {word}");
            Line::new(what, Unit::Count, cells.total(counted))
        };
        lines.push(line("declared dead", Wrongs::DEATHS));
        lines.push(line("suspected", slow::name::SUSPECTED));
    }
    let cells = cells.len();
    let times = |words: &str, off, on| {
        let what = format!("declared dead, {words}");
        Line::new(what, Unit::Times, ratio(cells, off, on))
    };
    let anchor = "Lifeguard: more than 50";
    lines.extend([
        times("plain SWIM to all of it", PLAIN, ALL)
            .at_least(50.0)
            .beside(anchor),
        times("plain SWIM to Lifeguard's alone", PLAIN, THEIRS).beside(anchor),
        times("awareness off to all of it", AWARENESS, ALL),
    ]);
    Section {
        name: "lifeguard",
        title: "Lifeguard's grid, N=128 (quick: 64): healthy members in the eyes of healthy ones",
        jobs,
        lines,
        exact: true,
    }
}

/// How many times as many are declared dead in one row, a run, as in another.
/// Where the other has none, its true number is taken for three: with 95 %
/// confidence it is below that.
fn ratio(cells: usize, off: usize, on: usize) -> Measure {
    let row = move |row: usize| Cells {
        first: row * cells,
        count: cells,
    };
    Box::new(move |samples| {
        let (off, on) = (row(off).of(samples), row(on).of(samples));
        let told = (off.cells, on.cells) == (cells, cells) && off.dead > 0.0;
        let rate = |dead: f64, runs: u64| dead / runs as f64;
        let least = if on.dead > 0.0 { on.dead } else { 3.0 };
        Figure {
            number: match told {
                true => rate(off.dead, off.runs) / rate(least, on.runs),
                false => f64::NAN,
            },
            from: format!(
                "{} in {} runs to {} in {}{}",
                off.dead,
                off.runs,
                on.dead,
                on.runs,
                match told && on.dead == 0.0 {
                    true => ": at least so many times, with 95 % confidence",
                    false => "",
                }
            ),
        }
    })
}

/// The jobs of one row of the table: all cells of the grid.
#[derive(Clone, Copy)]
struct Cells {
    first: usize,
    count: usize,
}

/// What one row came to.
struct Row {
    /// Cells that were played.
    cells: usize,
    runs: u64,
    dead: f64,
}

impl Cells {
    fn played(self, samples: &[Sample]) -> impl Iterator<Item = &Sample> + Clone {
        let cells = samples.iter().skip(self.first).take(self.count);
        cells.filter(|it| it.count(super::TRIALS) > 0)
    }

    fn of(self, samples: &[Sample]) -> Row {
        let played = self.played(samples);
        let sum = |what| played.clone().map(|it| it.count(what)).sum::<u64>();
        Row {
            cells: played.clone().count(),
            runs: sum(super::TRIALS),
            dead: sum(Wrongs::DEATHS) as f64,
        }
    }

    /// How often something was counted in all of them.
    fn total(self, what: &'static str) -> Measure {
        Box::new(move |samples| {
            let Row { cells, runs, .. } = self.of(samples);
            let total: u64 = self.played(samples).map(|it| it.count(what)).sum();
            Figure {
                number: if cells > 0 { total as f64 } else { f64::NAN },
                from: format!("{cells} cells of the grid, {runs} runs"),
            }
        })
    }
}
