//! The journal: what a node still knows after its process died.

mod counters;
mod error;

pub use counters::JournalCounters;
pub use error::JournalError;
