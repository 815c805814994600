//! The sketch of all we hold: a checksum and a prefix of coded symbols, kept
//! true at every change of a row.
//!
//! Symbols do not depend on who asks. So one prefix serves every peer, a change
//! touches some thirteen of its symbols, and a session copies bytes.
//!
//! Beside it stands an index from a name's number to the row as it was summed:
//! what is taken out again when the row changes, and how a number that a peer
//! sends is read. It costs 56 bytes a name, about 80 in the tree.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::field;
use super::item::{Coder, Half, Name, key, split};
use super::places::places;
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::message::{Checksum, Head, MemberRow, Symbol};

/// One name as it was summed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    id: NodeId,
    values: [u64; 2],
    sum: u128,
}

/// All rows, as a checksum and the first [`limit::SYMBOLS`] coded symbols.
#[derive(Debug, Clone)]
pub struct Sketch {
    coder: Coder,
    rows: BTreeMap<Name, Row>,
    sum: Checksum,
    symbols: Vec<Symbol>,
    changes: u64,
}

impl Sketch {
    /// That of a member of `cluster` who holds nothing.
    pub fn new(cluster: &ClusterId) -> Self {
        Self {
            coder: Coder::of(cluster),
            rows: BTreeMap::new(),
            sum: Checksum::default(),
            symbols: alloc::vec![Symbol::default(); limit::SYMBOLS],
            changes: 0,
        }
    }

    /// One of the same cluster that holds nothing.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self {
            coder: self.coder,
            rows: BTreeMap::new(),
            sum: Checksum::default(),
            symbols: alloc::vec![Symbol::default(); limit::SYMBOLS],
            changes: 0,
        }
    }

    /// What is held under a name now, whatever it was before.
    ///
    /// Two names of one number (one chance in 10⁹ among 30 000; whoever knows the
    /// key can make a pair of its own) count as the first of them that came.
    pub fn set(&mut self, id: &NodeId, member: Option<MemberRow>, head: Option<Head>) {
        let name = self.coder.name(id);
        let before = self.rows.get(&name);
        if before.is_some_and(|row| row.id != *id) {
            return;
        }
        let (was, out) = before.map_or(([0; 2], 0), |row| (row.values, row.sum));
        let values = [self.coder.member(name, member), self.coder.head(name, head)];
        let is_nothing = values == [0; 2];
        if is_nothing && before.is_none() {
            return;
        }
        let sum = match is_nothing {
            true => 0,
            false => self.coder.sum(id, member, head),
        };
        if sum == out && values == was {
            return;
        }
        self.changes += 1;
        self.sum.0 = self.sum.0.wrapping_sub(out).wrapping_add(sum);
        match (is_nothing, self.rows.get_mut(&name)) {
            (true, _) => {
                self.rows.remove(&name);
            }
            (false, Some(row)) => (row.values, row.sum) = (values, sum),
            (false, None) => {
                let id = id.clone();
                self.rows.insert(name, Row { id, values, sum });
            }
        }
        let [member_was, head_was] = was;
        let [member, head] = values;
        self.shift(key(name, Half::Member), member_was, member);
        self.shift(key(name, Half::Head), head_was, head);
    }

    /// An item's value changes.
    fn shift(&mut self, key: u64, was: u64, is: u64) {
        if was == is {
            return;
        }
        let change = change(&self.coder, key, was, is);
        for place in places(key) {
            if let Some(symbol) = self.symbols.get_mut(place) {
                *symbol = plus(*symbol, change);
            }
        }
    }

    /// Everything, as one number.
    pub const fn sum(&self) -> Checksum {
        self.sum
    }

    /// The symbols of a stretch of places.
    pub fn symbols(&self, first: usize, through: usize) -> &[Symbol] {
        self.symbols.get(first..through).unwrap_or_default()
    }

    /// How rows become numbers.
    pub const fn coder(&self) -> &Coder {
        &self.coder
    }

    /// The name behind a number.
    pub fn id(&self, name: Name) -> Option<&NodeId> {
        self.rows.get(&name).map(|row| &row.id)
    }

    /// The names held, in no useful order.
    pub fn ids(&self) -> impl Iterator<Item = &NodeId> {
        self.rows.values().map(|row| &row.id)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A number that is another whenever a symbol is.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// The value under a key; 0: none.
    pub(super) fn value(&self, key: u64) -> u64 {
        let (name, half) = split(key);
        self.rows
            .get(&name)
            .and_then(|row| row.values.get(half as usize))
            .copied()
            .unwrap_or_default()
    }
}

/// What is added to each symbol of an item when its value changes.
pub(super) const fn change(coder: &Coder, key: u64, was: u64, is: u64) -> Symbol {
    let sum = field::sub(is, was);
    Symbol {
        sum,
        product: field::mul(key, sum),
        check: coder.check(key, is).wrapping_sub(coder.check(key, was)),
    }
}

pub(super) const fn plus(a: Symbol, b: Symbol) -> Symbol {
    Symbol {
        sum: field::add(a.sum, b.sum),
        product: field::add(a.product, b.product),
        check: a.check.wrapping_add(b.check),
    }
}

pub(super) const fn minus(a: Symbol, b: Symbol) -> Symbol {
    Symbol {
        sum: field::sub(a.sum, b.sum),
        product: field::sub(a.product, b.product),
        check: a.check.wrapping_sub(b.check),
    }
}
