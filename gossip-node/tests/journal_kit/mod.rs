//! What the journal's tests share: logs that write themselves, and openings.
#![allow(dead_code)]

use std::path::Path;

use bytes::Bytes;
use gossip_core::input::{DiskError, PersistId, Saved};
use gossip_core::message::{
    Accusation, Batch, Charge, Claim, Draft, Entry, Footing, Generation, Head, Incarnation, Item,
    Lineage, Op, Presence, Scope, Sealed, Stamp, Statement, Value, Version,
};
use gossip_node::journal::{Completions, Journal, Opened, Owner, Point, Witness};

pub(crate) fn owner(node: &str) -> Owner {
    Owner {
        cluster: "test".parse().unwrap(),
        node: node.parse().unwrap(),
    }
}

pub(crate) fn open(dir: &Path) -> Opened {
    Journal::open(dir, &owner("n1")).unwrap()
}

/// Fails the `failing`-th commit (from one) from inside the store.
pub(crate) fn open_failing(dir: &Path, failing: u64) -> Opened {
    struct Failing(u64, u64);
    impl Witness for Failing {
        fn at(&mut self, point: Point) {
            if point == Point::Inside {
                self.0 += 1;
                assert_ne!(self.0, self.1, "a fault on purpose");
            }
        }
    }
    Journal::open_witnessed(dir, &owner("n1"), Box::new(Failing(0, failing))).unwrap()
}

/// Waits until a record is on disk, or is not.
pub(crate) fn wait_for(completions: &mut Completions, id: PersistId) -> Result<(), DiskError> {
    loop {
        let done = completions
            .blocking_recv()
            .expect("the journal's thread lives");
        if let Some((_, end)) = done.persisted.iter().find(|(told, _)| *told == id) {
            return *end;
        }
    }
}

/// The versions saved of one author.
pub(crate) fn saved_entries(saved: &Saved, author: &str) -> Vec<u64> {
    let batches = saved.batches.iter();
    batches
        .filter(|batch| batch.author().as_str() == author)
        .flat_map(|batch| batch.parts.iter().map(|part| batch.version(part.index).0))
        .collect()
}

/// An author who writes.
#[derive(Clone)]
pub(crate) struct Log {
    author: String,
    lineage: Lineage,
    head: Head,
}

impl Log {
    pub(crate) fn new(author: &str, generation: u64) -> Self {
        Self {
            author: author.to_owned(),
            lineage: Lineage::default().extended(Generation(generation), Head::default()),
            head: Head {
                generation: Generation(generation),
                version: Version(0),
            },
        }
    }

    /// The same history, to go on differently.
    pub(crate) fn fork(&self) -> Self {
        self.clone()
    }

    /// A new run, which continues from here.
    pub(crate) fn restart(&mut self, generation: u64) {
        self.lineage = self.lineage.extended(Generation(generation), self.head);
        self.head.generation = Generation(generation);
    }

    /// The next batch: keys and values, `None` deletes.
    pub(crate) fn batch(&mut self, writes: &[(&str, Option<&str>)]) -> Batch {
        let entries: Vec<Entry> = writes
            .iter()
            .map(|(key, value)| Entry {
                scope: Scope::Shared,
                key: key.parse().unwrap(),
                stamp: Stamp {
                    millis: 1_000,
                    counter: 0,
                },
                op: value.map_or(Op::Delete, |value| {
                    Op::Put(Value::new(Bytes::copy_from_slice(value.as_bytes())).unwrap())
                }),
                replaces: None,
                expires: None,
            })
            .collect();
        let first = self.head.version.plus(1);
        self.head.version = self.head.version.plus(entries.len() as u64);
        let draft = Draft {
            author: self.author.parse().unwrap(),
            lineage: self.lineage.clone(),
            first,
            entries,
            floor: gossip_core::message::Floor::default(),
        };
        match gossip_wire::seal(&Statement::Batch(draft), |_| Bytes::new()) {
            Item::Batch(batch) => batch,
            other => panic!("sealed a batch, got {other:?}"),
        }
    }
}

fn footing(generation: u64, incarnation: u64) -> Footing {
    Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    }
}

pub(crate) fn claim(member: &str, generation: u64, incarnation: u64) -> Sealed<Claim> {
    let claim = Claim {
        member: member.parse().unwrap(),
        footing: footing(generation, incarnation),
        presence: Presence::Alive,
        addrs: ["127.0.0.1:7400".parse().unwrap()].into(),
    };
    match gossip_wire::seal(&Statement::Claim(claim), |_| Bytes::new()) {
        Item::Claim(claim) => claim,
        other => panic!("sealed a claim, got {other:?}"),
    }
}

pub(crate) fn verdict(accused: &str, generation: u64, incarnation: u64) -> Sealed<Accusation> {
    condemned(accused, generation, incarnation, Charge::Dead)
}

pub(crate) fn condemned(
    accused: &str,
    generation: u64,
    incarnation: u64,
    charge: Charge,
) -> Sealed<Accusation> {
    let accusation = Accusation {
        accuser: "n1".parse().unwrap(),
        accused: accused.parse().unwrap(),
        footing: footing(generation, incarnation),
        charge,
    };
    match gossip_wire::seal(&Statement::Accusation(accusation), |_| Bytes::new()) {
        Item::Accusation(accusation) => accusation,
        other => panic!("sealed an accusation, got {other:?}"),
    }
}
