//! Floor 5: how news travels.
//!
//! * [`Hot`]: news of members. It is told blindly, a multiple of log n times,
//!   and rides on every datagram that has room.
//! * [`News`]: what members write. Told by the rule that is configured: to a
//!   few at once, then by name alone, until those who are told know it.
//! * [`Syncs`]: anti-entropy. Two peers compare everything they hold and send
//!   each other the difference; it repairs whatever rumors missed.
//! * [`History`]: how the last sessions went, and how old news was.
//! * [`Method`] and [`Mongering`]: the choices of the literature as plain
//!   rules. [`Heat`] is one rumor's interest at one member.
//! * [`fanout`]: how many to call, so that everybody knows in time; [`Loss`]
//!   measures how many calls fail, [`Zones`] says who is near.
//! * [`Early`]: writes that overtook what they follow on.
//! * [`Flows`]: logs that grow too fast for rumors, told by head; [`Tails`]: who
//!   lacks some of one follows it at a peer, along a tree.
//! * [`Pieces`]: what comes of a log in a session, until it is all there.
//! * [`Budget`]: how much bulk goes to one peer and to all; [`Serving`]: who waits
//!   for it.
//! * [`Fetches`]: large entries, chunk by chunk, from several holders; [`Shelf`]
//!   is the other end.

mod budget;
mod compare;
mod early;
pub mod fanout;
mod fetch;
mod flight;
mod flows;
mod follow;
mod heat;
mod history;
mod known;
mod load;
mod loss;
mod method;
mod news;
mod order;
mod picture;
mod pieces;
mod rumor;
mod serving;
mod session;
mod shelf;
mod spare;
mod sync;
mod tails;
mod tell;
mod window;

pub use history::History;
mod zones;

pub use crate::mongering::{Mode, Mongering, Stop};
pub use budget::Budget;
pub use early::{Early, Lacked};
pub use fetch::{Done, Fetches};
pub use flows::Flows;
pub use heat::Heat;
pub use known::Overdue;
pub use loss::Loss;
pub use method::Method;
pub use news::{Heard, News, Telling, Terms};
pub use picture::Picture;
pub use pieces::Pieces;
pub use rumor::Hot;
pub use serving::Serving;
pub use shelf::Shelf;
pub use sync::Syncs;
pub use tails::{Tails, has_large, is_of};
pub use zones::Zones;
