//! Bytes between proven peers.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod accept;
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
mod rank;
mod session;
mod shared;
mod socket;
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
