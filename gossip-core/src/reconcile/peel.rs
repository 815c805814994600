//! Peeling: from the difference of two sketches to what differs.
//!
//! Symbols are sums, so theirs less ours is the sketch of the difference alone.
//! A symbol of which only one item is left shows it: its product divided by
//! its sum is the key. That item is taken out of all its symbols, which leaves
//! others with one item, and so on until nothing is left.
//!
//! ```text
//!   sum      = Σ (theirs − ours)          one item left:  key = product / sum
//!   product  = Σ key · (theirs − ours)                    theirs = ours + sum
//!   check    = Σ hash(theirs) − hash(ours)                must fit both
//! ```
//!
//! A name whose value differs is *one* unknown here, though each side has an
//! item that the other has not: that halves the symbols of a table of plain items
//! (Yang et al. 2024), and needs no count.
//!
//! Symbols that a liar made up cost bounded work: an item is taken out at most
//! once, there are no more of them than symbols, and each is looked at as often
//! as it is in a symbol.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::field;
use super::places::{density, places};
use super::sketch::{Sketch, change, minus};
use crate::base::limit;
use crate::message::Symbol;

/// One item that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Of which name and half.
    pub key: u64,
    /// Our value; 0: none.
    pub ours: u64,
    /// Theirs; 0: none.
    pub theirs: u64,
}

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peeled {
    /// Everything that differs, in order of key.
    All {
        /// What.
        differences: Vec<Difference>,
        /// How many symbols it took.
        used: usize,
    },
    /// Not all.
    Short {
        /// How many items differ, by the symbols in which none does: a guess.
        about: usize,
    },
}

/// What differs between a peer, by a prefix of its symbols, and us.
pub fn peel(theirs: &[Symbol], ours: &Sketch) -> Peeled {
    let symbols = theirs.iter().zip(ours.symbols(0, limit::SYMBOLS));
    let rest: Vec<Symbol> = symbols
        .map(|(theirs, ours)| minus(reduced(*theirs), *ours))
        .collect();
    let mut peeling = Peeling {
        ours,
        rest,
        found: BTreeMap::new(),
    };
    for place in 0..peeling.rest.len() {
        peeling.look(place);
        if peeling.is_done() {
            let differences = peeling.found.into_iter();
            let differences =
                differences.map(|(key, (ours, theirs))| Difference { key, ours, theirs });
            return Peeled::All {
                differences: differences.collect(),
                used: place + 1,
            };
        }
    }
    Peeled::Short {
        about: peeling.about(),
    }
}

const fn reduced(symbol: Symbol) -> Symbol {
    Symbol {
        sum: field::reduce(symbol.sum),
        product: field::reduce(symbol.product),
        check: symbol.check,
    }
}

struct Peeling<'a> {
    ours: &'a Sketch,
    rest: Vec<Symbol>,
    /// Our value and theirs.
    found: BTreeMap<u64, (u64, u64)>,
}

impl Peeling<'_> {
    /// Looks at the symbol at a place, and at all before it that change by it.
    fn look(&mut self, last: usize) {
        let mut open = Vec::from([last]);
        while let Some(place) = open.pop() {
            let Some((key, ours, theirs)) = self.alone(place) else {
                continue;
            };
            if self.found.len() >= self.rest.len() {
                return;
            }
            self.found.insert(key, (ours, theirs));
            let item = change(self.ours.coder(), key, ours, theirs);
            for place in places(key) {
                if let Some(symbol) = self.rest.get_mut(place) {
                    *symbol = minus(*symbol, item);
                    if place <= last {
                        open.push(place);
                    }
                }
            }
        }
    }

    /// The one item that is left in a symbol, if it is one: its key, our value
    /// and theirs.
    fn alone(&self, place: usize) -> Option<(u64, u64, u64)> {
        let symbol = *self.rest.get(place)?;
        if symbol.sum == 0 {
            return None;
        }
        let key = field::mul(symbol.product, field::invert(symbol.sum));
        let ours = self.ours.value(key);
        let theirs = field::add(ours, symbol.sum);
        let is_alone = change(self.ours.coder(), key, ours, theirs) == symbol
            && !self.found.contains_key(&key)
            && places(key).any(|of_key| of_key == place);
        is_alone.then_some((key, ours, theirs))
    }

    /// Every item is in the first symbol, so it is the last to become nothing.
    fn is_done(&self) -> bool {
        let nothing = Symbol::default();
        self.rest.first().is_none_or(|first| *first == nothing)
            && self.rest.iter().all(|symbol| *symbol == nothing)
    }

    /// How many items differ in all: of the thinner half of the symbols a share
    /// is nothing that falls with e to the power of their number and density.
    fn about(&self) -> usize {
        let half = self.rest.len() / 2;
        let thin = self.rest.get(half..).unwrap_or_default();
        let nothing = thin.iter().filter(|symbol| **symbol == Symbol::default());
        let share = (nothing.count() as f64).max(0.5) / (thin.len() as f64).max(1.0);
        let mean = density((half + self.rest.len()) / 2);
        let left = -libm::log(share.min(1.0)) / mean;
        self.found.len() + (left as usize).max(1)
    }
}
