//! Bytes between proven peers.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod close;
mod config;
mod counters;
mod credentials;
mod crypto;
mod endpoint;
mod error;
mod event;
mod identity;
pub mod limit;
pub mod pki;
mod target;
mod verify;

pub use close::CloseCode;
pub use config::{EndpointConfig, Faults, Limits, RetryPolicy};
pub use counters::Counters;
pub use credentials::{CredentialPaths, Credentials, CredentialsError, Warning};
pub use crypto::KeyAlgorithm;
pub use endpoint::{Endpoint, Events, PeerInfo, Priority};
pub use error::{BindError, OtherIdentity, SendError};
pub use event::{Direction, DownReason, Event, SessionEnd, SessionKey};
pub use identity::{Identity, IdentityError};
pub use target::{DialError, Dialing, Target, TargetName};
