//! The configuration of an endpoint: where it listens and what it allows.

use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::base::agreed::Agreed;

use crate::limit::CONNECTIONS;

/// Everything an [`Endpoint`](crate::Endpoint) is told besides its credentials.
#[derive(Clone)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// Where to listen, and from where to dial: one socket for both, so that
    /// peers see the address we announce.
    pub listen: SocketAddr,
    /// How much a member may write, as this node has it: a peer whose settings do
    /// not fit is refused, by both.
    pub agreed: Agreed,
    /// Which run of the node's process this is. Strictly greater than in every
    /// run before: it is how a restarted node beats its own ghosts.
    pub generation: u64,
    /// The secret behind stateless resets. Keep it across restarts: with it
    /// peers of a killed process notice its restart with the next packet,
    /// without it only at the idle timeout (measured: at once, against 29.6 s).
    pub reset_key: [u8; 32],
    /// Seed of the jitter between dials. Not for secrets.
    pub seed: u64,
    /// How long silence is borne; the shorter of both ends' counts. At least
    /// 10 s; shorter than the probe cycle makes every probe a handshake.
    /// Default: the longest that a member of the largest cluster that stays
    /// connected is left alone by one that probes everybody once a round, a
    /// member a second: first in one round, last in the next, so twice
    /// [`CONNECTIONS`](crate::limit::CONNECTIONS) seconds. A silent connection
    /// costs 44 kB and no packet; whoever is known to be dead is to be
    /// [disconnected](crate::Endpoint::disconnect).
    pub idle_timeout: Duration,
    /// Pings of the transport's own when nothing else is sent; `None` where a
    /// failure detector probes anyway. Below 15 s if there is a NAT between: it
    /// forgets a silent connection long before we do.
    pub keep_alive: Option<Duration>,
    /// The round trip assumed before the first measurement: 100 ms suits a
    /// local network (first retransmission after 0.3 s), 333 ms the world.
    pub initial_rtt: Duration,
    /// How long a dial may take at one address, and a stranger until its
    /// `Hello` (corrosion: 5 s).
    pub connect_timeout: Duration,
    /// Segmentation offload. Some network cards and virtual machines answer it
    /// with EIO (quinn#1128, #2202); off costs throughput only.
    pub gso: bool,
    /// When strangers must prove their address.
    pub retry: RetryPolicy,
    /// Bounds on connections.
    pub limits: Limits,
    /// Faults to inject, in tests.
    pub faults: Option<Faults>,
}

impl EndpointConfig {
    /// The defaults for a local network.
    pub fn new(listen: SocketAddr, generation: u64, reset_key: [u8; 32], seed: u64) -> Self {
        Self {
            listen,
            agreed: Agreed::default(),
            generation,
            reset_key,
            seed,
            idle_timeout: Duration::from_secs(2 * CONNECTIONS as u64),
            keep_alive: None,
            initial_rtt: Duration::from_millis(100),
            connect_timeout: Duration::from_secs(5),
            gso: true,
            retry: RetryPolicy::WhenBusy,
            limits: Limits::default(),
            faults: None,
        }
    }
}

impl std::fmt::Debug for EndpointConfig {
    /// Without the reset key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointConfig")
            .field("listen", &self.listen)
            .field("generation", &self.generation)
            .field("idle_timeout", &self.idle_timeout)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// When a stranger must prove its address before we spend cryptography on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryPolicy {
    /// Above half of [`Limits::handshakes`]: costs a round trip only in a storm.
    WhenBusy,
    /// Always: one more round trip for every connection.
    Always,
}

/// Bounds on connections; each refusal is counted. All but the first bind
/// strangers only: a dial of our own is never charged to them, or two nodes
/// that dial each other at their bounds would never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Peers kept connected: beyond it one that rests is hung up on, whoever
    /// dialed. At least 1.
    pub peers: usize,
    /// Connections in total (al8n memberlist: 4 096).
    pub connections: usize,
    /// Connections with one node, draining ones included. Two are a pair that
    /// dialed each other; two more may still be draining (agave: 2).
    pub connections_per_node: usize,
    /// Connections from one address (guess: a datacenter's agents behind one
    /// NAT; al8n's 64 is for the open internet).
    pub connections_per_address: usize,
    /// Handshakes that strangers have in progress (al8n: 16 a source).
    pub handshakes: usize,
    /// Handshakes in progress from one address (guess: half of all).
    pub handshakes_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peers: CONNECTIONS,
            connections: 4_096,
            connections_per_node: 4,
            connections_per_address: 1_024,
            handshakes: 256,
            handshakes_per_address: 128,
        }
    }
}

/// Faults on the way in, with a seed: for tests of whatever stands above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Share of received packets to lose, in millionths.
    pub loss_ppm: u32,
    /// Which ones.
    pub seed: u64,
}
