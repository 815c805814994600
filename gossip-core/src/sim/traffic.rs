//! Traffic: what one node has sent, and what became of it.
//!
//! Messages are counted by what they are for, at their own weight. What all
//! of it costs on the wire, with what the transport adds of its own, is
//! counted beside: [`Traffic::wire`] is what a network card would show.

use super::wire::Wire;
use crate::message::{Body, Message};

/// Messages and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub messages: u64,
    /// Their weight: an upper bound of their encoded length.
    pub bytes: u64,
}

impl Tally {
    const fn add(&mut self, message_bytes: u64) {
        self.messages += 1;
        self.bytes += message_bytes;
    }

    const fn join(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

/// What one node sent, or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Everything handed to the network.
    pub sent: Tally,
    /// Of it: pings, acks, ping-reqs and nacks.
    pub probes: Tally,
    /// Of it: messages that carry nothing but rumors.
    pub gossip: Tally,
    /// Of it: everything in sessions.
    pub sync: Tally,
    /// Rumors that rode on any of these.
    pub rumors: u64,
    /// Messages for a peer without a link, or a session that is over: dropped.
    pub unlinked: u64,
    /// Datagrams that the network lost.
    pub lost: u64,
    /// Packets that came while the process was held up and its socket full.
    pub unread: u64,
    /// Handshakes begun by us.
    pub dials: u64,
    /// Everything it put on the wire.
    pub wire: Wire,
    /// Of it: connections, begun, taken, or tried in vain.
    pub connecting: Wire,
    /// Of it: acknowledgements of datagrams in packets of their own.
    pub acks: Wire,
}

impl Traffic {
    /// Counts a message that was sent.
    pub(super) fn count(&mut self, message: &Message) -> usize {
        let weight = message.weight();
        let bytes = weight as u64;
        self.sent.add(bytes);
        self.rumors += message.rumors.len() as u64;
        match message.body {
            Body::Ping { .. } | Body::Ack { .. } | Body::PingReq { .. } | Body::Nack { .. } => {
                self.probes.add(bytes);
            }
            Body::Gossip
            | Body::Offer(_)
            | Body::EventSum(_)
            | Body::EventHave(_)
            | Body::EventDelta(_)
            | Body::Answer(_)
            | Body::Outline(_)
            | Body::ChunkAsk(_)
            | Body::Chunk(_) => self.gossip.add(bytes),
            _ => self.sync.add(bytes),
        }
        weight
    }

    /// It puts something on the wire to have a connection.
    pub(super) const fn connects(&mut self, cost: Wire) {
        self.wire.join(cost);
        self.connecting.join(cost);
    }

    /// It acknowledges something, if it does.
    pub(super) const fn acknowledges(&mut self, cost: Option<Wire>) {
        if let Some(cost) = cost {
            self.wire.join(cost);
            self.acks.join(cost);
        }
    }

    /// Adds another's.
    pub(super) const fn join(&mut self, other: &Self) {
        self.sent.join(other.sent);
        self.probes.join(other.probes);
        self.gossip.join(other.gossip);
        self.sync.join(other.sync);
        self.rumors += other.rumors;
        self.unlinked += other.unlinked;
        self.lost += other.lost;
        self.unread += other.unread;
        self.dials += other.dials;
        self.wire.join(other.wire);
        self.connecting.join(other.connecting);
        self.acks.join(other.acks);
    }
}
