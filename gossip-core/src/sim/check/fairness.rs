//! Rule M19, fairness: while nobody comes or goes, a node asks every member it
//! holds alive at least once in any `2 × (n − 1)` of its own probes; and as long
//! as somebody else is here it never stops to ask.
//!
//! That is what a shuffled round-robin promises and what bounds the time to
//! the first detection of a crash.
//!
//! Asking is a ping, whoever it is for; and a call to a member without a link,
//! where a probe begins with it: the ping follows when there is a link, and where
//! there will be none others are asked instead. A call for any other reason asks
//! nobody. Probes out of turn, of one who has just been suspected, do not count.

use alloc::collections::BTreeMap;
use alloc::format;
use core::time::Duration;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::config::Config;
use crate::sim::names::NameId;

/// Probes that may run besides: one whose target is being asked already when its
/// turn comes is passed over in that round (guess: a probe outlasts no more than
/// so many others).
const SLACK: u64 = 16;

/// How late a timer may ring, twice, on a host that is not held for paused.
const LATE: Duration = Duration::from_secs(1);

/// Whom one process asked last, in its own probes.
#[derive(Debug, Default)]
pub(in crate::sim) struct Fairness {
    asked: BTreeMap<NameId, u64>,
    /// Probes it has begun, and those of them that had their turn.
    probes: u64,
    turns: u64,
    /// Since when it has not begun any.
    idle: Instant,
    /// Who is suspect since the input that is being handled.
    suspected: u64,
    /// Since which turn nobody came or went.
    stable_since: u64,
}

impl Fairness {
    /// It has handled an input, and begun so many probes by now.
    pub(in crate::sim) fn has_begun(&mut self, probes: u64, now: Instant) {
        let begun = probes.saturating_sub(self.probes);
        let suspected = core::mem::take(&mut self.suspected);
        if begun > 0 {
            self.probes = probes;
            self.turns += begun.saturating_sub(suspected);
            self.idle = self.idle.max(now);
        }
    }

    /// It asks somebody.
    pub(in crate::sim) fn asks(&mut self, name: NameId) {
        self.asked.insert(name, self.turns);
    }

    /// It calls somebody, and has begun so many probes by now.
    pub(in crate::sim) fn calls(&mut self, name: NameId, probes: u64) {
        if probes > self.probes {
            self.asks(name);
        }
    }

    /// Somebody is suspect, and perhaps asked out of turn.
    pub(in crate::sim) const fn suspects(&mut self) {
        self.suspected += 1;
    }

    /// Somebody came or went.
    pub(in crate::sim) const fn changes(&mut self) {
        self.stable_since = self.turns;
    }

    /// It has nobody to ask, or could not until now.
    pub(in crate::sim) fn rests(&mut self, until: Instant) {
        self.idle = self.idle.max(until);
    }

    /// Holds where it began a probe not long ago. A probe may last as long as it
    /// distrusts its own eyes, and nobody else may be left to be asked meanwhile.
    pub(in crate::sim) fn stops(&self, now: Instant, config: &Config) -> Verdict {
        let patience = config.probe_interval * (config.awareness_max + 1);
        let most = patience * 9 / 4 + config.handshake_budget + LATE;
        let idle = now.since(self.idle);
        if idle > most {
            return Err(format!(
                "fairness: it has begun no probe for {idle:?}, at most {most:?} may pass"
            ));
        }
        Ok(())
    }

    /// Holds where it does not pass `id` over, being one of `here` members.
    pub(in crate::sim) fn passes_over(&self, name: NameId, id: &NodeId, here: usize) -> Verdict {
        let window = 2 * (here as u64).saturating_sub(1) + SLACK;
        let last = self.asked.get(&name).copied().unwrap_or(0);
        let idle = self.turns - last.max(self.stable_since);
        if idle > window {
            return Err(format!(
                "fairness: {idle} probes without one of {id}, at most {window} may pass"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::sim::names::Names;

    #[test]
    fn fires_on_one_that_is_passed_over() {
        let mut names = Names::default();
        let (n1, n2) = (id("n1"), id("n2"));
        let (one, two) = (names.insert(&n1), names.insert(&n2));
        let mut rule = Fairness::default();
        for probes in 0..=40 {
            rule.has_begun(probes, Instant::ZERO);
            rule.asks(one);
        }
        assert_eq!(rule.passes_over(one, &n1, 3), Ok(()));
        assert!(rule.passes_over(two, &n2, 3).is_err());
        // A call for another reason asks nobody.
        rule.calls(two, 40);
        assert!(rule.passes_over(two, &n2, 3).is_err());
        rule.calls(two, 41);
        assert_eq!(rule.passes_over(two, &n2, 3), Ok(()));
    }

    #[test]
    fn who_comes_has_a_whole_window_and_who_is_suspected_takes_no_turn() {
        let mut names = Names::default();
        let n1 = id("n1");
        let one = names.insert(&n1);
        let mut rule = Fairness::default();
        rule.has_begun(40, Instant::ZERO);
        assert!(rule.passes_over(one, &n1, 3).is_err());
        rule.changes();
        assert_eq!(rule.passes_over(one, &n1, 3), Ok(()));
        for probes in 41..=80 {
            rule.suspects();
            rule.has_begun(probes, Instant::ZERO);
        }
        assert_eq!(rule.passes_over(one, &n1, 3), Ok(()));
        rule.has_begun(120, Instant::ZERO);
        assert!(rule.passes_over(one, &n1, 3).is_err());
    }

    #[test]
    fn fires_on_one_that_asks_nobody_any_more() {
        let config = Config::new(crate::config::Profile::Lan);
        let at = Instant::from_millis;
        let mut rule = Fairness::default();
        rule.has_begun(1, at(10_000));
        assert_eq!(rule.stops(at(30_000), &config), Ok(()));
        assert!(rule.stops(at(40_000), &config).is_err());
        rule.rests(at(39_000));
        assert_eq!(rule.stops(at(40_000), &config), Ok(()));
        rule.has_begun(1, at(80_000));
        assert!(rule.stops(at(80_000), &config).is_err());
        rule.has_begun(2, at(80_000));
        assert_eq!(rule.stops(at(80_000), &config), Ok(()));
    }
}
