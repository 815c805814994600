//! Rule: what a node wants sealed is what its peers accept.
//!
//! A decoder refuses a whole message for one malformed item in it, so a
//! statement that breaks a rule of the protocol silences whoever relays it.

use alloc::format;

use super::Verdict;
use crate::base::limit;
use crate::message::{Lineage, Statement};

/// Holds where the statement is well formed.
pub(in crate::sim) fn is_malformed(statement: &Statement) -> Verdict {
    let Statement::Batch(draft) = statement else {
        return Ok(());
    };
    let bases = draft.lineage.bases();
    if Lineage::new(bases.to_vec()).is_none() {
        return Err(format!("it seals bases that do not rise: {bases:?}"));
    }
    let follows = bases
        .last()
        .is_some_and(|base| draft.first > base.from.version);
    if !follows || draft.entries.len() > limit::BATCH_ENTRIES {
        return Err(format!("it seals a batch out of place: {draft:?}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Draft, Generation, Head, Version};

    #[test]
    fn fires_on_a_batch_before_its_base() {
        let batch = |first| {
            let from = Head {
                generation: Generation(1),
                version: Version(5),
            };
            Statement::Batch(Draft {
                author: "n1".parse().unwrap(),
                lineage: Lineage::default().extended(Generation(2), from),
                first: Version(first),
                entries: alloc::vec::Vec::new(),
                floor: crate::message::Floor::default(),
            })
        };
        assert_eq!(is_malformed(&batch(6)), Ok(()));
        assert!(is_malformed(&batch(5)).is_err());
    }
}
