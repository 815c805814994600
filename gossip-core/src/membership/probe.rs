//! Asking one member after another whether it is there.
//!
//! ```text
//!   warm:  ping ──measured timeout──▶ ping-req to k relays ──────▶ interval over:
//!                                     and a ping on a stream       failed
//!   cold:  dial ──▶ ping (as above)       the same, and the handshake's budget more
//!          dial failed ──▶ relays at once
//! ```
//!
//! The ping on a stream is for networks that lose datagrams: what a stream
//! carries is sent again until it arrives (memberlist's TCP fallback has the
//! same purpose).
//!
//! The order is a shuffled round-robin (SWIM §4.3): everybody is asked once a
//! round, so a crash is found by somebody within a bounded time; who joins gets
//! a place by chance in the round under way. Several probes may run at once: a
//! cold one can outlast the interval, and a suspicion makes some look at once.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use super::awareness::Awareness;
use super::relay::Relays;
use super::{Links, Roster};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::config::Config;
use crate::defence::Defence;
use crate::input::Target;
use crate::message::{Body, Footing, Item, Message, Seq};
use crate::outbox::Outbox;
use crate::output::{Output, Via};

/// Where a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waiting for a link, or for the target's ack; others are asked at this
    /// moment.
    Direct(Instant),
    /// Waiting for anybody's.
    Relayed,
}

/// The first ping of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Waits for a link.
    No,
    /// At this moment.
    At(Instant),
    /// At a moment that says nothing: we were paused since.
    Once,
}

#[derive(Debug)]
struct Probe {
    target: NodeId,
    /// What we held of it when we asked.
    footing: Footing,
    ping: Sent,
    stage: Stage,
    /// The relays that were asked.
    asked: Vec<NodeId>,
    /// Those of them that said nack: they are well.
    nacked: BTreeSet<NodeId>,
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

/// An answer to one of our probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who was asked.
    pub target: NodeId,
    /// How long it took; `None` where it is not clear to which ping it was.
    pub rtt: Option<Duration>,
}

/// The world around the prober, as far as it has to see it.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// The knobs.
    pub config: &'a Config,
    /// Who is here.
    pub roster: &'a Roster,
    /// To whom we are connected.
    pub links: &'a Links,
}

/// The prober's state: the round, the probes under way, and how well we see.
#[derive(Debug, Default)]
pub struct Prober {
    round: Vec<NodeId>,
    /// How many turns this round still has.
    turns: usize,
    probes: BTreeMap<Seq, Probe>,
    relays: Relays,
    awareness: Awareness,
    next_seq: u64,
}

impl Prober {
    fn seq(&mut self) -> Seq {
        self.next_seq += 1;
        Seq(self.next_seq)
    }

    /// How far we trust our own eyes.
    pub const fn awareness(&self) -> Awareness {
        self.awareness
    }

    /// Something happened that says how well we are: we were accused ourselves.
    pub fn doubt(&mut self, config: &Config) {
        self.awareness.worse(1, config.awareness_max);
    }

    /// How many probes are under way: our own, and for others.
    pub fn under_way(&self) -> (usize, usize) {
        (self.probes.len(), self.relays.len())
    }

    /// Somebody joined: a place by chance in the round under way (SWIM §4.3).
    pub fn joined(&mut self, id: &NodeId, rng: &mut Rng) {
        if !self.round.contains(id) {
            let at = rng.index(self.round.len() + 1).unwrap_or(0);
            self.round.insert(at, id.clone());
        }
    }

    /// Begins the next probe of the round.
    pub fn tick(&mut self, now: Instant, sight: Sight<'_>, rng: &mut Rng, outbox: &mut Outbox) {
        if self.probes.len() >= limit::PROBES {
            // Nobody loses its turn by that.
            outbox.counters.probes_refused += 1;
            return;
        }
        match self.next_target(sight.roster, rng) {
            Some(target) => self.begin(now, &target, sight, outbox),
            // Nobody to be wrong about.
            None if self.probes.is_empty() => self.awareness.better(),
            None => {}
        }
    }

    /// Begins a probe of one member, unless it is being asked already.
    pub fn begin(&mut self, now: Instant, target: &NodeId, sight: Sight<'_>, outbox: &mut Outbox) {
        let Some(member) = sight.roster.member(target) else {
            return;
        };
        if self.is_asked(target) {
            return;
        }
        if self.probes.len() >= limit::PROBES {
            outbox.counters.probes_refused += 1;
            return;
        }
        let config = sight.config;
        let footing = member.footing();
        outbox.counters.probes += 1;
        let seq = self.seq();
        let patience = self.awareness.scale(config.probe_interval);
        let (ping, wait, budget) = match sight.links.link(target) {
            Some(link) => {
                send_ping(target, seq, Via::Datagram, sight, outbox);
                let wait = link.answers.timeout(config);
                (Sent::At(now), wait, Duration::ZERO)
            }
            None => {
                outbox.push(Output::Dial(Target::of(&member.claim.value)));
                (Sent::No, config.probe_timeout, config.handshake_budget)
            }
        };
        let wait = self.awareness.scale(wait).min(patience / 2);
        self.probes.insert(
            seq,
            Probe {
                target: target.clone(),
                footing,
                ping,
                stage: Stage::Direct(now + wait),
                asked: Vec::new(),
                nacked: BTreeSet::new(),
                until: now + patience + budget,
            },
        );
    }

    /// Shows a suspect what it is accused of, without waiting for an answer.
    pub fn warn(&mut self, suspect: &NodeId, via: Via, sight: Sight<'_>, outbox: &mut Outbox) {
        let accused = sight
            .roster
            .member(suspect)
            .and_then(|member| member.suspicion());
        if accused.is_some() {
            let seq = self.seq();
            let message = shown(Message::bare(Body::Ping { seq }), suspect, sight.roster);
            outbox.send(suspect, via, message);
        }
    }

    fn is_asked(&self, id: &NodeId) -> bool {
        self.probes.values().any(|probe| probe.target == *id)
    }

    /// The next of the round that is here and not being asked already.
    fn next_target(&mut self, roster: &Roster, rng: &mut Rng) -> Option<NodeId> {
        // Twice: what is left of this round, then one whole new one.
        for _ in 0..2 {
            while self.turns > 0
                && let Some(id) = self.round.pop()
            {
                self.turns -= 1;
                if roster.is_here(&id) && id != *roster.me() && !self.is_asked(&id) {
                    return Some(id);
                }
            }
            // However many join and come back: a round is over when it has had
            // as many turns as there are members.
            self.round.clear();
            let others = roster.others().iter();
            self.round.extend(others.map(|member| member.id().clone()));
            self.turns = self.round.len();
            rng.shuffle(&mut self.round);
        }
        None
    }

    /// An ack came. The answer, if a probe of ours waited for it; `None`
    /// without a word where it was for somebody else, and counted where nobody
    /// waited for it.
    pub fn ack(
        &mut self,
        now: Instant,
        from: &NodeId,
        seq: Seq,
        outbox: &mut Outbox,
    ) -> Option<Answer> {
        if self.relays.ack(from, seq, outbox) {
            return None;
        }
        // From the target, or from a relay that we asked: either will do.
        let known = self.probes.get(&seq);
        let answers =
            known.is_some_and(|probe| probe.target == *from || probe.asked.contains(from));
        let probe = if answers {
            self.probes.remove(&seq)
        } else {
            outbox.counters.stale += 1;
            None
        }?;
        self.awareness.better();
        // Asked twice, it is not clear which was answered (Karn's algorithm).
        let clear = probe.target == *from && matches!(probe.stage, Stage::Direct(_));
        let rtt = match probe.ping {
            Sent::At(sent) if clear => Some(now.since(sent)),
            _ => None,
        };
        Some(Answer {
            target: probe.target,
            rtt,
        })
    }

    /// A relay is well, and has no answer.
    pub fn nack(&mut self, from: &NodeId, seq: Seq) {
        if let Some(probe) = self.probes.get_mut(&seq)
            && probe.asked.contains(from)
        {
            probe.nacked.insert(from.clone());
        }
    }

    /// Somebody asks us to ask.
    pub fn relay(
        &mut self,
        now: Instant,
        sight: Sight<'_>,
        from: &NodeId,
        asked: (Seq, NodeId),
        outbox: &mut Outbox,
    ) {
        let seq = self.seq();
        self.relays.begin(now, sight, from, asked, seq, outbox);
    }

    /// A link came up: the probes that waited for it go on.
    pub fn link_up(&mut self, now: Instant, peer: &NodeId, sight: Sight<'_>, outbox: &mut Outbox) {
        for (seq, probe) in &mut self.probes {
            if probe.target == *peer && probe.ping == Sent::No {
                probe.ping = Sent::At(now);
                send_ping(peer, *seq, Via::Datagram, sight, outbox);
                if probe.stage == Stage::Relayed {
                    send_ping(peer, *seq, Via::Stream, sight, outbox);
                }
            }
        }
        self.relays.link_up(peer, outbox);
    }

    /// A link is gone, perhaps only because there were too many: the probes that
    /// count on it try for another.
    pub fn link_down(&mut self, peer: &NodeId, roster: &Roster, outbox: &mut Outbox) {
        let mut waits = false;
        for probe in self.probes.values_mut() {
            let first = probe.ping != Sent::No && probe.stage != Stage::Relayed;
            if probe.target == *peer && first {
                probe.ping = Sent::No;
                waits = true;
            }
        }
        self.relays.link_down(peer);
        if waits && let Some(member) = roster.member(peer) {
            outbox.push(Output::Dial(Target::of(&member.claim.value)));
        }
    }

    /// The transport did not even try: what was never asked says nothing.
    pub fn not_tried(&mut self, peer: &NodeId) {
        self.probes
            .retain(|_, probe| probe.target != *peer || probe.ping != Sent::No);
    }

    /// There is no link to be had: the probes that count on it ask others now.
    pub fn link_failed(&mut self, now: Instant, peer: &NodeId) {
        for probe in self.probes.values_mut() {
            if probe.target == *peer && probe.stage != Stage::Relayed {
                probe.stage = Stage::Direct(now);
            }
        }
        self.relays.link_failed(now, peer);
    }

    /// When the first probe under way has to be looked at.
    pub fn next_deadline(&self) -> Option<Instant> {
        let ours = self.probes.values().map(|probe| match probe.stage {
            Stage::Direct(at) => at.min(probe.until),
            Stage::Relayed => probe.until,
        });
        ours.chain(self.relays.next_deadline()).min()
    }

    /// Moves on the probes whose time is over; answers with those that failed.
    pub fn expire(
        &mut self,
        now: Instant,
        sight: Sight<'_>,
        rng: &mut Rng,
        outbox: &mut Outbox,
    ) -> Vec<Finding> {
        self.relays.expire(now, outbox);
        let mut over = Vec::new();
        for (seq, probe) in &mut self.probes {
            if probe.until <= now {
                over.push(*seq);
            } else if matches!(probe.stage, Stage::Direct(at) if at <= now) {
                probe.stage = Stage::Relayed;
                probe.asked = ask_others(*seq, &probe.target, sight, rng, outbox);
                if sight.links.is_up(&probe.target) {
                    send_ping(&probe.target, *seq, Via::Stream, sight, outbox);
                }
            }
        }
        let mut failed = Vec::new();
        for seq in over {
            let Some(probe) = self.probes.remove(&seq) else {
                continue;
            };
            outbox.counters.probes_failed += 1;
            let silent = probe.asked.len() - probe.nacked.len();
            let silent = u32::try_from(silent).unwrap_or(u32::MAX);
            let nacks = sight.config.defences.has(Defence::Nack);
            let worse = if probe.asked.is_empty() || !nacks {
                1
            } else {
                silent
            };
            self.awareness.worse(worse, sight.config.awareness_max);
            failed.push(Finding {
                target: probe.target,
                footing: probe.footing,
            });
        }
        failed
    }

    /// We were not looking for a while: whoever we were asking gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        for probe in self.probes.values_mut() {
            probe.until = probe.until + pause;
            if let Stage::Direct(at) = &mut probe.stage {
                *at = *at + pause;
            }
            if matches!(probe.ping, Sent::At(_)) {
                probe.ping = Sent::Once;
            }
        }
        self.relays.forgive(pause);
    }
}

/// Asks relays for help; who they are.
fn ask_others(
    seq: Seq,
    target: &NodeId,
    sight: Sight<'_>,
    rng: &mut Rng,
    outbox: &mut Outbox,
) -> Vec<NodeId> {
    let count = usize::try_from(sight.config.relays).unwrap_or(0);
    let roster = sight.roster;
    let relays = sight
        .links
        .sample(count, rng, |peer| *peer != target && roster.is_here(peer));
    for relay in &relays {
        let target = target.clone();
        outbox.datagram(relay, Body::PingReq { seq, target });
    }
    relays
}

/// Pings, and shows a suspect first of all what it is accused of (Lifeguard's
/// buddy system, Dadgar et al. 2018, §IV-C).
fn send_ping(target: &NodeId, seq: Seq, via: Via, sight: Sight<'_>, outbox: &mut Outbox) {
    let message = Message::bare(Body::Ping { seq });
    let message = match sight.config.defences.has(Defence::Buddy) {
        true => shown(message, target, sight.roster),
        false => message,
    };
    outbox.send(target, via, message);
}

/// A message to one who may be a suspect, with what it is accused of.
fn shown(mut message: Message, to: &NodeId, roster: &Roster) -> Message {
    let suspicion = roster.member(to).and_then(|member| member.suspicion());
    if let Some(suspicion) = suspicion {
        let item = Item::Accusation(suspicion.accusation().clone());
        // One from a later version may be larger; it must not cost the ping.
        if message.weight() + item.weight() <= limit::DATAGRAM_BYTES {
            message.rumors.push(item);
        }
    }
    message
}
