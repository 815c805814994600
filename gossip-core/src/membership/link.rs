//! To whom we are connected.
//!
//! The transport keeps connections; this is the core's picture of them. A
//! probe to a peer without a link is judged with a handshake in mind.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::Instant;

/// One link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Where the peer is.
    pub addr: SocketAddr,
    /// How far away, when the link came up.
    pub rtt: Duration,
    /// When the peer last said anything.
    pub heard: Instant,
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
        mut wanted: impl FnMut(&NodeId) -> bool,
    ) -> Vec<NodeId> {
        let mut peers: Vec<NodeId> = self
            .up
            .keys()
            .filter(|peer| wanted(peer))
            .cloned()
            .collect();
        rng.shuffle(&mut peers);
        peers.truncate(count);
        peers
    }
}
