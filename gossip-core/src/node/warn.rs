//! Warning suspects: whoever is accused shall hear of it, and whoever accuses
//! shall be heard.
//!
//! ```text
//!   suspected ──── ½ ──── ¾ ──── the least time is over ┈┈┈ the longest
//!                  │      └ a ping on a stream; and where we alone accuse it,
//!                  │        the accusation once more
//!                  └ a ping with the accusation: the answer may bring what we missed
//! ```

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
        let mut refused = 0;
        // The first may be lost, or its answer; the second is sent again until
        // it has arrived, and so is what it brings.
        for (part, via) in [(least / 2, Via::Datagram), (least * 3 / 4, Via::Stream)] {
            if self.0.len() < limit::WARNINGS {
                self.0.insert((now + part, suspect.clone(), via));
            } else {
                refused += 1;
            }
        }
        refused
    }

    /// When the first is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.0.first().map(|(at, ..)| *at)
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

    /// We alone accuse one, and nobody confirms it: perhaps nobody has heard us, not
    /// even the suspect. Says so again, and calls it if there is no link.
    fn insist(&mut self, now: Now, suspect: &NodeId) {
        let Some(member) = self.roster.member(suspect) else {
            return;
        };
        let lone = member.suspicion().filter(|suspicion| {
            suspicion.accusers().len() == 1 && *suspicion.first() == self.identity.id
        });
        let Some(suspicion) = lone else { return };
        let (item, target) = (
            Item::Accusation(suspicion.accusation().clone()),
            Target::of(&member.claim.value),
        );
        if !self.links.is_up(suspect) {
            self.outbox.push(Output::Dial(target));
        }
        self.spread(now, item);
    }
}
