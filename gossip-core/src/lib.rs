//! The gossip protocol as pure, deterministic state machines.
//!
//! A [`Node`] is one member of a cluster. It learns everything through
//! [`Input`]s and does everything through [`Output`]s; it reads no clock,
//! draws no chance but from its seed, and blocks on nothing. Whoever hosts it
//! (a daemon, a simulator, a test by hand) lends it a network, a disk and the
//! time.
//!
//! ```text
//!   loop {
//!       while let Some(output) = node.poll_output() { carry it out }
//!       wait until node.poll_timeout(), or something happens
//!       node.handle_input(now, what_happened)
//!   }
//! ```
//!
//! `examples/by_hand.rs` is that loop, to be read from top to bottom.
//!
//! The house has floors, and imports point only down:
//!
//! | floor | rooms | role |
//! |---|---|---|
//! | 7 | `sim` (feature) | the world around many nodes |
//! | 6 | [`node`] | the only place that knows all the rooms |
//! | 5 | [`dissemination`] | acts on a picture |
//! | 4 | [`membership`], [`replica`], [`reconcile`], [`event`] | hold a picture |
//! | 3 | [`input`], [`output`], [`quorum`], [`outbox`] | what comes in, what goes out |
//! | 2 | [`message`], [`config`], [`electorate`], [`mongering`], [`watched`] | the vocabulary and its laws |
//! | 1 | [`base`] | identity, time, chance, bounds |
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod base;
pub mod config;
pub mod counters;
pub mod defence;
pub mod dissemination;
pub mod electorate;
pub mod event;
pub mod history;
pub mod input;
pub mod membership;
pub mod message;
pub mod mongering;
pub mod node;
pub mod outbox;
pub mod output;
pub mod quorum;
pub mod reconcile;
pub mod replica;
#[cfg(feature = "sim")]
pub mod sim;
pub mod watched;

pub use base::id::{ClusterId, NodeId};
pub use config::{Config, Identity, Profile};
pub use input::Input;
pub use node::Node;
pub use output::Output;
