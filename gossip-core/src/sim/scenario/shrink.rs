//! Shrinking: a smaller scenario that still fails.
//!
//! ```text
//!   steps ─▶ nodes ─▶ the end ─▶ spans and shares ─▶ steps again … until nothing goes
//! ```
//!
//! First steps are taken out in halves, quarters, eighths, and so on
//! (Zeller and Hildebrandt's ddmin, 2002). Then nodes, with every word about
//! them; then the scenario ends earlier; then spans get shorter and weather
//! milder.
//!
//! What repairs (a heal, a start, a mended disk) is only taken out when there is
//! nothing left for it to repair: a cluster that nobody healed proves nothing.

use alloc::vec::Vec;
use core::mem::discriminant;
use core::ops::Range;
use core::time::Duration;

use super::deed::{Deed, Writing};
use super::expect::What;
use super::plan::{Scenario, Step};
use super::sky::is_fair;
use super::who::{Name, Who};
use crate::sim::Weather;

/// Makes a scenario smaller as long as `fails` says that it still fails and
/// `goes_on` that there is time. A hundred or a few hundred calls are usual.
pub fn shrink(
    scenario: &Scenario,
    mut fails: impl FnMut(&Scenario) -> bool,
    mut goes_on: impl FnMut() -> bool,
) -> Scenario {
    let mut best = scenario.clone();
    let mut attempt = |best: &mut Scenario, candidate: Scenario| {
        let better = candidate != *best && goes_on() && fails(&candidate);
        if better {
            *best = candidate;
        }
        better
    };
    loop {
        let before = best.clone();
        fewer_steps(&mut best, &mut attempt);
        fewer_nodes(&mut best, &mut attempt);
        earlier_end(&mut best, &mut attempt);
        milder(&mut best, &mut attempt);
        if best == before {
            return best;
        }
    }
}

type Attempt<'a> = dyn FnMut(&mut Scenario, Scenario) -> bool + 'a;

fn fewer_steps(best: &mut Scenario, attempt: &mut Attempt<'_>) {
    let mut size = best.steps.len().div_ceil(2);
    while size > 0 {
        // From the end: what comes last often matters least.
        let mut end = best.steps.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            attempt(best, left_out(best, start..end));
            end = start.min(best.steps.len());
        }
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
}

/// The scenario without these steps, as far as nothing that is left needs them.
fn left_out(scenario: &Scenario, range: Range<usize>) -> Scenario {
    let mut smaller = scenario.clone();
    let mut number = 0;
    smaller.steps.retain(|step| {
        number += 1;
        !range.contains(&(number - 1)) || is_needed(step, scenario)
    });
    // A repair goes with the last thing it repairs, and whatever names a host
    // or a copy with what made it.
    loop {
        let whole = smaller.clone();
        smaller.steps.retain(|step| makes_sense(step, &whole));
        if smaller.steps.len() == whole.steps.len() {
            return smaller;
        }
    }
}

/// Whether a step repairs what no later one does: then it stays as long as
/// there is anything to it.
fn is_needed(step: &Step, scenario: &Scenario) -> bool {
    let ends_a_twin = match &step.deed {
        Deed::Crash(who) => twins(scenario).any(|twin| who.names().contains(twin)),
        _ => false,
    };
    let again = |later: &Step| {
        later.at > step.at
            && (later.deed == Deed::Heal && matches!(step.deed, Deed::Mend(_) | Deed::Heal)
                || discriminant(&later.deed) == discriminant(&step.deed) && is_repair(&later.deed))
    };
    ends_a_twin || is_repair(&step.deed) && !scenario.steps.iter().any(again)
}

fn twins(scenario: &Scenario) -> impl Iterator<Item = &Name> {
    scenario.steps.iter().filter_map(|step| match &step.deed {
        Deed::Twin(_, name, _) => Some(name),
        _ => None,
    })
}

/// Whether hosts and copies it names exist, and what it repairs.
fn makes_sense(step: &Step, scenario: &Scenario) -> bool {
    let mut known = true;
    step.deed.for_each_who(&mut |who| {
        known &= who.names().iter().all(|name| scenario.has(name));
    });
    let copied = |name| {
        let mut earlier = scenario
            .steps
            .iter()
            .filter(|earlier| earlier.at <= step.at);
        earlier.any(|earlier| matches!(&earlier.deed, Deed::Backup(_, copy) if copy == name))
    };
    let copied = step.deed.backup().is_none_or(copied);
    let broken = scenario
        .steps
        .iter()
        .any(|other| repairs(&step.deed, &other.deed));
    let late = scenario.cast.iter().any(|part| part.late);
    let foul = !is_fair(&scenario.weather);
    let other = match &step.deed {
        Deed::Start(_) => late,
        Deed::Weather(..) => foul,
        _ => false,
    };
    known && copied && (broken || other || !is_repair(&step.deed))
}

/// Whether a deed repairs.
fn is_repair(deed: &Deed) -> bool {
    match deed {
        Deed::Heal | Deed::Mend(_) | Deed::Start(_) | Deed::Resume(_) | Deed::Drift(_, 0) => true,
        Deed::Slow(_, span) => span.is_zero(),
        Deed::Disks(_, how) => *how == Writing::Mended,
        Deed::Weather(_, weather) => is_fair(weather),
        _ => false,
    }
}

/// Whether a deed repairs what another breaks.
fn repairs(deed: &Deed, breaks: &Deed) -> bool {
    match (deed, breaks) {
        (Deed::Heal, Deed::Partition(_) | Deed::Cut(_) | Deed::Clog(..) | Deed::Flap(..)) => true,
        (Deed::Mend(mended), Deed::Cut(cut) | Deed::Flap(cut, ..)) => mended == cut,
        // A twin may win, and then the other halts.
        (
            Deed::Start(_),
            Deed::Crash(_) | Deed::Leave(_) | Deed::Twin(..) | Deed::Disks(..) | Deed::Restart(..),
        ) => true,
        (Deed::Resume(_), Deed::Pause(_)) => true,
        (Deed::Slow(_, _), Deed::Slow(_, span)) => !span.is_zero(),
        (Deed::Drift(..), Deed::Drift(_, ppm)) => *ppm != 0,
        (Deed::Disks(..), Deed::Disks(_, how)) => *how != Writing::Mended,
        (Deed::Weather(..), Deed::Weather(_, weather)) => !is_fair(weather),
        _ => false,
    }
}

fn fewer_nodes(best: &mut Scenario, attempt: &mut Attempt<'_>) {
    let mut names: Vec<Name> = best.cast.iter().map(|part| part.name.clone()).collect();
    // Half of them, then one by one.
    let half: Vec<Name> = names
        .iter()
        .skip(names.len().div_ceil(2))
        .cloned()
        .collect();
    if half.len() > 1 && attempt(best, without(best, &half)) {
        names.retain(|name| !half.contains(name));
    }
    for name in names.iter().rev() {
        if best.cast.len() > 1 {
            let candidate = without(best, core::slice::from_ref(name));
            attempt(best, candidate);
        }
    }
}

/// The scenario without these nodes, and without every word about them.
fn without(scenario: &Scenario, names: &[Name]) -> Scenario {
    let mut smaller = scenario.clone();
    smaller.cast.retain(|part| !names.contains(&part.name));
    let first = smaller.cast.first().map(|part| part.name.clone());
    for part in &mut smaller.cast {
        part.joins.retain(|name| !names.contains(name));
        if part.joins.is_empty() && Some(&part.name) != first.as_ref() {
            part.joins.extend(first.clone());
        }
    }
    smaller.nevers.retain_mut(|never| {
        strike(&mut never.about, names);
        strike(&mut never.to, names);
        !is_nobody(&never.about) && !is_nobody(&never.to)
    });
    let mut kept = Vec::new();
    for mut step in core::mem::take(&mut smaller.steps) {
        let mut left = true;
        step.deed.for_each_who_mut(&mut |who| {
            strike(who, names);
            left &= !is_nobody(who);
        });
        let mut named = false;
        step.deed
            .for_each_who(&mut |who| named |= who.names().iter().any(|name| names.contains(name)));
        if left && !named {
            kept.push(step);
        }
    }
    smaller.steps = kept;
    smaller
}

fn strike(who: &mut Who, names: &[Name]) {
    if let Who::These(these) = who {
        these.retain(|name| !names.contains(name));
    }
}

fn is_nobody(who: &Who) -> bool {
    matches!(who, Who::These(names) if names.is_empty())
}

/// What goes wrong comes sooner, and after it the rest as soon as before.
fn earlier_end(best: &mut Scenario, attempt: &mut Attempt<'_>) {
    let healed = |scenario: &Scenario| {
        let heals = |step: &&Step| matches!(step.deed, Deed::Heal | Deed::Expect(_));
        scenario.steps.iter().find(heals).map(|step| step.at)
    };
    for divisor in [4, 2] {
        let mut candidate = best.clone();
        let calm = healed(best).unwrap_or(best.end);
        let sooner = calm.saturating_sub(whole(calm / divisor));
        for step in &mut candidate.steps {
            step.at = match step.at < calm {
                true => whole(step.at / divisor),
                false => step.at.saturating_sub(sooner),
            };
        }
        candidate.end = best.end.saturating_sub(sooner);
        attempt(best, candidate);
    }
    // Whoever still waits for something is waited for.
    let mut candidate = best.clone();
    candidate.end = best.steps.last().map_or(Duration::ZERO, |step| step.at);
    attempt(best, candidate);
}

/// Times are kept in milliseconds.
fn whole(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

fn milder(best: &mut Scenario, attempt: &mut Attempt<'_>) {
    let mut candidate = best.clone();
    candidate.weather = Weather::default();
    attempt(best, candidate);
    for number in 0..best.steps.len() {
        for milder in milder_deeds(best.steps.get(number)) {
            let mut candidate = best.clone();
            if let Some(step) = candidate.steps.get_mut(number) {
                step.deed = milder;
            }
            attempt(best, candidate);
        }
    }
}

/// The same with less of it.
fn milder_deeds(step: Option<&Step>) -> Vec<Deed> {
    let mut milder = Vec::new();
    match step.map(|step| &step.deed) {
        Some(Deed::Flap(route, every, span)) => {
            milder.push(Deed::Flap(route.clone(), *every, whole(*span / 2)));
            if every < span {
                milder.push(Deed::Flap(route.clone(), every.saturating_mul(2), *span));
            }
        }
        Some(Deed::Clog(route, span)) => milder.push(Deed::Clog(route.clone(), whole(*span / 2))),
        Some(Deed::Slow(who, span)) => milder.push(Deed::Slow(who.clone(), whole(*span / 2))),
        Some(Deed::Drift(who, ppm)) => milder.push(Deed::Drift(who.clone(), ppm / 2)),
        Some(Deed::Weather(route, weather)) => {
            for change in [
                |weather: &mut Weather| weather.burst = None,
                |weather: &mut Weather| weather.duplicate_ppm = 0,
                |weather: &mut Weather| weather.reorder_ppm = 0,
                |weather: &mut Weather| weather.replay_ppm = 0,
                |weather: &mut Weather| weather.datagram_bytes = None,
                |weather: &mut Weather| weather.loss_ppm /= 2,
            ] {
                let mut milder_weather = weather.clone();
                change(&mut milder_weather);
                milder.push(Deed::Weather(route.clone(), milder_weather));
            }
        }
        Some(Deed::Coalesce(on, name, count) | Deed::Say(on, name, count)) if *count > 1 => {
            milder.push(Deed::Say(on.clone(), name.clone(), count / 2));
        }
        Some(Deed::Fill(on, scope, key, count)) if *count > 1 => {
            milder.push(Deed::Fill(on.clone(), *scope, key.clone(), count / 2));
        }
        Some(Deed::Write(on, wishes)) if wishes.len() > 1 => {
            for left_out in 0..wishes.len() {
                let mut fewer = wishes.clone();
                fewer.remove(left_out);
                milder.push(Deed::Write(on.clone(), fewer));
            }
        }
        Some(Deed::Expect(expectation)) if !matches!(expectation.what, What::Hold(..)) => {
            let mut sooner = expectation.clone();
            sooner.holding = Duration::ZERO;
            milder.push(Deed::Expect(sooner));
        }
        _ => {}
    }
    milder
}

#[cfg(test)]
mod tests {
    use super::super::draw::draw;
    use super::*;

    /// Fails where one crashes after another was cut off.
    fn fails(scenario: &Scenario) -> bool {
        let mut cut = false;
        scenario.steps.iter().any(|step| {
            cut |= matches!(step.deed, Deed::Cut(_));
            cut && matches!(step.deed, Deed::Crash(_))
        })
    }

    #[test]
    fn what_does_not_matter_goes() {
        let mut shrunk = 0;
        for seed in (0..2_000).filter(|seed| fails(&draw(*seed))).take(40) {
            let small = shrink(&draw(seed), fails, || true);
            assert!(fails(&small));
            // Besides the two: a twin, whose host would not be there, and what
            // repairs.
            let breaks = |step: &&Step| !is_repair(&step.deed);
            let left = small.steps.iter().filter(breaks).count();
            assert!(left <= 3, "{small}");
            assert!(small.cast.len() <= 4, "{small}");
            shrunk += 1;
        }
        assert_eq!(shrunk, 40);
    }

    #[test]
    fn it_ends_when_it_is_told_to() {
        let mut calls = 0;
        let scenario = draw(1);
        shrink(
            &scenario,
            |_| true,
            || {
                calls += 1;
                calls < 5
            },
        );
        assert!(calls <= 10_000);
        assert_eq!(shrink(&scenario, |_| true, || false), scenario);
    }
}
