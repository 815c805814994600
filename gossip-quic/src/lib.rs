//! Bytes between proven peers: one QUIC connection a pair, mutual TLS 1.3, and
//! a name from the certificate that nobody can merely claim.
//!
//! The crate knows who somebody is and nothing of what is said. It carries
//! three kinds of bytes and tells one queue of [`Event`]s about them:
//!
//! | kind | promise | for |
//! |---|---|---|
//! | datagram | now or never, at most [`limit::DATAGRAM_BYTES`] | probes, small rumors |
//! | message | whole, at most once, in no order, at most [`limit::STREAM_MESSAGE_BYTES`] | mail, batches |
//! | session | in order, both ways, with back-pressure | reconciliation |
//!
//! # What it promises
//!
//! * **Nobody is up who has not proven it.** `peer` in an event is the node in
//!   a certificate that leads to our authority, is valid now, names exactly one
//!   node, and names our cluster; and that node has said so again in `Hello`.
//!   The dialer waits for `HelloAck`, for its own handshake ends before the
//!   listener has judged it. There is no plaintext, no resumption, no 0-RTT.
//! * **Each `Up` has one `Down`.** Of one peer, `Up` comes first and `Down`
//!   last, and a newer process of the same node is a `Down` and an `Up`. (Only
//!   the ends of a replaced process's sessions may come later.)
//! * **One connection a pair survives**, the same on both ends, whoever dialed,
//!   both at once or a restarted node beside its ghost; what was on its way on
//!   the other still arrives.
//! * **Nothing is unbounded.** Every queue has a bound in [`limit`] or
//!   [`Limits`], and every refusal a counter in [`Counters`]. A peer that floods
//!   us uses up its own share of our attention and nobody else's.
//! * **A restarted peer is noticed with the next packet**, if it kept its
//!   [`reset_key`](EndpointConfig::reset_key).
//!
//! It does not decide when to dial, retry or give up on a peer, keeps no
//! message for a peer that is away, and does not know revocation lists yet.
//!
//! # A connection's life
//!
//! ```text
//!        dialer                                    listener
//!          │  knock (empty packet): is the port open? │
//!  dial ──▶│── Initial ──────────────────────────────▶│ busy? prove your address first (Retry)
//!          │◀─────────── TLS 1.3, both certificates ──│
//!   judge: │ chain, one name, cluster, expected node  │ :judge
//!          │── control stream: Hello ────────────────▶│ name, cluster, version, rank
//!          │◀────────────────────────────── HelloAck ─│──▶ Up
//!    Up ◀──│                                          │
//! Reached◀─│◀══ datagrams, messages, sessions ═══════▶│
//!          │                                          │
//!          │   a better one came: going away, drain,  │
//!          │   close (no event); or the last is gone: │
//!  Down ◀──│                                          │──▶ Down
//! ```
//!
//! # The host's duties
//!
//! 1. Keep the certificate's name, a generation that rises with every start,
//!    and the reset key across restarts.
//! 2. Call [`Endpoint::bind`] inside a tokio runtime.
//! 3. Read [`Events`] without pause; what is not read is back-pressure for
//!    streams and loss for datagrams.
//! 4. Decide whom to [`dial`](Endpoint::dial), and when again. Each dial that
//!    answers `Started` ends in one `Reached` or `DialFailed`.
//! 5. Take `QueueFull` as news of a slow peer. In a session, wait for
//!    `SessionWritable`.
//! 6. [`close`](Endpoint::close) before leaving, so that peers need not wonder.
//!
//! ```no_run
//! use gossip_quic::{CredentialPaths, Credentials, Endpoint, EndpointConfig, Event, Priority, Target};
//!
//! # async fn run(reset_key: [u8; 32]) -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::from_files(&CredentialPaths {
//!     chain: "n1.pem".into(),
//!     key: "n1.key".into(),
//!     authorities: "ca.pem".into(),
//! })?;
//! let config = EndpointConfig::new("0.0.0.0:7946".parse()?, 1, reset_key, 42);
//! let (endpoint, mut events) = Endpoint::bind(config, credentials)?;
//! endpoint.dial(Target::seed("seed", ["192.0.2.1:7946".parse()?]))?;
//! while let Some(event) = events.recv().await {
//!     match event {
//!         Event::Up { peer, rtt, .. } => println!("{peer} is up, {rtt:?} away"),
//!         Event::Message { peer, bytes } => endpoint.send_message(&peer, bytes, Priority::Normal)?,
//!         Event::DialFailed { target, why } => eprintln!("{target}: {why}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! [`Identity`] and [`Credentials`] say who we are, [`pki`] makes them so.
//! `verify` judges certificates and `tls` asks it. `socket` drops what is not
//! QUIC; `quic` holds the settings. `accept` receives strangers, `dial` goes
//! out in a `race` of addresses, `greet` exchanges `hello`. `pool` keeps the peers, by `rank`, and of too
//! many says by `activity` which to `spare`; `link` carries; `outbox` and
//! `inbox` bound what waits; `session` is a session.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod accept;
mod activity;
mod backoff;
mod close;
mod config;
mod counters;
mod credentials;
mod crypto;
mod dial;
mod endpoint;
mod error;
mod event;
mod frame;
mod greet;
mod hello;
mod identity;
mod inbox;
pub mod limit;
mod link;
mod outbox;
pub mod pki;
mod pool;
mod quic;
mod race;
mod rank;
mod session;
mod shared;
mod socket;
mod spare;
mod target;
mod tasks;
mod tls;
mod verify;

pub use close::CloseCode;
pub use config::{EndpointConfig, Faults, Limits, RetryPolicy};
pub use counters::Counters;
pub use credentials::{CredentialPaths, Credentials, CredentialsError, Warning};
pub use crypto::KeyAlgorithm;
pub use endpoint::{Endpoint, PeerInfo};
pub use error::{BindError, OtherIdentity, SendError};
pub use event::{Direction, DownReason, Event, SessionEnd, SessionKey};
pub use identity::{Identity, IdentityError};
pub use inbox::Events;
pub use outbox::Priority;
pub use target::{DialError, Dialing, Target, TargetName};
