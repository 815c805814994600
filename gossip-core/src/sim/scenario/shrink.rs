//! Shrinking: a smaller scenario that still fails.
//!
//! ```text
//!   steps ─▶ nodes ─▶ the end ─▶ spans and shares ─▶ steps again … until nothing goes
//! ```
//!
//! First steps are taken out in halves, quarters, eighths, and so on
//! (Zeller and Hildebrandt's ddmin, 2002). Then nodes, with every word about
//! them; then the scenario ends earlier; then spans get shorter and weather
//! milder. A candidate is kept where it fails, no matter how: what is left of
//! a long story is often another, simpler one.

use alloc::vec::Vec;
use core::time::Duration;

use super::deed::Deed;
use super::expect::What;
use super::plan::{Scenario, Step};
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
            let mut candidate = best.clone();
            candidate.steps.drain(start..end);
            if is_sound(&candidate) {
                attempt(best, candidate);
            }
            end = start.min(best.steps.len());
        }
        if size == 1 {
            break;
        }
        size = size.div_ceil(2);
    }
}

/// Whether every host and copy that is named was made before.
fn is_sound(scenario: &Scenario) -> bool {
    let mut copies: Vec<&str> = Vec::new();
    let sound = scenario.steps.iter().all(|step| {
        if let Deed::Backup(_, name) = &step.deed {
            copies.push(name);
        }
        step.deed.backup().is_none_or(|name| copies.contains(&name))
    });
    sound && scenario.stranger().is_none()
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

/// The end, or the whole last part with its expectations, comes earlier.
fn earlier_end(best: &mut Scenario, attempt: &mut Attempt<'_>) {
    for divisor in [16, 4, 2] {
        let mut candidate = best.clone();
        candidate.end = whole(best.end / divisor);
        candidate.steps.retain(|step| step.at <= candidate.end);
        attempt(best, candidate);
    }
    // All steps closer together.
    for divisor in [4, 2] {
        let mut candidate = best.clone();
        let last = best.steps.last().map_or(Duration::ZERO, |step| step.at);
        for step in &mut candidate.steps {
            step.at = whole(step.at / divisor);
        }
        let now_last = candidate
            .steps
            .last()
            .map_or(Duration::ZERO, |step| step.at);
        candidate.end = best.end.saturating_sub(last.saturating_sub(now_last));
        attempt(best, candidate);
    }
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
            milder.push(Deed::Flap(route.clone(), *every * 2, *span));
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
            // The third is a twin, whose host would not be there.
            assert!(small.steps.len() <= 3, "{small}");
            assert!(small.cast.len() <= 2, "{small}");
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
