//! What is watched: which keys, and from where on.
//!
//! A [`Selection`] says which keys are meant: whose, and which of those. A
//! [`Cursor`] says how far somebody has come in the order in which one run of
//! one node told what became of keys. Whoever keeps the last cursor it was
//! given may go away, come back, and ask for what it missed.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::base::id::NodeId;
use crate::base::siphash::HashKey;
use crate::message::{Generation, Key, Scope};

/// Which keys are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// In whose name space.
    pub whose: Whose,
    /// Which of those.
    pub keys: Keys,
}

/// Whose keys are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The shared ones.
    Shared,
    /// One member's own.
    Member(NodeId),
    /// Every member's own: one key is then as many as there are members.
    Everybody,
}

/// Which keys of a name space are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// This one.
    Exactly(Key),
    /// All that begin so; after the empty text, all.
    Prefix(String),
}

impl Selection {
    /// These of the shared keys.
    pub const fn shared(keys: Keys) -> Self {
        let whose = Whose::Shared;
        Self { whose, keys }
    }

    /// These of a member's own keys.
    pub const fn member(member: NodeId, keys: Keys) -> Self {
        let whose = Whose::Member(member);
        Self { whose, keys }
    }

    /// These of every member's own keys.
    pub const fn everybody(keys: Keys) -> Self {
        let whose = Whose::Everybody;
        Self { whose, keys }
    }

    /// Whether a key that `author` wrote is meant.
    pub fn holds(&self, scope: Scope, author: &NodeId, key: &Key) -> bool {
        let whose = match &self.whose {
            Whose::Shared => scope == Scope::Shared,
            Whose::Member(member) => scope == Scope::Own && member == author,
            Whose::Everybody => scope == Scope::Own,
        };
        whose
            && match &self.keys {
                Keys::Exactly(wanted) => wanted == key,
                Keys::Prefix(prefix) => key.as_str().starts_with(prefix.as_str()),
            }
    }
}

/// How far somebody has come in what a node tells of keys.
///
/// It means something to the run of the node that gave it, and to nobody else:
/// another node, or the same after a restart, answers with how things stand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cursor {
    /// Which run of which node.
    pub(crate) run: u64,
    /// The number of the last event that is known, counted from one.
    pub(crate) number: u64,
}

impl Cursor {
    /// Where a run begins: nothing has been told yet.
    pub(crate) fn first(node: &NodeId, generation: Generation) -> Self {
        let key = HashKey::of(&format!("gossip run {}", generation.0));
        let hash = key.hash(node.as_str().as_bytes()).to_be_bytes();
        let run = hash
            .first_chunk()
            .map_or(0, |half| u64::from_be_bytes(*half));
        Self { run, number: 0 }
    }

    /// The number of the event it stands behind; zero: before the first.
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}-{}", self.run, self.number))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what a watch has given, such as 5f3a00c1d2e4b697-41")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (run, number) = text.split_once('-').ok_or(CursorError)?;
        let is_run = run.len() == 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        match (u64::from_str_radix(run, 16), number.parse()) {
            (Ok(run), Ok(number)) if is_run && is_number => Ok(Self { run, number }),
            _ => Err(CursorError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_cursor_survives_being_written_down() {
        let node = "eu/n1".parse().unwrap();
        let mut cursor = Cursor::first(&node, Generation(7));
        cursor.number = 41;
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_ne!(cursor.run, Cursor::first(&node, Generation(8)).run);
        for wrong in [
            "",
            "41",
            "-41",
            "5f-41",
            "5f3a00c1d2e4b697-",
            "+f3a00c1d2e4b697-1",
            "5f3a00c1d2e4b697-+1",
        ] {
            assert_eq!(wrong.parse::<Cursor>(), Err(CursorError), "{wrong}");
        }
    }

    #[test]
    fn a_selection_holds_what_it_names() {
        let (a, b): (NodeId, NodeId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let (key, longer): (Key, Key) = ("load".parse().unwrap(), "load/5m".parse().unwrap());
        let prefix = || Keys::Prefix("load".to_string());
        let of_a = Selection::member(a.clone(), prefix());
        assert!(of_a.holds(Scope::Own, &a, &longer));
        assert!(!of_a.holds(Scope::Own, &b, &longer));
        assert!(!of_a.holds(Scope::Shared, &a, &longer));
        let everybody = Selection::everybody(Keys::Exactly(key.clone()));
        assert!(everybody.holds(Scope::Own, &b, &key));
        assert!(!everybody.holds(Scope::Own, &b, &longer));
        assert!(!everybody.holds(Scope::Shared, &b, &key));
        assert!(Selection::shared(prefix()).holds(Scope::Shared, &b, &key));
    }
}
