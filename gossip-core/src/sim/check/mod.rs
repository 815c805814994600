//! Checks: what must hold at every step of every run, whatever the network does.
//!
//! One rule a file, each with a test in which it fires. A rule that is broken
//! stops the run with the seed, the time and the last lines of the trace.

mod durable;
mod generation;
mod progress;
mod replies;
mod size;
mod statement;

pub(super) use durable::{told_before_durable, written_before_durable};
pub(super) use generation::SpokenGeneration;
pub(super) use progress::Progress;
pub(super) use replies::Replies;
pub(super) use size::outgrows_its_carrier;
pub(super) use statement::is_malformed;

use alloc::string::String;

/// What a rule says when it is broken.
pub(super) type Verdict = Result<(), String>;

/// What the rules remember of one process.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) generation: SpokenGeneration,
    pub(super) progress: Progress,
}
