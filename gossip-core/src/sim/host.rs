//! A host: one machine with an address, clocks, a disk, and room for one
//! process.
//!
//! The node is the process. A crash takes it away and leaves the disk; a
//! restart puts a new one in its place, which is the next *boot*.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::backlog::Backlog;
use super::check::{Checks, Promises};
use super::clock::Clocks;
use super::disk::Disk;
use super::link::Side;
use super::names::{NameId, Peers};
use super::picture::Picture;
use super::session::SessionKey;
use super::traffic::Traffic;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::config::{Config, Identity};
use crate::input::SessionId;
use crate::message::Head;
use crate::output::{Halt, Notification};

/// A host's number in its world, from zero in the order they were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(u32);

impl HostId {
    /// The host with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its place in a list of all hosts.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) const fn number(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h{}", self.0)
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How often a host has started its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Boot(pub(super) u32);

/// One machine.
pub(super) struct Host<M> {
    pub(super) identity: Identity,
    pub(super) name: NameId,
    pub(super) config: Config,
    pub(super) clocks: Clocks,
    pub(super) disk: Disk,
    pub(super) boot: Boot,
    /// It was asked to write at once in this boot.
    pub(super) writes_at_once: bool,
    /// The process, if one runs.
    pub(super) node: Option<M>,
    /// What waits for it, if it is held up.
    pub(super) backlog: Backlog,
    /// How often it was given a new address.
    moves: u8,
    pub(super) peers: Peers,
    pub(super) sessions: BTreeMap<SessionId, (SessionKey, Side)>,
    /// Sessions that peers opened in this boot.
    pub(super) sessions_served: u64,
    /// The last session it opened in this boot.
    pub(super) last_opened: Option<u64>,
    pub(super) picture: Picture,
    pub(super) notifications: Vec<(Instant, Notification)>,
    /// Why the last process stopped, if it did so of its own will.
    pub(super) halt: Option<Halt>,
    pub(super) traffic: Traffic,
    pub(super) checks: Checks,
    /// What it has promised, over all boots on its disk.
    pub(super) promises: Promises,
}

impl<M> Host<M> {
    pub(super) fn new(
        (name, identity): (NameId, Identity),
        config: Config,
        clocks: Clocks,
        disk: Disk,
    ) -> Self {
        Self {
            identity,
            name,
            config,
            clocks,
            disk,
            boot: Boot::default(),
            writes_at_once: false,
            node: None,
            backlog: Backlog::default(),
            moves: 0,
            peers: Peers::default(),
            sessions: BTreeMap::new(),
            sessions_served: 0,
            last_opened: None,
            picture: Picture::default(),
            notifications: Vec::new(),
            halt: None,
            traffic: Traffic::default(),
            checks: Checks::default(),
            promises: Promises::default(),
        }
    }

    pub(super) const fn id(&self) -> &NodeId {
        &self.identity.id
    }

    /// How far it may tell of its own log.
    pub(super) fn durable(&self) -> Head {
        match self.writes_at_once {
            true => self.disk.remembered(self.id()),
            false => self.disk.journal().head(self.id()),
        }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.identity
            .addrs
            .first()
            .copied()
            .unwrap_or_else(|| addr(HostId(0), 0))
    }

    /// Gives it another address, for the next boot.
    pub(super) fn relocate(&mut self, host: HostId) {
        self.moves = self.moves.wrapping_add(1);
        self.identity.addrs = Vec::from([addr(host, self.moves)]);
    }

    /// The next boot begins: whatever belonged to the last process is gone.
    pub(super) fn reboot(&mut self) {
        self.boot.0 += 1;
        self.writes_at_once = false;
        self.peers = Peers::default();
        self.sessions.clear();
        self.sessions_served = 0;
        self.last_opened = None;
        self.picture = Picture::default();
        self.halt = None;
        self.backlog.clear();
        self.checks = Checks::default();
        self.promises.reboots();
    }
}

impl<M> fmt::Debug for Host<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("id", self.id())
            .field("boot", &self.boot)
            .field("running", &self.node.is_some())
            .finish_non_exhaustive()
    }
}

/// The address a host gets: 10.0.0.1:7946 and so on, and 11.0.0.1:7946 after
/// its first move.
pub(super) fn addr(host: HostId, moves: u8) -> SocketAddr {
    let [_, a, b, c] = (host.0 + 1).to_be_bytes();
    SocketAddr::from(([moves.wrapping_add(10), a, b, c], 7_946))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_an_address_of_its_own() {
        let text = |number, moves| alloc::format!("{}", addr(HostId(number), moves));
        assert_eq!(text(0, 0), "10.0.0.1:7946");
        assert_eq!(text(256, 0), "10.0.1.1:7946");
        assert_eq!(text(0, 1), "11.0.0.1:7946");
    }
}
