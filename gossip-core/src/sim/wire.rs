//! The wire: what real QUIC puts on it for what a node wants carried.
//!
//! All figures are means measured by gossip-quic's bench `packets` (two
//! endpoints on loopback, P-256 certificates, no loss, until silence), in bytes
//! of UDP payload. What is lost and sent again is charged again.

use crate::base::time::{Duration, Instant};

/// Packets and their bytes, as UDP payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wire {
    /// How many.
    pub packets: u64,
    /// Their bytes, without the headers of IP and UDP.
    pub bytes: u64,
}

impl Wire {
    pub(super) const fn new(packets: u64, bytes: u64) -> Self {
        Self { packets, bytes }
    }

    /// The bytes with the headers of IPv4 and UDP, 28 a packet. (IPv6: 48.)
    pub const fn bytes_with_headers(self) -> u64 {
        self.bytes + 28 * self.packets
    }

    pub(super) const fn join(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }
}

/// A connection, for the one that dialed, until all is said that belongs to
/// its beginning (TLS, Hello, the search for the largest packet).
pub(super) const CONNECT_DIALER: Wire = Wire::new(8, 4_230);
/// The same, for the one that was dialed.
pub(super) const CONNECT_SERVER: Wire = Wire::new(6, 2_990);
/// A flight of a handshake sent again: two full packets.
pub(super) const CONNECT_AGAIN: Wire = Wire::new(2, 2_400);
/// A dial that nothing answers, in 5 s.
pub(super) const DIAL_IN_VAIN: Wire = Wire::new(11, 12_000);
/// A dial that is refused by the machine (guess: the measured 1 200 to 2 400).
pub(super) const DIAL_REFUSED: Wire = Wire::new(2, 1_200);
/// A connection's end, for the one that closes it.
pub(super) const CLOSE: Wire = Wire::new(1, 49);
/// The same, for the other; and "no such connection" (guess: as long).
pub(super) const CLOSED: Wire = Wire::new(1, 39);
/// An acknowledgement that found nothing to ride on.
pub(super) const ACK: Wire = Wire::new(1, 37);
/// What a session costs the one that opens it, begin and end.
pub(super) const SESSION_OPENER: Wire = Wire::new(3, 122);
/// The same, for the other.
pub(super) const SESSION_OTHER: Wire = Wire::new(2, 78);
/// What a message on a stream of its own costs the one that hears it.
pub(super) const MESSAGE_HEARD: Wire = Wire::new(1, 47);

/// What a packet adds to the datagram in it.
const DATAGRAM_OVERHEAD_BYTES: u64 = 41;
/// What each further datagram for the same peer at the same moment adds.
const COALESCED_OVERHEAD_BYTES: u64 = 7;
/// As long as all of them fit into this.
const COALESCED_BYTES: u64 = 1_400;
/// What a message on a stream adds for the one that sends it, the
/// acknowledgement of the stream's end included; and for each KiB beyond the first.
const MESSAGE_OVERHEAD_BYTES: u64 = 90;
const KIB_OVERHEAD_BYTES: u64 = 28;
/// What a message in a session adds (45 for the opener, 41 for the other).
const SESSION_MESSAGE_OVERHEAD_BYTES: u64 = 43;
/// The largest packet.
pub(super) const PACKET_BYTES: u64 = 1_452;
/// How long an acknowledgement waits for something to ride on.
const ACK_DELAY: Duration = Duration::from_millis(25);

/// A message of so many bytes on a stream of its own.
pub(super) const fn message(bytes: u64) -> Wire {
    Wire::new(
        2 + bytes / PACKET_BYTES,
        bytes + MESSAGE_OVERHEAD_BYTES + further_kib(bytes) * KIB_OVERHEAD_BYTES,
    )
}

/// A message of so many bytes in a session.
pub(super) const fn session_message(bytes: u64) -> Wire {
    Wire::new(
        1 + bytes / PACKET_BYTES,
        bytes + SESSION_MESSAGE_OVERHEAD_BYTES + further_kib(bytes) * KIB_OVERHEAD_BYTES,
    )
}

/// Lost packets of a message of so many bytes, sent again.
pub(super) const fn again(packets: u64, message_bytes: u64) -> Wire {
    let bytes = message_bytes + MESSAGE_OVERHEAD_BYTES;
    let packet_bytes = if bytes < PACKET_BYTES {
        bytes
    } else {
        PACKET_BYTES
    };
    Wire::new(packets, packets * packet_bytes)
}

const fn further_kib(bytes: u64) -> u64 {
    bytes.saturating_sub(1) / 1_024
}

/// What acknowledges so many bytes that came at once, beside the first packet:
/// one for every two packets (RFC 9000 §13.2.2).
pub(super) const fn acks(bytes: u64) -> Wire {
    let packets = bytes / PACKET_BYTES / 2;
    Wire::new(packets, packets * ACK.bytes)
}

/// What one end of a link remembers, to know what shares a packet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pen {
    /// When the last datagrams left, and how many bytes they are together.
    last: Option<(Instant, u64)>,
    /// When an acknowledgement that is owed goes out by itself.
    owes: Option<Instant>,
}

impl Pen {
    /// A datagram is sent; what it costs, and what an acknowledgement cost
    /// that did not wait for it.
    pub(super) fn datagram(&mut self, now: Instant, bytes: usize) -> (Wire, Option<Wire>) {
        let bytes = bytes as u64;
        let ack = self.settle(now);
        self.owes = None;
        let wire = match self.last {
            Some((at, before))
                if at == now && before + COALESCED_OVERHEAD_BYTES + bytes <= COALESCED_BYTES =>
            {
                self.last = Some((now, before + COALESCED_OVERHEAD_BYTES + bytes));
                Wire::new(0, COALESCED_OVERHEAD_BYTES + bytes)
            }
            _ => {
                self.last = Some((now, bytes));
                Wire::new(1, DATAGRAM_OVERHEAD_BYTES + bytes)
            }
        };
        (wire, ack)
    }

    /// A datagram came, to be acknowledged; what an earlier acknowledgement
    /// cost that has gone out by itself meanwhile.
    pub(super) fn hears(&mut self, now: Instant) -> Option<Wire> {
        let ack = self.settle(now);
        self.owes.get_or_insert(now + ACK_DELAY);
        ack
    }

    /// What an acknowledgement cost that has gone out by itself by now.
    fn settle(&mut self, now: Instant) -> Option<Wire> {
        self.owes.take_if(|due| *due <= now).map(|_| ACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// What was measured: n + 79 in two packets for whoever pings, m + 40 in
    /// one for whoever answers at once.
    #[test]
    fn a_ping_and_its_answer_cost_three_packets() {
        let (mut ours, mut theirs) = (Pen::default(), Pen::default());
        let mut cost = Wire::default();
        cost.join(ours.datagram(at(0), 10).0);
        assert_eq!(theirs.hears(at(1)), None);
        let (answer, ack) = theirs.datagram(at(1), 5);
        assert_eq!(
            (answer, ack),
            (Wire::new(1, 46), None),
            "the ack rides on it"
        );
        assert_eq!(ours.hears(at(2)), None);
        let (_, ack) = ours.datagram(at(1_000), 10);
        cost.join(ack.unwrap());
        assert!(cost.packets == 2 && cost.bytes.abs_diff(10 + 79) <= 1);
    }

    #[test]
    fn datagrams_of_one_moment_share_packets() {
        let mut pen = Pen::default();
        let mut cost = Wire::default();
        (0..10).for_each(|_| cost.join(pen.datagram(at(0), 50).0));
        assert_eq!(cost, Wire::new(1, 41 + 500 + 9 * 7));
        let mut cost = Wire::default();
        (0..10).for_each(|_| cost.join(pen.datagram(at(1), 1_000).0));
        assert_eq!(cost.packets, 10);
        let acks = (0..10).filter_map(|_| pen.hears(at(2))).count();
        assert_eq!((acks, pen.hears(at(30))), (0, Some(ACK)));
    }

    #[test]
    fn streams_cost_what_was_measured() {
        let near = |cost: Wire, bytes: u64| cost.bytes.abs_diff(bytes) <= bytes / 50;
        assert!(near(message(50), 139) && near(message(1_024), 1_115));
        assert!(near(message(65_536), 67_309));
        let mut session = SESSION_OPENER;
        session.join(session_message(50));
        assert!(near(session, 50 + 166));
        let mut session = SESSION_OPENER;
        session.join(session_message(65_536));
        assert!(near(session, 65_536 + 2_000));
    }
}
