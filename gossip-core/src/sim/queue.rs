//! The queue of what is to come: events in the order of their time.
//!
//! Two events of one moment come in the order they were put in, so a run has
//! exactly one order.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

use super::host::{Boot, HostId};
use super::link::{LinkId, Packet, Side};
use crate::base::time::Instant;
use crate::input::{Input, Target};

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A node's own deadline comes.
    Wake(HostId),
    /// A host hands its node something, if it is still the same run.
    Input(HostId, Boot, Box<Input>),
    /// The sync of a host's oldest record ends.
    Synced(HostId, Boot),
    /// A handshake comes to its end, good or bad.
    Handshake(Handshake),
    /// A packet arrives.
    Packet(Packet),
    /// One end of a link may have been silent for too long.
    Idle(LinkId, Side),
    /// A slow host is done with its work on an input.
    Serve(HostId),
    /// A clog comes to its end.
    Unclog,
}

/// A dial on its way.
#[derive(Debug)]
pub(super) struct Handshake {
    /// Who dials, and in which run.
    pub(super) from: (HostId, Boot),
    /// Who answers at that address, and in which run.
    pub(super) to: (HostId, Boot),
    /// Whom the dial is for.
    pub(super) target: Target,
    /// The seed, if it was one.
    pub(super) seed: Option<String>,
    /// When the dialer gives up.
    pub(super) gives_up: Instant,
    /// The next wait for a server that does not answer.
    pub(super) retry: Duration,
}

/// Where an event stands: its time, then its turn.
pub(super) type Place = (Instant, u64);

/// Events, soonest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    events: BTreeMap<Place, Event>,
    next: u64,
}

impl Queue {
    /// Puts an event in; its place, to take it out again.
    pub(super) fn push(&mut self, at: Instant, event: Event) -> Place {
        self.next += 1;
        let place = (at, self.next);
        self.events.insert(place, event);
        place
    }

    /// Takes an event out.
    pub(super) fn remove(&mut self, place: Place) {
        self.events.remove(&place);
    }

    /// The next event, if it comes no later than `limit`.
    pub(super) fn pop_until(&mut self, limit: Instant) -> Option<(Instant, Event)> {
        let first = self.events.first_entry()?;
        if first.key().0 > limit {
            return None;
        }
        let ((at, _), event) = first.remove_entry();
        Some((at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sooner_first_and_ties_in_turn() {
        let mut queue = Queue::default();
        let at = Instant::from_millis;
        queue.push(at(2), Event::Wake(HostId::new(3)));
        queue.push(at(1), Event::Wake(HostId::new(1)));
        let gone = queue.push(at(1), Event::Wake(HostId::new(9)));
        queue.push(at(1), Event::Wake(HostId::new(2)));
        queue.remove(gone);
        let mut order = alloc::vec::Vec::new();
        while let Some((_, Event::Wake(host))) = queue.pop_until(at(2)) {
            order.push(host.index());
        }
        assert_eq!(order, [1, 2, 3]);
        queue.push(at(3), Event::Wake(HostId::new(1)));
        assert!(queue.pop_until(at(2)).is_none());
    }
}
