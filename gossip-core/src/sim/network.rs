//! The network: how long a packet takes, and whether it comes at all.
//!
//! Every directed pair of hosts is a *path* with chance of its own, so a fault
//! on one path does not reshuffle the others. A path keeps its order: a packet
//! does not overtake the one before it. A partition is a grouping of the
//! hosts; what would pass from one group to another is lost.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::hash::RunningHash;
use super::host::HostId;
use crate::base::rng::Rng;
use crate::base::time::Instant;

/// How the network behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSetup {
    /// The least time from one host to another (0.25 ms: guess, one datacenter).
    pub latency: Duration,
    /// The same, where their zones differ (10 ms: guess, one continent).
    pub latency_between_zones: Duration,
    /// Of a million packets, how many are lost.
    pub loss_ppm: u32,
    /// Bytes of streams a path carries in a second (125 MB: 1 Gbit/s).
    pub bytes_per_second: u64,
    /// After what silence an end gives its link up (30 s: quinn's default).
    pub idle_timeout: Duration,
    /// How long a dial waits for an answer (5 s: guess).
    pub dial_timeout: Duration,
}

impl Default for NetworkSetup {
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(250),
            latency_between_zones: Duration::from_millis(10),
            loss_ppm: 0,
            bytes_per_second: 125_000_000,
            idle_timeout: Duration::from_secs(30),
            dial_timeout: Duration::from_secs(5),
        }
    }
}

/// The first retransmission of a handshake: three times the initial round trip
/// of 333 ms (RFC 9002 §6.2.2), each further one twice as long.
const HANDSHAKE_RETRY: Duration = Duration::from_millis(999);

/// Flights of a handshake that have to arrive: two each way (RFC 9001 §4, and
/// the application's greeting and its answer).
const HANDSHAKE_FLIGHTS: u32 = 4;

/// The part of a retransmission that does not depend on distance: the largest
/// delay of an acknowledgement (RFC 9000 §18.2).
const ACK_DELAY: Duration = Duration::from_millis(25);

/// Bytes of one packet: what quinn starts with before it looks for more.
const PACKET_BYTES: usize = 1_200;

/// Of a message of many packets, how many are drawn for (guess: beyond it, any
/// loss there is has been met).
const PACKETS_DRAWN: usize = 32;

/// All paths.
#[derive(Debug)]
pub(super) struct Network {
    setup: NetworkSetup,
    seed: u64,
    paths: BTreeMap<(HostId, HostId), Path>,
    /// The group of each host; a host that is not named is in group zero.
    groups: BTreeMap<HostId, usize>,
}

#[derive(Debug)]
struct Path {
    rng: Rng,
    /// When the last datagram arrives: none overtakes it.
    last_arrival: Instant,
    /// When the last stream byte has left.
    busy_until: Instant,
}

impl Network {
    pub(super) const fn new(setup: NetworkSetup, seed: u64) -> Self {
        Self {
            setup,
            seed,
            paths: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    pub(super) const fn setup(&self) -> &NetworkSetup {
        &self.setup
    }

    pub(super) const fn set_loss(&mut self, ppm: u32) {
        self.setup.loss_ppm = ppm;
    }

    /// Cuts every path between hosts of different groups. Hosts in none of
    /// them form one more.
    pub(super) fn partition(&mut self, groups: &[&[HostId]]) {
        self.groups.clear();
        for (number, group) in (1..).zip(groups) {
            for host in *group {
                self.groups.insert(*host, number);
            }
        }
    }

    pub(super) fn heal(&mut self) {
        self.groups.clear();
    }

    /// Whether packets pass between two hosts.
    pub(super) fn passes(&self, a: HostId, b: HostId) -> bool {
        let group = |host| self.groups.get(host).copied().unwrap_or(0);
        group(&a) == group(&b)
    }

    fn path(&mut self, from: HostId, to: HostId) -> &mut Path {
        let seed = self.seed;
        self.paths.entry((from, to)).or_insert_with(|| Path {
            rng: Rng::new(RunningHash::of(&[seed, from.number(), to.number()])),
            last_arrival: Instant::ZERO,
            busy_until: Instant::ZERO,
        })
    }

    fn base(&self, far: bool) -> Duration {
        if far {
            self.setup.latency_between_zones
        } else {
            self.setup.latency
        }
    }

    /// One trip: the base, up to half of it more, and one in a hundred takes
    /// five times as long (guess: the tail of a busy switch).
    fn trip(&mut self, from: HostId, to: HostId, far: bool) -> Duration {
        let base = self.base(far);
        let rng = &mut self.path(from, to).rng;
        let trip = base + rng.within(base / 2);
        if rng.chance_ppm(10_000) {
            trip * 5
        } else {
            trip
        }
    }

    /// Whether one packet is lost.
    pub(super) fn loses(&mut self, from: HostId, to: HostId) -> bool {
        let ppm = self.setup.loss_ppm;
        ppm > 0 && self.path(from, to).rng.chance_ppm(ppm)
    }

    /// How far two hosts are apart, there and back.
    pub(super) fn rtt(&mut self, a: HostId, b: HostId, far: bool) -> Duration {
        self.trip(a, b, far) + self.trip(b, a, far)
    }

    /// When a datagram sent now arrives; `None`: lost.
    pub(super) fn datagram(
        &mut self,
        now: Instant,
        from: HostId,
        to: HostId,
        far: bool,
    ) -> Option<Instant> {
        let trip = self.trip(from, to, far);
        if self.loses(from, to) {
            return None;
        }
        let path = self.path(from, to);
        path.last_arrival = path.last_arrival.max(now + trip);
        Some(path.last_arrival)
    }

    /// When a message on a stream sent now arrives, retransmissions included.
    pub(super) fn stream(
        &mut self,
        now: Instant,
        from: HostId,
        to: HostId,
        far: bool,
        bytes: usize,
    ) -> Instant {
        let rate = self.setup.bytes_per_second.max(1);
        let nanos = u128::from(bytes as u64) * 1_000_000_000 / u128::from(rate);
        let sending = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let path = self.path(from, to);
        let left = path.busy_until.max(now) + sending;
        path.busy_until = left;
        let arrival = left + self.trip(from, to, far);
        let mut delay = Duration::ZERO;
        let mut retry = ACK_DELAY + self.base(far) * 6;
        let mut packets = (bytes / PACKET_BYTES + 1).min(PACKETS_DRAWN);
        while packets > 0 && delay < self.setup.idle_timeout {
            packets = (0..packets).filter(|_| self.loses(from, to)).count();
            if packets > 0 {
                delay += retry;
                retry *= 2;
            }
        }
        arrival + delay
    }

    /// How long a handshake takes, retransmissions included.
    pub(super) fn handshake(&mut self, from: HostId, to: HostId, far: bool) -> Duration {
        let mut span = self.rtt(from, to, far) + self.rtt(from, to, far);
        for _ in 0..HANDSHAKE_FLIGHTS {
            let mut retry = HANDSHAKE_RETRY;
            while self.loses(from, to) && span < self.setup.dial_timeout {
                span += retry;
                retry *= 2;
            }
        }
        span
    }

    /// When something that waited out a cut arrives, now that it is mended:
    /// retransmissions back off, so up to a second later (guess).
    pub(super) fn resumed(&mut self, now: Instant, from: HostId, to: HostId, far: bool) -> Instant {
        let trip = self.trip(from, to, far);
        let wait = self.path(from, to).rng.within(Duration::from_secs(1));
        now + trip + wait
    }
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
        Network::new(setup, 7)
    }

    #[test]
    fn a_path_keeps_its_order_and_its_least_latency() {
        let mut network = network(0);
        let mut last = Instant::ZERO;
        for micro in 0..10_000 {
            let now = Instant::from_nanos(micro * 1_000);
            let arrival = network.datagram(now, A, B, false).unwrap();
            assert!(arrival >= last && arrival.since(now) >= Duration::from_micros(250));
            last = arrival;
        }
    }

    #[test]
    fn loss_is_what_was_asked_for_and_delays_what_is_reliable() {
        let mut network = network(200_000);
        let now = Instant::ZERO;
        let lost = (0..100_000)
            .filter(|_| network.datagram(now, A, B, false).is_none())
            .count();
        assert!((19_500..20_500).contains(&lost), "{lost}");
        let late = (0..1_000)
            .filter(|_| network.stream(now, A, C, false, 100) > Instant::from_millis(20))
            .count();
        assert!((150..=250).contains(&late), "{late}");
    }

    #[test]
    fn what_one_path_draws_does_not_move_another() {
        let mut alone = network(200_000);
        let mut beside = network(200_000);
        for _ in 0..100 {
            beside.loses(C, B);
            assert_eq!(alone.loses(A, B), beside.loses(A, B));
        }
    }

    #[test]
    fn a_partition_cuts_between_groups_and_the_rest_is_one_more() {
        let mut network = network(0);
        network.partition(&[&[A]]);
        assert!(!network.passes(A, B) && !network.passes(B, A) && network.passes(B, C));
        network.heal();
        assert!(network.passes(A, B));
    }
}
