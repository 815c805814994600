//! The tasks of the project, in Rust: `cargo xtask <verb>`.
//!
//! One file a verb. A verb gets the workspace and the rest of the command
//! line, and returns whether it succeeded; how a process ends is decided here
//! and nowhere else. Nothing is needed but Rust and a C compiler.

mod args;
mod bench;
mod codegen;
mod error;
mod fuzz;
mod sim;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use args::Args;
use error::Error;
use workspace::Workspace;

/// A verb: its name, the line of help beside it, and what runs.
struct Verb {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&Workspace, Args) -> Result<(), Error>,
}

/// Every verb, in the order in which the help shows them.
const VERBS: &[Verb] = &[
    Verb {
        name: "test",
        summary: "check everything, as CI does; --quick leaves out the slow",
        help: test::HELP,
        run: test::run,
    },
    Verb {
        name: "tidy",
        summary: "check the house rules; --explain says what they are",
        help: tidy::HELP,
        run: tidy::run,
    },
    Verb {
        name: "codegen",
        summary: "generate Rust from the protobuf files; --check only compares",
        help: codegen::HELP,
        run: codegen::run,
    },
    Verb {
        name: "sim",
        summary: "simulate a cluster; the arguments go to the simulator",
        help: sim::HELP,
        run: sim::run,
    },
    Verb {
        name: "fuzz",
        summary: "feed hostile bytes to the decoders",
        help: fuzz::HELP,
        run: fuzz::run,
    },
    Verb {
        name: "bench",
        summary: "print the figures: codec speed, spread over a real cluster",
        help: bench::HELP,
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let args = Args::new(words.collect());
    if matches!(name.as_str(), "" | "help" | "-h" | "--help") {
        print!("{}", help());
        return if name.is_empty() {
            ExitCode::from(2)
        } else {
            ExitCode::SUCCESS
        };
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        eprint!("xtask: there is no verb `{name}`\n\n{}", help());
        return ExitCode::from(2);
    };
    if args.wants_help() {
        println!("{}", verb.help.trim_end());
        return ExitCode::SUCCESS;
    }
    match Workspace::find().and_then(|workspace| (verb.run)(&workspace, args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What `cargo xtask` alone prints.
fn help() -> String {
    let mut text = String::from("usage: cargo xtask <verb> [options]\n\nverbs:\n");
    for verb in VERBS {
        text.push_str(&format!("  {:<9} {}\n", verb.name, verb.summary));
    }
    text.push_str("\n`cargo xtask <verb> --help` explains a verb.\n");
    text
}
