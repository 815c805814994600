//! A problem: one thing that is wrong with what an operator wrote, in one line.
//!
//! `<where>: <key>: <what is wrong>; allowed: <what would be right>`, where
//! *where* is `agent.toml:12`, the name of an environment variable, or a flag.
//! Whatever was written is quoted with its control characters escaped and cut
//! short, so that a line stays a line.

use std::fmt;
use std::path::PathBuf;

/// Characters of what was written that a problem repeats (guess).
const QUOTED_CHARS: usize = 60;

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the configuration file.
    File {
        /// As named by the operator.
        path: PathBuf,
        /// From 1 on; `None` for the file as a whole.
        line: Option<usize>,
    },
    /// In the environment.
    Env(String),
    /// On the command line.
    Flag(String),
    /// Nowhere: it is missing, and there is no file where it could stand.
    Nowhere,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
            Self::Nowhere => f.write_str("no --config given"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where.
    pub(crate) origin: Origin,
    /// Which setting, as `section.key`; empty for the file as a whole.
    pub(crate) key: String,
    /// What is wrong with it.
    pub(crate) wrong: String,
    /// What would be right.
    pub(crate) allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            key,
            wrong,
            allowed,
        } = self;
        write!(f, "{origin}: ")?;
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        write!(f, "{wrong}; allowed: {allowed}")
    }
}

impl Problem {
    /// Whether another says the same of the same key already, or of its section.
    fn follows_from(&self, other: &Self) -> bool {
        let rest = self.key.strip_prefix(&other.key);
        !other.key.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// All problems in the order of the file's lines, and none that only follows
/// from an earlier one: a key of the wrong type is not missing as well.
pub(crate) fn told(form: Vec<Problem>, content: Vec<Problem>) -> Vec<Problem> {
    let mut told = form;
    for problem in content {
        if !told.iter().any(|earlier| problem.follows_from(earlier)) {
            told.push(problem);
        }
    }
    told.sort_by_key(|problem| match &problem.origin {
        Origin::File { line, .. } => *line,
        _ => None,
    });
    told
}

/// What was written, fit to stand in a line.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_whatever_was_written() {
        let problem = Problem {
            origin: Origin::File {
                path: PathBuf::from("agent.toml"),
                line: Some(12),
            },
            key: "node.listen".to_owned(),
            wrong: format!("{} is not an address", quoted(&"a\nb\u{1b}[31m".repeat(40))),
            allowed: "an address and a port".to_owned(),
        };
        let line = problem.to_string();
        assert!(line.starts_with("agent.toml:12: node.listen: \"a\\nb\\u{1b}[31m"));
        assert!(line.ends_with("…\" is not an address; allowed: an address and a port"));
        assert!(!line.chars().any(char::is_control));
    }
}
