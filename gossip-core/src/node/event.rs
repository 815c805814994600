//! What we say to everybody, what others say, and how what rumors missed is
//! found.
//!
//! ```text
//!   Command::Say ─▶ flow: room? ─▶ seal ─▶ heard here ─▶ reply, notify, spread
//!   a rumor, or a delta ─▶ heard before? ─▶ notify, spread
//!   while there is news: a sum to somebody, each gossip interval (message/events.rs)
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::event::Told;
use crate::input::{Saying, Ticket, Via};
use crate::message::{
    Body, Event, EventDelta, EventHave, EventId, EventRow, EventSum, Item, Lamport, Message, Run,
    Sealed, Statement,
};
use crate::output::{Notification, Output, Phase, Refusal, Reply};

use super::{Node, Sealing};

/// When we compare what we have heard, and with whom.
#[derive(Debug)]
pub(super) struct Rounds {
    due: Instant,
    /// How many are left until it is quiet.
    left: u32,
    /// Who tells us what we lack, and until when nobody else is asked: what we
    /// lack should come once.
    teller: Option<(NodeId, Instant)>,
    /// After how many changes we had heard the same as a peer, since it is
    /// connected: from there on only what changed is listed. At most
    /// [`limit::EVENT_AGREED`]; whom there is no room for is told everything.
    agreed: BTreeMap<NodeId, u64>,
}

impl Rounds {
    /// We have heard the same as a peer.
    fn agree(&mut self, peer: &NodeId, changes: u64) {
        if self.agreed.len() < limit::EVENT_AGREED || self.agreed.contains_key(peer) {
            self.agreed.insert(peer.clone(), changes);
        }
    }

    /// A peer may be another process by now.
    pub(super) fn part(&mut self, peer: &NodeId) {
        self.agreed.remove(peer);
    }
}

impl Default for Rounds {
    fn default() -> Self {
        Self {
            due: Instant::FAR_FUTURE,
            left: 0,
            teller: None,
            agreed: BTreeMap::new(),
        }
    }
}

impl Node {
    /// The application says something to everybody.
    pub(super) fn say(&mut self, now: Now, ticket: Ticket, saying: Saying) {
        match self.begin_event(now, saying) {
            Ok(event) => {
                let id = self.outbox.seal(Statement::Event(event));
                self.seals.insert(id, Sealing::Event(ticket));
            }
            Err(refusal) => {
                let reply = Reply::Refused(refusal);
                self.outbox.push(Output::Reply(ticket, reply));
            }
        }
    }

    /// The event it becomes, if there is room for it.
    fn begin_event(&mut self, now: Now, saying: Saying) -> Result<Event, Refusal> {
        if self.phase != Phase::Running {
            return Err(Refusal::NotRunning);
        }
        no_longer(saying.payload.len(), limit::EVENT_PAYLOAD_BYTES)?;
        let mut room = true;
        if let Some(ask) = &saying.ask {
            super::ask::check(ask)?;
            room = self.asked.has_room();
        }
        // Events are numbered by run, and the next one is not on disk yet.
        room &= self.generation_persist.is_none();
        self.land_events(now);
        let mut event = Event {
            id: EventId {
                run: self.our_run(),
                number: 0,
            },
            time: Lamport::default(),
            name: saying.name,
            payload: saying.payload,
            coalesce: saying.coalesce && saying.ask.is_none(),
            ask: saying.ask,
        };
        let number = match room {
            true => self.flow.begin(now.mono, event.weight()),
            false => None,
        };
        let Some(number) = number else {
            self.outbox.counters.events_refused += 1;
            return Err(Refusal::Busy);
        };
        event.id.number = number;
        event.time = self.events.tick();
        Ok(event)
    }

    /// Whether whatever is said from now on is told to our application.
    pub fn hears_events(&self) -> bool {
        self.phase == Phase::Running && !self.events.is_fresh()
    }

    fn our_run(&self) -> Run {
        Run {
            author: self.identity.id.clone(),
            generation: self.footing.generation,
        }
    }

    fn land_events(&mut self, now: Now) {
        // Who is connected to few cannot be heard by more of them.
        let others = self.roster.others().len().min(self.links.len().max(1));
        let span = self.config.gossip_interval * SETTLED;
        self.flow.land(now.mono, others, span);
    }

    /// An event of ours has its bytes.
    pub(super) fn event_sealed(&mut self, now: Now, ticket: Ticket, event: Sealed<Event>) {
        self.outbox.counters.events_said += 1;
        self.events.hear(now.mono, &event);
        let id = event.value.id.clone();
        let asked = self.begin_ask(now, &event.value);
        self.outbox
            .push(Output::Reply(ticket, Reply::Said { id, asked }));
        self.event_heard(now, event, true);
    }

    /// A rumor brought an event.
    pub(super) fn hear_event(&mut self, now: Now, event: Sealed<Event>) {
        if !self.is_known_run(event.run()) {
            self.outbox.counters.events_unheard += 1;
            return;
        }
        let told = self.events.hear(now.mono, &event);
        let counters = &mut self.outbox.counters;
        match told {
            Told::News => {
                counters.events_heard += 1;
                self.event_heard(now, event, true);
            }
            Told::Again => counters.events_again += 1,
            Told::Coalesced => counters.events_coalesced += 1,
            Told::Ahead | Told::Refused => {
                counters.events_unheard += 1;
                self.compare_soon(now);
            }
        }
    }

    /// Whether a run is one of a member's, and not the one we are: of that, we
    /// have heard everything.
    fn is_known_run(&self, run: &Run) -> bool {
        let row = self.roster.row(&run.author);
        row.is_some_and(|row| row.footing.generation >= run.generation) && *run != self.our_run()
    }

    /// An event is news here.
    fn event_heard(&mut self, now: Now, event: Sealed<Event>, spread: bool) {
        let jumped = self.events.see(event.value.time);
        self.outbox.counters.lamport_jumps += u64::from(jumped);
        match &event.value.ask {
            None => {
                let event = Box::new(event.value.clone());
                self.outbox.notify(Notification::Event(event));
            }
            Some(ask) => self.hear_ask(now, &event.value, ask),
        }
        if spread && self.hot.len() < limit::EVENTS_HOT {
            self.spread(now, Item::Event(Box::new(event)));
        }
        self.compare_soon(now);
    }

    /// There is news: some rounds of comparing follow.
    fn compare_soon(&mut self, now: Now) {
        self.rounds.left = ROUNDS;
        let soon = now.mono + self.rng.jittered(self.config.gossip_interval);
        self.rounds.due = self.rounds.due.min(soon);
    }

    /// We take part from now on.
    pub(super) fn begin_events(&mut self, now: Now) {
        if self.links.is_empty() {
            self.events.begin();
        }
        self.rounds.due = now.mono;
    }

    /// When something of this is due.
    pub(super) fn next_event_deadline(&self) -> Option<Instant> {
        let due = Some(self.rounds.due);
        let asks = [self.asked.next_deadline(), self.answering.next_deadline()];
        due.into_iter().chain(asks.into_iter().flatten()).min()
    }

    /// Compares what is heard with somebody, while there is news.
    pub(super) fn events_if_due(&mut self, now: Now) {
        if self.rounds.due > now.mono {
            return;
        }
        self.rounds.due = Instant::FAR_FUTURE;
        self.events.expire(now.mono);
        self.land_events(now);
        if self.phase != Phase::Running {
            return;
        }
        let asks = self.rounds.left == 0 && !self.flow.is_empty();
        if !self.events.is_fresh() && self.rounds.left == 0 && !asks {
            return;
        }
        self.rounds.left = self.rounds.left.saturating_sub(1);
        let next = now.mono + self.rng.jittered(self.config.gossip_interval);
        self.rounds.due = next;
        let roster = &self.roster;
        let here = |peer: &&NodeId| roster.is_here(peer);
        let peers = self.links.sample(1, &mut self.rng, here);
        for peer in peers {
            match asks {
                true => self.ask_how_far(&peer),
                false => self.compare_events(&peer),
            }
        }
    }

    /// Nobody says any more what it has heard, and of some of ours we do not know
    /// that it was heard by enough.
    fn ask_how_far(&mut self, peer: &NodeId) {
        if let Some(row) = self.events.row(&self.our_run()) {
            let have = EventHave {
                rows: [row].into(),
                clock: self.events.clock(),
                whole: false,
                back: true,
            };
            self.tell_have(peer, have);
        }
    }

    /// Tells a peer what we have heard, as one number.
    pub(super) fn compare_events(&mut self, peer: &NodeId) {
        if self.events.is_fresh() {
            let sum = Message::bare(Body::EventSum(self.events.sum()));
            self.outbox.send(peer, Via::Stream, sum);
        } else if !self.events.is_empty() {
            self.outbox
                .datagram(peer, Body::EventSum(self.events.sum()));
        }
    }

    /// A peer says what it has heard, as one number.
    pub(super) fn hear_event_sum(&mut self, now: Now, from: &NodeId, theirs: EventSum) {
        if theirs.fresh {
            let mut have = self.events.stands(now.mono);
            // Who does not know itself where the runs stand asks for nothing.
            have.whole &= !self.events.is_fresh();
            return self.tell_have(from, have);
        }
        if self.events.is_fresh() {
            return;
        }
        if theirs.sum == self.events.sum().sum {
            self.flow.held(from, u64::MAX);
            self.rounds.agree(from, self.events.changes());
            self.rounds.left = self.rounds.left.saturating_sub(1);
        } else if self.may_ask(now, from) {
            // Should that not suffice, the next list is whole.
            let have = match self.rounds.agreed.remove(from) {
                Some(changes) => self.events.have_since(changes, true),
                None => self.events.have(true),
            };
            self.tell_have(from, have);
        }
    }

    /// Whether `peer` may be asked for what we lack; it is, if so.
    fn may_ask(&mut self, now: Now, peer: &NodeId) -> bool {
        let teller = self.rounds.teller.as_ref();
        let free = teller.is_none_or(|(teller, until)| teller == peer || *until <= now.mono);
        if free {
            let until = now.mono + self.config.gossip_interval * 2;
            self.rounds.teller = Some((peer.clone(), until));
        }
        free
    }

    fn tell_have(&mut self, peer: &NodeId, have: EventHave) {
        let have = Message::bare(Body::EventHave(have));
        self.outbox.send(peer, Via::Stream, have);
    }

    /// A peer says what it has heard, run by run.
    pub(super) fn hear_event_have(&mut self, now: Now, from: &NodeId, theirs: &EventHave) {
        let jumped = self.events.see(theirs.clock);
        self.outbox.counters.lamport_jumps += u64::from(jumped);
        if self.events.is_fresh() {
            self.events.learn(now.mono, theirs);
            return;
        }
        let ours = self.our_run();
        if let Some(row) = theirs.rows.iter().find(|row| row.run == ours) {
            self.flow.held(from, row.through());
        }
        if let Some(delta) = self.events.delta(theirs) {
            let delta = Message::bare(Body::EventDelta(delta));
            self.outbox.send(from, Via::Stream, delta);
        }
        if theirs.back {
            let mut lacking = self.events.lacking(theirs, from);
            lacking.rows.retain(|row| self.is_known_run(&row.run));
            // A question how far it was heard itself is no list of what has changed.
            let asks = matches!(theirs.rows.as_slice(), [row] if row.run.author == *from);
            if !theirs.whole
                && !asks
                && let Some(changes) = self.rounds.agreed.remove(from)
            {
                // What we heard since we agreed, and the peer did not.
                let ours = self.events.have_since(changes, true);
                let listed = |row: &EventRow| theirs.rows.iter().any(|known| known.run == row.run);
                let more = ours.rows.into_iter().filter(|row| !listed(row));
                let before = lacking.rows.len();
                lacking.rows.extend(more);
                lacking.back = lacking.rows.len() > before;
                lacking.rows.sort_by(|left, right| left.run.cmp(&right.run));
            }
            if !lacking.rows.is_empty() && self.may_ask(now, from) {
                self.tell_have(from, lacking);
            }
        }
    }

    /// Events that we lack came.
    pub(super) fn hear_event_delta(&mut self, now: Now, from: &NodeId, delta: &EventDelta) {
        if self.events.is_fresh() {
            self.outbox.counters.unexpected += 1;
            return;
        }
        let told: usize = delta.runs.iter().map(|run| run.events.len()).sum();
        let mut moved = false;
        for run in &delta.runs {
            if !self.is_known_run(&run.run) {
                self.outbox.counters.events_unheard += run.events.len() as u64;
                continue;
            }
            let taken = self.events.take(now.mono, run);
            let counters = &mut self.outbox.counters;
            counters.events_heard += taken.news.len() as u64;
            counters.events_repaired += taken.news.len() as u64;
            counters.events_again += taken.again;
            counters.events_coalesced += taken.coalesced;
            counters.events_missed += taken.missed;
            counters.events_unheard += taken.refused;
            moved |= !taken.news.is_empty() || taken.missed > 0 || taken.coalesced > 0;
            if taken.missed > 0 {
                let (run, count) = (run.run.clone(), taken.missed);
                self.outbox.notify(Notification::Missed { run, count });
            }
            for event in taken.news {
                // Few that a rumor missed are a rumor again; many go on in lists.
                self.event_heard(now, event, told <= RUMORED);
            }
        }
        self.rounds.teller = None;
        if delta.more && moved && self.may_ask(now, from) {
            let have = self.events.have(false);
            self.tell_have(from, have);
        }
    }
}

/// Refuses more than `max` bytes.
pub(super) const fn no_longer(bytes: usize, max: usize) -> Result<(), Refusal> {
    match bytes > max {
        true => Err(Refusal::TooLong { bytes, max }),
        false => Ok(()),
    }
}

/// Rounds of comparing after the last news (guess: what two halves of a thousand
/// members need to find each other's last event, and as many again).
const ROUNDS: u32 = 12;

/// Gossip intervals for which an event of ours is under way at least (guess: a
/// rumor, or a few rounds, cross a thousand members in them).
const SETTLED: u32 = 5;

/// Events of one delta that are told on as rumors, at most (guess).
const RUMORED: usize = 8;
