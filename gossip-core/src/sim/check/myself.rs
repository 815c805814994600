//! Rule M4, oneself: a process that takes part holds itself alive, and answers
//! an accusation at once with a footing above it.

use alloc::format;

use super::Verdict;
use crate::message::Footing;
use crate::output::{MemberStatus, Phase};

/// Holds where a node in this phase may hold itself so.
pub(in crate::sim) fn holds_itself(phase: Phase, status: MemberStatus) -> Verdict {
    let fits = match phase {
        Phase::Joining | Phase::Running => status == MemberStatus::Alive,
        Phase::Leaving => matches!(status, MemberStatus::Alive | MemberStatus::Left),
        Phase::Starting | Phase::Halted => true,
    };
    if fits {
        Ok(())
    } else {
        Err(format!(
            "oneself: {phase:?}, and it holds itself {status:?}"
        ))
    }
}

/// Holds where a node that stood on `before` when it was accused on `accused`
/// stands on `after` now, the input handled.
pub(in crate::sim) fn lets_it_stand(
    phase: Phase,
    before: Footing,
    accused: Footing,
    after: Footing,
) -> Verdict {
    let answers = matches!(phase, Phase::Joining | Phase::Running);
    if answers && accused == before && after <= accused {
        return Err(format!(
            "oneself: accused on {accused:?}, and it still stands on {after:?}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::footing;
    use super::*;

    #[test]
    fn fires_on_one_that_believes_the_worst_of_itself() {
        assert!(holds_itself(Phase::Running, MemberStatus::Suspect).is_err());
        assert!(holds_itself(Phase::Leaving, MemberStatus::Dead).is_err());
        assert_eq!(holds_itself(Phase::Leaving, MemberStatus::Left), Ok(()));
    }

    #[test]
    fn fires_on_one_that_does_not_answer() {
        let (before, after) = (footing(7, 1), footing(7, 2));
        assert!(lets_it_stand(Phase::Running, before, before, before).is_err());
        assert_eq!(lets_it_stand(Phase::Running, before, before, after), Ok(()));
        assert_eq!(lets_it_stand(Phase::Running, after, before, after), Ok(()));
        assert_eq!(
            lets_it_stand(Phase::Leaving, before, before, before),
            Ok(())
        );
    }
}
