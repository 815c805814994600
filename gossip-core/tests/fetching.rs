//! Fetching: chunks in any order, twice, wrong, from some who have them and some
//! who have not; what is bounded, and what is given up.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::NodeId;
use gossip_core::base::limit;
use gossip_core::base::rng::Rng;
use gossip_core::base::time::Instant;
use gossip_core::dissemination::{Done, Fetches};
use gossip_core::input::AssembleId;
use gossip_core::message::{
    Batch, Body, Chunk, ChunkAsk, Chunked, Generation, Head, Item, LogDelta, Message, Offer,
    Outline, RumorId, Version, chunk_at,
};
use gossip_core::outbox::Outbox;
use gossip_core::output::Output;
use gossip_core::sim::reader::{as_read, assemble, chunk_hash};
use gossip_core::sim::seal;

use solo::id;

fn at(ms: u64) -> Instant {
    Instant::from_millis(100_000 + ms)
}

/// A batch of one value of so many bytes, as its author sealed it.
fn batch(author: &str, first: u64, bytes: usize) -> Batch {
    use gossip_core::message::{Draft, Entry, Floor, Lineage, Op, Scope, Statement, Value};
    let mut rng = Rng::new(first);
    let value: Vec<u8> = (0..bytes).map(|_| rng.next_u64() as u8).collect();
    let entry = Entry {
        scope: Scope::Own,
        key: "k".parse().unwrap(),
        stamp: gossip_core::message::Stamp {
            millis: 1,
            counter: 1,
        },
        op: Op::Put(Value::new(value.into()).unwrap()),
        expires: None,
        replaces: None,
    };
    let sealed = seal(Statement::Batch(Draft {
        author: id(author),
        lineage: Lineage::default().extended(Generation(7), Head::default()),
        first: Version(first),
        entries: vec![entry],
        floor: Floor::default(),
    }));
    match sealed {
        Item::Batch(batch) => batch,
        _ => panic!("a batch"),
    }
}

/// What a peer reads of the batch's outline.
fn outline(batch: &Batch) -> Outline {
    let mut message = Message::bare(Body::Outline(Outline::of(batch, 512)));
    as_read(&mut message);
    match message.body {
        Body::Outline(outline) => outline,
        _ => panic!("an outline"),
    }
}

/// Fetches, and a world around it that a test plays.
struct Stage {
    fetches: Fetches,
    outbox: Outbox,
    rng: Rng,
    up: BTreeSet<NodeId>,
}

impl Stage {
    fn new(up: &[&str]) -> Self {
        Self {
            fetches: Fetches::of(u64::from(limit::BYTES_PER_AUTHOR)),
            outbox: Outbox::default(),
            rng: Rng::new(1),
            up: up.iter().map(|name| id(name)).collect(),
        }
    }

    fn wants(&mut self, now: Instant, peer: &str, number: u64, batch: &Batch) -> bool {
        let counters = &mut self.outbox.counters;
        self.fetches
            .add_rumor(now, &id(peer), RumorId(number), outline(batch), counters)
    }

    /// What it asks now, of whom.
    fn asks(&mut self, now: Instant) -> Vec<(NodeId, ChunkAsk)> {
        let up = self.up.clone();
        self.fetches.ask(
            now,
            &|peer| up.contains(peer),
            &mut self.rng,
            &mut self.outbox,
        );
        let mut asks = vec![];
        while let Some(output) = self.outbox.pop() {
            match output {
                Output::Send(sent) => match sent.message.body {
                    Body::ChunkAsk(ask) => asks.push((sent.to, ask)),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            }
        }
        asks
    }

    /// A chunk comes; what is given to the host to be read.
    fn take(&mut self, now: Instant, from: &str, batch: &Batch, index: u32) -> Option<AssembleId> {
        let chunk = chunk(batch, index);
        self.fetches.take(now, &id(from), chunk, &mut self.outbox);
        self.given_to_read(batch).map(|(id, _)| id)
    }

    fn given_to_read(&mut self, batch: &Batch) -> Option<(AssembleId, Batch)> {
        match self.outbox.pop()? {
            Output::Assemble(id, gathered) => {
                let read = assemble(gathered).unwrap();
                assert_eq!(read, *batch, "what its author sealed");
                Some((id, read))
            }
            other => panic!("{other:?}"),
        }
    }

    fn read(&mut self, id: AssembleId, batch: Option<Batch>) -> Option<Done> {
        let counters = &mut self.outbox.counters;
        self.fetches.assembled(id, batch, counters)
    }
}

fn chunk(batch: &Batch, index: u32) -> Chunk {
    let bytes = chunk_at(&batch.parts[0].entry.bytes, index).unwrap_or_default();
    Chunk {
        of: outline(batch).id_of(0),
        index,
        hash: Some(chunk_hash(&bytes)),
        bytes,
    }
}

#[test]
fn chunks_in_any_order_twice_and_wrong_are_the_batch_in_the_end() {
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let all = batch("author", 1, 40_000 + rng.below(500_000) as usize);
        let mut stage = Stage::new(&["a", "b", "c", "author"]);
        assert!(stage.wants(at(0), "a", 1, &all));
        let count = outline(&all).chunked[0].entry.chunks() as u32;
        let mut come: Vec<u32> = (0..count).chain(0..count).collect();
        rng.shuffle(&mut come);
        let mut read = None;
        for index in come {
            assert!(read.is_none() || stage.outbox.is_empty());
            stage.asks(at(1));
            if rng.below(3) == 0 {
                let mut wrong = chunk(&all, index);
                wrong.bytes = Bytes::from(vec![1; 100]);
                wrong.hash = Some(chunk_hash(&wrong.bytes));
                stage
                    .fetches
                    .take(at(2), &id("liar"), wrong, &mut stage.outbox);
            }
            read = read.or(stage.take(at(2), ["a", "b"][rng.below(2) as usize], &all, index));
        }
        let done = stage.read(read.unwrap(), Some(all.clone())).unwrap();
        assert_eq!((done.rumored, done.batches), (true, vec![all]));
        let counters = stage.outbox.counters;
        assert_eq!(counters.chunks_taken, u64::from(count));
        assert!(counters.chunks_in_vain >= u64::from(count));
        assert_eq!(stage.fetches.next_deadline(), None, "nothing is left of it");
    }
}

#[test]
fn it_asks_all_who_have_it_and_no_more_than_their_windows() {
    let all = batch("author", 1, 600_000);
    let mut stage = Stage::new(&["a", "b", "c", "author"]);
    stage.wants(at(0), "a", 9, &all);
    let asks = stage.asks(at(0));
    assert_eq!(asks.len(), 1);
    assert_eq!((&asks[0].0, &asks[0].1.chunks), (&id("a"), &vec![0, 1]));
    let offer = Offer {
        hot: vec![(RumorId(9), 0), (RumorId(10), 0)],
        ..Offer::default()
    };
    let rest = stage.fetches.hear_offer(&id("b"), &offer).unwrap();
    assert_eq!(rest.hot, [(RumorId(10), 0)], "it is on its way");
    assert!(stage.fetches.hear_offer(&id("c"), &rest).is_none());
    let asks = stage.asks(at(0));
    assert_eq!((&asks[0].0, &asks[0].1.chunks), (&id("b"), &vec![2, 3]));
    assert!(stage.asks(at(0)).is_empty());
    // What comes quickly widens the window.
    for index in 0..4 {
        stage.take(at(1), ["a", "a", "b", "b"][index as usize], &all, index);
    }
    let asked: usize = stage
        .asks(at(1))
        .iter()
        .map(|(_, ask)| ask.chunks.len())
        .sum();
    assert_eq!(asked, 4);
    for index in 4..8 {
        let from = if index % 2 == 0 { "a" } else { "b" };
        stage.take(at(2), from, &all, index);
    }
    let asked = stage.asks(at(2));
    let of = |name: &str| asked.iter().any(|(peer, _)| *peer == id(name));
    assert!(of("a") && of("b") && !of("c") && !of("author"));
}

#[test]
fn what_does_not_come_is_asked_of_another_and_a_liar_not_again() {
    let all = batch("author", 1, 100_000);
    let mut stage = Stage::new(&["a", "author"]);
    stage.wants(at(0), "a", 1, &all);
    stage.asks(at(0));
    let mut wrong = chunk(&all, 0);
    wrong.hash = Some(chunk_hash(b"something else"));
    stage
        .fetches
        .take(at(1), &id("a"), wrong, &mut stage.outbox);
    assert_eq!(stage.outbox.counters.chunks_wrong, 1);
    let asks = stage.asks(at(1));
    assert_eq!(asks[0].0, id("author"), "who wrote it is left");
    // Nothing comes of either in time.
    let due = stage.fetches.next_deadline().unwrap() + Duration::from_millis(1);
    let mut counters = stage.outbox.counters;
    stage.fetches.expire(due, &mut counters);
    assert_eq!(counters.chunks_overdue, 3);
    let asks = stage.asks(due);
    assert_eq!((asks.len(), &asks[0].0), (1, &id("author")));
    assert_eq!(asks[0].1.chunks.len(), 1, "carefully now");
    // The author has not got it either.
    let mut none = chunk(&all, 0);
    none.bytes = Bytes::new();
    stage
        .fetches
        .take(due, &id("author"), none, &mut stage.outbox);
    assert_eq!(stage.outbox.counters.chunked_dropped, 1);
    assert_eq!(stage.fetches.next_deadline(), None);
}

#[test]
fn a_link_that_breaks_takes_nothing_with_it_and_silence_in_the_end_all() {
    let all = batch("author", 1, 100_000);
    let mut stage = Stage::new(&["a"]);
    stage.wants(at(0), "a", 1, &all);
    stage.asks(at(0));
    stage.take(at(1), "a", &all, 1);
    stage.fetches.unlinked(&id("a"));
    stage.up.clear();
    assert!(stage.asks(at(2)).is_empty());
    stage.up.insert(id("a"));
    let asks = stage.asks(at(3));
    assert_eq!(asks[0].1.chunks, [0, 2], "the one that came is here");
    stage.fetches.unlinked(&id("a"));
    stage.up.clear();
    let due = stage.fetches.next_deadline().unwrap();
    assert!(due >= at(20_000));
    let mut counters = stage.outbox.counters;
    stage.fetches.expire(due, &mut counters);
    assert_eq!(counters.chunked_dropped, 1);
    assert_eq!(stage.fetches.next_deadline(), None);
}

#[test]
fn it_is_bounded() {
    let mut stage = Stage::new(&["a"]);
    let mut all = batch("author", 1, 40_000);
    let parts = all.parts.clone();
    let mut taken = 0;
    for first in 0..limit::CHUNKED_ORDERS as u64 + 10 {
        all = Batch {
            parts: parts.clone(),
            ..batch("author", first + 1, 1)
        };
        taken += usize::from(stage.wants(at(0), "a", first, &all));
    }
    assert_eq!(taken, limit::CHUNKED_ORDERS);
    assert_eq!(stage.outbox.counters.chunked_refused, 10);
    // One that claims more than all may have together.
    let mut stage = Stage::new(&["a"]);
    let mut huge = outline(&all);
    if let Chunked::Named { bytes, .. } = &mut huge.chunked[0].entry {
        *bytes =
            u32::try_from(limit::CHUNKED_LOGS * u64::from(limit::BYTES_PER_AUTHOR) + 1).unwrap();
    }
    let counters = &mut stage.outbox.counters;
    assert!(
        !stage
            .fetches
            .add_rumor(at(0), &id("a"), RumorId(1), huge, counters)
    );
}

/// A run of a log from a session: taken whole, when all of it is here. One that
/// reaches further takes its place, and keeps what has come.
#[test]
fn a_longer_run_takes_the_place_of_one_that_waits_and_keeps_what_came() {
    let (one, two) = (batch("author", 1, 70_000), batch("author", 2, 70_000));
    let run = |batches: &[&Batch]| {
        let mut run = LogDelta {
            from: Version(0),
            batches: batches.iter().map(|batch| (*batch).clone()).collect(),
            chunked: vec![],
            more: false,
        };
        run.tell_by_chunks();
        let mut message = Message::bare(Body::Delta(gossip_core::message::Delta {
            members: vec![],
            logs: vec![run],
        }));
        as_read(&mut message);
        match message.body {
            Body::Delta(mut delta) => delta.logs.remove(0),
            _ => panic!("a delta"),
        }
    };
    let mut stage = Stage::new(&["a", "b"]);
    let counters = &mut stage.outbox.counters;
    assert!(
        stage
            .fetches
            .add_run(at(0), &id("a"), run(&[&one]), counters)
    );
    assert!(stage.fetches.has_runs());
    stage.asks(at(0));
    assert!(stage.take(at(1), "a", &one, 0).is_none());
    let counters = &mut stage.outbox.counters;
    assert!(
        stage
            .fetches
            .add_run(at(1), &id("b"), run(&[&one, &two]), counters)
    );
    // A shorter one, again: it adds nothing but one who has it.
    let counters = &mut stage.outbox.counters;
    assert!(
        stage
            .fetches
            .add_run(at(1), &id("b"), run(&[&one]), counters)
    );
    stage.asks(at(1));
    assert!(stage.take(at(2), "a", &one, 1).is_none());
    let first = stage.take(at(2), "b", &one, 2).unwrap();
    assert!(stage.read(first, Some(one.clone())).is_none(), "half of it");
    stage.asks(at(2));
    let mut second = None;
    for index in 0..3 {
        second = second.or(stage.take(at(3), "b", &two, index));
    }
    let done = stage.read(second.unwrap(), Some(two.clone())).unwrap();
    assert!(!done.rumored);
    assert_eq!(done.batches, [one, two]);
    assert_eq!(stage.outbox.counters.chunks_taken, 6);
    assert!(!stage.fetches.has_runs());
    assert_eq!(stage.fetches.next_deadline(), None);
}

#[test]
fn what_is_held_by_now_is_not_waited_for() {
    let all = batch("author", 3, 100_000);
    let mut stage = Stage::new(&["a"]);
    stage.wants(at(0), "a", 1, &all);
    stage.asks(at(0));
    let head = |version| Head {
        generation: Generation(7),
        version: Version(version),
    };
    stage.fetches.is_held(&id("author"), head(2));
    assert!(stage.fetches.next_deadline().is_some());
    stage.fetches.is_held(&id("other"), head(9));
    assert!(stage.fetches.next_deadline().is_some());
    stage.fetches.is_held(&id("author"), head(3));
    assert_eq!(stage.fetches.next_deadline(), None);
    assert!(stage.take(at(9), "a", &all, 0).is_none());
    assert_eq!(stage.outbox.counters.chunks_in_vain, 1);
}
