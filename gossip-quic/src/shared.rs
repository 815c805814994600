//! What all tasks of an endpoint share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gossip_core::base::id::NodeId;
use quinn::{Connection, RecvStream, SendStream, TransportConfig};
use tokio::sync::Semaphore;

use crate::accept::Doors;
use crate::close::CloseCode;
use crate::config::EndpointConfig;
use crate::counters::Cells;
use crate::dial::Dials;
use crate::event::{Direction, Event};
use crate::frame::FrameError;
use crate::hello::{Hello, HelloRole, LostMarks, PROTOCOL};
use crate::identity::Identity;
use crate::inbox::{Envelope, Inbox};
use crate::limit;
use crate::link::{self, Facts, Link};
use crate::pool::{NotWanted, Pool};
use crate::rank::{End, Rank};
use crate::session::Sessions;
use crate::tasks::Tasks;
use crate::tls::Tls;

/// The most events that one new link causes: a process gone, a process up.
const EVENTS_OF_A_LINK: usize = 2;

/// What all tasks of an endpoint share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: EndpointConfig,
    pub(crate) own: Identity,
    pub(crate) tls: Tls,
    pub(crate) transport: Arc<TransportConfig>,
    pub(crate) quic: quinn::Endpoint,
    pub(crate) cells: Arc<Cells>,
    pub(crate) inbox: Inbox,
    pub(crate) tasks: Tasks,
    pub(crate) doors: Doors,
    pub(crate) sessions: Sessions,
    pub(crate) dials: Mutex<Dials>,
    pub(crate) dial_slots: Semaphore,
    pub(crate) generation: AtomicU64,
    pub(crate) conn_seq: AtomicU64,
    pub(crate) closing: AtomicBool,
    pub(crate) pool: Mutex<Pool>,
}

impl Shared {
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn dials(&self) -> MutexGuard<'_, Dials> {
        self.dials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Tells the host something, as soon as there is room.
    pub(crate) async fn tell(&self, event: Event) {
        // An error means that the host is gone, and does not care.
        let _ = self.inbox.send(Envelope::from(event)).await;
    }

    /// Our side of a Hello.
    pub(crate) fn hello(&self, role: HelloRole, conn_seq: u64, lost: LostMarks) -> Hello {
        Hello {
            role,
            versions: PROTOCOL,
            generation: self.generation.load(Ordering::Acquire),
            conn_seq,
            lost,
            agreed: self.config.agreed,
            cluster: self.own.cluster().clone(),
            node: self.own.node().clone(),
        }
    }

    /// Takes a greeted connection into the pool and sees to what follows.
    ///
    /// Room in the queue is reserved before the lock is taken, so the host
    /// hears of ups and downs in the order in which the pool decided them.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        connection: Connection,
        control: (SendStream, RecvStream),
        direction: Direction,
        own_generation: u64,
        theirs: &Hello,
    ) -> Result<Arc<Link>, NotWanted> {
        let facts = self.facts(direction, own_generation, theirs);
        let Ok(mut slots) = self.inbox.reserve_many(EVENTS_OF_A_LINK).await else {
            return Err(NotWanted::TooMany);
        };
        let (link, admitted) = {
            let mut pool = self.pool();
            let links_max = self.config.limits.connections_per_node;
            pool.wants(&facts.peer, facts.peer_generation, links_max)?;
            let share = pool.share(&facts.peer, facts.peer_generation);
            let link = Arc::new(Link::new(facts, connection, control.0, share));
            let mut admitted = pool.admit(&link, theirs.lost);
            for event in admitted.events.drain(..) {
                self.count(&event);
                if let Some(slot) = slots.next() {
                    slot.send(Envelope::from(event));
                }
            }
            (link, admitted)
        };
        drop(slots);
        self.cells.messages_lost.add(admitted.messages_lost as u64);
        for ghost in admitted.ghosts {
            self.cells.duplicates.bump();
            if ghost.peer_generation == link.peer_generation {
                ghost.close(CloseCode::Duplicate, "replaced");
            } else {
                ghost.close(CloseCode::Outlived, &link.peer_generation.to_string());
            }
        }
        for loser in admitted.losers {
            self.drain_duplicate(loser);
        }
        if let Some((outbox, best)) = admitted.writer {
            self.make_room_for(&link.peer);
            self.tasks
                .spawn(link::write_messages(Arc::clone(self), outbox, best));
        }
        self.tasks
            .spawn(link::run(Arc::clone(self), Arc::clone(&link), control.1));
        Ok(link)
    }

    fn facts(&self, direction: Direction, own_generation: u64, theirs: &Hello) -> Facts {
        let own = End {
            id: self.own.node(),
            generation: own_generation,
        };
        let peer = End {
            id: &theirs.node,
            generation: theirs.generation,
        };
        let (dialer, listener) = match direction {
            Direction::Dialed => (own, peer),
            Direction::Accepted => (peer, own),
        };
        Facts {
            peer: theirs.node.clone(),
            peer_generation: theirs.generation,
            own_generation,
            conn_seq: theirs.conn_seq,
            direction,
            rank: Rank::new(dialer, listener, theirs.conn_seq),
        }
    }

    fn count(&self, event: &Event) {
        match event {
            Event::Up { .. } => self.cells.peers_up.bump(),
            Event::Down { .. } => self.cells.peers_down.bump(),
            _ => {}
        }
    }

    fn drain_duplicate(self: &Arc<Self>, loser: Arc<Link>) {
        self.cells.duplicates.bump();
        self.tasks.spawn(async move {
            loser
                .drain(
                    CloseCode::Duplicate,
                    "another connection is better",
                    limit::DRAIN,
                )
                .await;
        });
    }

    /// Somebody came up: of too many, others are hung up on.
    fn make_room_for(&self, newcomer: &NodeId) {
        let pool = self.pool();
        for _ in self.config.limits.peers.max(1)..pool.standing() {
            let Some(links) = pool.spare(self.own.node(), newcomer) else {
                self.cells.peers_over_limit.bump();
                return;
            };
            if self.cells.peers_spared.is_zero() {
                tracing::info!(
                    limit = self.config.limits.peers,
                    "more peers than are kept connected: those at rest are hung up on"
                );
            }
            self.cells.peers_spared.bump();
            for link in links {
                tracing::debug!(peer = %link.peer, for = %newcomer, "hung up on for another");
                link.close(CloseCode::Spared, "for another");
            }
        }
    }

    /// The peer holds another link for better. So do we, if there is another;
    /// else this one is used until it closes.
    pub(crate) fn peer_prefers_another(self: &Arc<Self>, link: &Arc<Link>) {
        let best = self.pool().best(&link.peer);
        if best.is_some_and(|best| !Arc::ptr_eq(&best, link)) {
            self.drain_duplicate(Arc::clone(link));
        }
    }

    /// Forgets a link whose readers have ended.
    pub(crate) async fn forget(&self, link: &Arc<Link>) {
        let slot = self.inbox.reserve().await;
        let mut pool = self.pool();
        let (event, messages_lost) = pool.forget(link);
        self.cells.messages_lost.add(messages_lost as u64);
        if let Some(event) = event {
            self.count(&event);
            if let Ok(slot) = slot {
                slot.send(Envelope::from(event));
            }
        }
    }

    /// Counts what a stream did wrong, and says with which code it is stopped.
    pub(crate) fn judge_frame_error(&self, error: &FrameError) -> CloseCode {
        match error {
            FrameError::TooLarge { .. } => {
                self.cells.frames_too_large.bump();
                CloseCode::Limit
            }
            FrameError::Truncated => {
                self.cells.frames_malformed.bump();
                CloseCode::Protocol
            }
            FrameError::UnknownKind(_) => {
                self.cells.streams_unknown_kind.bump();
                CloseCode::UnknownStream
            }
            FrameError::Stream(_) => CloseCode::Normal,
        }
    }
}
