//! Checks: what must hold at every step of every run, whatever the network does.
//!
//! One rule a file, each with a test in which it fires. A rule that is broken
//! stops the run with the seed, the time and the last lines of the trace.

mod alarm;
mod answers;
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
mod heads;
mod hearing;
mod issued;
mod keys;
mod merge;
mod monotone;
mod myself;
mod ownership;
mod progress;
mod promise;
mod quiet;
mod replies;
mod reset;
mod rule;
mod said;
mod share;
mod size;
mod sketch;
mod statement;
mod told;
mod truth;
mod watch;

pub(super) use answers::{Given, Questions};
pub(super) use awareness::still_distrusts_itself;
pub(super) use bounds::pours_out;
pub(super) use durable::{told_before_durable, written_before_durable};
pub(super) use exact::{Truly, is_wrong_about};
pub(super) use generation::SpokenGeneration;
pub(super) use heads::{Heads, Prints};
pub(super) use issued::Issued;
pub(super) use keys::{Keys, outlasts_its_time};
pub(super) use ownership::tells_what_was_never_issued;
pub(super) use progress::Progress;
pub(super) use promise::{Promises, Tops};
pub(super) use quiet::still_tells;
pub(super) use replies::Replies;
pub(super) use reset::Resets;
pub use rule::Rule;
pub(super) use rule::Rules;
pub(super) use said::{Latest, Said};
pub(super) use share::{Excess, overfills};
pub(super) use size::outgrows_its_carrier;
pub(super) use statement::is_malformed;
pub(super) use told::Ledger;
pub(super) use truth::Truth;
pub(super) use watch::{Scene, Watch};

use alloc::string::String;

/// What a rule says when it is broken.
pub(super) type Verdict = Result<(), String>;

/// What the rules remember of one process.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) generation: SpokenGeneration,
    pub(super) progress: Progress,
    pub(super) watch: Watch,
    pub(super) keys: Keys,
    pub(super) heads: Heads,
    pub(super) resets: Resets,
    pub(super) latest: Latest,
    pub(super) questions: Questions,
    pub(super) excess: Excess,
}
