//! A trade: a longer suspicion gives the accused more time to refute, and
//! everybody else more time to be wrong about the dead.
//!
//! The same cluster with every length of suspicion, once with crashes and once
//! with loss: what the one gains, the other pays.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::crash::Crash;
use super::quiet::Quiet;
use super::report::{Effort, Job};
use super::stage::Ground;
use crate::config::Profile;

/// The lengths that are tried, in milliseconds of `suspicion_min`.
const LENGTHS_MS: [u64; 7] = [1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000];

/// `suspicion_max` goes along: as many times the least (memberlist's factor).
const MAX_TIMES: u32 = 6;

/// The losses under which false positives are counted, in percent.
const LOSSES: [u32; 2] = [20, 30];

/// One length of suspicion.
#[derive(Debug)]
pub struct Rung {
    /// The value of `suspicion_min`; `suspicion_max` is six times as much.
    pub suspicion: Duration,
    /// Crashes without loss: for the time of detection.
    pub crash: Job,
    /// Loss in percent, and quiet hours under it: for false positives.
    pub quiet: Vec<(u32, Job)>,
}

/// Every length of suspicion.
pub fn rungs(effort: Effort) -> Vec<Rung> {
    let nodes = effort.pick(8, 100, 100);
    let (worlds, crashes) = effort.pick((1, 1), (2, 5), (10, 10));
    let (span_s, trials) = effort.pick((30, 1), (300, 2), (1_800, 8));
    let rung = |ms| {
        let suspicion = Duration::from_millis(ms);
        let mut ground = Ground::new(nodes, Profile::Lan);
        ground.config.suspicion_min = suspicion;
        ground.config.suspicion_max = suspicion * MAX_TIMES;
        let crash = Crash {
            ground: ground.clone(),
            loss_ppm: 0,
            crashes,
        };
        let cost = f64::from(nodes * (20 + 40 * crashes));
        let label = format!("suspicion {ms} ms, crashes");
        let crash = Job::new(label, worlds, cost, move |seed, progress| {
            crash.trial(seed, progress)
        });
        let quiet = LOSSES.iter().map(|percent| {
            let study = Quiet {
                ground: ground.clone(),
                warm_up: Duration::ZERO,
                loss_ppm: percent * 10_000,
                span: Duration::from_secs(span_s),
            };
            let label = format!("suspicion {ms} ms, {percent} % loss");
            let cost = f64::from(nodes) * span_s as f64;
            let job = Job::new(label, trials, cost, move |seed, progress| {
                study.trial(seed, progress)
            });
            (*percent, job)
        });
        Rung {
            suspicion,
            crash,
            quiet: quiet.collect(),
        }
    };
    LENGTHS_MS.into_iter().map(rung).collect()
}
