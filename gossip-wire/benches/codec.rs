//! How long encoding, decoding and sealing take.
//!
//! `cargo bench -p gossip-wire`, or `-- --quick` for a first impression.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark may stop at the first surprise"
)]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::message::{
    Base, Batch, Body, Claim, Delta, Digest, DigestRow, Draft, Entry, Floor, Footing, Generation,
    Head, Incarnation, Item, Key, Lineage, LogDelta, MemberRow, MemberState, Message, Op, Presence,
    Scope, Seq, Stamp, Statement, Value, Version,
};
use gossip_wire::{Channel, decode_message, encode_message, seal};

const GENERATION: Generation = Generation(1_700_000_000);

fn id(number: usize) -> NodeId {
    format!("eu/{}/n{number:05}", number % 3).parse().unwrap()
}

fn footing() -> Footing {
    Footing {
        generation: GENERATION,
        incarnation: Incarnation(1),
    }
}

fn unsigned(_: &[u8]) -> Bytes {
    Bytes::new()
}

fn claim(number: usize) -> Item {
    let claim = Claim {
        member: id(number),
        footing: footing(),
        presence: Presence::Alive,
        addrs: ["192.0.2.17:7946".parse().unwrap()].into(),
    };
    seal(&Statement::Claim(claim), unsigned)
}

/// A batch of `count` values of 64 bytes, as the author of number `author`.
fn draft(author: usize, first: u64, count: usize) -> Statement {
    let entry = |at: usize| Entry {
        scope: Scope::Own,
        key: format!("service/{at:03}/load").parse::<Key>().unwrap(),
        stamp: Stamp {
            millis: 1_700_086_400_123,
            counter: 0,
        },
        op: Op::Put(Value::new(Bytes::from(vec![0x5a; 64])).unwrap()),
        replaces: None,
        expires: None,
    };
    let base = Base {
        generation: GENERATION,
        from: Head::default(),
    };
    Statement::Batch(Draft {
        author: id(author),
        lineage: Lineage::new(vec![base]).unwrap(),
        first: Version(first),
        entries: (0..count).map(entry).collect(),
        floor: Floor::default(),
    })
}

fn batch(author: usize, first: u64, count: usize) -> Batch {
    match seal(&draft(author, first, count), unsigned) {
        Item::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

fn ping() -> Message {
    Message {
        body: Body::Ping { seq: Seq(58) },
        rumors: (0..5).map(claim).collect(),
    }
}

fn digest() -> Message {
    let row = |number| DigestRow {
        id: id(number),
        member: Some(MemberRow {
            footing: footing(),
            state: MemberState::Alive,
        }),
        head: Some(Head {
            generation: GENERATION,
            version: Version(58),
        }),
    };
    let mut rows: Vec<_> = (0..limit::DIGEST_ROWS).map(row).collect();
    rows.sort_by(|left, right| left.id.cmp(&right.id));
    Message::bare(Body::Digest(Digest {
        after: None,
        through: None,
        rows,
    }))
}

/// As many logs as a piece of a delta holds, each of two batches of four.
fn delta() -> Message {
    let mut delta = Delta::default();
    for author in 0.. {
        let log = LogDelta {
            from: Version(0),
            batches: vec![batch(author, 1, 4), batch(author, 5, 4)],
            chunked: Vec::new(),
            more: false,
        };
        if delta.weight() + log.weight() > limit::DELTA_PIECE_BYTES {
            break;
        }
        delta.logs.push(log);
    }
    Message::bare(Body::Delta(delta))
}

fn messages(criterion: &mut Criterion) {
    for (name, message) in [
        ("ping of 5 rumors", ping()),
        ("digest of 512 rows", digest()),
        ("delta of 64 KiB", delta()),
    ] {
        let bytes = encode_message(&message);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("encode", |bencher| {
            bencher.iter(|| encode_message(black_box(&message)));
        });
        group.bench_function("decode", |bencher| {
            bencher.iter(|| decode_message(black_box(bytes.clone()), Channel::Stream).unwrap());
        });
        group.finish();
    }
}

fn seals(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seal");
    for count in [1, limit::BATCH_ENTRIES] {
        let draft = draft(0, 1, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("batch of {count}"), |bencher| {
            bencher.iter(|| seal(black_box(&draft), unsigned));
        });
    }
    group.finish();
}

/// Half a minute for the whole, which is enough for two digits.
fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! {
    name = benches;
    config = short();
    targets = messages, seals
}
criterion_main!(benches);
