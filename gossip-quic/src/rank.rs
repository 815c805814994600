//! Rank: which of two connections between the same two nodes is the better.
//!
//! Both ends compute it from what both said in `Hello`, so they agree without
//! another word. Newer processes first (a restarted node beats its own
//! ghosts), then the connection the greater name dialed (two that dial each
//! other at once keep the same one), then the newer dial.

use gossip_core::base::id::NodeId;

/// The rank of a connection; the greater is the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rank {
    generation_of_smaller: u64,
    generation_of_greater: u64,
    dialer_is_greater: bool,
    conn_seq: u64,
}

/// One end of a connection, for its rank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    pub(crate) id: &'a NodeId,
    pub(crate) generation: u64,
}

impl Rank {
    pub(crate) fn new(dialer: End<'_>, listener: End<'_>, conn_seq: u64) -> Self {
        let dialer_is_greater = dialer.id > listener.id;
        let (smaller, greater) = if dialer_is_greater {
            (listener, dialer)
        } else {
            (dialer, listener)
        };
        Self {
            generation_of_smaller: smaller.generation,
            generation_of_greater: greater.generation,
            dialer_is_greater,
            conn_seq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_core::base::rng::Rng;

    /// A connection as one end sees it.
    struct Seen {
        own_generation: u64,
        peer_generation: u64,
        we_dialed: bool,
        conn_seq: u64,
    }

    fn rank(own: &NodeId, peer: &NodeId, seen: &Seen) -> Rank {
        let own = End {
            id: own,
            generation: seen.own_generation,
        };
        let peer = End {
            id: peer,
            generation: seen.peer_generation,
        };
        if seen.we_dialed {
            Rank::new(own, peer, seen.conn_seq)
        } else {
            Rank::new(peer, own, seen.conn_seq)
        }
    }

    #[test]
    fn both_ends_compute_the_same_and_one_is_better() {
        let (a, b): (NodeId, NodeId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut rng = Rng::new(1);
        for _ in 0..10_000 {
            let mut draw = || {
                let (generation_a, generation_b) = (rng.below(3), rng.below(3));
                let (a_dialed, conn_seq) = (rng.below(2) == 0, rng.below(4));
                let by_a = Seen {
                    own_generation: generation_a,
                    peer_generation: generation_b,
                    we_dialed: a_dialed,
                    conn_seq,
                };
                let by_b = Seen {
                    own_generation: generation_b,
                    peer_generation: generation_a,
                    we_dialed: !a_dialed,
                    conn_seq,
                };
                let (at_a, at_b) = (rank(&a, &b, &by_a), rank(&b, &a, &by_b));
                assert_eq!(at_a, at_b);
                (at_a, (generation_a, generation_b, a_dialed, conn_seq))
            };
            let ((one, facts), (other, other_facts)) = (draw(), draw());
            assert_eq!(one > other, other < one);
            assert_eq!(
                one == other,
                facts == other_facts,
                "only the same connection ties"
            );
        }
    }

    #[test]
    fn a_newer_process_beats_everything() {
        let (a, b): (NodeId, NodeId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let end = |id, generation| End { id, generation };
        let ghost = Rank::new(end(&b, 1), end(&a, 1), 99);
        assert!(Rank::new(end(&a, 2), end(&b, 1), 1) > ghost);
        assert!(Rank::new(end(&a, 1), end(&b, 2), 1) > ghost);
    }

    #[test]
    fn the_greater_name_wins_a_glare_and_the_newer_dial_a_repetition() {
        let (a, b): (NodeId, NodeId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let end = |id| End { id, generation: 1 };
        assert!(Rank::new(end(&b), end(&a), 1) > Rank::new(end(&a), end(&b), 7));
        assert!(Rank::new(end(&a), end(&b), 8) > Rank::new(end(&a), end(&b), 7));
    }
}
