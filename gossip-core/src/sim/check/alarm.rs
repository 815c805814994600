//! Rule M17, timers: a node that takes part always has a deadline. Without one
//! it sleeps until somebody happens to call.

use alloc::format;

use super::Verdict;
use crate::base::time::Instant;
use crate::output::Phase;

/// Holds where a node in this phase may have this deadline.
pub(in crate::sim) fn sleeps_for_ever(phase: Phase, deadline: Option<Instant>) -> Verdict {
    let awake = matches!(phase, Phase::Joining | Phase::Running | Phase::Leaving);
    let never = deadline.is_none_or(|at| at == Instant::FAR_FUTURE);
    if awake && never {
        return Err(format!("alarm: {phase:?}, and no deadline"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_where_nothing_would_wake_it() {
        assert!(sleeps_for_ever(Phase::Running, None).is_err());
        assert!(sleeps_for_ever(Phase::Leaving, Some(Instant::FAR_FUTURE)).is_err());
        assert_eq!(sleeps_for_ever(Phase::Starting, None), Ok(()));
        assert_eq!(sleeps_for_ever(Phase::Running, Some(Instant::ZERO)), Ok(()));
    }
}
