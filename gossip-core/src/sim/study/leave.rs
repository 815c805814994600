//! Members leave of their own will: when do all others know?
//!
//! One grown cluster serves several trials, fair as in `crash.rs`.

use core::cell::Cell;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};
use crate::output::MemberStatus;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// The cluster.
    pub ground: Ground,
    /// So many leave and come back, one after the other.
    pub leaves: u32,
}

/// Names in the sample.
pub mod name {
    /// From the command until the last one holds it for left.
    pub const KNOWN: &str = "leave known to all";
}

/// The longest wait (guess: two comparisons of everything in profile `wan`).
const PATIENCE: Duration = Duration::from_secs(60);

impl Leave {
    /// One cluster and its leaves.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        let mut sample = Sample::default();
        for _ in 0..self.leaves {
            let Some(member) = stage.some(1).first().copied() else {
                break;
            };
            stage.leave(member);
            let start = stage.now();
            let others = stage.running().len();
            let (mut last, known) = (None, Cell::new(0));
            let all = stage.run_until(
                PATIENCE,
                &mut |news| {
                    if news.holds(MemberStatus::Left) == Some(member) {
                        last = Some(news.at);
                        known.set(known.get() + 1);
                    }
                },
                |_| known.get() >= others,
            );
            let last = last.filter(|_| all);
            sample.took(name::KNOWN, last.map(|at| at.since(start)));
            stage.settle(&self.ground.config);
            stage.restart(member);
            stage.until_exact(PATIENCE);
            stage.settle(&self.ground.config);
        }
        sample
    }
}
