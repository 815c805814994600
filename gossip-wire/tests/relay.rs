//! An item of a later version passes relays, and their restarts, unharmed.
//!
//! The authors here write fields that this version does not know, at every
//! depth of what they author: in the envelope, the statement, the claim,
//! accusation or head, and the entry.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use bytes::Bytes;
use common::{only_rumor, passed_on, raw, sample};
use gossip_core::base::limit;
use gossip_core::message::{Batch, Body, Charge, Claim, Item, Message, Presence, Statement};
use gossip_wire::{
    Channel, Decoded, Envelope, decode_item, decode_message, encode_item, encode_message,
    sealed_bytes,
};
use sha2::{Digest as _, Sha256};

/// The same statement as a later version would seal it, with `change` made to
/// what its kind holds.
fn later(item: &Item, kind: u64, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let envelope = Envelope::open(sealed_bytes(item)).unwrap();
    let said = raw::first_field(&envelope.statement).to_vec();
    let said = [change(said), raw::of_later_versions()].concat();
    let statement = [raw::field(kind, said), raw::of_later_versions()].concat();
    let signature = raw::field(2, [0x5a; 64]);
    [
        raw::field(1, statement),
        signature,
        raw::of_later_versions(),
    ]
    .concat()
}

fn item_of(sealed: &[u8], parts: &[(u64, &[u8])]) -> Item {
    let mut bytes = raw::field(1, sealed);
    for (index, entry) in parts {
        let part = [raw::number(1, *index), raw::field(2, entry)].concat();
        bytes.extend(raw::field(2, part));
    }
    decode_item(bytes.into()).unwrap()
}

/// Three relays, each of which restarts between hearing and telling.
fn relayed(item: &Item) -> Item {
    let mut item = item.clone();
    for _ in 0..3 {
        let message = Message {
            body: Body::Gossip,
            rumors: vec![item],
        };
        item = only_rumor(passed_on(&message));
        item = decode_item(encode_item(&item)).unwrap();
    }
    item
}

#[test]
fn a_claim_of_a_later_version() {
    let claim = sample::claim(Presence::Alive);
    let old = sample::sealed(Statement::Claim(claim.clone()));
    let sealed = later(&old, 1, |said| said);
    let arrived = relayed(&item_of(&sealed, &[]));
    assert_eq!(sealed_bytes(&arrived), &sealed);
    assert!(matches!(arrived, Item::Claim(arrived) if arrived.value == claim));
}

#[test]
fn an_accusation_of_a_later_version() {
    let accusation = sample::accusation(Charge::Dead);
    let old = sample::sealed(Statement::Accusation(accusation.clone()));
    let sealed = later(&old, 2, |said| said);
    let arrived = relayed(&item_of(&sealed, &[]));
    assert_eq!(sealed_bytes(&arrived), &sealed);
    assert!(matches!(arrived, Item::Accusation(arrived) if arrived.value == accusation));
}

/// A batch of a later version: its head's bytes, and its entries'.
fn batch_of_a_later_version() -> (Vec<u8>, Vec<Vec<u8>>) {
    let old = sample::sealed_batch(sample::draft());
    let entries: Vec<Vec<u8>> = old
        .parts
        .iter()
        .map(|part| [&part.entry.bytes, &raw::of_later_versions()[..]].concat())
        .collect();
    let hashes = entries.iter();
    let hashes: Vec<u8> = hashes
        .flat_map(|entry| Sha256::digest(entry)[..limit::ENTRY_HASH_BYTES].to_vec())
        .collect();
    // The last field wins: the hashes of the old entries stand before it.
    let rehash = |said: Vec<u8>| [said, raw::field(4, hashes)].concat();
    let sealed = later(&Item::Batch(old), 3, rehash);
    (sealed, entries)
}

#[test]
fn a_batch_and_its_entries_of_a_later_version() {
    let (sealed, entries) = batch_of_a_later_version();
    // One entry was superseded on the way.
    let item = item_of(&sealed, &[(0, &entries[0]), (2, &entries[2])]);
    let Item::Batch(Batch { head, parts }) = relayed(&item) else {
        panic!("not a batch");
    };
    assert_eq!(head.bytes, sealed);
    let arrived: Vec<_> = parts.iter().map(|part| &part.entry.bytes).collect();
    assert_eq!(arrived, [&entries[0], &entries[2]]);
    let values: Vec<_> = parts.into_iter().map(|part| part.entry.value).collect();
    let said = sample::draft().entries;
    assert_eq!(values, [said[0].clone(), said[2].clone()]);
}

/// What is unknown is left out and counted; what stands beside it is used.
#[test]
fn unknown_kinds_are_skipped_one_by_one() {
    let known = sample::sealed(Statement::Claim(sample::claim(Presence::Alive)));
    let message = Message {
        body: Body::Done,
        rumors: vec![known.clone()],
    };
    let charged = |charge| {
        let said = [
            raw::field(1, "n1"),
            raw::field(2, "n2"),
            raw::number(3, 1),
            raw::number(5, charge),
        ];
        raw::field(2, said.concat())
    };
    let rumor = |statement: Vec<u8>| raw::field(15, raw::field(1, raw::field(1, statement)));
    let unknown_kind = rumor(raw::field(77, "new"));
    let unknown_charge = rumor(charged(9));
    let known_charge = rumor(charged(1));
    let bytes = [
        &unknown_kind,
        &encode_message(&message)[..],
        &unknown_charge,
        &raw::of_later_versions(),
        &known_charge,
    ]
    .concat();
    let decoded = decode_message(Bytes::from(bytes), Channel::Datagram).unwrap();
    let understood = decoded.message.unwrap();
    assert_eq!(understood.body, Body::Done);
    assert_eq!(understood.rumors.len(), 2);
    assert_eq!(understood.rumors[0], known);
    assert_eq!((decoded.skipped.kinds, decoded.skipped.items), (0, 2));
}

#[test]
fn a_message_of_an_unknown_kind_still_brings_its_rumors() {
    let known = sample::sealed(Statement::Claim(sample::claim(Presence::Alive)));
    let rumor = raw::field(15, encode_item(&known));
    let unknown = raw::field(77, "of a later version");
    let decode = |bytes: Vec<u8>| decode_message(bytes.into(), Channel::Datagram).unwrap();
    let decoded = decode([unknown.clone(), rumor].concat());
    let gossip = Message {
        body: Body::Gossip,
        rumors: vec![known],
    };
    assert_eq!(decoded.message, Some(gossip));
    assert_eq!((decoded.skipped.kinds, decoded.skipped.items), (1, 0));

    let decoded = decode(unknown);
    assert_eq!(decoded.message, None);
    assert_eq!(decoded.skipped.kinds, 1);
}

/// What follows on an unknown batch would leave a gap, and is left out too.
#[test]
fn a_log_is_cut_where_it_becomes_unknown() {
    let batch = |first: u64| {
        let mut draft = sample::draft();
        draft.first.0 = first;
        encode_item(&Item::Batch(sample::sealed_batch(draft)))
    };
    let unknown_entry = {
        let entry = [raw::number(1, 1), raw::field(2, "k"), raw::field(99, "op")].concat();
        let head = [
            raw::field(1, "eu/1/n17"),
            raw::field(2, raw::number(1, 2)),
            raw::number(3, 61),
            raw::field(4, &Sha256::digest(&entry)[..limit::ENTRY_HASH_BYTES]),
        ];
        let statement = raw::field(3, head.concat());
        let part = raw::field(2, raw::field(2, entry));
        [raw::field(1, raw::field(1, statement)), part].concat()
    };
    let delta = |batches: &[&[u8]]| {
        let mut log = raw::number(1, 57);
        for batch in batches {
            log.extend(raw::field(2, batch));
        }
        let message = raw::field(8, raw::field(2, log));
        decode_message(message.into(), Channel::Stream).unwrap()
    };
    let kept = |decoded: &Decoded| match &decoded.message {
        Some(Message {
            body: Body::Delta(delta),
            ..
        }) => delta.logs.iter().map(|log| log.batches.len()).collect(),
        _ => vec![usize::MAX],
    };
    let cut = delta(&[&batch(58), &unknown_entry, &batch(62), &batch(65)]);
    assert_eq!((kept(&cut), cut.skipped.items), (vec![1], 3));
    let nothing = delta(&[&unknown_entry, &batch(62)]);
    assert_eq!((kept(&nothing), nothing.skipped.items), (vec![], 2));
}

/// A value of a later version in an old claim is not an offence either.
#[test]
fn a_claim_with_an_unknown_presence_is_unknown() {
    let claim = Claim {
        addrs: [].into(),
        ..sample::claim(Presence::Alive)
    };
    let item = sample::sealed(Statement::Claim(claim));
    // The last field wins.
    let sealed = later(&item, 1, |said| [said, raw::number(4, 3)].concat());
    let error = decode_item(raw::field(1, sealed).into()).unwrap_err();
    assert!(error.is_unknown(), "{error}");
}
