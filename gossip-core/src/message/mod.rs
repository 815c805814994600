//! Floor 2: the vocabulary. Plain data, and the law of each noun.
//!
//! What a member *says* is a [`Statement`]. Its author's host encodes and
//! seals it once; from then on it travels as an [`Item`]: the value for us to
//! read, and beside it the exact bytes its author made, which nobody ever
//! re-encodes. What two peers say to each other and nobody relays is a
//! [`Message`].
//!
//! ```text
//!   Statement ──seal──▶ Item { value, bytes } ──rides on──▶ Message ──▶ peer
//!   (author only)        relayed byte-identical             (one hop)
//! ```

mod accusation;
mod addrs;
mod ask;
mod batch;
mod chunk;
mod claim;
mod digest;
mod entry;
mod event;
mod events;
mod floor;
mod head;
mod item;
mod offer;
mod outline;
mod probe;
mod stamp;
mod symbol;

pub use accusation::{Accusation, Charge};
pub use addrs::Addrs;
pub use ask::{Answer, Ask, AskCounts, Filter, Said, Tag};
pub use batch::{Batch, BatchHead, BatchPart, Draft};
pub use chunk::{Chunk, ChunkAsk, ChunkHash, ChunkedId, chunk_at, chunks_of};
pub use claim::{Claim, Footing, Generation, Incarnation, Presence};
pub use digest::{Checksum, Delta, Digest, DigestRow, LogDelta, MemberRow, MemberState, Want};
pub use entry::{Entry, Key, KeyError, Op, Scope, Value};
pub use event::{Event, EventId, Lamport, Run};
pub use events::{EventDelta, EventHave, EventRow, EventRun, EventSum};
pub use floor::Floor;
pub use head::{Base, Head, Lineage, LogHead, Version};
pub use item::{Item, Sealed, Statement};
pub use offer::{Offer, RumorId};
pub use outline::{Chunked, ChunkedPart, Gathered, Outline};
pub use probe::Seq;
pub use stamp::{Replaced, Stamp, WriteId};
pub use symbol::{Form, Found, Range, RangePart, Ranges, Sketch, Symbol};

use alloc::vec::Vec;

use crate::base::id::NodeId;

/// What one peer says to another, for one hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about.
    pub body: Body,
    /// News that rides along; attached in one place, when the message leaves.
    pub rumors: Vec<Item>,
}

/// What a [`Message`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Are you there? Answered by [`Body::Ack`] with the same number.
    Ping {
        /// Chosen by the asker.
        seq: Seq,
    },
    /// Here I am; or, from a relay, the target answered me.
    Ack {
        /// The number of the ping or ping-req.
        seq: Seq,
    },
    /// Ask `target` for me.
    PingReq {
        /// Chosen by the asker.
        seq: Seq,
        /// Whom to ask. The relay knows where it is, or cannot help: nobody is
        /// sent to an address that another names.
        target: NodeId,
    },
    /// I am alive and asked, but `target` has not answered me in time.
    Nack {
        /// The number of the ping-req.
        seq: Seq,
    },
    /// Nothing but the rumors.
    Gossip,
    /// In a session: everything I hold, as one number. The server answers it
    /// with its own where they differ.
    Checksum(Checksum),
    /// In a session: what I hold, for one range of names.
    Digest(Digest),
    /// In a session: everything I hold, as one number and as symbols of which
    /// what differs can be read; and more symbols, when asked for.
    Sketch(Sketch),
    /// In a session: I could not read your symbols; tell those before this place.
    More {
        /// The place after the last one that is wanted.
        through: u32,
    },
    /// In a session: I read your symbols, and this is what I lack or cannot
    /// make out.
    Found(Found),
    /// In a session: the rows you asked for.
    Rows(Want),
    /// In a session: a step of a comparison by ranges.
    Ranges(Ranges),
    /// In a session, before all else: I join, and need the logs first that hold
    /// keys which begin like one of these.
    First(Vec<Key>),
    /// In a session: what I lack of what you showed me.
    Want(Want),
    /// In a session: what you lack.
    Delta(Delta),
    /// In a session: I have said everything.
    Done,
    /// Rumors by name: I tell these, I know those, I want these.
    Offer(Offer),
    /// All the events I have heard, as one number.
    EventSum(EventSum),
    /// What events I have heard, run by run.
    EventHave(EventHave),
    /// Events you have not heard.
    EventDelta(EventDelta),
    /// What somebody answers to a query.
    Answer(Answer),
    /// First in a session: this is what I hold of a log; tell me what follows,
    /// and whatever comes to it, until I end the session.
    Follow(LogHead),
    /// A batch you asked for, its larger entries told by their chunks.
    Outline(Outline),
    /// Send me these chunks.
    ChunkAsk(ChunkAsk),
    /// One of the chunks you asked for.
    Chunk(Chunk),
}

impl Message {
    /// A message with nothing riding on it.
    pub const fn bare(body: Body) -> Self {
        Self {
            body,
            rumors: Vec::new(),
        }
    }

    /// An upper bound of its encoded length, in bytes; gossip-wire holds the
    /// proof as a property test.
    pub fn weight(&self) -> usize {
        let rumors: usize = self.rumors.iter().map(Item::weight).sum();
        self.body.weight() + rumors + weight::MESSAGE
    }
}

impl Body {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Ping { .. } | Self::Ack { .. } | Self::Nack { .. } => weight::NUMBER * 2,
            Self::PingReq { target, .. } => weight::NUMBER * 2 + weight::id(target),
            Self::Gossip | Self::Done => weight::NUMBER,
            Self::Checksum(_) => Checksum::WEIGHT,
            Self::Digest(digest) => digest.weight(),
            Self::Sketch(sketch) => sketch.weight(),
            Self::More { .. } => weight::NUMBER * 2,
            Self::Found(found) => found.weight(),
            Self::Ranges(ranges) => ranges.weight(),
            Self::First(keys) => {
                let keys = keys.iter().map(|key| weight::FIELD + key.as_str().len());
                weight::FIELD + keys.sum::<usize>()
            }
            Self::Want(want) | Self::Rows(want) => want.weight(),
            Self::Delta(delta) => delta.weight(),
            Self::Offer(offer) => offer.weight(),
            Self::EventSum(_) => EventSum::WEIGHT,
            Self::EventHave(have) => have.weight(),
            Self::EventDelta(delta) => delta.weight(),
            Self::Answer(answer) => answer.weight(),
            Self::Follow(held) => weight::FIELD + held.weight(),
            Self::Outline(outline) => outline.weight(),
            Self::ChunkAsk(ask) => ask.weight(),
            Self::Chunk(chunk) => chunk.weight(),
        }
    }

    /// Whether it yields to everything else on its link but sessions: it is a
    /// piece of something large.
    pub const fn is_bulk(&self) -> bool {
        matches!(self, Self::Chunk(_))
    }
}

/// Upper bounds for the parts of an encoding, in bytes. They are generous by a
/// few bytes each: a weight has to be safe, not exact.
pub mod weight {
    use crate::base::id::NodeId;

    /// The frame of a message: its tag and length.
    pub const MESSAGE: usize = 16;
    /// Tag, length and possible nesting of one field that holds bytes.
    pub const FIELD: usize = 8;
    /// One tag and one integer of 64 bits.
    pub const NUMBER: usize = 12;
    /// One socket address with port, scope and tags.
    pub const ADDR: usize = 40;

    /// A name.
    pub fn id(id: &NodeId) -> usize {
        FIELD + id.as_str().len()
    }
}
