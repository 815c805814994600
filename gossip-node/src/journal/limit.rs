//! Every bound of the journal, by name.

use gossip_core::base::limit as base;

/// Records that may wait for the disk. Beyond it the driver takes nothing new
/// from peers or handles until some are written: what waits is a promise, so
/// it is never thrown away (guess: two seconds of a busy disk).
pub const QUEUE_RECORDS: u64 = 65_536;

/// Bytes of records that may wait for the disk; as above.
pub const QUEUE_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of records in one commit, so that a flood of them cannot hold up the
/// one that is waited for (guess: 100 ms of a slow disk).
pub const COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// Records nobody waits for are written when somebody waits for another, or
/// when there are so many (guess) …
pub const BUFFER_RECORDS: usize = 4_096;

/// … or after so long, in milliseconds (guess: what a crash may forget, and
/// the others still know).
pub const BUFFER_MS: u64 = 1_000;

/// Bytes of records kept for another try after a failed commit; beyond it
/// they are given up and counted (guess).
pub const RETAINED_BYTES: usize = 16 * 1024 * 1024;

/// Claims on disk: those of members with a row, and farewells of those whose
/// row is gone.
pub const CLAIMS: u64 = (base::ROSTER + base::CERTIFICATES) as u64;

/// Verdicts on disk: those on members with a row, and certificates of those
/// without.
pub const VERDICTS: u64 = (base::ROSTER + base::CERTIFICATES) as u64;

/// Rows that go at once where there is no room for another claim or verdict, so
/// that looking for the oldest costs little for each (guess).
pub const MAKE_ROOM: usize = 1_024;

/// Bytes of pages the store keeps in memory: the picture itself lives in the
/// core, the journal is read once (guess).
pub const CACHE_BYTES: usize = 32 * 1024 * 1024;
