//! Writes: how soon everybody has what one member wrote, at how many copies.
//!
//! By rumors alone, if asked: nobody compares notes meanwhile, so that what they
//! miss shows.

use alloc::format;
use alloc::vec;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage};
use crate::config::Config;
use crate::input::Space;
use crate::message::Scope;
use crate::output::Counters;
use crate::sim::{HostId, World};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The cluster, grown without loss.
    pub ground: Ground,
    /// Of a million packets so many are lost, from then on.
    pub loss_ppm: u32,
    /// How many writes, one after the other, each by another member.
    pub writes: u32,
    /// Bytes of each value.
    pub bytes: usize,
    /// Nobody compares notes but who knows that it misses something.
    pub alone: bool,
}

/// Names in the sample.
pub mod name {
    /// From the write's acknowledgement until everybody has it, or not within
    /// twenty seconds.
    pub const KNOWN: &str = "known to all";
    /// Members that should have had it, one counted for each write.
    pub const COPIES_DUE: &str = "copies due";
    /// Copies that were sent.
    pub const COPIES_SENT: &str = "copies sent";
    /// Copies that came to somebody who had it.
    pub const COPIES_IN_VAIN: &str = "copies in vain";
    /// Members that did not have it when all was quiet.
    pub const MISSED: &str = "copies missed";
    /// Bytes all sent for it, offers and answers included.
    pub const BYTES: &str = "gossip bytes";
}

/// How often the world is looked at, and how long it is waited for.
const STEP: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two writes: the one before is cold.
const APART: Duration = Duration::from_secs(5);

impl Write {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut ground = self.ground.clone();
        if self.alone {
            // The longest there is.
            ground.config.sync_interval = Duration::from_secs(3_600);
        }
        let mut stage = Stage::grown(&ground, seed, progress);
        // Everybody has met everybody: what a handshake costs is not the question.
        meet(stage.world(), &ground.config);
        let world = stage.world();
        world.set_loss(self.loss_ppm);
        let before = spent(world);
        let gossip_before = world.total_traffic().gossip.bytes;
        let mut sample = Sample::default();
        for write in 0..self.writes {
            let author = HostId::new(write % self.ground.nodes);
            let key = format!("k{write}");
            let value = vec![0x5a; self.bytes];
            let ticket = world.put(author, Scope::Own, &key, &value);
            world.run_until(PATIENCE, |world| world.reply(ticket).is_some());
            let start = world.elapsed();
            let space = Space::Own(world.id(author).clone());
            let hosts = world.running();
            let mut waiting = hosts.clone();
            while !waiting.is_empty() && world.elapsed() < start + PATIENCE {
                world.run_for(STEP);
                waiting.retain(|host| world.value(*host, space.clone(), &key).is_none());
            }
            let took = world.elapsed() - start;
            sample.took(name::KNOWN, waiting.is_empty().then_some(took));
            sample.counted(name::COPIES_DUE, hosts.len() as u64);
            sample.counted(name::MISSED, waiting.len() as u64);
            world.run_for(APART);
        }
        let after = spent(world);
        let gossip = world.total_traffic().gossip.bytes - gossip_before;
        sample.counted(name::BYTES, gossip);
        sample.counted(name::COPIES_SENT, after.0 - before.0);
        sample.counted(name::COPIES_IN_VAIN, after.1 - before.1);
        sample
    }
}

/// Lets everybody write once, small, so that links and offers are warm.
fn meet(world: &mut World, config: &Config) {
    for host in world.running() {
        world.put(host, Scope::Own, "hello", b"");
        world.run_for(config.gossip_interval);
    }
    world.run_for(APART * 2);
}

/// Copies sent, and those in vain, by all so far.
fn spent(world: &mut World) -> (u64, u64) {
    let hosts = world.running();
    let counters = hosts.into_iter().filter_map(|host| world.status(host));
    let counters = counters.map(|status| status.counters);
    counters.fold((0, 0), |(sent, vain), of: Counters| {
        (sent + of.copies_sent, vain + of.copies_in_vain)
    })
}
