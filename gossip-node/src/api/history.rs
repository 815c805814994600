//! How it was: `GET /v1/history`, as JSON.

use gossip_node::{HistoryView, SessionEnd, SessionRecord};
use serde::{Deserialize, Serialize};

use super::types::millis;

/// `GET /v1/history`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HistoryDocument {
    /// The last sessions, the newest first.
    pub(crate) sessions: Vec<SessionDocument>,
    /// How old others' writes were when they came.
    pub(crate) news: NewsDocument,
}

/// One session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionDocument {
    /// With whom.
    pub(crate) peer: String,
    /// Whether the agent opened it.
    pub(crate) ours: bool,
    /// When it began: milliseconds since 1970.
    pub(crate) began_ms: u64,
    /// How long it took.
    pub(crate) lasted_ms: u64,
    /// Bytes said, at most.
    pub(crate) sent_bytes: u64,
    /// Bytes heard, at most.
    pub(crate) received_bytes: u64,
    /// Members and logs of which one of the two had something new.
    pub(crate) differed: u64,
    /// `level`, `given-up` or `broken`.
    pub(crate) end: String,
}

/// A histogram.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewsDocument {
    /// All that were counted.
    pub(crate) total: u64,
    /// Rising; what is in one is not in those before.
    pub(crate) buckets: Vec<Bucket>,
    /// Older than the last of these.
    pub(crate) older: u64,
    /// From the future: their author's clock is ahead of the agent's.
    pub(crate) ahead: u64,
}

/// One bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bucket {
    /// Younger than this.
    pub(crate) younger_than_ms: u64,
    /// How many.
    pub(crate) count: u64,
}

impl HistoryDocument {
    /// What the node remembers.
    pub(crate) fn new(history: &HistoryView) -> Self {
        let news = &history.news;
        let buckets = news.younger_than.iter().zip(0_u32..);
        let buckets = buckets.map(|(count, place)| Bucket {
            younger_than_ms: 1 << place,
            count: *count,
        });
        Self {
            sessions: history.sessions.iter().map(SessionDocument::new).collect(),
            news: NewsDocument {
                total: news.total(),
                buckets: buckets.collect(),
                older: news.older,
                ahead: news.ahead,
            },
        }
    }
}

impl SessionDocument {
    fn new(session: &SessionRecord) -> Self {
        Self {
            peer: session.peer.to_string(),
            ours: session.ours,
            began_ms: session.began.as_millis(),
            lasted_ms: millis(session.lasted),
            sent_bytes: session.sent_bytes,
            received_bytes: session.received_bytes,
            differed: session.differed,
            end: match session.end {
                SessionEnd::Level => "level",
                SessionEnd::GivenUp => "given-up",
                SessionEnd::Broken => "broken",
            }
            .to_owned(),
        }
    }
}
