//! Weighing: what one key costs in memory, beside itself and its value.
//!
//! Counted is everything that stays when a log has been taken in: the sealed
//! bytes of each entry, the heads of the batches, and whatever finds them again.
//! The test stands alone in its file, since whatever ran beside it would be
//! weighed too.
#![allow(
    clippy::unwrap_used,
    reason = "a test that stops at the first surprise"
)]

use std::alloc::System;
use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Entry, Floor, Generation, Head, Lineage, Op, Scope, Sealed, Stamp,
    Value, Version,
};
use gossip_core::output::Counters;
use gossip_core::replica::Replica;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is asked for, not what the system rounds it up to.
#[global_allocator]
static SCALES: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KEYS: usize = 20_000;
const BATCH: usize = 32;
const KEY: usize = 64;
const VALUE: usize = 32;

/// The most a key may cost, own or shared, in bytes (chitchat: 235).
const MOST: usize = 200;

/// An entry as gossip-wire seals it: tags and lengths, the key, the stamp, the
/// value.
fn sealed(scope: Scope, number: usize) -> Sealed<Entry> {
    let key = format!("{:0>KEY$}", number * 7_919 % KEYS);
    let value = [7; VALUE];
    let bytes = [&[8, 1, 18, 64], key.as_bytes(), &[24; 7], &[42, 32], &value].concat();
    let bytes = Bytes::from(bytes.into_boxed_slice());
    let value = bytes.slice(bytes.len() - VALUE..);
    let value = Entry {
        scope,
        key: key.parse().unwrap(),
        stamp: Stamp {
            millis: number as u64,
            counter: 0,
        },
        op: Op::Put(Value::new(value).unwrap()),
        expires: None,
        replaces: None,
    };
    Sealed { value, bytes }
}

fn batch(author: &NodeId, scope: Scope, first: usize) -> Batch {
    let value = BatchHead {
        author: author.clone(),
        lineage: Lineage::default().extended(Generation(1), Head::default()),
        first: Version(first as u64),
        count: u32::try_from(BATCH).unwrap(),
        floor: Floor::default(),
    };
    // A hash for each entry, and about fifty bytes.
    let bytes = Bytes::from(vec![0; 50 + 16 * BATCH].into_boxed_slice());
    let parts = (0..BATCH).map(|index| BatchPart {
        index: u32::try_from(index).unwrap(),
        entry: sealed(scope, first + index),
    });
    Batch {
        parts: parts.collect(),
        head: Arc::new(Sealed { value, bytes }),
    }
}

/// What each of so many keys costs.
fn weigh(scope: Scope) -> usize {
    let author: NodeId = "eu/1/n1".parse().unwrap();
    let region = Region::new(SCALES);
    let mut replica = Replica::default();
    for first in (1..=KEYS).step_by(BATCH) {
        let batch = batch(&author, scope, first);
        let from = batch.head.value.before();
        let (mut counters, mut changes) = (Counters::default(), vec![]);
        let wall = WallTime::from_millis(1_000_000);
        replica.apply(from, &batch, wall, &mut counters, &mut changes);
    }
    let change = region.change();
    assert_eq!(replica.share(&author).0, KEYS);
    let held = change.bytes_allocated - change.bytes_deallocated;
    drop(replica);
    held.div_ceil(KEYS) - KEY - VALUE
}

/// Twenty thousand keys of 64 bytes, written in no order.
#[test]
fn a_key_costs_little() {
    let (own, shared) = (weigh(Scope::Own), weigh(Scope::Shared));
    println!("beside key and value, an own key costs {own} bytes, a shared one {shared}");
    assert!(own <= MOST, "{own} bytes an own key, at most {MOST}");
    assert!(
        shared <= MOST,
        "{shared} bytes a shared key, at most {MOST}"
    );
}
