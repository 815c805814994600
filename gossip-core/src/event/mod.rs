//! Floor 4: what members tell everybody once, and what they ask.
//!
//! * [`Events`]: what is heard of every run, and the window of what is kept for
//!   those who missed it.
//! * [`Flow`]: our own events under way; it says when there is no room.
//! * [`Asked`]: our queries, and who has answered them.
//! * [`Answering`]: others' queries that wait for our application.
//!
//! # What is promised
//!
//! Of an event that was *accepted*, every member that takes part from then on,
//! and in the end is connected with the others, is told exactly once; or it is
//! told how many of that author's events it missed. The second happens to who
//! was away for longer than the window lasts
//! ([`EVENTS_KEPT`](crate::base::limit::EVENTS_KEPT),
//! [`EVENT_BYTES_KEPT`](crate::base::limit::EVENT_BYTES_KEPT)
//! and [`KEEP`]). A coalescing event may be replaced by a later one of its name.
//! What is accepted is not on any disk: an author that crashes before another
//! member has an event takes it along.
//!
//! Events are told as they come. Their Lamport times and authors put them into
//! one order that is the same everywhere, and in which nothing stands before
//! what its author had heard.

mod answering;
mod asking;
mod flow;
mod run;
mod window;

pub use answering::Answering;
pub use asking::{Asked, Took};
pub use flow::Flow;
pub use window::{Events, Taken, Told};

use core::time::Duration;

/// How long an event is kept for those who missed it; the last one of a run is
/// kept for as long as the run is remembered (guess: ten rounds of comparing
/// everything on a wide area network, twice).
pub const KEEP: Duration = Duration::from_secs(600);
