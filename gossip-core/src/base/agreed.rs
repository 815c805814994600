//! What the nodes of a cluster have to agree on before they listen to each other.
//!
//! How much one member may have written is a setting, and everybody has to take
//! what everybody else may write: who refused some of it would hold another log
//! than its neighbour. So two nodes tell each other their [`Agreed`] in the first
//! words on a connection, and part where they do not fit:
//!
//! ```text
//!   one             other
//!   writes ≤ 1000 ──▶ takes ≤ 2000      fits
//!   takes ≤ 2000  ◀── writes ≤ 4000     clash: the link is refused, on both sides
//! ```
//!
//! What is taken may be set higher than what is written, and that is how the
//! limits of a running cluster are raised: first everybody takes more, then
//! everybody may write it.

use core::fmt;

use super::limit;

/// How much of one author's is held: keys, tombstones included, own and shared
/// together, and the bytes of keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

impl Share {
    /// Whether it is no more than another, in keys and in bytes.
    pub const fn fits(&self, most: &Self) -> bool {
        self.keys <= most.keys && self.bytes <= most.bytes
    }
}

impl Default for Share {
    fn default() -> Self {
        Self {
            keys: u64::from(limit::KEYS_PER_AUTHOR),
            bytes: u64::from(limit::BYTES_PER_AUTHOR),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys and {} bytes", self.keys, self.bytes)
    }
}

/// What a node holds itself and others to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Agreed {
    /// The most it writes.
    pub writes: Share,
    /// The most it takes of another; no less than it writes.
    pub takes: Share,
}

impl Agreed {
    /// Agreed as much as may be written is taken.
    pub const fn of(share: Share) -> Self {
        Self {
            writes: share,
            takes: share,
        }
    }

    /// Why a node of these terms and one of others cannot be one cluster, as the
    /// former says it; `None`: they can.
    pub fn clash(&self, theirs: &Self) -> Option<Clash> {
        let pairs = [
            (
                "limits.author_keys",
                self.writes.keys,
                theirs.takes.keys,
                true,
            ),
            (
                "limits.author_keys",
                theirs.writes.keys,
                self.takes.keys,
                false,
            ),
            (
                "limits.author_bytes",
                self.writes.bytes,
                theirs.takes.bytes,
                true,
            ),
            (
                "limits.author_bytes",
                theirs.writes.bytes,
                self.takes.bytes,
                false,
            ),
        ];
        let clash = pairs
            .into_iter()
            .find(|(_, written, taken, _)| written > taken);
        clash.map(|(knob, written, taken, ours)| Clash {
            knob,
            written,
            taken,
            ours,
        })
    }
}

/// One of two nodes may write more than the other takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Clash {
    /// The setting, as it is called in a configuration.
    pub knob: &'static str,
    /// What the one may write.
    pub written: u64,
    /// What the other takes.
    pub taken: u64,
    /// Whether it is we who may write more than the other takes.
    pub ours: bool,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            knob,
            written,
            taken,
            ours,
        } = self;
        let (writer, taker, place) = match ours {
            true => ("we are", "the other end", "there"),
            false => ("the other end is", "we", "here"),
        };
        write!(
            f,
            "the limits differ: {writer} set to {knob} = {written}, {taker} to take {taken}; \
             set {knob} alike on every node, or {knob}_taken {place} to {written} or more first"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    const fn share(keys: u64, bytes: u64) -> Share {
        Share { keys, bytes }
    }

    #[test]
    fn both_ends_find_the_same_clash() {
        let old = Agreed::of(share(10, 1_000));
        let patient = Agreed {
            writes: share(10, 1_000),
            takes: share(20, 1_000),
        };
        let new = Agreed::of(share(20, 1_000));
        for (one, other, fits) in [
            (old, old, true),
            (old, patient, true),
            (patient, new, true),
            (old, new, false),
        ] {
            assert_eq!(one.clash(&other).is_none(), fits, "{one:?} {other:?}");
            assert_eq!(other.clash(&one).is_none(), fits);
        }
        let text = old.clash(&new).map(|clash| clash.to_string());
        assert_eq!(
            text.as_deref(),
            Some(
                "the limits differ: the other end is set to limits.author_keys = 20, we to take 10; set \
                 limits.author_keys alike on every node, or limits.author_keys_taken here to 20 or more first"
            )
        );
        let text = new.clash(&old).map(|clash| clash.to_string());
        assert!(text.is_some_and(|text| text.contains("limits.author_keys_taken there to 20")));
        let few = Agreed::of(share(10, 999));
        let clash = few.clash(&old).map(|clash| (clash.knob, clash.written));
        assert_eq!(clash, Some(("limits.author_bytes", 1_000)));
    }
}
