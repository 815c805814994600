//! `gossip sim run`, `gossip sim show`: scenarios, from a file or from a seed.

use std::fs;
use std::time::Duration;

use gossip_core::Node;
use gossip_core::sim::scenario::{Failure as Failed, Played, Scenario, Stage, draw};
use serde_json::{Value, json};

use super::{Run, Show, given};
use crate::cli::exit::{Exit, Failure};
use crate::cli::out;

/// More lines of a trace than anybody reads.
const MOST_LINES: usize = 1_000_000;

/// Plays one; ends with 1 where something is not as the scenario expects.
pub(super) fn run(args: &Run, as_json: bool) -> Result<(), Failure> {
    let lines = given::number("--trace", &args.trace, 0, MOST_LINES)?;
    let scenario = read(&args.what)?;
    match Stage::<Node>::of_machines(&scenario, lines).play() {
        Ok(played) if as_json => out::json(&went_well(&played)),
        Ok(played) => out::line(&well(&played)),
        Err(failed) => {
            match as_json {
                true => out::json(&went_wrong(&failed))?,
                false => failed
                    .trace
                    .iter()
                    .try_for_each(|line| out::line(&out::visible(line)))?,
            }
            Err(Failure::new(Exit::Error, failed.to_string()))
        }
    }
}

/// Prints one.
pub(super) fn show(args: &Show) -> Result<(), Failure> {
    let scenario = read(&args.what)?;
    out::bytes(scenario.to_string().as_bytes())
}

/// The scenario of a seed, or of a file.
fn read(what: &str) -> Result<Scenario, Failure> {
    if let Ok(seed) = what.parse() {
        return Ok(draw(seed));
    }
    let shown = out::visible(what);
    let text = fs::read_to_string(what)
        .map_err(|error| Failure::new(Exit::Usage, format!("{shown}: {error}")))?;
    text.parse()
        .map_err(|error| Failure::new(Exit::Usage, format!("{shown}: {error}")))
}

fn well(played: &Played) -> String {
    let mut lines = Vec::new();
    for (what, took) in &played.took {
        lines.push(format!("{:>9.3} s  {}", seconds(took), out::visible(what)));
    }
    lines.push(format!("trace {:016x}", played.trace_hash));
    lines.join("\n")
}

fn went_well(played: &Played) -> Value {
    let took = played.took.iter();
    let expected: Vec<Value> = took
        .map(|(what, took)| json!({ "what": what, "took_s": seconds(took) }))
        .collect();
    json!({
        "held": true,
        "expected": expected,
        "node_seconds": played.node_seconds,
        "trace": format!("{:016x}", played.trace_hash),
    })
}

fn went_wrong(failed: &Failed) -> Value {
    json!({
        "held": false,
        "at_s": seconds(&failed.at),
        "rule": failed.rule,
        "what": failed.what,
        "last": failed.trace,
    })
}

fn seconds(span: &Duration) -> f64 {
    span.as_secs_f64()
}
