//! A hundred thousand keys, written and read back; prints how long it took.
//!
//! `cargo test --release -p gossip-node --test journal_load -- --nocapture`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "journal_kit/mod.rs"]
mod kit;

use std::time::Instant;

use gossip_core::input::PersistId;
use gossip_core::message::Version;
use gossip_core::output::Record;
use kit::{Log, open, wait_for};

const KEYS: u64 = 100_000;
/// Keys in a batch: one each is the worst for a journal, many the rule for a
/// program that writes a lot.
const SHAPES: [u64; 2] = [1, 50];

#[test]
fn a_hundred_thousand_keys() {
    for shape in SHAPES {
        let dir = tempfile::tempdir().unwrap();
        let mut opened = open(dir.path());
        let mut logs: Vec<Log> = (0..10)
            .map(|author| Log::new(&format!("n{author}"), 7))
            .collect();
        let value = "v".repeat(100);
        let began = Instant::now();
        let batches = KEYS / shape;
        for number in 0..batches {
            let keys: Vec<String> = (0..shape)
                .map(|key| format!("key/{number}/{key}"))
                .collect();
            let writes: Vec<_> = keys
                .iter()
                .map(|key| (key.as_str(), Some(&*value)))
                .collect();
            let log = logs.get_mut((number % 10) as usize).unwrap();
            let record = Record::Commit {
                batch: log.batch(&writes),
                superseded: Vec::<Version>::new(),
            };
            if number + 1 < batches {
                opened.journal.remember(record);
            } else {
                opened.journal.persist(PersistId(1), record);
            }
        }
        wait_for(&mut opened.completions, PersistId(1)).unwrap();
        let wrote = began.elapsed();
        let counters = opened.journal.counters();
        opened.journal.close();
        let bytes = std::fs::metadata(dir.path().join("journal.redb"))
            .unwrap()
            .len();
        let began = Instant::now();
        let saved = open(dir.path()).saved;
        let read = began.elapsed();
        let entries: usize = saved.batches.iter().map(|batch| batch.parts.len()).sum();
        assert_eq!(entries as u64, KEYS);
        println!(
            "{KEYS} keys of 100 B, {shape} a batch: written in {wrote:?} ({} commits), \
             {} MB on disk, read in {read:?}",
            counters.commits,
            bytes / 1_000_000
        );
    }
}
