//! `gossip sim`: what happens to a cluster, before it happens.
//!
//! ```text
//!   mod      the command line            story    one cluster, told once
//!   given    what was asked for          words    its report for people
//!   pool     trials on several threads   report   the table of figures
//!   meter    how far it is               trade    speed against false positives
//!   plot/    pictures of it               epidemic one update, by the book
//!   plot/    pictures of it              scenario what happens, from a file or a seed
//! ```
//!
//! The studies themselves are gossip-core's (`gossip_core::sim::study`); they
//! read no clock and start no thread, so both happen here.

mod clock;
mod epidemic;
mod given;
mod meter;
mod plot;
mod pool;
mod report;
mod scenario;
mod story;
mod trade;
mod words;
mod wrap;

use std::path::PathBuf;

use clap::Subcommand;

use super::Shared;
use super::exit::Failure;

const EXAMPLES: &str = "\
Examples:
  gossip sim --nodes 500 --loss 5% --partition 30s --seed 7
      what 500 members do on a network that loses 5 % of packets and is cut for 30 s
  gossip sim --nodes 60 --zones 3 --profile wan --partition 5m
      three zones, the link between the first and the others cut for five minutes
  gossip sim --nodes 200 --crash 20 --plot crash.svg
      twenty of 200 crash at one moment; how the news spreads, as a picture
  gossip sim report --quick --only detect
      the figures of detection beside those of other implementations
  gossip sim epidemic --mode pull --stop feedback-counter --k 2 --runs 200
      a row of the literature: what a rule of gossip misses, and what it costs
  gossip sim show 7 > seven.scenario && gossip sim run seven.scenario
      what happens, one line a thing, to be changed and played again";

/// Simulate a cluster: what happens, before it happens
///
/// Runs the same protocol code as the agent, many nodes in one process, in virtual time, on a
/// network and disks that fail as you say. All members start at once; nothing happens for a while;
/// keys are written; members crash and come back; the network is cut and mended; nothing happens
/// again. Then it says how long each took, what it cost, and who was wrongly declared dead. The
/// same arguments give the same run, on every machine. docs/SIMULATOR.md explains every figure.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    story: Story,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Report(Report),
    Trade(Trade),
    Epidemic(Box<epidemic::Args>),
    Run(Run),
    Show(Show),
}

/// Play a scenario, all rules on, and say how long what it expects took
///
/// Ends with 1 where something is not as expected, or breaks a rule; the last of what happened is
/// printed then. docs/SIMULATOR.md says what a file may hold.
#[derive(Debug, clap::Args)]
struct Run {
    /// A file, or a seed, whose scenario is drawn
    #[arg(value_name = "FILE|SEED")]
    what: String,

    /// How many lines of the trace are printed where it fails
    #[arg(long, value_name = "LINES", default_value = "40")]
    trace: String,
}

/// Print a scenario, to read or to change
#[derive(Debug, clap::Args)]
struct Show {
    /// A file, or a seed, whose scenario is drawn
    #[arg(value_name = "FILE|SEED")]
    what: String,
}

/// What happens to one cluster.
#[derive(Debug, clap::Args)]
struct Story {
    /// How many members; 3 to 10000
    #[arg(long, value_name = "N", default_value = "100")]
    nodes: String,

    /// How many of a hundred packets are lost; 0% to 90%
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    loss: String,

    /// Cut the network in two for so long (through the middle, or between zones) and mend it
    #[arg(long, value_name = "TIME", default_value = "0s")]
    partition: String,

    /// How many members crash at one moment, and come back later
    #[arg(long, value_name = "N", default_value = "1")]
    crash: String,

    /// In how many zones the members are
    #[arg(long, value_name = "N", default_value = "1")]
    zones: String,

    /// How long nothing happens at the end, while false positives are counted
    #[arg(long, value_name = "TIME", default_value = "5m")]
    duration: String,

    /// The kind of network the timings are for: local, lan or wan
    #[arg(long, value_name = "NAME", default_value = "lan")]
    profile: String,

    /// Everything that is left to chance comes from it
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: String,

    /// Print one line for everything that any member learns
    #[arg(long)]
    trace: bool,

    /// Draw how news spreads, and what members hold one another for
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

/// Print the project's figures beside those of other implementations
///
/// Without --quick the figures come from hundreds of runs and take hours on two cores; a section
/// alone, by --only, takes minutes. Five restarts of 4500 members need 18 GB of memory and an hour.
#[derive(Debug, clap::Args)]
struct Report {
    /// Fewer and shorter runs, about a minute: the figures are rough
    #[arg(long)]
    quick: bool,

    /// As few runs as show that it works
    #[arg(long, hide = true)]
    smoke: bool,

    /// Only the section of this name; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Of its trials only those whose label has this in it, such as "N=1000, cut for 60 s": the
    /// dearest take many minutes each. Figures that need others are left out
    #[arg(long, value_name = "TEXT", default_value = "")]
    of: String,

    /// So many trials of each kind, instead of as many as the effort asks for; 1 to 100000
    #[arg(long, value_name = "N")]
    runs: Option<String>,

    /// Everything that is left to chance comes from it
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: String,

    /// How many trials run side by side [default: one a processor]
    #[arg(long, value_name = "N")]
    threads: Option<String>,

    /// End with 1 where a figure misses its bar; the simulator's own speed does not count
    #[arg(long)]
    check: bool,
}

/// Show what a longer suspicion buys and costs: false positives against detection time
#[derive(Debug, clap::Args)]
struct Trade {
    /// Fewer and shorter runs: the figures are rough
    #[arg(long)]
    quick: bool,

    /// As few runs as show that it works
    #[arg(long, hide = true)]
    smoke: bool,

    /// Everything that is left to chance comes from it
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: String,

    /// How many trials run side by side [default: one a processor]
    #[arg(long, value_name = "N")]
    threads: Option<String>,

    /// Draw it
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    match &args.verb {
        None => story::run(&args.story, shared.json),
        Some(Verb::Report(report)) => report::run(report, shared.json),
        Some(Verb::Trade(trade)) => trade::run(trade, shared.json),
        Some(Verb::Epidemic(args)) => epidemic::run(args, shared.json),
        Some(Verb::Run(run)) => scenario::run(run, shared.json),
        Some(Verb::Show(show)) => scenario::show(show),
    }
}
