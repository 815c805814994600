//! The journal: what is really on a host's disk.
//!
//! A plain model of what a real store keeps: the generation, every batch or
//! what is left of it, the peer book, the verdicts that stood and the rows that were
//! closed. A [`Record`]
//! changes it, [`Journal::saved`] reads it back the way a node finds it when it
//! starts.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::archive::Kept;
use crate::base::id::NodeId;
use crate::electorate::Elected;
use crate::input::Saved;
use crate::message::{
    Accusation, Batch, BatchHead, BatchPart, Claim, Footing, Generation, Head, Sealed, Version,
};
use crate::output::Record;

/// The content of a disk. A clone of it is a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    generation: Generation,
    logs: BTreeMap<NodeId, Log>,
    claims: BTreeMap<NodeId, Arc<Sealed<Claim>>>,
    verdicts: BTreeMap<NodeId, Sealed<Accusation>>,
    closed: BTreeMap<NodeId, Footing>,
    elected: Option<Elected>,
}

/// One author's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Log {
    /// What is left of the batches, entry by entry.
    parts: BTreeMap<Version, (Arc<Sealed<BatchHead>>, BatchPart)>,
    /// The newest head: it says how far the log goes even where nothing of its
    /// batch is left, or where it never had entries (an opening).
    newest: Option<Arc<Sealed<BatchHead>>>,
}

impl Journal {
    /// The generation it was last run as.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// How far the log of `author` goes.
    pub fn head(&self, author: &NodeId) -> Head {
        let newest = self.logs.get(author).and_then(|log| log.newest.as_ref());
        newest.map_or_else(Head::default, |head| head.value.after())
    }

    /// Puts one record on the disk, perhaps with others' share in it.
    pub(super) fn keep(&mut self, kept: Kept) {
        match kept {
            Kept::Claim(claim) => self.claim(claim),
            Kept::Other(record) => self.write(*record),
        }
    }

    fn claim(&mut self, claim: Arc<Sealed<Claim>>) {
        let (member, footing) = (&claim.value.member, claim.value.footing);
        let verdict = self.verdicts.get(member);
        if verdict.is_some_and(|verdict| verdict.value.footing < footing) {
            self.verdicts.remove(member);
        }
        self.closed.remove(member);
        self.claims.insert(member.clone(), claim);
    }

    /// Puts one record on the disk.
    pub fn write(&mut self, record: Record) {
        match record {
            Record::Generation(generation) => self.generation = generation,
            Record::Commit { batch, superseded } => {
                let log = self.logs.entry(batch.author().clone()).or_default();
                log.commit(batch, &superseded);
            }
            Record::Run {
                author,
                cut,
                commits,
            } => {
                let log = self.logs.entry(author).or_default();
                if let Some(through) = cut {
                    log.cut(through);
                }
                for (batch, superseded) in commits {
                    log.commit(batch, &superseded);
                }
            }
            Record::Cut { author, through } => {
                if let Some(log) = self.logs.get_mut(&author) {
                    log.cut(through);
                }
            }
            Record::Claim(claim) => self.claim(Arc::new(claim)),
            Record::Verdict(verdict) => {
                self.verdicts.insert(verdict.value.accused.clone(), verdict);
            }
            Record::Closed { member, footing } => {
                if self.claims.contains_key(&member) {
                    self.closed.insert(member, footing);
                }
            }
            Record::Forget(member) => {
                self.claims.remove(&member);
                self.closed.remove(&member);
            }
            Record::Electorate(elected) => self.elected = Some(elected),
        }
    }

    /// What a node that starts finds.
    pub fn saved(&self) -> Saved {
        Saved {
            generation: self.generation,
            batches: self.logs.values().flat_map(Log::batches).collect(),
            claims: self
                .claims
                .values()
                .map(|claim| (**claim).clone())
                .collect(),
            verdicts: self.verdicts.values().cloned().collect(),
            closed: self.closed.clone(),
            elected: self.elected.clone(),
        }
    }
}

impl Log {
    fn commit(&mut self, batch: Batch, superseded: &[Version]) {
        for version in superseded {
            self.parts.remove(version);
        }
        let order = |head: &BatchHead| (head.generation(), head.first, head.count);
        if self
            .newest
            .as_ref()
            .is_none_or(|newest| order(&newest.value) <= order(&batch.head.value))
        {
            self.newest = Some(batch.head.clone());
        }
        for part in batch.parts {
            let version = batch.head.value.first.plus(u64::from(part.index));
            self.parts.insert(version, (batch.head.clone(), part));
        }
    }

    fn cut(&mut self, through: Version) {
        self.parts.retain(|version, _| *version <= through);
        if let Some(newest) = &self.newest
            && newest.value.after().version > through
        {
            let last = self.parts.last_key_value();
            self.newest = last.map(|(_, (head, _))| head.clone());
        }
    }

    /// The entries, gathered again into the batches they came in.
    fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for (head, part) in self.parts.values() {
            match batches.last_mut() {
                Some(batch) if batch.head == *head => batch.parts.push(part.clone()),
                _ => batches.push(Batch {
                    head: head.clone(),
                    parts: [part.clone()].into(),
                }),
            }
        }
        if let Some(newest) = &self.newest
            && batches.last().is_none_or(|batch| batch.head != *newest)
        {
            batches.push(Batch {
                head: newest.clone(),
                parts: Vec::new(),
            });
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Draft, Entry, Item, Lineage, Op, Scope, Stamp, Statement};
    use crate::sim::sealer::seal;
    use alloc::vec;

    fn batch(generation: u64, first: u64, keys: &[&str]) -> Batch {
        let from = Head {
            generation: Generation(generation - 1),
            version: Version(first).before(),
        };
        let entry = |key: &&str| Entry {
            scope: Scope::Own,
            key: key.parse().unwrap(),
            stamp: Stamp::default(),
            op: Op::Delete,
            replaces: None,
            expires: None,
        };
        let item = seal(Statement::Batch(Draft {
            author: "n1".parse().unwrap(),
            lineage: Lineage::default().extended(Generation(generation), from),
            first: Version(first),
            floor: crate::message::Floor::default(),
            entries: keys.iter().map(entry).collect(),
        }));
        match item {
            Item::Batch(batch) => batch,
            _ => unreachable!(),
        }
    }

    fn commit(journal: &mut Journal, batch: &Batch, superseded: &[u64]) {
        journal.write(Record::Commit {
            batch: batch.clone(),
            superseded: superseded.iter().map(|v| Version(*v)).collect(),
        });
    }

    #[test]
    fn what_was_superseded_is_gone_and_the_rest_keeps_its_batch() {
        let (first, second) = (batch(1, 1, &["a", "b"]), batch(1, 3, &["a"]));
        let mut journal = Journal::default();
        commit(&mut journal, &first, &[]);
        commit(&mut journal, &second, &[1]);
        let saved = journal.saved();
        assert_eq!(saved.batches.len(), 2);
        assert_eq!(saved.batches[0].parts, first.parts[1..]);
        assert_eq!(saved.batches[1], second);
    }

    #[test]
    fn an_opening_is_kept_though_it_holds_nothing() {
        let mut journal = Journal::default();
        commit(&mut journal, &batch(1, 1, &["a"]), &[]);
        commit(&mut journal, &batch(2, 2, &[]), &[]);
        let id = "n1".parse().unwrap();
        assert_eq!(journal.head(&id).generation, Generation(2));
        assert_eq!(journal.head(&id).version, Version(1));
        assert_eq!(journal.saved().batches.len(), 2);
    }

    #[test]
    fn a_cut_takes_what_lies_beyond() {
        let mut journal = Journal::default();
        let kept = batch(1, 1, &["a", "b"]);
        commit(&mut journal, &kept, &[]);
        commit(&mut journal, &batch(1, 3, &["c"]), &[]);
        journal.write(Record::Cut {
            author: "n1".parse().unwrap(),
            through: Version(2),
        });
        assert_eq!(journal.saved().batches, vec![kept]);
    }
}
