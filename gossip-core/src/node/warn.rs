//! Warning suspects: whoever is accused shall hear of it, and whoever accuses
//! shall be heard.
//!
//! ```text
//!   suspected ──── ½ ──── ¾ ──── the least time is over ┈┈┈ the longest
//!                  │      └ a ping on a stream; and where one alone accuses it, a
//!                  │        call if there is no link, to warn it then, again and
//!                  │        again; if that one is us, the accusation once more
//!                  └ a ping with the accusation: the answer may bring what we missed
//! ```
//!
//! That one alone accuses may mean that nobody else has heard it, not even the
//! suspect; or that all others hold the accuser for gone and believe nothing of
//! it, while we heard it before we heard of its end. Then nobody but us can warn.

use alloc::collections::BTreeSet;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::input::{Target, Via};
use crate::membership::Sight;
use crate::message::Item;
use crate::output::Output;

use super::Node;

/// Suspects that are still to be shown what they are accused of, when, and on
/// what; at most [`limit::WARNINGS`].
#[derive(Debug, Default)]
pub(super) struct Warnings(BTreeSet<(Instant, NodeId, Via)>);

impl Warnings {
    /// One is suspected: it is to be warned before its least time is over. How many
    /// warnings there is no room for.
    pub(super) fn before(&mut self, now: Instant, least: Duration, suspect: &NodeId) -> u64 {
        // The first may be lost, or its answer; the second is sent again until
        // it has arrived, and so is what it brings.
        self.put(now + least / 2, suspect, Via::Datagram)
            + self.put(now + least * 3 / 4, suspect, Via::Stream)
    }

    /// When the first is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.0.first().map(|(at, ..)| *at)
    }

    /// One that could not be warned for want of a link is to be warned then. How many
    /// warnings there is no room for.
    fn again(&mut self, at: Instant, suspect: &NodeId) -> u64 {
        self.put(at, suspect, Via::Stream)
    }

    fn put(&mut self, at: Instant, suspect: &NodeId, via: Via) -> u64 {
        let room = self.0.len() < limit::WARNINGS;
        if room {
            self.0.insert((at, suspect.clone(), via));
        }
        u64::from(!room)
    }

    /// The next one that is due.
    fn next(&mut self, now: Instant) -> Option<(NodeId, Via)> {
        self.next_deadline().filter(|at| *at <= now)?;
        self.0.pop_first().map(|(_, suspect, via)| (suspect, via))
    }
}

impl Node {
    /// Shows a suspect what it is accused of, once more and first-hand: if it has
    /// refuted and the word did not reach us, its answer brings it.
    pub(super) fn warn_if_due(&mut self, now: Now) {
        while let Some((suspect, via)) = self.timers.warnings.next(now.mono) {
            if self.links.is_up(&suspect) {
                let sight = Sight {
                    config: &self.config,
                    roster: &self.roster,
                    links: &self.links,
                };
                self.prober.warn(&suspect, via, sight, &mut self.outbox);
            }
            if via == Via::Stream {
                self.insist(now, &suspect);
            }
        }
    }

    /// One alone accuses another, and nobody confirms it: perhaps nobody has heard
    /// it, not even the suspect. Calls that if there is no link; and if the accuser
    /// is us, says so again.
    fn insist(&mut self, now: Now, suspect: &NodeId) {
        let Some(member) = self.roster.member(suspect) else {
            return;
        };
        let lone = member.suspicion();
        let Some(suspicion) = lone.filter(|suspicion| suspicion.accusers().len() == 1) else {
            return;
        };
        let ours = *suspicion.first() == self.identity.id;
        let (item, target) = (
            Item::Accusation(suspicion.accusation().clone()),
            Target::of(&member.claim.value),
        );
        if !self.links.is_up(suspect) {
            self.outbox.push(Output::Dial(target));
            // Three times in the least time (guess).
            let then = now.mono + self.config.suspicion_min / 3;
            self.outbox.counters.warnings_refused += self.timers.warnings.again(then, suspect);
        }
        if ours {
            self.spread(now, item);
        }
    }
}
