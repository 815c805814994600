//! Names: a number for every node's name, and by that number whatever one host
//! knows of it: to whom it is connected, how it holds whom.
//!
//! Packets carry names, and each one has to be looked up: so by a hash of its
//! bytes, in a table that nobody ever walks through. What is known by number
//! stands in a list: with thousands of hosts that know thousands of names a
//! map's own bytes would be most of all memory.

use alloc::vec;
use alloc::vec::Vec;

use super::hash::RunningHash;
use super::link::{LinkId, Side};
use crate::base::id::NodeId;

/// The number of a name; two hosts that run under one name share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameId(u32);

impl NameId {
    /// Its place in a list of all names.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// All names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    names: Vec<NodeId>,
    /// Their numbers, in order of name.
    order: Vec<u32>,
    /// One more than the number of a name, at its hash or behind; zero: free.
    table: Vec<u32>,
}

impl Names {
    /// The number of a name, a new one if it has none.
    pub(super) fn insert(&mut self, name: &NodeId) -> NameId {
        if let Some(known) = self.find(name) {
            return known;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let before = |other: &u32| self.names[*other as usize] < *name;
        let at = self.order.partition_point(before);
        self.order.insert(at, number);
        self.names.push(name.clone());
        if self.names.len() * 2 > self.table.len() {
            self.table = vec![0; (self.names.len() * 4).next_power_of_two()];
            (0..self.names.len()).for_each(|number| self.enter(number));
        } else {
            self.enter(self.names.len() - 1);
        }
        NameId(number)
    }

    /// The name behind a number.
    pub(super) fn id(&self, name: NameId) -> &NodeId {
        &self.names[name.index()]
    }

    /// All numbers, in order of name.
    pub(super) fn in_order(&self) -> impl Iterator<Item = NameId> {
        self.order.iter().copied().map(NameId)
    }

    /// The number of a name, if it has one.
    pub(super) fn find(&self, name: &NodeId) -> Option<NameId> {
        let mask = self.table.len().checked_sub(1)?;
        let mut at = hash(name) & mask;
        loop {
            let number = self.table[at].checked_sub(1)?;
            if self.names[number as usize] == *name {
                return Some(NameId(number));
            }
            at = (at + 1) & mask;
        }
    }

    fn enter(&mut self, number: usize) {
        let mask = self.table.len() - 1;
        let mut at = hash(&self.names[number]) & mask;
        while self.table[at] != 0 {
            at = (at + 1) & mask;
        }
        self.table[at] = u32::try_from(number + 1).unwrap_or(u32::MAX);
    }
}

fn hash(name: &NodeId) -> usize {
    // The low bits are as good as any: which ones are left does not matter.
    usize::try_from(RunningHash::of(&[name.print()]) & u64::from(u32::MAX)).unwrap_or(0)
}

/// Something for each of some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered<T> {
    all: Vec<Option<T>>,
    count: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            count: 0,
        }
    }
}

impl<T: Copy> Numbered<T> {
    pub(super) fn of(&self, name: NameId) -> Option<T> {
        self.all.get(name.index()).copied().flatten()
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    pub(super) fn insert(&mut self, name: NameId, value: T) {
        let at = name.index();
        if self.all.len() <= at {
            // A sixteenth more than needed, not twice as much.
            let room = at + 1 + at / 16;
            self.all.reserve_exact(room - self.all.len());
            self.all.resize(at + 1, None);
        }
        self.count += usize::from(self.all[at].replace(value).is_none());
    }

    pub(super) fn remove(&mut self, name: NameId) {
        if let Some(value) = self.all.get_mut(name.index()) {
            self.count -= usize::from(value.take().is_some());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NameId, T)> {
        let numbers = (0..).map(NameId);
        let all = numbers.zip(self.all.iter().copied());
        all.filter_map(|(name, value)| Some((name, value?)))
    }
}

/// To whom a host is connected, and by which end of which link.
#[derive(Debug, Default)]
pub(super) struct Peers {
    links: Vec<Option<(LinkId, Side)>>,
    count: usize,
}

impl Peers {
    pub(super) fn link(&self, peer: NameId) -> Option<(LinkId, Side)> {
        self.links.get(peer.0 as usize).copied().flatten()
    }

    pub(super) fn insert(&mut self, peer: NameId, link: (LinkId, Side)) {
        let at = peer.0 as usize;
        if self.links.len() <= at {
            self.links.resize(at + 1, None);
        }
        if self.links[at].replace(link).is_none() {
            self.count += 1;
        }
    }

    pub(super) fn remove(&mut self, peer: NameId) {
        if let Some(link) = self.links.get_mut(peer.0 as usize)
            && link.take().is_some()
        {
            self.count -= 1;
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// All links, in the order of their peers' numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (LinkId, Side)> {
        self.links.iter().copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_keeps_its_number() {
        let mut names = Names::default();
        let name = |number: u32| alloc::format!("n{number}").parse::<NodeId>().unwrap();
        assert_eq!(names.find(&name(0)), None);
        for number in 0..1_000 {
            assert_eq!(names.insert(&name(number)), NameId(number));
            assert_eq!(names.insert(&name(number / 2)), NameId(number / 2));
            assert_eq!(*names.id(NameId(number)), name(number));
        }
        assert_eq!(names.in_order().count(), 1_000);
        let ordered: Vec<_> = names.in_order().map(|it| names.id(it)).collect();
        assert!(ordered.is_sorted());
        assert!((0..1_000).all(|number| names.find(&name(number)) == Some(NameId(number))));
        assert_eq!(names.find(&name(1_000)), None);
    }
}
