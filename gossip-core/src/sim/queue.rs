//! The queue of what is to come: events in the order of their time.
//!
//! Two events of one moment come in the order they were put in, so a run has
//! exactly one order. Three lists, of which the earliest entry is next:
//!
//! ```text
//!   near    packets on their way, and the like: few, and gone in a moment
//!   far     a second ahead and more: idle timers above all, very many
//!   wakes   one alarm a host, set anew at nearly every input
//! ```

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::string::String;
use core::cmp::Reverse;
use core::time::Duration;

use super::host::{Boot, HostId};
use super::link::{LinkId, Packet, Side};
use super::slab::Slab;
use super::wakes::Wakes;
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
    Handshake(Box<Handshake>),
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

/// What is further ahead than this is kept apart (guess: longer than packets
/// are on their way, shorter than the idle timeout).
const FAR: Duration = Duration::from_secs(1);

/// An entry of a heap, soonest on top: its place, and where the event lies.
type Entry = Reverse<(Place, u32)>;

/// Events, soonest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    now: Instant,
    next: u64,
    near: BinaryHeap<Entry>,
    far: BinaryHeap<Entry>,
    events: Slab<Event>,
    wakes: Wakes,
}

impl Queue {
    const fn place(&mut self, at: Instant) -> Place {
        self.next += 1;
        (at, self.next)
    }

    /// Puts an event in.
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        let place = self.place(at);
        let entry = Reverse((place, self.events.insert(event)));
        if at.since(self.now) < FAR {
            self.near.push(entry);
        } else {
            self.far.push(entry);
        }
    }

    /// Wakes a host then, and not when it was said before.
    pub(super) fn wake(&mut self, host: HostId, at: Option<Instant>) {
        let place = at.map(|at| self.place(at));
        self.wakes.set(host, place);
    }

    /// When a host is to be woken.
    pub(super) fn wakes_at(&self, host: HostId) -> Option<Instant> {
        self.wakes.place(host).map(|(at, _)| at)
    }

    /// The next event, if it comes no later than `limit`.
    pub(super) fn pop_until(&mut self, limit: Instant) -> Option<(Instant, Event)> {
        let top = |heap: &BinaryHeap<Entry>| heap.peek().map(|Reverse((place, _))| *place);
        let (near, far) = (top(&self.near), top(&self.far));
        let wake = self.wakes.first();
        let place = [near, far, wake.map(|(place, _)| place)]
            .into_iter()
            .flatten()
            .min()?;
        if place.0 > limit {
            return None;
        }
        self.now = place.0;
        if let Some((first, host)) = wake
            && first == place
        {
            self.wakes.set(host, None);
            return Some((place.0, Event::Wake(host)));
        }
        let heap = if near == Some(place) {
            &mut self.near
        } else {
            &mut self.far
        };
        let Reverse((_, at)) = heap.pop()?;
        Some((place.0, self.events.remove(at)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    #[test]
    fn sooner_first_and_ties_in_turn() {
        let mut queue = Queue::default();
        let at = Instant::from_millis;
        queue.push(at(2), Event::Serve(HostId::new(3)));
        queue.push(at(1), Event::Serve(HostId::new(1)));
        queue.wake(HostId::new(9), Some(at(1)));
        queue.push(at(1), Event::Serve(HostId::new(2)));
        queue.wake(HostId::new(9), None);
        queue.wake(HostId::new(4), Some(at(2)));
        let mut order = Vec::new();
        while let Some((_, Event::Serve(host) | Event::Wake(host))) = queue.pop_until(at(2)) {
            order.push(host.index());
        }
        assert_eq!(order, [1, 2, 3, 4]);
        queue.push(at(3), Event::Serve(HostId::new(1)));
        assert!(queue.pop_until(at(2)).is_none());
    }

    #[test]
    fn it_is_one_list() {
        let mut rng = Rng::new(7);
        let mut queue = Queue::default();
        let (mut model, mut turn, mut now) = (BTreeMap::new(), 0_u64, Instant::ZERO);
        let mut alarms = BTreeMap::new();
        for _ in 0..20_000 {
            let at = now + rng.within(Duration::from_secs(3));
            turn += 1;
            let host = HostId::new(u32::try_from(rng.below(50)).unwrap());
            match rng.below(4) {
                0 => {
                    queue.wake(host, Some(at));
                    if let Some(before) = alarms.insert(host, (at, turn)) {
                        model.remove(&before);
                    }
                    model.insert((at, turn), host);
                }
                1 => {
                    queue.push(at, Event::Serve(host));
                    model.insert((at, turn), host);
                }
                _ => {
                    let Some(((due, _), expected)) = model.pop_first() else {
                        continue;
                    };
                    let (popped, event) = queue.pop_until(Instant::FAR_FUTURE).unwrap();
                    now = popped;
                    assert_eq!(popped, due);
                    match event {
                        Event::Wake(host) => {
                            assert_eq!(host, expected);
                            alarms.remove(&host);
                        }
                        Event::Serve(host) => assert_eq!(host, expected),
                        _ => unreachable!(),
                    }
                }
            }
        }
    }
}
