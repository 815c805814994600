//! What a hundred thousand keys cost a processor: taken in, read, listed.
//!
//! `cargo bench -p gossip-core --bench keys`, or `-- --quick`.
//!
//! Keys of 64 bytes by four authors, written in no order, 32 a batch. `put` is
//! all of them, `read` one of them, `list` a thousand that begin alike.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may stop at the first surprise, and looks at the clock"
)]

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gossip_core::NodeId;
use gossip_core::base::time::WallTime;
use gossip_core::input::{Query, Space};
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Entry, Floor, Generation, Head, Key, Lineage, Op, Scope, Sealed,
    Stamp, Value, Version,
};
use gossip_core::output::Counters;
use gossip_core::replica::Replica;

const KEYS: usize = 100_000;
const AUTHORS: usize = 4;
const BATCH: usize = 25;
const WALL: WallTime = WallTime::from_millis(1_000_000);

/// The name of a key; neighbours in number are far apart in order.
fn name(number: usize) -> String {
    format!("{:0>64}", number * 7_919 % KEYS)
}

fn author(number: usize) -> NodeId {
    format!("eu/1/n{number}").parse().unwrap()
}

fn sealed(scope: Scope, number: usize, round: usize) -> Sealed<Entry> {
    let key = name(number);
    let value = [7; 32];
    let bytes = [&[8, 1, 18, 64], key.as_bytes(), &[24; 7], &[42, 32], &value].concat();
    let bytes = Bytes::from(bytes.into_boxed_slice());
    let value = Value::new(bytes.slice(bytes.len() - 32..)).unwrap();
    let value = Entry {
        scope,
        key: key.parse().unwrap(),
        stamp: Stamp {
            millis: (round * KEYS + number) as u64,
            counter: 0,
        },
        op: Op::Put(value),
        expires: None,
        replaces: None,
    };
    Sealed { value, bytes }
}

/// All keys, each author its share of them, `round` for the how-manieth time.
fn batches(scope: Scope, round: usize) -> Vec<Batch> {
    let per_author = KEYS / AUTHORS;
    let firsts = (0..KEYS).step_by(BATCH);
    let batches = firsts.map(|first| {
        let number = first / per_author;
        let value = BatchHead {
            author: author(number),
            lineage: Lineage::default().extended(Generation(1), Head::default()),
            first: Version((round * per_author + first % per_author + 1) as u64),
            count: u32::try_from(BATCH).unwrap(),
            floor: Floor::default(),
        };
        let parts = (0..BATCH).map(|index| BatchPart {
            index: u32::try_from(index).unwrap(),
            entry: sealed(scope, first + index, round),
        });
        Batch {
            parts: parts.collect(),
            head: Arc::new(Sealed {
                value,
                bytes: Bytes::from_static(&[0; 450]),
            }),
        }
    });
    batches.collect()
}

fn take(replica: &mut Replica, batches: &[Batch]) {
    let (mut counters, mut changes) = (Counters::default(), Vec::new());
    for batch in batches {
        let from = batch.head.value.before();
        replica.apply(from, batch, WALL, &mut counters, &mut changes);
        changes.clear();
    }
    assert_eq!(counters.entries_applied as usize, KEYS);
}

fn keys(criterion: &mut Criterion) {
    for scope in [Scope::Own, Scope::Shared] {
        let mut group = criterion.benchmark_group(match scope {
            Scope::Own => "own",
            Scope::Shared => "shared",
        });
        let space = |number: usize| match scope {
            Scope::Own => Space::Own(author(number / (KEYS / AUTHORS))),
            Scope::Shared => Space::Shared,
        };
        let (first, second) = (batches(scope, 0), batches(scope, 1));
        group.sample_size(10);
        group.bench_function("put", |bench| {
            let new = Replica::default;
            bench.iter_batched(
                new,
                |mut replica| {
                    take(&mut replica, &first);
                    replica
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("put again", |bench| {
            let new = || {
                let mut replica = Replica::default();
                take(&mut replica, &first);
                replica
            };
            bench.iter_batched(
                new,
                |mut replica| {
                    take(&mut replica, &second);
                    replica
                },
                BatchSize::PerIteration,
            );
        });
        let mut replica = Replica::default();
        take(&mut replica, &first);
        let queries = (0..KEYS).map(|number| Query {
            space: space(number),
            key: name(number).parse::<Key>().unwrap(),
        });
        let queries: Vec<Query> = queries.collect();
        group.sample_size(100);
        let mut at = 0;
        group.bench_function("read", |bench| {
            bench.iter(|| {
                at = (at + 7_919) % KEYS;
                black_box(queries.get(at).and_then(|query| replica.value(query)))
            });
        });
        let prefix = name(0);
        let prefix = prefix.get(..61).unwrap();
        let space = space(0);
        group.bench_function("list", |bench| {
            bench.iter(|| black_box(replica.list(&space, prefix).len()));
        });
        group.finish();
    }
}

criterion_group!(benches, keys);
criterion_main!(benches);
