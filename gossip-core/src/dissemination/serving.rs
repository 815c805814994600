//! Chunks that others have asked for and that wait for the budget, each peer's in
//! the order it asked, and one of each peer in turn.

use alloc::collections::{BTreeMap, VecDeque};

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::ChunkedId;

/// Who waits for which chunks.
#[derive(Debug, Default)]
pub struct Serving {
    queues: BTreeMap<NodeId, VecDeque<(ChunkedId, u32)>>,
    /// Who was served last.
    last: Option<NodeId>,
}

impl Serving {
    /// A peer asks. `false`: it asks for too much, and not for this.
    pub fn add(&mut self, peer: &NodeId, of: &ChunkedId, index: u32) -> bool {
        let queue = self.queues.entry(peer.clone()).or_default();
        if queue.len() >= limit::CHUNKS_WAITING {
            return false;
        }
        let chunk = (of.clone(), index);
        if !queue.contains(&chunk) {
            queue.push_back(chunk);
        }
        true
    }

    /// The next chunk, of those peers who may be sent something.
    pub fn next(&mut self, may: impl Fn(&NodeId) -> bool) -> Option<(NodeId, ChunkedId, u32)> {
        let after = self.last.as_ref();
        let behind = |peer: &&NodeId| after.is_none_or(|after| *peer > after);
        let mut peers = self.queues.keys();
        let peer = peers
            .clone()
            .filter(behind)
            .find(|peer| may(peer))
            .or_else(|| peers.find(|peer| may(peer)))?
            .clone();
        let queue = self.queues.get_mut(&peer)?;
        let (of, index) = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&peer);
        }
        self.last = Some(peer.clone());
        Some((peer, of, index))
    }

    /// How many chunks of an entry a peer waits for.
    pub fn waiting(&self, peer: &NodeId, of: &ChunkedId) -> usize {
        let queue = self.queues.get(peer).into_iter().flatten();
        queue.filter(|(waiting, _)| waiting == of).count()
    }

    /// When the first of those who wait may be sent something.
    pub fn next_deadline(&self, ready_at: impl Fn(&NodeId) -> Instant) -> Option<Instant> {
        self.queues.keys().map(ready_at).min()
    }

    /// The link to a peer is gone: it asks again.
    pub fn unlinked(&mut self, peer: &NodeId) {
        self.queues.remove(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Generation, Version};

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    fn of(version: u64) -> ChunkedId {
        ChunkedId {
            author: id("author"),
            generation: Generation(1),
            version: Version(version),
        }
    }

    #[test]
    fn each_is_served_in_turn_and_in_its_order() {
        let mut serving = Serving::default();
        for (peer, index) in [("a", 0), ("a", 1), ("b", 5), ("a", 1), ("c", 7)] {
            assert!(serving.add(&id(peer), &of(1), index));
        }
        let mut order = alloc::vec![];
        while let Some((peer, _, index)) = serving.next(|peer| *peer != id("c")) {
            order.push((peer, index));
        }
        assert_eq!(order, [(id("a"), 0), (id("b"), 5), (id("a"), 1)]);
        let deadline = serving.next_deadline(|_| Instant::from_millis(9));
        assert_eq!(deadline, Some(Instant::from_millis(9)));
        serving.unlinked(&id("c"));
        assert_eq!(serving.next_deadline(|_| Instant::ZERO), None);
    }

    #[test]
    fn it_is_bounded() {
        let mut serving = Serving::default();
        for index in 0..limit::CHUNKS_WAITING as u64 {
            assert!(serving.add(&id("a"), &of(index), 0));
        }
        assert!(!serving.add(&id("a"), &of(0), 1));
        assert!(
            serving.add(&id("b"), &of(0), 1),
            "others are not in its way"
        );
    }
}
