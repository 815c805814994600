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
    Answer, Batch, Body, Charge, Delta, Digest, EventDelta, EventHave, EventRow, EventRun, Item,
    Lamport, LogDelta, MemberState, Message, Offer, Op, Presence, Range, RangePart, Ranges,
    RumorId, Run, Said, Statement, Value, Version, Want,
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

fn event_fields() -> Vec<Vec<u8>> {
    vec![
        raw::field(1, "n1"),
        raw::number(2, 1),
        raw::number(3, 1),
        raw::number(4, 1),
        raw::field(5, "deploy"),
    ]
}

#[test]
fn events() {
    let all = event_fields();
    let with = |fields: &[Vec<u8>]| [all.as_slice(), fields].concat();
    let ask = |fields: &[Vec<u8>]| with(&[raw::field(8, fields.concat())]);
    let soon = raw::number(1, 5_000);
    let members = vec![raw::field(3, "n1"); limit::ASK_FILTERS + 1];
    let tag = raw::field(
        5,
        [raw::field(1, "tag/a"), raw::field(2, vec![0; 129])].concat(),
    );
    let bad_zone = raw::field(4, "EU");
    for (fields, want) in [
        (vec![], "an event at time 0"),
        (all[1..].to_vec(), "author: a name has an empty label"),
        ([&all[..1], &all[2..]].concat(), "a run of generation 0"),
        ([&all[..2], &all[3..]].concat(), "an event of number 0"),
        (all[..4].to_vec(), "a key must not be empty"),
        (
            with(&[raw::field(6, vec![0; limit::EVENT_PAYLOAD_BYTES + 1])]),
            "a payload: 8193 bytes are more than the 8192 allowed",
        ),
        (
            with(&[raw::number(7, 1), raw::field(8, soon.clone())]),
            "a query that coalesces",
        ),
        (
            ask(&[]),
            "a query's deadline of nothing, or of over an hour",
        ),
        (
            ask(&[raw::number(1, limit::ASK_DEADLINE_MS + 1)]),
            "a query's deadline of nothing, or of over an hour",
        ),
        (
            ask(&[soon.clone(), raw::number(2, 9)]),
            "an answer through more than 8 relays",
        ),
        (
            ask(&[soon.clone(), members.concat()]),
            "65 parts of a filter are more than the 64 allowed",
        ),
        (
            ask(&[soon.clone(), tag]),
            "a tag: 129 bytes are more than the 128 allowed",
        ),
        (
            ask(&[soon, bad_zone]),
            "asked zone: only a-z, 0-9 and inner hyphens may stand in a label, found 'E'",
        ),
    ] {
        assert_eq!(refused_item(4, &fields), want);
    }
}

#[test]
fn an_event_is_longer_than_others_may_be_and_has_its_own_bound() {
    let item = |kind, fields: Vec<Vec<u8>>| {
        let statement = raw::field(kind, fields.concat());
        let item = raw::field(1, raw::field(1, statement));
        decode_item(item.into())
    };
    let later = |bytes| raw::field(1_000, vec![0; bytes]);
    let claim = |bytes| {
        let fields = [raw::field(1, "n1"), raw::number(2, 1), raw::number(4, 1)];
        item(1, [fields.to_vec(), vec![later(bytes)]].concat())
    };
    let event = |bytes| item(4, [event_fields(), vec![later(bytes)]].concat());
    assert!(claim(4_000).is_ok() && event(40_000).is_ok());
    for (refused, max) in [
        (claim(4_100), bound::SEALED_BYTES),
        (event(41_000), bound::SEALED_EVENT_BYTES),
    ] {
        assert!(
            matches!(refused, Err(DecodeError::TooLong { max: is, .. }) if is == max),
            "{refused:?}"
        );
    }
}

#[test]
fn lists_of_events() {
    let run = |name: &str| Run {
        author: sample::id(name),
        ..sample::run()
    };
    let row = |name: &str, top, holes: &[u64]| EventRow {
        run: run(name),
        top,
        holes: holes.to_vec(),
    };
    let have = |rows| {
        refused(Body::EventHave(EventHave {
            rows,
            clock: Lamport(1),
            whole: true,
            back: false,
        }))
    };
    let holes = "holes of a run that do not rise within it";
    assert_eq!(have(vec![row("a", 9, &[2, 2])]), holes);
    assert_eq!(have(vec![row("a", 9, &[0])]), holes);
    assert_eq!(have(vec![row("a", 9, &[10])]), holes);
    let many: Vec<u64> = (1..=65).collect();
    assert_eq!(
        have(vec![row("a", 99, &many)]),
        "65 holes are more than the 64 allowed"
    );
    let rising = "runs of events that do not rise";
    assert_eq!(have(vec![row("b", 1, &[]), row("a", 1, &[])]), rising);
    let told = |name: &str, events| EventRun {
        run: run(name),
        floor: 0,
        through: 9,
        events,
    };
    let delta = |runs| refused(Body::EventDelta(EventDelta { runs, more: false }));
    assert_eq!(delta(vec![told("a", vec![]), told("a", vec![])]), rising);
    let event = sample::sealed_event;
    let own = || EventRun {
        run: sample::run(),
        ..told("a", vec![event(3), event(2)])
    };
    assert_eq!(delta(vec![own()]), "events of a run that do not rise");
    assert_eq!(
        delta(vec![told("a", vec![event(1)])]),
        "an event of another run"
    );
    let full = (1..=limit::EVENT_PIECE as u64 + 1).map(event).collect();
    assert_eq!(
        delta(vec![EventRun {
            events: full,
            ..own()
        }]),
        "1025 events are more than the 1024 allowed"
    );
    let response = Body::Answer(Answer {
        to: sample::query().id,
        from: sample::id("a"),
        said: Said::Response(Bytes::from(vec![0; limit::RESPONSE_BYTES + 1])),
    });
    assert_eq!(
        refused(response),
        "a response: 65537 bytes are more than the 65536 allowed"
    );
    let sum = raw::field(14, raw::field(1, vec![0; 15]));
    let error = decode_message(sum.into(), Channel::Datagram).unwrap_err();
    assert_eq!(error.to_string(), "a sum of events of other than 16 bytes");
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
    let with_floor = |first, fields: &[(u64, u64)]| {
        let fields = fields.iter();
        let fields = fields.map(|(number, value)| raw::number(*number, *value));
        let floor = raw::field(5, fields.collect::<Vec<_>>().concat());
        vec![author.clone(), base(1, 0, 0), raw::number(3, first), floor]
    };
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
            with_floor(7, &[(1, 7)]),
            "a floor that is none, or above its batch",
        ),
        (
            with_floor(7, &[(1, 6), (2, 7)]),
            "a floor that is none, or above its batch",
        ),
        (
            with_floor(7, &[(3, 1)]),
            "a floor that is none, or above its batch",
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
            vec![
                scope.clone(),
                key.clone(),
                raw::field(6, []),
                raw::number(8, 1),
            ],
            "a deletion that ends",
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
        refused(raw::field(99, vec![0; bound::SEALED_EVENT_BYTES])),
        "a sealed statement: 40965 bytes are more than the 40960 allowed"
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
fn sketches_and_what_is_found() {
    let refused = |number: u64, body: Vec<u8>| {
        let bytes = Bytes::from(raw::field(number, body));
        decode_message(bytes, Channel::Stream)
            .unwrap_err()
            .to_string()
    };
    let sum = raw::field(1, vec![0x5a; 16]);
    let sketch = |symbols: Vec<u8>, first: u64| {
        let body = [sum.clone(), raw::number(3, first), raw::field(4, symbols)].concat();
        refused(11, body)
    };
    assert_eq!(sketch(vec![0; 19], 0), "symbols of other than 20 bytes");
    assert_eq!(sketch(vec![], 0), "a sketch without symbols");
    let all = limit::SYMBOLS;
    let many = format!("{} symbols are more than the {all} allowed", all + 1);
    assert_eq!(sketch(vec![0; 20 * (all + 1)], 0), many);
    assert_eq!(sketch(vec![0; 20], all as u64), many);
    let past = "a number that is not below the prime";
    assert_eq!(sketch(vec![0xff; 20], 0), past);
    let odd = "a checksum of other than 16 bytes";
    assert_eq!(refused(11, raw::field(4, vec![0; 20])), odd);
    assert_eq!(refused(12, vec![]), "no symbols are asked for");
    assert_eq!(refused(12, raw::number(1, all as u64 + 1)), many);
    assert_eq!(refused(20, raw::number(1, all as u64 + 1)), many);
    let beginnings = raw::field(1, vec!["k"; limit::READINESS + 1].join("\n"));
    assert_eq!(
        refused(23, beginnings),
        "17 beginnings of keys are more than the 16 allowed"
    );
    assert_eq!(refused(23, vec![]), "a key must not be empty");
    let cut = "a column that ends within a number";
    assert_eq!(refused(20, raw::field(2, vec![0; 15])), cut);
    assert_eq!(refused(20, raw::field(3, vec![0; 15])), cut);
    assert_eq!(refused(20, raw::field(2, vec![0xff; 16])), past);
    assert_eq!(refused(20, raw::field(3, vec![0xff; 8])), past);
    let items = refused(20, raw::field(2, vec![0; 16 * (all + 1)]));
    assert!(items.contains("items are more than"), "{items}");
    let names = refused(20, raw::field(3, vec![0; 8 * (limit::DIGEST_ROWS + 1)]));
    assert!(names.contains("names are more than"), "{names}");
}

#[test]
fn ranges() {
    let range = |after: Option<&str>, through: Option<&str>, part| Range {
        after: after.map(sample::id),
        through: through.map(sample::id),
        part,
    };
    let said = |ranges: Vec<Range>| refused(Body::Ranges(Ranges { salt: 1, ranges }));
    let overlap = "ranges that overlap";
    let tell = || RangePart::Tell;
    assert_eq!(
        said(vec![range(None, None, tell()), range(None, None, tell())]),
        overlap
    );
    assert_eq!(
        said(vec![
            range(None, Some("b"), tell()),
            range(Some("a"), None, tell())
        ]),
        overlap
    );
    let backward = "a range that ends before it begins";
    assert_eq!(said(vec![range(Some("b"), Some("a"), tell())]), backward);
    let outside = "a row outside of its digest's range";
    let row = sample::row("c", MemberState::Alive, None);
    let rows = RangePart::Rows(vec![row]);
    assert_eq!(said(vec![range(None, Some("b"), rows)]), outside);
    let many = vec![range(None, None, tell()); limit::RANGES + 1];
    assert!(said(many).contains("ranges are more than"));
    let two = [raw::field(3, vec![0; 16]), raw::number(4, 1)].concat();
    for (body, why) in [
        (two, "a range of two kinds"),
        (raw::field(3, vec![0; 15]), "a print of other than 16 bytes"),
        (raw::field(5, raw::field(1, "a")), "a range of two kinds"),
    ] {
        let bytes = Bytes::from(raw::field(22, raw::field(2, body)));
        let error = decode_message(bytes, Channel::Stream).unwrap_err();
        assert_eq!(error.to_string(), why);
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
        chunked: Vec::new(),
        more: false,
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
