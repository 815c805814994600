//! The page that describes the protocol says what the code does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::Path;

use gossip_core::base::limit;
use gossip_wire::bound;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes at the beginning of a line, before what explains them: words of
/// two hexadecimal digits, up to the first wider gap.
fn bytes_of(line: &str) -> Vec<&str> {
    let line = line.trim_start();
    let bytes = line.split("  ").next().unwrap_or(line);
    let is_byte = |word: &&str| word.len() == 2 && u8::from_str_radix(word, 16).is_ok();
    bytes.split(' ').take_while(is_byte).collect()
}

#[test]
fn its_examples_are_the_golden_files() {
    let page = read("../docs/PROTOCOL.md");
    let mut examples = page.split("```hex\n");
    let mut before = examples.next().unwrap();
    let mut count = 0;
    for example in examples {
        let (lines, after) = example.split_once("```").unwrap();
        let name = before.rsplit("\n\n`").next().unwrap();
        let (name, _) = name.split_once('`').unwrap();
        let golden = read(&format!("tests/golden/{name}.hex"));
        let golden: Vec<_> = golden.split_whitespace().collect();
        let shown: Vec<_> = lines.lines().flat_map(bytes_of).collect();
        assert_eq!(shown, golden, "{name}");
        (before, count) = (after, count + 1);
    }
    assert_eq!(count, 2);
}

#[test]
fn its_limits_are_the_constants() {
    let page = read("../docs/PROTOCOL.md");
    let (_, table) = page.split_once("## 7. Limits").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let value = rest.split(' ').next()?;
        Some((name, value.parse::<u64>().unwrap()))
    });
    let rows: Vec<_> = rows.collect();
    let wanted = [
        ("NODE_ID_BYTES", limit::NODE_ID_BYTES as u64),
        ("NODE_ID_LABELS", limit::NODE_ID_LABELS as u64),
        ("LABEL_BYTES", limit::LABEL_BYTES as u64),
        ("KEY_BYTES", limit::KEY_BYTES as u64),
        ("VALUE_BYTES", limit::VALUE_BYTES as u64),
        ("BATCH_ENTRIES", limit::BATCH_ENTRIES as u64),
        ("BATCH_BYTES", limit::BATCH_BYTES as u64),
        ("ENTRY_HASH_BYTES", limit::ENTRY_HASH_BYTES as u64),
        ("SIGNATURE_BYTES_MAX", limit::SIGNATURE_BYTES_MAX as u64),
        ("LINEAGE", limit::LINEAGE as u64),
        ("ADDRS", limit::ADDRS as u64),
        ("DATAGRAM_BYTES", limit::DATAGRAM_BYTES as u64),
        ("STREAM_MESSAGE_BYTES", limit::STREAM_MESSAGE_BYTES as u64),
        ("MESSAGE_ITEMS", limit::MESSAGE_ITEMS as u64),
        ("DIGEST_ROWS", limit::DIGEST_ROWS as u64),
        ("SYMBOLS", limit::SYMBOLS as u64),
        ("RANGES", limit::RANGES as u64),
        ("READINESS", limit::READINESS as u64),
        ("OFFER_RUMORS", limit::OFFER_RUMORS as u64),
        ("OFFER_HEADS", limit::OFFER_HEADS as u64),
        ("DELTA_PIECE_BYTES", limit::DELTA_PIECE_BYTES as u64),
        ("CHUNK_BYTES", limit::CHUNK_BYTES as u64),
        ("CHUNKS_ASKED", limit::CHUNKS_ASKED as u64),
        ("STAMP_AHEAD_MS", limit::STAMP_AHEAD_MS),
        ("GENERATION_AHEAD_MS", limit::GENERATION_AHEAD_MS),
        ("EVENT_PAYLOAD_BYTES", limit::EVENT_PAYLOAD_BYTES as u64),
        ("EVENT_RUNS", limit::EVENT_RUNS as u64),
        ("EVENT_HOLES", limit::EVENT_HOLES as u64),
        ("EVENT_PIECE", limit::EVENT_PIECE as u64),
        ("ASK_FILTERS", limit::ASK_FILTERS as u64),
        ("TAG_BYTES", limit::TAG_BYTES as u64),
        ("ASK_DEADLINE_MS", limit::ASK_DEADLINE_MS),
        ("ASK_RELAYS", u64::from(limit::ASK_RELAYS)),
        ("RESPONSE_BYTES", limit::RESPONSE_BYTES as u64),
        ("SEALED_BYTES", bound::SEALED_BYTES as u64),
        ("SEALED_EVENT_BYTES", bound::SEALED_EVENT_BYTES as u64),
        ("ENTRY_BYTES", bound::ENTRY_BYTES as u64),
        ("PIECES", bound::PIECES as u64),
    ];
    assert_eq!(rows, wanted);
}
