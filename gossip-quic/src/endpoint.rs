//! The endpoint: one socket, and the peers proven on it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;

use crate::config::EndpointConfig;
use crate::counters::Counters;
use crate::credentials::Credentials;
use crate::error::{BindError, OtherIdentity, SendError};
use crate::event::{Direction, Event, SessionKey};
use crate::target::{DialError, Dialing, Target};

/// How urgently a message leaves, among those of one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// After everything else but sessions.
    Bulk,
    /// As a rule.
    #[default]
    Normal,
    /// Before other messages.
    Urgent,
}

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
    /// How many connections there are with it: more than one while duplicates drain.
    pub connections: usize,
}

/// The receiving end of an endpoint's events.
#[derive(Debug)]
pub struct Events {}

impl Events {
    /// The next event; `None` when the endpoint is closed and everything was told.
    pub async fn recv(&mut self) -> Option<Event> {
        None
    }

    /// The next event, if one waits.
    pub fn try_recv(&mut self) -> Option<Event> {
        None
    }
}

/// One socket, and the peers proven on it. Clones are handles to the same;
/// dropping the last hangs up without goodbye.
#[derive(Debug, Clone)]
pub struct Endpoint {}

impl Endpoint {
    /// Opens the socket and begins to listen. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// If the socket cannot be opened or the configuration makes no sense.
    pub fn bind(_: EndpointConfig, _: Credentials) -> Result<(Self, Events), BindError> {
        Err(BindError::IdleTimeout)
    }

    /// Dials a target, unless it is being dialed, is up, or failed a moment ago.
    ///
    /// # Errors
    /// If no dial was begun; no event follows then.
    pub fn dial(&self, _: Target) -> Result<Dialing, DialError> {
        Err(DialError::Closing)
    }

    /// Sends a datagram: now, or never.
    ///
    /// # Errors
    /// If there is no connection, no room, or too many bytes.
    pub fn send_datagram(&self, _: &NodeId, _: Bytes) -> Result<(), SendError> {
        Err(SendError::NotConnected)
    }

    /// Sends a message on a stream of its own: at most once, in no order.
    ///
    /// # Errors
    /// If there is no connection, the queue is full, or it is too long.
    pub fn send_message(&self, _: &NodeId, _: Bytes, _: Priority) -> Result<(), SendError> {
        Err(SendError::NotConnected)
    }

    /// Opens a session: an ordered, two-way exchange of messages.
    /// `SessionOpened` follows, or `SessionClosed`.
    ///
    /// # Errors
    /// If there is no connection or there are too many sessions.
    pub fn open_session(&self, _: &NodeId, _: u64) -> Result<SessionKey, SendError> {
        Err(SendError::NotConnected)
    }

    /// Sends the next message of a session.
    ///
    /// # Errors
    /// `QueueFull` when it has to wait: `SessionWritable` follows.
    pub fn session_send(&self, _: SessionKey, _: Bytes) -> Result<(), SendError> {
        Err(SendError::NotConnected)
    }

    /// Says that nothing more will be sent in a session.
    pub fn session_finish(&self, _: SessionKey) {}

    /// Ends a session at once, both ways.
    pub fn session_reset(&self, _: SessionKey) {}

    /// How far away a peer is, as measured now.
    pub fn rtt(&self, _: &NodeId) -> Option<Duration> {
        None
    }

    /// Everybody who is up.
    pub fn peers(&self) -> Vec<PeerInfo> {
        Vec::new()
    }

    /// Hangs up on a peer; `Down` follows.
    pub fn disconnect(&self, _: &NodeId, _: &str) {}

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Where we listen.
    pub fn local_addr(&self) -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 0))
    }

    /// A later run of the same process: only while joining.
    pub fn set_generation(&self, _: u64) {}

    /// New credentials of the same node, for connections from now on.
    ///
    /// # Errors
    /// If they prove somebody else.
    pub fn replace_credentials(&self, _: Credentials) -> Result<(), OtherIdentity> {
        Ok(())
    }

    /// Says goodbye to everybody, lets what is on its way arrive, hangs up.
    /// Bounded by twice [`CLOSE`](crate::limit::CLOSE).
    pub async fn close(&self, _: &str) {}
}
