//! Asking for somebody else.
//!
//! ```text
//!   asker ── ping-req ──▶ us ── ping ──▶ target
//!         ◀─── nack ─────    (not yet)
//!         ◀─── ack ──────    ◀── ack ──
//! ```
//!
//! A nack says that the *relay* is well, so that the asker can tell a silent
//! target from a network that is silent to itself (Lifeguard §IV-A). The
//! answer is still passed on when it comes after all.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::Sight;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::input::Target;
use crate::message::{Body, Seq};
use crate::outbox::Outbox;
use crate::output::Output;

/// A probe we run for somebody else.
#[derive(Debug)]
struct Relayed {
    target: NodeId,
    asker: NodeId,
    asked: Seq,
    dialing: bool,
    /// When to say that nothing came; `None`: said.
    nack: Option<Instant>,
    until: Instant,
}

/// The probes we run for others.
#[derive(Debug, Default)]
pub(super) struct Relays {
    relayed: BTreeMap<Seq, Relayed>,
}

/// Of a probe's most time, the part after which a relay says nack: early enough
/// to be back before the asker's interval is over (memberlist: 80 %).
const NACK_PERCENT: u32 = 80;

impl Relays {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.relayed.len()
    }

    /// Somebody asks us to ask, under our number `seq`.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        sight: Sight<'_>,
        from: &NodeId,
        (asked, target): (Seq, NodeId),
        seq: Seq,
        outbox: &mut Outbox,
    ) {
        let Sight {
            config,
            roster,
            links,
        } = sight;
        let theirs = self.relayed.values().filter(|other| other.asker == *from);
        if self.relayed.len() >= limit::RELAYED_PROBES
            || theirs.count() >= limit::RELAYED_PROBES_PER_PEER
        {
            outbox.counters.relays_refused += 1;
            // Too busy to help, and well.
            outbox.datagram(from, Body::Nack { seq: asked });
            return;
        }
        let dialing = !links.is_up(&target);
        if dialing {
            let Some(member) = roster.member(&target).filter(|_| target != *roster.me()) else {
                // We do not know where it is; all we can say is that we are well.
                outbox.datagram(from, Body::Nack { seq: asked });
                return;
            };
            outbox.push(Output::Dial(Target::of(&member.claim.value)));
        } else {
            outbox.datagram(&target, Body::Ping { seq });
        }
        let relayed = Relayed {
            target,
            asker: from.clone(),
            asked,
            dialing,
            nack: Some(now + config.probe_timeout * NACK_PERCENT / 100),
            until: now + config.probe_interval + config.handshake_budget,
        };
        self.relayed.insert(seq, relayed);
    }

    /// An ack came. Whether it was for somebody else, and passed on.
    pub(super) fn ack(&mut self, from: &NodeId, seq: Seq, outbox: &mut Outbox) -> bool {
        let waits = self.relayed.get(&seq);
        if waits.is_none_or(|relayed| relayed.target != *from) {
            return false;
        }
        if let Some(relayed) = self.relayed.remove(&seq) {
            outbox.datagram(&relayed.asker, Body::Ack { seq: relayed.asked });
        }
        true
    }

    /// A link came up: what waited for it goes on.
    pub(super) fn link_up(&mut self, peer: &NodeId, outbox: &mut Outbox) {
        for (seq, relayed) in &mut self.relayed {
            if relayed.target == *peer && core::mem::take(&mut relayed.dialing) {
                outbox.datagram(peer, Body::Ping { seq: *seq });
            }
        }
    }

    /// A link is gone: what was asked on it is asked again on another.
    pub(super) fn link_down(&mut self, peer: &NodeId) {
        for relayed in self.relayed.values_mut() {
            relayed.dialing |= relayed.target == *peer;
        }
    }

    /// There is no link to be had: say so now.
    pub(super) fn link_failed(&mut self, now: Instant, peer: &NodeId) {
        for relayed in self.relayed.values_mut() {
            if relayed.target == *peer && relayed.nack.is_some() {
                relayed.nack = Some(now);
            }
        }
    }

    /// When the first has to be looked at.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let all = self.relayed.values();
        all.map(|relayed| relayed.nack.unwrap_or(relayed.until))
            .min()
    }

    /// Says nack where it is time, and lets go what nobody waits for.
    pub(super) fn expire(&mut self, now: Instant, outbox: &mut Outbox) {
        for relayed in self.relayed.values_mut() {
            if relayed.nack.take_if(|at| *at <= now).is_some() {
                outbox.datagram(&relayed.asker, Body::Nack { seq: relayed.asked });
            }
        }
        let late: Vec<Seq> = self
            .relayed
            .iter()
            .filter(|(_, relayed)| relayed.until <= now)
            .map(|(seq, _)| *seq)
            .collect();
        for seq in late {
            self.relayed.remove(&seq);
        }
    }

    /// We were not looking for a while.
    pub(super) fn forgive(&mut self, pause: Duration) {
        for relayed in self.relayed.values_mut() {
            relayed.nack = relayed.nack.map(|at| at + pause);
            relayed.until = relayed.until + pause;
        }
    }
}
