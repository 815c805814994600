//! How many of our calls fail, as measured.
//!
//! Every call is answered, so what is missing is loss, there or back, or a
//! member that is gone. Counted in lots, and each lot moves the measure by a
//! quarter.

/// The share of calls that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss {
    asked: u32,
    answered: u32,
    ppm: u32,
}

impl Loss {
    /// We called somebody.
    pub fn asked(&mut self) {
        if self.asked >= LOT {
            let failed = self.asked.saturating_sub(self.answered);
            let share = failed * 1_000_000 / self.asked;
            self.ppm = (self.ppm * 3 + share) / 4;
            (self.asked, self.answered) = (0, 0);
        }
        self.asked += 1;
    }

    /// Somebody answered.
    pub const fn answered(&mut self) {
        self.answered = self.answered.saturating_add(1);
    }

    /// In millionths; zero until a lot is full.
    pub const fn ppm(&self) -> u32 {
        self.ppm
    }

    /// As a share.
    pub fn share(&self) -> f64 {
        f64::from(self.ppm) / 1e6
    }
}

/// Calls in a lot (guess: enough that one lost answer is no news).
const LOT: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measure_follows_what_fails() {
        let mut loss = Loss::default();
        let mut play = |lots: u32, answers: u32| {
            for call in 0..lots * LOT {
                loss.asked();
                if call % 10 < answers {
                    loss.answered();
                }
            }
            loss.ppm()
        };
        assert_eq!(play(2, 10), 0);
        let measured = play(20, 7);
        assert!((230_000..370_000).contains(&measured), "{measured}");
        assert!(play(30, 10) < 20_000);
    }
}
