//! Checks: what must hold at every step of every run, whatever the network does.
//!
//! One rule a file, each with a test in which it fires. A rule that is broken
//! stops the run with the seed, the time and the last lines of the trace.

mod alarm;
mod awareness;
mod birth;
mod bounds;
mod bump;
mod durable;
mod exact;
mod fairness;
#[cfg(test)]
mod fixtures;
mod fold;
mod generation;
mod haste;
mod monotone;
mod myself;
mod ownership;
mod progress;
mod quiet;
mod replies;
mod rule;
mod size;
mod statement;
mod told;
mod truth;
mod watch;

pub(super) use awareness::still_distrusts_itself;
pub(super) use bounds::pours_out;
pub(super) use durable::{told_before_durable, written_before_durable};
pub(super) use exact::{Truly, is_wrong_about};
pub(super) use generation::SpokenGeneration;
pub(super) use ownership::tells_what_was_never_issued;
pub(super) use progress::Progress;
pub(super) use quiet::still_tells;
pub(super) use replies::Replies;
pub use rule::Rule;
pub(super) use rule::Rules;
pub(super) use size::outgrows_its_carrier;
pub(super) use statement::is_malformed;
pub(super) use told::Ledger;
pub(super) use truth::Truth;
pub(super) use watch::Watch;

use alloc::string::String;

/// What a rule says when it is broken.
pub(super) type Verdict = Result<(), String>;

/// What the rules remember of one process.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) generation: SpokenGeneration,
    pub(super) progress: Progress,
    pub(super) watch: Watch,
}
