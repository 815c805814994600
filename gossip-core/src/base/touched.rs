//! Names whose rows may have changed since somebody last looked.
//!
//! A room that holds rows notes here whom it touched; whoever keeps something
//! derived from the rows drains the notes and looks again at those alone. The
//! list has a bound: past it the note says *everybody*, and one looks at all.

use alloc::vec::Vec;

use super::id::NodeId;
use super::limit;

/// A list of names, or everybody.
#[derive(Debug, Default)]
pub struct Touched {
    names: Vec<NodeId>,
    everybody: bool,
}

impl Touched {
    /// A row of this name may be another now.
    pub fn note(&mut self, id: &NodeId) {
        if self.everybody || self.names.last() == Some(id) {
            return;
        }
        if self.names.len() >= limit::TOUCHED {
            self.names.clear();
            self.everybody = true;
            return;
        }
        self.names.push(id.clone());
    }

    /// Whether there is nothing to look at.
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.everybody
    }

    /// Everything noted so far, which is forgotten here. `None`: everybody.
    pub fn take(&mut self) -> Option<Vec<NodeId>> {
        let names = core::mem::take(&mut self.names);
        match core::mem::take(&mut self.everybody) {
            true => None,
            false => Some(names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn id(number: usize) -> NodeId {
        format!("n{number}").parse().unwrap()
    }

    #[test]
    fn what_was_touched_is_told_once() {
        let mut touched = Touched::default();
        assert!(touched.is_empty());
        for number in [1, 1, 2, 1] {
            touched.note(&id(number));
        }
        assert_eq!(touched.take(), Some(alloc::vec![id(1), id(2), id(1)]));
        assert!(touched.is_empty());
    }

    #[test]
    fn past_its_bound_it_says_everybody() {
        let mut touched = Touched::default();
        for number in 0..=limit::TOUCHED {
            touched.note(&id(number));
        }
        assert!(!touched.is_empty());
        assert_eq!(touched.take(), None);
        assert_eq!(touched.take(), Some(Vec::new()));
    }
}
