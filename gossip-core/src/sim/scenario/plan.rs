//! The scenario itself: a cast, a stage, what happens when, and what has to
//! come of it.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::deed::Deed;
use super::expect::Never;
use super::knob::Knob;
use super::sky::{self, Sky};
use super::who::{Name, Who};
use super::words::{ParseError, Span, Words, any_of};
use crate::config::{Config, Profile};
use crate::sim::Weather;

/// What is to happen to a cluster, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Everything that is left to chance while it is played comes from it.
    pub seed: u64,
    /// The settings all nodes begin with.
    pub profile: Profile,
    /// Knobs turned on all nodes.
    pub knobs: Vec<Knob>,
    /// The nodes, in the order they are added.
    pub cast: Vec<Part>,
    /// How all paths behave from the start.
    pub weather: Weather,
    /// What must not happen.
    pub nevers: Vec<Never>,
    /// What happens, in the order of time.
    pub steps: Vec<Step>,
    /// When it is over.
    pub end: Duration,
}

/// One node of the cast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: Name,
    /// Its seeds.
    pub joins: Vec<Name>,
    /// It starts only when a step says so.
    pub late: bool,
}

/// One line of what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, since the start.
    pub at: Duration,
    /// What.
    pub deed: Deed,
}

const LINES: [&str; 8] = [
    "seed", "profile", "set", "nodes", "weather", "never", "at", "end",
];

const PROFILES: [(&str, Profile); 3] = [
    ("local", Profile::Local),
    ("lan", Profile::Lan),
    ("wan", Profile::Wan),
];

impl Scenario {
    /// A scenario in which `names` join the first of them and nothing happens.
    pub fn of(seed: u64, names: impl IntoIterator<Item = Name>) -> Self {
        let mut cast: Vec<Part> = Vec::new();
        for name in names {
            let joins = cast.first().map(|first| first.name.clone());
            cast.push(Part {
                name,
                joins: joins.into_iter().collect(),
                late: false,
            });
        }
        Self {
            seed,
            profile: Profile::default(),
            knobs: Vec::new(),
            cast,
            weather: Weather::default(),
            nevers: Vec::new(),
            steps: Vec::new(),
            end: Duration::ZERO,
        }
    }

    /// What a node's configuration is, without its seeds.
    pub fn config(&self) -> Config {
        let mut config = Config::new(self.profile);
        if self.seed % 2 == 1 {
            // So few members would compare by plain digests alone.
            config.plain_rows = 0;
        }
        self.knobs.iter().for_each(|knob| knob.turn(&mut config));
        config
    }

    /// One more step, behind those of the same time.
    pub fn at(&mut self, at: Duration, deed: Deed) {
        let place = self.steps.partition_point(|step| step.at <= at);
        self.steps.insert(place, Step { at, deed });
    }

    /// The hosts a line may name: the cast, and every twin.
    fn names(&self) -> Vec<&str> {
        let twins = self.steps.iter().filter_map(|step| match &step.deed {
            Deed::Twin(_, name, _) => Some(name.as_str()),
            _ => None,
        });
        let cast = self.cast.iter().map(|part| part.name.as_str());
        cast.chain(twins).collect()
    }

    /// Whether somebody bears this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// The first name in it that nobody bears, with the place where it stands.
    pub fn stranger(&self) -> Option<String> {
        let names = self.names();
        let known = |name: &&Name| !names.contains(&name.as_str());
        for part in &self.cast {
            if let Some(name) = part.joins.iter().find(known) {
                return Some(format!("{} joins {name}", part.name));
            }
        }
        let strange = |who: &Who| who.names().iter().find(known).cloned();
        for step in &self.steps {
            let mut who = Vec::new();
            step.deed.for_each_who(&mut |found| who.push(found.clone()));
            if let Some(name) = who.iter().find_map(strange) {
                return Some(format!("{} names {name}", step.deed));
            }
        }
        let mut nevers = self
            .nevers
            .iter()
            .flat_map(|never| [&never.about, &never.to]);
        let name = nevers.find_map(strange)?;
        Some(format!("never names {name}"))
    }

    fn parse_line(&mut self, words: &mut Words<'_>) -> Result<(), ParseError> {
        let end = "the end of the line";
        match words.word(&any_of(LINES))? {
            "seed" => {
                self.seed = words.count()?;
                words.done(end)?;
            }
            "profile" => {
                let allowed = any_of(PROFILES.map(|(name, _)| name));
                self.profile = words.read(&allowed, |word| {
                    let known = PROFILES.into_iter().find(|(name, _)| *name == word);
                    known.map(|(_, profile)| profile)
                })?;
                words.done(end)?;
            }
            "set" => self.knobs.push(Knob::parse(words)?),
            "nodes" => self.parse_nodes(words)?,
            "weather" => {
                words.must("everywhere")?;
                self.weather = sky::parse(words)?;
            }
            "never" => self.nevers.push(Never::parse(words)?),
            "at" => {
                let at = words.span()?;
                let deed = Deed::parse(words)?;
                self.at(at, deed);
            }
            "end" => {
                words.must("at")?;
                self.end = words.span()?;
                words.done(end)?;
            }
            word => return Err(words.error(word, &any_of(LINES))),
        }
        Ok(())
    }

    /// `nodes n0..n7 [joining n0,n1] [late]`
    fn parse_nodes(&mut self, words: &mut Words<'_>) -> Result<(), ParseError> {
        let allowed = "joining NAMES, late, or the end of the line";
        let word = words.word("names such as n0..n7")?;
        let Some(Who::These(names)) = Who::read(word) else {
            return Err(words.error(word, "names such as n0..n7"));
        };
        let joins = match words.takes("joining") {
            true => Who::parse(words)?.names().to_vec(),
            false => Vec::new(),
        };
        let late = words.takes("late");
        words.done(allowed)?;
        for name in names {
            if self.cast.iter().any(|part| part.name == name) {
                return Err(words.error(&name, "each name once"));
            }
            self.cast.push(Part {
                name,
                joins: joins.clone(),
                late,
            });
        }
        Ok(())
    }
}

impl FromStr for Scenario {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut scenario = Self::of(0, []);
        let mut last = 0;
        for (line, number) in text.lines().zip(1..) {
            last = number;
            let mut words = Words::new(number, line);
            if !words.is_empty() {
                scenario.parse_line(&mut words)?;
            }
        }
        match scenario.stranger() {
            Some(place) => Err(ParseError {
                line: last,
                word: place,
                allowed: "names from a `nodes` or `twin` line".to_owned(),
            }),
            None => Ok(scenario),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        let profile = PROFILES.iter().find(|(_, known)| *known == self.profile);
        writeln!(f, "profile {}", profile.map_or("lan", |(name, _)| *name))?;
        for knob in &self.knobs {
            writeln!(f, "set {knob}")?;
        }
        let mut rest = self.cast.as_slice();
        while let Some(first) = rest.first() {
            let alike = |part: &&Part| part.joins == first.joins && part.late == first.late;
            let count = rest.iter().take_while(alike).count();
            let (alike, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let names = alike.iter().map(|part| part.name.clone()).collect();
            write!(f, "nodes {}", Who::These(names))?;
            if !first.joins.is_empty() {
                write!(f, " joining {}", Who::These(first.joins.clone()))?;
            }
            writeln!(f, "{}", if first.late { " late" } else { "" })?;
            rest = after;
        }
        if !sky::is_fair(&self.weather) {
            writeln!(f, "weather everywhere {}", Sky(&self.weather))?;
        }
        for never in &self.nevers {
            writeln!(f, "never {never}")?;
        }
        for Step { at, deed } in &self.steps {
            writeln!(f, "at {} {deed}", Span(*at))?;
        }
        writeln!(f, "end at {}", Span(self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    /// One of everything, in the form it is printed.
    const EVERYTHING: &str = "\
seed 7
profile wan
set probe_interval 500ms
set relays 2
nodes n0
nodes n1..n7 joining n0
nodes eu/a,eu/b joining n0,n1 late
weather everywhere loss 5% latency 1ms spread 2ms
never n0..n3 dead to n4..n6 after 20s
at 0s start eu/a
at 1s crash n1
at 1s restart n1 wiped
at 2s backup n1 as b1
at 3s restart n1 from b1
at 4s leave n2,n3
at 5s pause n4
at 6s resume n4
at 7s slow n4 20ms
at 8s drift n4 -5%
at 9s relocate n4
at 10s twin n5 as t5 kept
at 11s disk n6 full
at 11s disk n6 failing
at 12s disk n6 mended
at 13s sever all
at 14s weather into n1 loss 80%
at 15s weather n0 -> n1,n2 fair
at 16s cut out of n3
at 17s mend out of n3
at 18s clog around n3 for 2s
at 19s flap n0 <-> n1 every 500ms for 10s
at 20s partition n0..n2 | n3..n5
at 21s heal
at 22s on n0 put own a 1 for 5s and delete shared b if unchanged and put shared c 3
at 23s on n0 read shared b
at 23s on n0 remove n7
at 23s on n0 forget n7
at 23s on n0 at once put own a 2 and delete shared b
at 23s on n0 fill shared f times 65
at 23s on n0 say e
at 23s on n0 say e times 5
at 23s on n0 say e times 5 coalescing
at 23s on n0 ask q for 5s
at 24s expect exact among n0..n3 within 1m holding 20s
at 25s expect equal
at 26s expect quiet within 30s
at 26s expect kept among n0..n3
at 26s expect told among n0..n3
at 27s expect all hold n4,t5 left within 1s
at 28s expect n0 run
at 28s expect n2 stopped
at 29s expect all read shared a nothing within 5s
at 30s expect n1 read own of n0 a 1
end at 2m
";

    #[test]
    fn everything_reads_as_it_is_written() {
        let scenario: Scenario = EVERYTHING.parse().unwrap();
        assert_eq!(scenario.to_string(), EVERYTHING);
        assert_eq!(scenario.config().probe_interval, Duration::from_millis(500));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            (
                "nodes n0\nat 1s crahs n0",
                "line 2: `crahs` does not fit, allowed: start, crash",
            ),
            ("at soon heal", "line 1: `soon` does not fit"),
            (
                "nodes n0\nnodes n0",
                "line 2: `n0` does not fit, allowed: each name once",
            ),
            (
                "set warp 9",
                "line 1: `warp` does not fit, allowed: probe_interval",
            ),
            (
                "nodes n0\nat 1s crash n1",
                "`crash n1 names n1` does not fit",
            ),
            (
                "at 1s heal now",
                "`now` does not fit, allowed: the end of the line",
            ),
            ("nodes n0 joining n1", "`n0 joins n1` does not fit"),
        ] {
            let error = text.parse::<Scenario>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
