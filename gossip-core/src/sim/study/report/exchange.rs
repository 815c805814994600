//! What it costs two peers to find out what differs.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::{Effort, Figure, Job, Line, Measure, Section, Unit};
use crate::sim::study::exchange::{Exchange, name};

/// Members; what chitchat's digests are there, both ways (102 kB measured at a
/// thousand; the others by its format: 61 bytes a member and way; past 65 507
/// bytes it cannot send them).
const SIZES: [(u32, &str); 4] = [
    (100, "chitchat 12.2 kB"),
    (1_000, "chitchat 102 kB"),
    (10_000, "chitchat cannot (1.2 MB)"),
    (100_000, "chitchat cannot (12 MB)"),
];

/// Differing heads, and the bar in bytes.
const HEADS: [(u32, f64); 4] = [(0, 64.0), (1, 200.0), (10, 900.0), (100, 7_400.0)];

/// `exchange`: bytes of an exchange without the deltas, both ways.
pub(super) fn bytes(effort: Effort) -> Section {
    let sizes = effort.pick(2, 3, 4);
    let rounds = effort.pick(10, 100, 500);
    let trials = effort.pick(1, 2, 4);
    let (mut jobs, mut lines) = (Vec::new(), Vec::new());
    for (nodes, anchor) in SIZES.into_iter().take(sizes) {
        for (heads, bar) in HEADS {
            let study = Exchange {
                nodes,
                heads,
                rounds,
            };
            let what = format!("N={nodes}, {heads} heads differ");
            let line = Line::new(
                format!("{what}: bytes"),
                Unit::Bytes,
                bytes_each(jobs.len()),
            );
            lines.push(line.at_most(bar).beside(anchor));
            if heads > 0 {
                let long = Line::new(
                    format!("{what}: continued more than once"),
                    Unit::Times,
                    long(jobs.len()),
                );
                lines.push(long.at_most(0.05));
            }
            let cost = f64::from(nodes) / 1_000.0 + f64::from(rounds * (1 + heads)) / 1_000.0;
            jobs.push(Job::new(what, trials, cost, move |seed, progress| {
                study.trial(seed, progress)
            }));
        }
    }
    Section {
        name: "exchange",
        title: "Bytes of an exchange, both ways, without what was missing",
        jobs,
        lines,
        exact: true,
    }
}

fn bytes_each(job: usize) -> Measure {
    share(job, name::BYTES)
}

fn long(job: usize) -> Measure {
    share(job, name::LONG)
}

/// So much of something in each exchange.
fn share(job: usize, what: &'static str) -> Measure {
    Box::new(move |samples| {
        let (all, rounds) = samples.get(job).map_or((0, 0), |sample| {
            (sample.count(what), sample.count(name::ROUNDS))
        });
        Figure {
            number: all as f64 / rounds as f64,
            from: format!("{rounds} exchanges"),
        }
    })
}
