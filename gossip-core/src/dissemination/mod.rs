//! Floor 5: how news travels.
//!
//! * [`Hot`]: rumors. What is new is told to a few, again and again, until it
//!   is old; it rides on every datagram that has room.
//! * [`Syncs`]: anti-entropy. Two peers compare everything they hold and send
//!   each other the difference; it repairs whatever rumors missed.

mod compare;
mod follow;
mod picture;
mod rumor;
mod session;
mod sync;
mod tell;

pub use picture::Picture;
pub use rumor::Hot;
pub use sync::Syncs;
