//! How many bytes of bulk a node sends, to one peer and to all.
//!
//! Bulk is what sessions and chunks carry: it can wait. Two buckets leak at a rate,
//! one for the node and one for each peer; who has filled one waits until it has
//! leaked. What is sent is charged afterwards, so nothing has to be cut to size.
//!
//! ```text
//!   delta, chunk ─▶ ready? ─▶ sent ─▶ charged: peer's bucket, node's bucket
//!                     │ no                        leaks, by AIMD   leaks, as configured
//!                     └─▶ waits until both have leaked enough
//! ```
//!
//! A peer's rate begins at the most that is configured and follows what its link
//! bears: whatever the transport takes in good time adds [`STEP`], and what it takes
//! late halves it (Chiu and Jain 1989, as TCP does). The other direction has the
//! same law: who fetches chunks asks for a window of them.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::config::Config;

/// Bytes a second that a peer's rate grows by with each message (guess: from the
/// least to 64 MiB/s in 64 messages of 64 KiB).
const STEP: u64 = 1024 * 1024;

/// The least rate of a peer, in bytes a second (guess: half a megabit).
const LEAST: u64 = 64 * 1024;

/// What the transport takes this much later than the quickest so far has stood in
/// a queue (as in `window`).
const QUEUE: Duration = Duration::from_millis(50);

/// The least a bucket holds before it is full, in bytes: one message of a session
/// does not fill it.
const BURST: u64 = 128 * 1024;

/// A bucket that leaks.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Bytes a second.
    rate: u64,
    /// Bytes in it.
    level: u64,
    /// As of when.
    as_of: Instant,
}

impl Bucket {
    const fn new(rate: u64) -> Self {
        Self {
            rate,
            level: 0,
            as_of: Instant::ZERO,
        }
    }

    /// An eighth of a second's worth may go at once (guess).
    fn burst(&self) -> u64 {
        (self.rate / 8).max(BURST)
    }

    fn level(&self, now: Instant) -> u64 {
        let nanos = now.since(self.as_of).as_nanos();
        let leaked = nanos.saturating_mul(u128::from(self.rate)) / 1_000_000_000;
        let leaked = u64::try_from(leaked).unwrap_or(u64::MAX);
        self.level.saturating_sub(leaked)
    }

    fn fill(&mut self, now: Instant, bytes: u64) {
        self.level = self.level(now).saturating_add(bytes);
        self.as_of = now;
    }

    fn set_rate(&mut self, now: Instant, rate: u64) {
        self.fill(now, 0);
        self.rate = rate;
    }

    /// When it is no longer full.
    fn ready_at(&self, now: Instant) -> Instant {
        let from = now.max(self.as_of);
        let over = self.level(from).saturating_sub(self.burst());
        let nanos = u128::from(over) * 1_000_000_000 / u128::from(self.rate.max(1));
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        match over {
            0 => now,
            // Rounded up: at that moment it is.
            _ => from + Duration::from_nanos(nanos.saturating_add(1)),
        }
    }
}

/// One peer's.
#[derive(Debug, Clone, Copy)]
struct Pace {
    bucket: Bucket,
    best: Option<Duration>,
    slowed: Instant,
}

/// What may be sent, to whom.
#[derive(Debug)]
pub struct Budget {
    node: Bucket,
    /// The most of a peer, in bytes a second.
    most: u64,
    peers: BTreeMap<NodeId, Pace>,
}

impl Budget {
    /// That of a configuration.
    pub fn new(config: &Config) -> Self {
        let rate = |kib_per_s: u32| u64::from(kib_per_s) * 1024;
        Self {
            node: Bucket::new(rate(config.bulk_kib_per_s)),
            most: rate(config.peer_kib_per_s),
            peers: BTreeMap::new(),
        }
    }

    fn pace(&self, peer: &NodeId) -> Pace {
        self.peers.get(peer).copied().unwrap_or(Pace {
            bucket: Bucket::new(self.most),
            best: None,
            slowed: Instant::ZERO,
        })
    }

    /// When something may be sent to a peer: now, or later.
    pub fn ready_at(&self, now: Instant, peer: &NodeId) -> Instant {
        let peer = self.pace(peer).bucket.ready_at(now);
        peer.max(self.node.ready_at(now))
    }

    /// Whether something may be sent to a peer now.
    pub fn is_ready(&self, now: Instant, peer: &NodeId) -> bool {
        self.ready_at(now, peer) <= now
    }

    /// So many bytes were sent.
    pub fn spend(&mut self, now: Instant, peer: &NodeId, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.node.fill(now, bytes);
        let mut pace = self.pace(peer);
        pace.bucket.fill(now, bytes);
        self.peers.insert(peer.clone(), pace);
    }

    /// The transport has taken what was sent to a peer, so long after.
    pub fn was_taken(&mut self, now: Instant, peer: &NodeId, took: Duration) {
        let mut pace = self.pace(peer);
        let best = pace.best.map_or(took, |best| best.min(took));
        pace.best = Some(best);
        let rate = pace.bucket.rate;
        if took > best + best / 2 + QUEUE {
            // Once in the time it takes: what waits now was sent before.
            if now.since(pace.slowed) >= took {
                pace.slowed = now;
                pace.bucket
                    .set_rate(now, (rate / 2).max(LEAST.min(self.most)));
            }
        } else {
            let more = rate.saturating_add(STEP).min(self.most);
            pace.bucket.set_rate(now, more);
        }
        self.peers.insert(peer.clone(), pace);
    }

    /// The rate of a peer, in bytes a second.
    pub fn rate(&self, peer: &NodeId) -> u64 {
        self.pace(peer).bucket.rate
    }

    /// The link to a peer is gone; another one may be better.
    pub fn unlinked(&mut self, peer: &NodeId) {
        self.peers.remove(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(100_000 + millis)
    }

    fn budget(node_kib_per_s: u32, peer_kib_per_s: u32) -> Budget {
        Budget::new(&Config {
            bulk_kib_per_s: node_kib_per_s,
            peer_kib_per_s,
            ..Config::default()
        })
    }

    fn id(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    /// How many bytes go to some peers in a span, in messages of 64 KiB.
    fn carried(budget: &mut Budget, peers: &[NodeId], span: Duration) -> u64 {
        let (mut now, mut bytes) = (at(0), 0);
        while now < at(0) + span {
            let ready = peers.iter().find(|peer| budget.is_ready(now, peer));
            match ready {
                Some(peer) => {
                    budget.spend(now, peer, 65_536);
                    bytes += 65_536;
                }
                None => {
                    let ready = peers.iter().map(|peer| budget.ready_at(now, peer));
                    let next = ready.min().unwrap();
                    assert!(next > now, "time passes");
                    now = next;
                }
            }
        }
        bytes
    }

    #[test]
    fn a_peer_gets_its_rate_and_all_together_the_nodes() {
        let peers = [id("a"), id("b"), id("c")];
        let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
        let one = mib(carried(
            &mut budget(10_240, 1_024),
            &peers[..1],
            MS * 10_000,
        ));
        assert!((10.0..10.5).contains(&one), "{one}");
        let three = mib(carried(&mut budget(2_048, 1_024), &peers, MS * 10_000));
        assert!((20.0..21.0).contains(&three), "{three}");
        let ample = mib(carried(&mut budget(10_240, 1_024), &peers, MS * 10_000));
        assert!((30.0..31.5).contains(&ample), "{ample}");
    }

    #[test]
    fn a_rate_halves_when_a_queue_grows_and_grows_by_steps() {
        let mut budget = budget(1_048_576, 65_536);
        let peer = id("a");
        assert_eq!(budget.rate(&peer), 64 * STEP);
        budget.was_taken(at(0), &peer, MS);
        budget.was_taken(at(100), &peer, 60 * MS);
        assert_eq!(budget.rate(&peer), 32 * STEP);
        budget.was_taken(at(110), &peer, 60 * MS);
        assert_eq!(budget.rate(&peer), 32 * STEP, "once in the time it takes");
        for round in 0..40 {
            budget.was_taken(at(200 + round * 100), &peer, 60 * MS);
        }
        assert_eq!(budget.rate(&peer), LEAST);
        budget.was_taken(at(9_000), &peer, MS);
        assert_eq!(budget.rate(&peer), LEAST + STEP);
        for round in 0..100 {
            budget.was_taken(at(9_001 + round), &peer, MS);
        }
        assert_eq!(budget.rate(&peer), 64 * STEP);
        assert_eq!(budget.rate(&id("b")), 64 * STEP, "each peer has its own");
        budget.was_taken(at(20_000), &peer, 60 * MS);
        budget.unlinked(&peer);
        assert_eq!(budget.rate(&peer), 64 * STEP);
    }

    #[test]
    fn a_bucket_that_was_never_filled_is_ready() {
        let mut budget = budget(64, 64);
        let peer = id("a");
        assert!(budget.is_ready(at(0), &peer));
        budget.spend(at(0), &peer, 192 * 1024);
        assert_eq!(
            budget.ready_at(at(0), &peer).since(at(0)).as_millis(),
            1_000
        );
        let ready = budget.ready_at(at(0), &peer);
        assert!(budget.is_ready(ready, &peer));
    }
}
