//! `gossip completions`: what a shell needs to finish our words.

use clap::Command;
use clap_complete::Shell;

use super::exit::Failure;
use super::out;

/// Print completions for a shell
///
/// For example: gossip completions bash > ~/.local/share/bash-completion/completions/gossip
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: &mut Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "gossip", &mut script);
    out::bytes(&script)
}
