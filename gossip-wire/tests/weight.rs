//! A weight is never less than the length: budgets are kept by weight, before
//! anything is encoded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use bytes::Bytes;
use common::{arbitrary, sample};
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Accusation, Base, Batch, Body, Charge, Checksum, Claim, Digest, DigestRow, Draft, Entry, Floor,
    Footing, Form, Found, Generation, Head, Incarnation, Item, Lineage, LogHead, MemberRow,
    MemberState, Message, Offer, Op, Presence, Range, RangePart, Ranges, Replaced, RumorId, Scope,
    Seq, Sketch, Stamp, Statement, Symbol, Value, Version, WriteId,
};
use gossip_core::reconcile::field::PRIME;
use gossip_wire::{Envelope, encode_item, encode_message, seal, sealed_bytes};
use proptest::prelude::*;

fn longest_signature(_: &[u8]) -> Bytes {
    Bytes::from(vec![0x5a; limit::SIGNATURE_BYTES_MAX])
}

proptest! {
    #[test]
    fn of_a_message(message in arbitrary::message()) {
        prop_assert!(encode_message(&message).len() <= message.weight());
    }

    #[test]
    fn of_an_item(item in arbitrary::item()) {
        let alone = Message::bare(Body::Gossip);
        let with = Message { rumors: vec![item.clone()], ..alone.clone() };
        let added = encode_message(&with).len() - encode_message(&alone).len();
        prop_assert!(encode_item(&item).len() <= added);
        prop_assert!(added <= item.weight());
    }

    #[test]
    fn of_a_statement(statement in arbitrary::statement()) {
        let item = seal(&statement, longest_signature);
        check(&statement, &item);
    }
}

fn check(statement: &Statement, item: &Item) {
    let envelope = Envelope::open(sealed_bytes(item)).unwrap();
    match statement {
        Statement::Claim(claim) => assert!(envelope.statement.len() <= claim.weight()),
        Statement::Accusation(accusation) => {
            assert!(envelope.statement.len() <= accusation.weight());
        }
        Statement::Event(event) => assert!(envelope.statement.len() <= event.weight()),
        Statement::Batch(draft) => {
            assert!(encode_item(item).len() <= draft.weight());
            // A draft that fits a message does so as the item it becomes.
            assert!(item.weight() <= draft.weight());
            if let Item::Batch(batch) = item {
                check_entries(draft, batch);
            }
        }
    }
}

fn check_entries(draft: &Draft, batch: &Batch) {
    for (entry, part) in draft.entries.iter().zip(&batch.parts) {
        assert!(part.entry.bytes.len() <= entry.weight());
    }
}

/// Every number and name as long as it can be.
#[test]
fn of_the_longest_of_everything() {
    let id = |letter: &str| sample::id(&format!("{0}/{0}/{letter}", "z".repeat(62)));
    let footing = Footing {
        generation: Generation(u64::MAX),
        incarnation: Incarnation(u64::MAX),
    };
    let stamp = Stamp {
        millis: u64::MAX,
        counter: u32::MAX,
    };
    let addrs = vec!["[ffff::ffff]:65535".parse().unwrap(); limit::ADDRS];
    let claim = Statement::Claim(Claim {
        member: id("a"),
        footing,
        presence: Presence::Left,
        addrs: addrs.into(),
    });
    let entry = Entry {
        scope: Scope::Shared,
        key: "k".repeat(limit::KEY_BYTES).parse().unwrap(),
        stamp,
        op: Op::Put(Value::new(Bytes::from(vec![0; 16 * 1024])).unwrap()),
        replaces: Some(Replaced {
            stamp,
            write: WriteId {
                author: id("b"),
                version: Version(u64::MAX),
            },
        }),
        expires: Some(WallTime::from_millis(u64::MAX)),
    };
    let bases = (1..=limit::LINEAGE as u64).map(|step| Base {
        generation: Generation(u64::MAX - 64 + step),
        from: Head {
            generation: Generation(u64::MAX - 65 + step),
            version: Version(u64::MAX - 200),
        },
    });
    let batch = Statement::Batch(Draft {
        author: id("a"),
        lineage: Lineage::new(bases.collect()).unwrap(),
        first: Version(u64::MAX - 100),
        entries: vec![entry; limit::BATCH_ENTRIES],
        floor: Floor {
            through: Version(u64::MAX - 101),
            shared: Version(u64::MAX - 101),
            as_of: WallTime::from_millis(u64::MAX),
        },
    });
    let accusation = Statement::Accusation(Accusation {
        accuser: id("a"),
        accused: id("b"),
        footing,
        charge: Charge::Forgotten,
    });
    let mut rumors = Vec::new();
    for statement in [claim, accusation, batch] {
        let item = seal(&statement, longest_signature);
        check(&statement, &item);
        rumors.push(item);
    }
    let row = |letter: &str| DigestRow {
        id: id(letter),
        member: Some(MemberRow {
            footing,
            state: MemberState::Forgotten,
        }),
        head: Some(Head {
            generation: Generation(u64::MAX),
            version: Version(u64::MAX),
        }),
    };
    for body in [
        Body::Ping { seq: Seq(u64::MAX) },
        Body::PingReq {
            seq: Seq(u64::MAX),
            target: id("a"),
        },
        Body::Gossip,
        Body::Checksum(Checksum(u128::MAX)),
        Body::Sketch(Sketch {
            sum: Checksum(u128::MAX),
            form: Form::Pull,
            first: 1,
            symbols: vec![
                Symbol {
                    sum: PRIME - 1,
                    product: PRIME - 1,
                    check: u32::MAX,
                };
                limit::SYMBOLS - 1
            ],
        }),
        Body::More {
            through: limit::SYMBOLS as u32,
        },
        Body::Found(Found {
            used: limit::SYMBOLS as u32,
            lacks: vec![(PRIME - 1, PRIME - 1); limit::SYMBOLS],
            unclear: vec![PRIME - 1; limit::DIGEST_ROWS],
        }),
        Body::Ranges(Ranges {
            salt: u64::MAX,
            ranges: vec![
                Range {
                    after: Some(id("a")),
                    through: Some(id("b")),
                    part: RangePart::Print(u128::MAX),
                },
                Range {
                    after: Some(id("b")),
                    through: Some(id("c")),
                    part: RangePart::Rows(vec![row("c")]),
                },
            ],
        }),
        Body::Offer(full_offer()),
        Body::Digest(Digest {
            after: Some(id("a")),
            through: Some(id("c")),
            rows: vec![row("b"), row("c")],
        }),
    ] {
        let bare = Message::bare(body.clone());
        assert!(encode_message(&bare).len() <= bare.weight(), "{body:?}");
        let rumors = rumors.clone();
        let full = Message { body, rumors };
        assert!(encode_message(&full).len() <= full.weight());
        assert!(encode_message(&full).len() <= limit::STREAM_MESSAGE_BYTES);
        assert_eq!(common::passed_on(&full), full);
    }
}

/// Every column full, every number as long as it may be.
fn full_offer() -> Offer {
    let ids = |from: usize| {
        let ids = (0..limit::OFFER_RUMORS).map(move |at| u64::MAX - (from + at) as u64);
        ids.map(RumorId)
    };
    Offer {
        asks: true,
        hot: ids(0).map(|id| (id, Offer::COUNT_MAX)).collect(),
        known: ids(64).map(|id| (id, Some(Offer::COUNT_MAX))).collect(),
        taken: ids(128).collect(),
        wanted: ids(192).collect(),
        heads: vec![
            LogHead {
                author: sample::id(&["x".repeat(42).as_str(); 3].join("/")),
                head: Head::MAX,
            };
            limit::OFFER_HEADS
        ],
    }
}

/// A batch of the most bytes it may have, and its frame, fit a message.
#[test]
fn the_largest_batch_fits_a_message() {
    let value = Bytes::from(vec![0; limit::VALUE_BYTES]);
    let mut draft = sample::draft();
    draft.entries = (0..limit::BATCH_ENTRIES)
        .map(|at| {
            let key = format!("{at:0>width$}", width = limit::KEY_BYTES);
            let mut entry = sample::draft().entries.remove(1);
            entry.key = key.parse().unwrap();
            let value = if at == 0 { value.clone() } else { Bytes::new() };
            entry.op = Op::Put(Value::new(value).unwrap());
            entry
        })
        .collect();
    let message = Message {
        body: Body::Gossip,
        rumors: vec![seal(&Statement::Batch(draft), longest_signature)],
    };
    assert!(message.weight() <= limit::STREAM_MESSAGE_BYTES);
    assert_eq!(common::passed_on(&message), message);
}
