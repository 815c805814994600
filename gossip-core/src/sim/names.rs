//! Names: a number for every node's name, and by that number to whom a host is
//! connected.
//!
//! Packets carry names, and each one has to be looked up: so by a hash of its
//! bytes, in a table that nobody ever walks through.

use alloc::vec;
use alloc::vec::Vec;

use super::hash::RunningHash;
use super::link::{LinkId, Side};
use crate::base::id::NodeId;

/// The number of a name; two hosts that run under one name share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameId(u32);

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<NodeId>,
    /// One more than the number of a name, at its hash or behind; zero: free.
    table: Vec<u32>,
}

impl Names {
    /// The number of a name, a new one if it has none.
    pub(super) fn insert(&mut self, name: &NodeId) -> NameId {
        if let Some(known) = self.find(name) {
            return known;
        }
        self.names.push(name.clone());
        if self.names.len() * 2 > self.table.len() {
            self.table = vec![0; (self.names.len() * 4).next_power_of_two()];
            (0..self.names.len()).for_each(|number| self.enter(number));
        } else {
            self.enter(self.names.len() - 1);
        }
        NameId(u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX))
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
    let mut hash = RunningHash::default();
    hash.bytes(name.as_str().as_bytes());
    // The low bits are as good as any: which ones are left does not matter.
    usize::try_from(hash.value() & u64::from(u32::MAX)).unwrap_or(0)
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
        }
        assert!((0..1_000).all(|number| names.find(&name(number)) == Some(NameId(number))));
        assert_eq!(names.find(&name(1_000)), None);
    }
}
