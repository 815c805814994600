//! The outside of scenarios: files, panics and patience.
//!
//! The library plays a scenario and makes one smaller; it reads no file, no
//! clock, and catches no panic. That is done here, for the command line and for
//! the tests alike.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the patience of whoever waits is real time"
)]
#![allow(dead_code, reason = "each of them takes what it needs")]

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gossip_core::sim::Machine;
use gossip_core::sim::scenario::{Failure, Played, Scenario, Stage, shrink};

/// How long a failure is made smaller (guess: after a minute a reader would
/// rather have what there is).
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Plays a scenario; a panic in a node is a failure like any other.
pub(crate) fn attempt<M: Machine>(
    scenario: &Scenario,
    trace_lines: usize,
) -> Result<Played, Failure> {
    let played = AssertUnwindSafe(|| Stage::<M>::of_machines(scenario, trace_lines).play());
    catch_unwind(played).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Failure {
            at: Duration::ZERO,
            rule: "panic".to_owned(),
            what: format!("panic: {}", text.unwrap_or("without a word")),
            trace: Vec::new(),
        })
    })
}

/// Plays without the noise that a panic makes on its way.
pub(crate) fn quietly<T>(play: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = play();
    std::panic::set_hook(hook);
    done
}

/// A scenario that fails, made smaller within `patience`.
/// It has to break the same rule.
pub(crate) fn smaller<M: Machine>(scenario: &Scenario, rule: &str, patience: Duration) -> Scenario {
    let until = Instant::now() + patience;
    quietly(|| {
        shrink(
            scenario,
            |candidate| attempt::<M>(candidate, 0).is_err_and(|failure| failure.rule == rule),
            || Instant::now() < until,
        )
    })
}

/// Where failures are kept.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    target.unwrap_or_else(beside).join("sim")
}

/// Saves a scenario that fails, its smaller form beside it, and says how to
/// play both and what to add to the bank.
pub(crate) fn keep<M: Machine>(
    scenario: &Scenario,
    failure: &Failure,
    patience: Duration,
) -> String {
    let mut text = format!("{failure}\n");
    for line in &failure.trace {
        let _ = writeln!(text, "    {line}");
    }
    let small = smaller::<M>(scenario, &failure.rule, patience);
    let again = quietly(|| attempt::<M>(&small, 0));
    let how = again
        .err()
        .map_or_else(String::new, |failure| failure.to_string());
    let name = format!("fail-{}", scenario.seed);
    let whole = save(&format!("{name}.scenario"), &scenario.to_string());
    let header: String = how.lines().map(|line| format!("# {line}\n")).collect();
    let less = save(
        &format!("{name}-small.scenario"),
        &format!("{header}{small}"),
    );
    let _ = write!(
        text,
        "\nthe whole of it: {whole}\nand smaller:     {less}\n\n{small}\n{how}\n\n\
         play again:      cargo xtask sim run {less}\n\
         keep for ever:   a line in gossip-core/tests/scenarios/seeds.txt, or the file beside it, or\n\
         #[test]\nfn seed_{}() {{\n    story(\"{name}-small\");\n}}\n",
        scenario.seed
    );
    text
}

fn save(name: &str, text: &str) -> String {
    let path = folder().join(name);
    let saved = fs::create_dir_all(folder()).and_then(|()| fs::write(&path, text));
    match saved {
        Ok(()) => path.display().to_string(),
        Err(error) => format!("not saved, {}: {error}", path.display()),
    }
}
