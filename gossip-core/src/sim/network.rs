//! The network: which way every packet goes, and what holds there now.
//!
//! Every directed pair of hosts is a [`Path`] with chance of its own, so a
//! fault on one path does not reshuffle the others. What holds on a path is of
//! three kinds, which stack: its [`Weather`], whether it is cut (itself, or by
//! a partition, which is a grouping of the hosts), and whether it is clogged.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::hash::RunningHash;
use super::host::HostId;
use super::path::{Conditions, Fate, Path};
use super::weather::{Paths, Weather};
use crate::base::time::Instant;

/// How the network behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSetup {
    /// The least time from one host to another (0.25 ms: guess, one datacenter).
    pub latency: Duration,
    /// The same, where their zones differ (10 ms: guess, one continent).
    pub latency_between_zones: Duration,
    /// Of a million packets, how many are lost, on every path.
    pub loss_ppm: u32,
    /// Bytes a path carries in a second (125 MB: 1 Gbit/s).
    pub bytes_per_second: u64,
    /// After what silence an end gives its link up (2 048 s: what gossip-quic
    /// sets, so that a link outlasts a round of probes among 1 024).
    pub idle_timeout: Duration,
    /// How long a dial waits for an answer (5 s: gossip-quic's default).
    pub dial_timeout: Duration,
    /// The round trip a transport assumes before it has measured one; a lost
    /// packet of a handshake costs three of it (100 ms: gossip-quic's default).
    pub initial_rtt: Duration,
}

impl Default for NetworkSetup {
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(250),
            latency_between_zones: Duration::from_millis(10),
            loss_ppm: 0,
            bytes_per_second: 125_000_000,
            idle_timeout: Duration::from_secs(2_048),
            dial_timeout: Duration::from_secs(5),
            initial_rtt: Duration::from_millis(100),
        }
    }
}

/// The part of a retransmission that does not depend on distance: the largest
/// delay of an acknowledgement (RFC 9000 §18.2).
pub(super) const ACK_DELAY: Duration = Duration::from_millis(25);

/// Bytes of one packet: what quinn starts with before it looks for more.
const PACKET_BYTES: usize = 1_200;

/// Of a message of many packets, how many are drawn for (guess: beyond it, any
/// loss there is has been met).
const PACKETS_DRAWN: usize = 32;

/// Up to so much later than a cut is mended what waited is sent again:
/// retransmissions back off (guess).
const RESUME: Duration = Duration::from_secs(1);

/// The place of a path in the list of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathId(u32);

/// No path between these two has been used yet.
const UNKNOWN: u32 = u32::MAX;

/// A path and where it leads.
#[derive(Debug)]
struct Known {
    from: HostId,
    to: HostId,
    far: bool,
    path: Path,
}

/// What was done to one directed pair.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// Which of the weathers; zero: none.
    weather: u16,
    cut: bool,
    /// Nothing passes before then.
    clogged_until: Instant,
}

/// All paths.
#[derive(Debug)]
pub(super) struct Network {
    setup: NetworkSetup,
    seed: u64,
    hosts: usize,
    known: Vec<Known>,
    /// The number of each path, by its ends, row by row.
    by_ends: Vec<Vec<u32>>,
    /// The group of each host, where there is a partition.
    groups: Vec<u32>,
    /// What was done to each pair, row by row, where anything was.
    cells: Vec<Cell>,
    weathers: Vec<Weather>,
}

/// What goes on.
impl Network {
    pub(super) const fn new(setup: NetworkSetup, seed: u64) -> Self {
        Self {
            setup,
            seed,
            hosts: 0,
            known: Vec::new(),
            by_ends: Vec::new(),
            groups: Vec::new(),
            cells: Vec::new(),
            weathers: Vec::new(),
        }
    }

    pub(super) const fn setup(&self) -> &NetworkSetup {
        &self.setup
    }

    /// One more host is there. What was done to all before is not done to it.
    pub(super) fn add_host(&mut self) {
        let before = self.hosts;
        self.hosts += 1;
        self.by_ends.push(Vec::new());
        if !self.groups.is_empty() {
            self.groups.push(0);
        }
        if !self.cells.is_empty() {
            let mut cells = vec![Cell::default(); self.hosts * self.hosts];
            for (to, from) in cells.chunks_mut(self.hosts).zip(self.cells.chunks(before)) {
                to[..before].copy_from_slice(from);
            }
            self.cells = cells;
        }
    }

    /// The path from one host to another; `far` where their zones differ.
    pub(super) fn path(&mut self, from: HostId, to: HostId, far: bool) -> PathId {
        let row = &mut self.by_ends[from.index()];
        if row.len() <= to.index() {
            row.resize(self.hosts, UNKNOWN);
        }
        let number = &mut row[to.index()];
        if *number == UNKNOWN {
            // tidy: allow(panic): nobody has memory for so many
            *number = u32::try_from(self.known.len()).expect("fewer paths than that");
            let seed = [self.seed, from.number(), to.number()];
            self.known.push(Known {
                from,
                to,
                far,
                path: Path::new(RunningHash::of(&seed)),
            });
        }
        PathId(*number)
    }

    fn at(&mut self, id: PathId) -> (&mut Path, Conditions<'_>) {
        let known = &mut self.known[id.0 as usize];
        let setup = &self.setup;
        let weather = self
            .cells
            .get(known.from.index() * self.hosts + known.to.index())
            .and_then(|cell| self.weathers.get(usize::from(cell.weather).checked_sub(1)?));
        let loss_ppm = weather.map_or(setup.loss_ppm, |weather| {
            either_ppm(setup.loss_ppm, weather.loss_ppm)
        });
        let conditions = Conditions {
            least: if known.far {
                setup.latency_between_zones
            } else {
                setup.latency
            },
            loss_ppm,
            bytes_per_second: weather
                .and_then(|weather| weather.bytes_per_second)
                .unwrap_or(setup.bytes_per_second),
            weather,
        };
        (&mut known.path, conditions)
    }

    /// Whether one packet is lost.
    pub(super) fn loses(&mut self, path: PathId) -> bool {
        let (path, conditions) = self.at(path);
        path.loses(conditions)
    }

    /// How far two hosts are apart, there and back.
    pub(super) fn rtt(&mut self, there: PathId, back: PathId) -> Duration {
        let (path, conditions) = self.at(there);
        let trip = path.trip(conditions);
        let (path, conditions) = self.at(back);
        trip + path.trip(conditions)
    }

    /// What becomes of a datagram sent now.
    pub(super) fn datagram(&mut self, now: Instant, path: PathId, bytes: usize) -> Fate {
        let (path, conditions) = self.at(path);
        path.datagram(now, bytes, conditions)
    }

    /// When a few bytes of the transport's own arrive; `None`: lost.
    pub(super) fn control(&mut self, now: Instant, path: PathId) -> Option<Instant> {
        let (path, conditions) = self.at(path);
        path.control(now, conditions)
    }

    /// When an acknowledgement sent now arrives; `None`: lost. Nothing is drawn
    /// on a path without faults: the next one tells as much.
    pub(super) fn acknowledgement(&mut self, now: Instant, path: PathId) -> Option<Instant> {
        let (path, conditions) = self.at(path);
        if conditions.loss_ppm == 0 && conditions.weather.is_none() {
            return Some(now + conditions.least);
        }
        path.control(now, conditions)
    }

    /// When a message on a stream sent now arrives, retransmissions included,
    /// and how many packets of it were lost.
    pub(super) fn stream(&mut self, now: Instant, path: PathId, bytes: usize) -> (Instant, u64) {
        let (most, id) = (self.setup.idle_timeout, path);
        let (path, conditions) = self.at(id);
        let arrival = path.bulk(now, bytes, conditions);
        if conditions.loss_ppm == 0 && conditions.weather.is_none() {
            return (arrival, 0);
        }
        let mut retry = ACK_DELAY + conditions.least * 6;
        let mut delay = Duration::ZERO;
        let mut lost = 0;
        let mut packets = (bytes / PACKET_BYTES + 1).min(PACKETS_DRAWN);
        while packets > 0 && delay < most {
            packets = (0..packets).filter(|_| path.loses(conditions)).count();
            if packets > 0 {
                delay += retry;
                retry *= 2;
                lost += packets as u64;
            }
        }
        (arrival + delay, lost)
    }

    /// When something that waited out a cut arrives, now that it is mended.
    pub(super) fn resumed(&mut self, now: Instant, path: PathId) -> Instant {
        let (path, conditions) = self.at(path);
        path.resumed(now, RESUME, conditions)
    }

    /// Whether packets pass from one host to another, sooner or later.
    pub(super) fn passes(&self, from: HostId, to: HostId) -> bool {
        let group = |host: HostId| self.groups.get(host.index());
        group(from) == group(to) && !self.cell(from, to).is_some_and(|cell| cell.cut)
    }

    /// Whether packets pass both ways.
    pub(super) fn meet(&self, a: HostId, b: HostId) -> bool {
        self.passes(a, b) && self.passes(b, a)
    }

    /// Until when nothing passes that is on its way, if there is a clog.
    pub(super) fn clogged(&self, now: Instant, from: HostId, to: HostId) -> Option<Instant> {
        let until = self.cell(from, to)?.clogged_until;
        (until > now).then_some(until)
    }

    fn cell(&self, from: HostId, to: HostId) -> Option<&Cell> {
        self.cells.get(from.index() * self.hosts + to.index())
    }
}

/// What goes wrong.
impl Network {
    pub(super) const fn set_loss(&mut self, ppm: u32) {
        self.setup.loss_ppm = ppm;
    }

    /// Cuts every path between hosts of different groups. Hosts in none of
    /// them form one more.
    pub(super) fn partition(&mut self, groups: &[&[HostId]]) {
        self.groups.clear();
        self.groups.resize(self.hosts, 0);
        for (number, group) in (1..).zip(groups) {
            for host in *group {
                self.groups[host.index()] = number;
            }
        }
    }

    /// Mends every cut, clog and partition. The weather stays.
    pub(super) fn heal(&mut self) {
        self.groups.clear();
        for cell in &mut self.cells {
            cell.cut = false;
            cell.clogged_until = Instant::ZERO;
        }
    }

    pub(super) fn set_weather(&mut self, paths: &Paths, weather: &Weather) {
        let known = self.weathers.iter().position(|known| known == weather);
        let place = known.unwrap_or_else(|| {
            self.weathers.push(weather.clone());
            self.weathers.len() - 1
        });
        // tidy: allow(panic): nobody thinks of so many
        let weather = u16::try_from(place + 1).expect("fewer weathers than that");
        self.each(paths, |cell| cell.weather = weather);
    }

    pub(super) fn clear_weather(&mut self, paths: &Paths) {
        self.each(paths, |cell| cell.weather = 0);
    }

    pub(super) fn set_cut(&mut self, paths: &Paths, cut: bool) {
        self.each(paths, |cell| cell.cut = cut);
    }

    pub(super) fn clog(&mut self, paths: &Paths, until: Instant) {
        self.each(paths, |cell| cell.clogged_until = until);
    }

    fn each(&mut self, paths: &Paths, mut change: impl FnMut(&mut Cell)) {
        let hosts = self.hosts;
        self.cells.resize(hosts * hosts, Cell::default());
        let is_in = |set: &super::weather::Hosts| -> Vec<bool> {
            let mut marks = vec![false; hosts];
            match set {
                super::weather::Hosts::All => marks.fill(true),
                super::weather::Hosts::These(these) => {
                    these.iter().for_each(|host| marks[host.index()] = true);
                }
            }
            marks
        };
        let (from, to) = (is_in(&paths.from), is_in(&paths.to));
        for (row, _) in self
            .cells
            .chunks_mut(hosts.max(1))
            .zip(&from)
            .filter(|(_, is)| **is)
        {
            for (cell, _) in row.iter_mut().zip(&to).filter(|(_, is)| **is) {
                change(cell);
            }
        }
    }
}

/// Of a million, how many meet one of two chances or both.
fn either_ppm(one: u32, other: u32) -> u32 {
    let miss = |ppm: u32| u64::from(1_000_000_u32.saturating_sub(ppm));
    let none = miss(one) * miss(other) / 1_000_000;
    u32::try_from(1_000_000 - none).unwrap_or(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: HostId = HostId::new(0);
    const B: HostId = HostId::new(1);
    const C: HostId = HostId::new(2);

    fn network(loss_ppm: u32) -> Network {
        let setup = NetworkSetup {
            loss_ppm,
            ..NetworkSetup::default()
        };
        let mut network = Network::new(setup, 7);
        (0..3).for_each(|_| network.add_host());
        network
    }

    fn lost(network: &mut Network, from: HostId, to: HostId) -> usize {
        let path = network.path(from, to, false);
        (0..10_000).filter(|_| network.loses(path)).count()
    }

    #[test]
    fn loss_is_what_was_asked_for_and_delays_what_is_reliable() {
        let mut network = network(200_000);
        let now = Instant::ZERO;
        assert!((1_900..2_100).contains(&lost(&mut network, A, B)));
        let path = network.path(A, C, false);
        let late = (0..1_000)
            .filter(|_| network.stream(now, path, 100).0 > Instant::from_millis(20))
            .count();
        assert!((150..=250).contains(&late), "{late}");
    }

    #[test]
    fn what_one_path_draws_does_not_move_another() {
        let mut alone = network(200_000);
        let mut beside = network(200_000);
        let (path, other) = (alone.path(A, B, false), beside.path(C, B, false));
        let same = beside.path(A, B, false);
        for _ in 0..100 {
            beside.loses(other);
            assert_eq!(alone.loses(path), beside.loses(same));
        }
    }

    #[test]
    fn weather_holds_on_its_paths_alone_and_comes_on_top() {
        let mut network = network(0);
        let paths = Paths::into(B);
        network.set_weather(&paths, &Weather::losing(300_000));
        assert!((2_800..3_200).contains(&lost(&mut network, A, B)));
        assert!((2_800..3_200).contains(&lost(&mut network, C, B)));
        assert_eq!(lost(&mut network, B, A), 0);
        network.set_loss(500_000);
        assert!((6_350..6_650).contains(&lost(&mut network, A, B)));
        network.set_loss(0);
        network.add_host();
        assert!((2_800..3_200).contains(&lost(&mut network, A, B)));
        assert_eq!(lost(&mut network, HostId::new(3), B), 0);
        network.clear_weather(&Paths::all());
        assert_eq!(lost(&mut network, A, B), 0);
    }

    #[test]
    fn a_cut_has_a_direction_and_stacks_with_a_partition() {
        let mut network = network(0);
        network.set_cut(&Paths::out_of(A), true);
        network.partition(&[&[C]]);
        assert!(!network.passes(A, B) && network.passes(B, A) && !network.meet(A, B));
        assert!(!network.passes(B, C) && !network.passes(C, A));
        network.set_cut(&Paths::all(), false);
        assert!(network.meet(A, B) && !network.passes(B, C));
        network.set_cut(&Paths::out_of(A), true);
        network.heal();
        assert!(network.meet(A, B) && network.meet(B, C));
    }

    #[test]
    fn a_partition_cuts_between_groups_and_the_rest_is_one_more() {
        let mut network = network(0);
        network.partition(&[&[A]]);
        assert!(!network.meet(A, B) && network.meet(B, C));
        network.heal();
        assert!(network.meet(A, B));
    }
}
