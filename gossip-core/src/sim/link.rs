//! A link: one connection between two runs of two hosts.
//!
//! Its two ends know different things. A crash takes one end away and leaves
//! the other, a ghost, until it has heard nothing for the idle timeout, or
//! until the process that came back tells it that it knows no such link.
//!
//! ```text
//!     host a ── end ═══════ link ═══════ end ── host b
//!              open, heard              open, heard
//! ```

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Index;

use super::host::{Boot, HostId};
use super::network::PathId;
use super::session::SessionKey;
use super::slab::Slab;
use super::wire::Pen;
use crate::base::time::Instant;
use crate::input::LinkError;
use crate::message::{Generation, Message};

/// A link's number, never used twice: its place, and which link there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkId {
    place: u32,
    turn: u32,
}

/// All links.
#[derive(Debug, Default)]
pub(super) struct Links {
    slab: Slab<(u32, Link)>,
    next_turn: u32,
}

impl Links {
    pub(super) fn insert(&mut self, link: Link) -> LinkId {
        self.next_turn = self.next_turn.wrapping_add(1);
        let turn = self.next_turn;
        let place = self.slab.insert((turn, link));
        LinkId { place, turn }
    }

    pub(super) fn at(&self, id: LinkId) -> Option<&Link> {
        let (turn, link) = self.slab.at(id.place)?;
        (*turn == id.turn).then_some(link)
    }

    pub(super) fn at_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        let (turn, link) = self.slab.at_mut(id.place)?;
        (*turn == id.turn).then_some(link)
    }

    pub(super) fn remove(&mut self, id: LinkId) -> Option<Link> {
        self.at(id)?;
        self.slab.remove(id.place).map(|(_, link)| link)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.slab.iter_mut().map(|(_, link)| link)
    }
}

impl Index<LinkId> for Links {
    type Output = Link;

    fn index(&self, id: LinkId) -> &Link {
        // tidy: allow(panic): whoever asks so holds a session or an end of it
        self.at(id).expect("a link that stands")
    }
}

/// One of the two ends of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that dialed.
    Dialer,
    /// The one that was dialed.
    Server,
}

impl Side {
    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Dialer => Self::Server,
            Self::Server => Self::Dialer,
        }
    }
}

/// Something for each side.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair<T> {
    pub(super) dialer: T,
    pub(super) server: T,
}

impl<T> Pair<T> {
    pub(super) const fn at(&self, side: Side) -> &T {
        match side {
            Side::Dialer => &self.dialer,
            Side::Server => &self.server,
        }
    }

    pub(super) const fn at_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Dialer => &mut self.dialer,
            Side::Server => &mut self.server,
        }
    }
}

/// One end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) host: HostId,
    pub(super) boot: Boot,
    /// The way to the other end.
    pub(super) path: PathId,
    /// As which run it introduced itself.
    pub(super) generation: Option<Generation>,
    /// Whether this end still believes in the link.
    pub(super) open: bool,
    /// From when on its silence counts: when it last heard anything from the
    /// other, or first sent something after that (RFC 9000 §10.1).
    pub(super) heard: Instant,
    /// It has sent something since it heard anything.
    pub(super) asked: bool,
    /// What it knows of its own packets.
    pub(super) pen: Pen,
}

impl End {
    /// It sends something that is to be acknowledged.
    pub(super) fn sends(&mut self, now: Instant) {
        if !self.asked {
            self.asked = true;
            self.heard = self.heard.max(now);
        }
    }

    /// It hears something, now or a little later, unless it has given up by then.
    pub(super) fn hears(&mut self, at: Instant, idle_timeout: core::time::Duration) {
        if at < self.heard + idle_timeout {
            self.asked = false;
            self.heard = self.heard.max(at);
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) ends: Pair<End>,
    /// What met a cut and is reliable, or met a clog: it waits for the end of it.
    pub(super) stalled: Vec<Stalled>,
    pub(super) sessions: BTreeSet<SessionKey>,
}

/// Something that waits for its way to be free.
#[derive(Debug)]
pub(super) struct Stalled {
    pub(super) packet: Packet,
    /// It stands in a queue that moves on as one, and is not sent again.
    pub(super) queued: bool,
}

/// Something on its way over a link.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) link: LinkId,
    /// The side it travels to.
    pub(super) to: Side,
    pub(super) cargo: Cargo,
}

/// What a packet carries.
#[derive(Debug, Clone)]
pub(super) enum Cargo {
    /// A message that may be lost.
    Datagram(Box<Message>),
    /// A message that may not.
    Stream(Box<Message>),
    /// A message of a session, with its turn among what this side sends in it.
    Session(SessionKey, u32, Box<Message>),
    /// No more messages follow in a session from this side; its turn.
    Finish(SessionKey, u32),
    /// A session was given up.
    Abandon(SessionKey),
    /// What this side sent in a session has arrived: it may send more.
    Credit(SessionKey),
    /// The process at the other end closed the connection, and says why.
    Close(LinkError),
    /// The process at the other end knows no such connection.
    Unknown,
}

impl Cargo {
    /// Whether it is sent again until it arrives.
    pub(super) const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Datagram(_) | Self::Close(_) | Self::Unknown)
    }

    /// The session in which it has to keep its turn.
    pub(super) const fn turn(&self) -> Option<(SessionKey, u32)> {
        match self {
            Self::Session(key, turn, _) | Self::Finish(key, turn) => Some((*key, *turn)),
            _ => None,
        }
    }
}
