//! Slow members: several members are slow at one moment, well, and slow again, as
//! on machines that have too much to do (Dadgar et al. 2018, "Lifeguard", §V:
//! concurrent anomalies, their duration and interval).
//!
//! There are two ways to be slow. Lifeguard's authors held up every message a
//! member sends or receives while its timers ran on: it sees silence everywhere,
//! and what it concludes from that comes out all at once. Or the whole process
//! stands still, as on a suspended machine.
//!
//! Whoever is slow cannot answer and may be declared dead; that is not
//! held against the protocol. It must not accuse those that were there all the
//! time: only wrongs of healthy members in the eyes of healthy members count
//! (Lifeguard's FP⁻).

use alloc::collections::BTreeSet;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, News, Progress, Stage, What, host};
use super::wrongs::Wrongs;
use crate::defence::Defence;
use crate::sim::{Paths, Rule};

/// In which way members are slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slowness {
    /// Their messages are held up, both ways; their timers run.
    Held,
    /// Their processes stand still.
    Paused,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// The cluster.
    pub ground: Ground,
    /// So many members are slow.
    pub slow: u32,
    /// In this way,
    pub how: Slowness,
    /// for so long,
    pub pause: Duration,
    /// are well for so long,
    pub gap: Duration,
    /// and so on for so long.
    pub span: Duration,
}

/// Names in the sample.
pub mod name {
    /// Time of all nodes together.
    pub const NODE_TIME: &str = super::super::quiet::name::NODE_TIME;
    /// Footings of healthy members that a healthy one suspected.
    pub const SUSPECTED: &str = "healthy members suspected";
}

impl Slow {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        if !self.ground.config.defences.has(Defence::OwnVerdict) {
            // These rules say that verdicts are not simply believed.
            stage.world().leave_off(Rule::Haste);
            stage.world().leave_off(Rule::Transition);
        }
        let slow = stage.some(self.slow as usize);
        let healthy = |member| !slow.contains(&member);
        let mut wrongs = Wrongs::default();
        let mut suspected = BTreeSet::new();
        let mut see = |news: &News| {
            wrongs.see(news, healthy);
            if let What::Member {
                subject, footing, ..
            } = news.what
                && news.suspects().is_some()
                && healthy(news.observer)
                && healthy(subject)
            {
                suspected.insert((subject, footing));
            }
        };
        let start = stage.now();
        while stage.now().since(start) < self.span {
            for member in &slow {
                let (world, host) = (stage.world(), host(*member));
                match self.how {
                    Slowness::Paused => world.pause(host),
                    Slowness::Held => {
                        world.clog(&Paths::into(host), self.pause);
                        world.clog(&Paths::out_of(host), self.pause);
                    }
                }
            }
            stage.run_for(self.pause, &mut see);
            if self.how == Slowness::Paused {
                for member in &slow {
                    stage.world().resume(host(*member));
                }
            }
            stage.run_for(self.gap, &mut see);
        }
        let mut sample = Sample::default();
        wrongs.write(&mut sample);
        sample.counted(name::SUSPECTED, suspected.len() as u64);
        let span = stage.now().since(start);
        sample.watched(name::NODE_TIME, span * self.ground.nodes);
        sample
    }
}
