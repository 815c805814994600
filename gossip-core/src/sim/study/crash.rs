//! Crashes, one after the other: when does the first member know, and when the
//! last?
//!
//! One grown cluster serves several trials. Between two of them the victim is
//! restarted, everybody agrees again, and twenty probe intervals and a random
//! part of one pass, so that a trial finds the cluster as the one before did,
//! at another point of its probe cycle. That is fair as long as the protocol
//! forgets its dead; clusters of other seeds stand beside to show it.

use core::cell::Cell;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};
use super::wrongs::Wrongs;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// The cluster, grown without loss.
    pub ground: Ground,
    /// Of a million packets so many are lost, from then on.
    pub loss_ppm: u32,
    /// So many members crash, one after the other.
    pub crashes: u32,
}

/// Names in the sample.
pub mod name {
    /// From a crash until the first declares it dead.
    pub const FIRST: &str = "first to know";
    /// From the first until the last.
    pub const REST: &str = "all others";
    /// From the crash until the last.
    pub const ALL: &str = "all know";
    /// From the restart until all agree again.
    pub const BACK: &str = "back";
    /// Time of all nodes together.
    pub const NODE_TIME: &str = super::super::quiet::name::NODE_TIME;
}

/// The longest wait for a verdict (guess: three times the worst of foca).
const PATIENCE: Duration = Duration::from_secs(300);

impl Crash {
    /// One cluster and its crashes.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        stage.world().set_loss(self.loss_ppm);
        let start = stage.now();
        let mut sample = Sample::default();
        let mut wrongs = Wrongs::default();
        for _ in 0..self.crashes {
            let Some(victim) = stage.some(1).first().copied() else {
                break;
            };
            self.one(&mut stage, victim, &mut sample, &mut wrongs);
            stage.restart(victim);
            let back = stage.until_exact(PATIENCE);
            sample.took(name::BACK, back);
            stage.settle(&self.ground.config);
        }
        wrongs.write(&mut sample);
        let span = stage.now().since(start);
        sample.watched(name::NODE_TIME, span * self.ground.nodes);
        sample
    }

    fn one(&self, stage: &mut Stage<'_>, victim: usize, sample: &mut Sample, wrongs: &mut Wrongs) {
        stage.crash(victim);
        let start = stage.now();
        let others = stage.running().len();
        let (mut first, mut last, known) = (None, None, Cell::new(0));
        stage.run_until(
            PATIENCE,
            &mut |news| {
                wrongs.see(news, |_| true);
                if news.condemns() == Some(victim) {
                    first.get_or_insert(news.at);
                    last = Some(news.at);
                    known.set(known.get() + 1);
                }
            },
            |_| known.get() >= others,
        );
        let last = last.filter(|_| known.get() >= others);
        sample.took(name::FIRST, first.map(|at| at.since(start)));
        let rest = first.and_then(|first| last.map(|last| last.since(first)));
        sample.took(name::REST, rest);
        sample.took(name::ALL, last.map(|last| last.since(start)));
    }
}
