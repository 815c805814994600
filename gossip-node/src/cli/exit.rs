//! Exit codes: what a script learns from a command without reading a word.
//!
//! Every way a command can fail ends in a [`Failure`]: a code, and lines for
//! people. `main` prints the lines to standard error, each after `gossip: `.

use std::process::ExitCode;

/// How a command ended. The numbers are a promise: docs/AGENT.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Ok = 0,
    /// It failed for a reason that has no code of its own.
    Error = 1,
    /// The command line made no sense. Clap's own code.
    Usage = 2,
    /// The configuration is invalid.
    Config = 3,
    /// No agent answers.
    Unreachable = 4,
    /// Certificates or keys are of no use.
    Credentials = 5,
    /// The agent refused; nothing was done.
    Refused = 6,
    /// Another process runs under this node's name, and this one yielded.
    Conflict = 7,
    /// The key, or the member, is not there.
    Absent = 8,
    /// `gossip quorum --check`: the agent is not in quorum.
    NoQuorum = 9,
    /// `gossip query`: not everybody who was asked has answered in time.
    Unanswered = 10,
}

/// The end of every help text.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line made no sense
  3  the configuration is invalid
  4  no agent answers
  5  certificates or keys are of no use
  6  refused: a compare-and-set found something else, a value is over its limit, …
  7  another process runs under this node's name, and this one yielded
  8  the key, or the member, is not there
  9  not in quorum, with `gossip quorum --check`
  10 not everybody who was asked has answered in time, with `gossip query`";

/// A command that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    lines: Vec<String>,
}

impl Failure {
    /// One line about what went wrong and what to do.
    pub(crate) fn new(exit: Exit, line: impl Into<String>) -> Self {
        Self {
            exit,
            lines: vec![line.into()],
        }
    }

    /// Several things went wrong at once, a line each.
    pub(crate) fn many(exit: Exit, lines: Vec<String>) -> Self {
        Self { exit, lines }
    }

    /// Whoever read our output has gone, as `head` does: no fault of anybody.
    pub(crate) fn closed_pipe() -> Self {
        Self::many(Exit::Ok, Vec::new())
    }

    /// The code alone; everything has been said.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::many(exit, Vec::new())
    }

    /// Tells people, and gives the code for the system.
    pub(crate) fn report(&self) -> ExitCode {
        use std::io::Write as _;
        let mut stderr = std::io::stderr().lock();
        for line in &self.lines {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(stderr, "gossip: {line}");
        }
        ExitCode::from(self.exit as u8)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines.join("; "))
    }
}
