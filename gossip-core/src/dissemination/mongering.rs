//! Rumor mongering as a rule: when has a rumor been told often enough?
//!
//! A member that hears something new is *hot*: it tells others. It tells until
//! it has lost interest; then it is *removed*: it still answers who asks, and
//! offers it no longer. Everything the literature varies is a choice here
//! (Demers et al. 1987, §1.4):
//!
//! | choice | says |
//! |---|---|
//! | [`Mode`] | who sends in a contact: the caller, the called, both |
//! | [`Stop`] | what costs interest: having told at all (blind), or having told somebody who knew (feedback); and how: k times (counter), or each time with the chance 1/k (coin) |
//! | [`Mongering::minimise`] | of two who both knew, only the one that was told less often in vain counts it (ibid., "minimization") |
//!
//! The unit of time is a *cycle*: one round of contacts. Whatever happens in
//! it, interest is judged once, at its end: one useful contact sets the counter
//! back, however many were in vain; a cycle without any contact changes
//! nothing. (The paper's footnote to Table 3 says so of pull; with push and one
//! contact a cycle it is the same.) [`Heat`] is that judgement for one rumor at
//! one member. The driver of the paper's tables and the node both use it; a
//! node's cycle is one gossip interval.

use crate::base::rng::Rng;

/// Who sends in a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The caller tells.
    Push,
    /// The caller asks.
    Pull,
    /// Both: each tells what the other lacks.
    PushPull,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Push, Self::Pull, Self::PushPull];

    /// Whether the caller tells.
    pub const fn pushes(self) -> bool {
        matches!(self, Self::Push | Self::PushPull)
    }

    /// Whether the called one tells.
    pub const fn pulls(self) -> bool {
        matches!(self, Self::Pull | Self::PushPull)
    }

    /// Its name, as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
            Self::PushPull => "push-pull",
        }
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What makes a member lose interest in a rumor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// k cycles in vain, one after the other.
    FeedbackCounter,
    /// After each cycle in vain, with the chance 1/k.
    FeedbackCoin,
    /// k cycles in which it was told, to whomever.
    BlindCounter,
    /// After each cycle in which it was told, with the chance 1/k.
    BlindCoin,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::FeedbackCounter,
        Self::FeedbackCoin,
        Self::BlindCounter,
        Self::BlindCoin,
    ];

    /// Whether it asks what became of a contact.
    pub const fn is_feedback(self) -> bool {
        matches!(self, Self::FeedbackCounter | Self::FeedbackCoin)
    }

    /// Its name, as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FeedbackCounter => "feedback-counter",
            Self::FeedbackCoin => "feedback-coin",
            Self::BlindCounter => "blind-counter",
            Self::BlindCoin => "blind-coin",
        }
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stop| stop.name() == name)
    }
}

/// How rumors are told, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mongering {
    /// Who sends in a contact.
    pub mode: Mode,
    /// What makes a member lose interest.
    pub stop: Stop,
    /// How often: the k of the literature, at least 1.
    pub k: u32,
    /// Of two who both knew, only the one with the smaller counter counts it;
    /// both, where they are equal. Means something with feedback and a counter.
    pub minimise: bool,
}

impl Default for Mongering {
    /// Push-pull, feedback, counter, k = 2, minimised: 6.4 copies a member miss
    /// one of twenty thousand (measured by `gossip sim epidemic`; whoever only
    /// pushes needs 9.9 for that, by e⁻ᵐ).
    fn default() -> Self {
        Self {
            mode: Mode::PushPull,
            stop: Stop::FeedbackCounter,
            k: 2,
            minimise: true,
        }
    }
}

impl Mongering {
    /// Whether a contact in which both knew was in vain for us. `theirs` is the
    /// other's counter; `None`: it has lost interest, which counts as more than
    /// any number.
    pub fn counts(&self, ours: u32, theirs: Option<u32>) -> bool {
        !self.minimise || theirs.is_none_or(|theirs| ours <= theirs)
    }
}

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

    #[test]
    fn minimised_only_the_smaller_counter_grows() {
        let plain = rule(Stop::FeedbackCounter, 2);
        let minimised = Mongering {
            minimise: true,
            ..plain
        };
        assert!(plain.counts(1, Some(0)) && !minimised.counts(1, Some(0)));
        assert!(minimised.counts(0, Some(0)) && minimised.counts(0, Some(1)));
        assert!(minimised.counts(5, None));
    }

    #[test]
    fn names_lead_back() {
        for mode in Mode::ALL {
            assert_eq!(Mode::named(mode.name()), Some(mode));
        }
        for stop in Stop::ALL {
            assert_eq!(Stop::named(stop.name()), Some(stop));
        }
        assert_eq!((Mode::named("x"), Stop::named("")), (None, None));
    }
}
