//! `bench`: the figures that depend on this machine.
//!
//! They are printed, never asserted: what CI asserts is deterministic and
//! lives in the tests and the simulator.

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace};

pub(crate) const HELP: &str = "\
usage: cargo xtask bench [name] [-- arguments]

  codec       encode and decode messages (criterion, gossip-wire)
  packets     what QUIC costs: bytes and packets of handshakes, datagrams, streams;
              memory of a connection (`-- --quick` takes half a minute, all of it three)
  startup     a node's start from a journal of 100 000 keys
  reconcile   what comparing costs: a row's change, two peers that agree, what differs
              (criterion, gossip-core; chitchat 0.13 takes 1 020 us where two agree)

Real nodes in one process, on loopback, with mutual TLS and a synced disk each:

  spread      one update to 64 nodes: median, p99, and the traffic when idle
  leave       one of 20 nodes leaves: until all others know, 50 times
  throughput  updates a second from one node to 16
  halves      two halves with 10 000 different keys each meet
  joiner      a joiner to 10 MB
  journal     writes a second that wait for the disk; the file's size
  loss        false downs of 64 nodes at 5, 10, 20 % loss: half an hour each, so
              only by its name

Without a name all but the last run. Arguments go to the benchmark of that name:
`cargo xtask bench spread -- --nodes 16 --rounds 10`.";

/// A benchmark, the arguments of cargo that run it, those it gets itself, and
/// whether it runs when none is named.
struct Bench {
    name: &'static str,
    cargo: &'static [&'static str],
    own: &'static [&'static str],
    always: bool,
}

const CLUSTER: &[&str] = &["bench", "-p", "gossip-node", "--bench", "cluster"];

const fn cluster(name: &'static str, own: &'static [&'static str], always: bool) -> Bench {
    let cargo = CLUSTER;
    Bench {
        name,
        cargo,
        own,
        always,
    }
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "codec",
        cargo: &["bench", "-p", "gossip-wire", "--benches"],
        own: &[],
        always: true,
    },
    Bench {
        name: "packets",
        cargo: &["bench", "-p", "gossip-quic", "--bench", "packets"],
        own: &[],
        always: true,
    },
    Bench {
        name: "startup",
        cargo: &[
            "run",
            "--release",
            "-p",
            "gossip-node",
            "--example",
            "startup",
        ],
        own: &[],
        always: true,
    },
    Bench {
        name: "reconcile",
        cargo: &["bench", "-p", "gossip-core", "--bench", "reconcile"],
        own: &[],
        always: true,
    },
    cluster("spread", &["spread"], true),
    cluster("leave", &["leave"], true),
    cluster("throughput", &["throughput"], true),
    cluster("halves", &["halves"], true),
    cluster("joiner", &["joiner"], true),
    cluster("journal", &["journal"], true),
    cluster("loss", &["loss"], false),
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
    let wanted = |bench: &Bench| match &name {
        Some(name) => *name == bench.name,
        None => bench.always,
    };
    let mut any = false;
    for bench in BENCHES.iter().filter(|bench| wanted(bench)) {
        any = true;
        println!("── {}", bench.name);
        let mut command = workspace.cargo(bench.cargo);
        if !bench.own.is_empty() || !rest.is_empty() {
            command.arg("--").args(bench.own).args(&rest);
        }
        workspace::run(command)?;
    }
    if any {
        return Ok(());
    }
    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
    Err(Error::new(
        format!("there is no benchmark `{}`", name.unwrap_or_default()),
        format!("the benchmarks are {}", names.join(", ")),
    ))
}
