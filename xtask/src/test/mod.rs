//! `test`: everything that must hold before a change is done.
//!
//! A list of steps, cheap ones first, each under its own heading and with its
//! own time. It is exactly what CI runs. A step that cannot run here says why;
//! nothing is left out in silence.

mod step;

use std::time::{Duration, Instant};

use crate::args::Args;
use crate::error::Error;
use crate::workspace::Workspace;

use step::{Outcome, STEPS, Step};

pub(crate) const HELP: &str = "\
usage: cargo xtask test [--quick] [--keep-going] [--only <step>] [--list]

Runs every check of the project and prints a table at the end. The exit code
is 0 only if no step failed.

  --quick        leave out the slow steps: ring, docs, benches, demo, deny, advisories
  --keep-going   go on after a step that failed
  --only <step>  run one step
  --list         name the steps";

pub(crate) fn run(workspace: &Workspace, mut args: Args) -> Result<(), Error> {
    let quick = args.flag("--quick");
    let keep_going = args.flag("--keep-going");
    let list = args.flag("--list");
    let only = args.value("--only")?;
    args.done()?;
    if list {
        STEPS
            .iter()
            .for_each(|step| println!("{:<11} {}", step.name, step.what));
        return Ok(());
    }
    if let Some(name) = &only
        && !STEPS.iter().any(|step| step.name == name)
    {
        return Err(Error::new(
            format!("there is no step `{name}`"),
            "see `cargo xtask test --list`",
        ));
    }
    let started = Instant::now();
    let mut rows = Vec::new();
    let mut failed = false;
    for step in STEPS
        .iter()
        .filter(|step| only.as_deref().is_none_or(|only| only == step.name))
    {
        let from = Instant::now();
        let outcome = if failed && !keep_going {
            Outcome::Skipped("an earlier step failed".to_owned())
        } else if quick && step.slow {
            Outcome::Skipped("--quick".to_owned())
        } else {
            println!("\n━━ {}: {}", step.name, step.what);
            (step.run)(workspace)
        };
        match &outcome {
            Outcome::Passed => println!("━━ {} passed in {}", step.name, seconds(from.elapsed())),
            Outcome::Failed(error) => eprintln!("━━ {} failed: {error}", step.name),
            Outcome::Skipped(_) => {}
        }
        failed |= matches!(outcome, Outcome::Failed(_));
        rows.push(Row {
            step,
            outcome,
            elapsed: from.elapsed(),
        });
    }
    println!(
        "\n{}  {:<11} {:>9} in all",
        table(&rows),
        "",
        seconds(started.elapsed())
    );
    let names: Vec<&str> = rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Failed(_)))
        .map(|row| row.step.name)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        format!("failed: {}", names.join(", ")),
        "see above; `cargo xtask test --only <step>` runs one step again",
    ))
}

/// One line of the table at the end.
struct Row {
    step: &'static Step,
    outcome: Outcome,
    elapsed: Duration,
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row {
        step,
        outcome,
        elapsed,
    } in rows
    {
        let (time, outcome) = match outcome {
            Outcome::Passed => (seconds(*elapsed), "passed".to_owned()),
            Outcome::Failed(_) => (seconds(*elapsed), "FAILED".to_owned()),
            Outcome::Skipped(why) => ("-".to_owned(), format!("skipped: {why}")),
        };
        text.push_str(&format!("  {:<11} {time:>9} {outcome}\n", step.name));
    }
    text
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_was_skipped_and_why() {
        let step = STEPS.first().unwrap();
        let elapsed = Duration::from_millis(1_250);
        let rows = [
            Row {
                step,
                outcome: Outcome::Passed,
                elapsed,
            },
            Row {
                step,
                outcome: Outcome::Skipped("not installed".to_owned()),
                elapsed,
            },
        ];
        let text = table(&rows);
        assert!(
            text.contains("1.2 s passed") || text.contains("1.3 s passed"),
            "{text}"
        );
        assert!(text.contains("- skipped: not installed"), "{text}");
    }

    #[test]
    fn the_help_names_the_slow_steps() {
        let slow: Vec<&str> = STEPS
            .iter()
            .filter(|step| step.slow)
            .map(|step| step.name)
            .collect();
        assert!(HELP.contains(&slow.join(", ")), "{slow:?}");
    }
}
