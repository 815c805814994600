//! Events: what the transport tells its host.
//!
//! One bounded queue for everything, in order: of one peer, `Up` comes before
//! anything else, `Down` after everything else, and each `Up` has one `Down`.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;

use crate::close::CloseCode;
use crate::target::{DialError, TargetName};

/// Something happened. `peer` is always what TLS proved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A peer is connected, proven, and has said `Hello`.
    Up {
        /// Who.
        peer: NodeId,
        /// Which run of its process, as it says itself.
        generation: u64,
        /// How far away it is, as the handshake measured.
        rtt: Duration,
        /// Where it is.
        remote_addr: SocketAddr,
        /// Who dialed.
        direction: Direction,
    },
    /// A peer's last connection is gone, or its process was replaced.
    Down {
        /// Who.
        peer: NodeId,
        /// Why.
        why: DownReason,
    },
    /// A dial found its peer, which is up.
    Reached {
        /// What was dialed.
        target: TargetName,
        /// Who answered.
        peer: NodeId,
    },
    /// A dial failed.
    DialFailed {
        /// What was dialed.
        target: TargetName,
        /// Why it failed.
        why: DialError,
    },
    /// A datagram: may be lost, never late.
    Datagram {
        /// From whom.
        peer: NodeId,
        /// What.
        bytes: Bytes,
    },
    /// A message that came on a stream of its own, whole.
    Message {
        /// From whom.
        peer: NodeId,
        /// What.
        bytes: Bytes,
    },
    /// A session begins: one we opened, or one the peer opened.
    SessionOpened {
        /// With whom.
        peer: NodeId,
        /// Which.
        session: SessionKey,
    },
    /// The next message of a session.
    SessionMessage {
        /// Which.
        session: SessionKey,
        /// What.
        bytes: Bytes,
    },
    /// A session that had refused a message with `QueueFull` has room again.
    SessionWritable {
        /// Which.
        session: SessionKey,
    },
    /// The peer will send nothing more in this session; we still may.
    SessionFinished {
        /// Which.
        session: SessionKey,
    },
    /// A session is over; its key may be forgotten.
    SessionClosed {
        /// Which.
        session: SessionKey,
        /// Why.
        why: SessionEnd,
    },
}

/// Who dialed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// We did.
    Dialed,
    /// The peer did.
    Accepted,
}

/// The name of a session at this endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionKey {
    /// One the host opened; the host chooses the number and does not reuse it.
    Opened(u64),
    /// One a peer opened; the transport counts them.
    Accepted(u64),
}

/// Why a peer went down.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownReason {
    /// Nothing was heard for the idle timeout.
    TimedOut,
    /// Its process has forgotten the connection: it was restarted.
    Reset,
    /// A newer run of its process has connected.
    Replaced {
        /// The newer generation.
        generation: u64,
    },
    /// It hung up.
    ClosedByPeer {
        /// Its code.
        code: CloseCode,
        /// Its words.
        reason: String,
    },
    /// We hung up.
    ClosedHere,
    /// QUIC itself gave up.
    Transport {
        /// What it said.
        reason: String,
    },
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("nothing heard"),
            Self::Reset => f.write_str("restarted"),
            Self::Replaced { generation } => write!(f, "replaced by generation {generation}"),
            Self::ClosedByPeer { code, reason } => write!(f, "peer hung up: {code} ({reason})"),
            Self::ClosedHere => f.write_str("hung up"),
            Self::Transport { reason } => write!(f, "transport error: {reason}"),
        }
    }
}

impl From<quinn::ConnectionError> for DownReason {
    fn from(error: quinn::ConnectionError) -> Self {
        match error {
            quinn::ConnectionError::TimedOut => Self::TimedOut,
            quinn::ConnectionError::Reset => Self::Reset,
            quinn::ConnectionError::LocallyClosed => Self::ClosedHere,
            quinn::ConnectionError::ApplicationClosed(close) => Self::ClosedByPeer {
                code: CloseCode::from_varint(close.error_code),
                reason: String::from_utf8_lossy(&close.reason).into_owned(),
            },
            other => Self::Transport {
                reason: other.to_string(),
            },
        }
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEnd {
    /// Both ends finished.
    Finished,
    /// We reset it.
    ResetHere,
    /// The peer reset it or refused it.
    ResetByPeer(CloseCode),
    /// The peer sent nonsense in it, or a frame too large.
    Malformed,
    /// The connection under it is gone.
    ConnectionLost,
}
