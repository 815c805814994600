//! Every bound of the local API, by name.
//!
//! They protect the node from a client that means no harm but has a bug: whoever
//! can open the socket may do everything anyway.

use std::time::Duration;

/// Connections open at once; the next one waits in the kernel's queue (guess).
pub(crate) const CONNECTIONS: usize = 128;

/// Watches open at once, so that they cannot take every connection (guess).
pub(crate) const WATCHES: usize = 64;

/// Bytes of a request's body: the longest value, and a little (guess).
pub(crate) const BODY_BYTES: usize = gossip_core::base::limit::VALUE_BYTES + 4 * 1024;

/// How long one request may take, its body included (guess: a write waits for
/// the disk, and a slow one syncs in a second). Watches have no end.
pub(crate) const REQUEST: Duration = Duration::from_secs(10);

/// How long a request's header may take, and the pause before it (guess: a
/// client on this machine needs milliseconds; one that stays connected between requests
/// need not hold a place for longer).
pub(crate) const HEADER: Duration = Duration::from_secs(10);

/// How long a leave may take beyond what the node lingers (guess).
pub(crate) const LEAVE_SLACK: Duration = Duration::from_secs(5);

/// Rows in one answer to a list; the rest is asked for with `after` (guess).
pub(crate) const LIST_ROWS: usize = 1_000;

/// Bytes of values in one answer to a list; at least one row is told (guess).
pub(crate) const LIST_BYTES: usize = 8 * 1024 * 1024;

/// Longest answer a client reads at once, in bytes: a full list in base64, escaped (guess).
pub(crate) const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Longest line of a stream a client reads, in bytes: one value, every byte of it escaped.
pub(crate) const LINE_BYTES: usize = 8 * 1024 * 1024;
