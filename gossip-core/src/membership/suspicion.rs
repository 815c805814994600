//! A suspicion: somebody was silent, and has some time to say otherwise.
//!
//! ```text
//!   time to refute
//!   most  ●                        one accuser: perhaps it is the one who is sick
//!         │ ╲
//!         │    ╲ ___
//!   least │         ──────●        enough others saw the same silence
//!         └──┬──┬──┬──────┬──▶ confirmations
//!            0  1  2      k
//! ```
//!
//! The time falls with the logarithm of the confirmations (Lifeguard, Dadgar et
//! al. 2018, §IV-B), each from a different accuser. Every member that hears of
//! a suspicion runs one of its own, and condemns when *it* has run out: a
//! verdict that is heard counts as all the confirmations there can be, and
//! never cuts the least time short.

use alloc::collections::BTreeSet;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::config::Terms;
use crate::message::{Accusation, Sealed};

/// One suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    terms: Terms,
    since: Instant,
    /// When its time is over, by the terms or held up.
    until: Instant,
    first: NodeId,
    /// Everybody who said so, the first one included; at most [`limit::ACCUSERS`].
    accusers: BTreeSet<NodeId>,
    /// One accusation, to show to the accused.
    accusation: Sealed<Accusation>,
    /// Somebody's whose time was over.
    verdict: Option<Sealed<Accusation>>,
}

impl Suspicion {
    /// Begins with a first accusation, or with a verdict.
    pub fn new(accusation: Sealed<Accusation>, now: Instant, terms: Terms) -> Self {
        let first = accusation.value.accuser.clone();
        let verdict = accusation.is_verdict().then(|| accusation.clone());
        let lasts = terms.lasts(if verdict.is_some() { u32::MAX } else { 0 });
        Self {
            terms,
            since: now,
            until: now + lasts,
            accusers: BTreeSet::from([first.clone()]),
            first,
            verdict,
            accusation,
        }
    }

    /// One more accuser. Whether that is worth telling on: it brings the end
    /// nearer, or is the first verdict.
    pub fn add(&mut self, accusation: Sealed<Accusation>) -> bool {
        let before = self.until;
        let room = self.accusers.len() < limit::ACCUSERS;
        let counts = room && self.accusers.insert(accusation.value.accuser.clone());
        let first_verdict = accusation.is_verdict() && self.verdict.is_none();
        if !counts && !first_verdict {
            return false;
        }
        if first_verdict {
            self.verdict = Some(accusation);
        }
        let confirmations = match self.verdict {
            Some(_) => u32::MAX,
            None => u32::try_from(self.accusers.len() - 1).unwrap_or(u32::MAX),
        };
        self.until = before.min(self.since + self.terms.lasts(confirmations));
        first_verdict || self.until < before
    }

    /// Whether its accuser said so before, as gravely.
    pub fn has_counted(&self, accusation: &Sealed<Accusation>) -> bool {
        self.accusers.contains(&accusation.value.accuser)
            && (self.verdict.is_some() || !accusation.is_verdict())
    }

    /// When the time to refute is over.
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// Our own verdict was asked for: do not ask again before `until`.
    pub const fn hold(&mut self, until: Instant) {
        self.until = until;
    }

    /// We were not looking for a while: the suspect gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        self.since = self.since + pause;
        self.until = self.until + pause;
    }

    /// When we heard of it.
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// The first who said so.
    pub const fn first(&self) -> &NodeId {
        &self.first
    }

    /// Everybody who said so.
    pub const fn accusers(&self) -> &BTreeSet<NodeId> {
        &self.accusers
    }

    /// What to show to the accused.
    pub const fn accusation(&self) -> &Sealed<Accusation> {
        &self.accusation
    }

    /// Somebody else's verdict, if one was heard.
    pub const fn verdict(&self) -> Option<&Sealed<Accusation>> {
        self.verdict.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Charge, Footing};
    use bytes::Bytes;

    const TERMS: Terms = Terms {
        least: Duration::from_secs(3),
        most: Duration::from_secs(18),
        confirmations: 3,
    };

    fn by(accuser: &str, charge: Charge) -> Sealed<Accusation> {
        Sealed {
            value: Accusation {
                accuser: accuser.parse().unwrap(),
                accused: "x".parse().unwrap(),
                footing: Footing::default(),
                charge,
            },
            bytes: Bytes::new(),
        }
    }

    fn left(suspicion: &Suspicion) -> u64 {
        suspicion.until().since(Instant::ZERO).as_millis() as u64
    }

    /// The curve of Lifeguard §IV-B at k = 3: 18, 10.5, 6.1, 3 s.
    #[test]
    fn time_falls_with_the_logarithm_of_the_confirmations() {
        let mut suspicion = Suspicion::new(by("a", Charge::Suspect), Instant::ZERO, TERMS);
        assert_eq!(left(&suspicion), 18_000);
        assert!(suspicion.add(by("b", Charge::Suspect)));
        assert_eq!(left(&suspicion), 10_500);
        assert!(suspicion.add(by("c", Charge::Suspect)));
        assert_eq!(left(&suspicion) / 10, 611);
        assert!(suspicion.add(by("d", Charge::Suspect)));
        assert_eq!(left(&suspicion), 3_000);
        assert!(!suspicion.add(by("e", Charge::Suspect)));
        assert_eq!(left(&suspicion), 3_000);
    }

    #[test]
    fn one_accuser_who_repeats_itself_confirms_nothing() {
        let mut suspicion = Suspicion::new(by("a", Charge::Suspect), Instant::ZERO, TERMS);
        assert!(!suspicion.add(by("a", Charge::Suspect)));
        assert_eq!(left(&suspicion), 18_000);
    }

    #[test]
    fn a_verdict_never_cuts_the_least_time_short() {
        let mut suspicion = Suspicion::new(by("a", Charge::Suspect), Instant::ZERO, TERMS);
        assert!(suspicion.add(by("a", Charge::Dead)));
        assert_eq!(left(&suspicion), 3_000);
        let sudden = Suspicion::new(by("a", Charge::Dead), Instant::ZERO, TERMS);
        assert_eq!(left(&sudden), 3_000);
    }

    #[test]
    fn where_nobody_else_can_confirm_the_least_holds_at_once() {
        let alone = Terms {
            confirmations: 0,
            ..TERMS
        };
        let suspicion = Suspicion::new(by("a", Charge::Suspect), Instant::ZERO, alone);
        assert_eq!(left(&suspicion), 3_000);
    }

    #[test]
    fn a_pause_of_ours_is_given_back() {
        let mut suspicion = Suspicion::new(by("a", Charge::Dead), Instant::ZERO, TERMS);
        suspicion.forgive(Duration::from_secs(5));
        assert_eq!(left(&suspicion), 8_000);
        suspicion.hold(Instant::from_millis(9_000));
        assert_eq!(left(&suspicion), 9_000);
    }
}
