//! Epidemics on paper: one update, many members, and cycles in which everybody
//! acts at once.
//!
//! The [`World`](super::World) plays whole nodes on a network; this plays
//! nothing but the rule by which an update travels, so that what the
//! literature says of the rule can be checked: millions of members a second, no
//! network, no clock. It uses the node's own rules ([`Mongering`], [`Heat`]).
//!
//! ```text
//!   cycle t:  who calls?      push: the hot; pull, push-pull: everybody
//!             whom?           uniformly one of the others, `fanout` times
//!             as of when?     everybody acts on how all stood when it began
//!             then            who was reached is hot from cycle t + 1;
//!                             every hot one judges its interest, once
//! ```
//!
//! The model is that of Demers et al. 1987 as far as it can be told from their
//! tables: *useful* is a contact whose other end did not know when the cycle
//! began (two that reach the same member in one cycle were both useful);
//! traffic counts sent updates, useful or not, and neither requests nor
//! refusals; a removed member serves nothing, so a pull that reaches it is
//! wasted. Any other reading misses the residue by a sixth or more: feedback
//! one after the other leaves 0.203 for k = 1 instead of 0.174.
//!
//! * [`Epidemic`]: what is played; [`Outcome`]: how one run ended.
//! * [`Summary`]: means, deviations and errors of many.
//! * [`demers`]: the paper's Tables 1 to 3, and the gates.

pub mod demers;
mod round;
mod summary;
#[cfg(test)]
mod tests;

use crate::base::rng::Rng;
use crate::dissemination::Method;

use round::Round;
pub use summary::{Stat, Summary};

#[cfg(doc)]
use crate::dissemination::{Heat, Mongering};

/// Most members of one epidemic (a member costs about 24 bytes).
pub const NODES: u32 = 10_000_000;

/// One update among many members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epidemic {
    /// How many members, at least 2 and at most [`NODES`]; the first has the
    /// update.
    pub nodes: u32,
    /// How it travels.
    pub method: Method,
    /// How many others each caller calls in a cycle, at least 1.
    pub fanout: u32,
    /// How many calls a member accepts in a cycle; `None`: all. Its own do not
    /// count.
    pub connection_limit: Option<u32>,
    /// How often a refused caller tries somebody else in the same cycle.
    pub hunt: u32,
    /// To how many others the first tells it itself, before anything else.
    pub mail: u32,
    /// How many of a million contacts fail, without anybody learning of it.
    pub loss_ppm: u32,
}

impl Epidemic {
    /// One call a cycle, no limits, no loss.
    pub const fn new(nodes: u32, method: Method) -> Self {
        Self {
            nodes,
            method,
            fanout: 1,
            connection_limit: None,
            hunt: 0,
            mail: 0,
            loss_ppm: 0,
        }
    }

    /// Plays it once. The same seed gives the same outcome for ever.
    pub fn run(&self, seed: u64) -> Outcome {
        let mut rng = Rng::new(seed);
        let mut round = Round::new(self);
        round.mail(&mut rng);
        while round.is_alive() && round.cycle() < CYCLES {
            round.play(&mut rng);
        }
        round.outcome()
    }
}

/// An epidemic that lives longer is cut off (guess: the longest anybody would
/// ask for, blind with a coin of k = 100, dies within a thousand).
const CYCLES: u32 = 100_000;

/// How one run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How many members took part.
    pub nodes: u32,
    /// How many never heard.
    pub missed: u32,
    /// Updates sent, useful or not.
    pub sent: u64,
    /// The cycles in which members heard, added up; the first heard in 0.
    pub arrivals: u64,
    /// The last cycle in which anybody heard.
    pub last: u32,
    /// The cycle after which nothing happens any more.
    pub quiet: u32,
    /// Calls that were made, and those of them that nobody accepted.
    pub calls: u64,
    /// Calls that were refused, each try counted.
    pub refused: u64,
}

impl Outcome {
    /// The share of members that never heard.
    pub fn residue(&self) -> f64 {
        f64::from(self.missed) / f64::from(self.nodes)
    }

    /// Updates sent a member.
    pub fn traffic(&self) -> f64 {
        self.sent as f64 / f64::from(self.nodes)
    }

    /// When a member heard, on average over those that did; in cycles.
    pub fn t_ave(&self) -> f64 {
        self.arrivals as f64 / f64::from((self.nodes - self.missed).max(1))
    }

    /// When the last one heard, in cycles.
    pub fn t_last(&self) -> f64 {
        f64::from(self.last)
    }

    /// Whether everybody heard.
    pub const fn is_complete(&self) -> bool {
        self.missed == 0
    }
}
