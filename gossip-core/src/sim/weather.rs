//! Weather: how a set of directed paths behaves, and what goes wrong on them.
//!
//! All of it is plain data. A path is *directed*: what `a` sends to `b` may be
//! lost while what `b` sends to `a` is not.
//!
//! ```text
//!   Paths { from: All, to: These([b]) }        a ──▶ b ◀── c        b ──▶ a  not in it
//! ```

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::host::HostId;

/// A set of hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// All that there are when it is used.
    All,
    /// These.
    These(Vec<HostId>),
}

impl Hosts {
    /// Whether a host is one of them.
    pub fn contains(&self, host: HostId) -> bool {
        match self {
            Self::All => true,
            Self::These(hosts) => hosts.contains(&host),
        }
    }
}

/// A set of directed paths: from each of these to each of those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Who sends.
    pub from: Hosts,
    /// Who hears.
    pub to: Hosts,
}

impl Paths {
    /// Every path.
    pub const fn all() -> Self {
        Self {
            from: Hosts::All,
            to: Hosts::All,
        }
    }

    /// From any of these to any of those.
    pub const fn between(from: Vec<HostId>, to: Vec<HostId>) -> Self {
        Self {
            from: Hosts::These(from),
            to: Hosts::These(to),
        }
    }

    /// From everybody to one.
    pub fn into(host: HostId) -> Self {
        Self {
            from: Hosts::All,
            to: Hosts::These(vec![host]),
        }
    }

    /// From one to everybody.
    pub fn out_of(host: HostId) -> Self {
        Self {
            from: Hosts::These(vec![host]),
            to: Hosts::All,
        }
    }

    /// Both: into one, and out of it.
    pub fn of(host: HostId) -> [Self; 2] {
        [Self::into(host), Self::out_of(host)]
    }
}

/// How a directed path behaves. The default is a path without faults that is
/// as fast as the world's [`NetworkSetup`](super::NetworkSetup) says; what that
/// loses anyway is lost besides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weather {
    /// Of a million packets, how many are lost, each by a chance of its own.
    pub loss_ppm: u32,
    /// Losses that come together.
    pub burst: Option<Burst>,
    /// Of a million datagrams, how many come twice, the copy right behind.
    ///
    /// QUIC drops a packet it has seen (RFC 9000 §12.3), so over gossip-quic
    /// no node hears one message twice. The knob is for hosts whose network
    /// delivers at least once: the core must not mind.
    pub duplicate_ppm: u32,
    /// Of a million datagrams, how many are held back so that those sent later
    /// overtake them. What goes on streams is put in order by the transport.
    pub reorder_ppm: u32,
    /// Of a million datagrams, how many come once more, 1 to 10 s later, if
    /// the link still stands. As with `duplicate_ppm`, QUIC lets none through.
    pub replay_ppm: u32,
    /// How long a packet takes; `None`: as the world's setup says.
    pub latency: Option<Latency>,
    /// What the sender's end of the path carries; what finds more than
    /// 200 ms of queue in front of it is dropped there. `None`: as the world's
    /// setup says.
    pub bytes_per_second: Option<u64>,
    /// Datagrams with more bytes than this vanish: a path with a small MTU
    /// that tells nobody. (What is on streams QUIC cuts into smaller packets.)
    pub datagram_bytes: Option<usize>,
}

impl Weather {
    /// A path that loses so many of a million packets.
    pub fn losing(ppm: u32) -> Self {
        Self {
            loss_ppm: ppm,
            ..Self::default()
        }
    }
}

/// Losses that come together: while a burst lasts, every packet of the path is
/// lost (Gilbert 1960, Elliott 1963, with nothing lost in between).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// How many packets a burst lasts in the mean; one at least.
    pub mean_packets: u32,
    /// Of a million packets, how many are sent in bursts. At most 900 000.
    pub share_ppm: u32,
}

/// How long a packet takes: never less than `least`, and most often `spread`
/// more (half of all packets less, half more; one in ten 3.6 times, one in a
/// hundred 10 times as much: a lognormal with σ = 1). Packets keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The least.
    pub least: Duration,
    /// The median of what comes on top.
    pub spread: Duration,
}
