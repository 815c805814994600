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
    /// How long it lives before anything is counted. In one round of probes
    /// (as many probe intervals as there are members) everybody gets its
    /// connection to everybody; handshakes are most of what a young cluster
    /// sends.
    pub warm_up: Duration,
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
    /// The same, while it warmed up.
    pub const WARMING: &str = "bytes while warming up";
    /// Time of all nodes together while it warmed up.
    pub const WARM_TIME: &str = "node time warming up";
    /// Connections when it had warmed up, counted at both ends.
    pub const LINKS: &str = "links when warm";
    /// Nodes times the others there are, when it had warmed up.
    pub const PAIRS: &str = "pairs when warm";
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
        let mut sample = Sample::default();
        if !self.warm_up.is_zero() {
            self.warm(&mut stage, &mut sample);
        }
        stage.world().set_loss(self.loss_ppm);
        let before = stage.world().total_traffic();
        let (mut wrongs, mut suspected) = (Wrongs::default(), 0);
        stage.run_for(self.span, &mut |news| {
            wrongs.see(news, |_| true);
            suspected += u64::from(news.suspects().is_some());
        });
        let after = stage.world().total_traffic();
        wrongs.write(&mut sample);
        sample.watched(name::NODE_TIME, self.span * self.ground.nodes);
        sample.counted(name::SUSPECTED, suspected);
        sample.counted(name::BYTES, after.sent.bytes - before.sent.bytes);
        sample.counted(name::WIRE, after.wire.bytes - before.wire.bytes);
        sample.counted(name::MESSAGES, after.sent.messages - before.sent.messages);
        sample
    }

    /// Lets connections be made, and says what that cost.
    fn warm(&self, stage: &mut Stage<'_>, sample: &mut Sample) {
        let before = stage.world().total_traffic().wire.bytes;
        stage.run_for(self.warm_up, &mut |_| {});
        let after = stage.world().total_traffic().wire.bytes;
        let nodes = u64::from(self.ground.nodes);
        let world = stage.world();
        let links: usize = world.hosts().map(|host| world.links(host)).sum();
        sample.counted(name::WARMING, after - before);
        sample.watched(name::WARM_TIME, self.warm_up * self.ground.nodes);
        sample.counted(name::LINKS, links as u64);
        sample.counted(name::PAIRS, nodes * nodes.saturating_sub(1));
    }
}
