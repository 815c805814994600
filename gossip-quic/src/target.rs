//! A target: whom to dial, and where it may be found.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gossip_core::base::id::NodeId;

use crate::close::CloseCode;

/// What a dial is known by: two dials of one name are one dial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetName {
    /// A seed from the configuration: whoever of the cluster answers is welcome.
    Seed(Arc<str>),
    /// A member: only this node will do.
    Member(NodeId),
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(name) => write!(f, "seed {name}"),
            Self::Member(id) => write!(f, "{id}"),
        }
    }
}

/// Whom to dial, and the addresses to try, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What the dial is known by.
    pub name: TargetName,
    /// Where to try; the first [`ADDRS`](crate::limit::ADDRS) count.
    pub addrs: Vec<SocketAddr>,
}

impl Target {
    /// A seed: whoever of the cluster answers there.
    pub fn seed(name: &str, addrs: impl Into<Vec<SocketAddr>>) -> Self {
        Self {
            name: TargetName::Seed(Arc::from(name)),
            addrs: addrs.into(),
        }
    }

    /// A member: the certificate must name exactly this node.
    pub fn member(id: NodeId, addrs: impl Into<Vec<SocketAddr>>) -> Self {
        Self {
            name: TargetName::Member(id),
            addrs: addrs.into(),
        }
    }
}

/// What became of a call to [`Endpoint::dial`](crate::Endpoint::dial).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialing {
    /// Begun: `Reached` or `DialFailed` will follow.
    Started,
    /// One to the same target is under way: its answer is the answer.
    Joined,
    /// The peer is up already; nothing will follow.
    AlreadyUp,
}

/// Why a dial did not reach its target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// Nobody listens there: the other host or a router said so.
    #[error("nobody listens at {addr}; check the address and that the node runs")]
    Unreachable {
        /// The address tried last.
        addr: SocketAddr,
    },
    /// No answer at all.
    #[error("no answer from {addr}; check the address, the firewall (UDP) and that the node runs")]
    Timeout {
        /// The address tried last.
        addr: SocketAddr,
    },
    /// The other end hung up and said why.
    #[error("{addr} refused: {code} ({reason})")]
    Refused {
        /// Who refused.
        addr: SocketAddr,
        /// Its code.
        code: CloseCode,
        /// Its words.
        reason: String,
    },
    /// The other end's TLS or QUIC gave up: usually it does not trust our certificate.
    #[error(
        "{addr} broke off the handshake: {reason}; does it trust our authority, and is our certificate valid?"
    )]
    HandshakeRefused {
        /// Who broke off.
        addr: SocketAddr,
        /// What its QUIC said.
        reason: String,
    },
    /// Its certificate proves nothing to us.
    #[error(
        "the certificate of {addr} is no proof: {reason}; was it issued by our authority, and is it valid now?"
    )]
    CertificateInvalid {
        /// Who showed it.
        addr: SocketAddr,
        /// What is wrong with it.
        reason: String,
    },
    /// It belongs to another cluster.
    #[error("{addr} belongs to cluster {found}; check the seed addresses")]
    WrongCluster {
        /// Who answered.
        addr: SocketAddr,
        /// Its cluster.
        found: String,
    },
    /// It is another node than the one dialed.
    #[error("{addr} is {found}, not {expected}; its address has passed to another node")]
    WrongNode {
        /// Who answered.
        addr: SocketAddr,
        /// The node that was dialed.
        expected: NodeId,
        /// The node its certificate names.
        found: NodeId,
    },
    /// It bears our own name.
    #[error(
        "{addr} bears our own name: we dialed ourselves, or a second process uses our certificate"
    )]
    OwnIdentity {
        /// Who answered.
        addr: SocketAddr,
    },
    /// No protocol version in common.
    #[error("{addr} speaks no protocol version that we speak; upgrade the older of the two")]
    Version {
        /// Who answered.
        addr: SocketAddr,
    },
    /// It is set to other limits of what a member may write.
    #[error("{addr} and we cannot be one cluster: {reason}")]
    Disagreed {
        /// Who answered.
        addr: SocketAddr,
        /// Which setting, both values, and what to do.
        reason: String,
    },
    /// What it said was nonsense.
    #[error("{addr} spoke nonsense: {reason}")]
    Protocol {
        /// Who answered.
        addr: SocketAddr,
        /// What was wrong.
        reason: String,
    },
    /// None of its addresses can be sent to from where we listen.
    #[error(
        "{addr} cannot be reached from {listen}: IPv4 and IPv6 do not mix; listen on [::] for both"
    )]
    Family {
        /// The first of its addresses.
        addr: SocketAddr,
        /// Where we listen.
        listen: SocketAddr,
    },
    /// The last failure is too fresh.
    #[error("failed a moment ago; try again in {retry_in:?}")]
    BackingOff {
        /// When a dial will be tried again.
        retry_in: Duration,
    },
    /// Too many dials wait already.
    #[error("too many dials wait; try again later")]
    LimitReached,
    /// The target has no address.
    #[error("the target has no address to try")]
    NoAddress,
    /// This endpoint is closing.
    #[error("this endpoint is closing")]
    Closing,
}
