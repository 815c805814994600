//! The sketch of what we hold, kept true by what roster and replica touch.

use alloc::vec::Vec;

use super::picture::Picture;
use crate::base::id::{ClusterId, NodeId};
#[cfg(feature = "sim")]
use crate::base::limit;
use crate::base::touched::Touched;
use crate::membership::Roster;
use crate::message::Checksum;
use crate::reconcile::{Guess, Sketch};
use crate::replica::Replica;

/// Our sketch, and how much of it the others mostly need.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) sketch: Sketch,
    pub(super) guess: Guess,
    /// Up to so many names are compared by a plain digest.
    pub(super) plain: usize,
}

impl Followed {
    pub(super) fn new(cluster: &ClusterId, plain: usize) -> Self {
        Self {
            sketch: Sketch::new(cluster),
            guess: Guess::default(),
            plain,
        }
    }

    /// Looks again at whom they touched.
    pub(super) fn follow(&mut self, roster: &mut Roster, replica: &mut Replica) {
        let [members, certificates] = roster.touched();
        let notes = [members, certificates, replica.touched()];
        if notes.iter().all(|touched| touched.is_empty()) {
            return;
        }
        let notes = notes.map(Touched::take);
        let picture = Picture { roster, replica };
        for names in notes {
            match names {
                Some(names) => names.iter().for_each(|id| self.look_at(id, picture)),
                None => self.look_at_all(picture),
            }
        }
    }

    fn look_at(&mut self, id: &NodeId, picture: Picture<'_>) {
        let held = picture.of(id);
        self.sketch.set(id, held.member, held.head);
    }

    fn look_at_all(&mut self, picture: Picture<'_>) {
        let known: Vec<NodeId> = self.sketch.ids().cloned().collect();
        for id in known {
            self.look_at(&id, picture);
        }
        for held in picture.after(None) {
            self.sketch.set(held.id, held.member, held.head);
        }
    }

    /// Everything, as one number.
    pub(super) fn sum(&self, picture: Picture<'_>) -> Checksum {
        debug_assert_eq!(
            self.sketch.sum(),
            self.sum_anew(picture),
            "a row changed and was not touched"
        );
        self.sketch.sum()
    }

    /// Whether the sketch is that of what we hold; its symbols are looked at where
    /// that is quick.
    #[cfg(feature = "sim")]
    pub(super) fn is_true(&self, picture: Picture<'_>) -> bool {
        let mut anew = self.sketch.emptied();
        if self.sketch.len() > 64 {
            return self.sketch.sum() == self.sum_anew(picture);
        }
        for held in picture.after(None) {
            anew.set(held.id, held.member, held.head);
        }
        let all = |sketch: &Sketch| sketch.symbols(0, limit::SYMBOLS).to_vec();
        self.sketch.sum() == anew.sum() && all(&self.sketch) == all(&anew)
    }

    /// Forgets a row that is still held.
    #[cfg(feature = "sim")]
    pub(super) fn overlook(&mut self, chance: u64) {
        let count = self.sketch.len() as u64;
        let at = chance.checked_rem(count).unwrap_or_default();
        let id = self.sketch.ids().nth(at as usize).cloned();
        if let Some(id) = id {
            self.sketch.set(&id, None, None);
        }
    }

    fn sum_anew(&self, picture: Picture<'_>) -> Checksum {
        let mut sum = Checksum::default();
        for held in picture.after(None) {
            sum.add(self.sketch.coder().hash(), held.id, held.member, held.head);
        }
        sum
    }
}
