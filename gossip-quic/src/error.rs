//! Errors of the calls a host makes.

use std::io;
use std::net::SocketAddr;

/// Why an endpoint did not come to be. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The socket could not be opened.
    #[error(
        "cannot listen on {addr} (UDP): {error}; is another process there, and is the address ours?"
    )]
    Socket {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// It is an IPv6 address, and the system has no IPv6.
    #[error(
        "cannot listen on {addr} (UDP): this system has no IPv6 ({error}); listen on an IPv4 address, such as 0.0.0.0"
    )]
    NoIpv6 {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// TLS refused the credentials.
    #[error("TLS refused the configuration: {0}")]
    Tls(String),
    /// A duration in the configuration is beyond what QUIC can say.
    #[error("the idle timeout is longer than QUIC can say; use days at most")]
    IdleTimeout,
}

/// Why something was not sent. It was not queued either, unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No connection with that peer.
    #[error("not connected; dial first")]
    NotConnected,
    /// Over the size budget, or over what the path carries now.
    #[error("{bytes} bytes are more than the {max} that fit")]
    TooLarge {
        /// How long it was.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// The queue towards the peer is full; for a session, `SessionWritable` will follow.
    #[error("the queue is full; the peer is slower than we are")]
    QueueFull,
    /// No such session, or it is over or finished.
    #[error("no such session, or it is over")]
    NoSession,
    /// The number is in use by another session.
    #[error("a session with this number is open; number sessions without repetition")]
    SessionTaken,
    /// Too many sessions.
    #[error("too many sessions")]
    LimitReached,
}

/// Why credentials were not exchanged; the old ones stay in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the new certificate is for {found}, ours was for {ours}; restart the node to change who it is"
)]
pub struct OtherIdentity {
    /// Whom the new certificate proves.
    pub found: String,
    /// Whom we are.
    pub ours: String,
}
