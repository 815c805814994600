//! Many small things in an order that somebody else knows: a list in chunks.
//!
//! Each is the place of a slot; what comes before what is asked each time, so
//! nothing of a key is held here. In one long list each insertion would move
//! half of it, and a tree of keys would hold every key once more.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Places in one chunk (guess: 32 to 64 cache lines to move at most).
const CHUNK: usize = 512;

/// A place in the order: which chunk, and where in it.
pub(super) type At = (usize, usize);

/// The places, in order.
#[derive(Debug, Clone)]
pub(super) struct Order<T>(Vec<Vec<T>>);

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Order<T> {
    /// Where the one is that compares as equal; otherwise where it belongs.
    pub(super) fn search(&self, compare: impl Fn(T) -> Ordering) -> Result<At, At> {
        let is_before = |chunk: &Vec<T>| {
            let last = chunk.last();
            last.is_some_and(|last| compare(*last) == Ordering::Less)
        };
        let chunk = self.0.partition_point(is_before);
        let found = self.0.get(chunk).map(Vec::as_slice).unwrap_or_default();
        let place = found.binary_search_by(|one| compare(*one));
        place
            .map(|place| (chunk, place))
            .map_err(|place| (chunk, place))
    }

    /// Puts one where it belongs.
    pub(super) fn insert(&mut self, (chunk, place): At, one: T) {
        let last = self.0.len().saturating_sub(1);
        if chunk > last || self.0.is_empty() {
            // Behind all: those that come in order fill their chunks.
            match self.0.last_mut().filter(|last| last.len() < CHUNK) {
                Some(last) => last.push(one),
                None => self.0.push(Vec::from([one])),
            }
            return;
        }
        let Some(into) = self.0.get_mut(chunk) else {
            return;
        };
        if into.len() < CHUNK {
            into.insert(place.min(into.len()), one);
            return;
        }
        // Split while it is full: grown further first, it would keep the room.
        let mut tail = into.split_off(CHUNK / 2);
        match place.checked_sub(into.len()) {
            Some(behind) if behind > 0 => tail.insert(behind.min(tail.len()), one),
            _ => into.insert(place, one),
        }
        self.0.insert(chunk + 1, tail);
    }

    /// Puts another in the place of one.
    pub(super) fn set(&mut self, (chunk, place): At, other: T) {
        let chunk = self.0.get_mut(chunk);
        if let Some(one) = chunk.and_then(|chunk| chunk.get_mut(place)) {
            *one = other;
        }
    }

    /// Takes out what is at a place.
    pub(super) fn remove(&mut self, (chunk, place): At) {
        let Some(from) = self.0.get_mut(chunk).filter(|from| place < from.len()) else {
            return;
        };
        from.remove(place);
        if from.is_empty() {
            self.0.remove(chunk);
        }
    }

    /// What is at a place.
    pub(super) fn get(&self, (chunk, place): At) -> Option<T> {
        self.0.get(chunk)?.get(place).copied()
    }

    /// Those from a place on.
    pub(super) fn from(&self, (chunk, place): At) -> impl Iterator<Item = T> {
        let first = self.0.get(chunk).and_then(|first| first.get(place..));
        let rest = self.0.iter().skip(chunk + 1).flatten();
        first.into_iter().flatten().chain(rest).copied()
    }

    /// The last one.
    pub(super) fn last(&self) -> Option<T> {
        self.0.last()?.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec;

    /// Against a set that knows the order itself.
    #[test]
    fn holds_what_a_set_holds() {
        let (mut order, mut set) = (Order::default(), BTreeSet::new());
        for turn in 0..20_000_u32 {
            let number = turn.wrapping_mul(2_654_435_761) % 7_919;
            let at = order.search(|other: u32| other.cmp(&number));
            match at {
                Ok(at) if turn % 3 == 0 => {
                    order.remove(at);
                    assert!(set.remove(&number));
                }
                Ok(_) => assert!(set.contains(&number)),
                Err(at) => {
                    order.insert(at, number);
                    assert!(set.insert(number));
                }
            }
        }
        assert!(order.from((0, 0)).eq(set.iter().copied()));
        assert_eq!(order.last(), set.last().copied());
        let middle = order.search(|other: u32| other.cmp(&4_000));
        let at = middle.unwrap_or_else(|at| at);
        assert!(order.from(at).eq(set.range(4_000..).copied()));
        let mut rising = Order::default();
        for number in 0..2_000 {
            let at = rising.search(|other: u32| other.cmp(&number));
            rising.insert(at.unwrap_err(), number);
        }
        assert_eq!(
            rising.0.iter().map(Vec::len).collect::<Vec<_>>(),
            vec![512, 512, 512, 464]
        );
    }
}
