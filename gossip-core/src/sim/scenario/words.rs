//! Words: how a line of a scenario is read, and how numbers stand in it.
//!
//! A line is words between blanks; what follows a `#` is a comment. Whoever
//! reads a line takes one word after the other and says, where a word does not
//! fit, what would have.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// Why a text is not a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}, allowed: {allowed}", found(word))]
pub struct ParseError {
    /// The line, from one.
    pub line: usize,
    /// The word that does not fit; empty where the line ends too early.
    pub word: String,
    /// What may stand there.
    pub allowed: String,
}

fn found(word: &str) -> String {
    if word.is_empty() {
        "something is missing at the end".to_owned()
    } else {
        format!("`{word}` does not fit")
    }
}

/// The words of one line, taken from the left.
#[derive(Debug)]
pub(super) struct Words<'a> {
    line: usize,
    rest: core::iter::Peekable<core::str::SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    /// The words of line number `line`, without its comment.
    pub(super) fn new(line: usize, text: &'a str) -> Self {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        Self {
            line,
            rest: text.split_whitespace().peekable(),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&mut self) -> bool {
        self.rest.peek().is_none()
    }

    /// The next word; `allowed` says what may stand there.
    pub(super) fn word(&mut self, allowed: &str) -> Result<&'a str, ParseError> {
        self.rest.next().ok_or_else(|| self.error("", allowed))
    }

    /// The next word, without taking it.
    pub(super) fn peek(&mut self) -> &'a str {
        self.rest.peek().copied().unwrap_or_default()
    }

    /// Takes the next word if it is this one.
    pub(super) fn takes(&mut self, word: &str) -> bool {
        self.rest.next_if(|next| *next == word).is_some()
    }

    /// The next word has to be this one.
    pub(super) fn must(&mut self, word: &str) -> Result<(), ParseError> {
        match self.word(word)? {
            found if found == word => Ok(()),
            found => Err(self.error(found, word)),
        }
    }

    /// The line has to be at its end.
    pub(super) fn done(&mut self, allowed: &str) -> Result<(), ParseError> {
        match self.rest.next() {
            None => Ok(()),
            Some(word) => Err(self.error(word, allowed)),
        }
    }

    /// The next word, as something that can be read from one.
    pub(super) fn read<T>(
        &mut self,
        allowed: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ParseError> {
        let word = self.word(allowed)?;
        read(word).ok_or_else(|| self.error(word, allowed))
    }

    /// A span of time.
    pub(super) fn span(&mut self) -> Result<Duration, ParseError> {
        self.read("a span such as 10s, 250ms, 1.5m or 1h", span)
    }

    /// A share, in millionths.
    pub(super) fn share(&mut self) -> Result<u32, ParseError> {
        self.read("a share from 0% to 100%", |word| {
            u32::try_from(share(word)?)
                .ok()
                .filter(|ppm| *ppm <= 1_000_000)
        })
    }

    /// A whole number.
    pub(super) fn count<T: core::str::FromStr>(&mut self) -> Result<T, ParseError> {
        self.read("a whole number", |word| word.parse().ok())
    }

    /// An error at `word`.
    pub(super) fn error(&self, word: &str, allowed: &str) -> ParseError {
        ParseError {
            line: self.line,
            word: word.to_owned(),
            allowed: allowed.to_owned(),
        }
    }
}

/// Units of time, the largest first, in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads `10s`, `250ms`, `1.5h`.
pub(super) fn span(word: &str) -> Option<Duration> {
    let end = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = word.split_at_checked(end)?;
    let (_, nanos) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let nanos = decimal(number, nanos)?;
    Some(Duration::from_nanos(nanos))
}

/// Reads `5%`, `0.01%`, as millionths.
pub(super) fn share(word: &str) -> Option<u64> {
    decimal(word.strip_suffix('%')?, 10_000)
}

/// Reads `12` or `1.5` in units of `one`; `None` where it is no whole number
/// of parts.
fn decimal(text: &str, one: u64) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 12 {
        return None;
    }
    let mut value = whole.parse::<u64>().ok()?.checked_mul(one)?;
    if !part.is_empty() {
        let scale = 10_u128.pow(u32::try_from(part.len()).ok()?);
        let parts = part.parse::<u128>().ok()? * u128::from(one);
        if !parts.is_multiple_of(scale) {
            return None;
        }
        value = value.checked_add(u64::try_from(parts / scale).ok()?)?;
    }
    Some(value)
}

/// A span, written in the largest unit that divides it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        if nanos == 0 {
            return f.write_str("0s");
        }
        let divides = |(_, unit): &&(&str, u64)| nanos.is_multiple_of(*unit);
        let (name, unit) = UNITS.iter().find(divides).unwrap_or(&("ns", 1));
        write!(f, "{}{name}", nanos / unit)
    }
}

/// Millionths, written as a percentage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share(pub(super) u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        let part = format!("{part:04}");
        match part.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            part => write!(f, "{whole}.{part}%"),
        }
    }
}

/// What may stand somewhere, one after the other, for an error.
pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for word in words {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(word);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn spans_and_shares_read_as_they_are_written() {
        for nanos in [0, 1, 999, 1_000, 250_000_000, 1_500_000_000, 90_000_000_000] {
            let is = Duration::from_nanos(nanos);
            assert_eq!(span(&Span(is).to_string()), Some(is), "{nanos}");
        }
        for ppm in [0, 1, 10, 12_345, 50_000, 1_000_000] {
            assert_eq!(share(&Share(ppm).to_string()), Some(ppm), "{ppm}");
        }
        assert_eq!(span("1.5s"), Some(Duration::from_millis(1_500)));
        for wrong in ["", "s", "10", "-1s", "1.s5", "10 s", "1e3s", "0.3ns"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_error_names_line_word_and_what_is_allowed() {
        let mut words = Words::new(3, "at soon crash n1 # never");
        words.must("at").unwrap();
        let error = words.span().unwrap_err().to_string();
        assert!(
            error.starts_with("line 3: `soon` does not fit, allowed: a span"),
            "{error}"
        );
        let mut words = Words::new(4, "# only a comment");
        assert!(words.is_empty());
        let error = words.must("at").unwrap_err().to_string();
        assert!(error.contains("something is missing at the end"), "{error}");
    }
}
