//! A node's own coming and going: start, join, refute, leave, halt.
//!
//! ```text
//!   Starting ── generation on disk, claim sealed ──▶ Joining
//!   Joining ── one session with anybody, or nobody to look for ──▶ Running
//!   Running ── leave ──▶ Leaving ── told ──▶ Halted
//!   any ── a twin with a higher generation, or no disk ──▶ Halted
//! ```

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Now;
use crate::input::{DiskError, Input, PersistId, SealId, Ticket};
use crate::membership::Heard;
use crate::message::{
    Accusation, Body, Claim, Footing, Generation, Incarnation, Item, Presence, Sealed, Statement,
};
use crate::output::{Halt, MemberStatus, Notification, Output, Phase, Record, Refusal, Reply};

use super::{Node, Sealing};

impl Node {
    /// Nothing may leave before this is on disk.
    pub(super) fn persist_generation(&mut self) {
        let record = Record::Generation(self.footing.generation);
        self.generation_persist = Some(self.outbox.persist(record));
    }

    /// A record of ours is on disk, or will not be.
    pub(super) fn hear_persisted(
        &mut self,
        now: Now,
        id: PersistId,
        result: Result<(), DiskError>,
    ) {
        if self.generation_persist == Some(id) {
            self.generation_persist = None;
            match result {
                Ok(()) => {
                    self.run = self.footing.generation;
                    self.claim(match self.phase {
                        Phase::Leaving => Presence::Left,
                        _ => Presence::Alive,
                    });
                    self.commit_next(now);
                }
                Err(error) => {
                    self.outbox.notify(Notification::Disk(error));
                    self.halt(Halt::Disk(error));
                }
            }
        } else if let Some(election) = self.elections.remove(&id) {
            self.elected(now, election, result);
        } else {
            self.commit_persisted(now, id, result);
        }
    }

    /// Says anew what we say of ourselves; of a generation that is not on disk
    /// yet, once it is.
    pub(super) fn claim(&mut self, presence: Presence) {
        if self.generation_persist.is_some() {
            return;
        }
        let claim = Claim {
            member: self.identity.id.clone(),
            footing: self.footing,
            presence,
            addrs: self.identity.addrs.as_slice().into(),
        };
        let id = self.outbox.seal(Statement::Claim(claim));
        self.seals.insert(id, Sealing::Claim);
    }

    /// A statement of ours has its bytes.
    pub(super) fn hear_sealed(&mut self, now: Now, id: SealId, item: Item) {
        match (self.seals.remove(&id), item) {
            (Some(Sealing::Claim), Item::Claim(claim)) => {
                if claim.value.footing < self.footing {
                    return;
                }
                self.roster.speak(claim.clone(), now.mono);
                self.spread(now, Item::Claim(claim));
                if self.phase == Phase::Starting {
                    self.phase = Phase::Joining;
                    if self.book.is_empty() {
                        self.run(now);
                    } else {
                        self.seek(now);
                    }
                }
                if self.phase == Phase::Leaving {
                    self.tell_farewell();
                }
            }
            (Some(Sealing::Accusation), Item::Accusation(accusation)) => {
                self.hear_accusation(now, accusation);
            }
            (Some(Sealing::Verdict), Item::Accusation(verdict)) => self.condemn(now, verdict),
            (Some(Sealing::Order(ticket)), Item::Accusation(order)) => {
                let reply = self.carry_out(now, order);
                self.outbox.push(Output::Reply(ticket, reply));
            }
            (Some(Sealing::Commit), Item::Batch(batch)) => self.commit_sealed(now, batch),
            (Some(Sealing::Event(ticket)), Item::Event(event)) => {
                self.event_sealed(now, ticket, *event);
            }
            _ => self.outbox.counters.unexpected += 1,
        }
    }

    /// We have compared notes with somebody, or there is nobody.
    pub(super) fn run(&mut self, now: Now) {
        if self.phase == Phase::Joining {
            self.joined = true;
            if self.fetches.has_runs() {
                // It has heard of all there is, and large values are on their way.
                return;
            }
            self.phase = Phase::Running;
            self.begin_events(now);
            // Others join at the same time, and what was told of them while we
            // did not listen is told no more: compare once again, soon.
            let soon = self.rng.jittered(self.config.gossip_interval * 2);
            self.timers.sync_retry(now.mono + soon);
            let generation = self.footing.generation;
            self.outbox.notify(Notification::Running { generation });
        }
    }

    /// We are accused on the footing we have: say that we are here, on a
    /// higher one. Of many accusations at once the first is answered; the claim
    /// that is on its way refutes them all.
    pub(super) fn refute(&mut self) {
        let on_its_way = self
            .roster
            .member(&self.identity.id)
            .is_some_and(|me| me.footing() < self.footing);
        if matches!(self.phase, Phase::Joining | Phase::Running) && !on_its_way {
            self.outbox.counters.refutations += 1;
            self.prober.doubt(&self.config);
            self.raise_incarnation();
            self.claim(Presence::Alive);
        }
    }

    /// Many died at once, or we slept: it may well be us who were cut off, and
    /// condemned over there. A claim above whatever they hold against us is
    /// made now, while there is time, and one meeting is enough to mend it all.
    pub(super) fn refute_in_advance(&mut self) {
        if matches!(self.phase, Phase::Joining | Phase::Running) {
            self.raise_incarnation();
            self.claim(Presence::Alive);
        }
    }

    /// A member's time is over: it is condemned here.
    pub(super) fn condemn(&mut self, now: Now, verdict: Sealed<Accusation>) {
        let heard = self.roster.condemn(verdict.clone(), now.mono);
        self.heard_member(now, Item::Accusation(verdict), heard);
    }

    /// One died. Of so many at once that we were perhaps cut off ourselves,
    /// something follows: once for all of them. Who dies within the longest
    /// suspicion after it was silent before, so what we said of ourselves is
    /// above what is held against us there; and a new claim of everybody's for
    /// every few of the dead would drown the news of the others.
    pub(super) fn feel_loss(&mut self, now: Now) {
        let answered = self.timers.shocked.map(|at| at + self.config.suspicion_max);
        let recent = self.roster.gone().rev();
        let recent = recent.take_while(|(since, _)| {
            now.mono.since(*since) < SHOCK && answered.is_none_or(|until| *since > until)
        });
        let recent = recent.filter(|(_, id)| {
            let member = self.roster.member(id);
            member.is_some_and(|member| member.status() == MemberStatus::Dead)
        });
        let lost = recent.take(self.roster.here()).count();
        if lost >= 2 && lost * 8 >= self.roster.here() {
            self.timers.shock(now.mono + self.config.suspicion_min);
        }
    }

    fn raise_incarnation(&mut self) {
        let raised = self.footing.incarnation.0.saturating_add(1);
        self.footing.incarnation = Incarnation(raised);
    }

    /// Somebody says that we said something we did not say.
    pub(super) fn hear_our_name(&mut self, claim: &Claim) {
        let theirs = claim.footing.generation;
        let ours = self.footing.generation;
        if theirs < ours {
            self.outbox.counters.baseless += 1;
            return;
        }
        match self.phase {
            // A run of ours before this one, whose journal is lost.
            Phase::Starting | Phase::Joining => self.outlive(theirs),
            // An incarnation of this generation that we never had: a run that
            // began in the same millisecond, lost or beside us. One beside us hears
            // that it is outlived, and halts.
            Phase::Running if theirs == ours => self.outlive(theirs),
            _ => {
                self.outbox.notify(Notification::Twin { ours, theirs });
                self.halt(Halt::Conflict { generation: theirs });
            }
        }
    }

    /// Whether a generation, anybody's, lies so far ahead of our clock that one
    /// forged or mistaken word would lock its member out.
    pub(super) fn is_unbelievable(&mut self, generation: Generation, now: Now) -> bool {
        let most = now
            .wall
            .as_millis()
            .saturating_add(limit::GENERATION_AHEAD_MS);
        let ahead = generation.0 > most;
        self.outbox.counters.generations_refused += u64::from(ahead);
        ahead
    }

    /// A peer (named, where it is known which) will not have us, because a
    /// later run of our name is connected to it. While joining we outlive that
    /// run; later it is a second process, and the lower yields. One peer's word
    /// is not enough for that, as long as there are others to ask.
    pub(super) fn hear_of_a_later_run(
        &mut self,
        now: Now,
        from: Option<NodeId>,
        theirs: Generation,
    ) {
        let ours = self.footing.generation;
        if theirs <= ours || self.is_unbelievable(theirs, now) {
            return;
        }
        match self.phase {
            Phase::Starting | Phase::Halted => {}
            Phase::Joining => self.outlive(theirs),
            Phase::Running | Phase::Leaving => {
                self.witnesses.extend(from);
                // Who is gone cannot be asked.
                let others = self.roster.others().len();
                if self.witnesses.len() >= others.clamp(1, WITNESSES) {
                    self.outbox.notify(Notification::Twin { ours, theirs });
                    self.halt(Halt::Conflict { generation: theirs });
                }
            }
        }
    }

    /// Goes on in a generation above `theirs`, once that is on disk: until then
    /// nothing is claimed, written or said.
    pub(super) fn outlive(&mut self, theirs: Generation) {
        self.footing = Footing {
            generation: Generation(theirs.0.saturating_add(1)),
            incarnation: Incarnation(0),
        };
        self.flow.restart();
        self.persist_generation();
    }

    /// Leaves the cluster, and tells it.
    pub(super) fn leave(&mut self, now: Now, ticket: Ticket) {
        if !matches!(self.phase, Phase::Joining | Phase::Running) {
            self.outbox
                .push(Output::Reply(ticket, Reply::Refused(Refusal::NotRunning)));
            return;
        }
        self.phase = Phase::Leaving;
        self.leaving = Some(ticket);
        self.raise_incarnation();
        self.claim(Presence::Left);
        let linger = if self.links.is_empty() {
            Duration::ZERO
        } else {
            self.config.leave_linger
        };
        self.timers.leave = Some(now.mono + linger);
    }

    /// Mails the farewell to as many as we are connected to.
    fn tell_farewell(&mut self) {
        let roster = &self.roster;
        let peers = self
            .links
            .sample(FAREWELLS, &mut self.rng, |peer| roster.is_here(peer));
        for peer in peers {
            self.outbox.datagram(&peer, Body::Gossip);
        }
    }

    /// The cluster has been told.
    pub(super) fn left(&mut self) {
        if let Some(ticket) = self.leaving.take() {
            self.outbox.push(Output::Reply(ticket, Reply::Left));
        }
        self.halt(Halt::Left);
    }

    /// Stops for good.
    pub(super) fn halt(&mut self, why: Halt) {
        let elections = core::mem::take(&mut self.elections).into_values();
        let seals = core::mem::take(&mut self.seals);
        let sealing = seals.into_values().filter_map(|sealing| match sealing {
            Sealing::Event(ticket) => Some(ticket),
            _ => None,
        });
        let sealing: Vec<Ticket> = sealing.collect();
        for ticket in self
            .commits
            .abandon()
            .into_iter()
            .chain(sealing)
            .chain(self.leaving.take())
            .chain(elections.map(|(ticket, _)| ticket))
        {
            self.outbox
                .push(Output::Reply(ticket, Reply::Refused(Refusal::NotRunning)));
        }
        self.phase = Phase::Halted;
        self.outbox.push(Output::Halt(why));
    }

    /// A halted node still answers, and does nothing else.
    pub(super) fn refuse_halted(&mut self, input: Input) {
        if let Input::Command(ticket, _) = input {
            self.outbox
                .push(Output::Reply(ticket, Reply::Refused(Refusal::NotRunning)));
        }
    }

    /// What the roster made of an item, and what follows from it.
    pub(super) fn heard_member(&mut self, now: Now, item: Item, heard: Heard) {
        match heard {
            Heard::News(event) => {
                self.outbox.counters.rows_changed += u64::from(event.is_some());
                self.member_changed(now, item, event);
            }
            Heard::Kept => self.keep(now, item),
            Heard::Forgotten(event) => self.member_forgotten(Some(item), event, now),
            Heard::Stale => self.outbox.counters.stale += 1,
            Heard::Baseless => self.outbox.counters.baseless += 1,
            Heard::Full => self.outbox.counters.roster_full += 1,
            Heard::AccusesUs(footing) if footing > self.footing => {
                // A run of ours before this one, on another clock, as a rule:
                // what holds against it would hold against us for ever.
                self.outbox.counters.refutations += 1;
                self.outlive(footing.generation);
            }
            Heard::AccusesUs(_) => self.refute(),
            Heard::Contradicts(first, event) => {
                self.outbox.counters.contradictions += 1;
                self.outbox.notify(Notification::Member(event));
                self.spread(now, Item::Claim(first));
            }
            Heard::OurName(claim) => self.hear_our_name(&claim),
        }
    }
}

/// Deaths within this time count as one loss (guess: the time in which the two
/// sides of a cut condemn each other).
const SHOCK: Duration = Duration::from_secs(30);

/// Different peers that have to say that a later run of our name is about,
/// where so many are here (guess: one liar must not stop a node).
const WITNESSES: usize = 2;

/// Peers who get a leaving member's farewell directly (guess: enough that the
/// news is everywhere one hop later).
const FAREWELLS: usize = 32;
