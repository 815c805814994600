//! What time brings.
//!
//! All deadlines of a node, in one small table. They are pulled: whoever asks
//! gets the earliest, and every input is followed by one look at all of them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::{Instant, Now};
use crate::config::Config;
use crate::defence::Defence;
use crate::input::Target;
use crate::membership::Sight;
use crate::message::{Accusation, Body, Charge, Footing, Message, Statement};
use crate::mongering::Mode;
use crate::output::{Output, Phase, Via};

use super::warn::Warnings;
use super::{Node, Sealing};

/// When each recurring thing is due.
#[derive(Debug)]
pub(super) struct Timers {
    probe: Instant,
    /// When this run began.
    begun: Instant,
    gossip: Instant,
    /// When gossip was last told.
    gossiped: Instant,
    /// When what members write is told next, and when it was told last.
    news: Instant,
    news_told: Instant,
    /// When something of it was told for the first time.
    pub(super) fresh_told: Instant,
    sync: Instant,
    /// Peers that know something we miss, and when to ask them; at most
    /// [`limit::APPOINTMENTS`].
    pub(super) hints: BTreeMap<NodeId, Instant>,
    /// When to call one that is not here, and the interval that this is part of.
    reconnect: (Instant, Duration),
    /// Suspects that are still to be shown what they are accused of.
    pub(super) warnings: Warnings,
    /// When to say again that we are here, since many died at once.
    shock: Option<Instant>,
    /// When we did so last.
    pub(super) shocked: Option<Instant>,
    /// When to hand on in sessions what we learned in one, and how often yet.
    pass: Option<(Instant, u32)>,
    /// When the next stamp from the future may be looked at.
    release: Option<Instant>,
    /// When to look whether our log can be cleared.
    clear: Instant,
    /// When a leaving node has told everybody.
    pub(super) leave: Option<Instant>,
    /// The deadline we last asked the host to keep.
    armed: Option<Instant>,
}

impl Timers {
    pub(super) fn new(config: &Config, now: Instant, rng: &mut Rng) -> Self {
        Self {
            probe: now + rng.within(config.probe_interval),
            begun: now,
            gossip: Instant::FAR_FUTURE,
            news: match config.mongering.mode {
                // Who only asks, asks although it has nothing to tell.
                Mode::Pull => now + rng.within(config.gossip_interval),
                Mode::Push | Mode::PushPull => Instant::FAR_FUTURE,
            },
            news_told: Instant::ZERO,
            fresh_told: Instant::ZERO,
            gossiped: Instant::ZERO,
            sync: now + rng.within(config.sync_interval),
            hints: BTreeMap::new(),
            reconnect: (
                now + rng.within(config.reconnect_interval),
                config.reconnect_interval,
            ),
            warnings: Warnings::default(),
            shock: None,
            shocked: None,
            pass: None,
            release: None,
            clear: now + config.tombstone_grace / CLEARS,
            leave: None,
            armed: None,
        }
    }

    /// There is news: at once where it was quiet, and where much comes one upon
    /// the other, eight times an interval (guess).
    pub(super) fn gossip_soon(&mut self, at: Instant, interval: Duration) {
        self.gossip = self.gossip.min(at.max(self.gossiped + interval / 8));
    }

    /// The same for what members write.
    pub(super) fn news_soon(&mut self, at: Instant, interval: Duration) {
        self.news = self.news.min(at.max(self.news_told + interval / 8));
    }

    /// The same for what was never told: repeating what is old does not hold it up.
    pub(super) fn fresh_soon(&mut self, at: Instant, interval: Duration) {
        self.news = self.news.min(at.max(self.fresh_told + interval / 8));
    }

    /// What members write is told now.
    pub(super) const fn news_told(&mut self, now: Instant) {
        (self.news, self.news_told) = (Instant::FAR_FUTURE, now);
    }

    /// When what members write is told next.
    pub(super) const fn news(&self) -> Instant {
        self.news
    }

    /// We miss something that `peer` has.
    pub(super) fn sync_soon(&mut self, at: Instant, peer: &NodeId) {
        if self.hints.len() < limit::APPOINTMENTS {
            self.hints.entry(peer.clone()).or_insert(at);
        }
    }

    /// The deadline we last asked the host to keep.
    pub(super) const fn armed(&self) -> Option<Instant> {
        self.armed
    }

    /// Whether many died not long ago.
    pub(super) fn is_shocked(&self, now: Instant, span: Duration) -> bool {
        self.shock.is_some() || self.shocked.is_some_and(|at| now.since(at) < span)
    }

    /// Many died: once for all of them.
    pub(super) fn shock(&mut self, at: Instant) {
        self.shock.get_or_insert(at);
    }

    /// We learned much at once.
    pub(super) fn pass_on(&mut self, at: Instant) {
        self.pass = Some((at, PASSES));
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

    fn probe_if_due(&mut self, now: Now) {
        if self.timers.probe <= now.mono {
            let interval = self.prober.awareness().scale(self.config.probe_interval);
            self.timers.probe = now.mono + self.rng.jittered(interval);
            let sight = Sight {
                config: &self.config,
                roster: &self.roster,
                links: &self.links,
            };
            self.prober
                .tick(now.mono, sight, &mut self.rng, &mut self.outbox);
        }
        let sight = Sight {
            config: &self.config,
            roster: &self.roster,
            links: &self.links,
        };
        let failed = self
            .prober
            .expire(now.mono, sight, &mut self.rng, &mut self.outbox);
        for finding in failed {
            // Only on what it said when we asked; since then it may have spoken.
            let member = self.roster.member(&finding.target);
            if member.is_some_and(|member| member.is_here() && member.footing() == finding.footing)
            {
                let (target, footing) = (finding.target, finding.footing);
                self.accuse(target, footing, Charge::Suspect, Sealing::Accusation);
            }
        }
    }

    /// Condemns those whose time to refute is over: with a verdict that came
    /// before, or with one of our own.
    fn judge(&mut self, now: Now) {
        while let Some((id, footing, verdict)) = self.roster.expired(now.mono) {
            match verdict {
                Some(verdict) => self.condemn(now, verdict),
                None => {
                    let soon = now.mono + self.config.probe_interval;
                    self.roster.hold(&id, soon);
                    self.accuse(id, footing, Charge::Dead, Sealing::Verdict);
                }
            }
        }
    }

    /// Says something against a member.
    pub(super) fn accuse(
        &mut self,
        accused: NodeId,
        footing: Footing,
        charge: Charge,
        sealing: Sealing,
    ) {
        let accuser = self.identity.id.clone();
        let accusation = Accusation {
            accuser,
            accused,
            footing,
            charge,
        };
        let id = self.outbox.seal(Statement::Accusation(accusation));
        self.seals.insert(id, sealing);
    }

    fn reconnect_if_due(&mut self, now: Now) {
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

/// How often in the grace of a tombstone we look what can go (guess: what is dead
/// stays a quarter longer than it has to).
const CLEARS: u32 = 4;

/// A host that is later than this, and than a probe interval, was paused
/// (guess: scheduling alone rarely holds a process for half a second).
const PAUSE: Duration = Duration::from_millis(500);

/// To how many members at a time somebody who learned much at once hands it on,
/// and how often: like a rumor told eight times, of which e⁻⁸ do not hear
/// (Demers et al. 1987, §1.4).
const PASS_TO: usize = 2;
const PASSES: u32 = 4;
