//! Rule: a node that is woken moves on.
//!
//! A deadline that lies in the past after it was handled wakes the node again
//! at once, for ever; on a real host that is a core at full load.

use alloc::format;

use super::Verdict;
use crate::base::time::Instant;

/// Wake-ups of one moment a node may need (guess: some chains of deadlines
/// that fall together are honest).
const MOST: u32 = 1_000;

/// How often a node was woken without time going on.
#[derive(Debug, Default)]
pub(in crate::sim) struct Progress {
    at: Instant,
    wakes: u32,
}

impl Progress {
    /// Holds where a wake-up now is not one too many.
    pub(in crate::sim) fn wakes(&mut self, now: Instant) -> Verdict {
        if self.at != now {
            *self = Self { at: now, wakes: 0 };
        }
        self.wakes += 1;
        if self.wakes > MOST {
            return Err(format!("its deadline does not move on from {now:?}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_where_time_stands_still() {
        let mut rule = Progress::default();
        for milli in 0..10_000 {
            assert_eq!(rule.wakes(Instant::from_millis(milli)), Ok(()));
        }
        let now = Instant::from_millis(10_000);
        assert!((0..=MOST).any(|_| rule.wakes(now).is_err()));
    }
}
