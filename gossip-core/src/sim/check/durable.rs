//! Rule: durable before told.
//!
//! What a member writes is on its disk before its application hears "written"
//! and before anybody else hears of it at all. Otherwise a crash takes back
//! what was promised.
//!
//! It holds for what this run of the process wrote. What an earlier run wrote
//! and the disk lost, a node may get back from others and pass on. A node that
//! was asked to write *at once* may tell what waits for the disk; what it was
//! asked to sync it may not, as that is never merely remembered.

use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::message::{BatchHead, Body, Generation, Head, Item, Message, WriteId};

/// Holds where everything in `message` that `author` wrote as generation `run`
/// is covered by what is `durable`.
pub(in crate::sim) fn told_before_durable(
    author: &NodeId,
    run: Option<Generation>,
    durable: Head,
    message: &Message,
) -> Verdict {
    let check = |head: &BatchHead| {
        let told = head.after();
        if head.author == *author && Some(told.generation) >= run && told > durable {
            return Err(format!(
                "durable: it tells its write {told:?}, and its disk holds {durable:?}"
            ));
        }
        Ok(())
    };
    for item in &message.rumors {
        if let Item::Batch(batch) = item {
            check(&batch.head.value)?;
        }
    }
    if let Body::Delta(delta) = &message.body {
        for batch in delta.logs.iter().flat_map(|log| &log.batches) {
            check(&batch.head.value)?;
        }
    }
    if let Body::Outline(outline) = &message.body {
        check(&outline.head.value)?;
    }
    Ok(())
}

/// Holds where every write that is reported as done is covered by what is `durable`.
pub(in crate::sim) fn written_before_durable(
    author: &NodeId,
    durable: Head,
    writes: &[WriteId],
) -> Verdict {
    for write in writes {
        if write.author != *author || write.version > durable.version {
            return Err(format!(
                "durable: it reports {write:?} as written, and its disk holds {durable:?}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Draft, Lineage, Statement, Version};
    use crate::sim::sealer::seal;
    use alloc::vec::Vec;

    #[test]
    fn fires_until_the_batch_is_on_disk() {
        let id: NodeId = "n1".parse().unwrap();
        let item = seal(Statement::Batch(Draft {
            author: id.clone(),
            lineage: Lineage::default().extended(Generation(1), Head::default()),
            first: Version(1),
            floor: crate::message::Floor::default(),
            entries: Vec::new(),
        }));
        let message = Message {
            body: Body::Gossip,
            rumors: [item.clone()].into(),
        };
        let run = Some(Generation(1));
        let nothing = Head::default();
        assert!(told_before_durable(&id, run, nothing, &message).is_err());
        let later = Some(Generation(2));
        assert_eq!(told_before_durable(&id, later, nothing, &message), Ok(()));
        let other = "n2".parse().unwrap();
        assert_eq!(told_before_durable(&other, run, nothing, &message), Ok(()));
        let Item::Batch(batch) = item else {
            unreachable!()
        };
        let durable = batch.head.value.after();
        assert_eq!(told_before_durable(&id, run, durable, &message), Ok(()));
    }

    #[test]
    fn fires_on_a_promise_the_disk_does_not_hold() {
        let id: NodeId = "n1".parse().unwrap();
        let write = WriteId {
            author: id.clone(),
            version: Version(1),
        };
        let nothing = Head::default();
        assert!(written_before_durable(&id, nothing, &[write]).is_err());
        assert_eq!(written_before_durable(&id, nothing, &[]), Ok(()));
    }
}
