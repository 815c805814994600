//! `sim`: a cluster in simulated time, optimised, with your arguments.

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace};

pub(crate) const HELP: &str = "\
usage: cargo xtask sim [arguments of `gossip sim`]
       cargo xtask sim --report [arguments of `gossip sim report`]
       cargo xtask sim -- --help

Builds `gossip` with optimisation and runs `gossip sim`. What it prints depends
on its arguments and its seed, and on nothing else; of a report the simulator's
own speed depends on the machine.

  cargo xtask sim --nodes 500 --loss 5% --partition 30s --seed 7
  cargo xtask sim --report            the project's figures: hours, or a section by --only
  cargo xtask sim --report --quick    the same, roughly, in minutes
  cargo xtask sim trade               a curve instead of one default
  cargo xtask sim epidemic --tables   rules of the literature, by the book

Scenarios; the last three with the simulator of gossip-core itself:

  cargo xtask sim run FILE|SEED [--trace LINES]     play one
  cargo xtask sim show FILE|SEED                    print one
  cargo xtask sim swarm [--from SEED] [--seeds N]   play those of many seeds; one
                      that fails is printed, kept under target/sim and made smaller
  cargo xtask sim minimise FILE|SEED                make one that fails smaller
  cargo xtask sim canaries                          broken nodes, each to be found";

/// Verbs of the core's own simulator.
const SCENARIOS: [&str; 2] = ["swarm", "minimise"];

pub(crate) fn run(workspace: &Workspace, args: Args) -> Result<(), Error> {
    let words = words(args);
    let line = match words.first().map(String::as_str) {
        Some("canaries") => {
            let line = "test --release -p gossip-core --features sim --test canaries";
            return workspace::run(workspace.cargo(line.split(' ')));
        }
        Some(verb) if SCENARIOS.contains(&verb) => {
            "run --release -p gossip-core --features sim --example sim --"
        }
        _ => "run --release -p gossip-node --bin gossip -- sim",
    };
    let mut command = workspace.cargo(line.split(' '));
    command.args(words);
    workspace::run(command)
}

/// What `gossip sim` is given: `--report` is its verb.
fn words(mut args: Args) -> Vec<String> {
    let mut words = Vec::new();
    if args.flag("--report") {
        words.push("report".to_owned());
    }
    words.extend(args.rest());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_a_verb_and_everything_else_goes_through() {
        let given = |line: &str| words(Args::new(line.split(' ').map(str::to_owned).collect()));
        assert_eq!(
            given("--report --quick --only heal"),
            ["report", "--quick", "--only", "heal"]
        );
        assert_eq!(given("--nodes 5"), ["--nodes", "5"]);
        assert_eq!(given("-- --help"), ["--help"]);
    }
}
