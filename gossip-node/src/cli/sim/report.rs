//! `gossip sim report`: the figures, their bars, and the anchors.

use gossip_core::sim::study::Sample;
use gossip_core::sim::study::report::{Bar, Effort, Figure, Job, Line, Section, Unit, sections};
use serde_json::{Value, json};

use super::pool::Course;
use super::{Report, given, pool};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out;
use crate::cli::table::table;

pub(super) fn run(args: &Report, as_json: bool) -> Result<(), Failure> {
    let effort = given::effort(args.quick, args.smoke);
    let seed = given::number("--seed", &args.seed, 0, u64::MAX)?;
    let threads = given::threads(args.threads.as_deref())?;
    let mut sections = chosen(sections(effort), &args.only)?;
    if !args.of.is_empty() || args.runs.is_some() {
        narrow(&mut sections, &args.of, args.runs.as_deref())?;
    }

    // A section is told when it is done, so that a report that is broken off
    // keeps what it has.
    let mut course = Course::of(sections.iter().flat_map(|it| &it.jobs));
    let mut told = Vec::new();
    for section in &sections {
        let jobs: Vec<&Job> = section.jobs.iter().collect();
        // What is timed runs alone: side by side it would be slower.
        let threads = if section.exact { threads } else { 1 };
        let samples = pool::play(&jobs, seed, threads, &mut course)?;
        course.clear();
        let it = Told::of(section, &samples);
        if as_json {
            out::json_line(&it.json())?;
        } else {
            out::line(&format!("{}\n", it.people()))?;
        }
        told.push(it);
    }
    let missed: Vec<String> = told.iter().flat_map(Told::missed).collect();
    if as_json {
        out::json_line(&json!({
            "event": "report",
            "seed": seed,
            "effort": word(effort),
            "sections": told.iter().map(Told::json).collect::<Vec<_>>(),
            "missed": missed,
        }))?;
    } else {
        out::line(&summary(&told, effort, seed, &missed))?;
    }
    if args.check && !missed.is_empty() {
        return Err(Failure::many(
            Exit::Error,
            missed
                .iter()
                .map(|missed| format!("missed: {missed}"))
                .collect(),
        ));
    }
    Ok(())
}

/// The sections that were asked for, in the order of the report.
fn chosen(mut sections: Vec<Section>, only: &[String]) -> Result<Vec<Section>, Failure> {
    let unknown = only
        .iter()
        .find(|name| sections.iter().all(|it| it.name != **name));
    if let Some(name) = unknown {
        let names: Vec<_> = sections.iter().map(|it| it.name).collect();
        let (name, names) = (out::visible(name), names.join(", "));
        let line = format!("--only: there is no section {name:?}; allowed: {names}");
        return Err(Failure::new(Exit::Usage, line));
    }
    sections.retain(|it| only.is_empty() || only.iter().any(|name| it.name == *name));
    Ok(sections)
}

/// Leaves only a part of each section.
fn narrow(sections: &mut Vec<Section>, of: &str, runs: Option<&str>) -> Result<(), Failure> {
    let runs = runs.map(|runs| given::number("--runs", runs, 1, 100_000));
    let runs = runs.transpose()?;
    let labels: Vec<String> = sections
        .iter()
        .flat_map(|it| &it.jobs)
        .map(|job| job.label.clone())
        .collect();
    sections.retain_mut(|section| section.narrow(of, runs));
    if sections.is_empty() {
        let (of, labels) = (out::visible(of), labels.join("; "));
        let line = format!("--of: no trial has {of:?} in its label; allowed: parts of {labels}");
        return Err(Failure::new(Exit::Usage, line));
    }
    Ok(())
}

fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Smoke => "smoke",
        Effort::Quick => "quick",
        Effort::Full => "full",
    }
}

/// A section with its figures.
struct Told<'a> {
    section: &'a Section,
    figures: Vec<(&'a Line, Figure)>,
}

impl<'a> Told<'a> {
    fn of(section: &'a Section, samples: &[Sample]) -> Self {
        let lines = section.lines.iter();
        let figures = lines.map(|line| (line, (line.measure)(samples)));
        // What needs trials that were left out is not told.
        let whole = section.jobs.iter().all(|job| job.trials > 0);
        let told = figures.filter(|(_, figure)| whole || !figure.number.is_nan());
        Self {
            section,
            figures: told.collect(),
        }
    }

    /// Figures that miss a bar that depends on the seed alone.
    fn missed(&self) -> Vec<String> {
        let exact = self.figures.iter().filter(|_| self.section.exact);
        let missed = exact.filter(|(line, figure)| {
            let bar = line.bar;
            bar.is_some_and(|bar| !bar.is_reached(figure.number))
        });
        missed
            .map(|(line, figure)| {
                let (name, what) = (self.section.name, &line.what);
                let number = shown(figure.number, line.unit);
                format!("{name}: {what}: {number}, not {}", bar(line))
            })
            .collect()
    }

    fn json(&self) -> Value {
        let figures = self.figures.iter().map(|(line, figure)| {
            let (word, bar) = match line.bar {
                Some(Bar::AtMost(bar)) => (Some("at_most"), Some(bar)),
                Some(Bar::AtLeast(bar)) => (Some("at_least"), Some(bar)),
                None => (None, None),
            };
            json!({
                "what": line.what,
                "measured": figure.number.is_finite().then_some(figure.number),
                "never": figure.number.is_infinite(),
                "unit": unit(line.unit),
                "bar": bar,
                "bar_is": word,
                "reached": line.bar.map(|bar| bar.is_reached(figure.number)),
                "anchor": line.anchor,
                "from": figure.from,
            })
        });
        json!({
            "event": "section",
            "name": self.section.name,
            "title": self.section.title,
            "exact": self.section.exact,
            "figures": figures.collect::<Vec<_>>(),
        })
    }

    fn people(&self) -> String {
        let rows: Vec<_> = self.figures.iter().map(row).collect();
        let headings = ["", "MEASURED", "TO REACH", "REACHED", "OTHERS", "FROM"];
        let text = table(headings, &rows);
        format!("{}  ({})\n{text}", self.section.title, self.section.name)
    }
}

fn row((line, figure): &(&Line, Figure)) -> [String; 6] {
    let reached = match line.bar {
        None => "",
        Some(bar) if bar.is_reached(figure.number) => "yes",
        Some(_) => "NO",
    };
    [
        format!("  {}", line.what),
        shown(figure.number, line.unit),
        bar(line),
        reached.to_owned(),
        line.anchor.to_owned(),
        figure.from.clone(),
    ]
}

fn bar(line: &Line) -> String {
    match line.bar {
        Some(Bar::AtMost(bar)) => format!("≤ {}", shown(bar, line.unit)),
        Some(Bar::AtLeast(bar)) => format!("≥ {}", shown(bar, line.unit)),
        None => String::new(),
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::PerHour => "/h",
        Unit::Count => "",
        Unit::Percent | Unit::Share => "%",
        Unit::PerSecond => "/s",
        Unit::Bytes => "B",
        Unit::BytesPerSecond => "B/s",
        Unit::Times => "times",
        Unit::Cycles => "cycles",
        Unit::Copies => "copies",
    }
}

/// A number as people read it.
fn shown(number: f64, of: Unit) -> String {
    if number.is_nan() {
        return "not measured".to_owned();
    }
    if number.is_infinite() {
        return "never".to_owned();
    }
    let digits = match of {
        Unit::Count | Unit::Bytes => 0,
        _ if number >= 1_000.0 || number == 0.0 => 0,
        _ if number >= 100.0 || number.fract() == 0.0 => 0,
        _ if number >= 10.0 => 1,
        _ if number >= 0.1 => 2,
        _ => 4,
    };
    let text = match of {
        Unit::Percent => format!("±{number:.digits$}"),
        _ => format!("{number:.digits$}"),
    };
    format!("{text} {}", unit(of)).trim_end().to_owned()
}

/// What is said at the end.
fn summary(told: &[Told<'_>], effort: Effort, seed: u64, missed: &[String]) -> String {
    let bars = told.iter().flat_map(|it| &it.figures);
    let bars = bars.filter(|(line, _)| line.bar.is_some());
    let reached = bars
        .clone()
        .filter(|(line, figure)| line.bar.is_some_and(|bar| bar.is_reached(figure.number)));
    let (reached, all) = (reached.count(), bars.count());
    let mut text = format!(
        "{reached} of {all} bars reached; effort {}, seed {seed}. Times and rates are simulated: \
         the same on every machine.",
        word(effort)
    );
    if effort < Effort::Full {
        text.push_str(" Few runs: rough.");
    }
    if !missed.is_empty() {
        text.push_str(" docs/SIMULATOR.md says what each figure is.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!(shown(6.0, Unit::Seconds), "6 s");
        assert_eq!(shown(10.237, Unit::Seconds), "10.2 s");
        assert_eq!(shown(0.0003, Unit::PerHour), "0.0003 /h");
        assert_eq!(shown(f64::INFINITY, Unit::Seconds), "never");
        assert_eq!(shown(f64::NAN, Unit::Count), "not measured");
        assert_eq!(shown(12.34, Unit::Percent), "±12.3 %");
        assert_eq!(shown(0.0, Unit::Count), "0");
    }

    #[test]
    fn a_section_that_does_not_exist_is_refused_with_those_that_do() {
        let refused = chosen(sections(Effort::Smoke), &["moon".to_owned()]);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("moon") && text.contains("detect"), "{text}");
        let one = chosen(sections(Effort::Smoke), &["leave".to_owned()]).unwrap();
        assert_eq!(one.len(), 1);
    }
}
