//! A step of `test`: a name, what it checks, and how.

use std::time::Duration;

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace};
use crate::{codegen, tidy};

/// One check.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What it checks, for the heading.
    pub(super) what: &'static str,
    /// Left out by `--quick`.
    pub(super) slow: bool,
    pub(super) run: fn(&Workspace) -> Outcome,
}

/// How a step ended.
pub(super) enum Outcome {
    Passed,
    Failed(Error),
    /// It could not run, and why.
    Skipped(String),
}

impl From<Result<(), Error>> for Outcome {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

/// How long the demo may take (guess: it takes seconds, and some more on a busy machine).
const DEMO: Duration = Duration::from_secs(180);
/// How long fetching the advisory database may take (guess: it is some megabytes).
const FETCH: Duration = Duration::from_secs(120);

/// The steps, in the order in which they run: what fails fast comes first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "formatting",
        slow: false,
        run: |workspace| cargo(workspace, "fmt --all --check"),
    },
    Step {
        name: "tidy",
        what: "the house rules",
        slow: false,
        run: |workspace| tidy::run(workspace, Args::default()).into(),
    },
    Step {
        name: "codegen",
        what: "generated code is up to date",
        slow: false,
        run: |workspace| codegen::run(workspace, Args::new(vec!["--check".to_owned()])).into(),
    },
    Step {
        name: "clippy",
        what: "lints, every target",
        slow: false,
        run: |workspace| cargo(workspace, "clippy --workspace --all-targets -- -D warnings"),
    },
    Step {
        name: "clippy-sim",
        what: "lints, the core with its simulator",
        slow: false,
        run: |workspace| {
            cargo(
                workspace,
                "clippy -p gossip-core --features sim --all-targets -- -D warnings",
            )
        },
    },
    Step {
        name: "ring",
        what: "the other crypto provider builds",
        slow: true,
        run: |workspace| {
            let line = "check -p gossip-quic -p gossip-node --no-default-features \
                --features gossip-quic/ring,gossip-node/ring";
            cargo(workspace, line)
        },
    },
    Step {
        name: "docs",
        what: "documentation, without warnings",
        slow: true,
        run: |workspace| {
            let line = "doc --workspace --no-deps --features gossip-core/sim";
            let mut command = workspace.cargo(line.split_whitespace());
            command.env("RUSTDOCFLAGS", "-D warnings");
            workspace::run(command).into()
        },
    },
    Step {
        name: "tests",
        what: "unit, property, integration and documentation tests",
        slow: false,
        run: |workspace| {
            cargo(
                workspace,
                "test --workspace --features gossip-core/sim --no-fail-fast",
            )
        },
    },
    Step {
        name: "benches",
        what: "benchmarks compile",
        slow: true,
        run: |workspace| {
            cargo(
                workspace,
                "test --workspace --features gossip-core/sim --benches --no-run",
            )
        },
    },
    Step {
        name: "demo",
        what: "a real cluster with mutual TLS on loopback",
        slow: true,
        run: demo,
    },
    Step {
        name: "deny",
        what: "licences, bans and sources of dependencies",
        slow: true,
        run: deny,
    },
    Step {
        name: "advisories",
        what: "known vulnerabilities of dependencies",
        slow: true,
        run: advisories,
    },
];

/// Cargo with a line of plain words.
fn cargo(workspace: &Workspace, line: &str) -> Outcome {
    workspace::run(workspace.cargo(line.split_whitespace())).into()
}

fn demo(workspace: &Workspace) -> Outcome {
    // Building is not the demo's time.
    let built = workspace::run(workspace.cargo(["build", "-p", "gossip-node", "--bin", "gossip"]));
    let demo = [
        "run",
        "-p",
        "gossip-node",
        "--bin",
        "gossip",
        "--",
        "demo",
        "--script",
    ];
    built
        .and_then(|()| workspace::run_at_most(workspace.cargo(demo), DEMO))
        .into()
}

fn deny(workspace: &Workspace) -> Outcome {
    if !has_deny(workspace) {
        return Outcome::Skipped("cargo-deny is not installed".to_owned());
    }
    cargo(
        workspace,
        "deny check --hide-inclusion-graph licenses bans sources",
    )
}

fn advisories(workspace: &Workspace) -> Outcome {
    if !has_deny(workspace) {
        return Outcome::Skipped("cargo-deny is not installed".to_owned());
    }
    if workspace::run_at_most(workspace.cargo(["deny", "fetch", "db"]), FETCH).is_err() {
        return Outcome::Skipped("the advisory database is not reachable".to_owned());
    }
    cargo(workspace, "deny check advisories")
}

fn has_deny(workspace: &Workspace) -> bool {
    workspace::succeeds(workspace.cargo(["deny", "--version"]))
}
