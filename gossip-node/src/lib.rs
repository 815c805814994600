//! A gossip node as a library: members, keys and events of a cluster, over
//! QUIC with mutual TLS, kept on disk.
//!
//! ```no_run
//! # async fn run(credentials: gossip_node::Credentials) -> Result<(), Box<dyn std::error::Error>> {
//! let node = gossip_node::Node::builder()
//!     .credentials(credentials)               // who we are: the certificate says
//!     .listen("127.0.0.1:7400".parse()?)      // one UDP socket for everything
//!     .data_dir("/var/lib/gossip")            // the journal lives here
//!     .seeds(["gossip.example:7400"])         // how to find the others
//!     .start()
//!     .await?;
//! node.put("color", "green").await?;          // on disk here, on its way to all
//! node.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What happens inside, from left to right and back:
//!
//! ```text
//!   Node (handle) ──Request──▶ ┌─────────┐ ──Input──▶ gossip-core's Node
//!   peers ◀─gossip-quic────────▶ driver  │                 │
//!   disk  ◀─journal thread─────▶ (1 task)│ ◀──Output────────┘
//!                              └─────────┘ seal, encode, decode: gossip-wire
//! ```
//!
//! The driver is the only task that owns the core, the only loop that waits,
//! and the only place with a clock. Everything else asks it.

mod builder;
mod driver;
mod events;
mod feed;
mod handle;
pub mod journal;
mod keys;
mod resolve;
mod said;
mod watch;

pub use builder::{NodeBuilder, StartError};
pub use driver::{DriverCounters, limit};
pub use events::{Events, EventsItem, MemberPicture, MemberSeen, status_after};
pub use handle::{Node, NodeError, NodeStatus, Stopped};
pub use journal::JournalCounters;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use said::{Answers, AnswersItem, HeardItem, Hearing, QueryOptions};
pub use watch::{Subscription, SubscriptionItem, Watch, WatchItem};

pub use gossip_core::base::id::{ClusterId, IdError, NodeId};
pub use gossip_core::config::{Config, ConfigError, Detector, Profile};
pub use gossip_core::electorate::{
    Domain, Electorate, ElectorateError, QuorumConfig, QuorumProvider, Seat,
};
pub use gossip_core::input::{DiskError, Expected, Space, Write};
pub use gossip_core::message::{
    Event, EventId, Filter, Footing, Generation, Incarnation, Key, KeyError, Lamport, Run, Scope,
    Stamp, Tag, Value, Version, WriteId,
};
pub use gossip_core::output::{
    AskCounts, Counters, HistoryView, KeyEvent, KeyEventKind, MemberEvent, MemberEventKind,
    MemberStatus, MemberView, NewsAges, Notification, Phase, Refusal, Row, SessionEnd,
    SessionRecord, Status, Voice,
};
pub use gossip_core::quorum::{
    Fate, Judgement, Part, QuorumEvent, QuorumReason, QuorumStanding, QuorumView, SeatView,
};
pub use gossip_core::watched::{Cursor, CursorError, Keys, Selection, Whose};
pub use gossip_quic::{
    Counters as TransportCounters, CredentialPaths, Credentials, CredentialsError, EndpointConfig,
    OtherIdentity, PeerInfo,
};
pub use journal::JournalError;
pub use tokio_stream::{Stream, StreamExt};

/// The README's program is compiled with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
