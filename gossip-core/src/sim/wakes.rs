//! Wakes: one alarm for each host, and which of them rings first.
//!
//! A tournament: the leaves are the hosts' alarms, and every knot above holds
//! the earlier of the two below it. Setting an alarm plays one path anew.
//!
//! ```text
//!            2            the first of all
//!          ╱   ╲
//!        4       2
//!       ╱ ╲     ╱ ╲
//!      4   7   2   9      hosts 0 to 3
//! ```

use alloc::vec;
use alloc::vec::Vec;

use super::host::HostId;
use super::queue::Place;
use crate::base::time::Instant;

/// Later than every alarm: none is set.
const NEVER: Place = (Instant::FAR_FUTURE, u64::MAX);

/// One alarm for each host.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// The alarms, one a host, and filled up to a power of two.
    alarms: Vec<Place>,
    /// Which host is first below each knot; the root is number 1.
    first: Vec<u32>,
}

impl Wakes {
    /// When a host's alarm rings, if it is set.
    pub(super) fn place(&self, host: HostId) -> Option<Place> {
        let place = self.alarms.get(host.index()).copied()?;
        (place != NEVER).then_some(place)
    }

    /// Sets a host's alarm in the place of any that was set.
    pub(super) fn set(&mut self, host: HostId, place: Option<Place>) {
        let place = place.unwrap_or(NEVER);
        if host.index() >= self.alarms.len() {
            if place == NEVER {
                return;
            }
            self.grow(host.index() + 1);
        }
        self.alarms[host.index()] = place;
        let mut knot = (self.alarms.len() + host.index()) / 2;
        while knot > 0 {
            self.play(knot);
            knot /= 2;
        }
    }

    /// The first alarm of all.
    pub(super) fn first(&self) -> Option<(Place, HostId)> {
        let host = HostId::new(*self.first.get(1)?);
        Some((self.place(host)?, host))
    }

    /// Who is first below a knot, or at a leaf.
    fn below(&self, knot: usize) -> u32 {
        let leaf = knot.checked_sub(self.alarms.len());
        leaf.map_or_else(
            || self.first[knot],
            |host| u32::try_from(host).unwrap_or(u32::MAX),
        )
    }

    fn play(&mut self, knot: usize) {
        let (left, right) = (self.below(2 * knot), self.below(2 * knot + 1));
        let wins = self.alarms[left as usize] <= self.alarms[right as usize];
        self.first[knot] = if wins { left } else { right };
    }

    fn grow(&mut self, hosts: usize) {
        let leaves = hosts.next_power_of_two().max(2);
        self.alarms.resize(leaves, NEVER);
        self.first = vec![0; leaves];
        for knot in (1..leaves).rev() {
            self.play(knot);
        }
    }
}
