//! The local API: how programs and people on the same machine talk to an agent.
//!
//! HTTP/1.1 with JSON under `/v1`, on a Unix socket that only its owner can
//! open, or on a loopback port if asked. Never anywhere else.
//!
//! ```text
//!   client ──HTTP──▶ door ──▶ server ──▶ Node
//!   (the CLI,        (bounds,   (one function
//!    curl)            refusals)  an endpoint)
//! ```

pub(crate) mod base64;
pub(crate) mod client;
pub(crate) mod door;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod limit;
mod operate;
pub(crate) mod place;
pub(crate) mod problem;
pub(crate) mod quorum;
pub(crate) mod said;
pub(crate) mod say;
pub(crate) mod serve;
pub(crate) mod server;
pub(crate) mod types;
pub(crate) mod watch;
