//! One of everything: the values behind the golden bytes.

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::siphash::HashKey;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Accusation, Answer, Ask, Base, Batch, Body, Charge, Checksum, Chunk, ChunkAsk, ChunkedId,
    Claim, Delta, Digest, DigestRow, Draft, Entry, Event, EventDelta, EventHave, EventId, EventRow,
    EventRun, EventSum, Filter, Floor, Footing, Form, Found, Generation, Head, Incarnation, Item,
    Lamport, Lineage, LogDelta, LogHead, MemberRow, MemberState, Message, Offer, Op, Outline,
    Presence, Range, RangePart, Ranges, Replaced, RumorId, Run, Said, Scope, Sealed, Seq, Sketch,
    Stamp, Statement, Tag, Value, Version, Want, WriteId,
};
use gossip_wire::{chunk_hash, seal};

/// 2023-11-14, a round number of seconds.
pub(crate) const GENERATION: Generation = Generation(1_700_000_000);

pub(crate) fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

pub(crate) fn footing(incarnation: u64) -> Footing {
    Footing {
        generation: GENERATION,
        incarnation: Incarnation(incarnation),
    }
}

pub(crate) fn claim(presence: Presence) -> Claim {
    Claim {
        member: id("eu/1/n17"),
        footing: footing(0),
        presence,
        addrs: [
            "192.0.2.17:7946".parse().unwrap(),
            "[2001:db8::17]:7946".parse().unwrap(),
        ]
        .into(),
    }
}

pub(crate) fn accusation(charge: Charge) -> Accusation {
    Accusation {
        accuser: id("eu/1/n17"),
        accused: id("eu/2/n4"),
        footing: footing(3),
        charge,
    }
}

pub(crate) fn lineage() -> Lineage {
    let opened = Base {
        generation: GENERATION,
        from: Head::default(),
    };
    Lineage::new(vec![opened])
        .unwrap()
        .extended(Generation(GENERATION.0 + 86_400), head(57))
}

fn log_head() -> LogHead {
    LogHead {
        author: id("eu/1/n1"),
        head: head(60),
    }
}

pub(crate) fn head(version: u64) -> Head {
    Head {
        generation: GENERATION,
        version: Version(version),
    }
}

pub(crate) fn stamp(counter: u32) -> Stamp {
    Stamp {
        millis: 1_700_086_400_123,
        counter,
    }
}

pub(crate) fn entry(scope: Scope, key: &str, value: Option<&str>) -> Entry {
    let put = |text: &str| Op::Put(Value::new(Bytes::copy_from_slice(text.as_bytes())).unwrap());
    Entry {
        scope,
        key: key.parse().unwrap(),
        stamp: stamp(0),
        op: value.map_or(Op::Delete, put),
        replaces: None,
        expires: None,
    }
}

/// An own key put, a shared key put over another's write, an own key deleted.
pub(crate) fn draft() -> Draft {
    let mut shared = entry(Scope::Shared, "leader", Some("eu/1/n17"));
    shared.replaces = Some(Replaced {
        stamp: Stamp {
            millis: 1_700_086_399_000,
            counter: 2,
        },
        write: WriteId {
            author: id("eu/2/n4"),
            version: Version(12),
        },
    });
    Draft {
        author: id("eu/1/n17"),
        lineage: lineage(),
        first: Version(58),
        floor: Floor::default(),
        entries: vec![
            entry(Scope::Own, "load", Some("0.7")),
            shared,
            entry(Scope::Own, "maintenance", None),
        ],
    }
}

/// A value that ends, in a log that was cleared before.
pub(crate) fn cleared() -> Draft {
    let mut lease = entry(Scope::Shared, "lease", Some("eu/1/n17"));
    lease.expires = Some(WallTime::from_millis(1_700_086_430_123));
    Draft {
        floor: Floor {
            through: Version(50),
            shared: Version(41),
            as_of: WallTime::from_millis(1_700_000_000_123),
        },
        entries: vec![lease],
        ..draft()
    }
}

pub(crate) fn opening() -> Draft {
    Draft {
        entries: Vec::new(),
        ..draft()
    }
}

pub(crate) fn unsigned(_: &[u8]) -> Bytes {
    Bytes::new()
}

pub(crate) fn sealed(statement: Statement) -> Item {
    seal(&statement, unsigned)
}

pub(crate) fn sealed_batch(draft: Draft) -> Batch {
    match sealed(Statement::Batch(draft)) {
        Item::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// The batch of [`draft`], of which one entry was superseded since.
pub(crate) fn part_of_batch() -> Batch {
    let mut batch = sealed_batch(draft());
    batch.parts.remove(1);
    batch
}

pub(crate) fn row(text: &str, state: MemberState, version: Option<u64>) -> DigestRow {
    DigestRow {
        id: id(text),
        member: Some(MemberRow {
            footing: footing(1),
            state,
        }),
        head: version.map(head),
    }
}

/// Of a cluster called «demo» that holds one row.
pub(crate) fn checksum() -> Checksum {
    let row = row("eu/1/n17", MemberState::Alive, Some(60));
    let mut sum = Checksum::default();
    sum.add(HashKey::of("demo"), &row.id, row.member, row.head);
    sum
}

/// The same as symbols.
pub(crate) fn sketch() -> gossip_core::reconcile::Sketch {
    let row = row("eu/1/n17", MemberState::Alive, Some(60));
    let mut sketch = gossip_core::reconcile::Sketch::new(&"demo".parse().unwrap());
    sketch.set(&row.id, row.member, row.head);
    sketch
}

fn absent(text: &str) -> DigestRow {
    DigestRow {
        id: id(text),
        member: None,
        head: None,
    }
}

/// Every kind of item, by the name of its golden file.
pub(crate) fn items() -> Vec<(&'static str, Item)> {
    let signed = |_: &[u8]| Bytes::from_static(&[0x5a; 64]);
    let claimed = |presence| Statement::Claim(claim(presence));
    let accused = |charge| Statement::Accusation(accusation(charge));
    vec![
        ("item-claim-alive", sealed(claimed(Presence::Alive))),
        ("item-claim-left", sealed(claimed(Presence::Left))),
        ("item-claim-signed", seal(&claimed(Presence::Alive), signed)),
        ("item-accusation-suspect", sealed(accused(Charge::Suspect))),
        ("item-accusation-dead", sealed(accused(Charge::Dead))),
        ("item-accusation-removed", sealed(accused(Charge::Removed))),
        (
            "item-accusation-forgotten",
            sealed(accused(Charge::Forgotten)),
        ),
        ("item-batch", Item::Batch(sealed_batch(draft()))),
        ("item-batch-part", Item::Batch(part_of_batch())),
        ("item-batch-cleared", Item::Batch(sealed_batch(cleared()))),
        ("item-batch-opening", Item::Batch(sealed_batch(opening()))),
        ("item-event", sealed(Statement::Event(event(3)))),
        ("item-event-query", sealed(Statement::Event(query()))),
    ]
}

pub(crate) fn run() -> Run {
    Run {
        author: id("eu/1/n17"),
        generation: GENERATION,
    }
}

pub(crate) fn event(number: u64) -> Event {
    Event {
        id: EventId { run: run(), number },
        time: Lamport(number + 100),
        name: "deploy".parse().unwrap(),
        payload: Bytes::from_static(b"v2.1"),
        coalesce: true,
        ask: None,
    }
}

pub(crate) fn query() -> Event {
    Event {
        name: "ping".parse().unwrap(),
        payload: Bytes::new(),
        coalesce: false,
        ask: Some(Ask {
            filter: Filter {
                members: vec![id("eu/2/n4"), id("eu/2/n5")],
                zones: vec![id("eu/2")],
                tags: vec![Tag {
                    key: "tag/role".parse().unwrap(),
                    value: Bytes::from_static(b"db"),
                }],
            },
            deadline_ms: 5_000,
            relays: 1,
        }),
        ..event(4)
    }
}

pub(crate) fn sealed_event(number: u64) -> Sealed<Event> {
    match sealed(Statement::Event(event(number))) {
        Item::Event(event) => *event,
        other => panic!("{other:?}"),
    }
}

fn answer(said: Said) -> Message {
    Message::bare(Body::Answer(Answer {
        to: query().id,
        from: id("eu/2/n4"),
        said,
    }))
}

fn event_messages() -> Vec<(&'static str, Message)> {
    let bare = Message::bare;
    vec![
        (
            "message-event-sum",
            bare(Body::EventSum(EventSum {
                sum: checksum(),
                fresh: true,
            })),
        ),
        (
            "message-event-have",
            bare(Body::EventHave(EventHave {
                rows: vec![EventRow {
                    run: run(),
                    top: 9,
                    holes: vec![6, 8],
                }],
                clock: Lamport(109),
                whole: true,
                back: true,
            })),
        ),
        (
            "message-event-delta",
            bare(Body::EventDelta(EventDelta {
                runs: vec![EventRun {
                    run: run(),
                    floor: 2,
                    through: 9,
                    events: vec![sealed_event(6), sealed_event(8)],
                }],
                more: true,
            })),
        ),
        ("message-answer-ack", answer(Said::Ack)),
        (
            "message-answer-response",
            answer(Said::Response(Bytes::from_static(b"pong"))),
        ),
    ]
}

/// Every kind of message, by the name of its golden file.
pub(crate) fn messages() -> Vec<(&'static str, Message)> {
    let seq = Seq(58);
    let claim = sealed(Statement::Claim(claim(Presence::Alive)));
    let verdict = sealed(Statement::Accusation(accusation(Charge::Dead)));
    let bare = Message::bare;
    let mut messages = vec![
        ("message-ping", bare(Body::Ping { seq })),
        ("message-ack", bare(Body::Ack { seq })),
        (
            "message-ping-req",
            bare(Body::PingReq {
                seq,
                target: id("eu/2/n4"),
            }),
        ),
        ("message-nack", bare(Body::Nack { seq })),
        ("message-gossip", bare(Body::Gossip)),
        (
            "message-ping-with-rumor",
            Message {
                body: Body::Ping { seq },
                rumors: vec![claim.clone()],
            },
        ),
        ("message-checksum", bare(Body::Checksum(checksum()))),
        (
            "message-digest",
            bare(Body::Digest(Digest {
                after: None,
                through: Some(id("eu/2/n9")),
                rows: vec![
                    row("eu/1/n17", MemberState::Alive, Some(60)),
                    row("eu/2/n4", MemberState::Dead, None),
                    row("eu/2/n5", MemberState::Left, Some(1)),
                    row("eu/2/n6", MemberState::Forgotten, None),
                ],
            })),
        ),
        (
            "message-want",
            bare(Body::Want(Want {
                rows: vec![
                    row("eu/1/n17", MemberState::Alive, Some(57)),
                    absent("eu/3/n1"),
                ],
            })),
        ),
        (
            "message-delta",
            bare(Body::Delta(Delta {
                members: vec![verdict, claim],
                logs: vec![LogDelta {
                    from: Version(57),
                    batches: vec![part_of_batch()],
                    chunked: Vec::new(),
                    more: true,
                }],
            })),
        ),
        ("message-done", bare(Body::Done)),
        (
            "message-sketch",
            bare(Body::Sketch(Sketch {
                sum: checksum(),
                form: Form::PushPull,
                first: 0,
                symbols: sketch().symbols(0, 2).to_vec(),
            })),
        ),
        (
            "message-sketch-continued",
            bare(Body::Sketch(Sketch {
                sum: checksum(),
                form: Form::Pull,
                first: 2,
                symbols: sketch().symbols(2, 4).to_vec(),
            })),
        ),
        (
            "message-first",
            bare(Body::First(vec![
                "config/".parse().unwrap(),
                "role".parse().unwrap(),
            ])),
        ),
        ("message-more", bare(Body::More { through: 300 })),
        (
            "message-found",
            bare(Body::Found(Found {
                used: 2,
                lacks: vec![(0x0f22_7d21_8a89_692b, 57), (17, 0)],
                unclear: vec![0x0f22_7d21_8a89_692a],
            })),
        ),
        (
            "message-rows",
            bare(Body::Rows(Want {
                rows: vec![row("eu/1/n17", MemberState::Alive, Some(57))],
            })),
        ),
        (
            "message-ranges",
            bare(Body::Ranges(Ranges {
                salt: 0x0102_0304_0506_0708,
                ranges: vec![
                    Range {
                        after: None,
                        through: Some(id("eu/1/n17")),
                        part: RangePart::Print(checksum().0),
                    },
                    Range {
                        after: Some(id("eu/1/n17")),
                        through: Some(id("eu/2/n4")),
                        part: RangePart::Tell,
                    },
                    Range {
                        after: Some(id("eu/2/n4")),
                        through: None,
                        part: RangePart::Rows(vec![row("eu/2/n5", MemberState::Left, Some(1))]),
                    },
                ],
            })),
        ),
        (
            "message-offer",
            bare(Body::Offer(Offer {
                asks: true,
                hot: vec![(RumorId(0x0102_0304_0506_0708), 1), (RumorId(9), 0)],
                ..Offer::default()
            })),
        ),
        (
            "message-offer-answer",
            bare(Body::Offer(Offer {
                asks: false,
                hot: vec![(RumorId(10), 0)],
                known: vec![(RumorId(9), None), (RumorId(11), Some(1))],
                taken: vec![RumorId(0x0102_0304_0506_0708)],
                wanted: vec![RumorId(12)],
                heads: Vec::new(),
            })),
        ),
        (
            "message-offer-heads",
            bare(Body::Offer(Offer {
                heads: vec![log_head()],
                ..Offer::default()
            })),
        ),
        ("message-follow", bare(Body::Follow(log_head()))),
    ];
    messages.extend(event_messages());
    messages.extend(chunk_messages());
    messages
}

/// A batch of three: one small entry, one of 40 000 bytes, one that is deleted.
pub(crate) fn large_batch() -> Batch {
    let mut draft = draft();
    draft.entries[1].op = Op::Put(Value::new(vec![7; 40_000].into()).unwrap());
    sealed_batch(draft)
}

/// The large batch as a peer reads its outline.
pub(crate) fn outline() -> Outline {
    let mut outline = Outline::of(&large_batch(), 512);
    outline.chunked.iter_mut().for_each(super::arbitrary::name);
    outline
}

fn chunk_messages() -> Vec<(&'static str, Message)> {
    let of = || ChunkedId {
        author: id("eu/1/n17"),
        generation: GENERATION,
        version: Version(59),
    };
    let chunk = |bytes: &'static [u8]| {
        Message::bare(Body::Chunk(Chunk {
            of: of(),
            index: 1,
            bytes: Bytes::from_static(bytes),
            hash: Some(chunk_hash(bytes)),
        }))
    };
    let ask = ChunkAsk {
        of: of(),
        chunks: vec![0, 1, 32],
    };
    let mut run = LogDelta {
        from: Version(57),
        batches: vec![large_batch()],
        chunked: Vec::new(),
        more: false,
    };
    run.tell_by_chunks();
    for (_, part) in &mut run.chunked {
        super::arbitrary::name(part);
    }
    let delta = Delta {
        members: Vec::new(),
        logs: vec![run],
    };
    vec![
        ("message-outline", Message::bare(Body::Outline(outline()))),
        ("message-delta-chunked", Message::bare(Body::Delta(delta))),
        ("message-chunk-ask", Message::bare(Body::ChunkAsk(ask))),
        ("message-chunk", chunk(b"the second of two")),
        ("message-chunk-none", chunk(b"")),
    ]
}
