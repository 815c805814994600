//! Logs that flow: told by head, followed at one peer, handed on as they come.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::dissemination::is_of;
use crate::input::SessionId;
use crate::message::{Batch, Body, Delta, LogHead, Offer};
use crate::output::{Output, Phase};

use super::Node;

impl Node {
    /// So many batches of a log were taken in. Whether it is told by its head from
    /// now on, in the place of their names.
    pub(super) fn flows_on(&mut self, now: Now, author: &NodeId, batches: usize) -> bool {
        let head = self.replica.head(author).unwrap_or_default();
        let interval = self.config.gossip_interval;
        let flows = self.flows.grew(now.mono, author, (head, batches), interval);
        if flows {
            let soon = now.mono + self.config.gossip_delay;
            let due = self.flows.next_due().map_or(soon, |due| due.max(soon));
            self.timers.news_soon(due, interval);
        }
        flows
    }

    /// A run of a log came, in a session or a tail: much of it is told by head.
    pub(super) fn goes_on_as_one(&mut self, now: Now, run: &[Batch]) -> bool {
        let author = run.first().map(Batch::author);
        // What is large comes in chunks, of several who hold it.
        let flows = self.phase == Phase::Running && !run.iter().any(Batch::has_large);
        let Some(author) = author.filter(|_| flows) else {
            return false;
        };
        let flows = self.flows_on(now, author, run.len());
        if flows {
            for batch in run {
                self.news.learn_batch(batch);
            }
        }
        flows
    }

    /// Heads of logs, to one peer.
    pub(super) fn tell_heads(&mut self, peer: &NodeId, heads: &[LogHead]) {
        let offer = Offer {
            heads: heads.to_vec(),
            ..Offer::default()
        };
        self.outbox.datagram(peer, Body::Offer(offer));
    }

    /// A peer says how far it holds logs that flow.
    pub(super) fn hear_heads(&mut self, now: Now, from: &NodeId, heads: &[LogHead]) {
        for held in heads.iter().take(limit::OFFER_HEADS) {
            self.follow_at(now, held, from);
        }
    }

    /// Somebody holds a log up to here: it is followed there, where we hold less.
    fn follow_at(&mut self, now: Now, held: &LogHead, peer: &NodeId) {
        let ours = self.replica.head(&held.author).unwrap_or_default();
        let recovers = held.author != self.identity.id || self.commits.may_recover();
        // Who joins is told everything in a session.
        if ours >= held.head || !recovers || self.phase != Phase::Running {
            return;
        }
        // A session with it brings this as well; and what waits for something large
        // waits for its chunks.
        if self.syncs.moves_with(now.mono, peer) || self.fetches.brings(&held.author) {
            return;
        }
        if !self.links.is_up(peer) || self.is_unbelievable(held.head.generation, now) {
            return;
        }
        let patience = self.config.gossip_interval * STALLS;
        let lacks = (held, ours);
        if !self
            .tails
            .behind(now.mono, lacks, (peer, patience), &mut self.outbox)
        {
            // Sooner than notes are compared anyway, and once for all that flow.
            let soon = now.mono + self.config.sync_interval / 10;
            self.timers.sync_soon(soon, peer);
        }
    }

    /// A peer opened a session: what for, its first word says.
    pub(super) fn wait_for_first_word(&mut self, now: Now, id: SessionId, peer: NodeId) {
        let theirs = self.silent.values().filter(|(whose, _)| *whose == peer);
        let room = self.silent.len() < limit::SESSIONS_SILENT
            && theirs.count() < limit::SESSIONS_SILENT_OF_ONE;
        if room {
            self.silent.insert(id, (peer, now.mono));
        } else {
            self.outbox.counters.sessions_refused += 1;
            self.outbox.push(Output::Reset(id));
        }
    }

    /// It is to compare notes.
    pub(super) fn hear_first_word(&mut self, now: Now, id: SessionId) {
        if let Some((peer, _)) = self.silent.remove(&id) {
            let yields = peer < self.identity.id;
            self.syncs
                .opened((now.mono, yields), id, &peer, &mut self.outbox);
        }
    }

    /// It is to follow a log.
    pub(super) fn hear_follow(&mut self, now: Now, from: &NodeId, id: SessionId, held: &LogHead) {
        match self.silent.remove(&id) {
            Some((peer, _)) if peer == *from => {
                self.tails.serve(now.mono, id, from, held, &mut self.outbox);
            }
            _ => self.outbox.counters.unexpected += 1,
        }
    }

    /// What came to a log that we follow.
    pub(super) fn hear_tail(&mut self, now: Now, from: &NodeId, id: SessionId, delta: Delta) {
        let author = self.tails.author(id, from).cloned();
        let Some(author) = author.filter(|author| is_of(&delta, author)) else {
            self.outbox.counters.unexpected += 1;
            return;
        };
        for piece in delta.logs {
            let counters = &mut self.outbox.counters;
            let refused = counters.pieces_refused;
            let Some(run) = self.pieces.add(id, piece, counters) else {
                if self.outbox.counters.pieces_refused == refused {
                    self.tails.moved(now.mono, &author);
                }
                continue;
            };
            self.outbox.counters.tail_batches += run.batches.len() as u64;
            if !run.chunked.is_empty() {
                self.outbox.counters.unexpected += 1;
                continue;
            }
            // Where it grows slowly by now it goes on as rumors.
            let (news, gap) = self.take_run(now, run.from, run.batches);
            if gap {
                // It begins above what we hold: what came in between has cut our
                // log, perhaps. From here on nothing of it would fit; the next
                // head is followed from where we stand, and notes are compared.
                self.tails.let_go(&author, &mut self.outbox);
                self.timers.sync_soon(now.mono, from);
                break;
            }
            self.tails.moved(now.mono, &author);
            for item in news {
                self.spread(now, item);
            }
        }
        let (syncs, tails) = (&self.syncs, &self.tails);
        self.pieces.keep(|id| syncs.has(id) || tails.has(id));
    }

    /// What stalls is asked of others; in the end notes are compared.
    pub(super) fn flow_if_due(&mut self, now: Now) {
        let patience = self.config.gossip_interval;
        for lacked in self.early.overdue(now.mono, patience) {
            match lacked.in_vain {
                true => self.meet_soon(now.mono, &lacked.peer),
                false => self.follow_at(now, &lacked.held, &lacked.peer),
            }
        }
        let stalled = self
            .tails
            .overdue(now.mono, patience * STALLS, &mut self.outbox);
        for peer in stalled {
            self.meet_soon(now.mono, &peer);
        }
        self.tails.expire(now.mono, &mut self.outbox);
        self.silent.retain(|id, (_, since)| {
            let waits = now.mono < *since + SILENT;
            if !waits {
                self.outbox.push(Output::Reset(*id));
            }
            waits
        });
    }

    /// Compares notes with those that know something we miss.
    pub(super) fn follow_hints(&mut self, now: Now) {
        let due = self.timers.hints.iter().filter(|(_, at)| **at <= now.mono);
        let due: Vec<NodeId> = due.map(|(peer, _)| peer.clone()).collect();
        for peer in due {
            self.timers.hints.remove(&peer);
            if self.links.is_up(&peer) {
                self.compare_notes(now, &peer);
            }
        }
    }

    /// When it has something to do.
    pub(super) fn next_flow_deadline(&self) -> Option<Instant> {
        let silent = self.silent.values().map(|(_, since)| *since + SILENT);
        let patience = self.config.gossip_interval * STALLS;
        [
            self.early.next_deadline(),
            self.tails.next_deadline(patience),
            silent.min(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Sends what came to the logs that peers follow here.
    pub(super) fn hand_on(&mut self, now: Now) {
        if matches!(self.phase, Phase::Joining | Phase::Running) {
            self.tails
                .hand_on(now.mono, &self.replica, &mut self.outbox);
        }
    }
}

/// Intervals of gossip within which something comes of what is followed (guess: on
/// a starved machine a peer that is asked in vain after less was only slow).
const STALLS: u32 = 4;

/// For how long a peer may say nothing in a session that it opened (guess: as
/// long as a stalled one is kept).
const SILENT: core::time::Duration = core::time::Duration::from_secs(30);
