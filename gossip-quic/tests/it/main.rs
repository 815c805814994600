//! The transport against itself and against strangers, on real sockets.
//!
//! Loopback only. Tests wait for what they expect, with one generous bound;
//! none sleeps for luck or asserts a tight time.

#![allow(unreachable_pub)] // helpers for the modules beside them

mod common;
mod dials;
mod hostile;
mod identities;
mod messages;
mod pool;
mod restart;
mod sessions;
mod storm;
mod stranger;
