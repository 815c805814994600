//! When has a rumor been told often enough?
//!
//! The unit of time is a *cycle*: one round of contacts. Whatever happens in
//! it, interest is judged once, at its end: one useful contact sets the counter
//! back, however many were in vain; a cycle without any contact changes
//! nothing. (The paper's footnote to Table 3 says so of pull; with push and one
//! contact a cycle it is the same.) The driver of the paper's tables and the
//! node both judge by it; a node's cycle is one gossip interval.

use crate::base::rng::Rng;
use crate::mongering::{Mongering, Stop};

/// How hot one rumor is at one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heat {
    count: u32,
    useful: bool,
    in_vain: bool,
}

impl Heat {
    /// For how many cycles in a row it was told in vain (blind: told at all).
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// In this cycle it was news to somebody.
    pub const fn useful(&mut self) {
        self.useful = true;
    }

    /// In this cycle it was told to somebody who knew.
    pub const fn in_vain(&mut self) {
        self.in_vain = true;
    }

    /// The cycle is over. Whether the rumor is still hot.
    pub fn judge(&mut self, mongering: &Mongering, rng: &mut Rng) -> bool {
        let (useful, in_vain) = (self.useful, self.in_vain);
        (self.useful, self.in_vain) = (false, false);
        let counts = match mongering.stop.is_feedback() {
            true if useful => {
                self.count = 0;
                false
            }
            true => in_vain,
            false => useful || in_vain,
        };
        if !counts {
            return true;
        }
        self.count += 1;
        match mongering.stop {
            Stop::FeedbackCounter | Stop::BlindCounter => self.count < mongering.k,
            Stop::FeedbackCoin | Stop::BlindCoin => rng.below(u64::from(mongering.k.max(1))) != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mongering::Mode;

    fn rule(stop: Stop, k: u32) -> Mongering {
        Mongering {
            mode: Mode::Push,
            stop,
            k,
            minimise: false,
        }
    }

    #[test]
    fn feedback_counts_only_what_was_in_vain_and_news_sets_it_back() {
        let (rule, mut rng) = (rule(Stop::FeedbackCounter, 2), Rng::new(1));
        let mut heat = Heat::default();
        heat.in_vain();
        assert!(heat.judge(&rule, &mut rng) && heat.count() == 1);
        assert!(
            heat.judge(&rule, &mut rng) && heat.count() == 1,
            "no contact"
        );
        heat.useful();
        heat.in_vain();
        assert!(heat.judge(&rule, &mut rng) && heat.count() == 0);
        heat.in_vain();
        heat.in_vain();
        assert!(
            heat.judge(&rule, &mut rng) && heat.count() == 1,
            "once a cycle"
        );
        heat.in_vain();
        assert!(!heat.judge(&rule, &mut rng));
    }

    #[test]
    fn blind_counts_every_cycle_in_which_it_was_told() {
        let (rule, mut rng) = (rule(Stop::BlindCounter, 2), Rng::new(1));
        let mut heat = Heat::default();
        heat.useful();
        assert!(heat.judge(&rule, &mut rng));
        assert!(heat.judge(&rule, &mut rng));
        heat.useful();
        assert!(!heat.judge(&rule, &mut rng));
    }

    #[test]
    fn a_coin_falls_on_one_of_k_sides() {
        for (stop, useful) in [(Stop::FeedbackCoin, false), (Stop::BlindCoin, true)] {
            let (rule, mut rng) = (rule(stop, 4), Rng::new(3));
            let lost = (0..10_000).filter(|_| {
                let mut heat = Heat::default();
                if useful {
                    heat.useful();
                } else {
                    heat.in_vain();
                }
                !heat.judge(&rule, &mut rng)
            });
            assert!((2_300..2_700).contains(&lost.count()), "{}", stop.name());
        }
        // News costs nothing where feedback is asked for.
        let mut heat = Heat::default();
        heat.useful();
        assert!(heat.judge(&rule(Stop::FeedbackCoin, 1), &mut Rng::new(1)));
    }
}
