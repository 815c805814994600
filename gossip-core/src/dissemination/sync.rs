//! Anti-entropy: two peers compare everything they hold.
//!
//! A session is push-pull (Demers et al. 1987, §1.3). A checksum comes first
//! (ibid.), so two that agree say little, however much they hold; then a plain
//! digest: one row a name, cut into pieces by range, each answered on its own.
//! The flow is drawn in [`Digest`](crate::message::Digest)'s module. Either side sends its
//! next message only when the transport has room, so a session holds one
//! message in memory and a list of names, however much there is to send.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::time::Duration;

use super::picture::{Held, Picture, Summed};
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::base::time::Instant;
use crate::input::SessionId;
use crate::message::{Body, Delta, Digest, DigestRow, Want};
use crate::outbox::Outbox;
use crate::output::Output;
use crate::replica::Handed;

/// A session that has not moved for this long is given up (guess: longer than
/// a transport needs to notice that a peer is gone).
const STALLED: Duration = Duration::from_secs(30);

/// Names that can be compared in one session: an honest peer has no more.
const NAMES: usize = limit::ROSTER + limit::CERTIFICATES + limit::LOGS;

/// How far two peers have come in comparing what they hold.
#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// At the opener: its checksum is to be told. At the server: it is to be
    /// heard, or the first piece of a digest without it.
    Checksum,
    /// At the opener: its checksum is told, and the server judges.
    Asked,
    /// At the server: the checksums differ, and the opener is to hear it.
    Differ,
    /// The opener's next piece begins after this name: it is to be told; at the
    /// server, to be heard.
    Digest(Option<NodeId>),
    /// All is compared.
    Compared,
}

impl Stage {
    /// After the piece that ends with a name; `None`: that was the last.
    fn begin_after(through: Option<&NodeId>) -> Self {
        through.map_or(Self::Compared, |through| {
            Self::Digest(Some(through.clone()))
        })
    }
}

#[derive(Debug)]
struct Session {
    peer: NodeId,
    opener: bool,
    stage: Stage,
    /// What the other lacks, as it stands there.
    serve: VecDeque<DigestRow>,
    /// How far the log of the first of them is handed over.
    handed: Option<Handed>,
    /// What we lack, as we stand.
    want: VecDeque<DigestRow>,
    /// The transport takes another message.
    room: bool,
    heard_all: bool,
    said_all: bool,
    moved: Instant,
}

/// The sessions under way, ours and others'.
#[derive(Debug)]
pub struct Syncs {
    sessions: BTreeMap<SessionId, Session>,
    next: u64,
    summed: Summed,
}

impl Syncs {
    /// Those of a node of `cluster`: none.
    pub fn new(cluster: &ClusterId) -> Self {
        Self {
            sessions: BTreeMap::new(),
            next: 0,
            summed: Summed::new(cluster),
        }
    }

    /// Whether we have a session with a peer already, of our own opening.
    pub fn is_open(&self, peer: &NodeId) -> bool {
        self.sessions
            .values()
            .any(|session| session.opener && session.peer == *peer)
    }

    /// Whether a session is under way, whoever opened it.
    pub fn has(&self, id: SessionId) -> bool {
        self.sessions.contains_key(&id)
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
        // Who comes with nothing differs for sure.
        let stage = match picture.is_bare() {
            true => Stage::Digest(None),
            false => Stage::Checksum,
        };
        self.sessions
            .insert(id, Session::new(peer.clone(), true, stage, now));
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
            .insert(id, Session::new(peer.clone(), false, Stage::Checksum, now));
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
            Body::Checksum(theirs) if !session.opener && session.stage == Stage::Checksum => {
                session.stage = match *theirs == self.summed.of(picture) {
                    true => Stage::Compared,
                    false => Stage::Differ,
                };
            }
            Body::Checksum(_) if session.stage == Stage::Asked => {
                session.stage = Stage::Digest(None);
            }
            Body::Digest(digest) if session.expects(digest) => session.compare(digest, picture),
            Body::Want(want) if session.opener && session.serve.len() < NAMES => {
                session.serve.extend(want.rows.iter().cloned());
            }
            Body::Delta(_) => {}
            Body::Done => {
                session.heard_all = true;
                if session.stage == Stage::Asked {
                    session.stage = Stage::Compared;
                }
            }
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
            && let Some(body) = session.next(picture, &mut self.summed)
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
    const fn new(peer: NodeId, opener: bool, stage: Stage, now: Instant) -> Self {
        Self {
            peer,
            opener,
            stage,
            serve: VecDeque::new(),
            handed: None,
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
        let next = match &self.stage {
            Stage::Checksum => digest.after.is_none(),
            Stage::Digest(after) => *after == digest.after,
            Stage::Asked | Stage::Differ | Stage::Compared => false,
        };
        !self.opener && forward && next
    }

    /// The next thing to say; `None`: it is the other's turn.
    fn next(&mut self, picture: Picture<'_>, summed: &mut Summed) -> Option<Body> {
        match &self.stage {
            Stage::Checksum if self.opener => {
                self.stage = Stage::Asked;
                return Some(Body::Checksum(summed.of(picture)));
            }
            Stage::Differ => {
                self.stage = Stage::Digest(None);
                return Some(Body::Checksum(summed.of(picture)));
            }
            Stage::Digest(after) if self.opener => {
                let digest = piece(after.clone(), picture);
                self.stage = Stage::begin_after(digest.through.as_ref());
                return Some(Body::Digest(digest));
            }
            _ => {}
        }
        if let Some(delta) = self.delta(picture) {
            return Some(Body::Delta(delta));
        }
        if self.stage != Stage::Compared {
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
            if let Some(ours) = picture.roster.row(&row.id)
                && Some(ours) > row.member
            {
                delta.members.extend(picture.roster.items(&row.id));
                row.member = Some(ours);
            }
            let theirs = row.head.unwrap_or_default();
            let handed = self.handed.take();
            let log = picture.replica.since(&row.id, theirs, handed, budget);
            let Some((log, handed)) = log else {
                self.serve.pop_front();
                continue;
            };
            budget = budget.saturating_sub(log.weight());
            delta.logs.push(log);
            self.handed = handed;
            if handed.is_some() {
                break;
            }
            self.serve.pop_front();
            if budget == 0 {
                break;
            }
            if delta.weight() > limit::DELTA_PIECE_BYTES {
                break;
            }
        }
        (!delta.is_empty()).then_some(delta)
    }

    /// Compares a piece of the other's digest with what we hold: two lists in
    /// order of name, walked side by side.
    fn compare(&mut self, digest: &Digest, picture: Picture<'_>) {
        self.stage = Stage::begin_after(digest.through.as_ref());
        let mut theirs = digest.rows.iter().peekable();
        let mut ours = picture.after(digest.after.as_ref()).peekable();
        let through = digest.through.as_ref();
        let within = |id: &NodeId| through.is_none_or(|through| id <= through);
        loop {
            let row = theirs.peek();
            let held = ours.peek().filter(|held| within(held.id));
            let order = match (held, row) {
                (Some(held), Some(row)) => held.id.cmp(&row.id),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let held = if order.is_le() { ours.next() } else { None };
            let row = if order.is_ge() { theirs.next() } else { None };
            match (held, row) {
                (Some(held), Some(row)) => {
                    if held.member > row.member || held.head > row.head {
                        self.serve.push_back(row.clone());
                    }
                    if row.member > held.member || row.head > held.head {
                        self.want.push_back(held.to_row());
                    }
                }
                (Some(held), None) => self.serve.push_back(DigestRow::absent(held.id.clone())),
                (None, Some(row)) => self.want.push_back(DigestRow::absent(row.id.clone())),
                (None, None) => break,
            }
        }
        self.want.truncate(NAMES);
    }
}

/// The piece of our digest that begins after a name.
fn piece(after: Option<NodeId>, picture: Picture<'_>) -> Digest {
    let mut rest = picture.after(after.as_ref()).map(Held::to_row);
    let rows: Vec<DigestRow> = rest.by_ref().take(limit::DIGEST_ROWS).collect();
    let last = rest.next().and(rows.last());
    let through = last.map(|row| row.id.clone());
    drop(rest);
    Digest {
        after,
        through,
        rows,
    }
}
