//! Many crashes at one moment: all of them are found, and nobody else is taken
//! for one of them.

use alloc::collections::BTreeMap;
use core::cell::RefCell;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};
use super::wrongs::Wrongs;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many {
    /// The cluster.
    pub ground: Ground,
    /// So many crash at one moment.
    pub crashes: u32,
}

/// Names in the sample.
pub mod name {
    /// From the crash until everybody knows of every one.
    pub const ALL: &str = "all crashes known to all";
}

/// The longest wait (guess: three times the worst of foca).
const PATIENCE: Duration = Duration::from_secs(300);

/// Beyond that, what a storm of verdicts may still do wrong shows within this.
const AFTER: Duration = Duration::from_secs(60);

impl Many {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        let victims = stage.some(self.crashes as usize);
        victims.iter().for_each(|victim| stage.crash(*victim));
        let start = stage.now();
        let wanted = stage.running().len() * victims.len();
        let mut wrongs = Wrongs::default();
        let known = RefCell::new(BTreeMap::new());
        stage.run_until(
            PATIENCE,
            &mut |news| {
                wrongs.see(news, |_| true);
                if let Some(victim) = news.condemns().filter(|it| victims.contains(it)) {
                    known
                        .borrow_mut()
                        .entry((news.observer, victim))
                        .or_insert(news.at);
                }
            },
            |_| known.borrow().len() >= wanted,
        );
        stage.run_for(AFTER, &mut |news| wrongs.see(news, |_| true));
        let known = known.into_inner();
        let last = known.values().max().filter(|_| known.len() >= wanted);
        let mut sample = Sample::default();
        sample.took(name::ALL, last.map(|at| at.since(start)));
        wrongs.write(&mut sample);
        sample
    }
}
