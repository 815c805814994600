//! Others' queries that wait for our application, and answers that wait for a
//! link.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{Answer, EventId};

/// What we owe to askers.
#[derive(Debug, Default)]
pub struct Answering {
    /// Until when its asker listens, and through how many relays it wants the
    /// answer.
    heard: BTreeMap<EventId, (Instant, u32)>,
    waiting: Vec<(NodeId, Answer, Instant)>,
}

impl Answering {
    /// A query asks us. Whether there is room for it.
    pub fn hear(&mut self, id: &EventId, until: Instant, relays: u32) -> bool {
        let room = self.heard.len() < limit::ASKS_HEARD;
        if room {
            self.heard.insert(id.clone(), (until, relays));
        }
        room
    }

    /// Our application answers it: once, and in time. Until when its asker
    /// listens, and the relays it wants.
    pub fn respond(&mut self, id: &EventId) -> Option<(Instant, u32)> {
        self.heard.remove(id)
    }

    /// An answer that waits for a link to `peer`. Whether there is room for it.
    pub fn wait(&mut self, peer: &NodeId, answer: Answer, until: Instant) -> bool {
        let room = self.waiting.len() < limit::ANSWERS_WAITING;
        if room {
            self.waiting.push((peer.clone(), answer, until));
        }
        room
    }

    /// There is a link to `peer`: what has waited for it.
    pub fn linked(&mut self, peer: &NodeId) -> Vec<Answer> {
        let (now, rest) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(to, _, _)| to == peer);
        self.waiting = rest;
        let now: Vec<(NodeId, Answer, Instant)> = now;
        now.into_iter().map(|(_, answer, _)| answer).collect()
    }

    /// Lets go of what nobody listens for any more.
    pub fn expire(&mut self, now: Instant) {
        self.heard.retain(|_, (until, _)| *until > now);
        self.waiting.retain(|(_, _, until)| *until > now);
    }

    /// When [`Answering::expire`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let heard = self.heard.values().map(|(until, _)| *until);
        let waiting = self.waiting.iter().map(|(_, _, until)| *until);
        heard.chain(waiting).min()
    }
}
