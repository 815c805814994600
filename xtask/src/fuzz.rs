//! `fuzz`: hostile bytes against everything that decodes.
//!
//! With cargo-fuzz the targets in `fuzz/` run, guided by coverage, beginning with
//! the golden messages and the scenario files. They need what only a nightly
//! compiler offers; where there is none, the stable one is told that it is one.
//! Without cargo-fuzz the property tests whose name says `hostile` run with
//! many more cases than in `test`, and a fresh seed each round: weaker, but
//! nothing has to be installed. Which of the two ran is always printed.

mod seeds;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::error::Error;
use crate::workspace::{self, Workspace, files_below};

pub(crate) const HELP: &str = "\
usage: cargo xtask fuzz [<target> ...] [--seconds <n>] [--properties]

Runs every target of fuzz/, or those named, for that long (60 seconds unless
told) if cargo-fuzz is installed (`cargo install cargo-fuzz`); otherwise the
tests named `*hostile*`, round after round, 20 000 cases a property, until the
time is over. What a run found to be worth keeping is in fuzz/corpus and is
where the next begins; what made a target fail is in fuzz/artifacts.

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
    let named = args.rest();
    if let Some(flag) = named.iter().find(|name| name.starts_with('-')) {
        return Err(Error::new(
            format!("`{flag}` is not known here"),
            "see `cargo xtask fuzz --help`",
        ));
    }
    let targets = targets(workspace, &named)?;
    let nightly = cargo_fuzz(workspace);
    let Some(nightly) = nightly.filter(|_| !properties && !targets.is_empty()) else {
        if !properties {
            println!(
                "cargo-fuzz is not there (`cargo install cargo-fuzz`): property tests instead"
            );
        }
        return rounds(workspace, Duration::from_secs(seconds));
    };
    for target in targets {
        println!("── {target}");
        let corpus = workspace.path(&format!("fuzz/corpus/{target}"));
        seeds::sow(workspace, &target, &corpus)?;
        let mut command = fuzzing(workspace, nightly);
        command.args(["run", &target, "--"]);
        command.arg(format!("-max_total_time={seconds}"));
        workspace::run(command)?;
    }
    Ok(())
}

/// The targets that were named, or all there are.
fn targets(workspace: &Workspace, named: &[String]) -> Result<Vec<String>, Error> {
    let files = files_below(&workspace.path("fuzz/fuzz_targets"), "rs")?;
    let stem = |file: &PathBuf| Some(file.file_stem()?.to_string_lossy().into_owned());
    let all: Vec<String> = files.iter().filter_map(stem).collect();
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        return Err(Error::new(
            format!("there is no target `{unknown}`"),
            format!("there are: {}", all.join(", ")),
        ));
    }
    Ok(if named.is_empty() {
        all
    } else {
        named.to_vec()
    })
}

/// Whether cargo-fuzz is there; and if so, whether a nightly compiler is.
fn cargo_fuzz(workspace: &Workspace) -> Option<bool> {
    [true, false].into_iter().find(|nightly| {
        let mut command = fuzzing(workspace, *nightly);
        command.arg("--version");
        workspace::succeeds(command)
    })
}

/// `cargo fuzz`, with a compiler that takes its options.
fn fuzzing(workspace: &Workspace, nightly: bool) -> Command {
    if nightly {
        let mut command = workspace.command("rustup");
        command.args(["run", "nightly", "cargo", "fuzz"]);
        return command;
    }
    let mut command = workspace.command("cargo");
    command.arg("fuzz").env("RUSTC_BOOTSTRAP", "1");
    command
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
