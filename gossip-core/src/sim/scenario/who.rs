//! Who: nodes of a scenario, by name, and the paths between them.
//!
//! ```text
//!   all                 everybody there is
//!   n0,n4..n6           n0, n4, n5 and n6
//!
//!   everywhere          every path
//!   n0,n1 -> n2         paths from n0 and from n1 to n2
//!   n0,n1 <-> n2..n4    the same, there and back
//!   into n3             all paths that end at n3: without them it is deaf
//!   out of n3           all paths that begin at n3: without them it is mute
//!   around n3           both
//! ```

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::words::{ParseError, Words};

/// The name of a host in a scenario: that of its node, or what a `twin` line
/// calls it.
pub type Name = String;

/// Some of a scenario's hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    All,
    /// These, in this order.
    These(Vec<Name>),
}

impl Who {
    /// Just one.
    pub fn one(name: &str) -> Self {
        Self::These([name.to_owned()].into())
    }

    /// Whether `name` is among them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.iter().any(|known| known == name),
        }
    }

    /// Their names; none where it is everybody.
    pub fn names(&self) -> &[Name] {
        match self {
            Self::All => &[],
            Self::These(names) => names,
        }
    }

    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        words.read("`all`, or names such as n0,n4..n6", Self::read)
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        if word == "all" {
            return Some(Self::All);
        }
        let mut names = Vec::new();
        for part in word.split(',') {
            match part.split_once("..") {
                Some((first, last)) => names.extend(range(first, last)?),
                None => names.push(name(part)?),
            }
        }
        Some(Self::These(names))
    }
}

/// A name, if it can be one of a node.
pub(super) fn name(word: &str) -> Option<Name> {
    let id: crate::base::id::NodeId = word.parse().ok()?;
    (word != "all").then(|| id.as_str().to_owned())
}

/// The most names one range makes (guess: nobody simulates more).
const RANGE: u64 = 100_000;

fn range(first: &str, last: &str) -> Option<Vec<Name>> {
    let ((stem, from), (same, to)) = (numbered(first)?, numbered(last)?);
    let fits = stem == same && from <= to && to - from < RANGE;
    fits.then(|| {
        (from..=to)
            .map(|number| format!("{stem}{number}"))
            .collect()
    })
}

/// A name that ends in a number, taken apart; a number with a leading zero
/// would not come back.
fn numbered(text: &str) -> Option<(&str, u64)> {
    let stem = name(text)?;
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (stem, number) = text.split_at_checked(stem)?;
    let value: u64 = number.parse().ok()?;
    (!stem.is_empty() && format!("{value}") == number).then_some((stem, value))
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::These(names) = self else {
            return f.write_str("all");
        };
        let mut rest = names.as_slice();
        while let Some(first) = rest.first() {
            if rest.len() < names.len() {
                f.write_str(",")?;
            }
            let run = run(rest);
            match rest.get(run - 1) {
                // Two names are shorter side by side.
                Some(last) if run > 2 => write!(f, "{first}..{last}")?,
                _ => f.write_str(first)?,
            }
            let taken = if run > 2 { run } else { 1 };
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}

/// How many names from the first on count up by one.
fn run(names: &[Name]) -> usize {
    let Some((stem, from)) = names.first().and_then(|first| numbered(first)) else {
        return 1;
    };
    let follows = |(name, number): &(&Name, u64)| numbered(name) == Some((stem, *number));
    names.iter().zip(from..).take_while(follows).count().max(1)
}

/// Directed paths between hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Every path.
    Everywhere,
    /// From the ones to the others.
    From(Who, Who),
    /// Between the ones and the others, both ways.
    Between(Who, Who),
    /// Whatever goes to them.
    Into(Who),
    /// Whatever comes from them.
    OutOf(Who),
    /// Both.
    Around(Who),
}

impl Route {
    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        if words.takes("everywhere") {
            return Ok(Self::Everywhere);
        }
        if words.takes("into") {
            return Ok(Self::Into(Who::parse(words)?));
        }
        if words.takes("around") {
            return Ok(Self::Around(Who::parse(words)?));
        }
        if words.takes("out") {
            words.must("of")?;
            return Ok(Self::OutOf(Who::parse(words)?));
        }
        let from = words.read(
            "everywhere, into WHO, out of WHO, around WHO, WHO -> WHO or WHO <-> WHO",
            Who::read,
        )?;
        match words.word("-> or <->")? {
            "->" => Ok(Self::From(from, Who::parse(words)?)),
            "<->" => Ok(Self::Between(from, Who::parse(words)?)),
            word => Err(words.error(word, "-> or <->")),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("everywhere"),
            Self::From(from, to) => write!(f, "{from} -> {to}"),
            Self::Between(a, b) => write!(f, "{a} <-> {b}"),
            Self::Into(who) => write!(f, "into {who}"),
            Self::OutOf(who) => write!(f, "out of {who}"),
            Self::Around(who) => write!(f, "around {who}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn ranges_are_short_for_names() {
        let who = Who::read("n0,n4..n7,eu/1/a").unwrap();
        assert_eq!(who.names().len(), 6);
        assert_eq!(who.to_string(), "n0,n4..n7,eu/1/a");
        assert_eq!(Who::read("n1,n2").unwrap().to_string(), "n1,n2");
        assert_eq!(Who::read("n9..n11").unwrap().names(), ["n9", "n10", "n11"]);
        for wrong in ["", "n0,", "n5..n3", "n1..m3", "n1..n", "N1", "n01..n03"] {
            assert_eq!(Who::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_read_as_they_are_written() {
        for text in [
            "everywhere",
            "n0,n1 -> n2",
            "n0 <-> all",
            "into n3",
            "out of n3",
            "around n3",
        ] {
            let route = Route::parse(&mut Words::new(1, text)).unwrap();
            assert_eq!(route.to_string(), text);
        }
        let error = Route::parse(&mut Words::new(1, "n0 n1")).unwrap_err();
        assert_eq!(
            (error.word.as_str(), error.allowed.as_str()),
            ("n1", "-> or <->")
        );
    }
}
