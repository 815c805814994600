//! Rule M3, bumps: a member raises its footing only with a reason, and not
//! further than the reason asks.
//!
//! Reasons are a start, an accusation or another's claim to its name that it
//! heard, a command of its application, and whatever makes it think that it was
//! cut off itself: a death that it holds for true, or a pause of its own.
//! Without this, two members could drive each other's numbers up for ever.

use alloc::format;

use super::Verdict;
use crate::message::Footing;

/// What one process heard that may make it raise its footing.
#[derive(Debug, Default)]
pub(in crate::sim) struct Bumps {
    said: Option<Footing>,
    /// Reasons since the last claim, and the highest incarnation in them.
    reasons: u64,
    highest: u64,
    /// It lost somebody, and may answer that once, some time later.
    grieves: bool,
}

impl Bumps {
    /// It heard something that it may answer with a higher footing.
    pub(in crate::sim) fn hears(&mut self, about: Footing) {
        self.reasons += 1;
        self.highest = self.highest.max(about.incarnation.0);
    }

    /// Something else happened that is a reason.
    pub(in crate::sim) const fn is_told(&mut self) {
        self.reasons += 1;
    }

    /// It holds somebody for dead: of many at once it was perhaps cut off itself.
    pub(in crate::sim) const fn mourns(&mut self) {
        self.grieves = true;
    }

    /// It says this of itself. Holds where that may follow on what it said.
    pub(in crate::sim) fn says(&mut self, footing: Footing) -> Verdict {
        let before = self.said.replace(footing);
        let reasons = core::mem::take(&mut self.reasons);
        let highest = core::mem::take(&mut self.highest);
        let Some(before) = before else { return Ok(()) };
        if footing < before {
            return Err(format!("bump: it said {before:?}, and now {footing:?}"));
        }
        if footing == before {
            return Ok(());
        }
        let reasons = match reasons {
            0 => u64::from(core::mem::take(&mut self.grieves)),
            reasons => reasons,
        };
        if reasons == 0 {
            return Err(format!(
                "bump: from {before:?} to {footing:?} without a reason"
            ));
        }
        let most = highest.max(before.incarnation.0).saturating_add(reasons);
        let jumps = footing.generation == before.generation && footing.incarnation.0 > most;
        if jumps {
            return Err(format!(
                "bump: from {before:?} to {footing:?}, at most {most} was asked for"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::footing;
    use super::*;

    #[test]
    fn fires_without_a_reason_and_beyond_it() {
        let mut rule = Bumps::default();
        assert_eq!(rule.says(footing(7, 0)), Ok(()));
        assert!(rule.says(footing(7, 1)).is_err());
        rule.hears(footing(7, 1));
        assert_eq!(rule.says(footing(7, 2)), Ok(()));
        rule.hears(footing(7, 2));
        assert!(rule.says(footing(7, 9)).is_err());
        rule.is_told();
        assert_eq!(rule.says(footing(7, 10)), Ok(()));
        assert!(rule.says(footing(7, 9)).is_err());
        rule.mourns();
        assert_eq!(rule.says(footing(7, 10)), Ok(()));
        assert!(rule.says(footing(7, 11)).is_err());
    }
}
