//! `bench`: the figures that depend on this machine.
//!
//! They are printed, never asserted: what CI asserts is deterministic and
//! lives in the tests and the simulator.

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace};

pub(crate) const HELP: &str = "\
usage: cargo xtask bench [name] [-- arguments]

  codec     encode and decode messages (criterion, gossip-wire)
  leave20   one of 20 nodes on loopback leaves: until all others know, 50 times
  packets   what QUIC costs: bytes and packets of handshakes, datagrams, streams;
            memory of a connection (`-- --quick` takes half a minute, all of it three)
  reconcile what comparing costs: a row's change, two peers that agree, what differs
            (criterion, gossip-core; chitchat 0.13 takes 1 020 us where two agree)
  spread64  one update to 64 nodes on loopback with mutual TLS: median, last

Without a name all of them run. Arguments go to the benchmark of that name.";

/// A benchmark and the arguments of cargo that run it.
const BENCHES: &[(&str, &[&str])] = &[
    ("codec", &["bench", "-p", "gossip-wire", "--benches"]),
    (
        "leave20",
        &[
            "run",
            "--release",
            "-p",
            "gossip-node",
            "--example",
            "leave20",
        ],
    ),
    (
        "packets",
        &["bench", "-p", "gossip-quic", "--bench", "packets"],
    ),
    (
        "reconcile",
        &["bench", "-p", "gossip-core", "--bench", "reconcile"],
    ),
    (
        "spread64",
        &[
            "run",
            "--release",
            "-p",
            "gossip-node",
            "--example",
            "spread64",
        ],
    ),
];

pub(crate) fn run(workspace: &Workspace, mut args: Args) -> Result<(), Error> {
    let name = args.name();
    let rest = args.rest();
    if name.is_none() && !rest.is_empty() {
        return Err(Error::new(
            format!("`{}` is for which benchmark?", rest.join(" ")),
            "write `cargo xtask bench <name> -- <arguments>`",
        ));
    }
    let wanted = |bench: &str| name.as_deref().is_none_or(|name| name == bench);
    let mut any = false;
    for (bench, words) in BENCHES.iter().filter(|(bench, _)| wanted(bench)) {
        any = true;
        println!("── {bench}");
        let mut command = workspace.cargo(*words);
        if !rest.is_empty() {
            command.arg("--").args(&rest);
        }
        workspace::run(command)?;
    }
    if any {
        return Ok(());
    }
    let names: Vec<&str> = BENCHES.iter().map(|(bench, _)| *bench).collect();
    Err(Error::new(
        format!("there is no benchmark `{}`", name.unwrap_or_default()),
        format!("the benchmarks are {}", names.join(", ")),
    ))
}
