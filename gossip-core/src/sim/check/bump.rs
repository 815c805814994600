//! Rule M3, bumps: a member raises its footing only with a reason, and not
//! further than the reason asks.
//!
//! | within a run, by one for each | reason |
//! |---|---|
//! | refutation | it is accused on the very footing it stands on |
//! | farewell | it is told to leave |
//! | shock | it slept for longer than a suspicion lasts; or two died within half a minute, one suspicion ago |
//!
//! To a higher generation it goes only where it has heard of another run of its
//! name, not below its own; and then to the one above that run. A reason holds for
//! the input that brings it: reasons do not pile up. Without this, two members
//! could drive each other's numbers up for ever.

use alloc::format;
use core::time::Duration;

use super::Verdict;
use crate::base::time::Instant;
use crate::message::{Footing, Generation};

/// Deaths within this time may be one loss.
const LOSS: Duration = Duration::from_secs(30);

/// What one process heard that may make it raise its footing.
#[derive(Debug, Default)]
pub(in crate::sim) struct Bumps {
    said: Option<Footing>,
    /// Where it stood before the input that is being handled.
    before: Option<Footing>,
    reasons: Reasons,
    /// The highest other run of its name that it heard of.
    other: Option<Generation>,
    /// When one died last, as far as that was not answered.
    died: Option<Instant>,
    /// From when until when it may say anew that it is here, since several died:
    /// it does so at the first input after its own due, which lies in between.
    shock: Option<(Instant, Instant)>,
}

/// Reasons in one input.
#[derive(Debug, Default)]
struct Reasons {
    accused: bool,
    leaves: bool,
    slept: bool,
}

impl Bumps {
    /// It stands here, and an input comes.
    pub(in crate::sim) const fn begins(&mut self, before: Footing) {
        self.before = Some(before);
    }

    /// It is accused on the footing it stands on.
    pub(in crate::sim) const fn is_accused(&mut self) {
        self.reasons.accused = true;
    }

    /// It is told to leave.
    pub(in crate::sim) const fn leaves(&mut self) {
        self.reasons.leaves = true;
    }

    /// It was away for longer than a suspicion lasts.
    pub(in crate::sim) const fn slept(&mut self) {
        self.reasons.slept = true;
    }

    /// It hears of another run of its name.
    pub(in crate::sim) fn hears_of(&mut self, other: Generation) {
        self.other = self.other.max(Some(other));
    }

    /// It holds somebody for dead; `least` is the shortest suspicion. Of many at
    /// once it was perhaps cut off itself. How many that are depends on how many
    /// are here, which is not asked: two may be enough, or a third may decide.
    pub(in crate::sim) fn mourns(&mut self, now: Instant, least: Duration) {
        let another = self.died.replace(now);
        if another.is_some_and(|at| now.since(at) < LOSS) {
            let due = now + least;
            self.shock = Some((self.shock.map_or(due, |(from, _)| from), due));
        }
    }

    /// It has handled the input. Holds where it may stand there.
    pub(in crate::sim) fn stands(&mut self, on: Footing, now: Instant) -> Verdict {
        let reasons = core::mem::take(&mut self.reasons);
        let shocked = self.shock.is_some_and(|(from, _)| from <= now);
        self.shock.take_if(|(_, until)| *until <= now);
        let Some(before) = self.before.take().filter(|before| *before != on) else {
            return Ok(());
        };
        let any = u64::from(reasons.leaves) + u64::from(reasons.slept || shocked);
        let others = u64::from(reasons.leaves) + u64::from(reasons.accused);
        if shocked && on.incarnation.0 > before.incarnation.0 + others {
            // That was the answer to all who had died.
            (self.shock, self.died) = (None, None);
        }
        let (generation, incarnation) = if on.generation == before.generation {
            let most = before.incarnation.0 + any + u64::from(reasons.accused);
            (before.generation, most)
        } else {
            let other = self.other.filter(|other| *other >= before.generation);
            let above = other.map(|other| Generation(other.0.saturating_add(1)));
            (above.unwrap_or(before.generation), any)
        };
        if on < before || on.generation > generation || on.incarnation.0 > incarnation {
            return Err(format!(
                "bump: from {before:?} to {on:?}, at most ({generation:?}, {incarnation}) was asked for"
            ));
        }
        Ok(())
    }

    /// It says this of itself, and stands there by now. Holds where that may
    /// follow on what it said.
    pub(in crate::sim) fn says(&mut self, footing: Footing, stands: Option<Footing>) -> Verdict {
        let before = self.said.replace(footing);
        if before.is_some_and(|before| footing < before) {
            return Err(format!("bump: it said {before:?}, and now {footing:?}"));
        }
        if stands.is_some_and(|stands| footing > stands) {
            return Err(format!("bump: it says {footing:?}, and is {stands:?}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::footing;
    use super::*;

    /// What becomes of a step, with what comes before it.
    fn step(from: Footing, to: Footing, comes: impl FnOnce(&mut Bumps)) -> Verdict {
        let mut rule = Bumps::default();
        rule.begins(from);
        comes(&mut rule);
        rule.stands(to, Instant::from_millis(10_000))
    }

    #[test]
    fn fires_without_a_reason_and_beyond_it() {
        let (low, next, far) = (footing(7, 0), footing(7, 1), footing(7, 2));
        assert!(step(low, next, |_| {}).is_err());
        assert!(step(next, low, Bumps::is_accused).is_err());
        for reason in [Bumps::is_accused, Bumps::leaves, Bumps::slept] {
            assert_eq!(step(low, next, reason), Ok(()));
            assert!(step(low, far, reason).is_err());
        }
    }

    #[test]
    fn a_reason_that_was_not_used_is_gone() {
        let mut rule = Bumps::default();
        let (low, next) = (footing(7, 0), footing(7, 1));
        rule.begins(low);
        rule.is_accused();
        assert_eq!(rule.stands(low, Instant::ZERO), Ok(()));
        rule.begins(low);
        assert!(rule.stands(next, Instant::ZERO).is_err());
    }

    #[test]
    fn fires_on_one_who_mourns_too_few_or_too_soon() {
        let (low, next) = (footing(7, 0), footing(7, 1));
        let at = Instant::from_millis;
        let mourns = |deaths: &'static [u64]| {
            step(low, next, move |rule| {
                for millis in deaths {
                    rule.mourns(at(*millis), Duration::from_secs(3));
                }
            })
        };
        assert!(mourns(&[5_000]).is_err());
        assert!(mourns(&[5_000, 7_001]).is_err());
        assert_eq!(mourns(&[5_000, 7_000]), Ok(()));
        // Half a minute apart they are two losses.
        let mut rule = Bumps::default();
        rule.mourns(at(1_000), Duration::ZERO);
        rule.mourns(at(40_000), Duration::ZERO);
        rule.begins(low);
        assert!(rule.stands(next, at(40_000)).is_err());
        // The third decides, and then all are answered.
        let mut rule = Bumps::default();
        for millis in [1_000, 2_000, 4_500] {
            rule.mourns(at(millis), Duration::from_secs(3));
        }
        rule.begins(low);
        assert_eq!(rule.stands(low, at(5_000)), Ok(()));
        rule.begins(low);
        assert_eq!(rule.stands(next, at(7_500)), Ok(()));
        rule.begins(next);
        assert!(rule.stands(footing(7, 2), at(7_600)).is_err());
        rule.mourns(at(8_000), Duration::ZERO);
        rule.begins(next);
        assert!(rule.stands(footing(7, 2), at(8_000)).is_err());
    }

    #[test]
    fn fires_on_a_generation_that_outlives_nobody() {
        let low = footing(7, 3);
        let hears = |other| move |rule: &mut Bumps| rule.hears_of(Generation(other));
        assert!(step(low, footing(8, 0), |_| {}).is_err());
        assert!(step(low, footing(8, 0), hears(6)).is_err());
        assert_eq!(step(low, footing(8, 0), hears(7)), Ok(()));
        assert!(step(low, footing(9, 0), hears(7)).is_err());
        assert!(step(low, footing(8, 1), hears(7)).is_err());
        assert_eq!(step(low, footing(10, 0), hears(9)), Ok(()));
    }

    #[test]
    fn fires_on_what_is_said_and_is_not_so() {
        let mut rule = Bumps::default();
        let (low, next) = (footing(7, 0), footing(7, 1));
        assert_eq!(rule.says(next, Some(next)), Ok(()));
        assert!(rule.says(low, Some(next)).is_err());
        assert!(rule.says(next, Some(low)).is_err());
    }
}
