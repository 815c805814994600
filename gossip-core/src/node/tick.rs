//! What time brings.
//!
//! All deadlines of a node stand in one small table (`timers.rs`). They are pulled:
//! whoever asks gets the earliest, and every input is followed by one look at all
//! of them.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::defence::Defence;
use crate::input::Target;
use crate::message::{Body, Message};
use crate::output::{Output, Phase, Via};

use super::Node;
use super::timers::CLEARS;

impl Node {
    /// The earliest of all deadlines.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let timers = &self.timers;
        match self.phase {
            Phase::Starting | Phase::Halted => None,
            Phase::Leaving => [Some(timers.gossip), Some(timers.news), timers.leave]
                .into_iter()
                .flatten()
                .min(),
            Phase::Joining | Phase::Running => [
                self.is_watching().then_some(timers.probe),
                self.has_company().then_some(timers.gossip),
                self.has_company().then_some(timers.news),
                self.has_company().then_some(timers.sync),
                self.seeks_company().then_some(timers.reconnect.0),
                timers.warnings.next_deadline(),
                timers.shock,
                timers.pass.map(|(at, _)| at),
                timers.hints.values().min().copied(),
                self.next_flow_deadline(),
                timers.release,
                Some(timers.clear),
                self.prober.next_deadline(),
                self.roster.next_expiry(),
                self.roster.next_reap(self.config.forget_after),
                self.farewells
                    .front()
                    .map(|(heard, _)| *heard + self.config.forget_after),
                self.syncs.next_deadline(),
                self.next_bulk_deadline(),
                self.quorum.next_deadline(),
                self.next_event_deadline(),
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }

    /// There is somebody to talk to. Who is alone sleeps: its timers wait, and
    /// whoever comes wakes it.
    fn has_company(&self) -> bool {
        !self.links.is_empty() || !self.roster.others().is_empty()
    }

    /// There is somebody to probe, or a doubt in our own eyes to get over.
    fn is_watching(&self) -> bool {
        !self.roster.others().is_empty() || self.prober.awareness().score() > 0
    }

    /// There is, or was, or may be somebody. With company the timer runs even
    /// while nobody is missed: or all would call the first who dies at once.
    fn seeks_company(&self) -> bool {
        self.has_company()
            || self.phase == Phase::Joining
            || !self.book.is_empty()
            || self.roster.dead() > 0
    }

    /// A host that comes back much later than it was asked to was suspended or
    /// starved. What did not arrive meanwhile proves nothing about others, so
    /// everybody gets that time back, and one probe interval: what came
    /// meanwhile waits to be heard, after the first look at the clock.
    pub(super) fn notice_pause(&mut self, now: Now) {
        let forgives = self.config.defences.has(Defence::Forgiveness);
        let Some(armed) = self.timers.armed.filter(|_| forgives) else {
            return;
        };
        let late = now.mono.since(armed);
        if late > self.config.probe_interval.max(PAUSE) {
            let back = late + self.config.probe_interval;
            self.prober.forgive(back);
            self.roster.forgive(back);
            self.quorum.forgive(back);
            if late > self.config.suspicion_min {
                // They may well have condemned us.
                self.timers.shock(now.mono);
            }
        }
    }

    /// Does everything that is due.
    pub(super) fn tick(&mut self, now: Now) {
        match self.phase {
            Phase::Starting | Phase::Halted => {}
            Phase::Leaving => {
                self.gossip_if_due(now);
                self.tell_news_if_due(now);
                if self.timers.leave.is_some_and(|at| at <= now.mono) {
                    self.left();
                }
            }
            Phase::Joining | Phase::Running => {
                self.probe_if_due(now);
                self.warn_if_due(now);
                self.judge(now);
                self.reap(now);
                if self.timers.shock.take_if(|at| *at <= now.mono).is_some() {
                    self.timers.shocked = Some(now.mono);
                    self.refute_in_advance();
                }
                self.reconnect_if_due(now);
                self.sync_if_due(now);
                self.flow_if_due(now);
                self.fetch_if_due(now);
                self.release_if_due(now);
                self.clear_if_due(now);
                self.events_if_due(now);
                self.asks_if_due(now);
                self.gossip_if_due(now);
                self.tell_news_if_due(now);
            }
        }
        self.hand_on(now);
        self.look_at_quorum(now);
        self.timers.armed = self.next_deadline();
    }

    /// Whom we were looking for is forgotten, or has left: there is nobody to wait
    /// for.
    fn is_alone(&self) -> bool {
        let leads_nowhere = self.book.leads_nowhere();
        leads_nowhere && !self.has_company() && self.roster.dead() == 0
    }

    fn reconnect_if_due(&mut self, now: Now) {
        if self.phase == Phase::Joining && self.is_alone() {
            self.run(now);
        }
        if self.phase == Phase::Joining {
            if self.timers.reconnect.0 <= now.mono {
                let interval = self.config.reconnect_interval / 2;
                let next = now.mono + self.rng.jittered(interval);
                self.timers.reconnect = (next, interval);
                self.seek(now);
                // Whom we met while joining, and condemned, may be all there is.
                self.call_one(now);
            }
            return;
        }
        let gone = self.roster.gone().next_back();
        let since = gone.map_or(self.timers.begun, |(since, _)| since);
        let quiet = now.mono.since(since);
        let interval = self.config.reconnect_after(self.roster.here(), quiet);
        let (due, armed) = &mut self.timers.reconnect;
        if *due <= now.mono {
            // Anywhere within twice the interval: those who began together
            // shall not call together for ever.
            *due = now.mono + self.rng.within(interval * 2);
            *armed = interval;
            self.call_one(now);
        } else if interval <= *armed / 2 {
            // So many are gone that fewer share the calls: what is left of the
            // wait shrinks with it.
            let nanos = due.since(now.mono).as_nanos() * interval.as_nanos();
            let left = u64::try_from(nanos / armed.as_nanos().max(1)).unwrap_or(u64::MAX);
            *due = now.mono + Duration::from_nanos(left);
            *armed = interval;
        }
    }

    fn sync_if_due(&mut self, now: Now) {
        self.syncs.expire(now.mono, &mut self.outbox);
        self.follow_hints(now);
        if let Some((_, left)) = self.timers.pass.take_if(|(at, _)| *at <= now.mono) {
            if left > 1 {
                let next = now.mono + self.rng.jittered(self.config.gossip_interval);
                self.timers.pass = Some((next, left - 1));
            }
            let peers = self.rng.pick(PASS_TO, self.roster.others());
            let peers: Vec<NodeId> = peers.iter().map(|member| member.id().clone()).collect();
            for peer in peers {
                self.meet(now, &peer);
            }
        }
        if self.timers.sync > now.mono {
            return;
        }
        if self.tails.bring_any(now.mono) {
            // What differs is on its way; comparing would send it twice.
            self.timers.sync = now.mono + self.rng.jittered(self.config.gossip_interval * 5);
            return;
        }
        self.timers.sync = now.mono + self.rng.jittered(self.config.sync_interval);
        let roster = &self.roster;
        let wanted = |peer: &&NodeId| roster.member(peer).is_none_or(|member| member.is_here());
        let peers = self.links.sample(1, &mut self.rng, wanted);
        for peer in peers {
            self.compare_all_notes(now, &peer);
        }
    }

    fn release_if_due(&mut self, now: Now) {
        let due = self.replica.next_release();
        if due.is_some_and(|wall| wall <= now.wall) {
            let mut changes = Vec::new();
            self.replica.release(now.wall, &mut changes);
            self.replica_changed(changes);
        }
        self.timers.release = self.replica.next_release().map(|wall| {
            let millis = wall.as_millis().saturating_sub(now.wall.as_millis()).max(1);
            now.mono + Duration::from_millis(millis)
        });
    }

    /// Clears our log of what has been dead for long, if it is worth it.
    fn clear_if_due(&mut self, now: Now) {
        if self.timers.clear > now.mono {
            return;
        }
        self.timers.clear = now.mono + self.config.tombstone_grace / CLEARS;
        self.reclaim();
        self.clear_log(now);
    }

    /// Tells the hot rumors to a few.
    fn gossip_if_due(&mut self, now: Now) {
        if self.timers.gossip > now.mono {
            return;
        }
        self.timers.gossip = Instant::FAR_FUTURE;
        self.timers.gossiped = now.mono;
        if self.hot.is_empty() {
            return;
        }
        self.timers.gossip = now.mono + self.rng.jittered(self.config.gossip_interval);
        let peers = self.listeners();
        if peers.is_empty() {
            return;
        }
        let sends = self.config.rumor_sends(self.roster.here());
        let copies = u32::try_from(peers.len()).unwrap_or(1);
        let large = self
            .hot
            .take_large(limit::RUMORS_AT_ONCE_BYTES, sends, copies);
        for peer in &peers {
            self.outbox.datagram(peer, Body::Gossip);
            for item in &large {
                let message = Message {
                    body: Body::Gossip,
                    rumors: Vec::from([item.clone()]),
                };
                self.outbox.send(peer, Via::Stream, message);
            }
        }
    }

    /// A few members to tell the news: any of those who are here, so that news
    /// does not only go round among the well connected. Who is not connected
    /// yet is dialed, and hears it when the link is up. Nobody who happens to
    /// be connected hears it instead: in a young cluster that would be the seed,
    /// again and again, until the news is cold.
    pub(super) fn listeners(&mut self) -> Vec<NodeId> {
        let fanout = usize::try_from(self.config.gossip_fanout).unwrap_or(1);
        let mut cold: Vec<Target> = Vec::new();
        let mut peers = Vec::new();
        for member in self.rng.pick(fanout, self.roster.others()) {
            if self.links.is_up(member.id()) {
                peers.push(member.id().clone());
            } else if member.suspicion().is_none() {
                // A suspect without a link is being dialed by those who look.
                cold.push(Target::of(&member.claim.value));
            }
        }
        // Those we are connected to and do not know yet, while we join.
        let (roster, missing) = (&self.roster, fanout.saturating_sub(peers.len()));
        self.strangers.retain(|peer| roster.member(peer).is_none());
        let strangers = self.rng.sample(missing, self.strangers.iter());
        peers.extend(strangers.into_iter().cloned());
        for target in cold {
            self.outbox.push(Output::Dial(target));
        }
        peers
    }
}

/// A host that is later than this, and than a probe interval, was paused
/// (guess: scheduling alone rarely holds a process for half a second).
const PAUSE: Duration = Duration::from_millis(500);

/// To how many members at a time somebody who learned much at once hands it on;
/// [`PASSES`](super::timers::PASSES) times, so it is like a rumor told eight times,
/// of which e⁻⁸ do not hear (Demers et al. 1987, §1.4).
const PASS_TO: usize = 2;
