//! What came from peers.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::defence::Defence;
use crate::dissemination::Picture;
use crate::input::{SessionId, Via};
use crate::membership::{Answer, Sight};
use crate::message::{Accusation, Batch, Body, Delta, Item, Message, Sealed, Version};
use crate::output::{Output, Phase};
use crate::replica::stands_for_all;

use super::Node;

impl Node {
    /// A message came.
    pub(super) fn hear_message(&mut self, now: Now, from: &NodeId, via: Via, message: Message) {
        self.outbox.counters.messages_in += 1;
        self.links.hear(from, now.mono);
        if self.phase == Phase::Starting || *from == self.identity.id {
            self.outbox.counters.unexpected += 1;
            return;
        }
        let before = match &message.body {
            Body::Offer(offer) => self.news.known_of(offer),
            _ => Vec::new(),
        };
        // Who asks on an old accusation has missed how it was answered.
        let mut behind = false;
        for item in message.rumors {
            behind |= self.is_refuted(&item);
            if self.hear_item(now, from, item) {
                // We miss what came before; whoever told us this has it.
                self.meet_soon(now.mono + self.config.gossip_interval, from);
            }
        }
        match (message.body, via) {
            // On the channel the question came on: a ping on a stream is asked
            // because datagrams got lost.
            (Body::Ping { seq }, Via::Datagram | Via::Stream) => {
                let mut ack = Message::bare(Body::Ack { seq });
                let me = self.roster.member(&self.identity.id);
                ack.rumors.extend(
                    me.filter(|_| behind)
                        .map(|me| Item::Claim(me.claim.clone())),
                );
                self.outbox.send(from, via, ack);
                self.tell_news_to(from);
            }
            (Body::Ack { seq }, Via::Datagram | Via::Stream) => {
                let answer = self.prober.ack(now.mono, from, seq, &mut self.outbox);
                if let Some(answer) = answer {
                    self.hear_answer(now, from, &answer);
                }
            }
            (Body::PingReq { seq, target }, Via::Datagram) => {
                let sight = Sight {
                    config: &self.config,
                    roster: &self.roster,
                    links: &self.links,
                };
                self.prober
                    .relay(now.mono, sight, from, (seq, target), &mut self.outbox);
            }
            (Body::Nack { seq }, Via::Datagram) => self.prober.nack(from, seq),
            (Body::Gossip, Via::Datagram | Via::Stream) => {}
            (Body::Offer(mut offer), Via::Datagram | Via::Stream) => {
                // First, so that what a tail brings is not sent by name as well; nor is
                // what a session with it brings: what it does not is told again.
                self.hear_heads(now, from, &offer.heads);
                if self.syncs.moves_with(now.mono, from) {
                    offer.hot.retain(|(id, _)| self.news.knows(*id));
                }
                self.hear_offer(now, from, &offer, &before);
            }
            (Body::Follow(held), Via::Session(id)) => self.hear_follow(now, from, id, &held),
            (Body::Delta(delta), Via::Session(id)) if self.tails.has(id) => {
                self.hear_tail(now, from, id, delta);
            }
            (
                body @ (Body::Checksum(_)
                | Body::First(_)
                | Body::Sketch(_)
                | Body::More { .. }
                | Body::Found(_)
                | Body::Rows(_)
                | Body::Ranges(_)
                | Body::Digest(_)
                | Body::Want(_)
                | Body::Delta(_)
                | Body::Done),
                Via::Session(id),
            ) => {
                self.hear_first_word(now, id);
                if let Body::Delta(delta) = &body
                    && self.hear_delta(now, from, id, delta)
                {
                    // A log of ours was cut below what it follows on.
                    self.meet_soon(now.mono + self.config.gossip_interval, from);
                }
                self.look_again();
                let picture = Picture {
                    roster: &self.roster,
                    replica: &self.replica,
                };
                let (seen, outbox) = ((picture, &self.tails), &mut self.outbox);
                if self.syncs.heard(now.mono, from, id, &body, seen, outbox) {
                    self.run(now);
                }
                let (syncs, tails) = (&self.syncs, &self.tails);
                self.pieces.keep(|id| syncs.has(id) || tails.has(id));
            }
            (Body::Outline(outline), Via::Stream) => self.hear_outline(now, from, outline),
            (Body::ChunkAsk(ask), Via::Stream) => self.hear_chunk_ask(now, from, &ask),
            (Body::Chunk(chunk), Via::Stream) => self.hear_chunk(now, from, chunk),
            (Body::EventSum(sum), Via::Datagram | Via::Stream) => {
                self.hear_event_sum(now, from, sum);
            }
            (Body::EventHave(have), Via::Stream) => self.hear_event_have(now, from, &have),
            (Body::EventDelta(delta), Via::Stream) => self.hear_event_delta(now, from, &delta),
            (Body::Answer(answer), Via::Stream) => self.hear_word(now, from, answer),
            _ => self.outbox.counters.unexpected += 1,
        }
    }

    /// An item came, from whomever. Whether it does not follow on what we hold.
    pub(super) fn hear_item(&mut self, now: Now, from: &NodeId, item: Item) -> bool {
        match item {
            // Most of what comes has come before.
            Item::Claim(claim) if self.roster.knows(&claim) => {
                self.outbox.counters.stale += 1;
                false
            }
            Item::Accusation(accusation) if self.roster.is_settled(&accusation) => {
                self.outbox.counters.stale += 1;
                false
            }
            Item::Claim(claim) if self.is_unbelievable(claim.value.footing.generation, now) => {
                false
            }
            Item::Claim(claim) => {
                if self.roster.wants_room(&claim.value) {
                    // The living come before the memory of the dead.
                    self.reap_one(now);
                }
                let heard = self.roster.hear_claim(claim.clone(), now.mono);
                self.heard_member(now, Item::Claim(claim), heard);
                false
            }
            Item::Accusation(accusation)
                if self.is_unbelievable(accusation.value.footing.generation, now) =>
            {
                false
            }
            Item::Accusation(accusation) => {
                self.hear_accusation(now, accusation);
                false
            }
            Item::Batch(batch) => self.hear_rumored_batch(now, from, batch),
            Item::Event(event) => {
                self.hear_event(now, *event);
                false
            }
        }
    }

    /// Whether an item accuses us of something that we have answered already.
    fn is_refuted(&self, item: &Item) -> bool {
        let Item::Accusation(accusation) = item else {
            return false;
        };
        let me = || self.roster.member(&self.identity.id);
        accusation.value.accused == self.identity.id
            && me().is_some_and(|me| accusation.value.footing < me.footing())
    }

    /// A probe of ours was answered: by its target, or by a relay.
    fn hear_answer(&mut self, now: Now, from: &NodeId, Answer { target, rtt }: &Answer) {
        self.quorum.answered(target);
        if let Some(rtt) = rtt {
            self.links.measure(target, *rtt);
        }
        // It lives, and our connection to it does not: it moved, or has lost
        // what it knew of it. A new one is made when it is needed.
        let silent = self.links.silence(target, now.mono);
        let long = self.config.probe_interval * SILENT_PROBES;
        if from != target && silent.is_some_and(|silent| silent > long) {
            self.outbox.push(Output::HangUp(target.clone()));
        }
    }

    /// A suspicion or a verdict came.
    pub(super) fn hear_accusation(&mut self, now: Now, accusation: Sealed<Accusation>) {
        let news = self.pace.bound(now.mono);
        let terms = self.config.suspicion(self.roster.here(), news);
        let silent = self.links.silence(&accusation.value.accused, now.mono);
        let heard = self
            .roster
            .hear_accusation(accusation.clone(), now.mono, terms, silent);
        self.heard_member(now, Item::Accusation(accusation.clone()), heard);
        if accusation.is_verdict() && !self.config.defences.has(Defence::OwnVerdict) {
            self.condemn(now, accusation);
        }
    }

    /// The members of a delta, in an order in which nobody is welcomed only to
    /// be mourned, and nobody is judged by one who is not here yet: claims
    /// first, then verdicts; and of a dead member we never met the verdict,
    /// then the claim. How many rows changed.
    fn hear_members(&mut self, now: Now, from: &NodeId, items: &[Item]) -> usize {
        let before = self.outbox.counters.rows_changed;
        let condemned = |item: &Item, verdict: Option<&Item>| match (item, verdict) {
            (Item::Claim(claim), Some(Item::Accusation(verdict))) => {
                verdict.value.accused == claim.value.member
            }
            _ => false,
        };
        let pairs = || {
            let verdicts = core::iter::once(None).chain(items.iter().map(Some));
            items.iter().zip(verdicts)
        };
        let (mut last, mut claims) = (Vec::new(), Vec::new());
        for (item, before) in pairs() {
            match item {
                Item::Claim(claim)
                    if condemned(item, before)
                        && self.roster.member(&claim.value.member).is_none() =>
                {
                    last.push(item.clone());
                }
                Item::Claim(_) => claims.push(item.clone()),
                _ => {}
            }
        }
        let verdicts = items.iter().filter(|item| !matches!(item, Item::Claim(_)));
        for item in claims.into_iter().chain(verdicts.cloned()).chain(last) {
            self.hear_item(now, from, item);
        }
        for item in items {
            // A verdict without a claim: its row is gone where this comes from.
            if let Item::Accusation(verdict) = item
                && self.roster.vouch(&verdict.value.accused)
            {
                self.veil(&verdict.value.accused);
            }
        }
        usize::try_from(self.outbox.counters.rows_changed - before).unwrap_or(usize::MAX)
    }

    fn hear_rumored_batch(&mut self, now: Now, peer: &NodeId, batch: Batch) -> bool {
        // A part of a batch says nothing of what lies between: only a session
        // can vouch for that.
        let from = batch.head.value.before();
        let (fresh, gap) = match batch.is_whole() {
            true => self.hear_run(now, from, core::slice::from_ref(&batch)),
            false => (false, true),
        };
        // What an author says above its limit has nothing to follow on: nobody
        // will have it, and asking around for it is what such an author may want.
        let gap = gap && !self.replica.is_over(batch.author());
        if fresh && !gap {
            self.outbox.counters.copies_useful += 1;
            let author = batch.author().clone();
            self.spread(now, Item::Batch(batch));
            self.take_early(now, &author);
        } else if gap && batch.is_whole() {
            // It is here, and not to be asked for again.
            self.news.learn_batch(&batch);
            let until = now.mono + self.config.gossip_interval;
            let kept = self.early.keep(batch, peer, until);
            self.outbox.counters.early_dropped += u64::from(!kept);
            return false;
        } else if !fresh && !gap {
            self.outbox.counters.copies_in_vain += 1;
            self.outbox.counters.stale += 1;
            self.news.learn_batch(&batch);
        }
        gap
    }

    /// Something of an author was taken in: what waited for it is, too.
    pub(super) fn take_early(&mut self, now: Now, author: &NodeId) {
        loop {
            let head = self.replica.head(author).unwrap_or_default();
            let until = now.mono + self.config.gossip_interval;
            let Some(batch) = self.early.next(author, head.version, until) else {
                return;
            };
            let from = batch.head.value.before();
            let (fresh, gap) = self.hear_run(now, from, core::slice::from_ref(&batch));
            if fresh && !gap {
                self.outbox.counters.copies_useful += 1;
                self.spread(now, Item::Batch(batch));
            }
        }
    }

    /// Writes of one author came, which may follow on `from`.
    pub(super) fn hear_run(&mut self, now: Now, from: Version, batches: &[Batch]) -> (bool, bool) {
        let heads = batches.iter().map(|batch| &batch.head.value);
        let Some(newest) = heads.max_by_key(|head| head.generation()) else {
            return (false, false);
        };
        let ours = newest.author == self.identity.id;
        if ours && !self.commits.may_recover() {
            // Our own log, from others: whatever they hold beyond ours is not
            // ours, and our next batch says so.
            return (false, false);
        }
        let generation = newest.generation();
        if self.is_unbelievable(generation, now) {
            return (false, false);
        }
        if ours && generation >= self.footing.generation {
            // We have not written yet: a run of ours that began in the same
            // millisecond, or later on another clock, has, and its journal is lost.
            self.outlive(generation);
        }
        let is_known = ours || self.roster.member(&newest.author).is_some();
        if !is_known && stands_for_all(from, batches).is_some() {
            // It is forgotten where this comes from, and nobody here either.
            self.veil(&newest.author);
        }
        let mut changes = Vec::new();
        let counters = &mut self.outbox.counters;
        let outcome = self
            .replica
            .merge(from, batches, now.wall, counters, &mut changes);
        if let Some(head) = self.replica.head(&newest.author) {
            self.fetches.is_held(&newest.author, head);
        }
        self.replica_changed(changes);
        if outcome.fresh
            && let Some(head) = self.replica.head(&newest.author)
        {
            self.tails.grew(now.mono, &newest.author, head);
        }
        (outcome.fresh, outcome.gap)
    }

    /// The difference came, in a session. Whether some of it did not follow on
    /// what we hold.
    fn hear_delta(&mut self, now: Now, from: &NodeId, id: SessionId, delta: &Delta) -> bool {
        let mut gaps = false;
        // Much at once is not told on piece by piece: whoever lacks all of it
        // gets it in a session, as we did.
        let is_much = delta.members.len() > MUCH;
        self.absorbing = self.phase == Phase::Joining || is_much;
        let learned = self.hear_members(now, from, &delta.members);
        self.absorbing = false;
        if learned > MUCH {
            self.timers.pass_on(now.mono);
        }
        if !self.syncs.has(id) {
            return gaps;
        }
        let mut found = Vec::new();
        for piece in &delta.logs {
            let counters = &mut self.outbox.counters;
            let Some(run) = self.pieces.add(id, piece.clone(), counters) else {
                continue;
            };
            if !run.chunked.is_empty() {
                self.order_run(now, from, run);
                continue;
            }
            let (new, gap) = self.take_run(now, run.from, run.batches);
            found.extend(new);
            gaps |= gap;
        }
        self.tell_found(now, found);
        gaps
    }

    /// A whole run of a log, from a session: what of it is news, and whether it
    /// does not follow on what we hold.
    pub(super) fn take_run(
        &mut self,
        now: Now,
        from: Version,
        batches: Vec<Batch>,
    ) -> (Vec<Item>, bool) {
        let (fresh, gap) = self.hear_run(now, from, &batches);
        if let Some(first) = batches.first() {
            let author = first.author().clone();
            self.take_early(now, &author);
        }
        if !fresh || gap || self.goes_on_as_one(now, &batches) {
            return (Vec::new(), gap);
        }
        let whole = batches.into_iter().filter(Batch::is_whole);
        let items = whole.map(Item::Batch);
        let news = items.filter(|item| !self.news.knows(self.news.id(item)));
        (news.collect(), gap)
    }

    /// What a session found missing here is missing elsewhere, perhaps: it is
    /// news again, by name. Much at once goes on in sessions, as it came.
    pub(super) fn tell_found(&mut self, now: Now, found: Vec<Item>) {
        let running = self.phase == Phase::Running;
        self.absorbing = !running || found.len() > MUCH;
        if running && self.absorbing {
            self.timers.pass_on(now.mono);
        }
        for item in found {
            self.spread(now, item);
        }
        self.absorbing = false;
    }
}

/// Rows learned at once that are not told on one by one (guess: four datagrams
/// full of claims).
const MUCH: usize = 40;

/// Probe intervals for which a connection may be silent, while relays reach its
/// peer, before it is given up (guess).
const SILENT_PROBES: u32 = 3;
