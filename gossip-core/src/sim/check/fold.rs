//! Rule M10: who folds the notifications of a run holds what the node holds.
//!
//! Members are compared one by one as they change, and all of them now and
//! then. One who was gone before the node met it is not told of.

use alloc::format;

use super::Verdict;
use super::monotone::Held;
use crate::base::id::NodeId;
use crate::output::MemberStatus;

/// Holds where `told` is what the node holds: `held`; `None` on either side
/// for one that is not known there.
pub(in crate::sim) fn was_told_otherwise(
    id: &NodeId,
    told: Option<Held>,
    held: Option<Held>,
) -> Verdict {
    let gone = |(_, status): Held| matches!(status, MemberStatus::Dead | MemberStatus::Left);
    let fits = match (told, held) {
        (None, held) => held.is_none_or(gone),
        (told, None) => told.is_none_or(gone),
        (told, held) => told == held,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("fold: of {id} it told {told:?} and holds {held:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{footing, id};
    use super::*;
    use MemberStatus::{Alive, Dead, Left, Suspect};

    #[test]
    fn fires_where_the_two_differ() {
        let n1 = id("n1");
        let held = |status| Some((footing(7, 1), status));
        for (told, holds) in [
            (held(Alive), held(Suspect)),
            (held(Alive), Some((footing(7, 2), Alive))),
            (None, held(Alive)),
            (held(Suspect), None),
        ] {
            assert!(
                was_told_otherwise(&n1, told, holds).is_err(),
                "{told:?} {holds:?}"
            );
        }
        for (told, holds) in [
            (held(Alive), held(Alive)),
            (None, held(Left)),
            (held(Dead), None),
            (None, None),
        ] {
            assert_eq!(
                was_told_otherwise(&n1, told, holds),
                Ok(()),
                "{told:?} {holds:?}"
            );
        }
    }
}
