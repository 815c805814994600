//! How rumors are told, and until when: the choices of the literature.
//!
//! A member that hears something new is *hot*: it tells others. It tells until
//! it has lost interest; then it is *removed*: it offers it no longer.
//! Everything the literature varies is a choice here (Demers et al. 1987, §1.4):
//!
//! | choice | says |
//! |---|---|
//! | [`Mode`] | who sends in a contact: the caller, the called, both |
//! | [`Stop`] | what costs interest: having told at all (blind), or having told somebody who knew (feedback); and how: k times (counter), or each time with the chance 1/k (coin) |
//! | [`Mongering::minimise`] | of two who both knew, only the one that was told less often in vain counts it (ibid., "minimization") |
//!
//! [`Heat`](crate::dissemination::Heat) is what follows for one rumor at one member.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimised_only_the_smaller_counter_grows() {
        let minimised = Mongering::default();
        let plain = Mongering {
            minimise: false,
            ..minimised
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
