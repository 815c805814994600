//! A mass restart: everybody stops at one moment and starts at one moment, and
//! those that were gone before stay gone.
//!
//! Of the members, one in fifty (at least one) has crashed and one in fifty
//! has left, and everybody knew, before the rest goes down. Journals remember
//! both. Whoever is told alive afterwards without running has come back from
//! the dead.

use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, News, Progress, Stage};
use crate::output::MemberStatus;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// The cluster.
    pub ground: Ground,
    /// How long nobody runs.
    pub down: Duration,
}

/// Names in the sample.
pub mod name {
    /// From the start of all until every running member holds exactly the
    /// running ones alive.
    pub const EXACT: &str = "exact after the restart";
    /// Members that do not run and were told alive, each observer counted.
    pub const REVIVED: &str = "revived";
}

/// The longest wait (guess: five times what is hoped for).
const PATIENCE: Duration = Duration::from_secs(600);

/// After agreement, for so long ghosts may still appear (guess: three
/// comparisons of everything in profile `lan`).
const AFTER: Duration = Duration::from_secs(30);

impl Restart {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        let few = (stage.count() / 50).max(1);
        let gone = stage.some(few * 2);
        for (number, member) in gone.iter().enumerate() {
            if number % 2 == 0 {
                stage.crash(*member);
            } else {
                stage.leave(*member);
            }
        }
        stage.until_exact(PATIENCE);
        stage.settle(&self.ground.config);

        let members = stage.running();
        members.iter().for_each(|member| stage.crash(*member));
        stage.run_for(self.down, &mut |_| {});
        members.iter().for_each(|member| stage.restart(*member));
        let start = stage.now();
        let mut revived = 0;
        let mut see = |news: &News| {
            let alive = news.holds(MemberStatus::Alive);
            revived += u64::from(alive.is_some_and(|member| gone.contains(&member)));
        };
        stage.run_until(PATIENCE, &mut see, Stage::is_exact);
        let exact = stage.exact_since().map(|at| at.since(start));
        stage.run_for(AFTER, &mut see);
        let mut sample = Sample::default();
        sample.took(name::EXACT, exact);
        sample.counted(name::REVIVED, revived);
        sample
    }
}
