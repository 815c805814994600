//! Large entries: told by their chunks, asked for, answered, and taken in when
//! all of them are here.

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Now;
use crate::dissemination::Done;
use crate::input::{AssembleId, Via};
use crate::message::{
    Batch, Body, Chunk, ChunkAsk, Chunked, Item, LogDelta, Message, Offer, Outline, chunk_at,
};
use crate::output::{Output, Phase};

use super::Node;

impl Node {
    /// What is offered, without what is on its way from somebody else: who offers
    /// that is asked for chunks of it as well.
    pub(super) fn fetched_of(&mut self, now: Now, from: &NodeId, offer: &Offer) -> Option<Offer> {
        let rest = self.fetches.hear_offer(from, offer)?;
        self.fetch(now);
        Some(rest)
    }

    /// Tells a batch that is wanted by its outline, if it is large.
    pub(super) fn send_outline(&mut self, to: &NodeId, item: &Item) -> bool {
        let Item::Batch(batch) = item else {
            return false;
        };
        if batch.weight() <= limit::CHUNK_BYTES {
            return false;
        }
        let outline = Outline::of(batch, OUTLINE_ENTRY_BYTES);
        if outline.chunked.is_empty() {
            return false;
        }
        self.outbox.counters.copies_sent += 1;
        let message = Message::bare(Body::Outline(outline));
        self.outbox.send(to, Via::Stream, message);
        true
    }

    /// What goes out is kept at hand, where it is told by its chunks.
    pub(super) fn shelve(&mut self, output: &Output) {
        if let Output::Send(transmit) = output {
            match &transmit.message.body {
                Body::Outline(outline) => self.shelf.keep(outline),
                Body::Delta(delta) => delta.logs.iter().for_each(|run| self.shelf.keep_run(run)),
                _ => {}
            }
        }
    }

    /// A batch that we wanted came by its outline.
    pub(super) fn hear_outline(&mut self, now: Now, from: &NodeId, outline: Outline) {
        let id = self.news.named(&outline.head.bytes);
        let is_named = |entry: &Chunked| matches!(entry, Chunked::Named { .. });
        let sane = outline.is_whole() && outline.chunked.iter().all(|part| is_named(&part.entry));
        if !sane || !self.news.comes(id) {
            self.outbox.counters.unexpected += 1;
            return;
        }
        let head = &outline.head.value;
        if self.replica.head(&head.author) >= Some(head.after()) {
            self.outbox.counters.copies_in_vain += 1;
            self.outbox.counters.stale += 1;
            let parts = outline.parts;
            let head = outline.head;
            self.news.learn(&Item::Batch(Batch { head, parts }));
            return;
        }
        let counters = &mut self.outbox.counters;
        self.fetches
            .add_rumor(now.mono, from, id, outline, counters);
        self.fetch(now);
    }

    /// A run of a log came in a session, some of it told by its chunks.
    pub(super) fn order_run(&mut self, now: Now, from: &NodeId, run: LogDelta) {
        let counters = &mut self.outbox.counters;
        self.fetches.add_run(now.mono, from, run, counters);
        self.fetch(now);
    }

    /// Somebody asks for chunks.
    pub(super) fn hear_chunk_ask(&mut self, from: &NodeId, ask: &ChunkAsk) {
        for index in ask.chunks.iter().take(limit::CHUNKS_ASKED) {
            let bytes = self.replica.entry_bytes(&ask.of);
            let bytes = bytes.or_else(|| self.shelf.bytes(&ask.of));
            let bytes = bytes.and_then(|bytes| chunk_at(bytes, *index));
            match &bytes {
                Some(_) => self.outbox.counters.chunks_sent += 1,
                None => self.outbox.counters.chunks_missed += 1,
            }
            let chunk = Chunk {
                of: ask.of.clone(),
                index: *index,
                bytes: bytes.unwrap_or_default(),
                hash: None,
            };
            let message = Message::bare(Body::Chunk(chunk));
            self.outbox.send(from, Via::Stream, message);
        }
    }

    /// A chunk came.
    pub(super) fn hear_chunk(&mut self, now: Now, from: &NodeId, chunk: Chunk) {
        self.fetches.take(now.mono, from, chunk, &mut self.outbox);
        self.fetch(now);
    }

    /// The entries of a batch were read.
    pub(super) fn hear_assembled(&mut self, now: Now, id: AssembleId, batch: Option<Batch>) {
        let counters = &mut self.outbox.counters;
        if let Some(done) = self.fetches.assembled(id, batch, counters) {
            self.take_in(now, done);
        }
        self.fetch(now);
    }

    /// All of it is here.
    fn take_in(&mut self, now: Now, done: Done) {
        let soon = now.mono + self.config.gossip_interval;
        if done.rumored {
            for batch in done.batches {
                if self.hear_item(now, &done.peer, Item::Batch(batch)) {
                    self.timers.sync_soon(soon, &done.peer);
                }
            }
        } else {
            let (found, gap) = self.take_run(now, done.from, done.batches);
            if gap {
                self.timers.sync_soon(soon, &done.peer);
            }
            self.tell_found(now, found);
        }
    }

    /// Asks for what is missing; who joins takes part when all it was told of in
    /// sessions is here.
    pub(super) fn fetch(&mut self, now: Now) {
        let links = &self.links;
        let is_up = |peer: &NodeId| links.is_up(peer);
        self.fetches
            .ask(now.mono, &is_up, &mut self.rng, &mut self.outbox);
        if self.phase == Phase::Joining && self.joined && !self.fetches.has_runs() {
            self.run(now);
        }
    }

    /// Time passes for what was asked for.
    pub(super) fn fetch_if_due(&mut self, now: Now) {
        let due = self.fetches.next_deadline();
        if due.is_some_and(|at| at <= now.mono) {
            let counters = &mut self.outbox.counters;
            self.fetches.expire(now.mono, counters);
            self.fetch(now);
        }
    }
}

/// Entries up to so many bytes stand in an outline as they are (guess: 64 of them
/// are as much as a chunk).
const OUTLINE_ENTRY_BYTES: usize = 512;
