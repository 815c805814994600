//! Anti-entropy: two peers compare everything they hold.
//!
//! A session is push-pull (Demers et al. 1987, §1.3), or push or pull alone where
//! the opener says so. A checksum comes first (ibid.), so two that agree say
//! little, however much they hold; with it come symbols, of which the other reads
//! what differs; a plain digest does where there are few names.
//! [`Session`] has the stages; here is the table of those under way. Either side
//! sends its next message only when the transport has room, so a session holds one
//! message in memory and a list of names, however much there is to send.
//!
//! Two peers have one session at a time: both ways it says the same. Who is asked
//! already does not ask, and of two that begin at once the lesser name's goes on.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::budget::Budget;
use super::follow::Followed;
use super::picture::Picture;
use super::session::{Session, Stage};
use super::tails::Tails;
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::config::{Config, DeltaOrder};
use crate::input::SessionId;
use crate::membership::Roster;
use crate::message::{Body, Form, Key};
use crate::outbox::Outbox;
use crate::output::Output;
use crate::replica::Replica;

/// A session that has not moved for this long is given up (guess: longer than
/// a transport needs to notice that a peer is gone).
const STALLED: Duration = Duration::from_secs(30);

/// A session that has not moved for this long does not keep its peers from
/// beginning another (guess: a busy node says something within a second).
const SLOW: Duration = Duration::from_secs(2);

/// The sessions under way, ours and others'.
#[derive(Debug)]
pub struct Syncs {
    sessions: BTreeMap<SessionId, Session>,
    form: Form,
    readiness: Vec<Key>,
    followed: Followed,
    salts: Rng,
    order: DeltaOrder,
    /// How much of what they carry goes to whom.
    pub(crate) budget: Budget,
}

impl Syncs {
    /// Those of a node of `cluster`: none yet.
    pub fn new(cluster: &ClusterId, config: &Config, salts: Rng) -> Self {
        let plain = usize::try_from(config.plain_rows).unwrap_or(usize::MAX);
        Self {
            sessions: BTreeMap::new(),
            form: config.sync_form,
            readiness: config.readiness.clone(),
            followed: Followed::new(cluster, plain),
            salts,
            order: config.delta_order,
            budget: Budget::new(config),
        }
    }

    /// Looks at what changed since the last time; to be called before a session
    /// is stepped, and now and then so that there is little to look at.
    pub fn follow(&mut self, roster: &mut Roster, replica: &mut Replica) {
        self.followed.follow(roster, replica);
    }

    /// Whether the sketch is that of what we hold.
    #[cfg(feature = "sim")]
    pub fn is_true(&self, picture: Picture<'_>) -> bool {
        self.followed.is_true(picture)
    }

    /// The sketch forgets one of its rows.
    #[cfg(feature = "sim")]
    pub fn overlook(&mut self, chance: u64) {
        self.followed.overlook(chance);
    }

    /// Whether we have a session with a peer already: of our own opening, or of its
    /// own, while that moves and says as much as ours would.
    fn is_met(&self, now: Instant, peer: &NodeId) -> bool {
        let mut with_it = self.sessions.values();
        with_it.any(|session| {
            let says_all = self.form == Form::PushPull && now < session.moved + SLOW;
            session.peer == *peer && (session.opener || says_all)
        })
    }

    /// Whether a session with a peer moves, whoever opened it: what is lacked comes
    /// in it.
    pub fn moves_with(&self, now: Instant, peer: &NodeId) -> bool {
        let mut all = self.sessions.values();
        all.any(|session| session.peer == *peer && now < session.moved + SLOW)
    }

    /// Whether a session is under way, whoever opened it.
    pub fn has(&self, id: SessionId) -> bool {
        self.sessions.contains_key(&id)
    }

    /// Whether any session of our own opening is under way.
    pub fn is_any_open(&self) -> bool {
        self.sessions.values().any(|session| session.opener)
    }

    /// Opens a session with a peer, unless there are enough. Who `joins` asks for
    /// what the application needs before it is ready first.
    pub fn open(
        &mut self,
        (now, joins): (Instant, bool),
        peer: &NodeId,
        (picture, tails): (Picture<'_>, &Tails),
        outbox: &mut Outbox,
    ) {
        let ours = self
            .sessions
            .values()
            .filter(|session| session.opener)
            .count();
        if ours >= limit::SESSIONS_OPENED || self.is_met(now, peer) {
            return;
        }
        let id = outbox.next_session();
        outbox.counters.syncs += 1;
        // Who comes with nothing differs for sure, and has nothing to push.
        let (stage, form) = match picture.is_bare() {
            true => (Stage::Digest(None), Form::PushPull),
            false => (Stage::Checksum, self.form),
        };
        let session = Session::new(peer.clone(), true, stage, form, now);
        let mut session = session.ordered(self.order);
        if joins {
            session.first.clone_from(&self.readiness);
        }
        self.sessions.insert(id, session);
        self.step((now, id), (picture, tails), outbox);
    }

    /// A peer opened one: in the place of the one before, if there is one, so
    /// that no peer takes every place; and in the place of ours, where both began at
    /// once and `yields`. Otherwise ours goes on, if there is one.
    pub fn opened(
        &mut self,
        (now, yields): (Instant, bool),
        id: SessionId,
        peer: &NodeId,
        outbox: &mut Outbox,
    ) {
        let mut ours = self.sessions.iter();
        let ours = ours.find(|(_, session)| {
            let moves = now < session.moved + SLOW;
            session.opener && session.peer == *peer && moves && self.form == Form::PushPull
        });
        if let Some(ours) = ours.map(|(id, _)| *id) {
            let loses = if yields { ours } else { id };
            outbox.push(Output::Reset(loses));
            outbox.counters.syncs_at_once += 1;
            if !yields {
                return;
            }
            self.sessions.remove(&ours);
        }
        let before = self
            .sessions
            .iter()
            .find(|(_, session)| !session.opener && session.peer == *peer);
        if let Some(before) = before.map(|(id, _)| *id) {
            self.sessions.remove(&before);
            outbox.push(Output::Reset(before));
        }
        let served = self
            .sessions
            .values()
            .filter(|session| !session.opener)
            .count();
        if served >= limit::SESSIONS_SERVED {
            outbox.counters.sessions_refused += 1;
            outbox.push(Output::Reset(id));
            return;
        }
        let session = Session::new(peer.clone(), false, Stage::Await, Form::PushPull, now);
        self.sessions.insert(id, session.ordered(self.order));
    }

    /// It is over, or its link is. Answers with the peer if *we* had opened it
    /// and it had not come to its end.
    pub fn closed(&mut self, id: SessionId) -> Option<NodeId> {
        let session = self.sessions.remove(&id)?;
        session.opener.then_some(session.peer)
    }

    /// The last link to a peer is gone, and every session with it.
    pub fn unlinked(&mut self, peer: &NodeId) {
        self.sessions.retain(|_, session| session.peer != *peer);
        self.budget.unlinked(peer);
    }

    /// The transport has room again. Whether the session has come to its end.
    pub fn writable(
        &mut self,
        now: Instant,
        id: SessionId,
        (picture, tails): (Picture<'_>, &Tails),
        outbox: &mut Outbox,
    ) -> bool {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.room = true;
            session.moved = now;
            if let Some(sent) = session.sent.take() {
                self.budget.was_taken(now, &session.peer, now.since(sent));
            }
        }
        self.step((now, id), (picture, tails), outbox)
    }

    /// A message of a session came (a delta has been applied already). Whether
    /// the session has come to its end.
    pub fn heard(
        &mut self,
        now: Instant,
        from: &NodeId,
        id: SessionId,
        body: &Body,
        (picture, tails): (Picture<'_>, &Tails),
        outbox: &mut Outbox,
    ) -> bool {
        let Some(session) = self
            .sessions
            .get_mut(&id)
            .filter(|session| session.peer == *from)
        else {
            outbox.counters.unexpected += 1;
            return false;
        };
        session.moved = now;
        let salt = match body {
            Body::Sketch(_) => self.salts.next_u64(),
            _ => 0,
        };
        if !session.hear(body, salt, picture, &mut self.followed) {
            outbox.counters.unexpected += 1;
        }
        self.step((now, id), (picture, tails), outbox)
    }

    /// Gives up what has not moved for long.
    pub fn expire(&mut self, now: Instant, outbox: &mut Outbox) {
        let stalled = self
            .sessions
            .iter()
            .filter(|(_, session)| now >= session.moved + STALLED);
        let stalled: Vec<SessionId> = stalled.map(|(id, _)| *id).collect();
        for id in stalled {
            self.sessions.remove(&id);
            outbox.push(Output::Reset(id));
        }
    }

    /// When [`Syncs::expire`] has something to do, if nothing moves before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waits = |session: &Session| match session.waits_for_budget {
            true => self.budget.ready_at(session.moved, &session.peer),
            false => session.moved + STALLED,
        };
        self.sessions.values().map(waits).min()
    }

    /// Goes on with what waits for the budget. Whether a session has come to its end.
    pub fn go_on(
        &mut self,
        now: Instant,
        (picture, tails): (Picture<'_>, &Tails),
        outbox: &mut Outbox,
    ) -> bool {
        let waiting = self.sessions.iter();
        let waiting = waiting.filter(|(_, session)| {
            session.waits_for_budget && self.budget.is_ready(now, &session.peer)
        });
        let waiting: Vec<SessionId> = waiting.map(|(id, _)| *id).collect();
        let mut over = false;
        for id in waiting {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.moved = now;
            }
            over |= self.step((now, id), (picture, tails), outbox);
        }
        over
    }

    /// Whether a session waits for the budget.
    pub fn is_any_waiting(&self) -> bool {
        let mut sessions = self.sessions.values();
        sessions.any(|session| session.waits_for_budget)
    }

    /// Says the next thing, if there is room and something to say. Whether the
    /// session has come to its end.
    fn step(
        &mut self,
        (now, id): (Instant, SessionId),
        (picture, tails): (Picture<'_>, &Tails),
        outbox: &mut Outbox,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        session.spare(now, tails, picture);
        // It has just been moved: by a message, by room, or by time.
        let now = session.moved;
        let may = !session.is_bulk() || self.budget.is_ready(now, &session.peer);
        outbox.counters.bulk_deferred += u64::from(!may && !session.waits_for_budget);
        session.waits_for_budget = !may && session.room && !session.said_all;
        if may
            && session.room
            && !session.said_all
            && let Some(body) = session.next(picture, &self.followed)
        {
            session.room = false;
            session.said_all = body == Body::Done;
            if let Body::Delta(delta) = &body {
                self.budget.spend(now, &session.peer, delta.weight());
                session.sent = Some(now);
            }
            outbox.session(&session.peer, id, body);
        }
        let over = session.said_all && session.heard_all;
        if over {
            self.sessions.remove(&id);
            outbox.push(Output::Finish(id));
        }
        over
    }
}
