//! Queries: whom they ask, and how the answers come back.
//!
//! An answer goes straight to the asker, on the link to it or on one that is
//! dialed for it, and through relays as well if the asker wants that. A relay
//! hands an answer on once, to a member it knows, never to an address.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::event::Took;
use crate::input::{Query, Space, Target, Via};
use crate::message::{Answer, Ask, Body, Event, EventId, Message, Said, Tag};
use crate::output::{Notification, Output, Phase, Refusal, Reply};

use super::Node;
use super::event::no_longer;

impl Node {
    /// A query of ours is said. How many it asks, as we see it.
    pub(super) fn begin_ask(&mut self, now: Now, event: &Event) -> usize {
        let Some(ask) = &event.ask else {
            return 0;
        };
        let members = self.roster.iter().filter(|(_, member)| member.is_here());
        let asked = members.filter(|(id, _)| self.is_meant(ask, id)).count();
        self.asked
            .begin(now.mono, event.id.clone(), ask.deadline(), asked);
        asked
    }

    /// Whether a query asks a member, as far as its own keys are known here.
    fn is_meant(&self, ask: &Ask, id: &NodeId) -> bool {
        let holds = |tag: &Tag| {
            let row = self.replica.value(&Query {
                space: Space::Own(id.clone()),
                key: tag.key.clone(),
            });
            row.is_some_and(|row| *row.value.bytes() == tag.value)
        };
        ask.filter.means(id, holds)
    }

    /// A query is news here: does it ask us?
    pub(super) fn hear_ask(&mut self, now: Now, event: &Event, ask: &Ask) {
        if self.phase != Phase::Running || !self.is_meant(ask, &self.identity.id) {
            return;
        }
        let until = now.mono + ask.deadline();
        if !self.answering.hear(&event.id, until, ask.relays) {
            self.outbox.counters.answers_refused += 1;
            return;
        }
        self.answer(now, &event.id, Said::Ack, until, ask.relays);
        let event = Box::new(event.clone());
        self.outbox.notify(Notification::Asked(event));
    }

    /// Our application answers a query.
    pub(super) fn respond(&mut self, now: Now, to: &EventId, response: Bytes) -> Reply {
        if let Err(refusal) = no_longer(response.len(), limit::RESPONSE_BYTES) {
            return Reply::Refused(refusal);
        }
        match self.answering.respond(to) {
            Some((until, relays)) if until > now.mono => {
                self.answer(now, to, Said::Response(response), until, relays);
                Reply::Done
            }
            _ => Reply::Refused(Refusal::Unasked),
        }
    }

    /// Sends an answer of ours on its ways.
    fn answer(&mut self, now: Now, to: &EventId, said: Said, until: Instant, relays: u32) {
        let (me, asker) = (self.identity.id.clone(), to.run.author.clone());
        let answer = Answer {
            to: to.clone(),
            from: me.clone(),
            said,
        };
        if asker == me {
            return self.hear_word(now, &me, answer);
        }
        let roster = &self.roster;
        let fit = |peer: &&NodeId| **peer != asker && roster.is_here(peer);
        let relays = usize::try_from(relays).unwrap_or(0);
        let relays = self.links.sample(relays, &mut self.rng, fit);
        for relay in relays {
            let answer = Message::bare(Body::Answer(answer.clone()));
            self.outbox.send(&relay, Via::Stream, answer);
        }
        self.bring(&asker, answer, until);
    }

    /// Brings an answer to its asker: now, or when there is a link.
    fn bring(&mut self, asker: &NodeId, answer: Answer, until: Instant) {
        if self.links.is_up(asker) {
            let answer = Message::bare(Body::Answer(answer));
            self.outbox.send(asker, Via::Stream, answer);
        } else if let Some(member) = self.roster.member(asker)
            && self.answering.wait(asker, answer, until)
        {
            let addrs = member.claim.value.addrs.to_vec();
            self.outbox
                .push(Output::Dial(Target::Member(asker.clone(), addrs)));
        } else {
            self.outbox.counters.answers_refused += 1;
        }
    }

    /// There is a link to a peer: the answers that waited for it.
    pub(super) fn tell_waiting(&mut self, peer: &NodeId) {
        let waited: Vec<Answer> = self.answering.linked(peer);
        for answer in waited {
            let answer = Message::bare(Body::Answer(answer));
            self.outbox.send(peer, Via::Stream, answer);
        }
    }

    /// An answer came: to us, or to be handed on.
    pub(super) fn hear_word(&mut self, now: Now, from: &NodeId, answer: Answer) {
        let Answer { to, from: by, said } = &answer;
        if to.run.author != self.identity.id {
            // Handed on once: by whoever hears it from the one that answers.
            let is_first = by == from && self.roster.is_here(&to.run.author);
            if !is_first {
                self.outbox.counters.unexpected += 1;
                return;
            }
            self.outbox.counters.answers_relayed += 1;
            let until = now.mono + RELAYED;
            let asker = to.run.author.clone();
            return self.bring(&asker, answer, until);
        }
        if self.roster.member(by).is_none() {
            self.outbox.counters.answers_dropped += 1;
            return;
        }
        match self.asked.take(now.mono, to, by, said) {
            Took::News => {
                let relay = (by != from).then(|| from.clone());
                self.outbox.notify(Notification::Answer {
                    to: answer.to,
                    from: answer.from,
                    relay,
                    said: answer.said,
                });
            }
            Took::Again | Took::Late | Took::Unasked => {
                self.outbox.counters.answers_dropped += 1;
            }
        }
    }

    /// Ends queries whose time is over.
    pub(super) fn asks_if_due(&mut self, now: Now) {
        while let Some((id, counts)) = self.asked.ended(now.mono) {
            self.outbox.notify(Notification::Ended { id, counts });
        }
        self.answering.expire(now.mono);
    }
}

/// What a query must keep to.
pub(super) fn check(ask: &Ask) -> Result<(), Refusal> {
    let what = if ask.deadline_ms == 0 || ask.deadline_ms > limit::ASK_DEADLINE_MS {
        "a query's deadline is between a millisecond and an hour"
    } else if ask.relays > limit::ASK_RELAYS {
        "an answer goes through 8 relays at most"
    } else if ask.filter.len() > limit::ASK_FILTERS {
        "a filter names 64 members, zones and tags at most"
    } else if ask.filter.tags.iter().any(is_long) {
        "a tag's value has 128 bytes at most"
    } else {
        return Ok(());
    };
    Err(Refusal::Unaskable { what })
}

const fn is_long(tag: &Tag) -> bool {
    tag.value.len() > limit::TAG_BYTES
}

/// For how long an answer that is handed on waits for a link (guess: two
/// handshakes on a wide area network).
const RELAYED: core::time::Duration = core::time::Duration::from_secs(5);
