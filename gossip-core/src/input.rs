//! What comes in: everything a node can ever learn, in one closed enum.
//!
//! A run is a seed and a list of `(Now, Input)`; recording, replaying and
//! fuzzing a node are a line each.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use bytes::Bytes;

use crate::base::id::NodeId;
use crate::electorate::{Elected, Electorate};
use crate::message::{
    Accusation, Ask, Batch, Claim, EventId, Footing, Generation, Item, Key, Message, Scope, Sealed,
    Value, WriteId,
};
use crate::watched::{Cursor, Selection, Whose};

/// One thing that happened outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A message came. `from` is what TLS proved of the last hop; it says
    /// nothing about who authored what the message relays.
    Message {
        /// The peer that sent it.
        from: NodeId,
        /// On what it came.
        via: Via,
        /// What it said, validated by the decoder.
        message: Message,
    },
    /// A link changed.
    Link(LinkEvent),
    /// A session changed.
    Session(SessionId, SessionEvent),
    /// The application or an operator wants something. Answered by exactly
    /// one [`Output::Reply`](crate::output::Output::Reply) with the same ticket.
    Command(Ticket, Command),
    /// A statement was sealed: the answer to [`Output::Seal`](crate::output::Output::Seal).
    Sealed(SealId, Item),
    /// The entries of a batch were read: the answer to
    /// [`Output::Assemble`](crate::output::Output::Assemble). `None`: its author
    /// sealed what nobody can read.
    Assembled(AssembleId, Option<Batch>),
    /// A record is on disk, or will not be: the answer to
    /// [`Output::Persist`](crate::output::Output::Persist).
    Persisted(PersistId, Result<(), DiskError>),
    /// The time of [`Node::poll_timeout`](crate::node::Node::poll_timeout) has come.
    Timeout,
}

/// Ties a reply to its command. Chosen by the host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticket(pub u64);

/// Ties a sealed item to its statement. Chosen by the core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SealId(pub u64);

/// Ties a batch to the bytes it was read from. Chosen by the core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct AssembleId(pub u64);

/// Ties the end of a write to its record. Chosen by the core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PersistId(pub u64);

/// A session with one peer: a reliable, ordered, back-pressured exchange.
///
/// The side that opens it chooses the number; numbers chosen by the core have
/// the top bit clear, numbers a host gives to sessions that peers opened have
/// it set ([`SessionId::inbound`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(u64);

impl SessionId {
    const INBOUND: u64 = 1 << 63;

    /// The `number`-th session that we opened.
    pub const fn outbound(number: u64) -> Self {
        Self(number & !Self::INBOUND)
    }

    /// The `number`-th session that a peer opened.
    pub const fn inbound(number: u64) -> Self {
        Self(number | Self::INBOUND)
    }

    /// Whether a peer opened it.
    pub const fn is_inbound(self) -> bool {
        self.0 & Self::INBOUND != 0
    }

    /// The bare number, for a host's tables.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// On what a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// Lost or there, at once; at most
    /// [`DATAGRAM_BYTES`](crate::base::limit::DATAGRAM_BYTES).
    Datagram,
    /// There, or the link is gone; at most
    /// [`STREAM_MESSAGE_BYTES`](crate::base::limit::STREAM_MESSAGE_BYTES).
    Stream,
    /// In order with the other messages of a session; the first one opens it.
    Session(SessionId),
}

/// Whom a dial is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A name from the configuration; the host resolves it, each time anew.
    Seed(String),
    /// A member, where it says it is.
    Member(NodeId, Vec<SocketAddr>),
}

impl Target {
    /// Who said this, where it said it is.
    pub fn of(claim: &Claim) -> Self {
        Self::Member(claim.member.clone(), claim.addrs.to_vec())
    }
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// A peer is connected: dialed by us, or it dialed us. Both sides have
    /// proven who they are and have judged each other.
    Up {
        /// Who, as proven.
        peer: NodeId,
        /// The seed whose dial this was, if it was one.
        seed: Option<String>,
        /// Where it is.
        addr: SocketAddr,
        /// How far away.
        rtt: Duration,
    },
    /// The last connection to a peer is gone.
    Down {
        /// Who.
        peer: NodeId,
        /// Why.
        why: LinkError,
    },
    /// A dial came to nothing.
    DialFailed {
        /// Whom it was for.
        target: Target,
        /// Why.
        why: LinkError,
    },
}

/// Why there is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkError {
    /// The network says that nobody is there.
    Unreachable,
    /// Nothing came back in time.
    TimedOut,
    /// The other side closed, or was restarted.
    Closed,
    /// The other side refused us, or we it: wrong cluster, certificate, name or version.
    Refused,
    /// Whoever is there bears our own name: ourselves, or a second process.
    Ourselves,
    /// The peer says that a later run of our own name is connected to it.
    Outlived {
        /// That run.
        by: Generation,
    },
    /// Tried too recently, or too many at once: the transport did not try.
    NotTried,
}

/// What became of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// A peer opened it; its messages follow.
    Opened {
        /// Who, as proven.
        peer: NodeId,
    },
    /// The transport has taken the last message and has room for another. The
    /// core sends one message at a time and waits for this.
    Writable,
    /// It is over: the other side finished, gave up, or the link went.
    Closed,
}

/// What the application or an operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Write or delete keys, all or none, as one batch.
    Write(Vec<Write>),
    /// The same, answered and told before it is on disk, which it reaches soon
    /// after: for what is worth less than the wait. What a crash takes of it is
    /// lost, and whoever heard it drops it when this node writes again, unless
    /// somebody gives it back before.
    WriteAtOnce(Vec<Write>),
    /// Read one key.
    Get(Query),
    /// Read one own key of every member that has it: of those, too, who are
    /// suspect, dead or have left, until they are forgotten.
    Everybody(Key),
    /// The own keys that any member has and that begin with a prefix, in order.
    Keys(String),
    /// Read every key that begins with a prefix, in order.
    List {
        /// Which name space: of one member, or the shared one.
        space: Space,
        /// What the keys begin with; empty for all.
        prefix: String,
    },
    /// Read the keys of a selection, or what became of them since a cursor; what
    /// becomes of them afterwards is notified.
    Watch {
        /// Which keys.
        selection: Selection,
        /// How far whoever asks has come; `None`: it knows nothing.
        from: Option<Cursor>,
    },
    /// Everybody we know of.
    Members,
    /// How this node is.
    Status,
    /// How the last sessions went, and how old news was when it came.
    History,
    /// Leave the cluster, tell it, and halt.
    Leave,
    /// Declare a member dead, at once and everywhere, because an operator knows
    /// that it is. One that is not refutes, and is back.
    Remove(NodeId),
    /// Forget a dead member, or one that left: its row, its address and its
    /// values, everywhere. A claim of its own, newer than what was forgotten,
    /// makes it a member again.
    Forget(NodeId),
    /// Whether this node is in quorum, and who is counted.
    Quorum,
    /// Count by this list from now on, after a restart too: until another is
    /// given, or the node starts with another list in its configuration.
    /// Answered when it is on disk.
    Electorate(Electorate),
    /// Say an event, or ask a query, to everybody.
    Say(Saying),
    /// Answer a query that asks us: once, before its deadline.
    Respond {
        /// Which query.
        to: EventId,
        /// With what; at most [`RESPONSE_BYTES`](crate::base::limit::RESPONSE_BYTES).
        response: Bytes,
    },
    /// The events that are kept, by Lamport time and author.
    Events,
}

/// What is to be said to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// What it is called.
    pub name: Key,
    /// What it says; at most
    /// [`EVENT_PAYLOAD_BYTES`](crate::base::limit::EVENT_PAYLOAD_BYTES).
    pub payload: Bytes,
    /// Only the newest of this name matters.
    pub coalesce: bool,
    /// Whom it asks, if it is a query.
    pub ask: Option<Ask>,
}

/// A name space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// The own keys of one member.
    Own(NodeId),
    /// The shared keys.
    Shared,
}

impl From<Space> for Whose {
    fn from(space: Space) -> Self {
        match space {
            Space::Own(member) => Self::Member(member),
            Space::Shared => Self::Shared,
        }
    }
}

/// One key, in its name space.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    /// Which name space.
    pub space: Space,
    /// Which key.
    pub key: Key,
}

/// When a write is acknowledged, and told to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Durability {
    /// When it is on disk.
    #[default]
    Synced,
    /// At once: the exception to *durable before told*.
    AtOnce,
}

/// One wish to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Own or shared.
    pub scope: Scope,
    /// Which key.
    pub key: Key,
    /// The new value; `None` deletes.
    pub value: Option<Value>,
    /// How long the value holds, by this node's clock; then it counts as
    /// deleted, everywhere. `None`: until it is written again. A deletion needs
    /// none, and ignores it.
    pub ttl: Option<Duration>,
    /// Only if the key stands so, on this replica, at this moment.
    pub only_if: Option<Expected>,
}

/// How a key is expected to stand: the condition of a compare-and-set.
///
/// It is judged on the local replica. Another member's concurrent write to a
/// shared key can still win later; it is then reported as a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Not there, or deleted.
    Absent,
    /// Last written by this write.
    Write(WriteId),
}

/// Why a record is not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// No space is left.
    #[error("the journal's disk is full")]
    Full,
    /// Any other failure; the host's log has it in full.
    #[error("the journal could not be written")]
    Failed,
}

/// What a node knew when it last ran: its journal, read and decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saved {
    /// The last generation it ran as; zero for a new node.
    pub generation: Generation,
    /// Every batch, or what is left of it, of every log: rising in version
    /// within a log; openings included.
    pub batches: Vec<Batch>,
    /// The newest claim of each member known: the peer book.
    pub claims: Vec<Sealed<Claim>>,
    /// The verdicts that stood.
    pub verdicts: Vec<Sealed<Accusation>>,
    /// Members whose row was closed, and up to where in their history.
    pub closed: BTreeMap<NodeId, Footing>,
    /// The list of voters an operator gave it, if one did.
    pub elected: Option<Elected>,
}
