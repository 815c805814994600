//! How many symbols to send before anybody has asked: what the last sessions
//! took, and twice as much as they strayed.
//!
//! A smoothed mean and a smoothed deviation, as TCP keeps for its round trips
//! (RFC 6298 §2). Too few cost a round trip, too many their bytes.

use crate::base::limit;

/// A moving estimate, in eighths of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    mean: u32,
    deviation: u32,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            mean: EIGHTHS,
            deviation: 0,
        }
    }
}

const EIGHTHS: u32 = 8;

impl Guess {
    /// A session took so many symbols; none where both agreed.
    pub fn learn(&mut self, used: usize) {
        let used = u32::try_from(used.clamp(1, limit::SYMBOLS)).unwrap_or(u32::MAX) * EIGHTHS;
        let strayed = used.abs_diff(self.mean);
        self.deviation = blend(self.deviation, strayed);
        self.mean = blend(self.mean, used);
    }

    /// How many to send next time.
    pub fn symbols(&self) -> usize {
        let wanted = (self.mean + 2 * self.deviation).div_ceil(EIGHTHS);
        (wanted as usize).clamp(1, limit::SYMBOLS)
    }
}

/// How many symbols to ask for in all: half as many again as differ by the guess,
/// and twice what there is; four times where so few tell little.
pub fn wanted(count: usize, about: usize) -> usize {
    let least = match count {
        0..8 => 8,
        _ if about >= count => count * 4,
        _ => count * 2,
    };
    let most = limit::SYMBOLS.max(about + about / 2 + 4);
    (about + about / 2 + 4).max(least).min(most)
}

/// Three parts of the old and one of the new, to the nearer side.
const fn blend(old: u32, new: u32) -> u32 {
    if new >= old {
        old + (new - old).div_ceil(4)
    } else {
        old - (old - new).div_ceil(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_where_nothing_happens_and_follows_what_does() {
        let mut guess = Guess::default();
        assert_eq!(guess.symbols(), 1);
        for _ in 0..20 {
            guess.learn(18);
        }
        assert!((18..=20).contains(&guess.symbols()), "{guess:?}");
        for _ in 0..30 {
            guess.learn(0);
        }
        assert_eq!(guess.symbols(), 1, "{guess:?}");
        for _ in 0..30 {
            guess.learn(usize::MAX);
        }
        assert_eq!(guess.symbols(), limit::SYMBOLS);
    }
}
