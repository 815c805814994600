//! When a shared key was written, on a clock that never runs backwards.
//!
//! A hybrid logical clock (Kulkarni et al. 2014, "Logical Physical Clocks",
//! §3): wall milliseconds, and a counter for writes that fall into one. Ties
//! are broken by the author's name, so any two writes are ordered, the same
//! everywhere.

use crate::base::id::NodeId;
use crate::base::time::WallTime;

use super::Version;

/// A moment on the hybrid logical clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Stamp {
    /// Wall milliseconds since 1970.
    pub millis: u64,
    /// Orders writes within one millisecond, or behind a faster clock.
    pub counter: u32,
}

impl Stamp {
    /// The stamp of a write at `wall`, later than everything in `seen`.
    #[must_use]
    pub fn after(seen: Self, wall: WallTime) -> Self {
        if wall.as_millis() > seen.millis {
            return Self {
                millis: wall.as_millis(),
                counter: 0,
            };
        }
        match seen.counter.checked_add(1) {
            Some(counter) => Self {
                millis: seen.millis,
                counter,
            },
            None => Self {
                millis: seen.millis.saturating_add(1),
                counter: 0,
            },
        }
    }
}

/// A write that another write saw and replaced.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Replaced {
    /// When it was made. A writer that saw this stamp has seen everything
    /// that lost against it.
    pub stamp: Stamp,
    /// Which write it was.
    pub write: WriteId,
}

/// One write, named: its author and the version it got in the author's log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WriteId {
    /// Who wrote.
    pub author: NodeId,
    /// The how-manieth of the author's writes.
    pub version: Version,
}
