//! An expectation: what has to hold, how soon, and for how long.
//!
//! ```text
//!   exact among n0..n4 within 60s holding 20s
//!   equal within 30s
//!   quiet within 60s
//!   told within 30s
//!   n0 answered within 30s
//!   all hold n4 left within 1s
//!   n2 runs
//!   all read shared a 1 within 5s
//!   all read own of n3 a nothing
//! ```
//!
//! * *exact*: each of them that runs holds all others that run, and nobody
//!   else, alive, in the run they are; nobody suspect. Who is not among them
//!   may stand as it likes, unless it does not run: then nobody holds it alive.
//! * *equal*: their replicas are the same.
//! * *told*: of every event that was accepted, whoever took part then and still
//!   runs has been told, or told that it missed it. *answered*: their queries are
//!   over, and were answered by everybody they asked.
//! * *quiet*: none of them has news to tell; where it is asked of all, they also
//!   trust their own eyes.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::deed::{key, scope_word};
use super::who::{Name, Who, name};
use super::words::{ParseError, Span, Words, any_of};
use crate::message::{Key, Scope};
use crate::output::MemberStatus;

/// Something that has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// What.
    pub what: What,
    /// How soon: at the latest so long after it was asked for.
    pub within: Duration,
    /// How long from then on.
    pub holding: Duration,
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Their pictures are the truth.
    Exact(Who),
    /// Their replicas are the same.
    Equal(Who),
    /// What was promised among them is at all of them, and nothing that was
    /// deleted is back.
    Kept(Who),
    /// They have nothing left to tell.
    Quiet(Who),
    /// The first hold the second so; `None`: do not know them.
    Hold(Who, Who, Option<MemberStatus>),
    /// Whoever of them takes part has been told every event of theirs, or that it
    /// missed it.
    Told(Who),
    /// Their queries are over, and everybody they asked has answered.
    Answered(Who),
    /// Their processes run.
    Run(Who),
    /// Their processes do not.
    Stopped(Who),
    /// They read this: scope, for an own key whose, the key, the value.
    Reads(Who, Option<Name>, Key, Option<String>),
}

/// Statuses and their words; the last is for one that is not known at all.
const STATUSES: [(&str, Option<MemberStatus>); 5] = [
    ("alive", Some(MemberStatus::Alive)),
    ("suspect", Some(MemberStatus::Suspect)),
    ("dead", Some(MemberStatus::Dead)),
    ("left", Some(MemberStatus::Left)),
    ("unknown", None),
];

pub(super) fn status(words: &mut Words<'_>) -> Result<Option<MemberStatus>, ParseError> {
    let known = |word: &str| STATUSES.into_iter().find(|(name, _)| *name == word);
    words.read(&any_of(STATUSES.map(|(name, _)| name)), |word| {
        known(word).map(|(_, status)| status)
    })
}

pub(super) fn status_word(status: Option<MemberStatus>) -> &'static str {
    let known = STATUSES.iter().find(|(_, known)| *known == status);
    known.map_or("unknown", |(word, _)| word)
}

impl Expectation {
    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let what = What::parse(words)?;
        let mut expectation = Self {
            what,
            within: Duration::ZERO,
            holding: Duration::ZERO,
        };
        if words.takes("within") {
            expectation.within = words.span()?;
        }
        if words.takes("holding") {
            expectation.holding = words.span()?;
        }
        Ok(expectation)
    }
}

impl What {
    fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let among = |words: &mut Words<'_>| match words.takes("among") {
            true => Who::parse(words),
            false => Ok(Who::All),
        };
        let about_all = ["exact", "equal", "kept", "quiet", "told"].contains(&words.peek());
        if about_all {
            return Ok(match words.word("exact, equal, kept, quiet or told")? {
                "exact" => Self::Exact(among(words)?),
                "equal" => Self::Equal(among(words)?),
                "kept" => Self::Kept(among(words)?),
                "told" => Self::Told(among(words)?),
                _ => Self::Quiet(among(words)?),
            });
        }
        let who = words.read(
            "exact, equal, kept, quiet, told, or WHO and hold, run, stopped, answered or read",
            Who::read,
        )?;
        match words.word("hold, run, stopped, answered or read")? {
            "hold" => Ok(Self::Hold(who, Who::parse(words)?, status(words)?)),
            "run" => Ok(Self::Run(who)),
            "stopped" => Ok(Self::Stopped(who)),
            "answered" => Ok(Self::Answered(who)),
            "read" => {
                let whose = match words.word("shared KEY, or own of NAME KEY")? {
                    "shared" => None,
                    "own" => {
                        words.must("of")?;
                        Some(words.read("one name such as n3", name)?)
                    }
                    word => return Err(words.error(word, "shared KEY, or own of NAME KEY")),
                };
                let key = key(words)?;
                let value = words.word("a value, or nothing")?;
                let value = (value != "nothing").then(|| value.into());
                Ok(Self::Reads(who, whose, key, value))
            }
            word => Err(words.error(word, "hold, run, stopped, answered or read")),
        }
    }

    /// Its kind, in a word.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::Equal(_) => "equal",
            Self::Kept(_) => "kept",
            Self::Quiet(_) => "quiet",
            Self::Hold(..) => "hold",
            Self::Run(_) => "run",
            Self::Stopped(_) => "stopped",
            Self::Told(_) => "told",
            Self::Answered(_) => "answered",
            Self::Reads(..) => "read",
        }
    }

    /// Of whom it speaks.
    pub fn who(&self) -> &Who {
        match self {
            Self::Exact(who)
            | Self::Equal(who)
            | Self::Kept(who)
            | Self::Told(who)
            | Self::Quiet(who)
            | Self::Hold(who, ..)
            | Self::Run(who)
            | Self::Stopped(who)
            | Self::Answered(who)
            | Self::Reads(who, ..) => who,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if !self.within.is_zero() {
            write!(f, " within {}", Span(self.within))?;
        }
        if !self.holding.is_zero() {
            write!(f, " holding {}", Span(self.holding))?;
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut among = |word: &str, who: &Who| match who {
            Who::All => f.write_str(word),
            Who::These(_) => write!(f, "{word} among {who}"),
        };
        match self {
            Self::Exact(who) => among("exact", who),
            Self::Equal(who) => among("equal", who),
            Self::Kept(who) => among("kept", who),
            Self::Quiet(who) => among("quiet", who),
            Self::Hold(who, about, status) => {
                write!(f, "{who} hold {about} {}", status_word(*status))
            }
            Self::Run(who) => write!(f, "{who} run"),
            Self::Stopped(who) => write!(f, "{who} stopped"),
            Self::Told(who) => among("told", who),
            Self::Answered(who) => write!(f, "{who} answered"),
            Self::Reads(who, whose, key, value) => {
                let value = value.as_deref().unwrap_or("nothing");
                match whose {
                    Some(of) => write!(f, "{who} read own of {of} {} {value}", key.as_str()),
                    None => write!(
                        f,
                        "{who} read {} {} {value}",
                        scope_word(Scope::Shared),
                        key.as_str()
                    ),
                }
            }
        }
    }
}

/// Something that must not happen, from some time on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never {
    /// To whom.
    pub about: Who,
    /// How it must not come to stand.
    pub status: MemberStatus,
    /// In whose eyes.
    pub to: Who,
    /// From when on.
    pub after: Duration,
}

impl Never {
    /// `n3 dead [to n0..n2] [after 20s]`
    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let about = Who::parse(words)?;
        let status = match status(words)? {
            Some(status) => status,
            None => return Err(words.error("unknown", "alive, suspect, dead, left")),
        };
        let to = match words.takes("to") {
            true => Who::parse(words)?,
            false => Who::All,
        };
        let after = match words.takes("after") {
            true => words.span()?,
            false => Duration::ZERO,
        };
        words.done("to WHO, after SPAN, or the end of the line")?;
        Ok(Self {
            about,
            status,
            to,
            after,
        })
    }
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.about, status_word(Some(self.status)))?;
        if self.to != Who::All {
            write!(f, " to {}", self.to)?;
        }
        if !self.after.is_zero() {
            write!(f, " after {}", Span(self.after))?;
        }
        Ok(())
    }
}
