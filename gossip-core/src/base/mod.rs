//! Floor 1: identity, time, chance and bounds. Nothing here knows the protocol.

pub mod agreed;
pub mod id;
pub mod limit;
pub mod rng;
pub mod siphash;

pub mod time;
pub mod touched;
