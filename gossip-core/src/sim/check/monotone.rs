//! Rules M1 and M5: what is held of a member only ever moves on.
//!
//! ```text
//!   within one footing:   Alive ─▶ Suspect ─▶ Dead        any ─▶ Left
//!   to a higher footing:  anything, from anything
//!   to a lower footing, or back: never, not even after the row was dropped
//! ```
//!
//! An alive member is not condemned on the footing on which it was alive a
//! moment ago: first somebody has to hold it suspect for a while (`haste.rs`).

use alloc::format;

use super::Verdict;
use crate::message::Footing;
use crate::output::MemberStatus;

/// How a member was held: its footing and its status.
pub(in crate::sim) type Held = (Footing, MemberStatus);

const fn rank(status: MemberStatus) -> u8 {
    match status {
        MemberStatus::Alive => 0,
        MemberStatus::Suspect => 1,
        MemberStatus::Dead => 2,
        MemberStatus::Left => 3,
    }
}

/// Holds where `now` may follow on `before`.
pub(in crate::sim) fn goes_back(before: Held, now: Held) -> Verdict {
    if (now.0, rank(now.1)) < (before.0, rank(before.1)) {
        return Err(format!("monotone: held {before:?}, and now {now:?}"));
    }
    Ok(())
}

/// Holds where `now` may follow directly on `before` within one footing.
pub(in crate::sim) fn leaps(before: Held, now: Held) -> Verdict {
    let condemned = (before.1, now.1) == (MemberStatus::Alive, MemberStatus::Dead);
    if before.0 == now.0 && condemned {
        return Err(format!(
            "transition: alive and then dead on {:?}, never suspect",
            now.0
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::footing;
    use super::*;
    use MemberStatus::{Alive, Dead, Left, Suspect};

    #[test]
    fn fires_on_the_way_back() {
        let (low, high) = (footing(7, 1), footing(7, 2));
        for (before, now) in [
            ((high, Alive), (low, Alive)),
            ((high, Dead), (low, Left)),
            ((low, Suspect), (low, Alive)),
            ((low, Dead), (low, Alive)),
            ((low, Dead), (low, Suspect)),
            ((low, Left), (low, Dead)),
        ] {
            assert!(goes_back(before, now).is_err(), "{before:?} {now:?}");
        }
        for (before, now) in [
            ((low, Alive), (low, Suspect)),
            ((low, Dead), (low, Left)),
            ((low, Left), (high, Alive)),
            ((low, Dead), (high, Dead)),
        ] {
            assert_eq!(goes_back(before, now), Ok(()), "{before:?} {now:?}");
        }
    }

    #[test]
    fn fires_on_a_leap() {
        let (low, high) = (footing(7, 1), footing(8, 0));
        assert!(leaps((low, Alive), (low, Dead)).is_err());
        assert_eq!(leaps((low, Alive), (high, Dead)), Ok(()));
        assert_eq!(leaps((low, Suspect), (low, Dead)), Ok(()));
    }
}
