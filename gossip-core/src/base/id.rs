//! Names: who a member is, and which cluster it belongs to.
//!
//! A [`NodeId`] reads like a path, `eu/1/n17`: the labels before the last
//! slash are the *zone*, the last label is the *name*. It is the identity a
//! certificate proves, so it survives restarts, new addresses and new keys.
//!
//! Labels are DNS-like on purpose: lower-case letters, digits and inner
//! hyphens. They can stand in a URI, a file name, a host name and a log line
//! without a single escape, and two names never differ only in case.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use super::limit;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// There is nothing, or nothing between two slashes.
    #[error("a name has an empty label")]
    EmptyLabel,
    /// Longer than the protocol allows.
    #[error("{bytes} bytes are more than the {max} a name may have", max = limit::NODE_ID_BYTES)]
    TooLong {
        /// How long it was, in bytes.
        bytes: usize,
    },
    /// One label is longer than a DNS label.
    #[error("a label of {bytes} bytes is more than the {max} allowed", max = limit::LABEL_BYTES)]
    LabelTooLong {
        /// How long it was, in bytes.
        bytes: usize,
    },
    /// More zone levels than allowed.
    #[error("more than {max} labels", max = limit::NODE_ID_LABELS)]
    TooDeep,
    /// A character outside `a-z`, `0-9` and inner `-`.
    #[error("only a-z, 0-9 and inner hyphens may stand in a label, found {found:?}")]
    Character {
        /// The first offending character.
        found: char,
    },
}

/// The identity of a member: zone path and name, for example `eu/1/n17`.
///
/// At most [`limit::NODE_ID_BYTES`] bytes. Cloning is a reference count.
/// Ordered by bytes, the same on every machine.
///
/// Names are compared far more often than they are read, mostly in maps: so
/// the first bytes stand here as one number, beside a thin pointer to the rest.
#[derive(Clone)]
pub struct NodeId {
    /// The first eight bytes, the first one highest; zeros where it is shorter.
    begin: u64,
    text: Arc<Box<str>>,
}

impl NodeId {
    /// The whole identity, zone and name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The zone path without the name; empty when there is none.
    pub fn zone(&self) -> &str {
        self.text.rsplit_once('/').map_or("", |(zone, _)| zone)
    }

    /// The last label: the name alone, where it is unique.
    pub fn name(&self) -> &str {
        self.text
            .rsplit_once('/')
            .map_or(&self.text, |(_, name)| name)
    }

    /// A number that equal names share, and of others nearly none: for tables.
    /// Whoever chooses names can make two that share one.
    pub fn print(&self) -> u64 {
        // The odd constant is 2⁶⁴ over the golden ratio (Knuth, TAOCP 3, §6.4).
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut print = self.begin.wrapping_mul(ODD);
        if !self.is_short() {
            for chunk in self.text.as_bytes().chunks(8) {
                let word = chunk
                    .iter()
                    .fold(0, |word, byte| (word << 8) | u64::from(*byte));
                print = (print ^ (print >> 29) ^ word).wrapping_mul(ODD);
            }
        }
        print ^ (print >> 32)
    }

    /// Whether the number holds all of it: no byte of a name is zero.
    const fn is_short(&self) -> bool {
        self.begin & 0xff == 0
    }
}

impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.begin.cmp(&other.begin) {
            Ordering::Equal if self.is_short() || Arc::ptr_eq(&self.text, &other.text) => {
                Ordering::Equal
            }
            Ordering::Equal => self.text.cmp(&other.text),
            order => order,
        }
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for NodeId {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for NodeId {}

impl Hash for NodeId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for NodeId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() > limit::NODE_ID_BYTES {
            return Err(IdError::TooLong { bytes: text.len() });
        }
        for (depth, label) in text.split('/').enumerate() {
            if depth >= limit::NODE_ID_LABELS {
                return Err(IdError::TooDeep);
            }
            check_label(label)?;
        }
        let mut bytes = text.bytes();
        let begin = (0..8).fold(0, |begin, _| {
            begin << 8 | u64::from(bytes.next().unwrap_or(0))
        });
        Ok(Self {
            begin,
            text: Arc::new(Box::from(text)),
        })
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a cluster: one DNS-like label.
///
/// It stands in every certificate and in every `Hello`, so two clusters under
/// one authority cannot meet by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(String);

impl ClusterId {
    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        check_label(text)?;
        Ok(Self(text.to_string()))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks one label: 1 to [`limit::LABEL_BYTES`] of `a-z`, `0-9`, inner `-`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_label(label: &str) -> Result<(), IdError> {
    if label.is_empty() {
        return Err(IdError::EmptyLabel);
    }
    if label.len() > limit::LABEL_BYTES {
        return Err(IdError::LabelTooLong { bytes: label.len() });
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(found) = label.chars().find(|c| !allowed(*c)) {
        return Err(IdError::Character { found });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(IdError::Character { found: '-' });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_path_has_a_zone_and_a_name() {
        let id: NodeId = "eu/1/n17".parse().unwrap();
        assert_eq!((id.zone(), id.name()), ("eu/1", "n17"));
        let bare: NodeId = "n17".parse().unwrap();
        assert_eq!((bare.zone(), bare.name()), ("", "n17"));
    }

    #[test]
    fn names_are_ordered_by_their_bytes() {
        let texts = [
            "a",
            "b",
            "a/b",
            "a-b",
            "abcdefg",
            "abcdefgh",
            "abcdefgi",
            "abcdefgh/a",
            "abcdefgh/b",
            "abcdefgha",
            "abcdefg/a",
        ];
        for one in texts {
            for other in texts {
                let (left, right): (NodeId, NodeId) =
                    (one.parse().unwrap(), other.parse().unwrap());
                assert_eq!(left.cmp(&right), one.cmp(other), "{one} {other}");
                assert_eq!(left == right, one == other, "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_not_a_name_is_refused_with_its_reason() {
        let long = "a".repeat(64);
        let longer = format!("{}/{}/{}", "a".repeat(60), "b".repeat(60), "c".repeat(60));
        for (text, want) in [
            ("", IdError::EmptyLabel),
            ("eu//n", IdError::EmptyLabel),
            ("eu/", IdError::EmptyLabel),
            ("EU/n", IdError::Character { found: 'E' }),
            ("-a", IdError::Character { found: '-' }),
            ("a b", IdError::Character { found: ' ' }),
            ("é", IdError::Character { found: 'é' }),
            (&long, IdError::LabelTooLong { bytes: 64 }),
            (&longer, IdError::TooLong { bytes: 182 }),
            ("a/b/c/d/e/f/g/h/i", IdError::TooDeep),
        ] {
            assert_eq!(text.parse::<NodeId>(), Err(want), "{text:?}");
        }
    }
}
