//! Hostile bytes: refused with a reason or understood, never a panic, never
//! more work than their length deserves.
//!
//! The properties here are what `cargo xtask fuzz` runs, with many more cases,
//! where no fuzzer is installed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use bytes::Bytes;
use common::{arbitrary, raw, sample};
use gossip_core::base::limit;
use gossip_core::message::{Item, Message};
use gossip_wire::{
    Channel, DecodeError, Envelope, bound, decode_entry, decode_item, decode_message,
    decode_sealed_accusation, decode_sealed_batch_head, decode_sealed_claim, encode_item,
    encode_message,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Every decoder gets the bytes; what it understands has to hold together.
fn survives(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    for channel in [Channel::Datagram, Channel::Stream] {
        if let Ok(decoded) = decode_message(bytes.clone(), channel)
            && let Some(message) = decoded.message
        {
            let again = encode_message(&message);
            assert!(again.len() <= message.weight());
            assert_eq!(common::understood(again), message);
        }
    }
    if let Ok(item) = decode_item(bytes.clone()) {
        assert_eq!(decode_item(encode_item(&item)), Ok(item));
    }
    // What is sealed keeps its bytes, whatever they were.
    if let Ok(claim) = decode_sealed_claim(bytes.clone()) {
        assert_eq!(claim.bytes, bytes);
    }
    if let Ok(accusation) = decode_sealed_accusation(bytes.clone()) {
        assert_eq!(accusation.bytes, bytes);
    }
    if let Ok(head) = decode_sealed_batch_head(bytes.clone()) {
        assert_eq!(head.bytes, bytes);
    }
    if let Ok(entry) = decode_entry(bytes.clone()) {
        assert_eq!(entry.bytes, bytes);
    }
    let _ = Envelope::open(&bytes);
}

/// Bytes that look like protobuf: fields with the numbers that exist, nested.
fn like_protobuf() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        (1..16_u64, any::<u64>()).prop_map(|(number, value)| raw::number(number, value)),
        (1..16_u64, 0..4_u64).prop_map(|(number, value)| raw::number(number, value)),
        (1..16_u64, "[a-z0-9/]{0,9}").prop_map(|(number, text)| raw::field(number, text)),
        (1..16_u64, vec(any::<u8>(), 0..20)).prop_map(|(number, bytes)| raw::field(number, bytes)),
    ];
    let fields = leaf.prop_recursive(6, 60, 6, |inner| {
        (1..16_u64, vec(inner, 0..6))
            .prop_map(|(number, fields)| raw::field(number, fields.concat()))
    });
    vec(fields, 0..6).prop_map(|fields| fields.concat())
}

proptest! {
    #[test]
    fn hostile_noise(bytes in vec(any::<u8>(), 0..2_000)) {
        survives(&bytes);
    }

    #[test]
    fn hostile_protobuf(bytes in like_protobuf()) {
        survives(&bytes);
    }

    #[test]
    fn hostile_flips(
        message in arbitrary::message(),
        flips in vec((any::<prop::sample::Index>(), 0..8_u8), 1..4),
    ) {
        let mut bytes = encode_message(&message).to_vec();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        survives(&bytes);
    }

    #[test]
    fn hostile_splices(
        left in arbitrary::message(),
        right in arbitrary::item(),
        cuts in any::<[prop::sample::Index; 3]>(),
    ) {
        let (left, right) = (encode_message(&left), encode_item(&right));
        let [from, to, at] = cuts;
        let (from, to) = (from.index(right.len()), to.index(right.len()));
        let at = at.index(left.len());
        let (head, tail) = left.split_at(at);
        let middle = &right[from.min(to)..from.max(to)];
        survives(&[head, middle, tail].concat());
    }
}

fn samples() -> impl Iterator<Item = Bytes> {
    let messages = sample::messages().into_iter();
    let items = sample::items().into_iter();
    messages
        .map(|(_, message)| encode_message(&message))
        .chain(items.map(|(_, item)| encode_item(&item)))
}

#[test]
fn hostile_cuts_at_every_byte() {
    for bytes in samples() {
        for end in 0..bytes.len() {
            survives(&bytes[..end]);
        }
    }
}

#[test]
fn hostile_flips_of_every_bit() {
    for bytes in samples() {
        for bit in 0..8 * bytes.len() {
            let mut bytes = bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            survives(&bytes);
        }
    }
}

fn refused(bytes: impl Into<Bytes>) -> DecodeError {
    decode_message(bytes.into(), Channel::Stream).unwrap_err()
}

#[test]
fn what_is_longer_than_its_channel_is_not_even_read() {
    for channel in [Channel::Datagram, Channel::Stream] {
        // One field of a later version that fills the rest.
        let (max, number) = (channel.bytes_max(), 1_000);
        let frame = raw::field(number, vec![0; max - 10]).len() - (max - 10);
        let fits = raw::field(number, vec![0; max - frame]);
        assert_eq!(fits.len(), max);
        assert!(decode_message(fits.into(), channel).is_ok());
        let error = decode_message(vec![0xff; max + 1].into(), channel).unwrap_err();
        let bytes = max + 1;
        let what = "a message";
        assert_eq!(error, DecodeError::TooLong { what, bytes, max });
    }
}

/// Two bytes on the wire, some hundred in memory: half a million of them would
/// fit a message. They are counted before anything is built.
#[test]
fn a_flood_of_empty_pieces_is_stopped_before_it_costs_memory() {
    let repeat = |piece: Vec<u8>| piece.repeat((limit::STREAM_MESSAGE_BYTES - 64) / piece.len());
    let floods = [
        repeat(raw::field(15, "")),
        raw::field(15, repeat(raw::field(2, ""))),
        raw::field(6, repeat(raw::field(3, ""))),
        repeat(raw::field(6, raw::field(3, ""))),
        raw::field(6, raw::field(3, repeat(raw::field(2, "")))),
        raw::field(6, raw::field(3, repeat(raw::field(3, "")))),
        raw::field(7, repeat(raw::field(1, ""))),
        raw::field(8, repeat(raw::field(1, ""))),
        raw::field(8, raw::field(1, repeat(raw::field(2, "")))),
        raw::field(8, repeat(raw::field(2, ""))),
        raw::field(8, raw::field(2, repeat(raw::field(2, "")))),
        raw::field(8, raw::field(2, raw::field(2, repeat(raw::field(2, ""))))),
    ];
    for flood in floods {
        assert!(flood.len() <= limit::STREAM_MESSAGE_BYTES);
        assert_eq!(
            refused(flood),
            DecodeError::TooMany {
                what: "pieces",
                count: bound::PIECES + 1,
                max: bound::PIECES,
            }
        );
    }
}

#[test]
fn too_many_of_anything_is_refused() {
    let too_many = |what, count, max| DecodeError::TooMany { what, count, max };
    let rumors = raw::field(15, "").repeat(limit::MESSAGE_ITEMS + 1);
    assert_eq!(refused(rumors), too_many("rumors", 257, 256));
    let rows = raw::field(7, raw::field(1, "").repeat(limit::DIGEST_ROWS + 1));
    assert_eq!(refused(rows), too_many("rows", 513, 512));
    let members = raw::field(8, raw::field(1, "").repeat(limit::MESSAGE_ITEMS + 1));
    assert_eq!(refused(members), too_many("members", 257, 256));
    let logs = raw::field(8, raw::field(2, "").repeat(limit::MESSAGE_ITEMS + 1));
    assert_eq!(refused(logs), too_many("logs", 257, 256));
    let claim = [
        raw::field(1, "n1"),
        raw::number(2, 1),
        raw::number(4, 1),
        raw::field(5, "").repeat(limit::ADDRS + 1),
    ];
    let claim = raw::field(1, claim.concat());
    let claim = raw::field(15, raw::field(1, raw::field(1, claim)));
    assert_eq!(refused(claim), too_many("addresses", 9, 8));
    let head = |fields: &[Vec<u8>]| {
        let statement = raw::field(3, [&[raw::field(1, "n1")], fields].concat().concat());
        raw::field(15, raw::field(1, raw::field(1, statement)))
    };
    let bases = head(&[raw::field(2, "").repeat(limit::LINEAGE + 1)]);
    assert_eq!(refused(bases), too_many("bases", 9, 8));
    let hashes = head(&[raw::field(4, vec![7; 65 * limit::ENTRY_HASH_BYTES])]);
    assert_eq!(refused(hashes), too_many("entries", 65, 64));
}

#[test]
fn an_entry_that_its_batch_does_not_name_is_refused() {
    let batch = sample::sealed_batch(sample::draft());
    let as_message = |batch: &gossip_core::message::Batch| Message {
        body: gossip_core::message::Body::Gossip,
        rumors: vec![Item::Batch(batch.clone())],
    };
    let refused = |batch| refused(encode_message(&as_message(&batch)));

    let mut forged = batch.clone();
    let mut bytes = forged.parts[1].entry.bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    forged.parts[1].entry.bytes = bytes.into();
    assert_eq!(refused(forged), DecodeError::NotNamed { index: 1 });

    let mut moved = batch.clone();
    moved.parts.remove(0);
    moved.parts[0].index = 0;
    assert_eq!(refused(moved), DecodeError::NotNamed { index: 0 });

    let mut beyond = batch.clone();
    beyond.parts[2].index = 3;
    assert_eq!(refused(beyond), DecodeError::NotNamed { index: 3 });

    let out_of_place = DecodeError::Senseless {
        what: "entries out of place",
    };
    let mut swapped = batch.clone();
    swapped.parts.swap(0, 1);
    assert_eq!(refused(swapped), out_of_place);
    let mut doubled = batch;
    doubled.parts.insert(0, doubled.parts[0].clone());
    assert_eq!(refused(doubled), out_of_place);
}
