//! Floor 4: who is here.
//!
//! * [`Roster`]: what we believe of every member, by the law of claims and
//!   accusations.
//! * [`Prober`]: asks one member after another whether it is there, directly
//!   and through relays; and relays for others.
//! * [`Links`]: to whom we are connected, and how far away they are.
//! * [`Book`]: where to look for those we are not connected to.
//! * [`Quorum`]: whether enough voters are here, as an operator counts them.
//!
//! The detector is SWIM (Das, Gupta, Motivala 2002): probing in a shuffled
//! round-robin (§4.3), indirect probes (§3.1), suspicion before death (§4.2).

mod book;
mod link;
mod probe;
pub mod quorum;
mod roster;

pub use book::Book;
pub use link::{Link, Links};
pub use probe::{Finding, Prober};
pub use quorum::Quorum;
pub use roster::{Heard, Member, Roster, Standing};
