//! Every bound of the library, by name. (Those of protocol and transport
//! stand in their own crates.)

/// Requests of handles that wait for the driver; a handle that finds no room
/// waits (guess).
pub const REQUESTS: usize = 1_024;

/// Notifications kept for a slow subscriber; beyond it, it is told how many
/// it missed (guess: some seconds of a busy cluster, at about 200 B each).
pub const NOTIFICATIONS: usize = 16_384;
