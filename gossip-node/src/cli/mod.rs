//! The command line: one file a verb, and what they share.
//!
//! A verb's file holds its arguments and one function `run` that ends well or
//! in a [`Failure`]. What people read goes through [`out`], what programs read
//! (`--json`) has the field names of the API.

mod agent;
mod completions;
mod demo;
mod event;
pub(crate) mod exit;
mod follow;
mod history;
mod kv;
mod leave;
pub(crate) mod members;
pub(crate) mod out;
mod pki;
mod query;
mod quorum;
pub(crate) mod reach;
mod reader;
#[cfg(feature = "sim")]
mod sim;
mod status;
pub(crate) mod table;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::{Exit, Failure};

/// Membership and shared state for a cluster, over QUIC with mutual TLS.
///
/// `gossip demo` shows it at work, with nothing to install or configure.
/// `gossip agent` runs one node; the other commands talk to a running one.
#[derive(Debug, Parser)]
#[command(name = "gossip", version, after_help = exit::HELP)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
struct Args {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Shared {
    /// The agent's API: the path of its socket, or http://127.0.0.1:PORT [env: GOSSIP_API]
    ///
    /// Without either, the one socket in $XDG_RUNTIME_DIR/gossip is taken. For `gossip agent` it
    /// says where to listen, and the variable does not count.
    #[arg(
        long,
        global = true,
        value_name = "PATH|URL",
        help_heading = "For every command"
    )]
    pub(crate) api: Option<String>,

    /// Print JSON: one document, or one a line for what goes on
    #[arg(long, global = true, help_heading = "For every command")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Agent(Box<agent::Args>),
    Members(members::Args),
    Status(status::Args),
    Watch(watch::Args),
    History(history::Args),
    Event(event::Args),
    Query(query::Args),
    Quorum(quorum::Args),
    #[command(subcommand)]
    Kv(kv::Command),
    Leave(leave::Args),
    #[cfg(feature = "sim")]
    Sim(Box<sim::Args>),
    #[command(subcommand)]
    Pki(pki::Command),
    Completions(completions::Args),
}

/// Runs what was asked, and says how it ended.
pub(crate) fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8));
        }
    };
    let shared = args.shared;
    let ended = match args.command {
        Command::Demo(args) => demo::run(&args, &shared),
        Command::Agent(args) => agent::run(&args, &shared),
        Command::Members(args) => block_on(members::run(&args, &shared)),
        Command::Status(args) => block_on(status::run(&args, &shared)),
        Command::Watch(args) => block_on(watch::run(&args, &shared)),
        Command::History(args) => block_on(history::run(&args, &shared)),
        Command::Event(args) => block_on(event::run(&args, &shared)),
        Command::Query(args) => block_on(query::run(&args, &shared)),
        Command::Quorum(args) => block_on(quorum::run(&args, &shared)),
        Command::Kv(command) => block_on(kv::run(&command, &shared)),
        Command::Leave(args) => block_on(leave::run(&args, &shared)),
        #[cfg(feature = "sim")]
        Command::Sim(args) => sim::run(&args, &shared),
        Command::Pki(command) => pki::run(&command, &shared),
        Command::Completions(args) => completions::run(&args, &mut Args::command()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs a command that asks an agent and waits.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .map_err(|why| Failure::new(Exit::Error, format!("no runtime: {why}")))?
        .block_on(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_reference_names_every_command_and_every_exit_code() {
        fn walk(command: &clap::Command, path: &str, reference: &str) {
            for verb in command.get_subcommands() {
                let path = format!("{path} {}", verb.get_name());
                assert!(reference.contains(&path), "docs/AGENT.md lacks `{path}`");
                assert!(verb.get_about().is_some(), "{path} says nothing of itself");
                walk(verb, &path, reference);
            }
        }
        let reference = include_str!("../../../docs/AGENT.md");
        walk(&Args::command(), "gossip", reference);
        for line in exit::HELP.lines().skip(1) {
            let code = line.trim().split(' ').next().unwrap();
            assert!(
                reference.contains(&format!("| {code} |")),
                "docs/AGENT.md lacks exit code {code}"
            );
        }
    }
}
