//! Standard output: the only place that writes to it.
//!
//! A reader that goes away (`gossip kv watch | head -1`) ends the command
//! quietly; a disk that is full does not. What members and values put into a
//! line cannot move a terminal's cursor: control characters are shown, not sent.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use serde::Serialize;

use super::exit::{Exit, Failure};

/// Whether somebody is looking, rather than a file or a pipe.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes bytes as they are.
///
/// # Errors
/// If nobody reads them, or they cannot be written.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::closed_pipe(),
        _ => Failure::new(Exit::Error, format!("standard output: {error}")),
    })
}

/// Writes a text and ends its line.
///
/// # Errors
/// As for [`bytes()`].
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes one JSON document: over several lines for a person, on one for a program.
///
/// # Errors
/// As for [`bytes()`].
pub(crate) fn json(document: &impl Serialize) -> Result<(), Failure> {
    let text = if is_terminal() {
        serde_json::to_string_pretty(document)
    } else {
        serde_json::to_string(document)
    };
    line(&text.map_err(unserializable)?)
}

/// Writes one line of a JSON stream.
///
/// # Errors
/// As for [`bytes()`].
pub(crate) fn json_line(document: &impl Serialize) -> Result<(), Failure> {
    line(&serde_json::to_string(document).map_err(unserializable)?)
}

fn unserializable(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Error, format!("the answer is not JSON: {error}"))
}

/// A text fit for a line: control characters are escaped.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_reaches_the_terminal_as_a_command() {
        assert_eq!(
            visible("grün\u{1b}[2J\n\u{9b}x"),
            "grün\\u{1b}[2J\\n\\u{9b}x"
        );
    }
}
