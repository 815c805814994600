//! Faults: what goes wrong, with hosts and with what is between them.
//!
//! ```text
//!   hosts   crash ─▶ restart, restart_wiped, restart_from      pause ─▶ resume
//!           relocate (crash and restart)   twin   slow   drift   fail_disk
//!   paths   cut ─▶ mend    partition ─▶ heal    clog (ends by itself)
//!           set_weather ─▶ clear_weather    set_loss    break_links
//! ```
//!
//! Cuts, partitions, clogs and weather stack: a packet has to get through all
//! of them. [`World::heal`] ends everything but the weather.

use core::time::Duration;

use super::hash::RunningHash;
use super::host::HostId;
use super::journal::Journal;
use super::machine::Machine;
use super::queue::Event;
use super::setup::NodeSetup;
use super::weather::{Paths, Weather};
use super::world::{World, stream};
use crate::input::DiskError;

/// What goes wrong with hosts.
impl<M: Machine> World<M> {
    /// Ends a process without a word. Its disk keeps what was synced.
    pub fn crash(&mut self, host: HostId) {
        let now = self.now;
        self.trace.line(now, host, format_args!("crash"));
        self.leave_links(host, false);
        self.hosts[host.index()].disk.crash(now);
    }

    /// Starts a process on what is on the disk; one that still runs crashes
    /// first.
    ///
    /// # Panics
    /// Where the node refuses its configuration.
    pub fn restart(&mut self, host: HostId) {
        if self.is_running(host) {
            self.crash(host);
        }
        let now = self.now;
        self.trace.line(now, host, format_args!("start"));
        let at = &mut self.hosts[host.index()];
        at.reboot();
        let seed = [self.seed, stream::NODE, host.number(), u64::from(at.boot.0)];
        let started = M::start(
            at.config.clone(),
            at.identity.clone(),
            RunningHash::of(&seed),
            at.clocks.read(now),
            at.disk.journal().saved(),
        );
        // tidy: allow(panic): a scenario that cannot run is a mistake in it
        at.node = Some(started.expect("a node that can run with its configuration"));
        self.watch_started(host);
        self.drain(host);
    }

    /// Restarts on an empty disk.
    pub fn restart_wiped(&mut self, host: HostId) {
        self.restart_from(host, Journal::default());
    }

    /// Restarts on another disk: a backup, perhaps an old one.
    pub fn restart_from(&mut self, host: HostId, journal: Journal) {
        if self.is_running(host) {
            self.crash(host);
        }
        for batch in journal.saved().batches {
            self.issued.knows(&batch);
        }
        let at = &mut self.hosts[host.index()];
        at.disk.replace(journal);
        at.promises.forgets();
        self.restart(host);
    }

    /// Restarts at a new address. A name of a seed leads there at once;
    /// others reach it when they hear of it, and where it was nobody answers.
    pub fn relocate(&mut self, host: HostId) {
        if self.is_running(host) {
            self.crash(host);
        }
        let at = &mut self.hosts[host.index()];
        self.addrs.remove(&at.addr());
        at.relocate(host);
        self.addrs.insert(at.addr(), host);
        self.restart(host);
    }

    /// Adds a host whose process runs under the same name as another's, with
    /// the same knobs, a disk and an address of its own: a copied machine, or
    /// two of one name by mistake. A name of a seed leads to the first.
    pub fn twin(&mut self, of: HostId, journal: Journal) -> HostId {
        let at = &self.hosts[of.index()];
        self.add(NodeSetup {
            id: at.id().clone(),
            config: at.config.clone(),
            journal,
        })
    }

    /// Stops a process where it is, as SIGSTOP or a virtual machine's move do:
    /// nothing is read and nothing answered, and its clocks go on.
    pub fn pause(&mut self, host: HostId) {
        self.trace.line(self.now, host, format_args!("pause"));
        self.hosts[host.index()].backlog.paused = true;
    }

    /// Lets a paused process go on: it hears at once what came meanwhile, as
    /// far as its socket held it.
    pub fn resume(&mut self, host: HostId) {
        self.trace.line(self.now, host, format_args!("resume"));
        self.hosts[host.index()].backlog.paused = false;
        self.catch_up(host);
    }

    /// Lets every input take a process so long, one after another: a starved
    /// machine. Zero: no longer.
    pub fn slow(&mut self, host: HostId, per_input: Duration) {
        self.trace
            .line(self.now, host, format_args!("slow {per_input:?}"));
        self.hosts[host.index()].backlog.per_input = per_input;
        self.catch_up(host);
    }

    /// Lets a host's monotonic clock run fast by so many millionths from now
    /// on, or slow if negative; by half of its speed at most. Its wall clock
    /// stays right: somebody sets it.
    pub fn drift(&mut self, host: HostId, ppm: i32) {
        self.trace
            .line(self.now, host, format_args!("drift {ppm} ppm"));
        self.hosts[host.index()].clocks.drift(self.now, ppm);
        self.set_alarm(host);
    }

    /// Lets a disk fail from now on, or work again.
    pub fn fail_disk(&mut self, host: HostId, failing: Option<DiskError>) {
        self.hosts[host.index()].disk.fail(failing);
    }
}

/// What goes wrong between them.
impl<M: Machine> World<M> {
    /// Cuts the network into groups; hosts in none of them form one more.
    /// Replaces the last partition.
    pub fn partition(&mut self, groups: &[&[HostId]]) {
        self.network.partition(groups);
        self.release();
    }

    /// Mends every cut, partition and clog. The weather stays.
    pub fn heal(&mut self) {
        self.network.heal();
        self.release();
    }

    /// Cuts these paths, in their direction alone.
    pub fn cut(&mut self, paths: &Paths) {
        self.network.set_cut(paths, true);
    }

    /// Mends these paths, however often they were cut. What a partition cuts
    /// stays cut.
    pub fn mend(&mut self, paths: &Paths) {
        self.network.set_cut(paths, false);
        self.release();
    }

    /// Lets nothing pass on these paths for so long, and then all at once.
    pub fn clog(&mut self, paths: &Paths, span: Duration) {
        let until = self.now + span;
        self.network.clog(paths, until);
        self.queue.push(until, Event::Unclog);
    }

    /// Gives these paths a weather, in the place of any that they had.
    pub fn set_weather(&mut self, paths: &Paths, weather: &Weather) {
        self.network.set_weather(paths, weather);
    }

    /// Lets these paths be as the world's setup says.
    pub fn clear_weather(&mut self, paths: &Paths) {
        self.network.clear_weather(paths);
    }

    /// Loses so many of a million packets everywhere from now on, besides what
    /// the weather takes.
    pub const fn set_loss(&mut self, ppm: u32) {
        self.network.set_loss(ppm);
    }

    /// Closes every connection of a host, at both ends.
    pub fn break_links(&mut self, host: HostId) {
        self.sever(host);
    }
}
