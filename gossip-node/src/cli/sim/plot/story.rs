//! The picture of a story: how news spread, and what members held one another
//! for, from the first agreement to the end.

use std::time::Duration;

use gossip_core::sim::study::{Seen, Spread, average};

use super::axis::Axis;
use super::chart::{BLUE, GREEN, Look, ORANGE, PURPLE, Panel, Series, VERMILION, draw};

/// The least time shown: no news crosses a cluster sooner.
const LEAST_MS: f64 = 1.0;

/// Draws it.
pub(in crate::cli::sim) fn story(heading: &str, below: &str, members: u32, seen: &Seen) -> String {
    let mut panels = vec![infection(seen)];
    panels.extend(pictures(members, seen));
    draw(heading, below, &panels)
}

/// How many of a hundred know, after so many milliseconds.
fn curve(learned: &[f64], members: usize) -> Vec<(f64, f64)> {
    let share = |known: usize| known as f64 * 100.0 / members.max(1) as f64;
    let mut points = Vec::new();
    for (known, ms) in learned.iter().enumerate() {
        points.push((*ms, share(known)));
        points.push((*ms, share(known + 1)));
    }
    points
}

fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e3).max(LEAST_MS)
}

/// Curves of many spreads: each faint, and the median of them bold.
fn curves(spreads: &[Vec<f64>], members: usize, name: String, colour: &'static str) -> Vec<Series> {
    let mut series = Vec::new();
    if spreads.len() > 1 {
        series.extend(spreads.iter().map(|learned| Series {
            name: String::new(),
            colour,
            points: curve(learned, members),
            look: Look::Faint,
        }));
    }
    let longest = spreads.iter().map(Vec::len).max().unwrap_or(0);
    let medians = (0..longest).map_while(|place| {
        let mut at: Vec<f64> = spreads
            .iter()
            .filter_map(|it| it.get(place).copied())
            .collect();
        at.sort_by(f64::total_cmp);
        at.get(at.len() / 2).copied()
    });
    let medians: Vec<f64> = medians.collect();
    series.push(Series {
        name,
        colour,
        points: curve(&medians, members),
        look: Look::Bold,
    });
    series
}

fn infection(seen: &Seen) -> Panel {
    let mut series = Vec::new();
    let members = |spreads: &[Spread]| spreads.first().map_or(1, |it| it.members);
    let many = |count: usize, one: &str| match count {
        1 => one.to_owned(),
        _ => format!("{one} (median of {count})"),
    };
    if !seen.updates.is_empty() {
        let spreads: Vec<Vec<f64>> = seen
            .updates
            .iter()
            .map(|it| it.learned.iter().copied().map(millis).collect())
            .collect();
        let name = many(spreads.len(), "a written key");
        series.extend(curves(&spreads, members(&seen.updates), name, BLUE));
    }
    if !seen.crashes.is_empty() {
        let since_first = |it: &Spread| -> Vec<f64> {
            let first = it.learned.first().copied().unwrap_or_default();
            it.learned.iter().map(|at| millis(*at - first)).collect()
        };
        let spreads: Vec<Vec<f64>> = seen.crashes.iter().map(since_first).collect();
        let name = many(spreads.len(), "a crash, since the first verdict");
        series.extend(curves(&spreads, members(&seen.crashes), name, VERMILION));
    }
    let last = series.iter().flat_map(|it| &it.points).map(|it| it.0);
    let most = last.fold(10.0, f64::max);
    Panel {
        title: "How news spreads".to_owned(),
        height: 250.0,
        x: Axis::log("time since it happened (logarithmic)", LEAST_MS, most).labelled(ms),
        y: Axis::linear("members that know (%)", 0.0, 100.0),
        series,
        marks: Vec::new(),
        notes: Vec::new(),
        remarks: vec!["Faint: each of them.".to_owned()],
    }
}

fn ms(number: f64) -> String {
    if number >= 1_000.0 {
        format!("{} s", number / 1_000.0)
    } else {
        // A tenth of a millisecond is not 0.1 to the last digit.
        format!("{} ms", (number * 10.0).round() / 10.0)
    }
}

/// The unit in which a story of this length is told.
fn clock(span: Duration) -> (f64, &'static str) {
    match span.as_secs() {
        0..=299 => (1.0, "s"),
        300..=10_799 => (60.0, "min"),
        _ => (3_600.0, "h"),
    }
}

fn pictures(members: u32, seen: &Seen) -> [Panel; 2] {
    let start = seen.joined.unwrap_or_default();
    let (unit, word) = clock(seen.elapsed);
    let at = |moment: Duration| moment.as_secs_f64() / unit;
    // The look that found everybody agreed, and what came after.
    let timeline: Vec<(f64, [f64; 5])> = seen
        .timeline
        .iter()
        .filter(|(moment, _)| *moment >= start)
        .map(|(moment, tally)| (at(*moment), average(*tally, members)))
        .collect();
    let line = |place: usize, name: &str, colour, look| Series {
        name: name.to_owned(),
        colour,
        points: timeline
            .iter()
            .map(|(at, held)| (*at, held.get(place).copied().unwrap_or(0.0)))
            .collect(),
        look,
    };
    let alive = line(0, "alive", GREEN, Look::Bold);
    let others = [
        line(1, "suspect", ORANGE, Look::Filled),
        line(2, "dead", VERMILION, Look::Filled),
        line(3, "left", PURPLE, Look::Filled),
        line(4, "never heard of", BLUE, Look::Filled),
    ];
    let is_there = |series: &Series| series.points.iter().any(|it| it.1 > 0.0);
    let others: Vec<_> = others
        .into_iter()
        .enumerate()
        .filter(|(place, it)| *place < 2 || is_there(it))
        .map(|(_, it)| it)
        .collect();
    let most = others.iter().flat_map(|it| &it.points).map(|it| it.1);
    let most = most.fold(0.1, f64::max);
    let least = alive.points.iter().map(|it| it.1);
    let least = least.fold(f64::from(members.saturating_sub(1)), f64::min);
    let x = || Axis::linear(&format!("simulated time ({word})"), 0.0, at(seen.elapsed));
    let chapters = seen.chapters.iter().filter(|(moment, _)| *moment >= start);
    let marks: Vec<_> = chapters
        .map(|(moment, what)| (at(*moment), (*what).to_owned()))
        .collect();
    let all = f64::from(members.saturating_sub(1));
    [
        Panel {
            title: "Alive, in the picture of an average member".to_owned(),
            height: 140.0,
            x: x(),
            y: Axis::linear("members", least.min(all * 0.98).max(0.0), all),
            series: vec![alive],
            marks,
            notes: Vec::new(),
            remarks: vec!["Of the others; a running member's picture.".to_owned()],
        },
        Panel {
            title: "Not alive, in the picture of an average member".to_owned(),
            height: 200.0,
            x: x(),
            y: Axis::linear("members", 0.0, most),
            series: others,
            marks: Vec::new(),
            notes: Vec::new(),
            remarks: Vec::new(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_climbs_to_a_hundred() {
        let points = curve(&[1.0, 2.0, 4.0, 8.0], 4);
        assert_eq!(points.first(), Some(&(1.0, 0.0)));
        assert_eq!(points.last(), Some(&(8.0, 100.0)));
    }

    #[test]
    fn labels_have_units() {
        assert_eq!(ms(0.1), "0.1 ms");
        assert_eq!(ms(100.0), "100 ms");
        assert_eq!(ms(10_000.0), "10 s");
        assert_eq!(clock(Duration::from_secs(400)).1, "min");
    }
}
