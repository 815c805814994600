//! The log: what an agent says on the way, on standard error.

use std::io::IsTerminal as _;

use super::settings::Log;

/// Begins to log. Quiet unless something is wrong: the default level is `warn`.
pub(crate) fn begin(log: Log) {
    // https://no-color.org: set and not empty.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_max_level(log.level)
        .with_writer(std::io::stderr)
        .with_ansi(!plain && std::io::stderr().is_terminal());
    // It fails only if somebody was first; then there is a log.
    let _ = if log.json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.try_init()
    };
}
