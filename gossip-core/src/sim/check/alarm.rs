//! Rule M17, timers: a node that takes part always has a deadline. Without one
//! it sleeps until somebody happens to call; which only one may that is alone
//! and has nobody to look for.

use alloc::format;

use super::Verdict;
use crate::base::time::Instant;
use crate::output::Phase;

/// Holds where a node in this phase may have this deadline. `alone`: it is
/// connected to nobody, holds nobody for here, and has no seed to call.
pub(in crate::sim) fn sleeps_for_ever(
    phase: Phase,
    deadline: Option<Instant>,
    alone: impl FnOnce() -> bool,
) -> Verdict {
    let awake = matches!(phase, Phase::Joining | Phase::Running | Phase::Leaving);
    let never = deadline.is_none_or(|at| at == Instant::FAR_FUTURE);
    let at_rest = phase == Phase::Running && never && alone();
    if awake && never && !at_rest {
        return Err(format!("alarm: {phase:?}, and no deadline"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_where_nothing_would_wake_it() {
        let judge = |phase, deadline| sleeps_for_ever(phase, deadline, || false);
        assert!(judge(Phase::Running, None).is_err());
        assert!(judge(Phase::Leaving, Some(Instant::FAR_FUTURE)).is_err());
        assert_eq!(judge(Phase::Starting, None), Ok(()));
        assert_eq!(judge(Phase::Running, Some(Instant::ZERO)), Ok(()));
        assert_eq!(sleeps_for_ever(Phase::Running, None, || true), Ok(()));
        assert!(sleeps_for_ever(Phase::Joining, None, || true).is_err());
    }
}
