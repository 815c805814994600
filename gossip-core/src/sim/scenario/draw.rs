//! Drawing a scenario from a seed: a cluster, some kinds of trouble, and in the
//! end a part of it that has to be right.
//!
//! ```text
//!   ├── trouble ───────────────────────────┤├─ calm ─┤├── the core has to be ──┤
//!   a random subset of all kinds of fault,  the core    exact, equal, quiet;
//!   each with an intensity of its own;      is healed   the others stay crashed,
//!   every rule holds all the while                      cut, deaf, mute for ever
//! ```
//!
//! Not all kinds at once: two faults can hide each other, and a cluster in
//! which everything happens is never quiet enough for most bugs ("swarm
//! testing", Groce et al. 2012).

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::deed::Deed;
use super::errands::Errands;
use super::expect::{Expectation, What};
use super::knob::{Knob, Setting};
use super::plan::{Part, Scenario, Step};
use super::trouble::{Kind, Trouble};
use super::who::{Name, Route, Who};
use crate::base::rng::Rng;
use crate::config::Profile;
use crate::sim::hash::RunningHash;
use crate::sim::{Burst, Weather};

/// Labels of the streams of chance: drawing more of one moves no other.
mod stream {
    pub(super) const CAST: u64 = 1;
    pub(super) const SKY: u64 = 2;
    pub(super) const TROUBLE: u64 = 3;
    pub(super) const CALM: u64 = 4;
    pub(super) const EVENTS: u64 = 5;
    pub(super) const ORDERS: u64 = 6;
    pub(super) const WRITES: u64 = 7;
}

/// Sizes of clusters. Small ones find most (TigerBeetle draws from 1 to 6).
const SIZES: [usize; 14] = [1, 2, 3, 3, 4, 5, 5, 6, 8, 8, 12, 16, 16, 24];

/// How many in a hundred clusters are larger, and how large they are.
const LARGE: (u32, [usize; 2]) = (10_000, [50, 100]);

/// The scenario of a seed.
pub fn draw(seed: u64) -> Scenario {
    let rng = |label| Rng::new(RunningHash::of(&[seed, label]));
    let mut scenario = cast(seed, &mut rng(stream::CAST));
    sky(&mut scenario, &mut rng(stream::SKY));
    let over = trouble(&mut scenario, &mut rng(stream::TROUBLE));
    let mut errands = Errands::new(&mut scenario, over);
    let speaks = errands.speak(&mut rng(stream::EVENTS));
    errands.order(&mut rng(stream::ORDERS));
    errands.write(&mut rng(stream::WRITES));
    calm(&mut scenario, over, speaks, &mut rng(stream::CALM));
    scenario
}

fn cast(seed: u64, rng: &mut Rng) -> Scenario {
    let size = match rng.chance_ppm(LARGE.0) {
        true => pick(rng, &LARGE.1),
        false => pick(rng, &SIZES),
    };
    let zones = if rng.chance_ppm(200_000) {
        ["eu/", "us/"]
    } else {
        ["", ""]
    };
    let names = (0..size).map(|number| {
        let zone = zones.get(number * 2 / size.max(1)).unwrap_or(&"");
        format!("{zone}n{number}")
    });
    let mut scenario = Scenario::of(seed, names);
    scenario.profile = pick(
        rng,
        &[
            Profile::Lan,
            Profile::Lan,
            Profile::Lan,
            Profile::Local,
            Profile::Wan,
        ],
    );
    if seed.is_multiple_of(2) {
        // So short that logs are cleared within the story.
        let grace = Setting::Span(Duration::from_secs(4 + seed % 16));
        scenario.knobs.extend(Knob::new("tombstone_grace", grace));
    }
    let names: Vec<Name> = scenario.cast.iter().map(|part| part.name.clone()).collect();
    // Everybody joins the first, or everybody has the same three seeds, or
    // each joins somebody who was there before.
    let how = rng.below(3);
    for (number, part) in scenario.cast.iter_mut().enumerate() {
        match how {
            1 => part.joins = names.iter().take(3).cloned().collect(),
            2 if number > 0 => {
                let earlier = names.get(..number).unwrap_or_default();
                part.joins = rng.choose(earlier).cloned().into_iter().collect();
            }
            _ => {}
        }
    }
    scenario
}

fn sky(scenario: &mut Scenario, rng: &mut Rng) {
    if rng.below(2) == 0 {
        scenario.weather = weather(rng, 200_000);
    }
}

/// Any weather that loses at most so many of a million packets.
pub(super) fn weather(rng: &mut Rng, most_ppm: u32) -> Weather {
    let mut weather = Weather::default();
    let share = |rng: &mut Rng, most: u32| {
        let share = pick(rng, &[most / 100, most / 20, most / 4, most]);
        share.max(1)
    };
    if rng.below(2) == 0 {
        weather.loss_ppm = share(rng, most_ppm);
    }
    if rng.below(6) == 0 {
        weather.burst = Some(Burst {
            mean_packets: pick(rng, &[5, 20, 100]),
            share_ppm: share(rng, most_ppm / 2),
        });
    }
    if rng.below(4) == 0 {
        weather.duplicate_ppm = share(rng, 500_000);
    }
    if rng.below(4) == 0 {
        weather.reorder_ppm = share(rng, 300_000);
    }
    if rng.below(6) == 0 {
        weather.replay_ppm = share(rng, 100_000);
    }
    if rng.below(8) == 0 {
        weather.datagram_bytes = Some(1_200);
    }
    weather
}

/// Draws the trouble; when it is over.
fn trouble(scenario: &mut Scenario, rng: &mut Rng) -> Duration {
    let mut kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|_| rng.below(4) == 0)
        .collect();
    if kinds.is_empty() {
        kinds.push(pick(rng, &Kind::ALL));
    }
    let works = rng.below(3) > 0;
    let steps = 3 + rng.below(30);
    let longest = pick(rng, &[10, 100, 1_000, 5_000, 20_000]);
    let start = Duration::from_secs(pick(rng, &[1, 10, 20]));
    let mut at = rng.within(start);
    let mut trouble = Trouble::new(scenario);
    for number in 0..steps {
        at += rng.within(Duration::from_millis(longest)) + Duration::from_millis(1);
        at = Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
        if works && rng.below(2) == 0 {
            trouble.work(at, number, rng);
        } else {
            let kind = pick(rng, &kinds);
            trouble.cause(kind, at, rng);
        }
    }
    let lasts = |step: &Step| match step.deed {
        Deed::Flap(_, _, span) | Deed::Clog(_, span) => step.at + span,
        _ => step.at,
    };
    let over = scenario.steps.iter().map(lasts).max().unwrap_or(at);
    over + Duration::from_secs(1 + rng.below(20))
}

/// How long a healed core may take (guess, generous: a minute, sixty probe
/// intervals, and an attempt at each member; where many are gone for good, a
/// few that are left trust themselves least and ask one after another).
fn bound(scenario: &Scenario, gone: usize) -> Duration {
    let config = scenario.config();
    let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
    let bound = Duration::from_secs(60)
        + config.probe_interval * 60
        + config.reconnect_interval * count(scenario.cast.len())
        + config.probe_interval * (config.awareness_max + 2) * count(gone);
    Duration::from_secs(bound.as_secs())
}

/// How long the core has to stay right.
const HOLDING: Duration = Duration::from_secs(20);

/// How long nobody has news in the end, where nobody stays broken (guess: more than
/// twice what passes between two comparisons of everything in profile `lan`).
const SILENT: Duration = Duration::from_secs(25);

/// Heals a core, breaks the others for ever, and says what has to come of it.
fn calm(scenario: &mut Scenario, at: Duration, speaks: bool, rng: &mut Rng) {
    let names: Vec<Name> = scenario
        .cast
        .iter()
        .map(|part: &Part| part.name.clone())
        .collect();
    let mut rest = names.clone();
    // One who has moved, or was forgotten, or whose name led elsewhere for a while,
    // is found again through the seeds; they must not be among those that stay
    // broken.
    let moved = |step: &Step| {
        let deed = &step.deed;
        matches!(deed, Deed::Relocate(_) | Deed::Twin(..) | Deed::Forget(..))
    };
    let whole = rng.below(2) == 0 || scenario.steps.iter().any(moved);
    let core = match whole {
        true => core::mem::take(&mut rest),
        false => {
            rng.shuffle(&mut rest);
            let size = 1 + rng.index(rest.len()).unwrap_or(0);
            let mut core: Vec<Name> = rest.drain(..size).collect();
            core.sort_by_key(|name| names.iter().position(|known| known == name));
            core
        }
    };
    let core = if rest.is_empty() {
        Who::All
    } else {
        Who::These(core)
    };
    let everybody = core == Who::All;
    let twins: Vec<Name> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.deed {
            Deed::Twin(_, name, _) => Some(name.clone()),
            _ => None,
        })
        .collect();
    scenario.at(at, Deed::Heal);
    scenario.at(at, Deed::Weather(Route::Everywhere, Weather::default()));
    // Of two with one name one may stop of its own will, and be right.
    let run = twins.is_empty().then(|| What::Run(core.clone()));
    for name in twins {
        scenario.at(at, Deed::Crash(Who::one(&name)));
    }
    scenario.at(at, Deed::Resume(core.clone()));
    scenario.at(at, Deed::Slow(core.clone(), Duration::ZERO));
    scenario.at(at, Deed::Drift(core.clone(), 0));
    scenario.at(at, Deed::Disks(core.clone(), super::deed::Writing::Mended));
    // Those that leave have left.
    let at = at + Duration::from_secs(4);
    let gone = rest.len();
    for name in rest {
        let one = Who::one(&name);
        scenario.at(
            at,
            match rng.below(5) {
                0 | 1 => Deed::Crash(one),
                2 => Deed::Cut(Route::Around(one)),
                3 => Deed::Cut(Route::Into(one)),
                _ => Deed::Cut(Route::OutOf(one)),
            },
        );
    }
    scenario.at(at, Deed::Start(core.clone()));
    let within = bound(scenario, gone);
    let told = speaks.then(|| What::Told(core.clone()));
    let all = [
        What::Exact(core.clone()),
        What::Equal(core.clone()),
        What::Kept(core.clone()),
    ];
    for what in all.into_iter().chain(told).chain(run) {
        scenario.at(
            at,
            Deed::Expect(Expectation {
                what,
                within,
                holding: HOLDING,
            }),
        );
    }
    scenario.at(
        at,
        Deed::Expect(Expectation {
            what: What::Quiet(core),
            within: within + HOLDING,
            // Who still meets the broken may have news of them at any time.
            holding: if everybody { SILENT } else { Duration::ZERO },
        }),
    );
    // What was expected in time also has to stay.
    scenario.end = at + within + HOLDING + HOLDING.max(SILENT) + Duration::from_secs(1);
}

/// One of a list that is not empty.
pub(super) fn pick<T: Copy + Default>(rng: &mut Rng, items: &[T]) -> T {
    rng.choose(items).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_seed_is_one_scenario_and_reads_as_it_is_written() {
        for seed in 0..300 {
            let scenario = draw(seed);
            assert_eq!(scenario, draw(seed));
            let text = scenario.to_string();
            let read: Scenario = text
                .parse()
                .unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(read, scenario, "{text}");
        }
    }
}
