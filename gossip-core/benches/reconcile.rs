//! What comparing costs a processor.
//!
//! `cargo bench -p gossip-core --bench reconcile`, or `-- --quick`.
//!
//! chitchat takes 1 020 µs for both sides of an exchange in which nothing has
//! changed, at 1 000 members of 100 keys each (measured on a machine of this
//! kind); `equal/1000` is the same here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark may stop at the first surprise, and looks at the clock"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gossip_core::NodeId;
use gossip_core::base::limit;
use gossip_core::message::{
    Footing, Generation, Head, Incarnation, MemberRow, MemberState, Version,
};
use gossip_core::reconcile::{Guess, Peeled, Sketch, peel};

const GENERATION: Generation = Generation(1_700_000_000_000);

fn ids(count: usize) -> Vec<NodeId> {
    let ids = (0..count).map(|number| format!("eu/{}/n{number:06}", number % 3).parse().unwrap());
    ids.collect()
}

fn member() -> Option<MemberRow> {
    let footing = Footing {
        generation: GENERATION,
        incarnation: Incarnation(1),
    };
    let state = MemberState::Alive;
    Some(MemberRow { footing, state })
}

fn head(version: u64) -> Option<Head> {
    Some(Head {
        generation: GENERATION,
        version: Version(version),
    })
}

fn sketch(ids: &[NodeId]) -> Sketch {
    let mut sketch = Sketch::new(&"bench".parse().unwrap());
    for id in ids {
        sketch.set(id, member(), head(100));
    }
    sketch
}

/// One row changes: the checksum and the symbols it is in.
fn change(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("change");
    for size in [1_000, 100_000] {
        let ids = ids(size);
        let mut sketch = sketch(&ids);
        let (mut version, mut at) = (100, 0);
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| {
                version += 1;
                at = (at + 7_919) % ids.len();
                if let Some(id) = ids.get(at) {
                    sketch.set(id, member(), head(version));
                }
            });
        });
    }
    group.finish();
}

/// Both sides of a session in which nothing differs.
fn equal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("equal");
    for size in [1_000, 100_000] {
        let ids = ids(size);
        let (ours, theirs) = (sketch(&ids), sketch(&ids));
        let guess = Guess::default();
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| {
                let said = (theirs.sum(), theirs.symbols(0, guess.symbols()).to_vec());
                black_box(black_box(said).0 == ours.sum())
            });
        });
    }
    group.finish();
}

/// The server's side of a session in which some heads differ.
fn differ(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("differ");
    let ids = ids(10_000);
    let ours = sketch(&ids);
    for differing in [1, 10, 100, 500] {
        let mut theirs = ours.clone();
        for id in ids.iter().take(differing) {
            theirs.set(id, member(), head(101));
        }
        let length = (differing * 2 + 8).min(limit::SYMBOLS);
        group.bench_function(BenchmarkId::from_parameter(differing), |bench| {
            bench.iter(|| match peel(black_box(theirs.symbols(0, length)), &ours) {
                Peeled::All { differences, .. } => black_box(differences.len()),
                Peeled::Short { about } => panic!("{about}"),
            });
        });
    }
    group.finish();
}

criterion_group!(benches, change, equal, differ);
criterion_main!(benches);
