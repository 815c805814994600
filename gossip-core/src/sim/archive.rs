//! The archive: what many disks hold, held once.
//!
//! Every host remembers every member's claim, byte by byte the same one. So a
//! claim on its way to a disk is exchanged for a share of the first copy that
//! was seen; a thousand journals then cost a pointer a member each.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::names::Names;
use crate::message::{Claim, Sealed};
use crate::output::Record;

/// A record as a disk keeps it.
#[derive(Debug)]
pub(super) enum Kept {
    /// A claim that others may hold too.
    Claim(Arc<Sealed<Claim>>),
    /// Anything else.
    Other(Box<Record>),
}

/// Claims of one member that are shared (guess: those of the run before, and
/// what it said since; older ones stay where they are).
const RECENT: usize = 4;

/// Copies to share, by the number of the name.
#[derive(Debug, Default)]
pub(super) struct Archive(Vec<Vec<Arc<Sealed<Claim>>>>);

impl Archive {
    /// A record on its way to a disk.
    pub(super) fn keep(&mut self, names: &mut Names, record: Record) -> Kept {
        let Record::Claim(claim) = record else {
            return Kept::Other(Box::new(record));
        };
        let name = names.insert(&claim.value.member).index();
        if self.0.len() <= name {
            self.0.resize_with(name + 1, Vec::new);
        }
        let recent = &mut self.0[name];
        if let Some(known) = recent.iter().find(|known| ***known == claim) {
            return Kept::Claim(Arc::clone(known));
        }
        if recent.len() >= RECENT {
            recent.remove(0);
        }
        let claim = Arc::new(claim);
        recent.push(Arc::clone(&claim));
        Kept::Claim(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Footing, Generation, Item, Presence, Statement};

    fn record(generation: u64) -> Record {
        let claim = Claim {
            member: "n1".parse().unwrap(),
            footing: Footing {
                generation: Generation(generation),
                ..Footing::default()
            },
            presence: Presence::Alive,
            addrs: [].into(),
        };
        match crate::sim::seal(Statement::Claim(claim)) {
            Item::Claim(claim) => Record::Claim(claim),
            _ => unreachable!(),
        }
    }

    #[test]
    fn two_disks_share_one_copy_and_different_claims_do_not() {
        let (mut archive, mut names) = (Archive::default(), Names::default());
        let mut keep = |generation| match archive.keep(&mut names, record(generation)) {
            Kept::Claim(claim) => claim,
            Kept::Other(_) => unreachable!(),
        };
        let (first, second, later) = (keep(1), keep(1), keep(2));
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &later));
        (3..20).for_each(|generation| drop(keep(generation)));
        assert_eq!(*keep(1), *first, "forgotten, and the same all the same");
    }
}
