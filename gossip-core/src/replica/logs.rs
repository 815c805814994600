//! All logs: found by their author's name, and by a number.
//!
//! A number is a name for the time being: it is what the view holds for each
//! shared key instead of a name of its own, and it is given to another author
//! only once the log is gone, and nothing of it stands anywhere.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Bound;

use super::log::Log;
use super::slot::Slot;
use crate::base::id::NodeId;
use crate::message::{Head, Version};

/// Where a write is: the number of its log, and its place in there. It stays
/// there for as long as it matters, and what supersedes it takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    log: u32,
    place: u32,
}

/// Every author's log.
#[derive(Debug, Default)]
pub(super) struct Logs {
    numbers: BTreeMap<NodeId, u32>,
    /// By number.
    logs: Vec<Option<(NodeId, Log)>>,
    free: Vec<u32>,
}

impl Logs {
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn contains(&self, author: &NodeId) -> bool {
        self.numbers.contains_key(author)
    }

    pub(super) fn get(&self, author: &NodeId) -> Option<&Log> {
        Some(self.numbered(*self.numbers.get(author)?)?.1)
    }

    pub(super) fn held_mut(&mut self, author: &NodeId) -> Option<&mut Log> {
        let number = usize::try_from(*self.numbers.get(author)?).ok()?;
        let (_, log) = self.logs.get_mut(number)?.as_mut()?;
        Some(log)
    }

    /// Makes sure that an author has a log, be it an empty one.
    pub(super) fn open(&mut self, author: &NodeId) {
        if self.contains(author) {
            return;
        }
        let log = Some((author.clone(), Log::default()));
        let number = self.free.pop();
        let room = number.and_then(|number| self.logs.get_mut(usize::try_from(number).ok()?));
        let number = match (number, room) {
            (Some(number), Some(room)) => {
                *room = log;
                number
            }
            _ => {
                self.logs.push(log);
                u32::try_from(self.logs.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.numbers.insert(author.clone(), number);
    }

    /// Takes out a log of which nothing is held, or nothing but its last head, if
    /// there is one, to make room for another. Whose it was.
    pub(super) fn make_room(&mut self) -> Option<NodeId> {
        let mut logs = self.iter();
        let idle = logs.find(|(_, log)| log.is_spent() || log.head() == Head::default());
        let author = idle.map(|(author, _)| author.clone())?;
        drop(logs);
        let number = self.numbers.remove(&author)?;
        let room = usize::try_from(number).ok();
        if let Some(room) = room.and_then(|number| self.logs.get_mut(number)) {
            *room = None;
            self.free.push(number);
        }
        Some(author)
    }

    /// Every log, in order of its author's name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, &Log)> {
        self.after(None)
    }

    /// Those whose author's name comes after one.
    pub(super) fn after(&self, after: Option<&NodeId>) -> impl Iterator<Item = (&NodeId, &Log)> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let numbers = self.numbers.range::<NodeId, _>((after, Bound::Unbounded));
        numbers.filter_map(|(_, number)| self.numbered(*number))
    }

    fn numbered(&self, number: u32) -> Option<(&NodeId, &Log)> {
        let room = self.logs.get(usize::try_from(number).ok()?)?;
        room.as_ref().map(|(author, log)| (author, log))
    }

    /// Where a write is.
    pub(super) fn spot(&self, author: &NodeId, version: Version) -> Option<Spot> {
        let log = *self.numbers.get(author)?;
        let place = self.numbered(log)?.1.place(version)?;
        Some(Spot { log, place })
    }

    /// The write in a spot, and whose it is.
    pub(super) fn at(&self, spot: Spot) -> Option<(&NodeId, &Slot)> {
        let (author, log) = self.numbered(spot.log)?;
        Some((author, log.at(spot.place)?))
    }
}
