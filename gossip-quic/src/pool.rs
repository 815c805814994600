//! The pool: who is up, and by which links.
//!
//! Keyed by the proven node, never by address. There may be several links with
//! a peer for a while: two nodes that dial each other at once, or a restarted
//! one beside its ghost. Everything is received from all of them; what we send
//! goes by the best. The [`Rank`](crate::rank) settles which that is, so both
//! ends choose alike, and the others drain.
//!
//! Pure bookkeeping under one lock: it says what is to be done, others do it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gossip_core::base::id::NodeId;
use tokio::sync::watch;

use crate::event::{Direction, DownReason, Event};
use crate::hello::LostMarks;
use crate::inbox::Share;
use crate::limit::LOST;
use crate::link::Link;
use crate::outbox::Outbox;
use crate::race::canonical;
use crate::spare::{self, Affinity, Candidate};

/// A peer that is up.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) generation: u64,
    pub(crate) outbox: Arc<Outbox>,
    /// Every link whose readers have not ended, in the order of arrival.
    pub(crate) links: Vec<Arc<Link>>,
    best: watch::Sender<Arc<Link>>,
    share: Arc<Share>,
}

impl Peer {
    fn new(first: &Arc<Link>) -> Self {
        Self {
            generation: first.peer_generation,
            outbox: Arc::new(Outbox::default()),
            links: vec![Arc::clone(first)],
            best: watch::Sender::new(Arc::clone(first)),
            share: Arc::clone(&first.share),
        }
    }

    /// The best link that stands, or else the last that did.
    pub(crate) fn best(&self) -> Arc<Link> {
        Arc::clone(&self.best.borrow())
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.links.iter().any(|link| link.is_alive())
    }

    /// Whether a stream is open, or a message waits for one.
    fn is_at_work(&self) -> bool {
        !self.outbox.is_empty() || self.links.iter().any(|link| link.activity.is_open())
    }

    /// For how long nothing was said, either way.
    fn idle(&self) -> Duration {
        let idles = self.links.iter().map(|link| link.activity.idle());
        idles.min().unwrap_or_default()
    }

    fn choose(&self) {
        let alive = self.links.iter().filter(|link| link.is_alive());
        if let Some(best) = alive.max_by_key(|link| link.rank)
            && !Arc::ptr_eq(best, &self.best.borrow())
        {
            self.best.send_replace(Arc::clone(best));
        }
    }
}

/// What follows from a new link.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    /// For the host, in order.
    pub(crate) events: Vec<Event>,
    /// Links of dead processes, or dead to the peer: to be closed at once.
    pub(crate) ghosts: Vec<Arc<Link>>,
    /// Links that lost to a better one: to be drained.
    pub(crate) losers: Vec<Arc<Link>>,
    /// A queue that needs its writer.
    pub(crate) writer: Option<(Arc<Outbox>, watch::Receiver<Arc<Link>>)>,
    /// Messages that waited for a process that is gone.
    pub(crate) messages_lost: usize,
}

/// Why a link is not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotWanted {
    /// A newer run of the same node is connected.
    OlderProcess {
        /// The generation of the later run.
        outlived_by: u64,
    },
    /// Too many links with this node.
    TooMany,
}

/// Who is up, and by which links.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    pub(crate) peers: BTreeMap<NodeId, Peer>,
    lost: BTreeMap<NodeId, LostMarks>,
}

impl Pool {
    /// The peer, if a link with it stands.
    pub(crate) fn alive(&self, peer: &NodeId) -> Option<&Peer> {
        self.peers.get(peer).filter(|peer| peer.is_alive())
    }

    /// The link to send by, if one stands.
    pub(crate) fn best(&self, peer: &NodeId) -> Option<Arc<Link>> {
        let peer = self.peers.get(peer)?;
        let best = peer.best();
        if best.is_alive() {
            return Some(best);
        }
        peer.choose();
        Some(peer.best()).filter(|best| best.is_alive())
    }

    /// Which of our links with a peer are dead to us, to be told in Hello.
    pub(crate) fn lost(&self, peer: &NodeId) -> LostMarks {
        self.lost.get(peer).copied().unwrap_or_default()
    }

    /// The share of a peer: one for all links with one process.
    pub(crate) fn share(&self, peer: &NodeId, generation: u64) -> Arc<Share> {
        let known = self
            .peers
            .get(peer)
            .filter(|peer| peer.generation == generation);
        known.map_or_else(|| Arc::new(Share::new()), |peer| Arc::clone(&peer.share))
    }

    /// Whether a link with that run of a node is wanted.
    pub(crate) fn wants(
        &self,
        peer: &NodeId,
        generation: u64,
        links_max: usize,
    ) -> Result<(), NotWanted> {
        let Some(known) = self.alive(peer) else {
            return Ok(());
        };
        if generation < known.generation {
            return Err(NotWanted::OlderProcess {
                outlived_by: known.generation,
            });
        }
        let standing = known.links.iter().filter(|link| link.is_alive()).count();
        if generation == known.generation && standing >= links_max {
            return Err(NotWanted::TooMany);
        }
        Ok(())
    }

    /// Takes a new link in, with what its peer declares dead.
    pub(crate) fn admit(&mut self, link: &Arc<Link>, lost: LostMarks) -> Admitted {
        let mut admitted = Admitted::default();
        if let Some(peer) = self.peers.get(&link.peer)
            && peer.generation != link.peer_generation
        {
            self.replace_process(link, &mut admitted);
        }
        let Some(peer) = self.peers.get_mut(&link.peer) else {
            let peer = Peer::new(link);
            admitted.writer = Some((Arc::clone(&peer.outbox), peer.best.subscribe()));
            admitted.events.push(up(link));
            self.peers.insert(link.peer.clone(), peer);
            return admitted;
        };
        let (ghosts, rivals): (Vec<_>, Vec<_>) = peer
            .links
            .iter()
            .filter(|known| known.is_alive())
            .map(Arc::clone)
            .partition(|known| is_dead_to(known, lost));
        peer.links.push(Arc::clone(link));
        let standing = rivals.into_iter().chain([Arc::clone(link)]);
        let mut standing: Vec<_> = standing.collect();
        standing.sort_by_key(|link| link.rank);
        if let Some(best) = standing.pop() {
            peer.best.send_replace(best);
        }
        admitted.losers = standing;
        admitted.ghosts.extend(ghosts);
        admitted
    }

    /// How many peers are up.
    pub(crate) fn standing(&self) -> usize {
        self.peers.values().filter(|peer| peer.is_alive()).count()
    }

    /// The links of one peer to hang up on for a newcomer's sake: of those that
    /// are not at work, [`spare::choose`] says which.
    pub(crate) fn spare(&self, own: &NodeId, newcomer: &NodeId) -> Option<Vec<Arc<Link>>> {
        let others = self.peers.iter().filter(|(id, _)| *id != newcomer);
        let at_rest = others.filter(|(_, peer)| peer.is_alive() && !peer.is_at_work());
        let candidates = at_rest.map(|(id, peer)| Candidate {
            peer: id,
            idle: peer.idle(),
            affinity: Affinity::new(own, id),
        });
        let spared = spare::choose(candidates)?;
        self.peers.get(spared).map(|peer| peer.links.clone())
    }

    /// Another run of the process: the one before is down, whatever its links say.
    fn replace_process(&mut self, link: &Link, admitted: &mut Admitted) {
        let Some(old) = self.peers.remove(&link.peer) else {
            return;
        };
        for ghost in &old.links {
            ghost.silence();
            self.remember_lost(ghost);
        }
        admitted.messages_lost = old.outbox.close();
        admitted.ghosts.extend(old.links);
        admitted.events.push(Event::Down {
            peer: link.peer.clone(),
            why: DownReason::Replaced {
                generation: link.peer_generation,
            },
        });
    }

    /// Forgets a link whose readers have ended; the event, if it was the last,
    /// and how many messages waited in vain.
    pub(crate) fn forget(&mut self, link: &Arc<Link>) -> (Option<Event>, usize) {
        self.remember_lost(link);
        let Some(peer) = self.peers.get_mut(&link.peer) else {
            return (None, 0);
        };
        let before = peer.links.len();
        peer.links.retain(|known| !Arc::ptr_eq(known, link));
        if peer.links.len() == before {
            // Of a run that was replaced.
            return (None, 0);
        }
        if !peer.links.is_empty() {
            peer.choose();
            return (None, 0);
        }
        let messages_lost = peer.outbox.close();
        self.peers.remove(&link.peer);
        let reason = link.connection.close_reason();
        let why = reason.map_or(DownReason::ClosedHere, DownReason::from);
        (
            Some(Event::Down {
                peer: link.peer.clone(),
                why,
            }),
            messages_lost,
        )
    }

    fn remember_lost(&mut self, link: &Link) {
        if self.lost.len() >= LOST && !self.lost.contains_key(&link.peer) {
            // Whoever it is loses a shortcut only: its ghost then lasts until the idle timeout.
            self.lost.pop_first();
        }
        let marks = self.lost.entry(link.peer.clone()).or_default();
        if marks.generation < link.peer_generation {
            *marks = LostMarks {
                generation: link.peer_generation,
                ..LostMarks::default()
            };
        }
        if marks.generation == link.peer_generation {
            let mark = match link.direction {
                Direction::Dialed => &mut marks.dialed,
                Direction::Accepted => &mut marks.accepted,
            };
            *mark = link.conn_seq.max(*mark);
        }
    }
}

fn up(link: &Link) -> Event {
    Event::Up {
        peer: link.peer.clone(),
        generation: link.peer_generation,
        rtt: link.connection.rtt(),
        remote_addr: canonical(link.connection.remote_address()),
        direction: link.direction,
    }
}

/// Whether the peer has declared a link dead: it lost it, we did not notice.
fn is_dead_to(link: &Link, lost: LostMarks) -> bool {
    let up_to = match link.direction {
        Direction::Dialed => lost.accepted,
        Direction::Accepted => lost.dialed,
    };
    lost.generation == link.own_generation && link.conn_seq <= up_to
}
