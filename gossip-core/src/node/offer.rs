//! Rumors by name: rounds, calls and answers.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::dissemination::fanout;
use crate::dissemination::{Mode, Telling, Terms};
use crate::input::{Target, Via};
use crate::message::{Body, Item, LogHead, Message, Offer, RumorId};
use crate::output::Output;

use super::Node;

impl Node {
    /// How news is told now.
    fn terms(&self) -> Terms {
        Terms {
            rule: self.config.mongering,
            eager_bytes: usize::try_from(self.config.eager_bytes).unwrap_or(usize::MAX),
            interval: self.config.gossip_interval,
            cycles: self.config.rumor_sends(self.roster.here()),
            grace: self.config.probe_interval * 2,
        }
    }

    /// Tells what members wrote, where something is due: to a few, and what is
    /// new here to somebody in every other zone.
    pub(super) fn tell_news_if_due(&mut self, now: Now) {
        if self.timers.news() > now.mono {
            return;
        }
        let terms = self.terms();
        let pulls = terms.rule.mode == Mode::Pull;
        self.timers.news_told(now.mono);
        self.ask_again(now);
        // Who is alone keeps what it has to tell.
        let peers = match pulls || self.news_due().is_some_and(|due| due <= now.mono) {
            true => self.hearers(),
            false => Vec::new(),
        };
        if !peers.is_empty() {
            self.mail = false;
            // News of members goes first: it may ride on the same datagrams.
            let share = if self.hot.is_empty() { 1 } else { 2 };
            let pace = (terms.interval, terms.cycles);
            let heads = self.flows.round(now.mono, pace, &mut self.rng);
            let taken: usize = heads.iter().map(LogHead::weight).sum();
            let budget = (limit::DATAGRAM_BYTES - OFFER_BYTES).saturating_sub(taken) / share;
            let telling = self.news.round(now.mono, &terms, budget, &mut self.rng);
            let telling = telling.or_else(|| pulls.then(Telling::asking));
            if let Some(mut telling) = telling {
                telling.offer.heads = heads;
                if telling.fresh {
                    self.timers.fresh_told = now.mono;
                }
                for peer in &peers {
                    self.loss.asked();
                    self.send_offer(peer, &telling);
                }
            } else if !heads.is_empty() {
                // Nobody answers: who lacks something follows.
                for peer in &peers {
                    self.tell_heads(peer, &heads);
                }
            }
        }
        let next = now.mono + self.rng.jittered(terms.interval);
        let next = match self.news_due() {
            // Nobody hears us: later.
            Some(due) if due <= now.mono && peers.is_empty() => Some(next),
            Some(due) if pulls => Some(due.min(next)),
            due => due.or(pulls.then_some(next)),
        };
        if let Some(next) = next {
            self.timers.news_soon(next, terms.interval);
        }
    }

    /// When something is to be told, judged, let go, or asked for again.
    fn news_due(&self) -> Option<Instant> {
        let news = self.news.next_due(self.config.gossip_interval);
        news.into_iter().chain(self.flows.next_due()).min()
    }

    /// What we asked for and did not get, we ask for again; in the end we
    /// compare notes.
    fn ask_again(&mut self, now: Now) {
        let overdue = self.news.overdue(now.mono, self.config.gossip_interval);
        for (peer, offer) in overdue.again {
            if self.links.is_up(&peer) {
                self.outbox.datagram(&peer, Body::Offer(offer));
            }
        }
        if let Some(peer) = overdue.given_up {
            self.meet_soon(now.mono, &peer);
        }
    }

    /// A new link, or one who probes us: what is hot here, by name.
    pub(super) fn tell_news_to(&mut self, peer: &NodeId) {
        let terms = self.terms();
        let heads = self.flows.beyond(&[]);
        if let Some(mut offer) = self.news.everything(&terms) {
            self.loss.asked();
            offer.heads = heads;
            self.outbox.datagram(peer, Body::Offer(offer));
        } else if !heads.is_empty() {
            self.tell_heads(peer, &heads);
        }
    }

    /// Whom to tell what members wrote: as many as reach everybody in time,
    /// mostly near ones.
    fn hearers(&mut self) -> Vec<NodeId> {
        let listeners = self.listeners();
        let least = self.config.gossip_fanout;
        let (here, loss) = (self.roster.here(), self.loss.share());
        let wanted = fanout::fanout(here, loss, CYCLES, FANOUT_MAX).max(least);
        let wanted = usize::try_from(wanted).unwrap_or(1);
        self.zones.look(&self.roster);
        let me = &self.identity.id;
        let mut chosen = match self.zones.are_many(me) {
            true => self.zones.near(me, wanted, &mut self.rng),
            false => {
                let more = wanted.saturating_sub(listeners.len());
                let more = self.rng.pick(more, self.roster.others());
                let more = more.into_iter().map(|member| member.id().clone());
                listeners.iter().cloned().chain(more).collect()
            }
        };
        if self.mail {
            chosen.extend(self.zones.mailed(me, &mut self.rng));
        }
        chosen.sort_unstable();
        chosen.dedup();
        let mut peers = Vec::new();
        for id in chosen {
            if self.links.is_up(&id) {
                peers.push(id);
            } else if let Some(member) = self.roster.member(&id)
                && member.suspicion().is_none()
                && !listeners.contains(&id)
            {
                // It hears it when the link is up.
                let target = Target::of(&member.claim.value);
                self.outbox.push(Output::Dial(target));
            }
        }
        peers
    }

    fn send_offer(&mut self, peer: &NodeId, telling: &Telling) {
        self.outbox.counters.copies_sent += telling.eager.len() as u64;
        let message = Message {
            body: Body::Offer(telling.offer.clone()),
            rumors: telling.eager.clone(),
        };
        // Many names and what rides along are more than the guess below, at times.
        let via = match message.weight() <= limit::DATAGRAM_BYTES {
            true => Via::Datagram,
            false => Via::Stream,
        };
        self.outbox.send(peer, via, message);
    }

    /// Somebody's offer, or its answer to ours; what rode along is heard already.
    /// `before`: what we knew of it before.
    pub(super) fn hear_offer(
        &mut self,
        now: Now,
        from: &NodeId,
        offer: &Offer,
        before: &[RumorId],
    ) {
        let answers = offer.known.len() + offer.taken.len() + offer.wanted.len() > 0;
        if !offer.asks && answers {
            self.loss.answered();
        }
        let terms = self.terms();
        let rest = self.fetched_of(now, from, offer);
        let heard = self.news.hear(
            now.mono,
            from,
            rest.as_ref().unwrap_or(offer),
            before,
            &terms,
            limit::DATAGRAM_BYTES - OFFER_BYTES,
        );
        if let Some(mut answer) = heard.answer {
            if offer.asks {
                answer.offer.heads = self.flows.beyond(&offer.heads);
            }
            self.send_offer(from, &answer);
        }
        // What a tail brings is not sent by name as well; it is asked for again,
        // should it not come.
        let (mut wanted, tails) = (heard.wanted, &self.tails);
        wanted.retain(|item| match item {
            Item::Batch(batch) => !tails.serves(from, batch.author()),
            _ => true,
        });
        self.send_items(from, wanted);
        if let Some(due) = self.news_due() {
            // What we have just asked for may have to be asked for again.
            self.timers.news_soon(due, terms.interval);
        }
    }

    /// What a peer wants: the small together, each large one on a stream of its
    /// own, so that it holds up nothing.
    fn send_items(&mut self, to: &NodeId, items: Vec<Item>) {
        let large = |item: &Item| item.weight() > ITEMS_BYTES;
        let (large, small): (Vec<Item>, Vec<Item>) = items.into_iter().partition(large);
        let mut rest = limit::RUMORS_AT_ONCE_BYTES;
        for item in large {
            if self.send_outline(to, &item) {
                continue;
            }
            let weight = item.weight();
            if weight > rest && rest < limit::RUMORS_AT_ONCE_BYTES {
                // It is asked for again.
                break;
            }
            rest = rest.saturating_sub(weight);
            self.send_rumors(to, Via::Stream, Vec::from([item]));
        }
        if small.is_empty() {
            return;
        }
        let via = match Item::weight_of(&small) <= ITEMS_BYTES {
            true => Via::Datagram,
            false => Via::Stream,
        };
        self.send_rumors(to, via, small);
    }

    fn send_rumors(&mut self, to: &NodeId, via: Via, rumors: Vec<Item>) {
        self.outbox.counters.copies_sent += rumors.len() as u64;
        let body = Body::Gossip;
        self.outbox.send(to, via, Message { body, rumors });
    }
}

/// Bytes of a datagram that are kept for an offer's names when items ride along
/// (guess: nine rounds of ten tell fewer than forty).
const OFFER_BYTES: usize = 500;

/// Bytes of items in one datagram: what a message's frame leaves.
const ITEMS_BYTES: usize = limit::DATAGRAM_BYTES - 64;

/// Cycles within which everybody should know, by the formula of `fanout` (guess:
/// 1.6 s at the interval of `lan`; at once where nothing is lost, since news is
/// told on arrival).
const CYCLES: f64 = 8.0;

/// Nobody calls more at once.
const FANOUT_MAX: u32 = 16;
