//! Sparing: which connection is closed when there are too many.
//!
//! A node keeps [`CONNECTIONS`](crate::limit::CONNECTIONS) peers connected. In a larger cluster every
//! probe of one more costs another its connection, so the choice matters:
//!
//! ```text
//!   at work (a stream is open, something waits)      never
//!   used within the last REST                        only if all are
//!   the others                                       the least affinity first
//! ```
//!
//! **Affinity** is a number that both ends compute alike from both names. So
//! both hold the same connections for the ones to keep, and those that come
//! and go are always the same few. Closing the least recently used one looks
//! natural and is worse: who was probed longest ago is probed next. Of the probes of
//! 1 100 members with room for 1 024, at least 7 % meet a cold peer; so do 9 % by
//! affinity, 10 % by chance and 16 % by last use; of 2 200, 53 %: 58, 66, 71
//! (simulated at a tenth of the size, each member probing everybody once a
//! round in random order).
//!
//! A newcomer is spared nobody's place but it is not spared itself: it was
//! used last, and may rest for [`REST`] before its affinity counts.

use std::cmp::Reverse;
use std::time::Duration;

use gossip_core::base::id::NodeId;

use crate::limit::REST;

/// How much a pair of nodes is worth connecting, as both compute it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Affinity(u64);

impl Affinity {
    pub(crate) fn new(a: &NodeId, b: &NodeId) -> Self {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        // FNV-1a, 64 bits: spreads names, and nobody gains by a collision.
        // The zero cannot be part of a name.
        let names = [first.as_str().as_bytes(), &[0], second.as_str().as_bytes()];
        let hash = names.concat().iter().fold(FNV_BASIS, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
        });
        // The last letters have moved the low bits only; fold them up
        // (the finalizer of MurmurHash3).
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Self(hash ^ (hash >> 33))
    }
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// A peer that could be hung up on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) peer: &'a NodeId,
    /// For how long nothing was said, either way.
    pub(crate) idle: Duration,
    pub(crate) affinity: Affinity,
}

/// Whom to hang up on; nobody, if there is nobody.
pub(crate) fn choose<'a>(candidates: impl Iterator<Item = Candidate<'a>>) -> Option<&'a NodeId> {
    let worst = candidates.min_by_key(|candidate| {
        let rests = candidate.idle >= REST;
        // Those at rest by affinity, before the others by idleness.
        let (affinity, busy) = match rests {
            true => (candidate.affinity, Duration::ZERO),
            false => (Affinity(u64::MAX), candidate.idle),
        };
        (!rests, affinity, Reverse(busy))
    });
    worst.map(|candidate| candidate.peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> NodeId {
        format!("n{n}").parse().unwrap()
    }

    fn chosen(idles: &[u64]) -> usize {
        let ids: Vec<NodeId> = (0..idles.len()).map(id).collect();
        let candidates = ids.iter().zip(idles).enumerate();
        let candidates = candidates.map(|(n, (peer, idle))| Candidate {
            peer,
            idle: Duration::from_secs(*idle),
            // The greater the number, the less.
            affinity: Affinity(1_000 - n as u64),
        });
        let worst = choose(candidates).unwrap();
        ids.iter().position(|id| id == worst).unwrap()
    }

    #[test]
    fn those_at_rest_go_by_affinity() {
        assert_eq!(chosen(&[500, 400, 11, 9]), 2);
        assert_eq!(chosen(&[500, 400, 9, 3]), 1);
    }

    #[test]
    fn if_nobody_rests_the_longest_unused_goes() {
        assert_eq!(chosen(&[3, 9, 4, 0]), 1);
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(choose(std::iter::empty()), None);
    }

    #[test]
    fn affinity_is_the_same_from_both_ends_and_spread() {
        let all: Vec<u64> = (0..1_000)
            .map(|n| {
                let affinity = Affinity::new(&id(n), &id(n + 1));
                assert_eq!(affinity, Affinity::new(&id(n + 1), &id(n)));
                affinity.0
            })
            .collect();
        // Of a thousand even draws, a quarter lies in each quarter: 250 ± 14.
        for quarter in 0..4 {
            let within = all.iter().filter(|hash| **hash >> 62 == quarter).count();
            assert!((190..310).contains(&within), "{quarter}: {within}");
        }
    }
}
