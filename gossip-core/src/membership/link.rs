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
    /// Each link, and its peer's place in the list.
    up: BTreeMap<NodeId, (Link, usize)>,
    /// All peers, in no order: to choose from by chance.
    peers: Vec<NodeId>,
}

impl Links {
    /// A link is there. Whether there was none before.
    pub fn insert(&mut self, peer: NodeId, link: Link) -> bool {
        if let Some((held, _)) = self.up.get_mut(&peer) {
            *held = link;
            return false;
        }
        self.peers.push(peer.clone());
        self.up.insert(peer, (link, self.peers.len() - 1));
        true
    }

    /// A peer said something.
    pub fn hear(&mut self, peer: &NodeId, now: Instant) {
        if let Some((link, _)) = self.up.get_mut(peer) {
            link.heard = now;
        }
    }

    /// A peer took so long to answer a direct question.
    pub fn measure(&mut self, peer: &NodeId, rtt: Duration) {
        if let Some((link, _)) = self.up.get_mut(peer) {
            link.answers.add(rtt);
        }
    }

    /// A link is gone.
    pub fn remove(&mut self, peer: &NodeId) {
        let Some((_, gap)) = self.up.remove(peer) else {
            return;
        };
        self.peers.swap_remove(gap);
        let moved = self.peers.get(gap).and_then(|peer| self.up.get_mut(peer));
        if let Some((_, place)) = moved {
            *place = gap;
        }
    }

    /// The link to a peer.
    pub fn link(&self, peer: &NodeId) -> Option<Link> {
        self.up.get(peer).map(|(link, _)| *link)
    }

    /// Whether there is one.
    pub fn is_up(&self, peer: &NodeId) -> bool {
        self.up.contains_key(peer)
    }

    /// How long we have heard nothing of a peer; `None` without a link.
    pub fn silence(&self, peer: &NodeId, now: Instant) -> Option<Duration> {
        Some(now.since(self.up.get(peer)?.0.heard))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.up.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.up.is_empty()
    }

    /// Up to `count` different peers that `wanted` says yes to, by chance. Where
    /// most are wanted it costs what it gives, not what it chooses from.
    pub fn sample(
        &self,
        count: usize,
        rng: &mut Rng,
        mut wanted: impl FnMut(&&NodeId) -> bool,
    ) -> Vec<NodeId> {
        let mut chosen: Vec<&NodeId> = Vec::with_capacity(count.min(self.peers.len()));
        let draws = if count * DRAWS < self.peers.len() {
            count * DRAWS
        } else {
            0
        };
        for _ in 0..draws {
            match rng.choose(&self.peers) {
                Some(peer) if !chosen.contains(&peer) && wanted(&peer) => chosen.push(peer),
                _ => {}
            }
            if chosen.len() == count {
                break;
            }
        }
        if chosen.len() < count {
            chosen = rng.sample(count, self.peers.iter().filter(wanted));
        }
        chosen.into_iter().cloned().collect()
    }
}

/// Draws for each peer to be chosen, before all of them are walked through
/// (guess: where one of two is wanted, eight miss once in 256 times).
const DRAWS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn link() -> Link {
        let addr = SocketAddr::from(([10, 0, 0, 1], 7));
        Link::new(addr, Duration::from_millis(1), Instant::ZERO)
    }

    fn id(number: usize) -> NodeId {
        format!("n{number}").parse().unwrap()
    }

    /// The list holds whom the map holds, each in its place.
    #[test]
    fn the_list_follows_the_map() {
        let (mut links, mut rng) = (Links::default(), Rng::new(1));
        for _ in 0..2_000 {
            let peer = id(rng.index(40).unwrap());
            if rng.chance_ppm(500_000) {
                let is_new = !links.is_up(&peer);
                assert_eq!(links.insert(peer, link()), is_new);
            } else {
                links.remove(&peer);
            }
            assert_eq!(links.peers.len(), links.up.len());
            for (peer, (_, place)) in &links.up {
                assert_eq!(links.peers.get(*place), Some(peer));
            }
        }
    }

    /// Few or many, each is wanted or not, and each wanted one is as likely.
    #[test]
    fn samples_are_of_the_wanted_and_each_equally_likely() {
        let mut rng = Rng::new(2);
        for (linked, wanted) in [(3, 2), (100, 3), (100, 50), (100, 100)] {
            let mut links = Links::default();
            for number in 0..linked {
                links.insert(id(number), link());
            }
            let names: Vec<NodeId> = (0..wanted).map(id).collect();
            let mut drawn = alloc::vec![0_usize; wanted];
            let count = 2;
            for _ in 0..2_000 * wanted {
                let sample = links.sample(count, &mut rng, |peer| names.contains(peer));
                assert_eq!(sample.len(), count);
                assert_ne!(sample.first(), sample.last());
                for peer in sample {
                    let place = names.iter().position(|name| *name == peer).unwrap();
                    drawn[place] += 1;
                }
            }
            let mean = 2_000 * count;
            let near = |count: &usize| count.abs_diff(mean) < mean / 10;
            assert!(drawn.iter().all(near), "{drawn:?} around {mean}");
            assert!(links.sample(0, &mut rng, |_| true).is_empty());
        }
    }
}
