//! What is heard of one run, and what of it is kept.
//!
//! ```text
//!   number   1 2 3 4 5 6 7 8 9
//!   heard    ■ ■ ■ ■ ■ · ■ · ■     through 5, beyond {7, 9}, holes {6, 8}
//!   kept         ■ ■   · ■   ■     floor 2: above it what matters is kept
//!                    └ coalesced
//! ```

use alloc::collections::{BTreeMap, BTreeSet};

use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{Event, EventRow, Key, Run, Sealed};

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) event: Sealed<Event>,
    /// Its place in the order of arrival; `None`: the last one of a run, which
    /// stays beyond its time.
    pub(super) order: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Heard {
    through: u64,
    beyond: BTreeSet<u64>,
    pub(super) kept: BTreeMap<u64, Kept>,
    pub(super) floor: u64,
    /// The newest coalescing event of each name that is kept.
    named: BTreeMap<Key, u64>,
    /// When something of it was last heard.
    pub(super) at: Instant,
    /// How many changes of all runs there had been then.
    pub(super) changed: u64,
}

impl Heard {
    /// Of a run of which everything up to `through` does not concern us.
    pub(super) const fn from(through: u64, now: Instant) -> Self {
        Self {
            through,
            beyond: BTreeSet::new(),
            kept: BTreeMap::new(),
            floor: through,
            named: BTreeMap::new(),
            at: now,
            changed: 0,
        }
    }

    pub(super) fn has(&self, number: u64) -> bool {
        number <= self.through || self.beyond.contains(&number)
    }

    /// Everything up to here is heard.
    pub(super) const fn through(&self) -> u64 {
        self.through
    }

    /// The highest number heard.
    pub(super) fn top(&self) -> u64 {
        self.beyond.last().copied().unwrap_or(self.through)
    }

    /// Whether it lies so far beyond a hole that it is left to the lists.
    pub(super) const fn is_ahead(&self, number: u64) -> bool {
        number > self.through.saturating_add(limit::EVENTS_AHEAD)
    }

    /// It is heard. Whether it was not before.
    pub(super) fn mark(&mut self, number: u64) -> bool {
        if self.has(number) {
            return false;
        }
        self.beyond.insert(number);
        self.close_up();
        true
    }

    fn close_up(&mut self) {
        while self.beyond.first() == Some(&(self.through + 1)) {
            self.beyond.pop_first();
            self.through += 1;
        }
    }

    /// Nothing up to `number` is waited for any more. How many were not heard.
    pub(super) fn settle(&mut self, number: u64) -> u64 {
        if number <= self.through {
            return 0;
        }
        let rest = self.beyond.split_off(&number.saturating_add(1));
        let heard = core::mem::replace(&mut self.beyond, rest);
        let heard = heard.iter().filter(|heard| **heard <= number).count() as u64;
        let missed = number - self.through - heard;
        self.through = number;
        self.close_up();
        missed
    }

    /// The newest coalescing event of its name that is heard, if it is newer.
    pub(super) fn coalesced_by(&self, event: &Event) -> Option<u64> {
        let newest = self.named.get(&event.name).filter(|_| event.coalesce)?;
        (*newest > event.id.number).then_some(*newest)
    }

    /// Keeps an event. Those that go for it: the one of its name that it
    /// coalesces, and a last one that had stayed beyond its time.
    pub(super) fn keep(
        &mut self,
        event: Sealed<Event>,
        order: u64,
    ) -> impl Iterator<Item = Kept> + use<> {
        let number = event.number();
        let stayed = self.kept.last_key_value();
        let stayed = stayed.filter(|(last, kept)| **last < number && kept.order.is_none());
        let stayed = stayed.map(|(last, _)| *last);
        let stayed = stayed.and_then(|stayed| self.drop_kept(stayed));
        let replaced = match event.value.coalesce {
            true => self.named.insert(event.value.name.clone(), number),
            false => None,
        };
        let replaced = replaced.and_then(|old| self.kept.remove(&old));
        let order = Some(order);
        self.kept.insert(number, Kept { event, order });
        [stayed, replaced].into_iter().flatten()
    }

    /// Forgets one that is kept.
    fn drop_kept(&mut self, number: u64) -> Option<Kept> {
        let kept = self.kept.remove(&number)?;
        self.floor = self.floor.max(number);
        let name = &kept.event.value.name;
        if self.named.get(name) == Some(&number) {
            self.named.remove(name);
        }
        Some(kept)
    }

    /// Lets one go, because its time is over or there are too many; the last of
    /// the run stays.
    pub(super) fn let_go(&mut self, number: u64) -> Option<Kept> {
        if self.kept.last_key_value().map(|(last, _)| *last) == Some(number) {
            let last = self.kept.get_mut(&number)?;
            last.order = None;
            return None;
        }
        self.drop_kept(number)
    }

    /// What is heard of it, to be told.
    pub(super) fn row(&self, run: &Run) -> EventRow {
        let mut holes = alloc::vec::Vec::new();
        let mut next = self.through + 1;
        for heard in &self.beyond {
            for hole in next..*heard {
                if holes.len() == limit::EVENT_HOLES {
                    return EventRow {
                        run: run.clone(),
                        top: hole - 1,
                        holes,
                    };
                }
                holes.push(hole);
            }
            next = heard + 1;
        }
        EventRow {
            run: run.clone(),
            top: self.top(),
            holes,
        }
    }
}
