//! Rule K5 of resets: a log is taken from nothing only by who lags behind its
//! floor, judged by what it holds *now*, and not by what it held when it asked. A
//! newer generation may cut it; and no log falls back, not even for a moment.

use alloc::format;
use alloc::vec::Vec;

use super::Verdict;
use crate::base::id::NodeId;
use crate::message::{Body, Head, Item, Message, Version};
use crate::node::Node;
use crate::output::Record;

/// The heads of the logs that an input speaks of, as they were before it.
#[derive(Debug, Default)]
pub(in crate::sim) struct Resets(Vec<(NodeId, Head)>);

impl Resets {
    /// The node is about to hear a message.
    pub(in crate::sim) fn hears(&mut self, node: &Node, message: &Message) {
        self.0.clear();
        let rumors = message.rumors.iter().filter_map(|item| match item {
            Item::Batch(batch) => Some(batch.author()),
            _ => None,
        });
        let logs = match &message.body {
            Body::Delta(delta) => delta.logs.as_slice(),
            _ => &[],
        };
        let logs = logs.iter().filter_map(|log| log.batches.first());
        for author in rumors.chain(logs.map(crate::message::Batch::author)) {
            if self.0.iter().all(|(known, _)| known != author) {
                self.0.push((author.clone(), node.head_of(author)));
            }
        }
    }

    /// The node keeps something of it.
    pub(in crate::sim) fn keeps(&self, record: &Record) -> Verdict {
        let Record::Run {
            author,
            cut: Some(Version(0)),
            commits,
        } = record
        else {
            return Ok(());
        };
        let Some((_, before)) = self.0.iter().find(|(known, _)| known == author) else {
            return Ok(());
        };
        let heads = commits.iter().map(|(batch, _)| &batch.head.value);
        let lagged = heads
            .clone()
            .any(|head| head.floor.through > before.version);
        let cut = heads
            .clone()
            .any(|head| head.generation() > before.generation);
        match lagged || cut || *before == Head::default() {
            true => Ok(()),
            false => Err(format!(
                "reset: it takes the log of {author} from nothing, and held {before:?}"
            )),
        }
    }

    /// The node has handled the message.
    pub(in crate::sim) fn settles(&mut self, node: &Node) -> Verdict {
        for (author, before) in self.0.drain(..) {
            let now = node.head_of(&author);
            if now < before {
                return Err(format!(
                    "reset: its log of {author} went from {before:?} back to {now:?}"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, put};
    use super::*;
    use crate::message::Generation;

    #[test]
    fn fires_where_nobody_lagged() {
        let record = Record::Run {
            author: id("n1"),
            cut: Some(Version(0)),
            commits: [(put("n1", 3, "k", "v"), Vec::new())].into(),
        };
        let judge = |generation, version| {
            let head = Head {
                generation: Generation(generation),
                version: Version(version),
            };
            Resets([(id("n1"), head)].into()).keeps(&record)
        };
        assert!(judge(1, 2).is_err(), "no floor above it");
        assert_eq!(judge(0, 2), Ok(()), "a newer generation");
        assert_eq!(judge(0, 0), Ok(()), "nothing was held");
        assert_eq!(Resets::default().keeps(&record), Ok(()));
    }
}
