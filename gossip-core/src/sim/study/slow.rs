//! Slow members: several processes stand still at one moment, go on, and stand
//! still again, as on machines that have too much to do (Dadgar et al. 2017,
//! "Lifeguard", §V: concurrent anomalies, their duration and interval).
//!
//! Whoever stands still cannot answer and may be declared dead; that is not
//! held against the protocol. When it goes on it must not accuse those that
//! were there all the time: only wrongs of healthy members in the eyes of
//! healthy members count (Lifeguard's FP⁻).

use alloc::collections::BTreeSet;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, News, Progress, Stage, What, host};
use super::wrongs::Wrongs;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// The cluster.
    pub ground: Ground,
    /// So many members are slow.
    pub slow: u32,
    /// They stand still for so long,
    pub pause: Duration,
    /// go on for so long,
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
                stage.world().pause(host(*member));
            }
            stage.run_for(self.pause, &mut see);
            for member in &slow {
                stage.world().resume(host(*member));
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
