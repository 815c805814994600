//! Coming, going, and what it costs to be there.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Effort, Figure, Job, Line, Measure, Section, Unit, WALL, count, percentile, rate};
use crate::config::{Config, Profile};
use crate::sim::study::cold::{self, Cold};
use crate::sim::study::leave::{self, Leave};
use crate::sim::study::quiet::{self, Quiet};
use crate::sim::study::restart::{self, Restart};
use crate::sim::study::sample::Sample;
use crate::sim::study::stage::Ground;

/// `cold`: everybody joins one seed at one moment.
pub(super) fn cold(effort: Effort) -> Section {
    let sizes = [
        (64, effort.pick(1, 40, 200), 990, 0.8),
        (1_000, effort.pick(1, 1, 5), 1_000, 5.0),
    ];
    let sizes = effort.pick(&sizes[..1], &sizes[..1], &sizes[..]);
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (nodes, trials, permille, bar) in sizes {
        let nodes = effort.pick(8, *nodes, *nodes);
        let study = Cold {
            ground: Ground::new(nodes, Profile::Lan),
        };
        let word = if *permille < 1_000 { "p99" } else { "worst" };
        let what = format!("everybody knows everybody, N={nodes}, {word}");
        let measure = percentile(jobs.len(), cold::name::EXACT, *permille);
        let line = Line::new(what, Unit::Seconds, measure).at_most(*bar);
        lines.push(line.beside(if nodes < 1_000 {
            "serf 2, sometimes 82; memberlist 0.9, sometimes 65; foca 0.8"
        } else {
            "foca 305"
        }));
        // Growing is dear: messages go with the square of the members.
        let cost = f64::from(nodes) * 10.0;
        let job = Job::new(
            format!("N={nodes}"),
            *trials,
            cost,
            move |seed, progress| study.trial(seed, progress),
        );
        jobs.push(job);
    }
    Section {
        name: "cold",
        title: "Cold start, all join one seed",
        jobs,
        lines,
        exact: true,
    }
}

/// `leave`: a graceful leave, known to all.
pub(super) fn leave(effort: Effort) -> Section {
    let nodes = effort.pick(8, 100, 100);
    let (trials, leaves) = effort.pick((1, 2), (4, 5), (20, 10));
    let study = Leave {
        ground: Ground::new(nodes, Profile::Lan),
        leaves,
    };
    let cost = f64::from(nodes * (20 + 45 * leaves));
    let measure = |permille| percentile(0, leave::name::KNOWN, permille);
    Section {
        name: "leave",
        title: "A graceful leave, N=100",
        jobs: Vec::from([Job::new(
            format!("N={nodes}"),
            trials,
            cost,
            move |seed, progress| study.trial(seed, progress),
        )]),
        lines: Vec::from([
            Line::new("known to all, p50", Unit::Seconds, measure(500)),
            Line::new("known to all, p99", Unit::Seconds, measure(990)).at_most(1.0),
        ]),
        exact: true,
    }
}

/// `restart`: everybody restarts at one moment.
pub(super) fn restart(effort: Effort) -> Section {
    let sizes = [
        (100, effort.pick(1, 10, 200), 990, 20.0),
        (4_500, effort.pick(1, 1, 5), 1_000, 120.0),
    ];
    let sizes = effort.pick(&sizes[..1], &sizes[..1], &sizes[..]);
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (nodes, trials, permille, bar) in sizes {
        let nodes = effort.pick(8, *nodes, *nodes);
        let study = Restart {
            ground: Ground::new(nodes, Profile::Lan),
            down: Duration::from_secs(5),
        };
        let place = jobs.len();
        let word = if *permille < 1_000 { "p99" } else { "worst" };
        let what = format!("exact after it, N={nodes}, {word}");
        let measure = percentile(place, restart::name::EXACT, *permille);
        let line = Line::new(what, Unit::Seconds, measure).at_most(*bar);
        lines.push(line.beside("memberlist#311, #312"));
        let what = format!("gone members that came back, N={nodes}");
        let measure = count(place, restart::name::REVIVED, "each observer counted");
        lines.push(Line::new(what, Unit::Count, measure).at_most(0.0));
        let job = Job::new(
            format!("N={nodes}"),
            *trials,
            f64::from(nodes) * 100.0,
            move |seed, progress| study.trial(seed, progress),
        );
        jobs.push(job);
    }
    Section {
        name: "restart",
        title: "Mass restart",
        jobs,
        lines,
        exact: true,
    }
}

fn quiet(nodes: u32, warm_up: Duration, span_s: u64) -> Job {
    let study = Quiet {
        ground: Ground::new(nodes, Profile::Lan),
        warm_up,
        loss_ppm: 0,
        span: Duration::from_secs(span_s),
    };
    let cost = f64::from(nodes) * (20.0 + warm_up.as_secs_f64() + span_s as f64);
    Job::new(format!("N={nodes}"), 1, cost, move |seed, progress| {
        study.trial(seed, progress)
    })
}

/// `idle`: what a node sends when nothing happens, after one round of probes.
pub(super) fn idle(effort: Effort) -> Section {
    let sizes = [10, 100, 1_000];
    let sizes = effort.pick(&sizes[..1], &sizes[..2], &sizes[..]);
    let span_s = effort.pick(60, 60, 600);
    let round = |nodes: u32| Config::default().probe_interval * nodes;
    let jobs = sizes
        .iter()
        .map(|nodes| quiet(*nodes, round(*nodes), span_s));
    let mut lines = Vec::new();
    for (job, nodes) in sizes.iter().enumerate() {
        let bytes = |what| rate(job, what, quiet::name::NODE_TIME);
        let line = |what: &str, measure| {
            let what = format!("{what}, N={nodes}");
            Line::new(what, Unit::BytesPerSecond, measure)
        };
        let wire = line("on the wire of a node", bytes(quiet::name::WIRE));
        lines.push(wire.at_most(1_000.0).beside(match nodes {
            1_000 => "full digest: grows with N",
            _ => "",
        }));
        lines.push(line("of it messages", bytes(quiet::name::BYTES)));
        let words = format!("before, for {} s", round(*nodes).as_secs());
        lines.push(line(&words, warming(job)));
    }
    Section {
        name: "idle",
        title: "Idle traffic: UDP payload that a node sends in a second, once it has met everybody",
        jobs: jobs.collect(),
        lines,
        exact: true,
    }
}

/// What a node sent while connections were made, and how many there were then.
fn warming(job: usize) -> Measure {
    let bytes = rate(job, quiet::name::WARMING, quiet::name::WARM_TIME);
    Box::new(move |samples: &[Sample]| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        let (links, pairs) = (
            sample.count(quiet::name::LINKS),
            sample.count(quiet::name::PAIRS),
        );
        Figure {
            number: bytes(samples).number,
            from: format!("{links} of {pairs} ends connected after it"),
        }
    })
}

/// `speed`: rounds of one node that the simulator plays in a second of one
/// core, growing up included, over as long as everybody needs to ask everybody and
/// more: a thousand that grow up make half a million handshakes, which are no rounds.
/// The host takes the time.
pub(super) fn speed(effort: Effort) -> Section {
    let sizes: [(u32, u64, f64, &str); 3] = [
        (10, 3_600, 300_000.0, "foca without checks 957 k"),
        (100, 1_200, 100_000.0, "foca without checks 655 k"),
        (1_000, 1_600, 30_000.0, "foca without checks 223 k"),
    ];
    let sizes = effort.pick(&sizes[..1], &sizes[..2], &sizes[..]);
    let share = effort.pick(10, 4, 1);
    let jobs = sizes.iter();
    let jobs = jobs.map(|(nodes, span_s, ..)| {
        let span_s = (span_s / share).max(20);
        quiet(*nodes, Duration::ZERO, span_s)
    });
    let lines = sizes.iter().enumerate();
    let lines = lines.map(|(job, (nodes, _, bar, anchor))| {
        let what = format!("node-rounds, N={nodes}");
        let line = Line::new(what, Unit::PerSecond, rounds(job));
        line.at_least(*bar).beside(anchor)
    });
    Section {
        name: "speed",
        title: "The simulator, checks on, one core, this machine",
        jobs: jobs.collect(),
        lines: lines.collect(),
        exact: false,
    }
}

/// A round is a probe interval of one node: a second in profile `lan`.
fn rounds(job: usize) -> Measure {
    Box::new(move |samples: &[Sample]| {
        let sample = samples.get(job).cloned().unwrap_or_default();
        let (rounds, wall) = (sample.time(quiet::name::NODE_TIME), sample.time(WALL));
        Figure {
            number: rounds.as_secs_f64() / wall.as_secs_f64(),
            from: format!("{:.1} s of this machine", wall.as_secs_f64()),
        }
    })
}
