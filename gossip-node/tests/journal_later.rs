//! Items of a later version in the journal: what three relays each pass on,
//! store, and reload after a restart is, byte for byte, what its author made.
//!
//! ```text
//!   author ─▶ relay ─▶ disk, restart ─▶ relay ─▶ disk, restart ─▶ relay ─▶ disk, restart
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // a test may stop

#[path = "journal_kit/mod.rs"]
mod kit;
#[path = "../../gossip-wire/tests/common/raw.rs"]
mod raw;

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::input::Saved;
use gossip_core::message::{Batch, Body, Item, Message};
use gossip_core::output::Record;
use gossip_wire::{
    Channel, Envelope, decode_batch, decode_message, decode_sealed_claim, encode_message,
};
use kit::{Log, claim, open};
use sha2::{Digest as _, Sha256};

/// One hop: what arrives of an item, decoded.
fn told(item: Item) -> Item {
    let message = Message {
        body: Body::Gossip,
        rumors: vec![item],
    };
    let decoded = decode_message(encode_message(&message), Channel::Stream).unwrap();
    decoded.message.unwrap().rumors.remove(0)
}

/// One relay's disk: written, closed, and read by the next process.
fn kept(record: Record) -> Saved {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    opened.journal.remember(record);
    opened.journal.close();
    open(dir.path()).saved
}

#[test]
fn a_claim_with_unknown_fields_survives_three_relays_and_their_restarts() {
    let later = [&claim("eu/n2", 3, 0).bytes[..], &raw::of_later_versions()].concat();
    let later = Bytes::from(later);
    let mut relayed = decode_sealed_claim(later.clone()).unwrap();
    for _ in 0..3 {
        let Item::Claim(arrived) = told(Item::Claim(relayed)) else {
            panic!("not a claim");
        };
        relayed = kept(Record::Claim(arrived)).claims.remove(0);
        assert_eq!(relayed.bytes, later);
    }
}

#[test]
fn a_batch_with_unknown_fields_survives_three_relays_and_their_restarts() {
    let old = Log::new("eu/n2", 3).batch(&[("a", Some("1")), ("b", Some("2"))]);
    let entries = old.parts.iter().map(|part| {
        let later = [&part.entry.bytes[..], &raw::of_later_versions()].concat();
        (part.index, Bytes::from(later))
    });
    let entries: Vec<(u32, Bytes)> = entries.collect();
    let head = head_of_a_later_version(&old, &entries);
    let mut relayed = decode_batch(head.clone(), entries.clone()).unwrap();
    for _ in 0..3 {
        let Item::Batch(arrived) = told(Item::Batch(relayed)) else {
            panic!("not a batch");
        };
        let record = Record::Commit {
            batch: arrived,
            superseded: vec![],
        };
        relayed = kept(record).batches.remove(0);
        assert_eq!(relayed.head.bytes, head);
        let kept = relayed.parts.iter();
        let kept: Vec<_> = kept
            .map(|part| (part.index, part.entry.bytes.clone()))
            .collect();
        assert_eq!(kept, entries);
    }
}

/// The head that names these entries, with fields we do not know at each depth.
fn head_of_a_later_version(old: &Batch, entries: &[(u32, Bytes)]) -> Bytes {
    let envelope = Envelope::open(&old.head.bytes).unwrap();
    let hashes = entries.iter();
    let hashes: Vec<u8> = hashes
        .flat_map(|(_, entry)| {
            let hash = Sha256::digest(entry);
            hash.iter()
                .copied()
                .take(limit::ENTRY_HASH_BYTES)
                .collect::<Vec<u8>>()
        })
        .collect();
    // The last field wins: the hashes of the old entries stand before it.
    let said = raw::first_field(&envelope.statement).to_vec();
    let said = [said, raw::field(4, hashes), raw::of_later_versions()].concat();
    let statement = [raw::field(3, said), raw::of_later_versions()].concat();
    let sealed = [
        raw::field(1, statement),
        raw::field(2, [0x5a; 64]),
        raw::of_later_versions(),
    ];
    Bytes::from(sealed.concat())
}
