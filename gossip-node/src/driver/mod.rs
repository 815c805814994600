//! The driver: the one task that owns the core.
//!
//! ```text
//!                ┌──────────── wake: the one place that waits ───────────┐
//!   peers ──Event──▶│ inward ─┐                                            │
//!   handles ─Request▶│ request ┼─Input─▶ core ─Output─▶ outward ─▶ transport, │
//!   journal ──Done──▶│         │           ▲              │      journal,    │
//!   names ─Resolved─▶│ resolve │           └─ follow-ups ─┘      askers,     │
//!   alarm ──────────▶└─────────┘          (sealed, no room, …)   subscribers │
//! ```
//!
//! The core decides, the driver does: it holds no rule of the protocol. What a
//! deed brings about at once (a seal, a session without room) goes back in as
//! a *follow-up*, after everything that was decided before it is done.

pub(crate) mod clock;
mod counters;
mod inward;
pub mod limit;
mod outward;
mod request;
mod resolve;
mod sessions;
mod start;
mod trouble;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gossip_core::base::id::NodeId;
use gossip_core::input::{Command, DiskError, Input, Ticket};
use gossip_core::node::Node as Core;
use gossip_core::output::Notification;
use gossip_quic::{Endpoint, Event, Events};
use tokio::sync::{broadcast, mpsc, watch};

use crate::feed::Feed;
use crate::handle::Stopped;
use crate::journal::{Completions, Done, Journal};

pub use counters::DriverCounters;
pub(crate) use request::Request;
pub(crate) use start::start;

use clock::Alarm;
use request::Asker;
use resolve::{Resolved, Resolver};
use sessions::Sessions;
use trouble::Troubles;

/// The task's state.
struct Driver {
    core: Core,
    endpoint: Endpoint,
    events: Events,
    requests: mpsc::Receiver<Request>,
    journal: Journal,
    completions: Completions,
    resolver: Resolver,
    troubles: Troubles,
    alarm: Alarm,
    sessions: Sessions,
    links: HashMap<NodeId, Link>,
    askers: HashMap<Ticket, Asker>,
    tickets: u64,
    notifications: broadcast::Sender<Arc<Notification>>,
    feed: Feed,
    /// Inputs that deeds brought about; at most a few for each output.
    follow_ups: VecDeque<Input>,
    counters: DriverCounters,
    /// What handles read.
    generation: Arc<AtomicU64>,
    holding: bool,
    stopped: Option<Stopped>,
}

/// A peer that is up.
#[derive(Debug, Clone, Copy)]
struct Link {
    addr: SocketAddr,
    rtt: Duration,
}

/// Why the loop goes on.
enum Wake {
    Event(Option<Event>),
    Request(Option<Request>),
    Done(Option<Done>),
    Resolved(Resolved),
    Alarm,
}

impl Driver {
    /// Runs until the node stops, then says why.
    async fn run(mut self, stopped: watch::Sender<Option<Stopped>>) {
        let why = self.live().await;
        tracing::info!(%why, "the node stops");
        // Nobody waits for an answer that will not come.
        drop((self.requests, self.askers, self.notifications, self.feed));
        let (endpoint, journal) = (self.endpoint, self.journal);
        // The others are told, and what is left is written, side by side.
        let flush = tokio::task::spawn_blocking(move || journal.close());
        let (_, flushed) = tokio::join!(endpoint.close("the node stops"), flush);
        if let Err(error) = flushed {
            tracing::error!(%error, "the journal could not be closed");
        }
        stopped.send_replace(Some(why));
    }

    async fn live(&mut self) -> Stopped {
        loop {
            self.settle();
            if let Some(why) = self.stopped.take() {
                return why;
            }
            self.alarm.set(self.core.poll_timeout());
            match self.wake().await {
                Wake::Event(Some(event)) => self.hear(event),
                Wake::Event(None) => return Stopped::Transport,
                Wake::Request(Some(Request::Shutdown) | None) => return Stopped::Shutdown,
                Wake::Request(Some(request)) => self.obey(request),
                Wake::Done(Some(done)) => self.written(done),
                Wake::Done(None) => return Stopped::Disk(DiskError::Failed),
                Wake::Resolved(resolved) => self.resolved(resolved),
                Wake::Alarm => self.follow_ups.push_back(Input::Timeout),
            }
        }
    }

    /// Waits for the next thing to happen: the only place that does.
    ///
    /// While the journal is full nothing new is taken in: what peers and
    /// handles want then waits in the bounded queues on their side.
    async fn wake(&mut self) -> Wake {
        let open = !self.journal.is_full();
        if !open && !self.holding {
            self.counters.intake_held += 1;
            tracing::warn!("the journal cannot keep up; nothing new is taken in until it has");
        }
        self.holding = !open;
        tokio::select! {
            done = self.completions.recv() => Wake::Done(done),
            event = self.events.recv(), if open => Wake::Event(event),
            request = self.requests.recv(), if open => Wake::Request(request),
            resolved = self.resolver.answered() => Wake::Resolved(resolved),
            () = self.alarm.rings() => Wake::Alarm,
        }
    }

    /// Tells the core what there is to tell, and does all it decides, until
    /// nothing is left of either.
    fn settle(&mut self) {
        loop {
            while let Some(output) = self.core.poll_output() {
                self.carry_out(output);
            }
            let Some(input) = self.follow_ups.pop_front() else {
                return;
            };
            self.core.handle_input(clock::now(), input);
        }
    }

    /// A handle asks.
    fn obey(&mut self, request: Request) {
        match request {
            Request::Command { command, answer } => self.ask(command, Asker::Command(answer)),
            Request::Watch {
                selection,
                from,
                answer,
            } => {
                let asker = Asker::Watch(selection.clone(), answer);
                self.ask(Command::Watch { selection, from }, asker);
            }
            Request::Events { answer } => self.ask(Command::Members, Asker::Events(answer)),
            Request::Status { answer } => self.ask(Command::Status, Asker::Status(answer)),
            // Whoever has given up waiting does not have to be answered.
            Request::Peers { answer } => drop(answer.send(self.endpoint.peers())),
            Request::Credentials {
                credentials,
                answer,
            } => drop(answer.send(self.endpoint.replace_credentials(credentials))),
            Request::Shutdown => self.stopped = Some(Stopped::Shutdown),
        }
    }

    fn ask(&mut self, command: Command, asker: Asker) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.askers.insert(ticket, asker);
        self.follow_ups.push_back(Input::Command(ticket, command));
    }

    /// The journal has written, or could not.
    fn written(&mut self, done: Done) {
        for (id, end) in done.persisted {
            self.follow_ups.push_back(Input::Persisted(id, end));
        }
        self.settle();
        // While joining the core may have taken a later generation, which is
        // on disk now.
        let generation = self.core.generation().0;
        if self.generation.swap(generation, Ordering::Relaxed) != generation {
            self.endpoint.set_generation(generation);
        }
    }
}
