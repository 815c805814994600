//! Floor 6: one node. The only place that knows all the rooms.
//!
//! # The host's duties
//!
//! 1. Read the journal into [`Saved`] and make a [`Node`].
//! 2. Drain [`Node::poll_output`] and do what it says, in order.
//! 3. Sleep until [`Node::poll_timeout`], or until something happens.
//! 4. Tell it with [`Node::handle_input`], and go to 2.
//!
//! ```text
//!          ┌────────────── Node ──────────────┐
//!  Input ─▶│ inbound ─┐                       │
//!          │ command ─┼▶ rooms ─▶ change ─▶ outbox ─▶ Output
//!          │ tick ────┘          (record, spread, notify)
//!          └──────────────────────────────────┘
//! ```
//!
//! The methods below are of four kinds: the contract (here), what came from
//! peers (`inbound`, `flow`) and became of them (`linked`), what the application wants (`command`, `commit`, `event`,
//! `ask`), and what time brings (`tick`). What a room learned goes through `change`, and
//! the node's own coming and going through `life`; what an earlier run knew, and what stays of those who are gone, is `past`.

mod ask;
mod change;
mod command;
mod commit;
mod doubt;
mod drafts;
mod event;
mod flow;
mod inbound;
mod large;
mod life;
mod linked;
#[cfg(feature = "sim")]
pub mod observe;
mod offer;
mod past;
mod quorum;
mod tick;
mod timers;
mod warn;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::{Instant, Now};
use crate::config::{Config, ConfigError, Identity};
use crate::dissemination::{
    Early, Fetches, Flows, History, Hot, Loss, News, Pieces, Serving, Shelf, Syncs, Tails, Zones,
};
use crate::electorate::Electorate;
use crate::event::{Answering, Asked, Events, Flow};
use crate::input::{Input, PersistId, Saved, SealId, SessionId, Ticket};
use crate::membership::{Book, Links, Pace, Prober, Quorum, Roster};
use crate::message::{Body, Footing, Generation};
use crate::outbox::Outbox;
use crate::output::{Output, Phase, Via};
use crate::replica::{Chronicle, Replica};

use commit::Commits;
use event::Rounds;
use timers::Timers;

/// One member of a cluster, as a state machine.
#[derive(Debug)]
pub struct Node {
    config: Config,
    identity: Identity,
    phase: Phase,
    footing: Footing,
    rng: Rng,
    roster: Roster,
    prober: Prober,
    pace: Pace,
    links: Links,
    book: Book,
    replica: Replica,
    chronicle: Chronicle,
    hot: Hot,
    news: News,
    zones: Zones,
    loss: Loss,
    /// Something of our own is new: it is mailed to other zones.
    mail: bool,
    syncs: Syncs,
    history: History,
    pieces: Pieces,
    fetches: Fetches,
    shelf: Shelf,
    serving: Serving,
    /// When chunks were served last.
    served: Instant,
    early: Early,
    flows: Flows,
    tails: Tails,
    /// Sessions that peers opened and in which nothing was said yet; at most
    /// [`limit::SESSIONS_SILENT`].
    silent: BTreeMap<SessionId, (NodeId, Instant)>,
    commits: Commits,
    quorum: Quorum,
    /// Lists of voters on their way to the disk; at most [`limit::ELECTIONS`].
    elections: BTreeMap<PersistId, (Ticket, Electorate)>,
    /// Who had left before we knew of it, and when we heard; at most
    /// [`limit::CERTIFICATES`].
    farewells: VecDeque<(Instant, NodeId)>,
    events: Events,
    flow: Flow,
    rounds: Rounds,
    asked: Asked,
    answering: Answering,
    timers: Timers,
    seals: BTreeMap<SealId, Sealing>,
    generation_persist: Option<PersistId>,
    /// The run that is on disk, which is the one we are known as. (Before the
    /// first is, the one that will be.)
    run: Generation,
    leaving: Option<Ticket>,
    /// Peers that will not have us because of a later run of our name.
    witnesses: BTreeSet<NodeId>,
    /// Peers to compare notes with as soon as there is a link.
    appointments: BTreeSet<NodeId>,
    /// Peers with a link that had no row when we last looked; no more than links.
    strangers: BTreeSet<NodeId>,
    /// Notes are compared, and what they told of by its chunks is on its way.
    joined: bool,
    /// What we are being told is not told on item by item: while joining it is
    /// news to us alone, and much at once goes on in sessions.
    absorbing: bool,
    outbox: Outbox,
}

/// What a statement that is being sealed is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sealing {
    /// Our claim.
    Claim,
    /// An accusation of ours.
    Accusation,
    /// A verdict of ours.
    Verdict,
    /// An operator's word.
    Order(Ticket),
    /// The commit in flight.
    Commit,
    /// An event of ours.
    Event(Ticket),
}

impl Node {
    /// A node that is about to start. It says nothing before its generation
    /// is on disk.
    ///
    /// # Errors
    /// A configuration it cannot run with; nothing has happened then.
    pub fn new(
        config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        mut saved: Saved,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        if identity.addrs.is_empty() {
            return Err(ConfigError::NoAddress);
        }
        if identity.addrs.len() > limit::ADDRS {
            let found = identity.addrs.len();
            return Err(ConfigError::TooMany {
                knob: "addrs",
                found,
                most: limit::ADDRS,
            });
        }
        let clock = now.wall.as_millis();
        if saved.generation.0 > clock.saturating_add(limit::GENERATION_AHEAD_MS) {
            return Err(ConfigError::GenerationAhead {
                saved: saved.generation.0,
                clock,
            });
        }
        let mut rng = Rng::new(seed);
        let generation = Generation(clock.max(saved.generation.0 + 1));
        let mut node = Self {
            timers: Timers::new(&config, now.mono, &mut rng),
            book: Book::new(&config.seeds),
            roster: Roster::new(identity.id.clone()),
            footing: Footing {
                generation,
                ..Footing::default()
            },
            phase: Phase::Starting,
            prober: Prober::default(),
            pace: Pace::default(),
            links: Links::default(),
            replica: Replica::new(identity.id.clone(), config.agreed().takes),
            chronicle: Chronicle::new(&identity.id, generation),
            hot: Hot::default(),
            history: History::default(),
            syncs: Syncs::new(&identity.cluster, &config, Rng::new(!seed)),
            news: News::new(&identity.cluster),
            zones: Zones::default(),
            loss: Loss::default(),
            mail: false,
            pieces: Pieces::of(config.agreed().takes),
            fetches: Fetches::of(config.agreed().takes.bytes),
            shelf: Shelf::default(),
            serving: Serving::default(),
            served: now.mono,
            joined: false,
            early: Early::default(),
            flows: Flows::default(),
            tails: Tails::default(),
            silent: BTreeMap::new(),
            commits: Commits::default(),
            quorum: Quorum::new(config.quorum.clone()),
            elections: BTreeMap::new(),
            farewells: VecDeque::new(),
            events: Events::new(&identity.cluster),
            flow: Flow::default(),
            rounds: Rounds::default(),
            asked: Asked::default(),
            answering: Answering::default(),
            seals: BTreeMap::new(),
            generation_persist: None,
            run: generation,
            leaving: None,
            witnesses: BTreeSet::new(),
            appointments: BTreeSet::new(),
            strangers: BTreeSet::new(),
            absorbing: false,
            outbox: Outbox::default(),
            rng,
            config,
            identity,
        };
        if let Some(elected) = saved.elected.take() {
            let configured = node.config.quorum.electorate.clone();
            node.quorum.elect(elected.over(configured));
        }
        node.load(now, saved);
        node.look_again();
        node.persist_generation();
        Ok(node)
    }

    /// Something happened. Cannot fail: nonsense is counted, not thrown.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        if self.phase == Phase::Halted {
            self.refuse_halted(input);
            return;
        }
        self.history.comes(now, &input);
        self.notice_pause(now);
        match input {
            Input::Message { from, via, message } => self.hear_message(now, &from, via, message),
            Input::Link(event) => self.hear_link(now, event),
            Input::Session(id, event) => self.hear_session(now, id, event),
            Input::Command(ticket, command) => self.obey(now, ticket, command),
            Input::Sealed(id, item) => self.hear_sealed(now, id, item),
            Input::Assembled(id, batch) => self.hear_assembled(now, id, batch),
            Input::Persisted(id, result) => self.hear_persisted(now, id, result),
            Input::Timeout => {}
        }
        self.tick(now);
        self.look_again();
    }

    /// The sketch of what we hold follows what changed.
    fn look_again(&mut self) {
        self.syncs.follow(&mut self.roster, &mut self.replica);
    }

    /// The next thing to do; drain before the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            let mut output = self.outbox.pop()?;
            if let Output::Send(transmit) = &mut output {
                // The one place where rumors are attached.
                if transmit.via == Via::Datagram && !self.hot.is_empty() {
                    let budget = limit::DATAGRAM_BYTES.saturating_sub(transmit.message.weight());
                    let sends = self.config.rumor_sends(self.roster.here());
                    transmit.message.rumors.extend(self.hot.take(budget, sends));
                }
                let message = &transmit.message;
                if message.body == Body::Gossip && message.rumors.is_empty() {
                    continue;
                }
                self.outbox.counters.messages_out += 1;
            }
            self.history.goes(&output);
            self.shelve(&output);
            return Some(output);
        }
    }

    /// When to send [`Input::Timeout`], if nothing else comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Halted => None,
            // Every input ends with a look at all deadlines.
            _ => self.timers.armed().or_else(|| self.next_deadline()),
        }
    }

    /// The run this node is: rises at every start, and again where the cluster
    /// has seen a higher one of this name. It is on disk, from the moment on that the
    /// first one is; one that is on its way there is not told.
    pub const fn generation(&self) -> Generation {
        self.run
    }

    /// Where it is in its life.
    pub const fn phase(&self) -> Phase {
        self.phase
    }
}
