//! Arbitrary values, all of them such as the protocol allows.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Accusation, Answer, Ask, Base, Batch, Body, Charge, Checksum, Chunk, ChunkAsk, Chunked,
    ChunkedId, ChunkedPart, Claim, Delta, Digest, DigestRow, Draft, Entry, Event, EventDelta,
    EventHave, EventId, EventRow, EventRun, EventSum, Filter, Floor, Footing, Form, Found,
    Generation, Head, Incarnation, Item, Key, Lamport, Lineage, LogDelta, LogHead, MemberRow,
    MemberState, Message, Offer, Op, Outline, Presence, Range, RangePart, Ranges, Replaced,
    RumorId, Run, Said, Scope, Sealed, Seq, Sketch, Stamp, Statement, Symbol, Tag, Value, Version,
    Want, WriteId, chunk_at,
};
use gossip_core::reconcile::field::PRIME;
use gossip_wire::{chunk_hash, seal};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

/// Numbers, with those that take the most and the fewest bytes among them.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 0..300_u64, any::<u64>(), Just(u64::MAX)]
}

fn positive() -> impl Strategy<Value = u64> {
    number().prop_map(|number| number.max(1))
}

pub(crate) fn node_id() -> impl Strategy<Value = NodeId> {
    let label = "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?";
    let path = vec(label, 1..=4).prop_map(|labels| labels.join("/"));
    let longest = Just(format!("{0}/{0}/a", "z".repeat(62)));
    prop_oneof![9 => path, 1 => longest].prop_map(|text| text.parse().unwrap())
}

fn addr() -> impl Strategy<Value = SocketAddr> {
    (any::<IpAddr>(), 1..=u16::MAX).prop_map(SocketAddr::from)
}

fn footing() -> impl Strategy<Value = Footing> {
    (positive(), number()).prop_map(|(generation, incarnation)| Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    })
}

pub(crate) fn claim() -> impl Strategy<Value = Claim> {
    let presence = prop_oneof![Just(Presence::Alive), Just(Presence::Left)];
    let parts = (
        node_id(),
        footing(),
        presence,
        vec(addr(), 0..=limit::ADDRS),
    );
    parts.prop_map(|(member, footing, presence, addrs)| Claim {
        member,
        footing,
        presence,
        addrs: addrs.into(),
    })
}

/// Any charge that condemns.
fn verdict() -> impl Strategy<Value = Charge> {
    prop_oneof![
        Just(Charge::Dead),
        Just(Charge::Removed),
        Just(Charge::Forgotten),
    ]
}

pub(crate) fn accusation() -> impl Strategy<Value = Accusation> {
    let charge = prop_oneof![Just(Charge::Suspect), verdict()];
    let parts = (node_id(), node_id(), footing(), charge);
    parts.prop_map(|(accuser, accused, footing, charge)| Accusation {
        accuser,
        accused,
        footing,
        charge,
    })
}

/// A lineage whose last base continues from `version`.
fn lineage(version: u64) -> impl Strategy<Value = Lineage> {
    vec((1..1_000_u64, number()), 1..=limit::LINEAGE).prop_map(move |steps| {
        let last = steps.len() - 1;
        let mut generation = 0;
        let bases = steps.into_iter().enumerate().map(|(at, (step, skipped))| {
            let from = Head {
                generation: Generation(generation),
                version: Version(version / (last - at + 1) as u64),
            };
            generation += step + skipped % (u64::MAX / 16);
            Base {
                generation: Generation(generation),
                from,
            }
        });
        Lineage::new(bases.collect()).unwrap()
    })
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (number(), any::<u32>()).prop_map(|(millis, counter)| Stamp { millis, counter })
}

fn replaced() -> impl Strategy<Value = Replaced> {
    (stamp(), node_id(), positive()).prop_map(|(stamp, author, version)| Replaced {
        stamp,
        write: WriteId {
            author,
            version: Version(version),
        },
    })
}

fn key() -> impl Strategy<Value = Key> {
    let text = prop_oneof![9 => "[^\\p{Cc}]{1,20}", 1 => Just("k".repeat(limit::KEY_BYTES))];
    text.prop_map(|text| text.parse().unwrap())
}

fn op() -> impl Strategy<Value = Op> {
    let small = vec(any::<u8>(), 0..100);
    let large = (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| vec![byte; len]);
    let put = prop_oneof![9 => small, 1 => large];
    let put = put.prop_map(|bytes| Op::Put(Value::new(Bytes::from(bytes)).unwrap()));
    prop_oneof![3 => put, 1 => Just(Op::Delete)]
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let scope = prop_oneof![Just(Scope::Own), Just(Scope::Shared)];
    let ends = option::of(positive().prop_map(WallTime::from_millis));
    let parts = (scope, key(), stamp(), op(), option::of(replaced()), ends);
    parts.prop_map(|(scope, key, stamp, op, replaces, ends)| Entry {
        scope,
        key,
        stamp,
        expires: ends.filter(|_| op != Op::Delete),
        op,
        replaces,
    })
}

fn floor(first: u64) -> impl Strategy<Value = Floor> {
    (0..first, any::<u64>(), any::<u64>()).prop_map(|(through, shared, as_of)| match through {
        0 => Floor::default(),
        _ => Floor {
            through: Version(through),
            shared: Version(shared % (through + 1)),
            as_of: WallTime::from_millis(as_of),
        },
    })
}

fn draft_of(author: NodeId, base: u64, first: u64, entries: usize) -> impl Strategy<Value = Draft> {
    let parts = (lineage(base), vec(entry(), entries), floor(first));
    parts.prop_map(move |(lineage, entries, floor)| Draft {
        author: author.clone(),
        lineage,
        first: Version(first),
        entries,
        floor,
    })
}

pub(crate) fn draft() -> impl Strategy<Value = Draft> {
    let count = prop_oneof![1 => Just(0), 8 => 1..6_usize, 1 => Just(limit::BATCH_ENTRIES)];
    let first = positive().prop_map(|first| first.min(u64::MAX - 64));
    (node_id(), first, number(), count).prop_flat_map(|(author, first, base, count)| {
        let base = base.min(first - 1);
        draft_of(author, base, first, count)
    })
}

pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    prop_oneof![
        claim().prop_map(Statement::Claim),
        accusation().prop_map(Statement::Accusation),
        draft().prop_map(Statement::Batch),
        event().prop_map(Statement::Event),
    ]
}

fn bytes(max: usize) -> impl Strategy<Value = Bytes> {
    let small = vec(any::<u8>(), 0..40).prop_map(Bytes::from);
    prop_oneof![9 => small, 1 => Just(Bytes::from(vec![7; max]))]
}

fn run() -> impl Strategy<Value = Run> {
    (node_id(), positive()).prop_map(|(author, generation)| Run {
        author,
        generation: Generation(generation),
    })
}

fn event_id() -> impl Strategy<Value = EventId> {
    (run(), positive()).prop_map(|(run, number)| EventId { run, number })
}

fn ask() -> impl Strategy<Value = Ask> {
    let tag = (key(), bytes(limit::TAG_BYTES)).prop_map(|(key, value)| Tag { key, value });
    let parts = (
        vec(node_id(), 0..20),
        vec(node_id(), 0..20),
        vec(tag, 0..20),
        1..=limit::ASK_DEADLINE_MS,
        0..=limit::ASK_RELAYS,
    );
    parts.prop_map(|(members, zones, tags, deadline_ms, relays)| Ask {
        filter: Filter {
            members,
            zones,
            tags,
        },
        deadline_ms,
        relays,
    })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let parts = (
        event_id(),
        positive(),
        key(),
        bytes(limit::EVENT_PAYLOAD_BYTES),
        any::<bool>(),
        option::of(ask()),
    );
    parts.prop_map(|(id, time, name, payload, coalesce, ask)| Event {
        id,
        time: Lamport(time),
        name,
        payload,
        coalesce: coalesce && ask.is_none(),
        ask,
    })
}

fn event_sum() -> impl Strategy<Value = EventSum> {
    (any::<u128>(), any::<bool>()).prop_map(|(sum, fresh)| EventSum {
        sum: Checksum(sum),
        fresh,
    })
}

fn event_have() -> impl Strategy<Value = EventHave> {
    let rows = btree_map(
        run(),
        (vec(positive(), 0..=limit::EVENT_HOLES), number()),
        0..20,
    );
    let parts = (rows, number(), any::<bool>(), any::<bool>());
    parts.prop_map(|(rows, clock, whole, back)| EventHave {
        rows: rows
            .into_iter()
            .map(|(run, (mut holes, top))| {
                holes.sort_unstable();
                holes.dedup();
                let top = top.max(holes.last().copied().unwrap_or(0));
                EventRow { run, top, holes }
            })
            .collect(),
        clock: Lamport(clock),
        whole,
        back,
    })
}

fn event_delta() -> impl Strategy<Value = EventDelta> {
    let events = vec((event(), signature()), 0..5);
    let runs = btree_map(run(), (events, number(), number()), 0..4);
    (runs, any::<bool>()).prop_map(|(runs, more)| EventDelta {
        runs: runs
            .into_iter()
            .map(|(run, (events, floor, through))| {
                let sealed = events.into_iter().map(|(event, signature)| {
                    let (number, mut event) = (event.id.number, event);
                    event.id.run = run.clone();
                    match seal(&Statement::Event(event), |_| signature) {
                        Item::Event(event) => (number, *event),
                        other => panic!("{other:?}"),
                    }
                });
                let sealed: BTreeMap<u64, Sealed<Event>> = sealed.collect();
                EventRun {
                    events: sealed.into_values().collect(),
                    run,
                    floor,
                    through,
                }
            })
            .collect(),
        more,
    })
}

fn answer() -> impl Strategy<Value = Answer> {
    let said = prop_oneof![
        Just(Said::Ack),
        bytes(limit::RESPONSE_BYTES).prop_map(Said::Response),
    ];
    (event_id(), node_id(), said).prop_map(|(to, from, said)| Answer { to, from, said })
}

pub(crate) fn signature() -> impl Strategy<Value = Bytes> {
    let len = prop_oneof![Just(0), Just(64), Just(limit::SIGNATURE_BYTES_MAX)];
    len.prop_map(|len| Bytes::from(vec![0x5a; len]))
}

fn sealed(draft: Draft, signature: Bytes) -> Batch {
    match seal(&Statement::Batch(draft), |_| signature) {
        Item::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// Some of the parts, as a relay would leave them.
fn thinned(mut batch: Batch, kept: u64) -> Batch {
    batch
        .parts
        .retain(|part| kept >> (part.index % 64) & 1 == 1);
    batch
}

pub(crate) fn item() -> impl Strategy<Value = Item> {
    let parts = (statement(), signature(), any::<u64>());
    parts.prop_map(
        |(statement, signature, kept)| match seal(&statement, |_| signature) {
            Item::Batch(batch) => Item::Batch(thinned(batch, kept)),
            item => item,
        },
    )
}

/// Claims and verdicts.
fn member_item() -> impl Strategy<Value = Item> {
    let verdict = (accusation(), verdict());
    let verdict = verdict.prop_map(|(accusation, charge)| Accusation {
        charge,
        ..accusation
    });
    let statement = prop_oneof![
        claim().prop_map(Statement::Claim),
        verdict.prop_map(Statement::Accusation),
    ];
    (statement, signature()).prop_map(|(statement, signature)| seal(&statement, |_| signature))
}

/// A run of batches that follow on each other, some of their parts left out.
fn log_delta(author: NodeId) -> impl Strategy<Value = LogDelta> {
    let from = prop_oneof![Just(0), 1..300_u64, Just(u64::MAX / 2)];
    (from, vec(0..4_usize, 1..4)).prop_flat_map(move |(from, counts)| {
        let mut first = from + 1;
        let drafts = counts.into_iter().map(|count| {
            let draft = draft_of(author.clone(), from, first, count);
            first += count as u64;
            (draft, signature(), any::<u64>()).boxed()
        });
        drafts.collect::<Vec<_>>().prop_map(move |drafts| {
            let mut run = LogDelta {
                from: Version(from),
                more: from % 2 == 1,
                batches: drafts
                    .into_iter()
                    .map(|(draft, signature, kept)| thinned(sealed(draft, signature), kept))
                    .collect(),
                chunked: Vec::new(),
            };
            run.tell_by_chunks();
            run.chunked.iter_mut().for_each(|(_, part)| name(part));
            run
        })
    })
}

/// What a peer reads of an entry that is told by its chunks.
pub(crate) fn name(part: &mut ChunkedPart) {
    if let Chunked::Held(bytes) = &part.entry {
        let chunks = (0..).map_while(|index| chunk_at(bytes, index));
        part.entry = Chunked::Named {
            bytes: u32::try_from(bytes.len()).unwrap(),
            chunks: chunks.map(|chunk| chunk_hash(&chunk)).collect(),
        };
    }
}

/// A batch whose entries of more than some bytes are told by their chunks, as its
/// teller says it.
pub(crate) fn outline() -> impl Strategy<Value = Outline> {
    let first = positive().prop_map(|first| first.min(u64::MAX - 64));
    let draft = (node_id(), first, 1..6_usize);
    let draft =
        draft.prop_flat_map(|(author, first, count)| draft_of(author, first - 1, first, count));
    (draft, signature(), 0..100_usize).prop_map(|(draft, signature, most)| {
        let batch = sealed(draft, signature);
        let outline = Outline::of(&batch, most);
        match outline.chunked.is_empty() {
            true => Outline::of(&batch, 0),
            false => outline,
        }
    })
}

fn named_outline() -> impl Strategy<Value = Outline> {
    outline().prop_map(|mut outline| {
        outline.chunked.iter_mut().for_each(name);
        outline
    })
}

fn chunked_id() -> impl Strategy<Value = ChunkedId> {
    let parts = (node_id(), positive(), positive());
    parts.prop_map(|(author, generation, version)| ChunkedId {
        author,
        generation: Generation(generation),
        version: Version(version),
    })
}

fn chunk_ask() -> impl Strategy<Value = ChunkAsk> {
    let chunks = proptest::collection::btree_set(0..33_u32, 1..=limit::CHUNKS_ASKED);
    (chunked_id(), chunks).prop_map(|(of, chunks)| ChunkAsk {
        of,
        chunks: chunks.into_iter().collect(),
    })
}

fn chunk() -> impl Strategy<Value = Chunk> {
    let parts = (chunked_id(), 0..33_u32, bytes(limit::CHUNK_BYTES));
    parts.prop_map(|(of, index, bytes)| Chunk {
        of,
        index,
        hash: Some(chunk_hash(&bytes)),
        bytes,
    })
}

fn delta() -> impl Strategy<Value = Delta> {
    let logs = vec(node_id().prop_flat_map(log_delta), 0..3);
    (vec(member_item(), 0..5), logs).prop_map(|(members, logs)| {
        let named = logs.into_iter().map(|log| (log.author().cloned(), log));
        let logs: BTreeMap<_, _> = named.collect();
        Delta {
            members,
            logs: logs.into_values().collect(),
        }
    })
}

type Held = (Option<MemberRow>, Option<Head>);

fn held() -> impl Strategy<Value = Held> {
    let state = prop_oneof![
        Just(MemberState::Alive),
        Just(MemberState::Dead),
        Just(MemberState::Left),
        Just(MemberState::Forgotten),
    ];
    let member = (footing(), state).prop_map(|(footing, state)| MemberRow { footing, state });
    let head = (number(), number()).prop_map(|(generation, version)| Head {
        generation: Generation(generation),
        version: Version(version),
    });
    (option::of(member), option::of(head))
}

fn rows() -> impl Strategy<Value = Vec<DigestRow>> {
    btree_map(node_id(), held(), 0..20).prop_map(|rows| {
        let rows = rows.into_iter();
        rows.map(|(id, (member, head))| DigestRow { id, member, head })
            .collect()
    })
}

fn digest() -> impl Strategy<Value = Digest> {
    (rows(), any::<bool>(), any::<bool>()).prop_map(|(mut rows, begins, ends)| {
        let after = (begins && rows.len() > 1).then(|| rows.remove(0).id);
        let through = rows.last().map(|row| row.id.clone());
        Digest {
            after,
            through: through.filter(|_| ends),
            rows,
        }
    })
}

/// Numbers below the prime, its greatest among them.
fn element() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(PRIME - 1), 0..PRIME]
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let form = prop_oneof![Just(Form::PushPull), Just(Form::Push), Just(Form::Pull)];
    let symbol = (element(), element(), any::<u32>());
    let symbol = symbol.prop_map(|(sum, product, check)| Symbol {
        sum,
        product,
        check,
    });
    let first = prop_oneof![Just(0), 0..limit::SYMBOLS as u32 - 40];
    let symbols = prop_oneof![9 => vec(symbol, 1..40), 1 => Just(vec![Symbol::default(); 40])];
    let parts = (any::<u128>(), form, first, symbols);
    parts.prop_map(|(sum, form, first, symbols)| Sketch {
        sum: Checksum(sum),
        form,
        first,
        symbols,
    })
}

fn found() -> impl Strategy<Value = Found> {
    let used = 0..=limit::SYMBOLS as u32;
    let parts = (
        used,
        vec((element(), element()), 0..20),
        vec(element(), 0..20),
    );
    parts.prop_map(|(used, lacks, unclear)| Found {
        used,
        lacks,
        unclear,
    })
}

/// Rows cut into ranges that follow on each other.
fn ranges() -> impl Strategy<Value = Ranges> {
    let kinds = vec((0..3_u8, any::<u128>()), 0..12);
    (number(), rows(), kinds, 1..6_usize).prop_map(|(salt, rows, kinds, each)| {
        let mut after: Option<NodeId> = None;
        let ranges = rows.chunks(each).zip(kinds).map(|(rows, (kind, print))| {
            let through = rows.last().map(|row| row.id.clone());
            let part = match kind {
                0 => RangePart::Print(print),
                1 => RangePart::Tell,
                _ => RangePart::Rows(rows.to_vec()),
            };
            let after = std::mem::replace(&mut after, through.clone());
            Range {
                after,
                through,
                part,
            }
        });
        let ranges = ranges.collect();
        Ranges { salt, ranges }
    })
}

fn offer() -> impl Strategy<Value = Offer> {
    let count = || prop_oneof![Just(0), Just(1), Just(Offer::COUNT_MAX)];
    let id = || prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)].prop_map(RumorId);
    let rows = || 0..=limit::OFFER_RUMORS;
    let hot = btree_map(id(), count(), rows());
    let known = btree_map(id(), option::of(count()), rows());
    let ids = || btree_map(id(), Just(()), rows());
    let heads = vec(log_head(), 0..=limit::OFFER_HEADS);
    (any::<bool>(), hot, known, ids(), ids(), heads).prop_map(
        |(asks, hot, known, taken, wanted, heads)| Offer {
            asks,
            hot: hot.into_iter().collect(),
            known: known.into_iter().collect(),
            taken: taken.into_keys().collect(),
            wanted: wanted.into_keys().collect(),
            heads,
        },
    )
}

fn log_head() -> impl Strategy<Value = LogHead> {
    (node_id(), number(), number()).prop_map(|(author, generation, version)| {
        let head = Head {
            generation: Generation(generation),
            version: Version(version),
        };
        LogHead { author, head }
    })
}

fn body() -> impl Strategy<Value = Body> {
    let seq = || number().prop_map(Seq);
    let ask = (seq(), node_id());
    prop_oneof![
        seq().prop_map(|seq| Body::Ping { seq }),
        seq().prop_map(|seq| Body::Ack { seq }),
        ask.prop_map(|(seq, target)| Body::PingReq { seq, target }),
        seq().prop_map(|seq| Body::Nack { seq }),
        Just(Body::Gossip),
        any::<u128>().prop_map(|sum| Body::Checksum(Checksum(sum))),
        digest().prop_map(Body::Digest),
        rows().prop_map(|rows| Body::Want(Want { rows })),
        sketch().prop_map(Body::Sketch),
        (1..=limit::SYMBOLS as u32).prop_map(|through| Body::More { through }),
        found().prop_map(Body::Found),
        rows().prop_map(|rows| Body::Rows(Want { rows })),
        ranges().prop_map(Body::Ranges),
        vec(key(), 1..=limit::READINESS).prop_map(Body::First),
        delta().prop_map(Body::Delta),
        Just(Body::Done),
        offer().prop_map(Body::Offer),
        event_sum().prop_map(Body::EventSum),
        log_head().prop_map(Body::Follow),
        event_have().prop_map(Body::EventHave),
        event_delta().prop_map(Body::EventDelta),
        answer().prop_map(Body::Answer),
        named_outline().prop_map(Body::Outline),
        chunk_ask().prop_map(Body::ChunkAsk),
        chunk().prop_map(Body::Chunk),
    ]
}

pub(crate) fn message() -> impl Strategy<Value = Message> {
    (body(), vec(item(), 0..4)).prop_map(|(body, rumors)| Message { body, rumors })
}
