//! Rules K4, K9 and K11 of keys: what was deleted, or has ended, does not come
//! back; versions of a key only rise; nothing is shown whose time is over.
//!
//! They hold for what one process tells its application. A cut takes back what
//! was written, tombstones too: what was told under an older generation of an
//! author's log binds nobody any more.

use alloc::collections::BTreeMap;
use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::WallTime;
use crate::input::Space;
use crate::message::{Generation, Key, Scope, Stamp, WriteId};
use crate::output::{KeyEvent, KeyEventKind};

/// What was told of a key last.
#[derive(Debug)]
struct Told {
    kind: KeyEventKind,
    write: WriteId,
    stamp: Stamp,
    /// The author's generation then.
    generation: Generation,
}

/// What one process has told of keys.
#[derive(Debug, Default)]
pub(in crate::sim) struct Keys(BTreeMap<(Space, Key), Told>);

impl Keys {
    /// The process tells of a key; `generation` is that of an author's log, as
    /// the process holds it.
    pub(in crate::sim) fn tells(
        &mut self,
        event: &KeyEvent,
        generation: impl Fn(&NodeId) -> Generation,
    ) -> Verdict {
        let space = match event.scope {
            Scope::Own => Space::Own(event.write.author.clone()),
            Scope::Shared => Space::Shared,
        };
        let name = (space, event.key.clone());
        let now = Told {
            kind: event.kind,
            write: event.write.clone(),
            stamp: event.stamp,
            generation: generation(&event.write.author),
        };
        let before = self.0.get(&name);
        let before = before.filter(|told| told.generation == generation(&told.write.author));
        if let Some(before) = before {
            follows(event.scope, &name.1, before, &now)?;
        }
        match event.kind {
            // Whoever is forgotten takes its keys along, and brings them back.
            KeyEventKind::Reset => self.0.remove(&name),
            _ => self.0.insert(name, now),
        };
        Ok(())
    }
}

fn follows(scope: Scope, key: &Key, before: &Told, now: &Told) -> Verdict {
    let same = before.write == now.write;
    let ends = same && before.kind == KeyEventKind::Put && now.kind != KeyEventKind::Put;
    let rises = match scope {
        Scope::Own => before.write.version < now.write.version,
        Scope::Shared if before.write.author == now.write.author => {
            before.write.version < now.write.version
        }
        Scope::Shared => (before.stamp, &before.write.author) < (now.stamp, &now.write.author),
    };
    if ends || rises || now.kind == KeyEventKind::Reset {
        Ok(())
    } else {
        Err(format!("keys: {key} was {before:?}, and then {now:?}"))
    }
}

/// Holds where a value that is shown has not ended at `wall`.
pub(in crate::sim) fn outlasts_its_time(
    key: &Key,
    expires: Option<WallTime>,
    wall: WallTime,
) -> Verdict {
    match expires {
        Some(expires) if expires <= wall => Err(format!(
            "keys: {key} is shown at {wall:?}, and ended at {expires:?}"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Version;
    use crate::watched::Cursor;

    fn event(kind: KeyEventKind, author: &str, version: u64, millis: u64) -> KeyEvent {
        KeyEvent {
            scope: if author == "own" {
                Scope::Own
            } else {
                Scope::Shared
            },
            key: "k".parse().unwrap(),
            kind,
            value: None,
            write: WriteId {
                author: author.parse().unwrap(),
                version: Version(version),
            },
            stamp: Stamp { millis, counter: 0 },
            before: None,
            cursor: Cursor::default(),
        }
    }

    #[test]
    fn fires_when_something_comes_back() {
        use KeyEventKind::{Deleted, Expired, Put, Reset};
        for (first, then, holds) in [
            (event(Put, "own", 1, 1), event(Deleted, "own", 2, 2), true),
            (event(Deleted, "own", 2, 2), event(Put, "own", 1, 1), false),
            (event(Put, "own", 1, 1), event(Put, "own", 1, 1), false),
            (event(Put, "own", 1, 1), event(Expired, "own", 1, 1), true),
            (event(Expired, "own", 1, 1), event(Put, "own", 1, 1), false),
            (event(Reset, "own", 2, 2), event(Put, "own", 1, 1), true),
            (event(Deleted, "b", 1, 20), event(Put, "a", 1, 10), false),
            (event(Deleted, "b", 1, 20), event(Put, "a", 2, 30), true),
        ] {
            let mut keys = Keys::default();
            let generation = |_: &NodeId| Generation(1);
            assert_eq!(keys.tells(&first, generation), Ok(()));
            assert_eq!(
                keys.tells(&then, generation).is_ok(),
                holds,
                "{first:?} {then:?}"
            );
            let mut keys = Keys::default();
            assert_eq!(keys.tells(&first, |_| Generation(1)), Ok(()));
            assert_eq!(keys.tells(&then, |_| Generation(2)), Ok(()), "cut between");
        }
        let key: Key = "k".parse().unwrap();
        let at = WallTime::from_millis;
        assert!(outlasts_its_time(&key, Some(at(5)), at(5)).is_err());
        assert_eq!(outlasts_its_time(&key, Some(at(6)), at(5)), Ok(()));
        assert_eq!(outlasts_its_time(&key, None, at(5)), Ok(()));
    }
}
