//! Trouble: the kinds of fault there are, and how one of each is drawn.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::deed::{Deed, Disk, Wish, Writing};
use super::draw::{pick, weather};
use super::plan::Scenario;
use super::who::{Name, Route, Who};
use crate::base::rng::Rng;
use crate::message::Scope;
use crate::sim::Weather;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Kind {
    #[default]
    Crash,
    CrashAndRestart,
    Wipe,
    Backup,
    Restore,
    Leave,
    Pause,
    Slow,
    Drift,
    Relocate,
    Twin,
    Disk,
    Sever,
    Weather,
    OneWay,
    Isolate,
    Halves,
    Bridge,
    Flap,
    Swizzle,
    Clog,
    Heal,
}

impl Kind {
    pub(super) const ALL: [Self; 22] = [
        Self::Crash,
        Self::CrashAndRestart,
        Self::Wipe,
        Self::Backup,
        Self::Restore,
        Self::Leave,
        Self::Pause,
        Self::Slow,
        Self::Drift,
        Self::Relocate,
        Self::Twin,
        Self::Disk,
        Self::Sever,
        Self::Weather,
        Self::OneWay,
        Self::Isolate,
        Self::Halves,
        Self::Bridge,
        Self::Flap,
        Self::Swizzle,
        Self::Clog,
        Self::Heal,
    ];
}

/// A scenario while trouble is drawn for it.
#[derive(Debug)]
pub(super) struct Trouble<'a> {
    scenario: &'a mut Scenario,
    names: Vec<Name>,
    backups: Vec<(Name, Name)>,
    twins: usize,
}

impl<'a> Trouble<'a> {
    pub(super) fn new(scenario: &'a mut Scenario) -> Self {
        let names = scenario.cast.iter().map(|part| part.name.clone()).collect();
        Self {
            scenario,
            names,
            backups: Vec::new(),
            twins: 0,
        }
    }

    fn any(&self, rng: &mut Rng) -> Name {
        rng.choose(&self.names).cloned().unwrap_or_default()
    }

    /// Some of them: one at least.
    fn some(&self, rng: &mut Rng) -> Vec<Name> {
        let mut names = self.names.clone();
        rng.shuffle(&mut names);
        names.truncate(1 + rng.index(names.len()).unwrap_or(0));
        names.sort();
        names
    }

    fn at(&mut self, at: Duration, deed: Deed) {
        self.scenario.at(at, deed);
    }

    /// One fault, and what ends it where it ends.
    pub(super) fn cause(&mut self, kind: Kind, at: Duration, rng: &mut Rng) {
        let name = self.any(rng);
        let one = Who::one(&name);
        let span = span(rng);
        let later = at + span;
        let deed = match kind {
            Kind::Crash => Deed::Crash(one),
            Kind::CrashAndRestart => {
                self.at(at, Deed::Crash(one.clone()));
                return self.at(later, Deed::Start(one));
            }
            Kind::Wipe => Deed::Restart(one, Disk::Wiped),
            Kind::Backup => {
                let copy = format!("b{}", self.backups.len());
                self.backups.push((name.clone(), copy.clone()));
                Deed::Backup(name, copy)
            }
            Kind::Restore => match rng.choose(&self.backups).cloned() {
                Some((name, copy)) => Deed::Restart(Who::one(&name), Disk::Backup(copy)),
                None => Deed::Restart(one, Disk::Kept),
            },
            Kind::Leave => Deed::Leave(one),
            Kind::Pause => {
                self.at(at, Deed::Pause(one.clone()));
                return self.at(later, Deed::Resume(one));
            }
            Kind::Slow => Deed::Slow(one, Duration::from_millis(pick(rng, &[1, 5, 20, 100]))),
            Kind::Drift => {
                let ppm = pick(rng, &[500, 10_000, 50_000]);
                Deed::Drift(one, if rng.below(2) == 0 { ppm } else { -ppm })
            }
            Kind::Relocate => Deed::Relocate(one),
            Kind::Twin => {
                let twin = format!("twin{}", self.twins);
                self.twins += 1;
                let disk = if rng.below(2) == 0 {
                    Disk::Kept
                } else {
                    Disk::Wiped
                };
                Deed::Twin(name, twin, disk)
            }
            Kind::Disk => {
                let how = if rng.below(2) == 0 {
                    Writing::Full
                } else {
                    Writing::Failing
                };
                self.at(at, Deed::Disks(one.clone(), how));
                return self.at(later, Deed::Disks(one, Writing::Mended));
            }
            Kind::Sever => Deed::Sever(one),
            Kind::Weather => {
                let route = self.route(rng);
                self.at(at, Deed::Weather(route.clone(), weather(rng, 1_000_000)));
                return self.at(later, Deed::Weather(route, Weather::default()));
            }
            Kind::OneWay => {
                let route = Route::From(one, Who::These(self.some(rng)));
                return self.cut(at, later, route);
            }
            Kind::Isolate => return self.cut(at, later, self.one_way_or_both(one, rng)),
            Kind::Halves => {
                let group = Who::These(self.some(rng));
                self.at(at, Deed::Partition([group].into()));
                return self.at(later, Deed::Heal);
            }
            Kind::Bridge => return self.bridge(at, later, rng),
            Kind::Flap => {
                // Two hundred changes at most.
                let every = Duration::from_millis(pick(rng, &[1, 10, 100, 1_000, 7_000]));
                let route = self.route(rng);
                Deed::Flap(route, every, span.min(every * 200))
            }
            Kind::Swizzle => return self.swizzle(at, rng),
            Kind::Clog => {
                let route = self.route(rng);
                Deed::Clog(route, span.min(Duration::from_secs(5)))
            }
            Kind::Heal => Deed::Heal,
        };
        self.at(at, deed);
    }

    fn cut(&mut self, at: Duration, later: Duration, route: Route) {
        self.at(at, Deed::Cut(route.clone()));
        self.at(later, Deed::Mend(route));
    }

    fn one_way_or_both(&self, one: Who, rng: &mut Rng) -> Route {
        match rng.below(3) {
            0 => Route::Into(one),
            1 => Route::OutOf(one),
            _ => Route::Around(one),
        }
    }

    fn route(&self, rng: &mut Rng) -> Route {
        let one = Who::one(&self.any(rng));
        match rng.below(5) {
            0 => Route::Between(one, Who::one(&self.any(rng))),
            1 => Route::From(one, Who::These(self.some(rng))),
            _ => self.one_way_or_both(one, rng),
        }
    }

    /// Two sides that only meet in one member.
    fn bridge(&mut self, at: Duration, later: Duration, rng: &mut Rng) {
        let mut names = self.names.clone();
        rng.shuffle(&mut names);
        names.pop();
        let other = names.split_off(names.len() / 2);
        if !names.is_empty() {
            self.cut(
                at,
                later,
                Route::Between(Who::These(names), Who::These(other)),
            );
        }
    }

    /// One after another is cut off, and in another order they come back
    /// (FoundationDB's swizzle-clog).
    fn swizzle(&mut self, at: Duration, rng: &mut Rng) {
        let mut names = self.some(rng);
        let gap = Duration::from_millis(pick(rng, &[10, 200, 1_000, 3_000]));
        rng.shuffle(&mut names);
        names.truncate(SWIZZLED);
        let mut time = at;
        for name in &names {
            self.at(time, Deed::Cut(Route::Around(Who::one(name))));
            time += gap;
        }
        rng.shuffle(&mut names);
        for name in &names {
            self.at(time, Deed::Mend(Route::Around(Who::one(name))));
            time += gap;
        }
    }

    /// Somebody writes, or reads.
    pub(super) fn work(&mut self, at: Duration, number: u64, rng: &mut Rng) {
        let name = self.any(rng);
        let scope = |rng: &mut Rng| match rng.below(2) {
            0 => Scope::Own,
            _ => Scope::Shared,
        };
        let key = |rng: &mut Rng| format!("k{}", rng.below(5)).parse().ok();
        if rng.below(10) == 0 {
            let scope = scope(rng);
            if let Some(key) = key(rng) {
                self.at(at, Deed::Read(name, scope, key));
            }
            return;
        }
        // Several at once, so that some wait for others.
        for _ in 0..=rng.below(3) {
            let mut wishes: Vec<Wish> = Vec::new();
            for _ in 0..=rng.below(3) {
                let (scope, key) = (scope(rng), key(rng));
                let value = (rng.below(4) > 0).then(|| format!("{number}"));
                let unchanged = rng.below(4) == 0;
                let lasts = value.is_none() || !number.is_multiple_of(5);
                let ttl = (!lasts).then(|| Duration::from_secs(1 + number % 30));
                if let Some(key) = key {
                    wishes.push(Wish {
                        scope,
                        key,
                        value,
                        ttl,
                        unchanged,
                    });
                }
            }
            self.at(at, Deed::Write(name.clone(), wishes));
        }
    }
}

/// How many are cut off one after another (guess: more is a story of its own).
const SWIZZLED: usize = 8;

/// From milliseconds to half a minute, any order of magnitude.
fn span(rng: &mut Rng) -> Duration {
    let most = pick(rng, &[10, 100, 1_000, 5_000, 30_000]);
    Duration::from_millis(1 + rng.below(most))
}
