//! A cut in halves, and what comes after: how long until all agree again, and
//! what the search for the other half cost meanwhile.

use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The cluster.
    pub ground: Ground,
    /// How long the halves, chosen by chance, do not reach one another.
    pub span: Duration,
    /// So many times, with other halves each time; fair as in `crash.rs`.
    pub cuts: u32,
}

/// Names in the sample.
pub mod name {
    /// From mending until every running member holds exactly the running ones
    /// alive.
    pub const HEALED: &str = "healed";
    /// Calls of the whole cluster, during cuts, to members and seeds that are
    /// not here.
    pub const CALLS: &str = "calls to the absent";
    /// Dials of the whole cluster during cuts, those of one's own side included:
    /// a young cluster has not met everybody yet.
    pub const DIALS: &str = "dials";
    /// How long the cuts were.
    pub const CUT: &str = "cut";
    /// Of [`ACROSS`], those of whom one held the other dead when it was mended.
    pub const DEAD: &str = "held dead when mended";
    /// Pairs across a cut, each of the two counted.
    pub const ACROSS: &str = "pairs across";
}

/// The longest wait for agreement (guess: three times the worst of foca).
const PATIENCE: Duration = Duration::from_secs(600);

impl Cut {
    /// One cluster and its cuts.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        let mut sample = Sample::default();
        for _ in 0..self.cuts {
            let mut half = stage.running();
            stage.rng().shuffle(&mut half);
            half.truncate(stage.count() / 2);
            let before = stage.world().total_traffic().dials;
            let called = stage.calls();
            stage.cut(&half);
            stage.run_for(self.span, &mut |_| {});
            let calls = stage.calls() - called;
            let dials = stage.world().total_traffic().dials - before;
            let [_, _, dead, ..] = stage.tally();
            stage.mend();
            sample.took(name::HEALED, stage.until_exact(PATIENCE));
            sample.counted(name::CALLS, calls);
            sample.counted(name::DIALS, dials);
            sample.counted(name::DEAD, dead as u64);
            let pairs = 2 * half.len() * (stage.running().len() - half.len());
            sample.counted(name::ACROSS, pairs as u64);
            sample.watched(name::CUT, self.span);
            stage.settle(&self.ground.config);
        }
        sample
    }
}
