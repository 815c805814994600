//! Studies: questions about a cluster, answered by many runs.
//!
//! A study is plain data (how many members, what goes wrong, for how long) and
//! one function, `trial(seed, progress)`, that plays it once on a [`World`]
//! and returns a [`Sample`]. Samples of many seeds are joined; percentiles and
//! rates come from the sum. Nothing here reads a clock, starts a thread or
//! prints: the host does, and may run trials side by side, because a trial
//! depends on its seed alone.
//!
//! ```text
//!   study + seed ──▶ trial ──▶ Sample ─┐
//!   study + seed ──▶ trial ──▶ Sample ─┼─ join ──▶ percentiles, rates ──▶ report
//!   study + seed ──▶ trial ──▶ Sample ─┘
//! ```
//!
//! [`World`]: super::World

mod cold;
mod crash;
mod cut;
pub mod exchange;
mod leave;
mod many;
mod outlook;
mod percentiles;
mod quiet;
pub mod report;
mod restart;
mod sample;
mod sick;
mod slow;
mod stage;
#[cfg(test)]
mod tests;
pub mod trade;
mod views;
mod write;
mod wrongs;

pub use cold::{Cold, name as cold_name};
pub use crash::{Crash, name as crash_name};
pub use cut::{Cut, name as cut_name};
pub use leave::{Leave, name as leave_name};
pub use many::{Many, name as many_name};
pub use outlook::{Idle, Outlook, Seen, Spread, TALLY, average};
pub use percentiles::{Length, Percentiles, upper_bound};
pub use quiet::{Quiet, name as quiet_name};
pub use restart::{Restart, name as restart_name};
pub use sample::Sample;
pub use sick::{Ailment, Sick, name as sick_name};
pub use slow::{Slow, Slowness, name as slow_name};
pub use stage::{Ground, News, Progress, Stage, What};
pub use write::{Write, name as write_name};
pub use wrongs::Wrongs;
