//! The gossip protocol as pure, deterministic state machines.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;

pub mod base;
pub mod config;
pub mod input;
pub mod message;
pub mod node;
pub mod outbox;
pub mod output;
