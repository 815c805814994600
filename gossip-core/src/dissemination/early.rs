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
//! What waits in vain for a gossip interval is asked for, of whoever sent the
//! last of it: it holds all that this follows on. What waits is kept meanwhile,
//! for it was marked as heard and nobody offers it again. After some tries without
//! any progress it is let go, and a session with that peer brings all of it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{Batch, LogHead, Version};

/// How long we wait for what one author's batches follow on, and for whom.
#[derive(Debug)]
struct Wait {
    until: Instant,
    /// Who sent the last of them.
    peer: NodeId,
    /// How often we waited in vain since something was taken in.
    tries: u32,
}

/// A log of which we lack something that a batch which waits follows on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacked {
    /// Whose, and up to what it is held where that batch came from.
    pub held: LogHead,
    /// Who sent it.
    pub peer: NodeId,
    /// It was asked for often enough: what waited is let go.
    pub in_vain: bool,
}

/// Whole batches that wait, at most [`limit::EARLY_BATCHES`] and
/// [`limit::EARLY_BYTES`].
#[derive(Debug, Default)]
pub struct Early {
    batches: BTreeMap<(NodeId, Version), Batch>,
    bytes: usize,
    waits: BTreeMap<NodeId, Wait>,
}

impl Early {
    /// Keeps one that `peer` sent; unless there is progress we wait until `until`.
    /// `false` where there is no room; what it follows on is asked for even so.
    pub fn keep(&mut self, batch: Batch, peer: &NodeId, until: Instant) -> bool {
        let author = batch.author().clone();
        if self.waits.len() < limit::EARLY_BATCHES || self.waits.contains_key(&author) {
            let wait = self.waits.entry(author.clone()).or_insert(Wait {
                until,
                peer: peer.clone(),
                tries: 0,
            });
            wait.peer.clone_from(peer);
        }
        let name = (author, batch.head.value.first);
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
        if !self.waits.contains_key(author) {
            return None;
        }
        let first = self.of(author).next().map(|((_, first), _)| *first);
        let Some(first) = first else {
            // Nothing waits: what was lacked has come.
            self.waits.remove(author);
            return None;
        };
        if let Some(wait) = self.waits.get_mut(author) {
            (wait.until, wait.tries) = (until, 0);
        }
        if first > head.plus(1) {
            return None;
        }
        let batch = self.batches.remove(&(author.clone(), first))?;
        self.bytes -= batch.weight();
        if self.of(author).next().is_none() {
            self.waits.remove(author);
        }
        Some(batch)
    }

    fn of(&self, author: &NodeId) -> impl DoubleEndedIterator<Item = (&(NodeId, Version), &Batch)> {
        let ends = (author.clone(), Version(0))..=(author.clone(), Version(u64::MAX));
        self.batches.range(ends)
    }

    /// When we have waited in vain.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waits.values().map(|wait| wait.until).min()
    }

    /// The logs of which we have waited in vain for what is lacked. What waits is
    /// kept, and waited for once more, each time twice as long as `patience`.
    pub fn overdue(&mut self, now: Instant, patience: Duration) -> Vec<Lacked> {
        let due = self.waits.iter().filter(|(_, wait)| wait.until <= now);
        let due: Vec<NodeId> = due.map(|(author, _)| author.clone()).collect();
        let mut lacked = Vec::new();
        for author in due {
            let last = self.of(&author).next_back();
            let last = last.map(|(_, batch)| batch.head.value.after());
            let Some(wait) = self.waits.get_mut(&author) else {
                continue;
            };
            wait.tries += 1;
            wait.until = now + patience * (1 << wait.tries.min(TRIES));
            let (in_vain, peer) = (wait.tries > TRIES || last.is_none(), wait.peer.clone());
            let held = LogHead {
                author: author.clone(),
                head: last.unwrap_or_default(),
            };
            if in_vain {
                self.let_go(&author);
            }
            lacked.push(Lacked {
                held,
                peer,
                in_vain,
            });
        }
        lacked
    }

    fn let_go(&mut self, author: &NodeId) {
        self.waits.remove(author);
        let names: Vec<_> = self.of(author).map(|(name, _)| name.clone()).collect();
        for name in names {
            let batch = self.batches.remove(&name);
            self.bytes -= batch.map_or(0, |batch| batch.weight());
        }
    }
}

/// How often what is lacked is asked for (guess: three seconds in all).
const TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{BatchHead, Lineage, Sealed};
    use alloc::sync::Arc;
    use bytes::Bytes;

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
        assert_eq!(early.next_deadline(), Some(at(5)), "another author's waits");
        assert!(early.next(&id("b"), Version(0), at(9)).is_some());
        assert_eq!(early.next_deadline(), None);
        assert_eq!(early.bytes, 0);
    }

    #[test]
    fn what_waits_in_vain_is_kept_and_asked_for_of_who_sent_the_last() {
        let mut early = Early::default();
        early.keep(batch("a", 9, 10), &id("p"), at(5));
        early.keep(batch("a", 8, 10), &id("q"), at(7));
        let patience = Duration::from_millis(10);
        assert!(early.overdue(at(4), patience).is_empty());
        let (mut now, mut tries) = (at(5), 0);
        while let Some(lacked) = early.overdue(now, patience).pop() {
            assert_eq!(lacked.peer, id("q"));
            assert_eq!(lacked.in_vain, tries == TRIES);
            tries += 1;
            let Some(next) = early.next_deadline() else {
                break;
            };
            assert!(next > now, "each time it waits");
            now = next;
        }
        assert_eq!(tries, TRIES + 1);
        assert!(early.next(&id("a"), Version(8), at(9)).is_none());
        assert_eq!((early.bytes, early.batches.len()), (0, 0));
    }

    #[test]
    fn progress_begins_the_wait_anew() {
        let mut early = Early::default();
        for first in [5, 9] {
            early.keep(batch("a", first, 10), &id("p"), at(5));
        }
        for now in [5, 30, 100] {
            assert!(!early.overdue(at(now), Duration::from_millis(1))[0].in_vain);
        }
        assert!(early.next(&id("a"), Version(4), at(200)).is_some());
        assert!(early.overdue(at(199), Duration::from_millis(1)).is_empty());
        assert!(!early.overdue(at(200), Duration::from_millis(1))[0].in_vain);
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
