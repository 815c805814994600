//! Every bound of the transport, by name, in one place.
//!
//! What a bound refuses is counted in [`Counters`](crate::Counters). Bounds an
//! operator may want to move are fields of [`Limits`](crate::Limits); those
//! below are the constants.

use std::time::Duration;

pub use gossip_core::base::limit::{ADDRS, DATAGRAM_BYTES, STREAM_MESSAGE_BYTES};

// ---- Memory a peer may use --------------------------------------------------

/// Datagrams of one peer that may wait for the host (guess: half a second of a
/// probe storm; 560 KiB at full size).
pub const INBOUND_DATAGRAMS: usize = 512;

/// Messages and session messages of one peer that may wait for the host
/// (al8n memberlist: 1 024 of 8 192).
pub const INBOUND_MESSAGES: usize = 1_024;

/// Bytes of messages of one peer that are being put together or wait for the
/// host. More than [`STREAM_MESSAGE_BYTES`], so the biggest always fits (guess).
pub const INBOUND_BYTES: usize = 4 * 1024 * 1024;

/// Events that may wait for the host, from all peers together (al8n: 8 192).
pub const EVENTS: usize = 8_192;

/// Messages that may wait to be sent to one peer.
pub const OUTBOUND_MESSAGES: usize = 1_024;

/// Bytes of messages that may wait to be sent to one peer.
pub const OUTBOUND_BYTES: usize = 4 * 1024 * 1024;

/// Messages that are on their way to one peer at once: as many as it grants
/// streams for.
pub const MESSAGES_IN_FLIGHT: u32 = UNI_STREAMS;

/// Messages that may wait in one session.
pub const SESSION_MESSAGES: usize = 4;

/// Sessions of all peers together, each way (al8n: 1 024).
pub const SESSIONS: usize = 1_024;

// ---- Windows of QUIC --------------------------------------------------------

/// One-way streams a peer may have open to us: one a message.
pub const UNI_STREAMS: u32 = 32;

/// Two-way streams a peer may have open to us: control and sessions.
pub const BIDI_STREAMS: u32 = 16;

/// Bytes of one stream we hold before the reader asks for more: 2.6 MB/s at a
/// round trip of 50 ms.
pub const STREAM_WINDOW_BYTES: u32 = 128 * 1024;

/// Bytes of all streams of a connection we hold. Every stream's window at once:
/// streams that wait for their share of memory can then never take the credit
/// that others need to become complete, which would lock both for ever.
pub const CONNECTION_WINDOW_BYTES: u32 = (UNI_STREAMS + 2 * BIDI_STREAMS) * STREAM_WINDOW_BYTES;

/// Bytes we send before they are acknowledged. Small, so that bulk cannot
/// swell the queue in front of a probe (measured: 44 ms p50 rather than 58).
pub const SEND_WINDOW_BYTES: u64 = 512 * 1024;

/// Datagrams received and not yet read, in bytes.
pub const DATAGRAM_RECEIVE_BYTES: usize = 256 * 1024;

/// Datagrams waiting to leave, in bytes. Freshness beats completeness.
pub const DATAGRAM_SEND_BYTES: usize = 64 * 1024;

/// TLS messages put together during a handshake, in bytes.
pub const CRYPTO_BYTES: usize = 16 * 1024;

// ---- Strangers --------------------------------------------------------------

/// Connection attempts quinn holds before we look at them.
pub const INCOMING: usize = 1_024;

/// Bytes quinn holds for one attempt.
pub const INCOMING_BYTES: u64 = 64 * 1024;

/// Bytes quinn holds for all attempts.
pub const INCOMING_BYTES_TOTAL: u64 = 8 * 1024 * 1024;

/// How long the address check of a stranger may take.
pub const RETRY_TOKEN_LIFETIME: Duration = Duration::from_secs(15);

// ---- Peers ------------------------------------------------------------------

/// Peers kept connected; beyond it one that rests is hung up on. About 45 MB
/// of memory (the bench `packets`: 44 kB each), for which every member of a
/// cluster up to this size stays warm (guess).
pub const CONNECTIONS: usize = 1_024;

/// How long a connection must not have been used before it may be closed for
/// its affinity: longer than a probe with all its retries takes, so that what
/// was just dialed is used before it goes (guess).
pub const REST: Duration = Duration::from_secs(10);

// ---- Dials ------------------------------------------------------------------

/// Dials begun at once; the rest wait. With the system's default socket buffer,
/// 1 000 dials at once lose a quarter, 32 at a time lose none (measured).
pub const DIALS_IN_FLIGHT: usize = 32;

/// How long a dial counts among [`DIALS_IN_FLIGHT`]: an answer that is not
/// there by then does not crowd the socket, and those who wait must not pay
/// for many that are dead (guess: ten round trips around the world and a handshake's work).
pub const DIAL_BEGINS: Duration = Duration::from_secs(1);

/// Dials that may wait for their turn.
pub const DIALS_QUEUED: usize = 1_024;

/// First pause after a failed dial; it doubles with each failure.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// Longest pause after failed dials.
pub const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// Targets whose failures we remember.
pub const BACKOFFS: usize = 4_096;

/// Peers whose lost connections we remember, for the next `Hello`.
pub const LOST: usize = 4_096;

// ---- Ends -------------------------------------------------------------------

/// How long a connection that lost to another may finish what it carries.
pub const DRAIN: Duration = Duration::from_secs(5);

/// How long [`close`](crate::Endpoint::close) waits for what is on its way,
/// and then again for the goodbyes to leave.
pub const CLOSE: Duration = Duration::from_secs(2);

/// Bytes asked for each of the socket's buffers. With the default of 208 KiB a
/// storm of 1 000 handshakes loses a quarter of them (measured).
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Below this the operator is warned about the socket's buffers.
pub const SOCKET_BUFFER_BYTES_WARN: usize = 1024 * 1024;
