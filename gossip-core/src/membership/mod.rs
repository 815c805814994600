//! Floor 4: who is here.
//!
//! * [`Roster`]: what we believe of every member, by the law of claims and
//!   accusations; [`Member`] is a row of it, [`Suspicion`] the time a silent one
//!   has, [`Certificate`] what is left of one that is gone.
//! * [`Prober`]: asks one member after another whether it is there, directly
//!   and through relays; and relays for others.
//! * [`Estimate`], [`Awareness`], [`Pace`]: how long answers take, how far we
//!   trust our own eyes, how fast word travels; all three measured.
//! * [`Links`]: to whom we are connected.
//! * [`Book`]: whom to call that is not here.
//! * [`Quorum`]: whether enough voters are here, as an operator counts them;
//!   [`Probation`]: whether one that died is down, or its domain out of sight.
//!
//! The detector is SWIM (Das, Gupta, Motivala 2002): probing in a shuffled
//! round-robin (§4.3), indirect probes (§3.1), suspicion before death (§4.2);
//! with the whole of Lifeguard (Dadgar, Phillips, Currey 2018).

mod awareness;
mod book;
mod certificate;
mod estimate;
mod link;
mod member;
mod pace;
mod probation;
mod probe;
pub mod quorum;
mod relay;
mod roster;
mod suspicion;

pub use awareness::Awareness;
pub use book::Book;
pub use certificate::{Certificate, Certificates, LastWord};
pub use estimate::Estimate;
pub use link::{Link, Links};
pub use member::{Member, Standing};
pub use pace::Pace;
pub use probation::Probation;
pub use probe::{Answer, Finding, Prober, Sight};
pub use quorum::Quorum;
pub use roster::{Heard, Roster};
pub use suspicion::Suspicion;
