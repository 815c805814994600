//! Floor 7: the simulator. Many nodes, a world around them, and time that
//! passes only when something happens.
//!
//! A [`World`] is one host of the contract in [`input`](crate::input) and
//! [`output`](crate::output), like the agent and like the example by hand. It
//! does everything a real host does (links, sealing, a journal) with a model in
//! the place of each, and everything it leaves to chance comes from one seed:
//! the same seed gives the same run for ever, on every machine.
//!
//! ```text
//!            ┌───────────────────────── World ─────────────────────────┐
//!            │  queue of events: (time, turn) ─▶ one at a time         │
//!   seed ──▶ │     │                                                   │
//!   faults ─▶│     ▼                                                   │ ──▶ pictures,
//!   commands▶│  Host ── Input ──▶ Node ── Output ──▶ links, network,   │     replies,
//!            │   clocks, disk                        disk, sealer      │     traffic,
//!            │                        checks look at every output      │     trace hash
//!            └─────────────────────────────────────────────────────────┘
//! ```
//!
//! ```
//! use gossip_core::sim::{NodeSetup, Setup, World};
//! use gossip_core::output::MemberStatus;
//! use core::time::Duration;
//!
//! let mut world = World::new(Setup::seeded(1));
//! let first = world.add(NodeSetup::named("n0"));
//! let second = world.add(NodeSetup::named("n1").joining("n0"));
//! world.run_for(Duration::from_secs(5));
//! world.crash(first);
//! world.run_for(Duration::from_secs(5));
//! assert!(world.picture(second).deaths <= 1);
//! # let _ = MemberStatus::Dead;
//! ```
//!
//! What it models, and what it leaves out, stands in the file of each thing:
//! [`NetworkSetup`] and [`Weather`] (latency, loss, bandwidth, order, copies),
//! [`Paths`] (cuts and clogs in one direction), [`DiskSetup`] (sync, failure,
//! crash), [`Journal`], [`Traffic`]. The rules that hold at every step are in
//! `check/`. Links behave as gossip-quic's do: a handshake takes as long as
//! measured, silence ends them, a later run of a name outlives an earlier one.
//! It has no congestion control (streams take the bandwidth there is, in the
//! order they come), one address a host, and a seed's name leads where it
//! should at once.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a simulator stops at the first surprise, and no peer feeds it"
)]

mod act;
mod archive;
mod ask;
mod backlog;
mod chance;
mod check;
mod clock;
mod delivery;
mod disk;
pub mod epidemic;
mod exchange;
mod fault;
mod handshake;
mod hash;
mod host;
mod journal;
mod link;
mod machine;
pub mod marks;
mod names;
mod network;
mod path;
mod picture;
mod queue;
pub mod reader;
pub mod scenario;
mod sealer;
mod session;
mod setup;
mod slab;
pub mod study;
#[cfg(test)]
mod tests;
mod trace;
mod traffic;
mod wakes;
mod watching;
mod weather;
mod wire;
mod wiring;
mod world;

pub use check::Rule;
pub use disk::DiskSetup;
pub use hash::RunningHash;
pub use host::HostId;
pub use journal::Journal;
pub use machine::Machine;
pub use network::NetworkSetup;
pub use picture::{Picture, Shown};
pub use sealer::seal;
pub use setup::{NodeSetup, Setup};
pub use traffic::{Tally, Traffic};
pub use watching::Broken;
pub use weather::{Burst, Hosts, Latency, Paths, Weather};
pub use wire::Wire;
pub use world::World;
