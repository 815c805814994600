//! The rows, packed: what a thousand members cost is this file.
//!
//! ```text
//!   rows    │ c │ a │ e │ f │ b │ d │     in the order they came, but
//!           └─ to choose from ┘└ the rest ┘  the first `front` take part
//!   order     1   4   0   5   2   3       their places, in order of name
//!   hints   │ · │ 4 │ · │ 0 │ 2 │ 1 │ · │ 3 │  the same, by a hash of the name
//! ```
//!
//! A name stands once, in the row's own claim. Whoever is looked up is found by
//! its hint, nearly always; a hint that is not there or leads elsewhere (names
//! can be chosen so that they fall together) costs a binary search. Adding a row
//! moves four bytes for each that follows, 64 KiB where there are as many
//! members as there may be. Room is made by the sixteenth, not by doubling.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

use super::hints::Hints;
use crate::base::id::NodeId;
use crate::membership::Member;

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Member>,
    /// So many of the rows, the first ones, are to choose from.
    front: usize,
    order: Vec<u32>,
    hints: Hints,
}

impl Table {
    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Those to choose from.
    pub(super) fn front(&self) -> &[Member] {
        self.rows.get(..self.front).unwrap_or_default()
    }

    /// All the others.
    pub(super) fn rest(&self) -> &[Member] {
        self.rows.get(self.front..).unwrap_or_default()
    }

    /// One row.
    pub(super) fn of(&self, id: &NodeId) -> Option<&Member> {
        self.rows.get(self.place(id)?)
    }

    /// One row, to change anything but its name and its side.
    pub(super) fn of_mut(&mut self, id: &NodeId) -> Option<&mut Member> {
        let place = self.place(id)?;
        self.rows.get_mut(place)
    }

    /// All rows whose names come after one, in order of name.
    pub(super) fn after(&self, after: Option<&NodeId>) -> impl Iterator<Item = &Member> {
        let from = after.map_or(0, |after| match self.find(after) {
            Ok(at) => at + 1,
            Err(at) => at,
        });
        let order = self.order.get(from..).unwrap_or_default();
        order.iter().filter_map(|place| self.row(*place))
    }

    /// Puts a row in, in place of the one of its name, which is given back.
    pub(super) fn put(&mut self, row: Member, to_front: bool) -> Option<Member> {
        let mut before = None;
        let place = match self.place(row.id()) {
            Some(place) => {
                before = self.rows.get_mut(place).map(|held| mem::replace(held, row));
                place
            }
            None => self.add(row),
        };
        match (place < self.front, to_front) {
            (false, true) => {
                self.swap(place, self.front);
                self.front += 1;
            }
            (true, false) => self.step_back(place),
            (true, true) | (false, false) => {}
        }
        before
    }

    fn add(&mut self, row: Member) -> usize {
        let place = self.rows.len();
        let (Ok(at) | Err(at)) = self.find(row.id());
        make_room(&mut self.rows);
        make_room(&mut self.order);
        // The roster's bound is far below what 32 bits count.
        self.order.insert(at, u32::try_from(place).unwrap_or(0));
        self.hints.put(row.id(), place);
        self.rows.push(row);
        if self.hints.is_full(self.rows.len()) {
            self.hints.begin(self.rows.len());
            for (place, row) in self.rows.iter().enumerate() {
                self.hints.put(row.id(), place);
            }
        }
        place
    }

    /// Takes a row out.
    pub(super) fn take(&mut self, id: &NodeId) -> Option<Member> {
        let at = self.find(id).ok()?;
        let mut place = *self.order.get(at)? as usize;
        if place < self.front {
            self.step_back(place);
            place = self.front;
        }
        self.hints.take(id, place);
        self.swap(place, self.rows.len() - 1);
        // Its place in order is where it was: only what the order names moved.
        self.order.remove(at);
        self.rows.pop()
    }

    /// From the front to the rest: to the place just behind the front.
    fn step_back(&mut self, place: usize) {
        self.front -= 1;
        self.swap(place, self.front);
    }

    fn row(&self, place: u32) -> Option<&Member> {
        self.rows.get(place as usize)
    }

    /// Where its row is.
    fn place(&self, id: &NodeId) -> Option<usize> {
        let is_it = |place: usize| self.rows.get(place).is_some_and(|row| row.id() == id);
        if let Some(place) = self.hints.of(id).find(|place| is_it(*place)) {
            return Some(place);
        }
        let place = *self.order.get(self.find(id).ok()?)?;
        Some(place as usize)
    }

    /// Where a name stands in the order, or should.
    fn find(&self, id: &NodeId) -> Result<usize, usize> {
        self.order.binary_search_by(|place| {
            self.row(*place)
                .map_or(Ordering::Less, |row| row.id().cmp(id))
        })
    }

    /// Exchanges two rows; the order goes on naming the same ones.
    fn swap(&mut self, one: usize, other: usize) {
        if one == other {
            return;
        }
        let at = |place: usize| self.find(self.rows.get(place)?.id()).ok();
        if let (Some(first), Some(second)) = (at(one), at(other)) {
            for (from, to) in [(one, other), (other, one)] {
                if let Some(row) = self.rows.get(from) {
                    self.hints.move_to(row.id(), from, to);
                }
            }
            self.rows.swap(one, other);
            self.order.swap(first, second);
        }
    }
}

/// Room for one more: a sixteenth more than there was (guess: at most that much
/// is idle, and a row is moved some sixteen times while the rest arrive).
fn make_room<T>(all: &mut Vec<T>) {
    if all.len() == all.capacity() {
        all.reserve_exact(all.len() / 16 + 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use crate::base::time::Instant;
    use crate::membership::Standing;
    use crate::message::{Claim, Footing, Presence, Sealed};
    use alloc::collections::BTreeMap;
    use alloc::format;
    use bytes::Bytes;

    fn row(number: u64, at: u64) -> Member {
        let value = Claim {
            member: format!("n{number}").parse().unwrap(),
            footing: Footing::default(),
            presence: Presence::Alive,
            addrs: [].into(),
        };
        let bytes = Bytes::new();
        Member {
            claim: Sealed { value, bytes },
            standing: Standing::Alive,
            since: Instant::from_nanos(at),
        }
    }

    /// Whatever is put in, moved and taken out: it answers as a map would, and
    /// as a set of those in front.
    #[test]
    fn it_holds_what_a_map_would_hold() {
        let mut rng = Rng::new(5);
        let mut table = Table::default();
        let mut model: BTreeMap<NodeId, (Member, bool)> = BTreeMap::new();
        for turn in 0..20_000 {
            let new = row(rng.below(60), turn);
            let id = new.id().clone();
            if rng.chance_ppm(300_000) {
                let taken = table.take(&id);
                assert_eq!(taken, model.remove(&id).map(|(row, _)| row));
            } else {
                let front = rng.chance_ppm(500_000);
                let before = table.put(new.clone(), front);
                let model = model.insert(id.clone(), (new, front));
                assert_eq!(before, model.map(|(row, _)| row));
            }
            assert_eq!(table.len(), model.len());
            assert_eq!(table.of(&id), model.get(&id).map(|(row, _)| row));
            assert!(table.after(None).eq(model.values().map(|(row, _)| row)));
            for (side, front) in [(table.front(), true), (table.rest(), false)] {
                let mut names: Vec<&NodeId> = side.iter().map(Member::id).collect();
                names.sort_unstable();
                let model = model.iter().filter(|(_, (_, at))| *at == front);
                assert!(names.into_iter().eq(model.map(|(id, _)| id)));
            }
        }
        let (last, before) = ("n59".parse().unwrap(), "n".parse().unwrap());
        assert_eq!(table.after(Some(&before)).count(), table.len());
        let later = model.keys().filter(|id| **id > last).count();
        assert_eq!(table.after(Some(&last)).count(), later);
    }
}
