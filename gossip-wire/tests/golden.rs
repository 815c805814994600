//! The bytes of every kind of message and item, as files: a change of the
//! format is a change of a file, seen by whoever reads the commit.
//!
//! Rewritten by `UPDATE_GOLDEN=1 cargo test -p gossip-wire --test golden`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use common::{sample, understood};
use gossip_wire::{decode_item, encode_item, encode_message};

#[test]
fn every_message_has_its_bytes() {
    for (name, message) in sample::messages() {
        let bytes = golden(name, &encode_message(&message));
        assert_eq!(understood(bytes), message, "{name}");
    }
}

#[test]
fn every_item_has_its_bytes() {
    for (name, item) in sample::items() {
        let bytes = golden(name, &encode_item(&item));
        assert_eq!(decode_item(bytes), Ok(item), "{name}");
    }
}

#[test]
fn every_file_has_its_sample() {
    if updating() {
        return; // The other tests are writing the files.
    }
    let messages = sample::messages().into_iter().map(|(name, _)| name);
    let items = sample::items().into_iter().map(|(name, _)| name);
    let mut names: Vec<_> = messages.chain(items).map(file).collect();
    names.sort();
    let files = fs::read_dir(dir()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files, names);
}

/// The bytes in the file, which have to be `bytes`.
fn golden(name: &str, bytes: &[u8]) -> Bytes {
    let path = file(name);
    if updating() {
        fs::write(&path, hex(bytes)).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, hex(bytes), "{name}: see the head of tests/golden.rs");
    unhex(&text)
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn file(name: &str) -> PathBuf {
    dir().join(name).with_extension("hex")
}

/// Sixteen bytes a line.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(16) {
        for (at, byte) in line.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(text, "{gap}{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn unhex(text: &str) -> Bytes {
    let bytes = text.split_whitespace();
    let bytes = bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap());
    bytes.collect()
}
