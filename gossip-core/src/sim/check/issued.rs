//! Rules K1 and K7 of writes: a name is one write, for ever, and it is its
//! author's. Whatever anybody hands on of a log was sealed by the process that
//! runs under its author's name, byte by byte; and of what was handed on under
//! one author, generation and version there is one.
//!
//! A commit that could not be written leaves no trace, and its versions are used
//! again: so more than one write may have been *sealed* under a name. Only one of
//! them may ever be told.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::Verdict;
use crate::base::id::NodeId;
use crate::message::{Batch, BatchPart, Body, Generation, Item, Message, Version};
use crate::sim::hash::RunningHash;

/// One write: who made it, in which run, and the how-manieth it was.
type Name = (NodeId, Generation, Version);

#[derive(Debug, Default)]
struct Known {
    /// What its author sealed under the name.
    sealed: Vec<u64>,
    /// What was told under it first.
    told: Option<u64>,
}

/// Every write there ever was.
#[derive(Debug, Default)]
pub(in crate::sim) struct Issued(BTreeMap<Name, Known>);

impl Issued {
    /// A process that runs as `me` has a batch sealed.
    pub(in crate::sim) fn seals(&mut self, me: &NodeId, batch: &Batch) -> Verdict {
        if batch.author() != me {
            return Err(format!("issued: {me} writes as {}", batch.author()));
        }
        self.knows(batch);
        Ok(())
    }

    /// A journal from elsewhere holds a batch: its author is believed.
    pub(in crate::sim) fn knows(&mut self, batch: &Batch) {
        for part in &batch.parts {
            let known = self.0.entry(name(batch, part)).or_default();
            let print = print(batch, part);
            if !known.sealed.contains(&print) {
                known.sealed.push(print);
            }
        }
    }

    /// Holds where all writes in a message are what their authors wrote.
    pub(in crate::sim) fn tells(&mut self, message: &Message) -> Verdict {
        for item in &message.rumors {
            if let Item::Batch(batch) = item {
                self.tells_batch(batch)?;
            }
        }
        if let Body::Delta(delta) = &message.body {
            for batch in delta.logs.iter().flat_map(|log| &log.batches) {
                self.tells_batch(batch)?;
            }
        }
        Ok(())
    }

    fn tells_batch(&mut self, batch: &Batch) -> Verdict {
        for part in &batch.parts {
            let name = name(batch, part);
            let print = print(batch, part);
            let known = self.0.get_mut(&name);
            let Some(known) = known.filter(|known| known.sealed.contains(&print)) else {
                return Err(format!("issued: its author never wrote this: {name:?}"));
            };
            if *known.told.get_or_insert(print) != print {
                return Err(format!("issued: {name:?} is two writes"));
            }
        }
        Ok(())
    }
}

fn name(batch: &Batch, part: &BatchPart) -> Name {
    let head = &batch.head.value;
    let version = batch.version(part.index);
    (head.author.clone(), head.generation(), version)
}

fn print(batch: &Batch, part: &BatchPart) -> u64 {
    let mut print = RunningHash::from_seed(0);
    print.bytes(&batch.head.bytes);
    print.bytes(&part.entry.bytes);
    print.value()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, put};
    use super::*;

    fn told(batch: &Batch) -> Message {
        Message {
            body: Body::Gossip,
            rumors: [Item::Batch(batch.clone())].into(),
        }
    }

    #[test]
    fn fires_on_a_second_write_of_one_name_and_on_a_forged_one() {
        let (n1, n2) = (id("n1"), id("n2"));
        let (one, other) = (put("n1", 1, "k", "one"), put("n1", 1, "k", "other"));
        let mut issued = Issued::default();
        assert!(issued.seals(&n2, &one).is_err(), "in another's name");
        assert_eq!(issued.seals(&n1, &one), Ok(()));
        assert!(issued.tells(&told(&other)).is_err(), "never written");
        assert_eq!(issued.seals(&n1, &other), Ok(()), "the first was not kept");
        assert_eq!(issued.tells(&told(&other)), Ok(()));
        assert_eq!(issued.tells(&told(&other)), Ok(()));
        assert!(issued.tells(&told(&one)).is_err(), "two writes");
    }
}
