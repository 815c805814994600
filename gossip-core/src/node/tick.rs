//! What time brings.
//!
//! All deadlines of a node, in one small table. They are pulled: whoever asks
//! gets the earliest, and every input is followed by one look at all of them.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::{Instant, Now};
use crate::config::Config;
use crate::input::Target;
use crate::membership::Member;
use crate::message::{Accusation, Body, Charge, Footing, Message, Statement};
use crate::output::{Output, Phase, Via};

use super::{Node, Sealing};

/// When each recurring thing is due.
#[derive(Debug)]
pub(super) struct Timers {
    probe: Instant,
    gossip: Instant,
    sync: Instant,
    /// A peer that knows something we miss, and when to ask it.
    hint: Option<(Instant, NodeId)>,
    reconnect: Instant,
    /// When the next stamp from the future may be looked at.
    release: Option<Instant>,
    /// When a leaving node has told everybody.
    pub(super) leave: Option<Instant>,
    /// The deadline we last asked the host to keep.
    armed: Option<Instant>,
}

impl Timers {
    pub(super) fn new(config: &Config, now: Instant, rng: &mut Rng) -> Self {
        Self {
            probe: now + rng.within(config.probe_interval),
            gossip: Instant::FAR_FUTURE,
            sync: now + rng.within(config.sync_interval),
            hint: None,
            reconnect: now + rng.within(config.reconnect_interval),
            release: None,
            leave: None,
            armed: None,
        }
    }

    /// There is news.
    pub(super) fn gossip_soon(&mut self, at: Instant) {
        self.gossip = self.gossip.min(at);
    }

    /// We miss something that `peer` has.
    pub(super) fn sync_soon(&mut self, at: Instant, peer: &NodeId) {
        if self.hint.is_none() {
            self.hint = Some((at, peer.clone()));
        }
    }

    /// A session of ours came to nothing.
    pub(super) fn sync_retry(&mut self, at: Instant) {
        self.sync = self.sync.min(at);
    }
}

impl Node {
    /// The earliest of all deadlines.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let timers = &self.timers;
        match self.phase {
            Phase::Starting | Phase::Halted => None,
            Phase::Leaving => [Some(timers.gossip), timers.leave]
                .into_iter()
                .flatten()
                .min(),
            Phase::Joining | Phase::Running => [
                Some(timers.probe),
                Some(timers.gossip),
                Some(timers.sync),
                Some(timers.reconnect),
                timers.hint.as_ref().map(|(at, _)| *at),
                timers.release,
                self.prober.next_deadline(),
                self.roster.next_expiry(),
                self.syncs.next_deadline(),
                self.quorum.next_deadline(),
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }

    /// A host that comes back much later than it was asked to was suspended or
    /// starved. What did not arrive meanwhile proves nothing about others, so
    /// everybody gets that time back, and one probe interval: what came
    /// meanwhile waits to be heard, after the first look at the clock.
    pub(super) fn notice_pause(&mut self, now: Now) {
        let Some(armed) = self.timers.armed else {
            return;
        };
        let late = now.mono.since(armed);
        if late > self.config.probe_interval.max(PAUSE) {
            let back = late + self.config.probe_interval;
            self.prober.forgive(back);
            self.roster.forgive(back);
        }
    }

    /// Does everything that is due.
    pub(super) fn tick(&mut self, now: Now) {
        match self.phase {
            Phase::Starting | Phase::Halted => {}
            Phase::Leaving => {
                self.gossip_if_due(now);
                if self.timers.leave.is_some_and(|at| at <= now.mono) {
                    self.left();
                }
            }
            Phase::Joining | Phase::Running => {
                self.probe_if_due(now);
                self.judge(now);
                self.reconnect_if_due(now);
                self.sync_if_due(now);
                self.release_if_due(now);
                self.gossip_if_due(now);
            }
        }
        self.look_at_quorum(now);
        self.timers.armed = self.next_deadline();
    }

    fn probe_if_due(&mut self, now: Now) {
        if self.timers.probe <= now.mono {
            self.timers.probe = now.mono + self.rng.jittered(self.config.probe_interval);
            self.prober.tick(
                now.mono,
                &self.config,
                &self.roster,
                &self.links,
                &mut self.rng,
                &mut self.outbox,
            );
        }
        let failed = self.prober.expire(
            now.mono,
            &self.config,
            &self.roster,
            &self.links,
            &mut self.rng,
            &mut self.outbox,
        );
        for finding in failed {
            // Only on what it said when we asked; since then it may have spoken.
            let member = self.roster.member(&finding.target);
            if member.is_some_and(|member| member.is_here() && member.footing() == finding.footing)
            {
                self.accuse(finding.target, finding.footing, Charge::Suspect);
            }
        }
    }

    /// Condemns those whose time to refute is over.
    fn judge(&mut self, now: Now) {
        for (id, footing) in self.roster.expired(now.mono) {
            self.roster
                .extend(&id, now.mono + self.config.probe_interval);
            self.accuse(id, footing, Charge::Dead);
        }
    }

    pub(super) fn accuse(&mut self, accused: NodeId, footing: Footing, charge: Charge) {
        let accuser = self.identity.id.clone();
        let accusation = Accusation {
            accuser,
            accused,
            footing,
            charge,
        };
        let id = self.outbox.seal(Statement::Accusation(accusation));
        self.seals.insert(id, Sealing::Accusation);
    }

    fn reconnect_if_due(&mut self, now: Now) {
        if self.timers.reconnect > now.mono {
            return;
        }
        let joining = self.phase == Phase::Joining;
        let interval = self.config.reconnect_interval / if joining { 2 } else { 1 };
        self.timers.reconnect = now.mono + self.rng.jittered(interval);
        if joining {
            self.seek(now);
        } else {
            let candidates = self
                .book
                .candidates(&self.roster, &self.links, &mut self.rng);
            // One seed and one member, if there are both.
            let mut candidates = candidates.into_iter();
            let first = candidates.next();
            let is_seed = |target: &Target| matches!(target, Target::Seed(_));
            let second = candidates.next().filter(|second| {
                first
                    .as_ref()
                    .is_some_and(|first| is_seed(first) != is_seed(second))
            });
            for target in first.into_iter().chain(second) {
                self.try_target(now, target);
            }
        }
    }

    fn sync_if_due(&mut self, now: Now) {
        self.syncs.expire(now.mono, &mut self.outbox);
        if let Some((_, peer)) = self.timers.hint.take_if(|(at, _)| *at <= now.mono)
            && self.links.is_up(&peer)
        {
            self.compare_notes(now, &peer);
        }
        if self.timers.sync > now.mono {
            return;
        }
        self.timers.sync = now.mono + self.rng.jittered(self.config.sync_interval);
        let roster = &self.roster;
        let wanted = |peer: &NodeId| roster.member(peer).is_none_or(|member| member.is_here());
        let peers = self.links.sample(1, &mut self.rng, wanted);
        for peer in peers {
            self.compare_notes(now, &peer);
        }
    }

    fn release_if_due(&mut self, now: Now) {
        if self.timers.release.is_some_and(|at| at <= now.mono) {
            let mut changes = Vec::new();
            self.replica.release(now.wall, &mut changes);
            self.replica_changed(changes);
        }
        self.timers.release = self.replica.next_release().map(|wall| {
            let millis = wall.as_millis().saturating_sub(now.wall.as_millis()).max(1);
            now.mono + Duration::from_millis(millis)
        });
    }

    /// Tells the hot rumors to a few.
    fn gossip_if_due(&mut self, now: Now) {
        if self.timers.gossip > now.mono {
            return;
        }
        self.timers.gossip = Instant::FAR_FUTURE;
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
        let large = self.hot.take_large(LARGE_BYTES, sends, copies);
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
    fn listeners(&mut self) -> Vec<NodeId> {
        let fanout = usize::try_from(self.config.gossip_fanout).unwrap_or(1);
        let others = self
            .roster
            .iter()
            .filter(|(id, member)| member.is_here() && *id != &self.identity.id);
        let mut cold: Vec<Target> = Vec::new();
        // Reservoir sampling (Vitter 1985, algorithm R).
        let mut chosen: Vec<(&NodeId, &Member)> = Vec::new();
        for (seen, other) in others.enumerate() {
            if chosen.len() < fanout {
                chosen.push(other);
            } else if let Some(at) = self.rng.index(seen + 1)
                && let Some(place) = chosen.get_mut(at)
            {
                *place = other;
            }
        }
        let mut peers = Vec::new();
        for (id, member) in chosen {
            if self.links.is_up(id) {
                peers.push(id.clone());
            } else {
                let addrs = member.claim.value.addrs.clone();
                cold.push(Target::Member(id.clone(), addrs));
            }
        }
        // Those we are connected to and do not know yet, while we join.
        let (roster, missing) = (&self.roster, fanout.saturating_sub(peers.len()));
        let strangers = self
            .links
            .sample(missing, &mut self.rng, |peer| roster.member(peer).is_none());
        peers.extend(strangers);
        for target in cold {
            self.outbox.push(Output::Dial(target));
        }
        peers
    }
}

/// A host that is later than this, and than a probe interval, was paused
/// (guess: scheduling alone rarely holds a process for half a second).
const PAUSE: Duration = Duration::from_millis(500);

/// Bytes of large rumors told to one peer in one tick (guess: four of full size
/// would hold up the small ones on a slow link for too long).
const LARGE_BYTES: usize = 1024 * 1024;
