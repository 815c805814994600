//! What the simulator does with many scenarios: a swarm of seeds, a failure made
//! smaller. One alone is played by `gossip sim run`.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what is printed for whoever waits is real time"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::time::Instant;

use gossip_core::Node;
use gossip_core::sim::marks::{self, Mark};
use gossip_core::sim::scenario::{Scenario, draw};

use super::story;

const HELP: &str = "\
usage: sim swarm [--from <seed>] [--seeds <n>]    play the scenarios of many seeds
       sim minimise <file|seed>                   make one that fails smaller";

/// Does what the arguments say; whether they named a verb.
pub(crate) fn run(args: &[String]) -> Result<bool, Box<dyn Error>> {
    let rest = args.get(1..).unwrap_or_default();
    match args.first().map(String::as_str) {
        Some("swarm") => swarm(option(rest, "--from", 0)?, option(rest, "--seeds", 1_000)?)?,
        Some("minimise") => {
            let scenario = read(rest.first())?;
            match story::quietly(|| story::attempt::<Node>(&scenario, 20)) {
                Ok(_) => println!("it does not fail"),
                Err(failure) => {
                    println!(
                        "{}",
                        story::keep::<Node>(&scenario, &failure, story::PATIENCE)
                    );
                }
            }
        }
        Some("help") => println!("{HELP}"),
        _ => return Ok(false),
    }
    Ok(true)
}

/// The scenario of a file or of a seed.
fn read(what: Option<&String>) -> Result<Scenario, Box<dyn Error>> {
    let what = what.ok_or(HELP)?;
    match what.parse() {
        Ok(seed) => Ok(draw(seed)),
        Err(_) => {
            let text = fs::read_to_string(what).map_err(|error| format!("{what}: {error}"))?;
            Ok(text.parse().map_err(|error| format!("{what}: {error}"))?)
        }
    }
}

fn option(args: &[String], name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    let at = args.iter().position(|arg| arg == name);
    let value = at.and_then(|at| args.get(at + 1));
    match (at, value) {
        (None, _) => Ok(default),
        (Some(_), Some(value)) => Ok(value.parse()?),
        (Some(_), None) => Err(format!("{name} needs a number").into()),
    }
}

fn swarm(from: u64, seeds: u64) -> Result<(), Box<dyn Error>> {
    let (started, mut seconds, mut failed) = (Instant::now(), 0, Vec::new());
    let mut reached: BTreeMap<Mark, u64> = BTreeMap::new();
    for seed in from..from.saturating_add(seeds) {
        match story::quietly(|| story::attempt::<Node>(&draw(seed), 0)) {
            Ok(played) => {
                seconds += played.node_seconds;
                for mark in played.marks {
                    *reached.entry(mark).or_default() += 1;
                }
            }
            Err(failure) => {
                println!("seed {seed}: {failure}");
                failed.push(seed);
            }
        }
    }
    let took = started.elapsed().as_secs_f64();
    println!("seeds that have been there:");
    for mark in marks::all() {
        let times = reached.get(mark).copied().unwrap_or(0);
        println!("{times:>7}  {mark}");
    }
    println!(
        "{seeds} seeds, {} failed, {seconds} node-seconds in {took:.1} s",
        failed.len()
    );
    match failed.first() {
        None => Ok(()),
        Some(seed) => Err(format!("sim minimise {seed}").into()),
    }
}
