//! What goes out: everything a node can ever do, in one closed enum.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::base::agreed::{Agreed, Share};
use crate::base::id::NodeId;
pub use crate::counters::Counters;
use crate::electorate::{Elected, ElectorateError};
pub use crate::history::{HistoryView, NewsAges, SessionEnd, SessionRecord};
pub use crate::input::Via;
use crate::input::{AssembleId, DiskError, Expected, PersistId, SealId, SessionId, Target, Ticket};
pub use crate::message::AskCounts;
use crate::message::{
    Accusation, Batch, Claim, Event, EventId, Footing, Gathered, Generation, Head, Key, Message,
    Run, Said, Scope, Sealed, Stamp, Statement, Value, Version, WriteId,
};
use crate::quorum::{QuorumEvent, QuorumStanding, QuorumView};
use crate::watched::{Cursor, Selection};

/// One thing the host has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Connect, unless connected; answered by a
    /// [`LinkEvent`](crate::input::LinkEvent), sooner or later.
    Dial(Target),
    /// Close the connection to a peer, if there is one.
    HangUp(NodeId),
    /// Send a message.
    Send(Transmit),
    /// Finish a session: nothing more will be sent in it.
    Finish(SessionId),
    /// Give a session up: whatever is on its way in it does not matter.
    Reset(SessionId),
    /// Encode and sign; answered by [`Input::Sealed`](crate::input::Input::Sealed).
    Seal(SealId, Statement),
    /// Put the bytes of these entries together and read them, each against its
    /// hash in the head; answered by
    /// [`Input::Assembled`](crate::input::Input::Assembled).
    Assemble(AssembleId, Gathered),
    /// Write and sync, then answer with
    /// [`Input::Persisted`](crate::input::Input::Persisted). Records are
    /// written in the order they come. Of our own commits at most one is under
    /// way, so that one that fails leaves no gap before another.
    Persist(PersistId, Record),
    /// Write when convenient; nobody waits. In order with the persisted ones.
    Remember(Record),
    /// The answer to a command.
    Reply(Ticket, Reply),
    /// Tell the application.
    Notify(Notification),
    /// The node has stopped for good; drop it.
    Halt(Halt),
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// To whom.
    pub to: NodeId,
    /// On what.
    pub via: Via,
    /// What.
    pub message: Message,
}

/// What the journal keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The generation we run as.
    Generation(Generation),
    /// Writes to one log, ours or another's; an opening has no parts.
    Commit {
        /// What was written.
        batch: Batch,
        /// Earlier versions of the same log that no longer matter.
        superseded: Vec<Version>,
    },
    /// A run of writes to one log, to be kept whole or not at all: in a part of
    /// it a write may be missing that a later part supersedes.
    Run {
        /// Whose log.
        author: NodeId,
        /// First whatever lies beyond this version goes, if there is one.
        cut: Option<Version>,
        /// Then each batch is written, and the earlier versions that it put an
        /// end to go.
        commits: Vec<(Batch, Vec<Version>)>,
    },
    /// A log was cut: whatever lies beyond never was.
    Cut {
        /// Whose log.
        author: NodeId,
        /// The last version that stays.
        through: Version,
    },
    /// A member's newest claim; replaces an older one and any verdict on an
    /// older footing.
    Claim(Sealed<Claim>),
    /// A member was condemned.
    Verdict(Sealed<Accusation>),
    /// A member's row is closed: until there is a claim above this footing it has
    /// none, and nothing of its own is shown. Its claim stays, and so does the
    /// verdict that stands.
    Closed {
        /// Whose row.
        member: NodeId,
        /// Up to where in its history.
        footing: Footing,
    },
    /// A member is forgotten: its claim goes. What goes of its log is said by a
    /// commit or a cut; the verdict that stands stays.
    Forget(NodeId),
    /// An operator's list of voters; replaces an older one.
    Electorate(Elected),
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The writes are on disk and on their way; their names, in order.
    Written(Vec<WriteId>),
    /// How the key stands; `None`: not there.
    Value(Option<Row>),
    /// The keys that were asked for, in order.
    Rows(Vec<Row>),
    /// What every member says under a key, in order of member.
    Everybody(Vec<Voice>),
    /// Own keys, in order, and how many members have each.
    Keys(Vec<(Key, usize)>),
    /// With what a watch begins.
    Watch(Box<Watching>),
    /// Everybody we know of, ourselves included, in order of name.
    Members(Vec<MemberView>),
    /// How this node is.
    Status(Box<Status>),
    /// How the last sessions went.
    History(Box<HistoryView>),
    /// How the quorum is.
    Quorum(QuorumView),
    /// It is said: every member that takes part is told, or told that it missed
    /// it.
    Said {
        /// Which event it is.
        id: EventId,
        /// Of a query: how many members it asks, as this node sees it.
        asked: usize,
    },
    /// The events that are kept, by Lamport time and author.
    Events(Vec<Event>),
    /// The cluster has been told.
    Left,
    /// It is done, here; the others hear of it.
    Done,
    /// It was not done.
    Refused(Refusal),
}

/// Why a command was not done. Nothing of it has happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A compare-and-set found something else.
    #[error("the key does not stand as expected")]
    Unexpected {
        /// Which key.
        key: Key,
        /// What was expected.
        expected: Expected,
        /// The write that stands; `None`: the key is absent.
        found: Option<WriteId>,
    },
    /// The journal could not be written.
    #[error(transparent)]
    Disk(DiskError),
    /// Too many commands wait already; try again.
    #[error("too many commands are waiting, try again")]
    Busy,
    /// More than one batch can hold.
    #[error("a write of {entries} entries and {bytes} bytes is more than one batch holds")]
    TooLarge {
        /// How many entries.
        entries: usize,
        /// How many bytes of keys and values.
        bytes: usize,
    },
    /// This node would hold more keys or bytes of its own than a member may.
    #[error(
        "with this write the node would have {would}, of {most} it may have; delete what is no longer needed, or raise limits.author_keys and limits.author_bytes on all nodes"
    )]
    Full {
        /// What it would have, keys and tombstones, own and shared.
        would: Share,
        /// What it has.
        has: Share,
        /// What it may have: [`Config::author_keys`](crate::config::Config::author_keys).
        most: Share,
    },
    /// A write names one key twice.
    #[error("a key stands twice in one write")]
    Twice {
        /// Which key.
        key: Key,
    },
    /// The node has not started yet, is leaving, or has halted.
    #[error("the node is not running")]
    NotRunning,
    /// Nobody of that name is known.
    #[error("no member is called {id}")]
    Unknown {
        /// The name.
        id: NodeId,
    },
    /// A node does not remove or forget itself.
    #[error("{id} is this node; let it leave instead")]
    Ourselves {
        /// Its name.
        id: NodeId,
    },
    /// A list that cannot be used; the one before stays.
    #[error(transparent)]
    Electorate(ElectorateError),
    /// The member has spoken since the operator did.
    #[error("{id} has said meanwhile that it is here; if it is to go all the same, say so again")]
    Refuted {
        /// Its name.
        id: NodeId,
    },
    /// A payload or a response is too long.
    #[error("{bytes} bytes are more than the {max} allowed")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// A query that cannot be asked.
    #[error("{what}")]
    Unaskable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// No query asks this node any more under that name: its time is over, or
    /// it has been answered.
    #[error("nobody waits for this answer: its time is over, or it was given")]
    Unasked,
    /// Who takes part is not forgotten.
    #[error("{id} still takes part; stop it, or remove it first")]
    StillHere {
        /// Its name.
        id: NodeId,
    },
}

/// With what a watch begins. Whatever is told of keys after it comes after
/// `cursor`: nothing falls between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    /// What whoever asks has to know first.
    pub begins: Begins,
    /// Behind all of that.
    pub cursor: Cursor,
}

/// What whoever begins to watch has to know first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begins {
    /// It came with nothing: the keys as they stand.
    Stands(Vec<Row>),
    /// What it missed since its cursor, each event as it was told.
    Missed(Vec<Notification>),
    /// Its cursor is no longer known, so it has to forget what it holds: the
    /// keys as they stand.
    Anew(Vec<Row>),
}

/// What a member says under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Its value; the member is the author of the write.
    pub row: Row,
    /// How the member stands; `None`: we have its keys and do not know it yet.
    pub status: Option<MemberStatus>,
}

/// One key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which key.
    pub key: Key,
    /// What it holds.
    pub value: Value,
    /// The write that put it there.
    pub write: WriteId,
    /// When that was, on its author's clock.
    pub stamp: Stamp,
}

/// How a member stands, for people and programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberStatus {
    /// Here.
    Alive,
    /// Silent, and its time to refute is running.
    Suspect,
    /// Condemned.
    Dead,
    /// Gone of its own will.
    Left,
}

/// One member as we see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub id: NodeId,
    /// How it stands.
    pub status: MemberStatus,
    /// Where it stands in its history.
    pub footing: Footing,
    /// Where it says it is.
    pub addrs: Vec<SocketAddr>,
    /// How long its answers take, smoothed, if connected.
    pub rtt: Option<Duration>,
    /// For how long it has stood so, here.
    pub since: Duration,
    /// Who accuses it, where it is suspect; whose verdict it was, where it is
    /// dead.
    pub accused_by: Vec<NodeId>,
}

/// How a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Who it is.
    pub id: NodeId,
    /// The run and its refutations.
    pub footing: Footing,
    /// Where it is in its life.
    pub phase: Phase,
    /// Members by status: alive, suspect, dead, left.
    pub members: [usize; 4],
    /// Whether it is in quorum.
    pub quorum: QuorumStanding,
    /// Peers it is connected to.
    pub links: usize,
    /// Keys it holds, own and shared, of every author, tombstones not counted.
    pub keys: usize,
    /// Rumors it still tells.
    pub hot_rumors: usize,
    /// How little it trusts its own eyes: zero is well, at most
    /// [`Config::awareness_max`](crate::config::Config::awareness_max).
    pub awareness: u32,
    /// What it has written and still holds, tombstones included.
    pub share: Share,
    /// What it may write, and what it takes of others.
    pub agreed: Agreed,
    /// Authors whose last word was more than that, and was refused.
    pub authors_over: usize,
    /// Members that are gone from the roster and not from memory.
    pub certificates: usize,
    /// Whether every event said from now on is told here: soon after it takes
    /// part, it has learned where the others stand.
    pub hears_events: bool,
    /// Events kept for those who missed them.
    pub events_kept: usize,
    /// Our own events under way.
    pub events_under_way: usize,
    /// What happened and what was refused.
    pub counters: Counters,
}

/// Where a node is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Its generation is not yet on disk, or its first claim not yet sealed.
    Starting,
    /// It looks for its cluster.
    Joining,
    /// It takes part.
    Running,
    /// It tells everybody that it leaves.
    Leaving,
    /// It has stopped for good.
    Halted,
}

/// Why a node stopped for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// It was asked to leave, and has.
    Left,
    /// Another process runs under the same name, with a higher generation.
    Conflict {
        /// The other's.
        generation: Generation,
    },
    /// Its generation could not be written, so it must not speak.
    Disk(DiskError),
}

/// What the application is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// The node takes part from now on.
    Running {
        /// The run it is.
        generation: Generation,
    },
    /// A member changed.
    Member(MemberEvent),
    /// A key changed.
    Key(KeyEvent),
    /// A concurrent write to a shared key lost against another.
    Conflict {
        /// Which key.
        key: Key,
        /// The write that stands, and when it was made.
        won: (WriteId, Stamp),
        /// The write that is lost, and when it was made.
        lost: (WriteId, Stamp),
        /// Its place in the order of what is told of keys.
        cursor: Cursor,
    },
    /// An author would have more than it may: what it wrote last is refused, and its
    /// log stays as it is until it holds no more than is agreed. Told once, until
    /// something of it is taken again.
    OverLimit {
        /// Who has broken its word, or was set to another limit.
        author: NodeId,
        /// How much of its log we hold.
        held: Head,
        /// What it would have.
        share: Share,
        /// What is taken of one author.
        most: Share,
    },
    /// We had lagged behind the floor of a log, so it was fetched from nothing:
    /// what became of its keys meanwhile is told key by key, before this.
    CaughtUp {
        /// Whose log.
        author: NodeId,
        /// How much of it we held.
        from: Head,
        /// How much we hold now.
        to: Head,
        /// Keys that are gone, and whose deletion nobody can show any more.
        dropped: u64,
    },
    /// Another process runs under our name; the one with the lower generation halts.
    Twin {
        /// Ours.
        ours: Generation,
        /// The other's.
        theirs: Generation,
    },
    /// Whether this node is in quorum has changed.
    Quorum(QuorumEvent),
    /// The journal could not be written.
    Disk(DiskError),
    /// A member said something to everybody; ourselves included.
    Event(Box<Event>),
    /// So many events of a run will never be heard here: they are kept by nobody
    /// we have met.
    Missed {
        /// Whose, and of which run.
        run: Run,
        /// How many.
        count: u64,
    },
    /// A query asks us: answer it with
    /// [`Command::Respond`](crate::input::Command::Respond), or leave it.
    Asked(Box<Event>),
    /// A member answers a query of ours.
    Answer {
        /// Which query.
        to: EventId,
        /// Who.
        from: NodeId,
        /// The relay it came through first, if it did not come straight.
        relay: Option<NodeId>,
        /// What.
        said: Said,
    },
    /// A query of ours is over.
    Ended {
        /// Which.
        id: EventId,
        /// What became of it.
        counts: AskCounts,
    },
}

/// A member changed.
///
/// Whoever starts from [`Command::Members`](crate::input::Command::Members) and
/// applies every event holds the same members, in the same state, on the same
/// footing and at the same addresses as that command answers then. Of this node
/// itself there are no events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEvent {
    /// Who.
    pub id: NodeId,
    /// What happened.
    pub kind: MemberEventKind,
    /// Where it stands in its history since.
    pub footing: Footing,
    /// Where it says it is, since.
    pub addrs: Vec<SocketAddr>,
}

/// What happened to a member, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEventKind {
    /// It is here, and was not, or not in this run.
    Joined {
        /// How it stood before; `None`: we did not know it. Alive or suspect:
        /// a new run has taken the place of the one we knew.
        before: Option<MemberStatus>,
    },
    /// It says something new of itself, and stands as it stood: other
    /// addresses, or a higher incarnation.
    Updated,
    /// It is silent, says a member.
    Suspected {
        /// The first accuser.
        by: NodeId,
        /// How long we ourselves have heard nothing of it; `None`: we are not
        /// connected to it.
        silent: Option<Duration>,
    },
    /// It was suspect, and has refuted.
    Refuted {
        /// The first accuser.
        by: NodeId,
        /// How long it was suspect here.
        after: Duration,
    },
    /// It is condemned.
    Died {
        /// Whose verdict it is.
        by: NodeId,
        /// How many different members accused it, as far as we heard.
        accusers: usize,
        /// How long it was suspect here; zero: it was dead before we knew it.
        after: Duration,
    },
    /// An operator has declared it dead.
    Removed {
        /// At which member.
        by: NodeId,
    },
    /// It has left of its own will.
    Left,
    /// Two processes speak under its name in one generation. What it said first
    /// stands; the other is told so, and yields.
    Conflict,
    /// Its row is gone, and its values with it.
    Forgotten {
        /// At which member an operator said so; `None`: it was gone for as long
        /// as [`Config::forget_after`](crate::config::Config::forget_after).
        by: Option<NodeId>,
    },
}

impl Notification {
    /// Whether it says what became of a key of a selection.
    pub fn concerns(&self, selection: &Selection) -> bool {
        match self {
            Self::Key(event) => selection.holds(event.scope, &event.write.author, &event.key),
            Self::Conflict { key, won, .. } => selection.holds(Scope::Shared, &won.0.author, key),
            _ => false,
        }
    }

    /// Its place in the order of what is told of keys; `None`: it is not of a key.
    pub const fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Key(event) => Some(event.cursor),
            Self::Conflict { cursor, .. } => Some(*cursor),
            _ => None,
        }
    }

    pub(crate) const fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        match self {
            Self::Key(event) => Some(&mut event.cursor),
            Self::Conflict { cursor, .. } => Some(cursor),
            _ => None,
        }
    }
}

/// A key changed.
///
/// Whoever starts from [`Command::Watch`](crate::input::Command::Watch) and
/// applies every event holds what a reader reads then. Each version of a key is
/// told once, and those of one key in the order in which they came to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEvent {
    /// Own or shared.
    pub scope: Scope,
    /// Which key.
    pub key: Key,
    /// What happened.
    pub kind: KeyEventKind,
    /// The new value; of [`KeyEventKind::Put`] alone.
    pub value: Option<Value>,
    /// The write behind it. Of a reset, the write that is no longer.
    pub write: WriteId,
    /// When that write was made, on its author's clock.
    pub stamp: Stamp,
    /// The write that stood here before, tombstones included; `None`: nothing
    /// was known of the key.
    pub before: Option<WriteId>,
    /// Its place in the order of what is told of keys. The node that tells it
    /// fills it in; a replica by itself leaves it at zero.
    pub cursor: Cursor,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyEventKind {
    /// It holds something new.
    Put,
    /// It was deleted.
    Deleted,
    /// Its time was over.
    Expired,
    /// The write that stood is no longer: its author's log was cut back, or its
    /// author is forgotten.
    Reset,
}
