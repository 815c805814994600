//! `gossip demo`: see it at work.

use super::Shared;
use super::exit::Failure;
use crate::demo::{self, Wish};

/// Run a real cluster of several agents on this machine, and show what it does
///
/// Each agent is a process of its own, with its own certificate, UDP socket on loopback and
/// journal in a temporary directory. They meet; a key put on one reaches all; one is killed, found
/// dead, and comes back. Then the cluster stays up, for you to play with, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many agents
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=32))]
    nodes: u16,

    /// Check each step, refused strangers too, and end: with 0 if all is well, else with 1
    #[arg(long)]
    script: bool,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    demo::run(Wish {
        nodes: usize::from(args.nodes),
        script: args.script,
        json: shared.json,
    })
}
