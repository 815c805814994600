//! What can be asked of the replica; nothing here changes it.

use alloc::collections::BTreeSet;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::Replica;
use super::log::{Handed, Log};
use super::slot::Slot;
use crate::base::agreed::Share;
use crate::base::id::NodeId;
use crate::base::touched::Touched;
use crate::input::{Query, Space};
use crate::message::{
    Batch, Entry, Floor, Generation, Head, Key, Lineage, LogDelta, Op, Scope, Version, WriteId,
};
use crate::output::Row;

impl Replica {
    /// How much of a log is held.
    pub fn head(&self, author: &NodeId) -> Option<Head> {
        self.logs
            .get(author)
            .map(Log::head)
            .filter(|head| *head != Head::default())
    }

    /// The run of an author that its log last showed.
    pub fn generation(&self, author: &NodeId) -> Generation {
        self.logs.get(author).map_or(Generation(0), Log::generation)
    }

    /// What an author's next generation continues.
    pub fn lineage(&self, author: &NodeId) -> Lineage {
        self.logs.get(author).map(Log::lineage).unwrap_or_default()
    }

    /// Every author we hold anything of, in order of name, and how much.
    pub fn authors(&self) -> impl Iterator<Item = (&NodeId, Head)> {
        let heads = self.logs.iter().map(|(author, log)| (author, log.head()));
        heads.filter(|(_, head)| *head != Head::default())
    }

    /// The authors whose names come after one, in order of name, and how much.
    pub fn authors_after(&self, after: Option<&NodeId>) -> impl Iterator<Item = (&NodeId, Head)> {
        let logs = self.logs.after(after);
        let heads = logs.map(|(author, log)| (author, log.head()));
        heads.filter(|(_, head)| *head != Head::default())
    }

    /// Notes of whose head is another now.
    pub const fn touched(&mut self) -> &mut Touched {
        &mut self.touched
    }

    /// What an author has cleared of its log.
    pub fn floor(&self, author: &NodeId) -> Floor {
        self.logs.get(author).map(Log::floor).unwrap_or_default()
    }

    /// What `theirs` lacks of a log, up to about `budget` bytes, after what was
    /// `handed` over before; and, if that is not all of it, how far it comes.
    pub fn since(
        &self,
        author: &NodeId,
        theirs: Head,
        handed: Option<Handed>,
        budget: usize,
    ) -> Option<(LogDelta, Option<Handed>)> {
        self.logs.get(author)?.since(theirs, handed, budget)
    }

    /// Whether a log has a key, own or shared, that begins like one of these.
    pub fn has_any(&self, author: &NodeId, beginnings: &[Key]) -> bool {
        let Some(log) = self.logs.get(author) else {
            return false;
        };
        let pairs = beginnings
            .iter()
            .flat_map(|begin| [Scope::Own, Scope::Shared].map(|scope| (scope, begin)));
        pairs.into_iter().any(|(scope, begin)| {
            let mut keys = log.keys_from(scope, begin);
            keys.next()
                .is_some_and(|slot| slot.key_bytes().starts_with(begin.as_str().as_bytes()))
        })
    }

    /// Keys, tombstones included, and bytes that are held of an author.
    pub fn log_share(&self, author: &NodeId) -> Share {
        self.logs
            .get(author)
            .map(Log::share)
            .unwrap_or(Share { keys: 0, bytes: 0 })
    }

    /// Keys and bytes an author holds.
    pub fn share(&self, author: &NodeId) -> (usize, usize) {
        self.logs
            .get(author)
            .map_or((0, 0), |log| (log.keys(), log.bytes()))
    }

    /// The bytes of key and value of an author's write or tombstone under a
    /// key, if there is one.
    pub fn held_bytes(&self, author: &NodeId, scope: Scope, key: &Key) -> Option<usize> {
        let (_, slot) = self.logs.get(author)?.find(scope, key)?;
        Some(slot.payload_bytes())
    }

    /// The versions of a log that no longer matter once `batch` is in it.
    pub fn superseded_by(&self, batch: &Batch) -> Vec<Version> {
        let Some(log) = self.logs.get(batch.author()) else {
            return Vec::new();
        };
        let entries = batch.parts.iter().map(|part| &part.entry.value);
        let found = entries.filter_map(|entry| log.find(entry.scope, &entry.key));
        let found = found.map(|(version, _)| version);
        let floor = batch.head.value.floor;
        let raised = floor.through > log.floor().through;
        let cleared = raised.then(|| log.below(floor)).into_iter().flatten();
        let all: BTreeSet<Version> = found.chain(cleared).collect();
        all.into_iter().collect()
    }

    /// The write behind a key, tombstone or not, and whether the key holds
    /// something by it.
    pub fn standing(&self, query: &Query) -> Option<(WriteId, Entry, bool)> {
        match &query.space {
            Space::Own(member) => {
                let (_, slot) = self.logs.get(member)?.find(Scope::Own, &query.key)?;
                Some((written(member, slot), slot.entry()?, slot.is_live()))
            }
            Space::Shared => {
                let (author, slot) = self.view.standing(&self.logs, &query.key)?;
                Some((written(author, slot), slot.entry()?, slot.is_live()))
            }
        }
    }

    /// How a key stands; `None`: not there.
    pub fn value(&self, query: &Query) -> Option<Row> {
        if let Space::Own(member) = &query.space
            && self.is_veiled(member)
        {
            return None;
        }
        let (write, entry, live) = self.standing(query)?;
        live.then(|| row(write, entry)).flatten()
    }

    /// The keys of a space that begin with `prefix`, in order.
    pub fn list(&self, space: &Space, prefix: &str) -> Vec<Row> {
        let Ok(from) = first_key(prefix) else {
            return Vec::new();
        };
        match space {
            Space::Own(member) => {
                let log = self.logs.get(member).filter(|_| !self.is_veiled(member));
                let Some(log) = log else {
                    return Vec::new();
                };
                let keys = log.keys_from(Scope::Own, &from);
                let keys = keys.take_while(|slot| slot.key_bytes().starts_with(prefix.as_bytes()));
                let live = keys.filter(|slot| slot.is_live());
                live.filter_map(|slot| row(written(member, slot), slot.entry()?))
                    .collect()
            }
            Space::Shared => {
                let keys = self.view.from(&self.logs, &from);
                let keys =
                    keys.take_while(|(_, slot)| slot.key_bytes().starts_with(prefix.as_bytes()));
                let live = keys.filter(|(_, slot)| slot.is_live());
                live.filter_map(|(author, slot)| row(written(author, slot), slot.entry()?))
                    .collect()
            }
        }
    }

    /// Keys that hold something, own and shared, of every author.
    pub fn live_keys(&self) -> usize {
        let shown = self
            .logs
            .iter()
            .filter(|(author, _)| !self.is_veiled(author));
        let own = shown.flat_map(|(_, log)| log.slots());
        let own = own.filter(|(_, slot)| slot.scope() == Scope::Own && slot.is_live());
        let shared = self.view.iter(&self.logs);
        let shared = shared.filter(|(_, slot)| slot.is_live());
        own.count() + shared.count()
    }
}

/// The first key that a prefix can match.
fn first_key(prefix: &str) -> Result<Key, crate::message::KeyError> {
    // The empty text is no key; the least key is the least printable character.
    if prefix.is_empty() {
        " ".to_string().parse()
    } else {
        prefix.parse()
    }
}

fn written(author: &NodeId, slot: &Slot) -> WriteId {
    WriteId {
        author: author.clone(),
        version: slot.version(),
    }
}

fn row(write: WriteId, entry: Entry) -> Option<Row> {
    match entry.op {
        Op::Put(value) => Some(Row {
            key: entry.key,
            value,
            write,
            stamp: entry.stamp,
        }),
        Op::Delete => None,
    }
}
