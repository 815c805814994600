//! Rules K10 and K8 of what was promised: a write that was acknowledged when it
//! was on disk is there after every crash; and (asked for by `expect kept`) what
//! was acknowledged and not replaced is at everybody, and nothing that was
//! deleted is back.
//!
//! A write *at once* is promised for as long as its process runs. Where a disk was
//! put in the place of another, what the first one held is promised no more.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::WallTime;
use crate::input::{Durability, Query, Space, Ticket};
use crate::message::{Batch, Entry, Key, Op, Scope, Stamp, Value, Version, WriteId};
use crate::node::Node;

/// Clocks disagree by so much at most about what has ended (guess: ten times
/// what the world's clocks are off).
const ABOUT: Duration = Duration::from_secs(1);

/// A write that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Promise {
    version: Version,
    stamp: Stamp,
    /// `None`: the key was deleted.
    value: Option<Value>,
    expires: Option<WallTime>,
}

impl Promise {
    fn of(version: Version, entry: &Entry) -> Self {
        Self {
            version,
            stamp: entry.stamp,
            value: match &entry.op {
                Op::Put(value) => Some(value.clone()),
                Op::Delete => None,
            },
            expires: entry.expires,
        }
    }

    /// Whether the key may hold nothing by it at `wall`.
    fn may_be_gone(&self, wall: WallTime) -> bool {
        let ended = |ends: WallTime| ends.as_millis() <= wall.as_millis() + millis(ABOUT);
        self.value.is_none() || self.expires.is_some_and(ended)
    }

    /// Whether the key must hold nothing by it at `wall`.
    fn must_be_gone(&self, wall: WallTime) -> bool {
        let ended = |ends: WallTime| ends.as_millis() + millis(ABOUT) <= wall.as_millis();
        self.value.is_none() || self.expires.is_some_and(ended)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Of all writes to each shared key that there ever were, the one above the
/// others. A write that lost against a deletion is withdrawn by its author in
/// time, and then both are cleared away: nobody can show them any more.
#[derive(Debug, Default)]
pub(in crate::sim) struct Tops(BTreeMap<Key, (Stamp, NodeId)>);

impl Tops {
    /// A batch is sealed.
    pub(in crate::sim) fn seals(&mut self, batch: &Batch) {
        for part in &batch.parts {
            let entry = &part.entry.value;
            if entry.scope == Scope::Shared {
                let rank = (entry.stamp, batch.author().clone());
                let top = self
                    .0
                    .entry(entry.key.clone())
                    .or_insert_with(|| rank.clone());
                *top = top.clone().max(rank);
            }
        }
    }

    fn is_above(&self, author: &NodeId, scope: Scope, key: &Key, promise: &Promise) -> bool {
        let top = self.0.get(key).filter(|_| scope == Scope::Shared);
        top.is_some_and(|(stamp, by)| (*stamp, by) > (promise.stamp, author))
    }
}

/// What one host has promised its application.
#[derive(Debug, Default)]
pub(in crate::sim) struct Promises {
    /// How what was asked is to be acknowledged.
    asked: BTreeMap<Ticket, Durability>,
    /// What was sealed and is not acknowledged.
    drafted: BTreeMap<Version, Entry>,
    /// What was sealed last of each key, acknowledged or not.
    newest: BTreeMap<(Scope, Key), Promise>,
    synced: BTreeMap<(Scope, Key), Promise>,
    at_once: BTreeMap<(Scope, Key), Promise>,
}

impl Promises {
    /// The application wants to write.
    pub(in crate::sim) fn asks(&mut self, ticket: Ticket, durability: Durability) {
        self.asked.insert(ticket, durability);
    }

    /// A batch of its own is sealed.
    pub(in crate::sim) fn drafts(&mut self, batch: &Batch) {
        for part in &batch.parts {
            let (version, entry) = (batch.version(part.index), &part.entry.value);
            let name = (entry.scope, entry.key.clone());
            self.newest.insert(name, Promise::of(version, entry));
            self.drafted.insert(version, entry.clone());
        }
    }

    /// The application is told that these are written. How that was asked for.
    pub(in crate::sim) fn makes(&mut self, ticket: Ticket, writes: &[WriteId]) -> Durability {
        let durability = self.asked.remove(&ticket).unwrap_or_default();
        let kept = match durability {
            Durability::Synced => &mut self.synced,
            Durability::AtOnce => &mut self.at_once,
        };
        for write in writes {
            if let Some(entry) = self.drafted.get(&write.version) {
                let promise = Promise::of(write.version, entry);
                kept.insert((entry.scope, entry.key.clone()), promise);
            }
        }
        if let Some(last) = writes.last() {
            self.drafted = self.drafted.split_off(&last.version.plus(1));
        }
        durability
    }

    /// The process has ended: what it promised until then is void.
    pub(in crate::sim) fn reboots(&mut self) {
        self.asked.clear();
        self.drafted.clear();
        self.at_once.clear();
    }

    /// Another disk is in the place of its own.
    pub(in crate::sim) fn forgets(&mut self) {
        *self = Self::default();
    }

    /// Whether its author may hold nothing under a key: what was promised, or what
    /// replaced it, has been deleted or has ended, or lost against another's.
    fn may_be_gone(
        &self,
        author: &NodeId,
        name: &(Scope, Key),
        promise: &Promise,
        tops: &Tops,
        wall: WallTime,
    ) -> bool {
        let newest = self.newest.get(name);
        promise.may_be_gone(wall)
            || newest.is_some_and(|newest| newest.may_be_gone(wall))
            || tops.is_above(author, name.0, &name.1, promise)
    }

    /// Holds where a process that has just begun on this disk has what was
    /// promised.
    pub(in crate::sim) fn survive(&self, node: &Node, tops: &Tops, wall: WallTime) -> Verdict {
        let me = node.id();
        for (name, promise) in &self.synced {
            let (scope, key) = name;
            let held = node.last_write(me, *scope, key);
            let cleared = held.is_none() && self.may_be_gone(me, name, promise, tops, wall);
            if held < Some(promise.version) && !cleared {
                return Err(format!(
                    "promise: {key} was written as {promise:?}, and after a restart it holds {held:?}"
                ));
            }
        }
        Ok(())
    }

    /// What of it `node` does not show; `None`: it shows everything.
    pub(in crate::sim) fn broken_at(
        &self,
        author: &NodeId,
        node: &Node,
        tops: &Tops,
        wall: WallTime,
    ) -> Option<String> {
        self.synced
            .iter()
            .chain(&self.at_once)
            .find_map(|(name, promise)| {
                let (scope, key) = name;
                let gone = self.may_be_gone(author, name, promise, tops, wall);
                let wrong = judge(author, (*scope, key), (promise, gone), node, wall)?;
                Some(format!("{key} of {author}, {promise:?}: {wrong}"))
            })
    }
}

/// How a key stands at `node`, if that breaks the promise. `gone`: nothing may be
/// left of it.
fn judge(
    author: &NodeId,
    (scope, key): (Scope, &Key),
    (promise, gone): (&Promise, bool),
    node: &Node,
    wall: WallTime,
) -> Option<String> {
    let held = node.last_write(author, scope, key);
    if held > Some(promise.version) {
        // Its author has replaced it, with a word or without.
        return None;
    }
    if held < Some(promise.version) && !(held.is_none() && gone) {
        return Some(format!("of its author it holds {held:?}"));
    }
    let space = match scope {
        Scope::Own => Space::Own(author.clone()),
        Scope::Shared => Space::Shared,
    };
    let key = key.clone();
    let rank = node.rank(&key).map(|(stamp, by)| (stamp, by.clone()));
    let row = node.value(&Query { space, key });
    let is_it = |row: &crate::output::Row| {
        row.write.author == *author && row.write.version == promise.version
    };
    let above = match scope {
        Scope::Own => false,
        Scope::Shared => rank.is_some_and(|rank| rank > (promise.stamp, author.clone())),
    };
    match row {
        _ if above => None,
        None if gone => None,
        Some(row) if is_it(&row) && !promise.must_be_gone(wall) => {
            (Some(&row.value) != promise.value.as_ref()).then(|| format!("it shows {row:?}"))
        }
        row => Some(format!("it shows {row:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, put};
    use super::*;
    use crate::base::time::{Instant, Now};
    use crate::config::{Config, Identity};
    use crate::input::Saved;
    use alloc::vec::Vec;

    fn node(batches: Vec<Batch>) -> Node {
        let identity = Identity {
            cluster: "c".parse().unwrap(),
            id: id("n1"),
            addrs: ["10.0.0.1:1".parse().unwrap()].into(),
        };
        let now = Now {
            mono: Instant::ZERO,
            wall: WallTime::from_millis(1_000_000),
        };
        let saved = Saved {
            batches,
            ..Saved::default()
        };
        Node::new(Config::default(), identity, 1, now, saved).unwrap()
    }

    #[test]
    fn fires_where_a_write_is_lost_and_where_another_stands() {
        let wall = WallTime::from_millis(1_000_000);
        let tops = Tops::default();
        let (batch, older) = (put("n1", 2, "k", "two"), put("n1", 1, "k", "one"));
        let mut promises = Promises::default();
        promises.asks(Ticket(1), Durability::Synced);
        promises.drafts(&batch);
        let write = WriteId {
            author: id("n1"),
            version: Version(2),
        };
        assert_eq!(promises.makes(Ticket(1), &[write]), Durability::Synced);
        let nothing = node(Vec::new());
        assert!(promises.survive(&nothing, &tops, wall).is_err());
        assert!(
            promises
                .broken_at(&id("n1"), &nothing, &tops, wall)
                .is_some()
        );
        let old = node([older.clone()].into());
        assert!(promises.survive(&old, &tops, wall).is_err());
        let both = node([older, batch.clone()].into());
        assert_eq!(promises.survive(&both, &tops, wall), Ok(()));
        assert_eq!(promises.broken_at(&id("n1"), &both, &tops, wall), None);
        let above = node([put("n2", 3, "k", "three"), batch].into());
        assert_eq!(promises.broken_at(&id("n1"), &above, &tops, wall), None);
        let mut tops = Tops::default();
        tops.seals(&put("n2", 3, "k", "three"));
        assert_eq!(promises.survive(&nothing, &tops, wall), Ok(()), "withdrawn");
        promises.forgets();
        let tops = Tops::default();
        assert_eq!(promises.survive(&nothing, &tops, wall), Ok(()));
    }

    #[test]
    fn fires_where_what_was_deleted_is_back() {
        let wall = WallTime::from_millis(1_000_000);
        let deleted = Promise {
            version: Version(2),
            stamp: Stamp {
                millis: 2,
                counter: 0,
            },
            value: None,
            expires: None,
        };
        let judge = |node: &Node| {
            let key: Key = "k".parse().unwrap();
            let name = (Scope::Shared, &key);
            judge(&id("n1"), name, (&deleted, true), node, wall)
        };
        assert!(judge(&node([put("n2", 1, "k", "ghost")].into())).is_some());
        assert_eq!(judge(&node([put("n2", 3, "k", "new")].into())), None);
        assert_eq!(judge(&node(Vec::new())), None, "cleared away");
    }

    #[test]
    fn what_was_written_at_once_is_promised_until_the_process_ends() {
        let wall = WallTime::from_millis(1_000_000);
        let tops = Tops::default();
        let mut promises = Promises::default();
        promises.asks(Ticket(1), Durability::AtOnce);
        promises.drafts(&put("n1", 1, "k", "v"));
        let write = WriteId {
            author: id("n1"),
            version: Version(1),
        };
        assert_eq!(promises.makes(Ticket(1), &[write]), Durability::AtOnce);
        let nothing = node(Vec::new());
        assert!(
            promises
                .broken_at(&id("n1"), &nothing, &tops, wall)
                .is_some()
        );
        assert_eq!(promises.survive(&nothing, &tops, wall), Ok(()));
        promises.reboots();
        assert_eq!(promises.broken_at(&id("n1"), &nothing, &tops, wall), None);
    }
}
