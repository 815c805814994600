//! Why a verb stopped: what happened, and what to do next.
//!
//! The second half is a field, not a habit: an error cannot be made without it.

use std::fmt;

/// A failure that a person reads.
#[derive(Debug)]
pub(crate) struct Error {
    what: String,
    next: String,
}

impl Error {
    /// `what` happened; `next` is what the reader should do about it.
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }

    /// What happened, and what to do next.
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.what, &self.next)
    }

    /// For `map_err`: an operating-system error about `subject`.
    pub(crate) fn io(subject: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| {
            Self::new(
                format!("{subject}: {error}"),
                "check that it exists and is yours",
            )
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} — {}", self.what, self.next)
    }
}

impl std::error::Error for Error {}
