//! Floor 5: how news travels.
//!
//! * [`Hot`]: rumors. What is new is told to a few, again and again, until it
//!   is old; it rides on every datagram that has room.
//! * [`Syncs`]: anti-entropy. Two peers compare everything they hold and send
//!   each other the difference; it repairs whatever rumors missed.
//! * [`History`]: how the last sessions went, and how old news was.
//! * [`Method`] and [`Mongering`]: the choices of the literature as plain
//!   rules. [`Heat`] is one rumor's interest at one member.
//! * [`fanout`]: how many to call, so that everybody knows in time.
//! * [`Pieces`]: what comes of a log in a session, until it is all there.

pub mod fanout;
mod history;
mod method;
mod mongering;
mod picture;
mod pieces;
mod rumor;
mod sync;

pub use history::History;
pub use method::Method;
pub use mongering::{Heat, Mode, Mongering, Stop};
pub use picture::Picture;
pub use pieces::Pieces;
pub use rumor::Hot;
pub use sync::Syncs;
