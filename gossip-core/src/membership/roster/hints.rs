//! Hints: where a name's row probably is, by a hash of the name.
//!
//! ```text
//!   print of the name ─▶ slot ─▶ │ 7e02:4 │ free │ 11c9:0 │ …     eight are looked at
//!                                  │    └ place, counted from one
//!                                  └ part of the print: other names rarely have it
//! ```
//!
//! Nothing depends on a hint: whoever follows one compares the name it finds
//! there, and where there is none there may be a row all the same. So a crowded
//! stretch just has no room for another, and taking one out leaves no mark.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;

/// How many slots a name may be in (guess: half a cache line).
const WINDOW: usize = 8;

/// The lower bits of a hint: its place, counted from one.
const PLACE_BITS: u32 = 16;
const PLACE: u32 = (1 << PLACE_BITS) - 1;

const _: () = assert!(limit::ROSTER < PLACE as usize, "every place has a number");

/// The hints for all rows of a table.
#[derive(Debug, Default)]
pub(super) struct Hints(Vec<u32>);

impl Hints {
    /// Whether so many rows crowd it (four of five slots: guess).
    pub(super) const fn is_full(&self, rows: usize) -> bool {
        rows * 5 > self.0.len() * 4
    }

    /// Empties it, with room for so many rows and a sixteenth more.
    pub(super) fn begin(&mut self, rows: usize) {
        let slots = (rows + rows / 16 + 4) * 5 / 4;
        self.0.clear();
        self.0.reserve_exact(slots);
        self.0.resize(slots, 0);
    }

    /// Where a name's row may be.
    pub(super) fn of(&self, id: &NodeId) -> impl Iterator<Item = usize> {
        let print = id.print();
        let (mark, slots) = (mark(print), self.slots(print));
        let hints = self.0.get(slots).unwrap_or_default().iter();
        let ours = hints.filter(move |hint| **hint & !PLACE == mark && **hint & PLACE > 0);
        ours.map(|hint| (hint & PLACE) as usize - 1)
    }

    /// A name's row is there now.
    pub(super) fn put(&mut self, id: &NodeId, place: usize) {
        let print = id.print();
        if let Some(slot) = self.slot(print, 0) {
            *slot = hint(print, place);
        }
    }

    /// It is there no more.
    pub(super) fn take(&mut self, id: &NodeId, place: usize) {
        let print = id.print();
        if let Some(slot) = self.slot(print, hint(print, place)) {
            *slot = 0;
        }
    }

    /// It is elsewhere.
    pub(super) fn move_to(&mut self, id: &NodeId, from: usize, to: usize) {
        let print = id.print();
        if let Some(slot) = self.slot(print, hint(print, from)) {
            *slot = hint(print, to);
        }
    }

    /// The first slot of a name that holds this.
    fn slot(&mut self, print: u64, held: u32) -> Option<&mut u32> {
        let slots = self.slots(print);
        let mut slots = self.0.get_mut(slots).unwrap_or_default().iter_mut();
        slots.find(|slot| **slot == held)
    }

    /// The slots of a name. The last window ends with the list.
    fn slots(&self, print: u64) -> core::ops::Range<usize> {
        let windows = self.0.len().saturating_sub(WINDOW) + 1;
        // The upper half of the print, as a part of all windows.
        let first = (((print >> 32) * windows as u64) >> 32) as usize;
        first..(first + WINDOW).min(self.0.len())
    }
}

const fn mark(print: u64) -> u32 {
    (print as u32) & !PLACE
}

fn hint(print: u64, place: usize) -> u32 {
    mark(print) | (u32::try_from(place + 1).unwrap_or(0) & PLACE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn a_hint_follows_its_row_and_few_have_no_room() {
        let mut hints = Hints::default();
        let names = |number: usize| format!("zone/rack/n{number}").parse::<NodeId>().unwrap();
        let count = 10_000;
        hints.begin(count);
        (0..count).for_each(|number| hints.put(&names(number), number));
        let found = |hints: &Hints, number, place| hints.of(&names(number)).any(|it| it == place);
        let held = (0..count).filter(|number| found(&hints, *number, *number));
        assert!(held.count() > count * 98 / 100);
        hints.move_to(&names(7), 7, 9_999);
        assert!(found(&hints, 7, 9_999) && !found(&hints, 7, 7));
        hints.take(&names(7), 9_999);
        assert!(!found(&hints, 7, 9_999));
        // Few others share window and mark.
        let strange =
            (0..count).map(|number| hints.of(&format!("x{number}").parse().unwrap()).count());
        assert!(strange.sum::<usize>() < 10);
    }
}
