//! Small things to show a rule, so that it fires.

use crate::base::id::NodeId;
use crate::message::{
    Accusation, Charge, Claim, Footing, Generation, Incarnation, Item, Presence, Statement,
};
use crate::sim::sealer::seal;

pub(super) fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

pub(super) fn footing(generation: u64, incarnation: u64) -> Footing {
    Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    }
}

pub(super) fn claimed(name: &str, footing: Footing, presence: Presence) -> Claim {
    Claim {
        member: id(name),
        footing,
        presence,
        addrs: [].into(),
    }
}

pub(super) fn claim(name: &str, footing: Footing) -> Item {
    seal(Statement::Claim(claimed(name, footing, Presence::Alive)))
}

pub(super) fn accusation(by: &str, of: &str, footing: Footing, charge: Charge) -> Item {
    seal(Statement::Accusation(Accusation {
        accuser: id(by),
        accused: id(of),
        footing,
        charge,
    }))
}
