//! A cold start: everybody starts at one moment and knows one seed. When does
//! everybody know everybody?

use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cold {
    /// The cluster.
    pub ground: Ground,
}

/// Names in the sample.
pub mod name {
    /// From the start until everybody takes part and holds all others alive.
    pub const EXACT: &str = "all know all";
}

/// The longest wait (guess: twice what foca needs for 1 000).
const PATIENCE: Duration = Duration::from_secs(600);

impl Cold {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::open(&self.ground, seed, progress);
        let mut sample = Sample::default();
        sample.took(name::EXACT, stage.until_exact(PATIENCE));
        sample
    }
}
