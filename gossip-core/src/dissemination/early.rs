//! Batches that came before what they follow on.
//!
//! A log has no gaps, so a batch that overtook another cannot be taken in yet.
//! Where an author writes fast that is the rule, and fetching it again in a
//! session costs more than keeping it for the moment until the other comes:
//!
//! ```text
//!   held …7   came 9 ─▶ kept      came 8 ─▶ 8 and then 9 are taken in
//! ```
//!
//! What does not fit, or waits in vain for a gossip interval, is let go, and a
//! session with whoever sent it brings it together with what it follows on.

use alloc::collections::BTreeMap;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{Batch, Version};

/// Whole batches that wait, at most [`limit::EARLY_BATCHES`] and
/// [`limit::EARLY_BYTES`].
#[derive(Debug, Default)]
pub struct Early {
    batches: BTreeMap<(NodeId, Version), Batch>,
    bytes: usize,
    /// Until when we wait, and who has what we lack.
    wait: Option<(Instant, NodeId)>,
}

impl Early {
    /// Keeps one that `peer` sent; unless there is progress we wait until `until`.
    /// `false` where there is no room.
    pub fn keep(&mut self, batch: Batch, peer: &NodeId, until: Instant) -> bool {
        self.wait.get_or_insert_with(|| (until, peer.clone()));
        let name = (batch.author().clone(), batch.head.value.first);
        if self.batches.contains_key(&name) {
            return true;
        }
        let bytes = self.bytes + batch.weight();
        if self.batches.len() >= limit::EARLY_BATCHES || bytes > limit::EARLY_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.batches.insert(name, batch);
        true
    }

    /// The first of an author's that follows on `head`, or on less; for the rest
    /// we wait until `until`.
    pub fn next(&mut self, author: &NodeId, head: Version, until: Instant) -> Option<Batch> {
        let from = (author.clone(), Version(0));
        let (name, _) = self.batches.range(from..).next()?;
        if name.0 != *author || name.1 > head.plus(1) {
            return None;
        }
        let name = name.clone();
        let batch = self.batches.remove(&name)?;
        self.bytes -= batch.weight();
        let rest = !self.batches.is_empty();
        self.wait = self
            .wait
            .take()
            .filter(|_| rest)
            .map(|(_, peer)| (until, peer));
        Some(batch)
    }

    /// When we have waited in vain.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wait.as_ref().map(|(until, _)| *until)
    }

    /// We have waited in vain: whom to compare notes with. What waited is let go.
    pub fn overdue(&mut self, now: Instant) -> Option<NodeId> {
        let (_, peer) = self.wait.take_if(|(until, _)| *until <= now)?;
        self.batches.clear();
        self.bytes = 0;
        Some(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{BatchHead, Lineage, Sealed};
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use bytes::Bytes;
    use core::time::Duration;

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn batch(author: &str, first: u64, bytes: usize) -> Batch {
        let value = BatchHead {
            author: id(author),
            lineage: Lineage::default(),
            first: Version(first),
            count: 0,
            floor: crate::message::Floor::default(),
        };
        Batch {
            head: Arc::new(Sealed {
                value,
                bytes: Bytes::from(alloc::vec![0; bytes]),
            }),
            parts: Vec::new(),
        }
    }

    #[test]
    fn it_comes_out_when_what_it_follows_on_has_come() {
        let mut early = Early::default();
        for first in [9, 8, 11] {
            assert!(early.keep(batch("a", first, 10), &id("p"), at(5)));
        }
        assert!(early.keep(batch("b", 1, 10), &id("p"), at(5)));
        let mut next = |head| {
            let next = early.next(&id("a"), Version(head), at(9));
            next.map(|batch| batch.head.value.first.0)
        };
        assert_eq!(next(6), None);
        assert_eq!(next(7), Some(8));
        assert_eq!(next(8), Some(9));
        assert_eq!(next(9), None);
        assert_eq!(next(20), Some(11), "what is known by now comes out as well");
        assert_eq!(early.next_deadline(), Some(at(9)), "another author's waits");
        assert!(early.next(&id("b"), Version(0), at(9)).is_some());
        assert_eq!(early.next_deadline(), None);
        assert_eq!(early.bytes, 0);
    }

    #[test]
    fn what_waits_in_vain_is_let_go_and_asked_for() {
        let mut early = Early::default();
        early.keep(batch("a", 9, 10), &id("p"), at(5));
        early.keep(batch("a", 8, 10), &id("q"), at(7));
        assert_eq!(early.overdue(at(4)), None);
        assert_eq!(early.overdue(at(5)), Some(id("p")));
        assert_eq!(early.overdue(at(9)), None);
        assert!(early.next(&id("a"), Version(8), at(9)).is_none());
    }

    #[test]
    fn it_is_bounded() {
        let mut early = Early::default();
        assert!(!early.keep(batch("a", 2, limit::EARLY_BYTES), &id("p"), at(5)));
        let most = limit::EARLY_BATCHES as u64;
        for first in 0..most {
            assert!(early.keep(batch("a", first + 2, 1), &id("p"), at(5)));
        }
        assert!(!early.keep(batch("a", most + 2, 1), &id("p"), at(5)));
        assert!(early.keep(batch("a", 2, 1), &id("p"), at(5)), "it is there");
    }
}
