//! The number that ties an ack to its ping.

/// Chosen by the asker, meaningless to anybody else. Never reused in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(pub u64);
