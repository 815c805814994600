//! The tail of a log, followed: one peer hands on what comes to it as it comes.
//!
//! Who hears that somebody holds more of a log than itself asks *that* peer, and
//! nobody else, for what follows on its own head. It asks once: the peer sends
//! whatever comes to the log from then on, as fast as the transport takes it. So
//! a log that is written fast runs along a tree, one copy a member, which grows by
//! itself: each follows one that was ahead of it.
//!
//! ```text
//!              author ══▶ b ══▶ d          ══▶ tail: what is new, in a session
//!                │  ╚════▶ c ──┐           ──▶ told: "I hold it up to …" (`Flows`)
//!                │             ▼
//!                └──────────▶  e   follows one of them, remembers the other
//! ```
//!
//! Where it is full the transport takes nothing, and what waits meanwhile is a
//! stretch of a log, not a queue: a slow follower gets larger pieces, and of keys
//! that were written again only the last write. Who is told of more and gets
//! nothing for a while follows the next one it heard of (the *graft* of Plumtree,
//! Leitão et al. 2007, and its lazy links are the heads that are told); who lacks
//! nothing for long lets go. A ring of followers lacks the same, is told so, and
//! parts.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::input::SessionId;
use crate::message::{Batch, Body, Delta, Head, LogDelta, LogHead};
use crate::outbox::Outbox;
use crate::output::Output;
use crate::replica::{Handed, Replica};

/// A log that we follow.
#[derive(Debug)]
struct Followed {
    id: SessionId,
    peer: NodeId,
    /// How far we hold it, and how far somebody said to hold it.
    ours: Head,
    goal: Head,
    /// When something came last, or it was asked for.
    moved: Instant,
    /// How often it was asked for since something came.
    tries: u32,
    /// Who else said to hold more, and how much, the latest last.
    others: VecDeque<(NodeId, Head)>,
}

impl Followed {
    /// When it has stalled, or nothing has come that could.
    fn due(&self, patience: Duration) -> Instant {
        match self.ours < self.goal {
            true => self.moved + patience * (1 << self.tries.min(TRIES)),
            false => self.moved + patience * QUIET,
        }
    }

    fn remember(&mut self, peer: &NodeId, head: Head) {
        let ours = self.ours;
        self.others
            .retain(|(other, held)| other != peer && *held > ours);
        if *peer == self.peer {
            return;
        }
        if self.others.len() >= OTHERS {
            self.others.pop_front();
        }
        self.others.push_back((peer.clone(), head));
    }

    /// Who is to be followed next: the latest of those that hold more.
    fn next(&mut self) -> Option<NodeId> {
        while let Some((peer, held)) = self.others.pop_back() {
            if held > self.ours {
                return Some(peer);
            }
        }
        None
    }
}

/// A log that a peer follows here.
#[derive(Debug)]
struct Served {
    peer: NodeId,
    author: NodeId,
    /// How far the peer holds it once all that was sent is there.
    head: Head,
    /// A stretch that goes in pieces: how far it has come.
    handed: Option<Handed>,
    /// The transport takes another message.
    room: bool,
    moved: Instant,
}

/// The tails that are followed, by us and here.
#[derive(Debug, Default)]
pub struct Tails {
    followed: BTreeMap<NodeId, Followed>,
    served: BTreeMap<SessionId, Served>,
}

/// At the follower.
impl Tails {
    /// `peer` holds a log up to `held`, and we hold less of it: `ours`. Whether it is
    /// followed: there are more that flow than are followed at once, perhaps.
    pub fn behind(
        &mut self,
        now: Instant,
        (held, ours): (&LogHead, Head),
        (peer, patience): (&NodeId, Duration),
        outbox: &mut Outbox,
    ) -> bool {
        if let Some(followed) = self.followed.get_mut(&held.author) {
            if followed.ours >= followed.goal {
                // It lacked nothing until now.
                followed.moved = now;
            }
            followed.ours = followed.ours.max(ours);
            followed.goal = followed.goal.max(held.head);
            followed.remember(peer, held.head);
            if followed.due(patience) <= now {
                self.ask_another(now, &held.author, outbox);
            }
            return true;
        }
        if self.followed.len() >= limit::TAILS_FOLLOWED {
            outbox.counters.tails_refused += 1;
            return false;
        }
        let followed = Followed {
            id: ask(&held.author, ours, peer, outbox),
            peer: peer.clone(),
            ours,
            goal: held.head,
            moved: now,
            tries: 0,
            others: VecDeque::new(),
        };
        outbox.counters.tails_followed += 1;
        self.followed.insert(held.author.clone(), followed);
        true
    }

    /// Whose log we follow in a session with this peer.
    pub fn author(&self, id: SessionId, peer: &NodeId) -> Option<&NodeId> {
        let mut all = self.followed.iter();
        let (author, _) = all.find(|(_, followed)| followed.id == id && followed.peer == *peer)?;
        Some(author)
    }

    /// Something of a log came, from wherever: we hold it up to `head`.
    pub fn grew(&mut self, now: Instant, author: &NodeId, head: Head) {
        if let Some(followed) = self.followed.get_mut(author)
            && head > followed.ours
        {
            followed.ours = head;
            followed.moved = now;
            // Where all are slow we stay patient for a while.
            followed.tries = followed.tries.saturating_sub(1);
        }
    }

    /// A piece came that does not stand alone.
    pub fn moved(&mut self, now: Instant, author: &NodeId) {
        if let Some(followed) = self.followed.get_mut(author) {
            followed.moved = now;
        }
    }

    /// Nothing that comes of a log in the session in which it is followed is of use.
    pub fn let_go(&mut self, author: &NodeId, outbox: &mut Outbox) {
        if let Some(followed) = self.followed.remove(author) {
            outbox.push(Output::Reset(followed.id));
        }
    }

    /// Whether something of a log is on its way from the one it is followed at.
    pub fn brings(&self, now: Instant, author: &NodeId) -> bool {
        let followed = self.followed.get(author);
        followed.is_some_and(|followed| {
            followed.ours < followed.goal && followed.tries == 0 && now < followed.moved + FRESH
        })
    }

    /// Whether anything is.
    pub fn bring_any(&self, now: Instant) -> bool {
        self.followed.keys().any(|author| self.brings(now, author))
    }

    /// What stalls is asked of the next who holds it; what lacks nothing for long
    /// is let go. Answers with whom to compare notes with, where nobody is left.
    pub fn overdue(
        &mut self,
        now: Instant,
        patience: Duration,
        outbox: &mut Outbox,
    ) -> Vec<NodeId> {
        let due = self.followed.iter();
        let due = due.filter(|(_, followed)| followed.due(patience) <= now);
        let due: Vec<NodeId> = due.map(|(author, _)| author.clone()).collect();
        let mut asked_in_vain = Vec::new();
        for author in due {
            let Some(followed) = self.followed.get(&author) else {
                continue;
            };
            if followed.ours >= followed.goal {
                outbox.push(Output::Reset(followed.id));
                self.followed.remove(&author);
            } else if !self.ask_another(now, &author, outbox) {
                // Nobody is known to hold more: whoever says so next is asked at
                // once, and in the end notes are compared.
                let Some(followed) = self.followed.get_mut(&author) else {
                    continue;
                };
                (followed.moved, followed.tries) = (now, followed.tries + 1);
                if followed.tries > TRIES {
                    outbox.push(Output::Reset(followed.id));
                    asked_in_vain.push(followed.peer.clone());
                    self.followed.remove(&author);
                }
            }
        }
        asked_in_vain
    }

    /// Asks another for what is lacked, in the place of who was asked before.
    /// Whether there is one that holds more.
    fn ask_another(&mut self, now: Instant, author: &NodeId, outbox: &mut Outbox) -> bool {
        let Some(followed) = self.followed.get_mut(author) else {
            return false;
        };
        let Some(next) = followed.next() else {
            return false;
        };
        outbox.counters.tails_moved += 1;
        outbox.push(Output::Reset(followed.id));
        followed.id = ask(author, followed.ours, &next, outbox);
        followed.peer = next;
        followed.moved = now;
        followed.tries = (followed.tries + 1).min(TRIES);
        true
    }

    /// When [`Tails::overdue`] or [`Tails::expire`] has something to do.
    pub fn next_deadline(&self, patience: Duration) -> Option<Instant> {
        let followed = self.followed.values();
        let followed = followed.map(|followed| followed.due(patience));
        let served = self.served.values();
        let served = served.map(|served| served.moved + STALLED);
        followed.chain(served).min()
    }
}

/// At the one that is followed.
impl Tails {
    /// A peer follows a log here, unless too many do.
    pub fn serve(
        &mut self,
        now: Instant,
        id: SessionId,
        peer: &NodeId,
        held: &LogHead,
        outbox: &mut Outbox,
    ) {
        // What it asked for before, it does not listen to any more.
        let same = |served: &Served| served.peer == *peer && served.author == held.author;
        let before = self.served.iter().find(|(_, served)| same(served));
        if let Some(before) = before.map(|(id, _)| *id) {
            self.served.remove(&before);
            outbox.push(Output::Reset(before));
        }
        let of_it = |tails: &Self| {
            let all = tails.served.values();
            all.filter(|served| served.author == held.author).count()
        };
        let is_full = |tails: &Self| {
            tails.served.len() >= limit::TAILS_SERVED || of_it(tails) >= limit::TAILS_SERVED_OF_ONE
        };
        if is_full(self) {
            // One that takes nothing any more makes room.
            let mut stuck = self.served.iter();
            let stuck = stuck.find(|(_, served)| {
                let same = of_it(self) < limit::TAILS_SERVED_OF_ONE || served.author == held.author;
                same && !served.room && served.moved + STUCK <= now
            });
            if let Some(stuck) = stuck.map(|(id, _)| *id) {
                self.served.remove(&stuck);
                outbox.push(Output::Reset(stuck));
            }
        }
        if is_full(self) {
            outbox.counters.tails_refused += 1;
            outbox.push(Output::Reset(id));
            return;
        }
        let served = Served {
            peer: peer.clone(),
            author: held.author.clone(),
            head: held.head,
            handed: None,
            room: true,
            moved: now,
        };
        self.served.insert(id, served);
    }

    /// Whether a peer follows a log here.
    pub fn serves(&self, peer: &NodeId, author: &NodeId) -> bool {
        let mut served = self.served.values();
        served.any(|served| served.peer == *peer && served.author == *author)
    }

    /// The transport has room again.
    pub fn writable(&mut self, now: Instant, id: SessionId) {
        if let Some(served) = self.served.get_mut(&id) {
            (served.room, served.moved) = (true, now);
        }
    }

    /// Sends what came to the logs that are followed here.
    ///
    /// What is large comes in chunks, of several who hold it, and what follows on it
    /// waits for them: there the tail ends, and who follows compares notes.
    pub fn hand_on(&mut self, now: Instant, replica: &Replica, outbox: &mut Outbox) {
        self.served.retain(|id, served| {
            let Some(head) = replica.head(&served.author).filter(|_| served.room) else {
                return true;
            };
            if head <= served.head && served.handed.is_none() {
                return true;
            }
            let budget = limit::DELTA_PIECE_BYTES;
            let handed = served.handed.take();
            let log = replica.since(&served.author, served.head, handed, budget);
            let Some((log, rest)) = log else {
                served.head = head;
                return true;
            };
            if log.batches.iter().any(Batch::has_large) {
                outbox.push(Output::Reset(*id));
                return false;
            }
            if rest.is_none() {
                served.head = head;
            }
            served.handed = rest;
            (served.room, served.moved) = (false, now);
            let delta = Delta {
                members: Vec::new(),
                logs: Vec::from([log]),
            };
            outbox.session(&served.peer, *id, Body::Delta(delta));
            true
        });
    }

    /// Gives up those that have not moved for long: their followers let go of what
    /// is quiet long before.
    pub fn expire(&mut self, now: Instant, outbox: &mut Outbox) {
        self.served.retain(|id, served| {
            let moves = now < served.moved + STALLED;
            if !moves {
                outbox.push(Output::Reset(*id));
            }
            moves
        });
    }
}

/// At both.
impl Tails {
    /// Whether a session is that of a tail.
    pub fn has(&self, id: SessionId) -> bool {
        self.served.contains_key(&id) || self.followed.values().any(|followed| followed.id == id)
    }

    /// A session is over. Where it was one of ours, another peer is asked, if
    /// something is lacked; where nobody else is known to hold it, that is the
    /// answer.
    pub fn closed(&mut self, now: Instant, id: SessionId, outbox: &mut Outbox) -> Option<NodeId> {
        self.served.remove(&id);
        let mut all = self.followed.iter();
        let (author, followed) = all.find(|(_, followed)| followed.id == id)?;
        let (author, lacks) = (author.clone(), followed.ours < followed.goal);
        if lacks && self.ask_another(now, &author, outbox) {
            return None;
        }
        let followed = self.followed.remove(&author)?;
        lacks.then_some(followed.peer)
    }

    /// The last link to a peer is gone, and every session with it.
    pub fn unlinked(&mut self, now: Instant, peer: &NodeId, outbox: &mut Outbox) {
        self.served.retain(|_, served| served.peer != *peer);
        for followed in self.followed.values_mut() {
            followed.others.retain(|(other, _)| other != peer);
        }
        let theirs = self.followed.values();
        let theirs = theirs.filter(|followed| followed.peer == *peer);
        let theirs: Vec<SessionId> = theirs.map(|followed| followed.id).collect();
        for id in theirs {
            self.closed(now, id, outbox);
        }
    }
}

/// Whether what came in a tail can be nothing else: one run of the log followed.
pub fn is_of(delta: &Delta, author: &NodeId) -> bool {
    let of_it = |log: &LogDelta| log.author() == Some(author);
    delta.members.is_empty() && delta.logs.iter().all(of_it)
}

/// Opens a session in which a peer tells us what follows.
fn ask(author: &NodeId, ours: Head, peer: &NodeId, outbox: &mut Outbox) -> SessionId {
    let id = outbox.next_session();
    let held = LogHead {
        author: author.clone(),
        head: ours,
    };
    outbox.session(peer, id, Body::Follow(held));
    id
}

/// Of how many others we remember that they hold more (guess).
const OTHERS: usize = 4;

/// How often a tail may stall before notes are compared; each time it is given
/// twice as long as before (guess: half a minute in all; whoever says meanwhile
/// that it holds more is asked).
const TRIES: u32 = 4;

/// How many times as long as one that stalls a tail is followed that lacks
/// nothing (guess: three seconds; asking again costs a hundred bytes).
const QUIET: u32 = 4;

/// For so long after something came of a tail more is expected of it (guess).
const FRESH: Duration = Duration::from_secs(1);

/// One that has taken nothing for so long gives its place to the next (guess: on
/// a slow link a piece takes less).
const STUCK: Duration = Duration::from_secs(1);

/// A peer that takes nothing, or is told nothing, for so long is forgotten
/// (guess: as sessions).
const STALLED: Duration = Duration::from_secs(30);
