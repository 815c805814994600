//! Counters: what happened, and above all what was refused.
//!
//! [`Counters`] is a plain copy to read and export; the live cells are bumped
//! by whoever sees the thing happen. Totals only ever rise.

use std::sync::atomic::{AtomicU64, Ordering};

/// A live counter.
#[derive(Debug, Default)]
pub(crate) struct Cell(AtomicU64);

impl Cell {
    pub(crate) fn bump(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.read() == 0
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A snapshot of everything counted since [`bind`](crate::Endpoint::bind).
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Every counter by name, for a table or a metrics page.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }

        /// The live cells behind [`Counters`].
        #[derive(Debug, Default)]
        pub(crate) struct Cells {
            $(pub(crate) $name: Cell,)+
        }

        impl Cells {
            pub(crate) fn snapshot(&self) -> Counters {
                Counters { $($name: self.$name.read(),)+ }
            }
        }
    };
}

counters! {
    /// Peers that came up.
    peers_up,
    /// Peers that went down.
    peers_down,
    /// Dials begun.
    dials_started,
    /// Dials that failed.
    dials_failed,
    /// Dials that met another to the same target, or a peer already up.
    dials_joined,
    /// Dials refused because the last failure is too fresh.
    dials_backing_off,
    /// Dials refused because too many wait.
    dials_over_limit,
    /// Handshakes that strangers began with us and finished.
    handshakes_accepted,
    /// Handshakes that strangers began with us and that failed: certificates, timeouts, nonsense.
    handshakes_failed,
    /// Strangers asked to prove their address first.
    handshakes_retried,
    /// Strangers refused: all handshakes in progress are taken.
    handshakes_over_limit,
    /// Strangers refused: too many handshakes or connections from their address.
    connections_over_address_limit,
    /// Peers hung up on to make room for another, above [`CONNECTIONS`](crate::limit::CONNECTIONS).
    peers_spared,
    /// Peers admitted above [`CONNECTIONS`](crate::limit::CONNECTIONS) because all others were at work.
    peers_over_limit,
    /// Connections refused: too many in total.
    connections_over_limit,
    /// Connections refused: too many with that node.
    connections_over_node_limit,
    /// Connections refused: one end's certificate is for another cluster. As
    /// the listener only the dialer's word for it: it judges first.
    refused_other_cluster,
    /// Connections refused: `Hello` and certificate name different nodes.
    refused_identity,
    /// Connections refused: no protocol version in common.
    refused_version,
    /// Connections refused: the peer bears our own name.
    refused_own_identity,
    /// Connections refused: what the one may write, the other does not take. As
    /// the dialer also when the other end says so.
    refused_disagreed,
    /// Connections closed: nonsense on the control stream, or none in time.
    refused_protocol,
    /// Connections that lost against a better one with the same peer.
    duplicates,
    /// Bytes of UDP payload handed to the socket.
    bytes_sent,
    /// Bytes of UDP payload that came, before anything was refused.
    bytes_received,
    /// UDP packets that cannot be QUIC.
    packets_not_quic,
    /// Empty UDP packets: a dialer asking whether the port is open.
    packets_knock,
    /// UDP packets dropped on purpose, by [`Faults`](crate::Faults).
    packets_injected_loss,
    /// Datagrams handed to QUIC.
    datagrams_sent,
    /// Datagrams not sent: over the size budget or over what the path carries.
    datagrams_too_large,
    /// Datagrams not sent: the buffer towards the peer is full.
    datagrams_no_room,
    /// Datagrams handed to the host.
    datagrams_received,
    /// Datagrams dropped: the peer's share of the host's attention is used up.
    datagrams_over_share,
    /// Messages accepted for sending.
    messages_sent,
    /// Messages refused: the queue towards the peer is full.
    messages_queue_full,
    /// Messages refused: longer than a message may be.
    messages_too_large,
    /// Messages whose connection ended before the peer had acknowledged them.
    messages_lost,
    /// Messages handed to the host.
    messages_received,
    /// Sessions begun, either way.
    sessions_opened,
    /// Sessions refused: too many.
    sessions_over_limit,
    /// Session messages refused: the session's queue is full.
    session_queue_full,
    /// Streams refused: a frame announced more bytes than allowed.
    frames_too_large,
    /// Streams that ended inside a frame or carried a malformed one.
    frames_malformed,
    /// Streams refused: of a kind this version does not know.
    streams_unknown_kind,
}
