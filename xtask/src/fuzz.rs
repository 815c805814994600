//! `fuzz`: hostile bytes against everything that decodes.
//!
//! With cargo-fuzz and a nightly compiler the targets in `fuzz/` run, guided by
//! coverage. Without them the property tests whose name says `hostile` run with
//! many more cases than in `test`, and a fresh seed each round: weaker, but
//! nothing has to be installed. Which of the two ran is always printed.

use std::time::{Duration, Instant};

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace, files_below};

pub(crate) const HELP: &str = "\
usage: cargo xtask fuzz [--seconds <n>] [--properties]

Runs every target of fuzz/ for that long (60 seconds unless told) if cargo-fuzz
and a nightly compiler are installed; otherwise the tests named `*hostile*`,
round after round, 20 000 cases a property, until the time is over.

  --seconds <n>  how long: a target, or all the property tests together
  --properties   the property tests, even if cargo-fuzz is installed";

/// How long, unless told (guess: long enough to find the shallow ones).
const SECONDS: u64 = 60;
/// Cases a property and round (guess: some seconds; `test` runs proptest's 256).
const CASES: &str = "20000";
/// The name that a property test on hostile bytes carries.
const FILTER: &str = "hostile";

pub(crate) fn run(workspace: &Workspace, mut args: Args) -> Result<(), Error> {
    let properties = args.flag("--properties");
    let seconds = match args.value("--seconds")? {
        None => SECONDS,
        Some(text) => text.parse().map_err(|_| {
            Error::new(
                format!("`{text}` is no number of seconds"),
                "write for example --seconds 60",
            )
        })?,
    };
    args.done()?;
    let targets = files_below(&workspace.path("fuzz/fuzz_targets"), "rs")?;
    if properties || targets.is_empty() || !has_cargo_fuzz(workspace) {
        if !properties {
            println!("cargo-fuzz with a nightly compiler is not there: property tests instead");
        }
        return rounds(workspace, Duration::from_secs(seconds));
    }
    for target in targets {
        let name = target
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        println!("── {name}");
        let mut command = workspace.command("rustup");
        command.args(["run", "nightly", "cargo", "fuzz", "run", &name, "--"]);
        command.arg(format!("-max_total_time={seconds}"));
        workspace::run(command)?;
    }
    Ok(())
}

fn has_cargo_fuzz(workspace: &Workspace) -> bool {
    let mut command = workspace.command("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "--version"]);
    workspace::succeeds(command)
}

/// The property tests, again and again until the time is over.
fn rounds(workspace: &Workspace, time: Duration) -> Result<(), Error> {
    const TESTS: &[&str] = &[
        "test",
        "--workspace",
        "--features",
        "gossip-core/sim",
        "--lib",
        "--bins",
        "--tests",
    ];
    let mut list = workspace.cargo(TESTS);
    list.args(["--quiet", "--", "--list", FILTER]);
    let listed = list.output().map_err(Error::io("cargo test --list"))?;
    if !listed.status.success() {
        let said = String::from_utf8_lossy(&listed.stderr).into_owned();
        return Err(Error::new(
            format!("the tests do not build\n{said}"),
            "make them build first",
        ));
    }
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    if names.is_empty() {
        return Err(Error::new(
            format!("no test has `{FILTER}` in its name"),
            "name the property tests on hostile bytes so",
        ));
    }
    println!("{} properties: {}", names.len(), names.join(", "));
    let started = Instant::now();
    let mut round = 0_u32;
    while round == 0 || started.elapsed() < time {
        round += 1;
        println!("── round {round}, after {} s", started.elapsed().as_secs());
        let mut command = workspace.cargo(TESTS);
        command
            .args(["--quiet", "--", FILTER])
            .env("PROPTEST_CASES", CASES);
        workspace::run(command)?;
    }
    println!("{round} rounds of {CASES} cases a property, nothing found");
    Ok(())
}
