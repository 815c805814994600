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
  cargo xtask sim --report            the project's figures, half an hour
  cargo xtask sim --report --quick    the same, roughly, in minutes
  cargo xtask sim trade               a curve instead of one default";

pub(crate) fn run(workspace: &Workspace, args: Args) -> Result<(), Error> {
    let mut command = workspace.cargo([
        "run",
        "--release",
        "--package",
        "gossip-node",
        "--bin",
        "gossip",
        "--",
        "sim",
    ]);
    command.args(words(args));
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
