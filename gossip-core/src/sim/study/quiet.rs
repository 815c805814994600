//! Quiet hours: nobody does anything, the network loses packets, and nobody
//! should be declared dead.
//!
//! Also the study behind idle traffic (what a node sends when nothing happens)
//! and behind the simulator's own speed: the host takes the time around it.

use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};
use super::wrongs::Wrongs;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// The cluster, grown without loss.
    pub ground: Ground,
    /// Of a million packets so many are lost, from then on.
    pub loss_ppm: u32,
    /// For so long.
    pub span: Duration,
}

/// Names in the sample.
pub mod name {
    /// Time of all nodes together.
    pub const NODE_TIME: &str = "node time";
    /// Bytes all have put on the wire in it, as UDP payload.
    pub const WIRE: &str = "bytes on the wire";
    /// Bytes of the messages in them.
    pub const BYTES: &str = "bytes";
    /// Messages all have sent in it.
    pub const MESSAGES: &str = "messages";
    /// Members that were suspected, counted where it was told.
    pub const SUSPECTED: &str = "suspicions told";
}

impl Quiet {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        stage.world().set_loss(self.loss_ppm);
        let before = stage.world().total_traffic();
        let (mut wrongs, mut suspected) = (Wrongs::default(), 0);
        stage.run_for(self.span, &mut |news| {
            wrongs.see(news, |_| true);
            suspected += u64::from(news.suspects().is_some());
        });
        let after = stage.world().total_traffic();
        let mut sample = Sample::default();
        wrongs.write(&mut sample);
        sample.watched(name::NODE_TIME, self.span * self.ground.nodes);
        sample.counted(name::SUSPECTED, suspected);
        sample.counted(name::BYTES, after.sent.bytes - before.sent.bytes);
        sample.counted(name::WIRE, after.wire.bytes - before.wire.bytes);
        sample.counted(name::MESSAGES, after.sent.messages - before.sent.messages);
        sample
    }
}
