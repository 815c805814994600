//! Asking one member after another whether it is there.
//!
//! ```text
//!   warm:  ping ──timeout──▶ ping-req to k relays ──2 × timeout──▶ failed
//!                            and a ping on a stream
//!   cold:  dial ──handshake budget──▶ ping (as above)
//!   dial failed at once ───────────▶ ping-req to k relays
//! ```
//!
//! The ping on a stream is for networks that lose datagrams: what a stream
//! carries is sent again until it arrives (memberlist's TCP fallback has the
//! same purpose).
//!
//! The order is a shuffled round-robin (SWIM §4.3): everybody is asked once a
//! round, so a crash is found by somebody within a bounded time. Several
//! probes may run at once, since a cold one can outlast the interval.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::{Links, Roster, Standing};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::config::Config;
use crate::input::Target;
use crate::message::{Body, Footing, Item, Message, Seq};
use crate::outbox::Outbox;
use crate::output::{Output, Via};

/// Where a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waiting for a link.
    Dialing,
    /// Waiting for the target's ack.
    Direct,
    /// Waiting for anybody's.
    Relayed,
}

#[derive(Debug)]
struct Probe {
    target: NodeId,
    /// What we held of it when we asked.
    footing: Footing,
    stage: Stage,
    /// The relays that were asked.
    relays: Vec<NodeId>,
    until: Instant,
}

/// A probe we run for somebody else.
#[derive(Debug)]
struct Relayed {
    target: NodeId,
    asker: NodeId,
    asked: Seq,
    dialing: bool,
    until: Instant,
}

/// A member that did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who.
    pub target: NodeId,
    /// What we held of it when we asked.
    pub footing: Footing,
}

/// The prober's state: the round, and the probes under way.
#[derive(Debug, Default)]
pub struct Prober {
    round: Vec<NodeId>,
    probes: BTreeMap<Seq, Probe>,
    relayed: BTreeMap<Seq, Relayed>,
    next_seq: u64,
}

impl Prober {
    fn seq(&mut self) -> Seq {
        self.next_seq += 1;
        Seq(self.next_seq)
    }

    /// Begins the next probe of the round.
    pub fn tick(
        &mut self,
        now: Instant,
        config: &Config,
        roster: &Roster,
        links: &Links,
        rng: &mut Rng,
        outbox: &mut Outbox,
    ) {
        let Some(target) = self.next_target(roster, rng) else {
            return;
        };
        let Some(member) = roster.member(&target) else {
            return;
        };
        let footing = member.footing();
        outbox.counters.probes += 1;
        let seq = self.seq();
        let (stage, until) = if links.is_up(&target) {
            ping(&target, seq, Via::Datagram, roster, outbox);
            (Stage::Direct, now + config.probe_timeout)
        } else {
            let addrs = member.claim.value.addrs.clone();
            outbox.push(Output::Dial(Target::Member(target.clone(), addrs)));
            (
                Stage::Dialing,
                now + config.handshake_budget + config.probe_timeout,
            )
        };
        self.probes.insert(
            seq,
            Probe {
                target,
                footing,
                stage,
                relays: Vec::new(),
                until,
            },
        );
    }

    /// The next of the round that is here and not being asked already.
    fn next_target(&mut self, roster: &Roster, rng: &mut Rng) -> Option<NodeId> {
        // Twice: what is left of this round, then one whole new one.
        for _ in 0..2 {
            while let Some(id) = self.round.pop() {
                let asked = self.probes.values().any(|probe| probe.target == id);
                if roster.is_here(&id) && id != *roster.me() && !asked {
                    return Some(id);
                }
            }
            let here = roster
                .iter()
                .filter(|(id, member)| member.is_here() && *id != roster.me());
            self.round = here.map(|(id, _)| id.clone()).collect();
            rng.shuffle(&mut self.round);
        }
        None
    }

    /// An ack came. Whether anything waited for it.
    pub fn ack(&mut self, from: &NodeId, seq: Seq, outbox: &mut Outbox) -> bool {
        if let Some(relayed) = self.relayed.get(&seq)
            && relayed.target == *from
        {
            outbox.datagram(&relayed.asker, Body::Ack { seq: relayed.asked });
            self.relayed.remove(&seq);
            return true;
        }
        // From the target, or from a relay that we asked: either will do.
        let known = self.probes.get(&seq);
        let answers = known.is_some_and(|p| p.target == *from || p.relays.contains(from));
        if answers {
            self.probes.remove(&seq);
        }
        answers
    }

    /// Somebody asks us to ask.
    pub fn relay(
        &mut self,
        now: Instant,
        config: &Config,
        links: &Links,
        from: &NodeId,
        (asked, target, addrs): (Seq, NodeId, Vec<SocketAddr>),
        outbox: &mut Outbox,
    ) {
        if self.relayed.len() >= limit::RELAYED_PROBES {
            outbox.counters.relays_refused += 1;
            return;
        }
        let seq = self.seq();
        let dialing = !links.is_up(&target);
        let until = if dialing {
            outbox.push(Output::Dial(Target::Member(target.clone(), addrs)));
            now + config.handshake_budget + config.probe_timeout
        } else {
            outbox.datagram(&target, Body::Ping { seq });
            now + config.probe_timeout
        };
        let relayed = Relayed {
            target,
            asker: from.clone(),
            asked,
            dialing,
            until,
        };
        self.relayed.insert(seq, relayed);
    }

    /// A link came up: the probes that waited for it go on.
    pub fn link_up(
        &mut self,
        now: Instant,
        peer: &NodeId,
        config: &Config,
        roster: &Roster,
        outbox: &mut Outbox,
    ) {
        for (seq, probe) in &mut self.probes {
            if probe.target == *peer && probe.stage == Stage::Dialing {
                probe.stage = Stage::Direct;
                probe.until = now + config.probe_timeout;
                ping(peer, *seq, Via::Datagram, roster, outbox);
            }
        }
        for (seq, relayed) in &mut self.relayed {
            if relayed.target == *peer && relayed.dialing {
                relayed.dialing = false;
                relayed.until = now + config.probe_timeout;
                outbox.datagram(peer, Body::Ping { seq: *seq });
            }
        }
    }

    /// There is no link to be had: the probes that waited for it need not wait
    /// any longer.
    pub fn link_failed(&mut self, now: Instant, peer: &NodeId) {
        for probe in self.probes.values_mut() {
            if probe.target == *peer && probe.stage != Stage::Relayed {
                probe.until = now;
            }
        }
        for relayed in self.relayed.values_mut() {
            if relayed.target == *peer {
                relayed.until = now;
            }
        }
    }

    /// When the first probe under way has to be looked at.
    pub fn next_deadline(&self) -> Option<Instant> {
        let probes = self.probes.values().map(|probe| probe.until);
        probes
            .chain(self.relayed.values().map(|relayed| relayed.until))
            .min()
    }

    /// Moves on the probes whose time is over; answers with those that failed.
    pub fn expire(
        &mut self,
        now: Instant,
        config: &Config,
        roster: &Roster,
        links: &Links,
        rng: &mut Rng,
        outbox: &mut Outbox,
    ) -> Vec<Finding> {
        let late = self
            .relayed
            .iter()
            .filter(|(_, relayed)| relayed.until <= now);
        let late: Vec<Seq> = late.map(|(seq, _)| *seq).collect();
        for seq in late {
            if let Some(relayed) = self.relayed.remove(&seq) {
                outbox.datagram(&relayed.asker, Body::Nack { seq: relayed.asked });
            }
        }
        let late = self.probes.iter().filter(|(_, probe)| probe.until <= now);
        let late: Vec<Seq> = late.map(|(seq, _)| *seq).collect();
        let mut failed = Vec::new();
        for seq in late {
            let Some(mut probe) = self.probes.remove(&seq) else {
                continue;
            };
            let asked = (probe.stage != Stage::Relayed)
                .then(|| ask_otherwise(seq, &probe.target, config, roster, links, rng, outbox))
                .flatten();
            if let Some(relays) = asked {
                probe.stage = Stage::Relayed;
                probe.relays = relays;
                probe.until = now + config.probe_timeout * 2;
                self.probes.insert(seq, probe);
            } else {
                outbox.counters.probes_failed += 1;
                failed.push(Finding {
                    target: probe.target,
                    footing: probe.footing,
                });
            }
        }
        failed
    }

    /// We were not looking for a while: whoever we were asking gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        for probe in self.probes.values_mut() {
            probe.until = probe.until + pause;
        }
        for relayed in self.relayed.values_mut() {
            relayed.until = relayed.until + pause;
        }
    }
}

/// Asks relays for help, and the target itself on a stream; the relays, or
/// `None` where there was nobody to ask.
fn ask_otherwise(
    seq: Seq,
    target: &NodeId,
    config: &Config,
    roster: &Roster,
    links: &Links,
    rng: &mut Rng,
    outbox: &mut Outbox,
) -> Option<Vec<NodeId>> {
    roster.member(target)?;
    let count = usize::try_from(config.relays).unwrap_or(0);
    let relays = links.sample(count, rng, |peer| peer != target && roster.is_here(peer));
    for relay in &relays {
        let target = target.clone();
        outbox.datagram(relay, Body::PingReq { seq, target });
    }
    if links.is_up(target) {
        ping(target, seq, Via::Stream, roster, outbox);
    }
    (!relays.is_empty() || links.is_up(target)).then_some(relays)
}

/// Pings, and shows a suspect first of all what it is accused of (Lifeguard's
/// buddy system, Dadgar et al. 2017, §IV-C).
fn ping(target: &NodeId, seq: Seq, via: Via, roster: &Roster, outbox: &mut Outbox) {
    let mut message = Message::bare(Body::Ping { seq });
    if let Some(Standing::Suspect { accusation, .. }) =
        roster.member(target).map(|member| &member.standing)
    {
        let item = Item::Accusation(accusation.clone());
        // One from a later version may be larger; it must not cost the ping.
        if message.weight() + item.weight() <= limit::DATAGRAM_BYTES {
            message.rumors.push(item);
        }
    }
    outbox.send(target, via, message);
}
