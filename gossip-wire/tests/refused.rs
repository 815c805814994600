//! Every law that a peer's values can break, broken once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use bytes::Bytes;
use common::{raw, sample};
use gossip_core::base::limit;
use gossip_core::message::{
    Batch, Body, Charge, Delta, Digest, Item, LogDelta, MemberState, Message, Offer, Op, Presence,
    RumorId, Statement, Value, Version, Want,
};
use gossip_wire::{
    Channel, DecodeError, bound, decode_batch, decode_entry, decode_item, decode_message,
    decode_sealed_claim, encode_item, encode_message, sealed_bytes,
};

fn refused(body: Body) -> String {
    let bytes = encode_message(&Message::bare(body));
    let error = decode_message(bytes, Channel::Stream).unwrap_err();
    assert!(!error.is_unknown(), "{error}");
    error.to_string()
}

/// What is said of an item with this statement, protobuf by hand.
fn refused_item(kind: u64, fields: &[Vec<u8>]) -> String {
    let statement = raw::field(kind, fields.concat());
    let item = raw::field(1, raw::field(1, statement));
    let error = decode_item(item.into()).unwrap_err();
    assert!(!error.is_unknown(), "{error}");
    error.to_string()
}

#[test]
fn offers() {
    let over = u64::try_from(limit::OFFER_RUMORS).unwrap() + 1;
    let ids = |count| (0..count).map(RumorId);
    let offer = Offer::default;
    for (offer, want) in [
        (
            Offer {
                wanted: ids(over).collect(),
                ..offer()
            },
            "65 rumors in an offer",
        ),
        (
            Offer {
                hot: ids(over).map(|id| (id, 0)).collect(),
                ..offer()
            },
            "65 rumors in an offer",
        ),
        (
            Offer {
                taken: vec![RumorId(1), RumorId(1)],
                ..offer()
            },
            "a rumor stands twice in an offer",
        ),
        (
            Offer {
                hot: vec![(RumorId(1), Offer::COUNT_MAX + 1)],
                ..offer()
            },
            "a counter of an offer is too high",
        ),
        (
            Offer {
                known: vec![(RumorId(1), Some(u32::MAX))],
                ..offer()
            },
            "a counter of an offer is too high",
        ),
    ] {
        let said = refused(Body::Offer(offer));
        assert!(said.contains(want), "{said}");
    }
    // A column of names without its counters.
    let names = raw::field(2, 7_u64.to_le_bytes());
    let bytes = raw::field(13, names);
    let error = decode_message(bytes.into(), Channel::Datagram).unwrap_err();
    assert!(
        error.to_string().contains("a column of an offer"),
        "{error}"
    );
}

#[test]
fn claims() {
    let member = raw::field(1, "n1");
    let generation = raw::number(2, 1);
    let alive = raw::number(4, 1);
    let addr = |ip: &[u8], port| raw::field(5, [raw::field(1, ip), raw::number(2, port)].concat());
    for (fields, want) in [
        (vec![], "member: a name has an empty label"),
        (
            vec![raw::field(1, "N1")],
            "member: only a-z, 0-9 and inner hyphens may stand in a label, found 'N'",
        ),
        (vec![member.clone()], "a footing of generation 0"),
        (
            vec![member.clone(), generation.clone()],
            "presence is missing",
        ),
        (
            vec![
                member.clone(),
                generation.clone(),
                alive.clone(),
                addr(&[1, 2, 3], 7946),
            ],
            "an address of 3 bytes and port 7946",
        ),
        (
            vec![
                member.clone(),
                generation.clone(),
                alive.clone(),
                addr(&[127, 0, 0, 1], 0),
            ],
            "an address of 4 bytes and port 0",
        ),
        (
            vec![member, generation, alive, addr(&[0; 16], 65_536)],
            "an address of 16 bytes and port 65536",
        ),
    ] {
        assert_eq!(refused_item(1, &fields), want);
    }
}

#[test]
fn accusations() {
    let names = [raw::field(1, "n1"), raw::field(2, "n2")].concat();
    for (fields, want) in [
        (vec![], "accuser: a name has an empty label"),
        (
            vec![raw::field(1, "n1")],
            "accused: a name has an empty label",
        ),
        (vec![names.clone()], "a footing of generation 0"),
        (vec![names, raw::number(3, 1)], "charge is missing"),
    ] {
        assert_eq!(refused_item(2, &fields), want);
    }
}

#[test]
fn heads_of_batches() {
    let base = |generation, from, version| {
        let fields = [(1, generation), (2, from), (3, version)];
        let fields = fields.map(|(number, value)| raw::number(number, value));
        raw::field(2, fields.concat())
    };
    let author = raw::field(1, "n1");
    let hash = raw::field(4, [0; 16]);
    for (fields, want) in [
        (
            vec![raw::field(1, "/")],
            "author: a name has an empty label",
        ),
        (vec![author.clone()], "the base of a batch is missing"),
        (
            vec![author.clone(), raw::field(4, [0; 15])],
            "a hash of an entry is cut short",
        ),
        (
            vec![author.clone(), base(1, 0, 0), hash.clone()],
            "a batch begins before its base",
        ),
        (
            vec![
                author.clone(),
                base(2, 1, 58),
                raw::number(3, 58),
                hash.clone(),
            ],
            "a batch begins before its base",
        ),
        (
            vec![
                author.clone(),
                base(1, 0, 0),
                raw::number(3, u64::MAX),
                hash,
            ],
            "a batch runs past the last version",
        ),
        (
            vec![author.clone(), base(1, 1, 0), raw::number(3, 1)],
            "bases that do not rise",
        ),
        (
            vec![author, base(2, 1, 5), base(2, 1, 6), raw::number(3, 7)],
            "bases that do not rise",
        ),
    ] {
        assert_eq!(refused_item(3, &fields), want);
    }
}

#[test]
fn entries() {
    let refused = |fields: &[Vec<u8>]| {
        let error = decode_entry(fields.concat().into()).unwrap_err();
        assert!(!error.is_unknown(), "{error}");
        error.to_string()
    };
    let scope = raw::number(1, 1);
    let key = raw::field(2, "k");
    let put = raw::field(5, "v");
    let replaces = |fields: &[Vec<u8>]| raw::field(7, fields.concat());
    for (fields, want) in [
        (vec![], "scope is missing"),
        (vec![scope.clone()], "a key must not be empty"),
        (
            vec![scope.clone(), raw::field(2, "a\n")],
            "a key must not hold control characters, found '\\n'",
        ),
        (
            vec![scope.clone(), raw::field(2, "k".repeat(257)), put.clone()],
            "a key of 257 bytes is more than the 256 allowed",
        ),
        (
            vec![
                scope.clone(),
                key.clone(),
                raw::field(5, vec![0; limit::VALUE_BYTES + 1]),
            ],
            "a value of 1048577 bytes is more than the 1048576 allowed",
        ),
        (
            vec![scope.clone(), key.clone(), put.clone(), replaces(&[])],
            "a write replaces version 0",
        ),
        (
            vec![scope, key, put, replaces(&[raw::number(2, 1)])],
            "author of the write replaced: a name has an empty label",
        ),
        (
            vec![raw::field(99, vec![0; bound::ENTRY_BYTES])],
            "an entry: 1049861 bytes are more than the 1049856 allowed",
        ),
    ] {
        assert_eq!(refused(&fields), want);
    }
}

#[test]
fn envelopes() {
    let refused = |sealed: Vec<u8>| {
        let item = raw::field(1, sealed);
        decode_item(item.into()).unwrap_err().to_string()
    };
    let claim = sample::sealed(Statement::Claim(sample::claim(Presence::Alive)));
    let signed = |len| [&sealed_bytes(&claim)[..], &raw::field(2, vec![1; len])].concat();
    assert_eq!(refused(Vec::new()), "statement is missing");
    assert_eq!(
        refused(signed(129)),
        "a signature: 129 bytes are more than the 128 allowed"
    );
    assert_eq!(
        refused(raw::field(99, vec![0; bound::SEALED_BYTES])),
        "a sealed statement: 4100 bytes are more than the 4096 allowed"
    );
    assert!(decode_item(raw::field(1, signed(128)).into()).is_ok());

    let part = raw::field(2, raw::field(2, "entry"));
    let beside = [&encode_item(&claim)[..], &part].concat();
    assert_eq!(
        decode_item(beside.into()).unwrap_err().to_string(),
        "entries beside a statement that names none"
    );
    let accusation = sample::sealed(Statement::Accusation(sample::accusation(Charge::Dead)));
    let asked = decode_sealed_claim(sealed_bytes(&accusation).clone());
    assert_eq!(asked, Err(DecodeError::OtherKind { wanted: "claim" }));
}

#[test]
fn batches_of_too_many_bytes() {
    let mut draft = sample::draft();
    for entry in &mut draft.entries {
        entry.op = Op::Put(Value::new(vec![0; limit::VALUE_BYTES / 2].into()).unwrap());
    }
    let batch = sample::sealed_batch(draft);
    let parts = |count| {
        let parts = batch.parts.iter().take(count);
        parts.map(|part| (part.index, part.entry.bytes.clone()))
    };
    let head = &batch.head.bytes;
    assert!(decode_batch(head.clone(), parts(2)).is_ok());
    let error = decode_batch(head.clone(), parts(3)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "keys and values: 1572885 bytes are more than the 1064960 allowed"
    );
}

#[test]
fn digests_and_wants() {
    let row = |name: &str| sample::row(name, MemberState::Alive, None);
    let digest = |after: Option<&str>, through: Option<&str>, rows: &[&str]| {
        refused(Body::Digest(Digest {
            after: after.map(sample::id),
            through: through.map(sample::id),
            rows: rows.iter().map(|name| row(name)).collect(),
        }))
    };
    let unordered = "rows of a digest that do not rise";
    assert_eq!(digest(None, None, &["b", "a"]), unordered);
    assert_eq!(digest(None, None, &["a", "a"]), unordered);
    let outside = "a row outside of its digest's range";
    assert_eq!(digest(Some("a"), None, &["a"]), outside);
    assert_eq!(digest(None, Some("b"), &["a", "c"]), outside);
    let backward = "a range that ends before it begins";
    assert_eq!(digest(Some("b"), Some("b"), &[]), backward);
    assert_eq!(
        refused(Body::Want(Want {
            rows: vec![row("b"), row("a"), row("b")],
        })),
        "a name stands twice in a want"
    );
    let stateless = raw::field(1, "a");
    let stateless = [stateless, raw::field(2, raw::number(1, 1))].concat();
    let bytes = Bytes::from(raw::field(6, raw::field(3, stateless)));
    let error = decode_message(bytes, Channel::Stream).unwrap_err();
    assert_eq!(error.to_string(), "state is missing");
    for len in [0, 15, 17] {
        let sum = raw::field(1, vec![0x5a; len]);
        let bytes = Bytes::from(raw::field(10, sum));
        let error = decode_message(bytes, Channel::Stream).unwrap_err();
        let odd = "a checksum of other than 16 bytes";
        assert!(error.to_string().contains(odd), "{error}");
    }
}

#[test]
fn deltas() {
    let batch = |first: u64| -> Batch {
        let mut draft = sample::draft();
        draft.first = Version(first);
        sample::sealed_batch(draft)
    };
    let of_another = |first: u64| {
        let mut draft = sample::draft();
        draft.first = Version(first);
        draft.author = sample::id("eu/2/n4");
        sample::sealed_batch(draft)
    };
    let log = |from, batches: Vec<Batch>| LogDelta {
        from: Version(from),
        batches,
    };
    let logs = |logs: Vec<LogDelta>| {
        refused(Body::Delta(Delta {
            members: Vec::new(),
            logs,
        }))
    };
    let members = |item| {
        refused(Body::Delta(Delta {
            members: vec![item],
            logs: Vec::new(),
        }))
    };
    assert_eq!(
        logs(vec![log(57, vec![])]),
        "a run of a log without batches"
    );
    assert_eq!(
        logs(vec![log(57, vec![batch(58), of_another(61)])]),
        "two authors in the run of one log"
    );
    let falling = "writes of a log that do not rise";
    assert_eq!(logs(vec![log(57, vec![batch(58), batch(60)])]), falling);
    assert_eq!(logs(vec![log(57, vec![batch(61), batch(58)])]), falling);
    assert_eq!(logs(vec![log(58, vec![batch(58)])]), falling);
    assert_eq!(
        logs(vec![log(57, vec![batch(58)]), log(60, vec![batch(61)])]),
        "a log stands twice in a delta"
    );
    let stranger = "neither claim nor verdict among the members";
    assert_eq!(members(Item::Batch(batch(58))), stranger);
    let suspicion = Statement::Accusation(sample::accusation(Charge::Suspect));
    assert_eq!(members(sample::sealed(suspicion)), stranger);
    for charge in [Charge::Dead, Charge::Removed, Charge::Forgotten] {
        let verdict = sample::sealed(Statement::Accusation(sample::accusation(charge)));
        let message = Message::bare(Body::Delta(Delta {
            members: vec![verdict],
            logs: Vec::new(),
        }));
        assert_eq!(common::passed_on(&message), message, "{charge:?}");
    }
    let claim = sample::sealed(Statement::Claim(sample::claim(Presence::Alive)));
    let as_log = raw::field(8, raw::field(2, raw::field(2, encode_item(&claim))));
    let error = decode_message(as_log.into(), Channel::Stream).unwrap_err();
    assert_eq!(error, DecodeError::OtherKind { wanted: "batch" });
}

#[test]
fn ping_reqs() {
    let bytes = Bytes::from(raw::field(3, raw::number(1, 58)));
    let error = decode_message(bytes, Channel::Datagram).unwrap_err();
    assert_eq!(error.to_string(), "target: a name has an empty label");
}
