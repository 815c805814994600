//! How long a node needs from its journal to its first word, with 100 000 keys
//! in it: open, check, decode, and build the picture.
//!
//! `cargo xtask bench startup`. Printed, never asserted: it depends on the
//! machine.

use std::time::Instant as Clock;

use bytes::Bytes;
use gossip_core::base::time::{Instant, Now, WallTime};
use gossip_core::config::{Config, Identity};
use gossip_core::message::{
    Batch, Draft, Entry, Floor, Generation, Head, Item, Lineage, Op, Scope, Stamp, Statement,
    Value, Version,
};
use gossip_core::output::Record;
use gossip_node::journal::{Journal, Owner};

const KEYS: u64 = 100_000;
const BATCH: u64 = 64;
const AUTHORS: u64 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let owner = Owner {
        cluster: "bench".parse()?,
        node: "n0".parse()?,
    };
    let journal = Journal::open(dir.path(), &owner)?.journal;
    let begun = Clock::now();
    for author in 0..AUTHORS {
        let mut first = 1;
        while first <= KEYS / AUTHORS {
            let batch = batch(author, first, BATCH.min(KEYS / AUTHORS + 1 - first))?;
            first += BATCH;
            let superseded = Vec::new();
            journal.remember(Record::Commit { batch, superseded });
        }
    }
    drop(journal);
    println!(
        "{KEYS} keys of {AUTHORS} authors written in {:?}",
        begun.elapsed()
    );
    for _ in 0..3 {
        let begun = Clock::now();
        let opened = Journal::open(dir.path(), &owner)?;
        let read = begun.elapsed();
        let identity = Identity {
            cluster: owner.cluster.clone(),
            id: owner.node.clone(),
            addrs: vec![([127, 0, 0, 1], 7_946).into()],
        };
        let now = Now {
            mono: Instant::from_millis(1),
            wall: WallTime::from_millis(1_750_000_000_000),
        };
        let node = gossip_core::Node::new(Config::default(), identity, 1, now, opened.saved)?;
        println!("read in {read:?}, ready after {:?}", begun.elapsed());
        drop(node);
    }
    Ok(())
}

/// A batch of keys of 64 bytes and values of 64.
fn batch(author: u64, first: u64, count: u64) -> Result<Batch, Box<dyn std::error::Error>> {
    let entry = |at: u64| -> Result<Entry, Box<dyn std::error::Error>> {
        Ok(Entry {
            scope: if at.is_multiple_of(2) {
                Scope::Own
            } else {
                Scope::Shared
            },
            key: format!("{:0>60}-{author:03}", at * 7_919 % KEYS).parse()?,
            stamp: Stamp {
                millis: at,
                counter: 0,
            },
            op: Op::Put(Value::new(Bytes::from(vec![7; 64]))?),
            expires: None,
            replaces: None,
        })
    };
    let entries: Result<Vec<Entry>, _> = (first..first + count).map(entry).collect();
    let draft = Draft {
        author: format!("n{author}").parse()?,
        lineage: Lineage::default().extended(Generation(7), Head::default()),
        first: Version(first),
        entries: entries?,
        floor: Floor::default(),
    };
    match gossip_wire::seal(&Statement::Batch(draft), |_| Bytes::new()) {
        Item::Batch(batch) => Ok(batch),
        other => Err(format!("sealed a batch, got {other:?}").into()),
    }
}
