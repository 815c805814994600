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

/// The lengths that are tried, in the unit of the knob.
const FACTORS: [u32; 6] = [2, 3, 4, 5, 6, 8];

/// The losses under which false positives are counted, in percent.
const LOSSES: [u32; 2] = [20, 30];

/// One length of suspicion.
#[derive(Debug)]
pub struct Rung {
    /// The value of the knob.
    pub factor: u32,
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
    let rung = |factor| {
        let mut ground = Ground::new(nodes, Profile::Lan);
        ground.config.suspicion_min = Duration::from_millis(500) * factor;
        ground.config.suspicion_max = ground.config.suspicion_min * 6;
        let crash = Crash {
            ground: ground.clone(),
            loss_ppm: 0,
            crashes,
        };
        let cost = f64::from(nodes * (20 + 40 * crashes));
        let label = format!("suspicion ×{factor}, crashes");
        let crash = Job::new(label, worlds, cost, move |seed, progress| {
            crash.trial(seed, progress)
        });
        let quiet = LOSSES.iter().map(|percent| {
            let study = Quiet {
                ground: ground.clone(),
                loss_ppm: percent * 10_000,
                span: Duration::from_secs(span_s),
            };
            let label = format!("suspicion ×{factor}, {percent} % loss");
            let cost = f64::from(nodes) * span_s as f64;
            let job = Job::new(label, trials, cost, move |seed, progress| {
                study.trial(seed, progress)
            });
            (*percent, job)
        });
        Rung {
            factor,
            crash,
            quiet: quiet.collect(),
        }
    };
    FACTORS.into_iter().map(rung).collect()
}
