//! Defences that keep the healthy alive and are no knobs: each protects the
//! others from a node that is slow, cut off or lying, so that nobody may switch
//! it off for himself. A study takes them away one by one to see what each is
//! worth; only the simulator can.
//!
//! What *is* a knob stands in [`Config`](crate::config::Config): `awareness_max`, `jurors`,
//! `confirmations`, `suspicion_max`.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defence {
    /// A verdict that is heard begins a suspicion, and everybody condemns for
    /// itself when that has run out. Without: a verdict is believed, as in SWIM
    /// (Das et al. 2002, §4.2), and one sick or lying member kills.
    OwnVerdict,
    /// A node that notices its own pause gives everybody that time back.
    /// Without: whatever was due meanwhile has failed.
    Forgiveness,
    /// A suspect is shown what it is accused of, twice, before its time is over.
    /// Without: it hears of it as others do.
    Warning,
    /// Whoever asks a suspect shows it the accusation first (Lifeguard's buddy
    /// system, Dadgar et al. 2018, §IV-C). Without: a ping is a ping.
    Buddy,
    /// A relay that got no answer says so, and only the silence of relays counts
    /// against one's own eyes (Lifeguard §IV-A). Without: every failed probe does,
    /// by one.
    Nack,
}

impl Defence {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OwnVerdict,
        Self::Forgiveness,
        Self::Warning,
        Self::Buddy,
        Self::Nack,
    ];
}

/// Which are up: all, but in a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Defences {
    down: u8,
}

impl Defences {
    /// Whether one is up.
    pub const fn has(self, defence: Defence) -> bool {
        self.down & (1 << defence as u8) == 0
    }

    /// Takes one away.
    #[cfg(feature = "sim")]
    pub const fn without(&mut self, defence: Defence) {
        self.down |= 1 << defence as u8;
    }
}

#[cfg(all(test, feature = "sim"))]
mod tests {
    use super::*;

    #[test]
    fn each_is_taken_away_alone() {
        for one in Defence::ALL {
            let mut defences = Defences::default();
            assert!(Defence::ALL.into_iter().all(|it| defences.has(it)));
            defences.without(one);
            assert!(
                Defence::ALL
                    .into_iter()
                    .all(|it| defences.has(it) == (it != one))
            );
        }
    }
}
