//! Large entries: told by their chunks, asked for, answered, and taken in when
//! all of them are here.

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::dissemination::{Done, Picture};
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
        if batch.weight() <= limit::LARGE_BYTES {
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
    pub(super) fn hear_chunk_ask(&mut self, now: Now, from: &NodeId, ask: &ChunkAsk) {
        for index in ask.chunks.iter().take(limit::CHUNKS_ASKED) {
            let taken = self.serving.add(from, &ask.of, *index);
            self.outbox.counters.chunks_refused += u64::from(!taken);
        }
        self.serve(now);
        self.outbox.counters.bulk_deferred += self.serving.waiting(from, &ask.of) as u64;
    }

    /// Sends chunks that were asked for, as far as the budget goes.
    fn serve(&mut self, now: Now) {
        loop {
            let budget = &self.syncs.budget;
            let next = self.serving.next(|peer| budget.is_ready(now.mono, peer));
            let Some((to, of, index)) = next else {
                return;
            };
            let bytes = self.replica.entry_bytes(&of);
            let bytes = bytes.or_else(|| self.shelf.bytes(&of));
            let bytes = bytes.and_then(|bytes| chunk_at(bytes, index));
            match &bytes {
                Some(_) => self.outbox.counters.chunks_sent += 1,
                None => self.outbox.counters.chunks_missed += 1,
            }
            let chunk = Chunk {
                of,
                index,
                bytes: bytes.unwrap_or_default(),
                hash: None,
            };
            self.syncs.budget.spend(now.mono, &to, chunk.weight());
            let message = Message::bare(Body::Chunk(chunk));
            self.outbox.send(&to, Via::Stream, message);
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
                    self.meet_soon(soon, &done.peer);
                }
            }
        } else {
            let (found, gap) = self.take_run(now, done.from, done.batches);
            if gap {
                self.meet_soon(soon, &done.peer);
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

    /// When something is late, given up, or may go that waits for the budget.
    pub(super) fn next_bulk_deadline(&self) -> Option<Instant> {
        let (budget, served) = (&self.syncs.budget, self.served);
        let serving = self
            .serving
            .next_deadline(|peer| budget.ready_at(served, peer));
        serving
            .into_iter()
            .chain(self.fetches.next_deadline())
            .min()
    }

    /// The link to a peer is gone: what it asked for, and what it was asked for.
    pub(super) fn unlink_bulk(&mut self, now: Now, peer: &NodeId) {
        self.serving.unlinked(peer);
        self.fetches.unlinked(peer);
        self.fetch(now);
    }

    /// Time passes for what was asked for, here and of others.
    pub(super) fn fetch_if_due(&mut self, now: Now) {
        self.served = now.mono;
        self.serve(now);
        if self.syncs.is_any_waiting() {
            self.look_again();
            let picture = Picture {
                roster: &self.roster,
                replica: &self.replica,
            };
            let seen = (picture, &self.tails);
            if self.syncs.go_on(now.mono, seen, &mut self.outbox) {
                self.run(now);
            }
        }
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
