//! The world: all hosts, what is between them, and the time.
//!
//! Its calls are of three kinds: what goes on (`add`, `run_for`, `run_until`,
//! and commands in `ask.rs`), what goes wrong (`crash`, `partition`,
//! `fail_disk`, …, all in `fault.rs`), and what can be seen (`picture`,
//! `traffic`, `trace_hash`).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::archive::Archive;
use super::check::{Given, Issued, Ledger, Prints, Replies, Rules, Said, Tops, Truth};
use super::clock::Clocks;
use super::disk::{Disk, DiskSetup};
use super::hash::RunningHash;
use super::host::{Boot, Host, HostId, addr};
use super::journal::Journal;
use super::link::Links;
use super::machine::Machine;
use super::names::Names;
use super::network::Network;
use super::picture::Shown;
use super::queue::{Event, Queue};
use super::session::{Session, SessionKey};
use super::setup::{NodeSetup, Setup};
use super::trace::Trace;
use super::traffic::Traffic;
use super::watching::Broken;
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::{Instant, WallTime};
use crate::config::Identity;
use crate::input::Input;
use crate::node::Node;
use crate::output::{Halt, Notification};

/// How often [`World::run_until`] looks: its answer is this exact.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Labels of the streams of chance that come from the world's seed.
pub(super) mod stream {
    pub(in crate::sim) const NETWORK: u64 = 1;
    pub(in crate::sim) const CLOCKS: u64 = 2;
    pub(in crate::sim) const DISK: u64 = 3;
    pub(in crate::sim) const NODE: u64 = 4;
}

/// Many hosts, the network between them, and the time.
#[derive(Debug)]
pub struct World<M = Node> {
    pub(super) now: Instant,
    pub(super) queue: Queue,
    pub(super) hosts: Vec<Host<M>>,
    pub(super) network: Network,
    pub(super) links: Links,
    pub(super) sessions: BTreeMap<SessionKey, Session>,
    pub(super) names: Names,
    /// Where the names of seeds lead.
    pub(super) seeds: BTreeMap<String, HostId>,
    pub(super) addrs: BTreeMap<SocketAddr, HostId>,
    pub(super) replies: Replies,
    pub(super) trace: Trace,
    /// The next number of a session.
    pub(super) next_number: u64,
    /// What rules are judged by, which are on, and which was broken.
    pub(super) truth: Truth,
    pub(super) prints: Prints,
    pub(super) ledger: Ledger,
    pub(super) issued: Issued,
    pub(super) tops: Tops,
    pub(super) said: Said,
    pub(super) given: Given,
    pub(super) rules: Rules,
    pub(super) quietly: bool,
    /// Notifications given since somebody last took them out.
    pub(super) told: usize,
    /// What is on all disks, once.
    pub(super) archive: Archive,
    pub(super) broken: Option<Broken>,
    pub(super) seed: u64,
    wall: WallTime,
    wall_error: Duration,
    disk: DiskSetup,
}

impl World {
    /// A world of real nodes, empty yet.
    pub fn new(setup: Setup) -> Self {
        Self::of_machines(setup)
    }
}

/// What goes on.
impl<M: Machine> World<M> {
    /// A world of whatever has the shape of a node.
    pub fn of_machines(setup: Setup) -> Self {
        let seed = setup.seed;
        Self {
            now: Instant::ZERO,
            queue: Queue::default(),
            hosts: Vec::new(),
            network: Network::new(setup.network, RunningHash::of(&[seed, stream::NETWORK])),
            links: Links::default(),
            sessions: BTreeMap::new(),
            names: Names::default(),
            seeds: BTreeMap::new(),
            addrs: BTreeMap::new(),
            replies: Replies::default(),
            trace: Trace::new(setup.trace_lines),
            next_number: 0,
            truth: Truth::default(),
            prints: Prints::default(),
            ledger: Ledger::default(),
            issued: Issued::default(),
            tops: Tops::default(),
            said: Said::default(),
            given: Given::default(),
            rules: Rules::default(),
            quietly: false,
            told: 0,
            archive: Archive::default(),
            broken: None,
            seed,
            wall: setup.wall,
            wall_error: setup.wall_error,
            disk: setup.disk,
        }
    }

    /// Adds a host and starts its node.
    ///
    /// # Panics
    /// Where the node refuses its configuration.
    pub fn add(&mut self, setup: NodeSetup) -> HostId {
        let host = HostId::new(u32::try_from(self.hosts.len()).unwrap_or(u32::MAX));
        let (seed, number) = (self.seed, host.number());
        let mut rng = Rng::new(RunningHash::of(&[seed, stream::CLOCKS, number]));
        // Up to a day since the machine booted (guess).
        let origin = rng.within(Duration::from_secs(86_400));
        let off = u64::try_from(rng.within(self.wall_error * 2).as_millis()).unwrap_or(0);
        let least = u64::try_from(self.wall_error.as_millis()).unwrap_or(0);
        let wall = WallTime::from_millis((self.wall.as_millis() + off).saturating_sub(least));
        let identity = Identity {
            // tidy: allow(panic): a label indeed
            cluster: "sim".parse().expect("a label"),
            id: setup.id,
            addrs: vec![addr(host, 0)],
        };
        self.seeds.entry(identity.id.to_string()).or_insert(host);
        let name = self.names.insert(&identity.id);
        self.addrs.insert(addr(host, 0), host);
        self.network.add_host();
        let rng = Rng::new(RunningHash::of(&[seed, stream::DISK, number]));
        for batch in setup.journal.saved().batches {
            self.issued.knows(&batch);
        }
        let disk = Disk::new(self.disk.clone(), rng, setup.journal);
        let clocks = Clocks::new(origin, wall);
        self.hosts
            .push(Host::new((name, identity), setup.config, clocks, disk));
        self.restart(host);
        host
    }

    /// Lets a name of a seed lead to a host from now on.
    pub fn resolve(&mut self, name: &str, host: HostId) {
        self.seeds.insert(name.to_string(), host);
    }

    /// Lets time pass.
    pub fn run_for(&mut self, span: Duration) {
        let limit = self.now + span;
        while self.broken.is_none()
            && let Some((at, event)) = self.queue.pop_until(limit)
        {
            self.now = at;
            self.happen(event);
        }
        if self.broken.is_none() {
            self.now = limit;
        }
    }

    /// Lets time pass, but not beyond the moment at which so many notifications
    /// wait to be taken out; how long it was.
    pub(super) fn run_until_told(&mut self, span: Duration, most: usize) -> Duration {
        let (start, limit) = (self.now, self.now + span);
        while self.broken.is_none() && self.told < most {
            let Some((at, event)) = self.queue.pop_until(limit) else {
                self.now = limit;
                break;
            };
            self.now = at;
            self.happen(event);
        }
        self.now.since(start)
    }

    /// Lets time pass until `condition` holds, at most for `limit`; how long
    /// it took, or `None` where it did not come to hold.
    pub fn run_until(
        &mut self,
        limit: Duration,
        mut condition: impl FnMut(&mut Self) -> bool,
    ) -> Option<Duration> {
        let start = self.now;
        loop {
            if condition(self) {
                return Some(self.now.since(start));
            }
            let left = limit.checked_sub(self.now.since(start))?;
            if left.is_zero() || self.broken.is_some() {
                return None;
            }
            self.run_for(left.min(LOOK_EVERY));
        }
    }

    fn happen(&mut self, event: Event) {
        let host = match &event {
            Event::Wake(host) => *host,
            Event::Input(host, boot, _) | Event::Synced(host, boot) => {
                if !self.runs(*host, *boot) {
                    return;
                }
                *host
            }
            Event::Handshake(handshake) => handshake.from.0,
            Event::Idle(link, side) => match self.links.at(*link) {
                Some(link) => link.ends.at(*side).host,
                None => return,
            },
            Event::Packet(_) => {
                if let Event::Packet(packet) = event {
                    self.arrives(packet);
                }
                return;
            }
            Event::Serve(host) => return self.serve(*host),
            Event::Unclog => return self.release(),
        };
        self.happens_to(host, event);
    }

    /// A process sees what happens to it.
    pub(super) fn perform(&mut self, event: Event) {
        match event {
            Event::Wake(host) => {
                let verdict = self.hosts[host.index()].checks.progress.wakes(self.now);
                self.hold(host, verdict);
                self.input(host, Input::Timeout);
            }
            Event::Input(host, boot, input) => {
                if self.runs(host, boot) {
                    self.input(host, *input);
                }
            }
            Event::Synced(host, boot) => self.synced(host, boot),
            Event::Handshake(handshake) => self.handshake_ends(handshake),
            Event::Packet(packet) => self.reads(packet),
            Event::Idle(link, side) => self.idles(link, side),
            Event::Serve(_) | Event::Unclog => {}
        }
    }

    /// Hands a node something, and does what it then wants done.
    pub(super) fn input(&mut self, host: HostId, input: Input) {
        let at = &mut self.hosts[host.index()];
        if at.backlog.holds() {
            let event = Event::Input(host, at.boot, Box::new(input));
            return self.happens_to(host, event);
        }
        self.watch_input(host, &input);
        let at = &mut self.hosts[host.index()];
        let Some(node) = &mut at.node else { return };
        self.trace.input(self.now, host, &input);
        node.handle_input(at.clocks.read(self.now), input);
        self.drain(host);
    }
}

/// What can be seen.
impl<M: Machine> World<M> {
    /// The time since the world began.
    pub fn elapsed(&self) -> Duration {
        self.now.since(Instant::ZERO)
    }

    /// All hosts.
    pub fn hosts(&self) -> impl Iterator<Item = HostId> + use<M> {
        (0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)).map(HostId::new)
    }

    /// The hosts whose process runs.
    pub fn running(&self) -> Vec<HostId> {
        self.hosts().filter(|host| self.is_running(*host)).collect()
    }

    /// Whether a process runs there.
    pub fn is_running(&self, host: HostId) -> bool {
        self.hosts[host.index()].node.is_some()
    }

    pub(super) fn runs(&self, host: HostId, boot: Boot) -> bool {
        let at = &self.hosts[host.index()];
        at.node.is_some() && at.boot == boot
    }

    /// The name a host runs under.
    pub fn id(&self, host: HostId) -> &NodeId {
        self.hosts[host.index()].id()
    }

    /// The node itself, if it runs.
    pub fn node(&self, host: HostId) -> Option<&M> {
        self.hosts[host.index()].node.as_ref()
    }

    /// What its application knows from the notifications of this run.
    pub fn picture(&self, host: HostId) -> Shown<'_> {
        Shown {
            picture: &self.hosts[host.index()].picture,
            names: &self.names,
        }
    }

    /// Every notification it ever gave, with its time, over all runs.
    pub fn notifications(&self, host: HostId) -> &[(Instant, Notification)] {
        &self.hosts[host.index()].notifications
    }

    /// Why its process stopped of its own will, if it did.
    pub fn halt(&self, host: HostId) -> Option<&Halt> {
        self.hosts[host.index()].halt.as_ref()
    }

    /// What is on its disk for certain. A clone of it is a backup.
    pub fn journal(&self, host: HostId) -> &Journal {
        self.hosts[host.index()].disk.journal()
    }

    /// How many peers it is connected to.
    pub fn links(&self, host: HostId) -> usize {
        self.hosts[host.index()].peers.len()
    }

    /// What it has sent since the world began, over all runs.
    pub fn traffic(&self, host: HostId) -> &Traffic {
        &self.hosts[host.index()].traffic
    }

    /// What all have sent.
    pub fn total_traffic(&self) -> Traffic {
        let mut total = Traffic::default();
        for host in &self.hosts {
            total.join(&host.traffic);
        }
        total
    }

    /// The hash of everything that has happened: equal where two runs are.
    pub const fn trace_hash(&self) -> u64 {
        self.trace.hash()
    }

    /// From now on so many lines of the trace are kept.
    pub fn keep_lines(&mut self, most: usize) {
        self.trace.keep(most);
    }

    /// The last lines of the trace, as many as the setup asked for.
    pub fn trace(&self) -> impl Iterator<Item = &str> {
        self.trace.lines()
    }
}
