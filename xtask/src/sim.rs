//! `sim`: a cluster in simulated time, optimised, with your arguments.

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace};

pub(crate) const HELP: &str = "\
usage: cargo xtask sim [arguments of the simulator]
       cargo xtask sim -- --help

Builds the simulator of gossip-core with optimisation and runs it. What it
prints depends on its arguments and its seed, and on nothing else.";

pub(crate) fn run(workspace: &Workspace, args: Args) -> Result<(), Error> {
    let build = [
        "run",
        "--release",
        "-p",
        "gossip-core",
        "--features",
        "sim",
        "--example",
        "sim",
    ];
    let mut command = workspace.cargo(build);
    command.arg("--").args(args.rest());
    workspace::run(command)
}
