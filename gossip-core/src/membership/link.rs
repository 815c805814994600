//! To whom we are connected.
//!
//! The transport keeps connections; this is the core's picture of them. A
//! probe to a peer without a link is judged with a handshake in mind, and how
//! long a linked one may take follows from how long it took before.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::Estimate;
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::Instant;

/// One link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Where the peer is.
    pub addr: SocketAddr,
    /// How long its answers take.
    pub answers: Estimate,
    /// When the peer last said anything.
    pub heard: Instant,
}

impl Link {
    /// A link that came up now, after a first round trip of `rtt`.
    pub fn new(addr: SocketAddr, rtt: Duration, now: Instant) -> Self {
        Self {
            addr,
            answers: Estimate::first(rtt),
            heard: now,
        }
    }
}

/// All links, by peer.
#[derive(Debug, Default)]
pub struct Links {
    up: BTreeMap<NodeId, Link>,
}

impl Links {
    /// A link is there. Whether there was none before.
    pub fn insert(&mut self, peer: NodeId, link: Link) -> bool {
        self.up.insert(peer, link).is_none()
    }

    /// A peer said something.
    pub fn hear(&mut self, peer: &NodeId, now: Instant) {
        if let Some(link) = self.up.get_mut(peer) {
            link.heard = now;
        }
    }

    /// A peer took so long to answer a direct question.
    pub fn measure(&mut self, peer: &NodeId, rtt: Duration) {
        if let Some(link) = self.up.get_mut(peer) {
            link.answers.add(rtt);
        }
    }

    /// A link is gone.
    pub fn remove(&mut self, peer: &NodeId) {
        self.up.remove(peer);
    }

    /// The link to a peer.
    pub fn link(&self, peer: &NodeId) -> Option<Link> {
        self.up.get(peer).copied()
    }

    /// Whether there is one.
    pub fn is_up(&self, peer: &NodeId) -> bool {
        self.up.contains_key(peer)
    }

    /// How long we have heard nothing of a peer; `None` without a link.
    pub fn silence(&self, peer: &NodeId, now: Instant) -> Option<Duration> {
        Some(now.since(self.up.get(peer)?.heard))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.up.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.up.is_empty()
    }

    /// Up to `count` different peers that `wanted` says yes to, by chance.
    pub fn sample(
        &self,
        count: usize,
        rng: &mut Rng,
        wanted: impl FnMut(&&NodeId) -> bool,
    ) -> Vec<NodeId> {
        let chosen = rng.sample(count, self.up.keys().filter(wanted));
        chosen.into_iter().cloned().collect()
    }
}
