//! Rule M17, timers: a node that takes part always has a deadline, and soon.
//! Without one it sleeps until somebody happens to call; which only one may that
//! is alone and has nobody to look for.

use alloc::format;
use core::time::Duration;

use super::Verdict;
use crate::base::time::Instant;
use crate::output::Phase;

/// No knob lets a node with company sleep for longer.
const LONG: Duration = Duration::from_secs(3_600);

/// Holds where a node in this phase may have this deadline. `alone`: it is
/// connected to nobody, holds nobody for here, and has no seed to call.
pub(in crate::sim) fn sleeps_for_ever(
    phase: Phase,
    deadline: Option<Instant>,
    now: Instant,
    alone: impl FnOnce() -> bool,
) -> Verdict {
    let awake = matches!(phase, Phase::Joining | Phase::Running | Phase::Leaving);
    let never = deadline.is_none_or(|at| at > now + LONG);
    let at_rest = phase == Phase::Running && never && alone();
    if awake && never && !at_rest {
        return Err(format!(
            "alarm: {phase:?}, and the deadline is {deadline:?}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_where_nothing_would_wake_it() {
        let now = Instant::ZERO;
        let judge = |phase, deadline| sleeps_for_ever(phase, deadline, now, || false);
        let tomorrow = Some(now + 24 * LONG);
        assert!(judge(Phase::Running, None).is_err());
        assert!(judge(Phase::Leaving, Some(Instant::FAR_FUTURE)).is_err());
        assert_eq!(judge(Phase::Starting, None), Ok(()));
        assert_eq!(judge(Phase::Running, Some(Instant::ZERO)), Ok(()));
        assert!(judge(Phase::Running, tomorrow).is_err());
        let alone = |phase, deadline| sleeps_for_ever(phase, deadline, now, || true);
        assert_eq!(alone(Phase::Running, tomorrow), Ok(()));
        assert!(alone(Phase::Joining, tomorrow).is_err());
    }
}
