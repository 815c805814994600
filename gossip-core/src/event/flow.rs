//! Our own events under way, and whether there is room for another.
//!
//! An event is *under way* until a few other members are known to have heard it
//! and some time has passed, in which they tell it on. What is under way is
//! bounded, so a burst never outruns the window in which others keep it, and
//! while nobody hears us (a cut) the caller is told so instead of being promised
//! something.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;

/// Others that have to have heard an event before it is theirs to tell (guess:
/// what a crash of two at once does not undo).
const HOLDERS: usize = 3;

#[derive(Debug)]
struct Flight {
    number: u64,
    bytes: usize,
    at: Instant,
}

/// Our events under way.
#[derive(Debug, Default)]
pub struct Flow {
    flights: VecDeque<Flight>,
    bytes: usize,
    /// The number of our last event.
    last: u64,
    /// Up to where others have heard us, as far as they have said.
    holders: BTreeMap<NodeId, u64>,
}

impl Flow {
    /// How many are under way.
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// The number of the next event of `bytes`; `None`: there is no room.
    pub fn begin(&mut self, now: Instant, bytes: usize) -> Option<u64> {
        if self.flights.len() >= limit::EVENTS_UNDER_WAY
            || self.bytes + bytes > limit::EVENT_BYTES_UNDER_WAY
        {
            return None;
        }
        self.last += 1;
        self.bytes += bytes;
        self.flights.push_back(Flight {
            number: self.last,
            bytes,
            at: now,
        });
        Some(self.last)
    }

    /// A new generation of ours begins: its events are numbered from 1.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// A peer has heard us up to `through`.
    pub fn held(&mut self, peer: &NodeId, through: u64) {
        let through = through.min(self.last);
        if let Some(known) = self.holders.get_mut(peer) {
            *known = through.max(*known);
            return;
        }
        if self.holders.len() >= limit::EVENT_HOLDERS {
            let least = self.holders.iter().min_by_key(|(_, through)| **through);
            let least = least.filter(|(_, known)| **known < through);
            let Some(least) = least.map(|(peer, _)| peer.clone()) else {
                return;
            };
            self.holders.remove(&least);
        }
        self.holders.insert(peer.clone(), through);
    }

    /// Lets go of what enough of the `others` members have heard and `span` has
    /// passed since.
    pub fn land(&mut self, now: Instant, others: usize, span: Duration) {
        let wanted = others.min(HOLDERS);
        let mut through: alloc::vec::Vec<u64> = self.holders.values().copied().collect();
        through.sort_unstable_by(|left, right| right.cmp(left));
        let heard = match wanted.checked_sub(1) {
            Some(place) => through.get(place).copied().unwrap_or(0),
            None => self.last,
        };
        while let Some(first) = self.flights.front()
            && first.number <= heard
            && now.since(first.at) >= span
        {
            self.bytes -= first.bytes;
            self.flights.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(1);

    fn peer(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    #[test]
    fn there_is_room_until_there_is_none_and_again_when_others_have_heard() {
        let mut flow = Flow::default();
        let start = Instant::from_millis(0);
        for number in 1..=limit::EVENTS_UNDER_WAY as u64 {
            assert_eq!(flow.begin(start, 10), Some(number));
        }
        assert_eq!(flow.begin(start, 10), None);
        let later = start + SPAN;
        flow.held(&peer("a"), 100);
        flow.held(&peer("b"), 50);
        flow.land(later, 5, SPAN);
        assert_eq!(flow.begin(later, 10), None, "two of three have heard");
        flow.held(&peer("c"), 40);
        flow.land(start, 5, SPAN);
        assert_eq!(flow.begin(later, 10), None, "too soon");
        flow.land(later, 5, SPAN);
        assert_eq!(flow.len(), limit::EVENTS_UNDER_WAY - 40);
        assert_eq!(flow.begin(later, 10), Some(2_049));
    }

    #[test]
    fn who_is_alone_waits_for_nobody_and_bytes_count() {
        let mut flow = Flow::default();
        let start = Instant::from_millis(0);
        let half = limit::EVENT_BYTES_UNDER_WAY / 2;
        assert_eq!(flow.begin(start, half), Some(1));
        assert_eq!(flow.begin(start, half), Some(2));
        assert_eq!(flow.begin(start, 1), None);
        flow.land(start + SPAN, 0, SPAN);
        assert!(flow.is_empty());
        assert_eq!(flow.begin(start, 1), Some(3));
    }

    #[test]
    fn a_peer_that_lies_has_heard_no_more_than_was_said() {
        let mut flow = Flow::default();
        let start = Instant::from_millis(0);
        flow.begin(start, 1);
        flow.held(&peer("a"), u64::MAX);
        flow.begin(start, 1);
        flow.land(start + SPAN, 1, SPAN);
        assert_eq!(flow.len(), 1);
    }
}
