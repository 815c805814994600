//! What was said is what is read: through a message, an item, and a journal.

mod common;

use bytes::Bytes;
use common::{arbitrary, only_rumor, passed_on, sample};
use gossip_core::message::{
    Body, Claim, Delta, Item, LogDelta, Message, Presence, Statement, Version,
};
use gossip_wire::{
    Envelope, decode_batch, decode_entry, decode_item, decode_sealed_accusation,
    decode_sealed_batch_head, decode_sealed_claim, decode_sealed_event, encode_item, seal,
    sealed_bytes,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_message_arrives_as_it_left(message in arbitrary::message()) {
        prop_assert_eq!(passed_on(&message), message);
    }

    #[test]
    fn an_item_survives_the_journal(item in arbitrary::item()) {
        prop_assert_eq!(decode_item(encode_item(&item)), Ok(item.clone()));
        match item {
            Item::Claim(claim) => {
                prop_assert_eq!(decode_sealed_claim(claim.bytes.clone()), Ok(claim));
            }
            Item::Accusation(accusation) => {
                prop_assert_eq!(decode_sealed_accusation(accusation.bytes.clone()), Ok(accusation));
            }
            Item::Batch(batch) => {
                let head = batch.head.bytes.clone();
                prop_assert_eq!(&decode_sealed_batch_head(head.clone()).unwrap(), &*batch.head);
                for part in &batch.parts {
                    prop_assert_eq!(&decode_entry(part.entry.bytes.clone()).unwrap(), &part.entry);
                }
                let parts = batch.parts.iter().map(|part| (part.index, part.entry.bytes.clone()));
                prop_assert_eq!(decode_batch(head, parts), Ok(batch.clone()));
            }
            Item::Event(event) => {
                prop_assert_eq!(decode_sealed_event(event.bytes.clone()), Ok(*event));
            }
        }
    }

    #[test]
    fn sealing_changes_nothing_of_what_is_said(
        statement in arbitrary::statement(),
        signature in arbitrary::signature(),
    ) {
        let mut signed = Bytes::new();
        let item = seal(&statement, |bytes| {
            signed = Bytes::copy_from_slice(bytes);
            signature.clone()
        });
        let envelope = Envelope::open(sealed_bytes(&item)).unwrap();
        prop_assert_eq!(&envelope, &Envelope { statement: signed, signature });
        match (statement, item) {
            (Statement::Claim(said), Item::Claim(read)) => prop_assert_eq!(said, read.value),
            (Statement::Accusation(said), Item::Accusation(read)) => {
                prop_assert_eq!(said, read.value);
            }
            (Statement::Event(said), Item::Event(read)) => prop_assert_eq!(said, read.value),
            (Statement::Batch(said), Item::Batch(read)) => {
                prop_assert!(read.is_whole());
                let entries: Vec<_> = read.parts.iter().map(|part| part.entry.value.clone()).collect();
                prop_assert_eq!(said.entries, entries);
                let head = &read.head.value;
                prop_assert_eq!(
                    (&said.author, &said.lineage, said.first),
                    (&head.author, &head.lineage, head.first)
                );
            }
            (said, read) => prop_assert!(false, "{said:?} became {read:?}"),
        }
    }

    #[test]
    fn the_same_statement_is_the_same_bytes(statement in arbitrary::statement()) {
        let [once, again] = [0, 1].map(|_| encode_item(&seal(&statement, sample::unsigned)));
        prop_assert_eq!(once, again);
    }
}

#[test]
fn an_interface_of_this_machine_does_not_travel() {
    let scoped = Claim {
        addrs: ["[fe80::17%3]:7946".parse().unwrap()].into(),
        ..sample::claim(Presence::Alive)
    };
    let item = sample::sealed(Statement::Claim(scoped.clone()));
    let plain = Claim {
        addrs: ["[fe80::17]:7946".parse().unwrap()].into(),
        ..scoped
    };
    assert_eq!(item, sample::sealed(Statement::Claim(plain)));
}

/// A member that restarted shows its newest generation first, and a batch that
/// came in two pieces is told as two.
#[test]
fn heads_in_a_delta_need_not_rise() {
    let whole = sample::sealed_batch(sample::draft());
    let piece = |parts: std::ops::Range<usize>| {
        let mut piece = whole.clone();
        piece.parts = piece.parts.drain(parts).collect();
        piece
    };
    let mut later = sample::opening();
    later.first = Version(61);
    let log = LogDelta {
        from: Version(57),
        batches: vec![sample::sealed_batch(later), piece(0..1), piece(1..3)],
        chunked: Vec::new(),
        more: false,
    };
    let message = Message::bare(Body::Delta(Delta {
        members: Vec::new(),
        logs: vec![log],
    }));
    assert_eq!(passed_on(&message), message);
}

/// A claim that is kept for a year must not keep the delta it came in.
#[test]
fn what_is_kept_does_not_hold_the_message_it_came_in() {
    let message = Message {
        body: Body::Gossip,
        rumors: vec![Item::Batch(sample::sealed_batch(sample::draft()))],
    };
    let bytes = gossip_wire::encode_message(&message);
    let range = bytes.as_ptr_range();
    let Item::Batch(batch) = only_rumor(common::understood(bytes.clone())) else {
        panic!("not a batch");
    };
    assert!(!range.contains(&batch.head.bytes.as_ptr()));
    assert!(!range.contains(&batch.parts[0].entry.bytes.as_ptr()));
}
