//! The rules by name, to leave one off.
//!
//! A rule is left off where a run is meant to break it, or where only speed
//! counts. Those without a name here hold always.

/// A rule that can be left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Whatever is told of a member, it said (M2).
    Ownership,
    /// What is held of a member only moves on (M1).
    Monotone,
    /// Suspect before dead (M5).
    Transition,
    /// No death before its time (M6, M7).
    Haste,
    /// No birth by accusation, no revival by hearsay (M9).
    Birth,
    /// No higher footing without a reason (M3).
    Bump,
    /// One holds oneself alive, and refutes (M4).
    Oneself,
    /// Notifications tell what is held (M10).
    Fold,
    /// Nothing outgrows its limit (M13).
    Bounds,
    /// There is always a deadline (M17).
    Alarm,
    /// Nobody is passed over (M19).
    Fairness,
    /// Distrust of oneself has an end (M20).
    Awareness,
    /// What is gone of a key stays gone (K4, K9, K11).
    Keys,
    /// A head only rises, and says what is held (K2, K3).
    Heads,
    /// One compares by what one holds.
    Sketch,
    /// An event is told once (E1).
    Told,
    /// A name is one write, its author's (K1, K7).
    Issued,
    /// A log is taken from nothing only by who lags (K5).
    Reset,
    /// What stands is what the logs say (K6).
    Merge,
    /// What was promised is there after a crash (K10).
    Promise,
    /// Nobody holds or writes more than its share (K12).
    Share,
    /// What is told was said, and after what it follows on (E2, E3).
    Said,
    /// A query is answered in time, once, and ends (E4).
    Answers,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Ownership,
        Self::Monotone,
        Self::Transition,
        Self::Haste,
        Self::Birth,
        Self::Bump,
        Self::Oneself,
        Self::Fold,
        Self::Bounds,
        Self::Alarm,
        Self::Fairness,
        Self::Awareness,
        Self::Keys,
        Self::Heads,
        Self::Sketch,
        Self::Told,
        Self::Issued,
        Self::Reset,
        Self::Merge,
        Self::Promise,
        Self::Share,
        Self::Said,
        Self::Answers,
    ];
}

/// Which rules are on: all, unless left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sim) struct Rules {
    off: u32,
}

impl Rules {
    /// Leaves one off.
    pub(in crate::sim) const fn leave_off(&mut self, rule: Rule) {
        self.off |= 1 << rule as u32;
    }

    /// Whether one is on.
    pub(in crate::sim) const fn has(self, rule: Rule) -> bool {
        self.off & (1 << rule as u32) == 0
    }

    /// Whether none is.
    pub(in crate::sim) fn none(self) -> bool {
        Rule::ALL.into_iter().all(|rule| !self.has(rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_switch_of_its_own() {
        let mut rules = Rules::default();
        assert!(!rules.none() && rules.has(Rule::Fairness));
        rules.leave_off(Rule::Fairness);
        assert!(!rules.has(Rule::Fairness) && rules.has(Rule::Alarm));
        Rule::ALL.into_iter().for_each(|rule| rules.leave_off(rule));
        assert!(rules.none());
    }
}
