//! Every bound of the library, by name. (Those of the protocol, the transport
//! and the journal stand with them.)

/// Requests of handles that wait for the driver; a handle that finds no room
/// waits (guess).
pub const REQUESTS: usize = 1_024;

/// Notifications kept for a slow subscriber; beyond it, it is told how many
/// it missed (guess: some seconds of a busy cluster, at about 200 B each).
pub const NOTIFICATIONS: usize = 16_384;

/// Watches open at once (guess: each costs a comparison for every change of a key).
pub const WATCHES: usize = 1_024;

/// Changes kept for a slow watch; beyond it, it is told how many it missed
/// (guess: some seconds of a busy cluster, at about 200 B each).
pub const WATCH_EVENTS: usize = 4_096;

/// Messages held for one session while the transport has no room. The core
/// sends the next only when the last was taken, so one is the rule.
pub const SESSION_HELD: usize = 4;

/// Sessions the driver knows of at once: those the core opens and serves, and
/// as many again that are on their way out (guess).
pub const SESSIONS: usize = 64;
