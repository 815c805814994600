//! The narrator: what happened, a line a step, for people or programs.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde::Serialize;

use crate::cli::exit::Failure;
use crate::cli::members::human;
use crate::cli::out;

/// Columns of a step's name (the longest is 13).
const NAME_COLUMNS: usize = 14;

/// Says things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Narrator {
    json: bool,
    colors: bool,
}

#[derive(Debug, Serialize)]
struct Step<'a> {
    step: &'a str,
    ok: bool,
    detail: &'a str,
    seconds: f64,
}

impl Narrator {
    /// For people, or (`json`) for programs.
    pub(crate) fn new(json: bool) -> Self {
        // https://no-color.org: set and not empty.
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json,
            colors: !plain && std::io::stdout().is_terminal(),
        }
    }

    /// A sentence for people only.
    pub(crate) fn say(self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { out::line(text) }
    }

    /// A step and how it went.
    pub(crate) fn step(
        self,
        step: &str,
        took: Duration,
        went: &Result<String, Failure>,
    ) -> Result<(), Failure> {
        let (ok, detail) = match went {
            Ok(detail) => (true, detail.clone()),
            Err(failure) => (false, failure.to_string()),
        };
        if self.json {
            return out::json_line(&Step {
                step,
                ok,
                detail: &detail,
                seconds: took.as_secs_f64(),
            });
        }
        let (word, on) = if ok {
            ("ok    ", "32")
        } else {
            ("FAILED", "31")
        };
        let word = if self.colors {
            format!("\u{1b}[{on}m{word}\u{1b}[0m")
        } else {
            word.to_owned()
        };
        out::line(&format!(
            "{word}  {step:<NAME_COLUMNS$}  {:>7}  {detail}",
            human(took)
        ))
    }
}
