//! Errands: what applications and operators do while trouble goes on, beside
//! the writes that are drawn with it.
//!
//! Each kind has a stream of chance of its own, and most scenarios draw only some:
//! what one kind does moves neither another kind nor the trouble.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::deed::{Deed, Wish};
use super::draw::pick;
use super::plan::Scenario;
use super::who::Name;
use crate::base::rng::Rng;
use crate::message::{Key, Scope};

/// The errands of one scenario, within the time of its trouble.
#[derive(Debug)]
pub(super) struct Errands<'a> {
    scenario: &'a mut Scenario,
    names: Vec<Name>,
    /// When trouble is over.
    over: Duration,
}

impl<'a> Errands<'a> {
    pub(super) fn new(scenario: &'a mut Scenario, over: Duration) -> Self {
        let names = scenario.cast.iter().map(|part| part.name.clone()).collect();
        Self {
            scenario,
            names,
            over,
        }
    }

    fn any(&self, rng: &mut Rng) -> Name {
        rng.choose(&self.names).cloned().unwrap_or_default()
    }

    /// A moment while trouble goes on, in whole milliseconds.
    fn moment(&self, rng: &mut Rng) -> Duration {
        let over = u64::try_from(self.over.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(rng.below(over.max(1)))
    }

    /// Events, and queries; whether there are any.
    pub(super) fn speak(&mut self, rng: &mut Rng) -> bool {
        if rng.below(3) > 0 {
            return false;
        }
        for _ in 0..1 + rng.below(6) {
            let (on, at) = (self.any(rng), self.moment(rng));
            let Some(name) = key(rng, "e", 3) else {
                continue;
            };
            let count = pick(rng, &[1, 1, 1, 5, 50, 300]);
            let deed = match rng.below(5) {
                0 => Deed::Coalesce(on, name, count),
                1 => {
                    let span = Duration::from_millis(pick(rng, &[50, 500, 5_000, 20_000]));
                    Deed::Ask(on, name, span)
                }
                _ => Deed::Say(on, name, count),
            };
            self.scenario.at(at, deed);
        }
        true
    }

    /// Operators who say that somebody is gone, or will not come back.
    pub(super) fn order(&mut self, rng: &mut Rng) {
        if rng.below(5) > 0 {
            return;
        }
        for _ in 0..1 + rng.below(4) {
            let (on, of, at) = (self.any(rng), self.any(rng), self.moment(rng));
            if on == of {
                continue;
            }
            let deed = match rng.below(2) {
                0 => Deed::Remove(on, of),
                _ => Deed::Forget(on, of),
            };
            self.scenario.at(at, deed);
        }
    }

    /// Writes at once, and whole batches of them; some are too large.
    pub(super) fn write(&mut self, rng: &mut Rng) {
        if rng.below(3) > 0 {
            return;
        }
        for number in 0..1 + rng.below(8) {
            let (on, at) = (self.any(rng), self.moment(rng));
            let scope = match rng.below(2) {
                0 => Scope::Own,
                _ => Scope::Shared,
            };
            if rng.below(4) == 0 {
                let count = pick(rng, &[2, 10, 40, 64, 65, 200]);
                if let Some(key) = key(rng, "f", 2) {
                    self.scenario.at(at, Deed::Fill(on, scope, key, count));
                }
                continue;
            }
            let ttl = (rng.below(4) == 0).then(|| Duration::from_secs(1 + rng.below(20)));
            let value = (rng.below(4) > 0).then(|| format!("o{number}"));
            let unchanged = rng.below(4) == 0;
            if let Some(key) = key(rng, "k", 5) {
                let wish = Wish {
                    scope,
                    key,
                    ttl: ttl.filter(|_| value.is_some()),
                    value,
                    unchanged,
                };
                self.scenario.at(at, Deed::WriteAtOnce(on, [wish].into()));
            }
        }
    }
}

fn key(rng: &mut Rng, begin: &str, many: u64) -> Option<Key> {
    format!("{begin}{}", rng.below(many)).parse().ok()
}
