//! The protobuf messages as Rust structs: what the bytes say, believed by nobody yet.
//!
//! Generated from `proto/` by `cargo xtask codegen`; the conversions beside
//! this module are the only ones to touch them.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated code is not held to the house rules"
)]

include!("gossip.v1.rs");
