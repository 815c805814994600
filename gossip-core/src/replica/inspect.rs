//! What a checker may see of the replica, and the canary that it has to find:
//! only in the simulator.

use alloc::collections::BTreeMap;

use super::Replica;
use super::slot::Slot;
use super::view::Winner;
use crate::base::id::NodeId;
use crate::message::{Key, Scope, Stamp, Version};

impl Replica {
    /// The version of an author's last write to a key, tombstones included.
    pub fn last_write(&self, author: &NodeId, scope: Scope, key: &Key) -> Option<Version> {
        let (version, _) = self.logs.get(author)?.find(scope, key)?;
        Some(version)
    }

    /// The stamp and author that stand for a shared key, should it be a deletion
    /// or a shadow of one.
    pub fn rank(&self, key: &Key) -> Option<(Stamp, &NodeId)> {
        let winner = self.view.winner(key)?;
        Some((winner.stamp, &winner.author))
    }

    /// For each shared key the write above all others, of those whose time has
    /// come.
    fn above_all(&self) -> BTreeMap<Key, (Winner, bool)> {
        let mut above: BTreeMap<Key, (Winner, bool)> = BTreeMap::new();
        for (author, log) in &self.logs {
            let shared = log
                .slots()
                .filter(|(_, slot)| slot.scope() == Scope::Shared);
            for (version, slot) in shared {
                let stamp = slot.stamp();
                let name = core::str::from_utf8(slot.key_bytes()).map(str::parse::<Key>);
                let Ok(Ok(key)) = name else { continue };
                if self.view.is_held(author, version, stamp) {
                    continue;
                }
                let later = above
                    .get(&key)
                    .is_none_or(|(other, _)| (other.stamp, &other.author) < (stamp, author));
                if later {
                    let author = author.clone();
                    let write = Winner {
                        author,
                        version,
                        stamp,
                    };
                    above.insert(key, (write, slot.is_live()));
                }
            }
        }
        above
    }

    /// A shared key that does not stand as the logs say.
    pub fn misjudged(&self) -> Option<Key> {
        let above = self.above_all();
        let wrong = above.into_iter().find(|(key, (best, live))| {
            let Some(stands) = self.view.winner(key) else {
                return *live;
            };
            let below = (stands.stamp, &stands.author) < (best.stamp, &best.author);
            let slot = self.slot(&stands.author, stands.version);
            below && (*live || slot.is_some_and(Slot::is_live))
        });
        wrong.map(|(key, _)| key)
    }

    /// Lets a lesser write stand for the first key that has one: for canaries.
    pub fn misjudge(&mut self) {
        let above = self.above_all();
        let live = above.into_iter().filter(|(_, (_, live))| *live);
        let found = live.into_iter().find_map(|(key, (best, _))| {
            let others = self
                .logs
                .iter()
                .filter(|(author, _)| **author != best.author);
            let mut lesser = others.filter_map(|(author, log)| {
                let (version, slot) = log.find(Scope::Shared, &key)?;
                Some(Winner {
                    author: author.clone(),
                    version,
                    stamp: slot.stamp(),
                })
            });
            Some((lesser.next()?, key))
        });
        if let Some((lesser, key)) = found {
            self.view.remove(&key);
            self.view.contend(&key, lesser);
        }
    }
}
