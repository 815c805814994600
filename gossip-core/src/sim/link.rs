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

use super::host::{Boot, HostId};
use super::session::SessionKey;
use crate::base::time::Instant;
use crate::message::Message;

/// A link's number, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(pub(super) u64);

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
    /// Whether this end still believes in the link.
    pub(super) open: bool,
    /// When it last heard anything from the other.
    pub(super) heard: Instant,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) ends: Pair<End>,
    /// Whether its hosts are in different zones.
    pub(super) far: bool,
    /// What is reliable and met a cut: it waits for the heal.
    pub(super) stalled: Vec<Packet>,
    pub(super) sessions: BTreeSet<SessionKey>,
}

/// Something on its way over a link.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) link: LinkId,
    /// The side it travels to.
    pub(super) to: Side,
    pub(super) cargo: Cargo,
}

/// What a packet carries.
#[derive(Debug)]
pub(super) enum Cargo {
    /// A message that may be lost.
    Datagram(Box<Message>),
    /// A message that may not.
    Stream(Box<Message>),
    /// A message of a session.
    Session(SessionKey, Box<Message>),
    /// No more messages follow in a session from this side.
    Finish(SessionKey),
    /// A session was given up.
    Abandon(SessionKey),
    /// The process at the other end closed the connection.
    Close,
}

impl Cargo {
    /// Whether it is sent again until it arrives.
    pub(super) const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Datagram(_) | Self::Close)
    }
}
