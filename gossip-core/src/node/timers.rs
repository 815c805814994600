//! The timers: when each recurring thing is due.
//!
//! A table of moments and the few laws by which they move; what is done when one
//! comes is `tick.rs`.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::config::Config;
use crate::mongering::Mode;

use super::warn::Warnings;

/// When each recurring thing is due.
#[derive(Debug)]
pub(super) struct Timers {
    pub(super) probe: Instant,
    /// When this run began.
    pub(super) begun: Instant,
    pub(super) gossip: Instant,
    /// When gossip was last told.
    pub(super) gossiped: Instant,
    /// When what members write is told next, and when it was told last.
    pub(super) news: Instant,
    pub(super) news_told: Instant,
    /// When something of it was told for the first time.
    pub(super) fresh_told: Instant,
    pub(super) sync: Instant,
    /// Peers that know something we miss, and when to ask them; at most
    /// [`limit::APPOINTMENTS`].
    pub(super) hints: BTreeMap<NodeId, Instant>,
    /// When to call one that is not here, and the interval that this is part of.
    pub(super) reconnect: (Instant, Duration),
    /// Suspects that are still to be shown what they are accused of.
    pub(super) warnings: Warnings,
    /// When to say again that we are here, since many died at once.
    pub(super) shock: Option<Instant>,
    /// When we did so last.
    pub(super) shocked: Option<Instant>,
    /// When to hand on in sessions what we learned in one, and how often yet.
    pub(super) pass: Option<(Instant, u32)>,
    /// When the next stamp from the future may be looked at.
    pub(super) release: Option<Instant>,
    /// When to look whether our log can be cleared.
    pub(super) clear: Instant,
    /// When a leaving node has told everybody.
    pub(super) leave: Option<Instant>,
    /// The deadline we last asked the host to keep.
    pub(super) armed: Option<Instant>,
}

/// How often in the grace of a tombstone we look what can go (guess: what is dead
/// stays a quarter longer than it has to).
pub(super) const CLEARS: u32 = 4;

/// How often somebody who learned much at once hands it on (guess: with the two of
/// each time it is a rumor told eight times).
pub(super) const PASSES: u32 = 4;

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

    /// We miss something that `peer` has. Whether it will be asked.
    pub(super) fn sync_soon(&mut self, at: Instant, peer: &NodeId) -> bool {
        let room = self.hints.len() < limit::APPOINTMENTS;
        if room {
            self.hints.entry(peer.clone()).or_insert(at);
        }
        room || self.hints.contains_key(peer)
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
