//! What one member says against another: I cannot reach it, or it is dead.
//!
//! An accusation names the footing its accuser holds first-party. It can only
//! hold against exactly that footing: a newer claim of the accused refutes it,
//! whoever relays that claim. It creates nobody: a suspicion of a member we have
//! no claim of is noise, a verdict on one is kept for the archive.

use super::weight;
use super::{Footing, Sealed};
use crate::base::id::NodeId;

/// How grave it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Charge {
    /// It did not answer me.
    Suspect,
    /// It did not answer, nobody vouched for it, and the time to refute is over.
    Dead,
    /// An operator says that it is gone: condemned at once, without a time to
    /// refute first. It still may: a newer claim of its own brings it back.
    Removed,
    /// An operator says that it will not come back: its row and its values go,
    /// everywhere, and only this certificate stays.
    Forgotten,
}

/// One member about another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accusation {
    /// Who says so. Suspicions are counted by distinct accuser.
    pub accuser: NodeId,
    /// About whom.
    pub accused: NodeId,
    /// The footing of the accused's own claim that the accuser holds.
    pub footing: Footing,
    /// How grave.
    pub charge: Charge,
}

impl Accusation {
    /// An upper bound of its encoded length, in bytes, before sealing.
    pub fn weight(&self) -> usize {
        weight::id(&self.accuser) + weight::id(&self.accused) + 4 * weight::NUMBER
    }
}

impl Sealed<Accusation> {
    /// Whether it condemns, rather than suspects.
    pub fn is_verdict(&self) -> bool {
        self.value.charge > Charge::Suspect
    }
}
