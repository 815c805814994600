//! Chunks that were asked for and are on their way, and how much is asked of whom.
//! All that is held here belongs to a load, whose number is bounded.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use super::window::Window;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::message::ChunkedId;

/// A chunk: of which entry, in which place.
pub(super) type Place = (ChunkedId, u32);

/// A chunk that was asked for.
#[derive(Debug)]
struct Flight {
    peer: NodeId,
    /// `None`: it was asked for before, and what comes may be the first answer: it
    /// says nothing of how long an answer takes (Karn and Partridge 1987).
    since: Option<Instant>,
    due: Instant,
}

/// All of them, no more of a peer than its window.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flights: BTreeMap<Place, Flight>,
    windows: BTreeMap<NodeId, Window>,
    /// What came late and is waited for still.
    again: BTreeSet<Place>,
}

impl Flights {
    /// What may be asked of whom.
    pub(super) const fn windows(&self) -> &BTreeMap<NodeId, Window> {
        &self.windows
    }

    /// A chunk is asked for.
    pub(super) fn begins(&mut self, now: Instant, peer: &NodeId, place: Place) {
        let window = self.windows.entry(peer.clone()).or_default();
        let flight = Flight {
            peer: peer.clone(),
            since: (!self.again.contains(&place)).then_some(now),
            due: now + window.asks(),
        };
        self.flights.insert(place, flight);
    }

    /// An answer came from a peer; how long after it was asked for, where that is
    /// known. `None`: that peer was not asked.
    pub(super) fn lands(
        &mut self,
        now: Instant,
        from: &NodeId,
        place: &Place,
    ) -> Option<Option<Duration>> {
        let flight = self.flights.get(place)?;
        if flight.peer != *from {
            return None;
        }
        let took = flight.since.map(|since| now.since(since));
        self.flights.remove(place);
        self.again.remove(place);
        if let Some(window) = self.windows.get_mut(from) {
            window.lands();
        }
        Some(took)
    }

    /// What came was the chunk.
    pub(super) fn came(&mut self, now: Instant, from: &NodeId, took: Option<Duration>) {
        if let Some(window) = self.windows.get_mut(from) {
            window.came(now, took);
        }
    }

    /// Nobody waits for an entry any more.
    pub(super) fn forget(&mut self, of: &ChunkedId) {
        self.again.retain(|(waits, _)| waits != of);
        let windows = &mut self.windows;
        self.flights.retain(|(flying, _), flight| {
            if flying == of
                && let Some(window) = windows.get_mut(&flight.peer)
            {
                window.lands();
            }
            flying != of
        });
    }

    /// The link to a peer is gone: what will not come.
    pub(super) fn unlinked(&mut self, peer: &NodeId) -> Vec<Place> {
        self.windows.remove(peer);
        let lost = self
            .flights
            .extract_if(.., |_, flight| flight.peer == *peer);
        lost.map(|(place, _)| place).collect()
    }

    /// What did not come in time.
    pub(super) fn late(&mut self, now: Instant) -> Vec<Place> {
        let late = self.flights.extract_if(.., |_, flight| flight.due <= now);
        let mut places = Vec::new();
        for (place, flight) in late {
            if let Some(window) = self.windows.get_mut(&flight.peer) {
                window.lands();
                window.overdue(now);
            }
            self.again.insert(place.clone());
            places.push(place);
        }
        places
    }

    /// When the first is late.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.flights.values().map(|flight| flight.due).min()
    }

    /// Nothing is fetched any more: what peers bear is found anew the next time.
    pub(super) fn clear(&mut self) {
        self.flights.clear();
        self.windows.clear();
        self.again.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Generation, Version};

    #[test]
    fn how_long_is_known_only_of_what_was_asked_for_once() {
        let (mut flights, peer): (Flights, NodeId) = (Flights::default(), "a".parse().unwrap());
        let of = ChunkedId {
            author: peer.clone(),
            generation: Generation(1),
            version: Version(1),
        };
        let place = (of, 0);
        let at = Instant::from_millis;
        flights.begins(at(0), &peer, place.clone());
        assert_eq!(
            flights.lands(at(70), &peer, &place),
            Some(Some(Duration::from_millis(70)))
        );
        flights.begins(at(100), &peer, place.clone());
        assert_eq!(flights.late(at(60_000)).len(), 1);
        flights.begins(at(60_000), &peer, place.clone());
        assert_eq!(flights.lands(at(60_001), &peer, &place), Some(None));
        flights.begins(at(60_002), &peer, place.clone());
        assert!(matches!(
            flights.lands(at(60_010), &peer, &place),
            Some(Some(_))
        ));
    }
}
