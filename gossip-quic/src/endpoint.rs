//! The endpoint: one socket, and the peers proven on it. The host's handle.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::accept::{self, Doors};
use crate::close::CloseCode;
use crate::config::EndpointConfig;
use crate::counters::{Cells, Counters};
use crate::credentials::Credentials;
use crate::dial::{self, Dials};
use crate::error::{BindError, OtherIdentity, SendError};
use crate::event::{Direction, SessionKey};
use crate::inbox::{Envelope, Events, inbox};
use crate::limit;
use crate::link::Link;
use crate::outbox::{Outbox, Priority};
use crate::pool::Pool;
use crate::quic;
use crate::race::canonical;
use crate::session::{self, Sessions};
use crate::shared::Shared;
use crate::socket::{self, GuardedSocket};
use crate::target::{DialError, Dialing, Target};
use crate::tasks::Tasks;
use crate::tls::Tls;

/// A peer that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerInfo {
    /// Who.
    pub id: NodeId,
    /// Which run of its process.
    pub generation: u64,
    /// Where it is.
    pub remote_addr: SocketAddr,
    /// How far away it is, as measured now.
    pub rtt: Duration,
    /// Who dialed.
    pub direction: Direction,
    /// How many connections stand with it: more than one while duplicates drain.
    pub connections: usize,
}

/// One socket, and the peers proven on it. Clones are handles to the same;
/// dropping the last hangs up without goodbye.
#[derive(Debug, Clone)]
pub struct Endpoint(Arc<Face>);

/// What all handles share; ends the tasks when the last is dropped.
#[derive(Debug)]
struct Face(Arc<Shared>);

impl Drop for Face {
    fn drop(&mut self) {
        self.0
            .quic
            .close(CloseCode::Shutdown.to_varint(), b"dropped");
        self.0.tasks.stop();
    }
}

/// Life: begin, change, end.
impl Endpoint {
    /// Opens the socket and begins to listen. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// If the socket cannot be opened or the configuration makes no sense.
    pub fn bind(
        config: EndpointConfig,
        credentials: Credentials,
    ) -> Result<(Self, Events), BindError> {
        let addr = config.listen;
        let refused = |error| match socket::lacks_ipv6(addr, &error) {
            true => BindError::NoIpv6 { addr, error },
            false => BindError::Socket { addr, error },
        };
        let cells = Arc::new(Cells::default());
        let own = credentials.identity().clone();
        let tls = Tls::new(credentials, Arc::clone(&cells));
        let transport = quic::transport(&config)?;
        let server = quic::server(&tls, &transport)?;
        let socket = socket::open(config.listen).map_err(refused)?;
        let guarded =
            GuardedSocket::new(socket, Arc::clone(&cells), config.faults).map_err(refused)?;
        let quic = quinn::Endpoint::new_with_abstract_socket(
            quic::endpoint(&config),
            Some(server),
            Arc::new(guarded),
            Arc::new(quinn::TokioRuntime),
        )
        .map_err(refused)?;
        let (inbox, events) = inbox();
        let shared = Arc::new(Shared {
            own,
            tls,
            transport,
            quic,
            cells,
            inbox,
            tasks: Tasks::new(),
            doors: Doors::default(),
            sessions: Sessions::default(),
            dials: Mutex::new(Dials::new(config.seed)),
            dial_slots: Semaphore::new(limit::DIALS_IN_FLIGHT),
            generation: AtomicU64::new(config.generation),
            // Zero stands for none in a Hello's lost marks.
            conn_seq: AtomicU64::new(1),
            closing: AtomicBool::new(false),
            pool: Mutex::new(Pool::default()),
            config,
        });
        shared.tasks.spawn(accept::listen(Arc::clone(&shared)));
        Ok((Self(Arc::new(Face(shared))), events))
    }

    /// A later run of the same process, for connections from now on: only
    /// while joining, before anybody was told the earlier one.
    pub fn set_generation(&self, generation: u64) {
        self.shared()
            .generation
            .store(generation, Ordering::Release);
    }

    /// New credentials of the same node, for connections from now on.
    ///
    /// # Errors
    /// If they prove somebody else; the old ones stay.
    pub fn replace_credentials(&self, credentials: Credentials) -> Result<(), OtherIdentity> {
        let (found, ours) = (credentials.identity(), &self.shared().own);
        if found != ours {
            return Err(OtherIdentity {
                found: found.to_string(),
                ours: ours.to_string(),
            });
        }
        self.shared().tls.replace(credentials);
        Ok(())
    }

    /// Says goodbye to everybody, lets what is on its way arrive, hangs up.
    /// Bounded by three times [`CLOSE`](limit::CLOSE). Whatever the host still
    /// has to hear comes before the end of its events.
    pub async fn close(&self, why: &str) {
        let shared = self.shared();
        if shared.closing.swap(true, Ordering::AcqRel) {
            return;
        }
        shared.quic.set_server_config(None);
        let mut goodbyes = JoinSet::new();
        for (outbox, links) in self.everybody() {
            let why = why.to_owned();
            goodbyes.spawn(async move {
                // What is not sent in time is not sent.
                let _ = timeout(limit::CLOSE, outbox.drained()).await;
                for link in links {
                    link.drain(CloseCode::Shutdown, &why, limit::CLOSE).await;
                }
            });
        }
        while goodbyes.join_next().await.is_some() {}
        shared
            .quic
            .close(CloseCode::Shutdown.to_varint(), why.as_bytes());
        // A peer that does not acknowledge the goodbye will time out by itself.
        let _ = timeout(limit::CLOSE, shared.quic.wait_idle()).await;
        shared.tasks.stop();
        // Full: the host does not listen; it will find the end when we are dropped.
        let _ = shared.inbox.try_send(Envelope::END);
    }

    fn everybody(&self) -> Vec<(Arc<Outbox>, Vec<Arc<Link>>)> {
        let pool = self.shared().pool();
        pool.peers
            .values()
            .map(|peer| (Arc::clone(&peer.outbox), peer.links.clone()))
            .collect()
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

/// Peers: find them, ask about them, let go of them.
impl Endpoint {
    /// Dials a target, unless it is being dialed, is up, or failed a moment
    /// ago. [`Dialing`] says whether an event follows.
    ///
    /// # Errors
    /// If no dial was begun; no event follows then.
    pub fn dial(&self, target: Target) -> Result<Dialing, DialError> {
        dial::begin(self.shared(), target)
    }

    /// Hangs up on a peer; `Down` follows.
    pub fn disconnect(&self, peer: &NodeId, why: &str) {
        let links = self
            .shared()
            .pool()
            .peers
            .get(peer)
            .map(|peer| peer.links.clone());
        for link in links.into_iter().flatten() {
            link.close(CloseCode::Normal, why);
        }
    }

    /// How far away a peer is, as measured now.
    pub fn rtt(&self, peer: &NodeId) -> Option<Duration> {
        Some(self.shared().pool().best(peer)?.connection.rtt())
    }

    /// Everybody who is up, in the order of their names.
    pub fn peers(&self) -> Vec<PeerInfo> {
        let pool = self.shared().pool();
        let peers = pool.peers.iter().map(|(id, peer)| {
            let best = peer.best();
            PeerInfo {
                id: id.clone(),
                generation: peer.generation,
                remote_addr: canonical(best.connection.remote_address()),
                rtt: best.connection.rtt(),
                direction: best.direction,
                connections: peer.links.iter().filter(|link| link.is_alive()).count(),
            }
        });
        peers.collect()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.shared().cells.snapshot()
    }

    /// Where we listen.
    pub fn local_addr(&self) -> SocketAddr {
        // The system has told the address once already; the fallback is what was asked for.
        self.shared()
            .quic
            .local_addr()
            .unwrap_or(self.shared().config.listen)
    }
}

/// Sending: nothing here waits.
impl Endpoint {
    /// Sends a datagram: now, or never.
    ///
    /// # Errors
    /// If there is no connection, no room, or too many bytes.
    pub fn send_datagram(&self, peer: &NodeId, bytes: Bytes) -> Result<(), SendError> {
        let shared = self.shared();
        let link = shared.pool().best(peer).ok_or(SendError::NotConnected)?;
        let connection = &link.connection;
        // The path may carry less than the budget for a while (quinn#2791).
        let max = connection
            .max_datagram_size()
            .unwrap_or(0)
            .min(limit::DATAGRAM_BYTES);
        if bytes.len() > max {
            shared.cells.datagrams_too_large.bump();
            return Err(SendError::TooLarge {
                bytes: bytes.len(),
                max,
            });
        }
        // quinn would drop the oldest without a word.
        if connection.datagram_send_buffer_space() < bytes.len() {
            shared.cells.datagrams_no_room.bump();
            return Err(SendError::QueueFull);
        }
        connection
            .send_datagram(bytes)
            .map_err(|_| SendError::NotConnected)?;
        link.activity.touch();
        shared.cells.datagrams_sent.bump();
        Ok(())
    }

    /// Sends a message on a stream of its own: at most once, in no order.
    ///
    /// # Errors
    /// If there is no connection, the queue is full, or it is too long.
    pub fn send_message(
        &self,
        peer: &NodeId,
        bytes: Bytes,
        priority: Priority,
    ) -> Result<(), SendError> {
        let shared = self.shared();
        let max = limit::STREAM_MESSAGE_BYTES;
        if bytes.len() > max {
            shared.cells.messages_too_large.bump();
            return Err(SendError::TooLarge {
                bytes: bytes.len(),
                max,
            });
        }
        let outbox = shared
            .pool()
            .alive(peer)
            .map(|peer| Arc::clone(&peer.outbox));
        if !outbox.ok_or(SendError::NotConnected)?.push(bytes, priority) {
            shared.cells.messages_queue_full.bump();
            return Err(SendError::QueueFull);
        }
        shared.cells.messages_sent.bump();
        Ok(())
    }

    /// Opens a session under a number of the host's choice. `SessionOpened`
    /// follows, or `SessionClosed`; messages may be queued at once.
    ///
    /// # Errors
    /// If there is no connection, too many sessions, or the number is in use.
    pub fn open_session(&self, peer: &NodeId, number: u64) -> Result<SessionKey, SendError> {
        session::open(self.shared(), peer, number)
    }

    /// Sends the next message of a session.
    ///
    /// # Errors
    /// `QueueFull` when it has to wait: `SessionWritable` follows.
    pub fn session_send(&self, session: SessionKey, bytes: Bytes) -> Result<(), SendError> {
        let sent = self.shared().sessions.send(session, bytes);
        if sent == Err(SendError::QueueFull) {
            self.shared().cells.session_queue_full.bump();
        }
        sent
    }

    /// Says that nothing more will be sent in a session. What is queued still is.
    pub fn session_finish(&self, session: SessionKey) {
        self.shared().sessions.finish(session);
    }

    /// Ends a session at once, both ways. `SessionClosed` follows.
    pub fn session_reset(&self, session: SessionKey) {
        self.shared().sessions.reset(session);
    }
}
