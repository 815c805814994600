//! Rule K12 of limits: nobody writes more at once than a batch holds, and no
//! replica holds more of an author than its share, whoever brings it. What a
//! command may not write is refused, whole, and the caller hears why.
//!
//! That a key or a value is too long cannot be said inside: the types have no
//! room for it (`message/entry.rs`), and gossip-wire refuses to decode one.

use alloc::collections::BTreeSet;
use alloc::format;

use super::Verdict;
use crate::base::limit;
use crate::input::{Ticket, Write};
use crate::message::Batch;
use crate::node::Node;

/// Commands that are to be refused.
#[derive(Debug, Default)]
pub(in crate::sim) struct Excess(BTreeSet<Ticket>);

impl Excess {
    /// The application wants to write.
    pub(in crate::sim) fn asks(&mut self, ticket: Ticket, writes: &[Write]) {
        let bytes = writes.iter().map(|write| {
            let value = write.value.as_ref().map_or(0, |value| value.bytes().len());
            write.key.as_str().len() + value
        });
        if writes.len() > limit::BATCH_ENTRIES || bytes.sum::<usize>() > limit::BATCH_BYTES {
            self.0.insert(ticket);
        }
    }

    /// The application is told that it is written.
    pub(in crate::sim) fn writes(&self, ticket: Ticket) -> Verdict {
        match self.0.contains(&ticket) {
            true => Err(format!(
                "share: {ticket:?} asked for more than a batch holds"
            )),
            false => Ok(()),
        }
    }
}

/// Holds where a batch that is sealed is no larger than one may be.
pub(in crate::sim) fn overfills(batch: &Batch) -> Verdict {
    let entries = batch.parts.iter();
    let bytes: usize = entries.map(|part| part.entry.value.payload_bytes()).sum();
    let count = usize::try_from(batch.head.value.count).unwrap_or(usize::MAX);
    if count > limit::BATCH_ENTRIES || bytes > limit::BATCH_BYTES {
        return Err(format!(
            "share: a batch of {count} entries and {bytes} bytes"
        ));
    }
    Ok(())
}

/// Holds where a node has of every author no more than its share.
pub(in crate::sim) fn holds_too_much(node: &Node) -> Verdict {
    for (author, _) in node.logs() {
        is_too_much(author, node.share_of(author))?;
    }
    Ok(())
}

fn is_too_much(author: &crate::base::id::NodeId, (keys, bytes): (usize, usize)) -> Verdict {
    if keys > limit::KEYS_PER_AUTHOR || bytes > limit::BYTES_PER_AUTHOR {
        return Err(format!("share: {keys} keys and {bytes} bytes of {author}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, put};
    use super::*;
    use crate::message::Scope;
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    #[test]
    fn fires_on_a_command_that_is_too_large_and_on_a_share_that_is() {
        let writes = |count: usize| -> Vec<Write> {
            let write = |number: usize| Write {
                scope: Scope::Own,
                key: format!("k{number}").parse().unwrap(),
                value: None,
                ttl: None,
                only_if: None,
            };
            (0..count).map(write).collect()
        };
        let mut excess = Excess::default();
        excess.asks(Ticket(1), &writes(limit::BATCH_ENTRIES));
        excess.asks(Ticket(2), &writes(limit::BATCH_ENTRIES + 1));
        assert_eq!(excess.writes(Ticket(1)), Ok(()));
        assert!(excess.writes(Ticket(2)).is_err());
        assert_eq!(is_too_much(&id("n1"), (limit::KEYS_PER_AUTHOR, 0)), Ok(()));
        assert!(is_too_much(&id("n1"), (limit::KEYS_PER_AUTHOR + 1, 0)).is_err());
        assert!(is_too_much(&id("n1"), (0, limit::BYTES_PER_AUTHOR + 1)).is_err());
        let mut batch = put("n1", 1, "k", "v");
        assert_eq!(overfills(&batch), Ok(()));
        Arc::make_mut(&mut batch.head).value.count = 65;
        assert!(overfills(&batch).is_err());
    }
}
