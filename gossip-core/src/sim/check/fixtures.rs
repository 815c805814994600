//! Small things to show a rule, so that it fires.

use crate::base::id::NodeId;
use crate::message::{
    Accusation, Batch, Charge, Claim, Draft, Entry, Floor, Footing, Generation, Head, Incarnation,
    Item, Lineage, Op, Presence, Scope, Stamp, Statement, Value, Version,
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

/// A batch of generation 1 that puts a shared key.
pub(super) fn put(by: &str, version: u64, key: &str, value: &str) -> Batch {
    let value = bytes::Bytes::copy_from_slice(value.as_bytes());
    let item = seal(Statement::Batch(Draft {
        author: id(by),
        lineage: Lineage::default().extended(Generation(1), Head::default()),
        first: Version(version),
        floor: Floor::default(),
        entries: [Entry {
            scope: Scope::Shared,
            key: key.parse().unwrap(),
            stamp: Stamp {
                millis: version,
                counter: 0,
            },
            op: Op::Put(Value::new(value).unwrap()),
            replaces: None,
            expires: None,
        }]
        .into(),
    }));
    match item {
        Item::Batch(batch) => batch,
        _ => unreachable!(),
    }
}
