//! What a node remembers of how it was told: its last sessions, and how old
//! the news was when it came. For people who ask why; nothing is decided by it.

use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::time::WallTime;

/// What a node remembers of how it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryView {
    /// The last sessions, the newest first, at most
    /// [`limit::SESSIONS_RECALLED`](crate::base::limit::SESSIONS_RECALLED).
    pub sessions: Vec<SessionRecord>,
    /// How old others' writes were when they came.
    pub news: NewsAges,
}

/// One session: two peers compared notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// With whom.
    pub peer: NodeId,
    /// Whether this node opened it.
    pub ours: bool,
    /// When it began, on this node's clock.
    pub began: WallTime,
    /// How long it took.
    pub lasted: Duration,
    /// Bytes said; an upper bound, as messages are weighed.
    pub sent_bytes: u64,
    /// Bytes heard, weighed likewise.
    pub received_bytes: u64,
    /// Members and logs of which one of the two had something new.
    pub differed: u64,
    /// How it ended.
    pub end: SessionEnd,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionEnd {
    /// Both sides have said everything.
    Level,
    /// This node gave it up: it stalled, or there were too many.
    GivenUp,
    /// The peer gave it up, or the link is gone.
    Broken,
}

/// How old others' writes were when they came: this node's clock less the
/// stamp, so with the difference of two clocks in it. What a joiner is told of
/// the past counts as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewsAges {
    /// In place `b`: younger than 2ᵇ milliseconds, and not in a place before.
    pub younger_than: [u64; 23],
    /// Older than all of these.
    pub older: u64,
    /// From the future: their author's clock is ahead of this node's.
    pub ahead: u64,
}

impl NewsAges {
    /// All that were counted.
    pub fn total(&self) -> u64 {
        self.younger_than.iter().sum::<u64>() + self.older + self.ahead
    }
}
