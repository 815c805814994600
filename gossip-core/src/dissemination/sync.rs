//! Anti-entropy: two peers compare everything they hold.
//!
//! A session is push-pull (Demers et al. 1987, §1.3) over a plain digest: one
//! row a name, cut into pieces by range, each answered on its own. The flow is
//! drawn in [`Digest`](crate::message::Digest)'s module. Either side sends its
//! next message only when the transport has room, so a session holds one
//! message in memory and a list of names, however much there is to send.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::input::SessionId;
use crate::membership::{Member, Roster};
use crate::message::{
    Body, Delta, Digest, DigestRow, Generation, Head, LogDelta, MemberState, Want,
};
use crate::outbox::Outbox;
use crate::output::Output;
use crate::replica::Replica;

/// A session that has not moved for this long is given up (guess: longer than
/// a transport needs to notice that a peer is gone).
const STALLED: Duration = Duration::from_secs(30);

/// Names that can be compared in one session: an honest peer has no more.
const NAMES: usize = limit::ROSTER + limit::CERTIFICATES + limit::LOGS;

#[derive(Debug)]
struct Session {
    peer: NodeId,
    opener: bool,
    /// The opener's next piece begins after this name; `None`: all are told.
    /// At the server, the next one to hear.
    digest: Option<Option<NodeId>>,
    /// What the other lacks, as it stands there.
    serve: VecDeque<DigestRow>,
    /// What we lack, as we stand.
    want: VecDeque<DigestRow>,
    /// The transport takes another message.
    room: bool,
    heard_all: bool,
    said_all: bool,
    moved: Instant,
}

/// The sessions under way, ours and others'.
#[derive(Debug, Default)]
pub struct Syncs {
    sessions: BTreeMap<SessionId, Session>,
    next: u64,
}

/// What a room needs to see to answer a session.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Who is here.
    pub roster: &'a Roster,
    /// What everybody says.
    pub replica: &'a Replica,
}

impl Syncs {
    /// Whether we have a session with a peer already, of our own opening.
    pub fn is_open(&self, peer: &NodeId) -> bool {
        self.sessions
            .values()
            .any(|session| session.opener && session.peer == *peer)
    }

    /// Whether any session of our own opening is under way.
    pub fn is_any_open(&self) -> bool {
        self.sessions.values().any(|session| session.opener)
    }

    /// Opens a session with a peer, unless there are enough.
    pub fn open(&mut self, now: Instant, peer: &NodeId, picture: Picture<'_>, outbox: &mut Outbox) {
        let ours = self
            .sessions
            .values()
            .filter(|session| session.opener)
            .count();
        if ours >= limit::SESSIONS_OPENED || self.is_open(peer) {
            return;
        }
        self.next += 1;
        let id = SessionId::outbound(self.next);
        outbox.counters.syncs += 1;
        self.sessions
            .insert(id, Session::new(peer.clone(), true, now));
        self.step(id, picture, outbox);
    }

    /// A peer opened one: in the place of the one before, if there is one, so
    /// that no peer takes every place.
    pub fn opened(&mut self, now: Instant, id: SessionId, peer: &NodeId, outbox: &mut Outbox) {
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
        self.sessions
            .insert(id, Session::new(peer.clone(), false, now));
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
    }

    /// The transport has room again. Whether the session has come to its end.
    pub fn writable(
        &mut self,
        now: Instant,
        id: SessionId,
        picture: Picture<'_>,
        outbox: &mut Outbox,
    ) -> bool {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.room = true;
            session.moved = now;
        }
        self.step(id, picture, outbox)
    }

    /// A message of a session came (a delta has been applied already). Whether
    /// the session has come to its end.
    pub fn heard(
        &mut self,
        now: Instant,
        from: &NodeId,
        id: SessionId,
        body: &Body,
        picture: Picture<'_>,
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
        match body {
            Body::Digest(digest) if session.expects(digest) => session.compare(digest, picture),
            Body::Want(want) if session.opener && session.serve.len() < NAMES => {
                session.serve.extend(want.rows.iter().cloned());
            }
            Body::Delta(_) => {}
            Body::Done => session.heard_all = true,
            _ => outbox.counters.unexpected += 1,
        }
        self.step(id, picture, outbox)
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
        self.sessions
            .values()
            .map(|session| session.moved + STALLED)
            .min()
    }

    /// Says the next thing, if there is room and something to say. Whether the
    /// session has come to its end.
    fn step(&mut self, id: SessionId, picture: Picture<'_>, outbox: &mut Outbox) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        if session.room
            && !session.said_all
            && let Some(body) = session.next(picture)
        {
            session.room = false;
            session.said_all = body == Body::Done;
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

impl Session {
    fn new(peer: NodeId, opener: bool, now: Instant) -> Self {
        Self {
            peer,
            opener,
            digest: Some(None),
            serve: VecDeque::new(),
            want: VecDeque::new(),
            room: true,
            heard_all: false,
            said_all: false,
            moved: now,
        }
    }

    /// Whether a piece of the opener's digest is the one that comes next. Each
    /// name is told once, so what we remember of it has a bound.
    fn expects(&self, digest: &Digest) -> bool {
        let forward = match (&digest.after, &digest.through) {
            (Some(after), Some(through)) => after < through,
            _ => true,
        };
        !self.opener && forward && self.digest.as_ref() == Some(&digest.after)
    }

    /// The next thing to say; `None`: it is the other's turn.
    fn next(&mut self, picture: Picture<'_>) -> Option<Body> {
        if self.opener
            && let Some(after) = self.digest.clone()
        {
            let digest = piece(after, picture);
            self.digest = digest.through.clone().map(Some);
            return Some(Body::Digest(digest));
        }
        if let Some(delta) = self.delta(picture) {
            return Some(Body::Delta(delta));
        }
        if self.digest.is_some() {
            return None;
        }
        if !self.want.is_empty() {
            let count = self.want.len().min(limit::DIGEST_ROWS);
            return Some(Body::Want(Want {
                rows: self.want.drain(..count).collect(),
            }));
        }
        // The opener is last: only then is nothing left to be wanted of it.
        (!self.opener || self.heard_all).then_some(Body::Done)
    }

    /// What the other lacks, as much as one message should hold.
    fn delta(&mut self, picture: Picture<'_>) -> Option<Delta> {
        let mut delta = Delta::default();
        let mut budget = limit::DELTA_PIECE_BYTES;
        while let Some(row) = self.serve.front_mut() {
            if delta.members.len() + 2 > limit::MESSAGE_ITEMS
                || delta.logs.len() + 1 > limit::MESSAGE_ITEMS
            {
                break;
            }
            // A log whose author we have forgotten is no use to who has not.
            let hollow = picture.replica.is_hollow(&row.id)
                && row
                    .member
                    .is_some_and(|member| member.state == MemberState::Alive);
            if let Some(ours) = picture.roster.row(&row.id)
                && Some(ours) > row.member
            {
                delta.members.extend(picture.roster.items(&row.id));
                row.member = Some(ours);
            }
            let theirs = row.head.unwrap_or_default();
            let log = picture.replica.since(&row.id, theirs, budget);
            if let Some((log, whole)) = log.filter(|_| !hollow) {
                let weight = log.weight();
                if !whole {
                    row.head = reached(&log, picture.replica.generation(&row.id));
                }
                delta.logs.push(log);
                if whole {
                    self.serve.pop_front();
                }
                budget = budget.saturating_sub(weight);
                if budget == 0 || !whole {
                    break;
                }
            } else {
                self.serve.pop_front();
            }
            if delta.weight() > limit::DELTA_PIECE_BYTES {
                break;
            }
        }
        (!delta.is_empty()).then_some(delta)
    }

    /// Compares a piece of the other's digest with what we hold.
    fn compare(&mut self, digest: &Digest, picture: Picture<'_>) {
        self.digest = digest.through.clone().map(Some);
        let theirs: BTreeMap<&NodeId, &DigestRow> =
            digest.rows.iter().map(|row| (&row.id, row)).collect();
        for ours in rows(picture).filter(|ours| digest.covers(&ours.id)) {
            match theirs.get(&ours.id) {
                None => self.serve.push_back(DigestRow {
                    id: ours.id,
                    member: None,
                    head: None,
                }),
                Some(row) => {
                    if ours.member > row.member || ours.head > row.head {
                        self.serve.push_back((*row).clone());
                    }
                    if row.member > ours.member || row.head > ours.head {
                        self.want.push_back(ours);
                    }
                }
            }
        }
        let unknown = digest.rows.iter().filter(|row| {
            picture.roster.row(&row.id).is_none() && picture.replica.head(&row.id).is_none()
        });
        let unknown = unknown.map(|row| DigestRow {
            id: row.id.clone(),
            member: None,
            head: None,
        });
        self.want.extend(unknown);
        self.want.truncate(NAMES);
    }
}

/// How far a delta brings whoever applies it.
fn reached(log: &LogDelta, generation: Generation) -> Option<Head> {
    let last = log.batches.iter().rev().find_map(|batch| {
        let part = batch.parts.last()?;
        Some(batch.version(part.index))
    });
    Some(Head {
        generation,
        version: last.unwrap_or(log.from),
    })
}

/// One row for every name we hold anything of, in order.
fn rows(picture: Picture<'_>) -> impl Iterator<Item = DigestRow> {
    let mut members = picture.roster.iter().peekable();
    let mut gone = picture.roster.certificates().iter().peekable();
    let mut logs = picture.replica.authors().peekable();
    core::iter::from_fn(move || {
        let names = [
            members.peek().map(|(id, _)| *id),
            gone.peek().map(|(id, _)| *id),
            logs.peek().map(|(id, _)| *id),
        ];
        let id = names.into_iter().flatten().min()?.clone();
        let member = members.next_if(|(member, _)| **member == id);
        let member = member.map(|(_, member)| Member::row(member));
        let last = gone.next_if(|(member, _)| **member == id);
        let member = member.or_else(|| last.map(|(_, certificate)| certificate.row()));
        let head = logs
            .next_if(|(author, _)| **author == id)
            .map(|(_, head)| head);
        Some(DigestRow { id, member, head })
    })
}

/// The piece of our digest that begins after a name.
fn piece(after: Option<NodeId>, picture: Picture<'_>) -> Digest {
    let mut rest = rows(picture).filter(|row| after.as_ref().is_none_or(|after| row.id > *after));
    let mut found: Vec<DigestRow> = rest.by_ref().take(limit::DIGEST_ROWS).collect();
    let more = rest.next().is_some();
    drop(rest);
    let through = more
        .then(|| found.last().map(|row| row.id.clone()))
        .flatten();
    found.shrink_to_fit();
    Digest {
        after,
        through,
        rows: found,
    }
}
