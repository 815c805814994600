//! A deed: one thing that is done to a cluster, or asked of it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::expect::Expectation;
use super::sky::{self, Sky};
use super::who::{Name, Route, Who, name};
use super::words::{ParseError, Share, Span, Words, any_of};
use crate::message::{Key, Scope};
use crate::sim::Weather;

/// One thing that is done, or asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Starts those that do not run, on what their disks hold.
    Start(Who),
    /// Ends their processes without a word.
    Crash(Who),
    /// Crashes those that run, and starts all on this disk.
    Restart(Who, Disk),
    /// Keeps a copy of a disk under a name.
    Backup(Name, String),
    /// Lets them leave.
    Leave(Who),
    /// Stops their processes where they are.
    Pause(Who),
    /// Lets them go on.
    Resume(Who),
    /// Makes each input take so long; zero for as usual.
    Slow(Who, Duration),
    /// Lets their clocks run fast (or slow), in millionths.
    Drift(Who, i32),
    /// Restarts them at another address.
    Relocate(Who),
    /// Starts a second process with a node's identity, on a host of its own
    /// with this name.
    Twin(Name, Name, Disk),
    /// What their disks do from now on.
    Disks(Who, Writing),
    /// Breaks all their connections.
    Sever(Who),
    /// How paths behave from now on.
    Weather(Route, Weather),
    /// Nothing passes any more.
    Cut(Route),
    /// Takes such cuts back.
    Mend(Route),
    /// Nothing passes for a while, and then all at once.
    Clog(Route, Duration),
    /// Cuts and mends in turn: every so long, for so long.
    Flap(Route, Duration, Duration),
    /// Cuts everybody into groups; who is in none forms one more.
    Partition(Vec<Who>),
    /// Mends all cuts, partitions and clogs.
    Heal,
    /// Writes keys, all or none.
    Write(Name, Vec<Wish>),
    /// Writes keys, all or none, acknowledged at once.
    WriteAtOnce(Name, Vec<Wish>),
    /// Writes so many keys that begin like this, in one command.
    Fill(Name, Scope, Key, u32),
    /// Reads a key.
    Read(Name, Scope, Key),
    /// The operator of the first says that the second is gone.
    Remove(Name, Name),
    /// The operator of the first says that the second will not come back.
    Forget(Name, Name),
    /// Says so many events of this name at once.
    Say(Name, Key, u32),
    /// Says so many of which only the newest matters.
    Coalesce(Name, Key, u32),
    /// Asks everybody a query of this name.
    Ask(Name, Key, Duration),
    /// Something has to hold.
    Expect(Expectation),
}

/// What a process starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disk {
    /// What is on the disk.
    Kept,
    /// Nothing.
    Wiped,
    /// A copy made earlier.
    Backup(String),
}

/// What a disk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// It has no room.
    Full,
    /// It fails.
    Failing,
    /// It works.
    Mended,
}

/// One wish to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Own or shared.
    pub scope: Scope,
    /// Which key.
    pub key: Key,
    /// The value; `None` deletes.
    pub value: Option<String>,
    /// How long the value holds; `None`: until it is written again.
    pub ttl: Option<Duration>,
    /// Only if the key stands as it does on this replica at this moment.
    pub unchanged: bool,
}

/// All verbs, for an error.
const VERBS: [&str; 22] = [
    "start",
    "crash",
    "restart",
    "backup",
    "leave",
    "pause",
    "resume",
    "slow",
    "drift",
    "relocate",
    "twin",
    "disk",
    "sever",
    "weather",
    "cut",
    "mend",
    "clog",
    "flap",
    "partition",
    "heal",
    "on",
    "expect",
];

const DISKS: &str = "kept, wiped, or from BACKUP";

impl Deed {
    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let deed = match words.word(&any_of(VERBS))? {
            "start" => Self::Start(Who::parse(words)?),
            "crash" => Self::Crash(Who::parse(words)?),
            "restart" => Self::Restart(Who::parse(words)?, Disk::parse(words)?),
            "backup" => {
                let of = one(words)?;
                words.must("as")?;
                Self::Backup(of, one(words)?)
            }
            "leave" => Self::Leave(Who::parse(words)?),
            "pause" => Self::Pause(Who::parse(words)?),
            "resume" => Self::Resume(Who::parse(words)?),
            "slow" => Self::Slow(Who::parse(words)?, words.span()?),
            "drift" => Self::Drift(Who::parse(words)?, drift(words)?),
            "relocate" => Self::Relocate(Who::parse(words)?),
            "twin" => {
                let of = one(words)?;
                words.must("as")?;
                Self::Twin(of, one(words)?, Disk::parse(words)?)
            }
            "disk" => Self::Disks(Who::parse(words)?, Writing::parse(words)?),
            "sever" => Self::Sever(Who::parse(words)?),
            "weather" => Self::Weather(Route::parse(words)?, sky::parse(words)?),
            "cut" => Self::Cut(Route::parse(words)?),
            "mend" => Self::Mend(Route::parse(words)?),
            "clog" => {
                let route = Route::parse(words)?;
                words.must("for")?;
                Self::Clog(route, words.span()?)
            }
            "flap" => {
                let route = Route::parse(words)?;
                words.must("every")?;
                let every = words.read("a span above zero", |word| {
                    super::words::span(word).filter(|span| !span.is_zero())
                })?;
                words.must("for")?;
                Self::Flap(route, every, words.span()?)
            }
            "partition" => Self::Partition(groups(words)?),
            "heal" => Self::Heal,
            "on" => on(words)?,
            "expect" => Self::Expect(Expectation::parse(words)?),
            word => return Err(words.error(word, &any_of(VERBS))),
        };
        words.done("the end of the line")?;
        Ok(deed)
    }
}

fn one(words: &mut Words<'_>) -> Result<Name, ParseError> {
    words.read("one name such as n3", name)
}

fn drift(words: &mut Words<'_>) -> Result<i32, ParseError> {
    words.read("a share such as 5% or -0.02%, at most 50%", |word| {
        let (sign, digits) = match word.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, word),
        };
        let ppm = i32::try_from(super::words::share(digits)?).ok()?;
        // What the world allows.
        (ppm <= 500_000).then_some(sign * ppm)
    })
}

fn groups(words: &mut Words<'_>) -> Result<Vec<Who>, ParseError> {
    let mut groups = Vec::from([Who::parse(words)?]);
    while words.takes("|") {
        groups.push(Who::parse(words)?);
    }
    Ok(groups)
}

fn on(words: &mut Words<'_>) -> Result<Deed, ParseError> {
    let host = one(words)?;
    if words.takes("read") {
        return Ok(Deed::Read(host, scope(words)?, key(words)?));
    }
    if words.takes("remove") {
        return Ok(Deed::Remove(host, one(words)?));
    }
    if words.takes("forget") {
        return Ok(Deed::Forget(host, one(words)?));
    }
    if words.takes("say") {
        let event = key(words)?;
        let count = match words.takes("times") {
            true => words.read("1 to 100000", |word| {
                word.parse()
                    .ok()
                    .filter(|count| (1..=100_000).contains(count))
            })?,
            false => 1,
        };
        return Ok(match words.takes("coalescing") {
            true => Deed::Coalesce(host, event, count),
            false => Deed::Say(host, event, count),
        });
    }
    if words.takes("fill") {
        let (scope, key) = (scope(words)?, key(words)?);
        words.must("times")?;
        let count = words.read("1 to 1000", |word| {
            word.parse()
                .ok()
                .filter(|count| (1..=1_000).contains(count))
        })?;
        return Ok(Deed::Fill(host, scope, key, count));
    }
    let at_once = words.takes("at");
    if at_once {
        words.must("once")?;
    }
    if words.takes("ask") {
        let query = key(words)?;
        words.must("for")?;
        return Ok(Deed::Ask(host, query, words.span()?));
    }
    let mut wishes = Vec::from([Wish::parse(words)?]);
    while words.takes("and") {
        wishes.push(Wish::parse(words)?);
    }
    Ok(match at_once {
        true => Deed::WriteAtOnce(host, wishes),
        false => Deed::Write(host, wishes),
    })
}

pub(super) fn scope(words: &mut Words<'_>) -> Result<Scope, ParseError> {
    words.read("own or shared", |word| match word {
        "own" => Some(Scope::Own),
        "shared" => Some(Scope::Shared),
        _ => None,
    })
}

pub(super) fn key(words: &mut Words<'_>) -> Result<Key, ParseError> {
    words.read("a key", |word| word.parse().ok())
}

impl Wish {
    fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let verbs = "[at once] put SCOPE KEY VALUE [for SPAN], delete SCOPE KEY, fill SCOPE KEY times N, \
                     read SCOPE KEY, remove NAME, forget NAME, say EVENT, or ask QUERY for SPAN";
        let puts = words.read(verbs, |word| match word {
            "put" => Some(true),
            "delete" => Some(false),
            _ => None,
        })?;
        let (scope, key) = (scope(words)?, key(words)?);
        let value = match puts {
            true => Some(words.word("a value without blanks")?.into()),
            false => None,
        };
        let ttl = match puts && words.takes("for") {
            true => Some(words.span()?),
            false => None,
        };
        let unchanged = words.takes("if");
        if unchanged {
            words.must("unchanged")?;
        }
        Ok(Self {
            scope,
            key,
            value,
            ttl,
            unchanged,
        })
    }
}

impl Disk {
    fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        match words.word(DISKS)? {
            "kept" => Ok(Self::Kept),
            "wiped" => Ok(Self::Wiped),
            "from" => Ok(Self::Backup(one(words)?)),
            word => Err(words.error(word, DISKS)),
        }
    }
}

impl Writing {
    fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        words.read("full, failing or mended", |word| match word {
            "full" => Some(Self::Full),
            "failing" => Some(Self::Failing),
            "mended" => Some(Self::Mended),
            _ => None,
        })
    }
}

/// The word for a scope.
pub(super) const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::Shared => "shared",
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(who) => write!(f, "start {who}"),
            Self::Crash(who) => write!(f, "crash {who}"),
            Self::Restart(who, disk) => write!(f, "restart {who} {disk}"),
            Self::Backup(of, name) => write!(f, "backup {of} as {name}"),
            Self::Leave(who) => write!(f, "leave {who}"),
            Self::Pause(who) => write!(f, "pause {who}"),
            Self::Resume(who) => write!(f, "resume {who}"),
            Self::Slow(who, span) => write!(f, "slow {who} {}", Span(*span)),
            Self::Drift(who, ppm) => {
                let sign = if *ppm < 0 { "-" } else { "" };
                write!(f, "drift {who} {sign}{}", Share(ppm.unsigned_abs().into()))
            }
            Self::Relocate(who) => write!(f, "relocate {who}"),
            Self::Twin(of, name, disk) => write!(f, "twin {of} as {name} {disk}"),
            Self::Disks(who, how) => {
                let how = match how {
                    Writing::Full => "full",
                    Writing::Failing => "failing",
                    Writing::Mended => "mended",
                };
                write!(f, "disk {who} {how}")
            }
            Self::Sever(who) => write!(f, "sever {who}"),
            Self::Weather(route, weather) => write!(f, "weather {route} {}", Sky(weather)),
            Self::Cut(route) => write!(f, "cut {route}"),
            Self::Mend(route) => write!(f, "mend {route}"),
            Self::Clog(route, span) => write!(f, "clog {route} for {}", Span(*span)),
            Self::Flap(route, every, span) => {
                write!(f, "flap {route} every {} for {}", Span(*every), Span(*span))
            }
            Self::Partition(groups) => {
                f.write_str("partition ")?;
                list(f, groups, " | ")
            }
            Self::Heal => f.write_str("heal"),
            Self::Write(on, wishes) => {
                write!(f, "on {on} ")?;
                list(f, wishes, " and ")
            }
            Self::WriteAtOnce(on, wishes) => {
                write!(f, "on {on} at once ")?;
                list(f, wishes, " and ")
            }
            Self::Fill(on, scope, key, count) => {
                let scope = scope_word(*scope);
                write!(f, "on {on} fill {scope} {} times {count}", key.as_str())
            }
            Self::Read(on, scope, key) => {
                write!(f, "on {on} read {} {}", scope_word(*scope), key.as_str())
            }
            Self::Remove(on, of) => write!(f, "on {on} remove {of}"),
            Self::Forget(on, of) => write!(f, "on {on} forget {of}"),
            Self::Say(on, event, count) => say(f, on, event, *count),
            Self::Coalesce(on, event, count) => {
                say(f, on, event, *count)?;
                f.write_str(" coalescing")
            }
            Self::Ask(on, query, span) => {
                write!(f, "on {on} ask {} for {}", query.as_str(), Span(*span))
            }
            Self::Expect(expectation) => write!(f, "expect {expectation}"),
        }
    }
}

fn say(f: &mut fmt::Formatter<'_>, on: &str, event: &Key, count: u32) -> fmt::Result {
    write!(f, "on {on} say {}", event.as_str())?;
    match count {
        1 => Ok(()),
        count => write!(f, " times {count}"),
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], gap: &str) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        let gap = if number > 0 { gap } else { "" };
        write!(f, "{gap}{item}")?;
    }
    Ok(())
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::Wiped => f.write_str("wiped"),
            Self::Backup(name) => write!(f, "from {name}"),
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{} {}", scope_word(self.scope), self.key.as_str());
        match &self.value {
            Some(value) => write!(f, "put {place} {value}")?,
            None => write!(f, "delete {place}")?,
        }
        if let Some(ttl) = self.ttl {
            write!(f, " for {}", Span(ttl))?;
        }
        if self.unchanged {
            f.write_str(" if unchanged")?;
        }
        Ok(())
    }
}
