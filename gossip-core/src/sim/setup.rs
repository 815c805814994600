//! The setup: what a world and its nodes begin with.

use alloc::borrow::ToOwned as _;
use core::time::Duration;

use super::disk::DiskSetup;
use super::journal::Journal;
use super::network::NetworkSetup;
use crate::base::id::NodeId;
use crate::base::time::WallTime;
use crate::config::Config;

/// What a world begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Everything that is left to chance comes from it.
    pub seed: u64,
    /// How packets travel.
    pub network: NetworkSetup,
    /// How every host's disk behaves.
    pub disk: DiskSetup,
    /// What a right wall clock shows when the world begins.
    pub wall: WallTime,
    /// By how much a host's wall clock may be off, either way (50 ms: guess, a
    /// host with NTP).
    pub wall_error: Duration,
    /// How many lines of the trace are kept; none unless asked for.
    pub trace_lines: usize,
}

impl Setup {
    /// A datacenter without faults, at a round moment in 2025.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            network: NetworkSetup::default(),
            disk: DiskSetup::default(),
            wall: WallTime::from_millis(1_750_000_000_000),
            wall_error: Duration::from_millis(50),
            trace_lines: 0,
        }
    }

    /// The same, with so many of a million packets lost from the start.
    #[must_use]
    pub fn losing(mut self, ppm: u32) -> Self {
        self.network.loss_ppm = ppm;
        self
    }

    /// The same, with the last lines of the trace kept.
    #[must_use]
    pub const fn traced(mut self, lines: usize) -> Self {
        self.trace_lines = lines;
        self
    }
}

/// What a node begins with.
#[derive(Debug, Clone)]
pub struct NodeSetup {
    /// Its name. Two hosts may run the same one: that is a fault worth having.
    pub id: NodeId,
    /// Its knobs, seeds among them.
    pub config: Config,
    /// What is on its disk.
    pub journal: Journal,
}

impl NodeSetup {
    /// A node with a name, the default knobs, no seeds and an empty disk.
    ///
    /// # Panics
    /// Where `name` is not the name of a node.
    pub fn named(name: &str) -> Self {
        Self {
            // tidy: allow(panic): the test wrote the name
            id: name.parse().expect("the name of a node"),
            config: Config::default(),
            journal: Journal::default(),
        }
    }

    /// The same, with one more seed: the name of a node, which leads to the
    /// first host that was added with it, or any name given to
    /// [`World::resolve`](super::World::resolve).
    #[must_use]
    pub fn joining(mut self, seed: &str) -> Self {
        self.config.seeds.push(seed.to_owned());
        self
    }
}
