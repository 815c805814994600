//! The transport against itself and against strangers, on real sockets.
//!
//! Loopback only. Tests wait for what they expect, with one generous bound;
//! none sleeps for luck or asserts a tight time.

// The helpers beside the tests: they panic on purpose, and are nobody's API.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod agreed;
mod cap;
mod common;
mod dials;
mod hostile;
mod identities;
mod messages;
mod pool;
mod race;
mod restart;
mod sessions;
mod storm;
mod stranger;
