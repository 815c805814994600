//! Chunks that were asked for and are on their way, and how much is asked of whom.

use alloc::collections::BTreeMap;
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
    since: Instant,
    due: Instant,
}

/// All of them, no more of a peer than its window.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flights: BTreeMap<Place, Flight>,
    windows: BTreeMap<NodeId, Window>,
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
            since: now,
            due: now + window.asks(),
        };
        self.flights.insert(place, flight);
    }

    /// An answer came from a peer; how long after it was asked for. `None`: that
    /// peer was not asked.
    pub(super) fn lands(&mut self, now: Instant, from: &NodeId, place: &Place) -> Option<Duration> {
        let flight = self.flights.get(place)?;
        if flight.peer != *from {
            return None;
        }
        let took = now.since(flight.since);
        self.flights.remove(place);
        if let Some(window) = self.windows.get_mut(from) {
            window.lands();
        }
        Some(took)
    }

    /// What came was the chunk.
    pub(super) fn came(&mut self, now: Instant, from: &NodeId, took: Duration) {
        if let Some(window) = self.windows.get_mut(from) {
            window.came(now, took);
        }
    }

    /// Nobody waits for an entry any more.
    pub(super) fn forget(&mut self, of: &ChunkedId) {
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
    }
}
