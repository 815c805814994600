//! A path: one direction between two hosts, and what becomes of a packet on it.
//!
//! ```text
//!   sent ─▶ queue of the sender ─▶ loss, burst ─▶ trip ─▶ behind those before ─▶ arrives
//!            │ more than 200 ms: dropped           │
//!            ▼                                     └ held back, twice, once more later
//! ```

use core::time::Duration;

use super::chance::{Chances, Draws, Stream};
use super::weather::{Burst, Weather};
use crate::base::time::Instant;

/// What a sender's queue holds before it drops (guess: the buffers of cheap
/// routers hold a few hundred milliseconds).
const QUEUE: Duration = Duration::from_millis(200);

/// The least and the most time after which a replayed packet comes once more
/// (guess: later than any round trip, sooner than most links end).
const REPLAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What a packet adds to the datagram in it, as `wire.rs` has it.
const OVERHEAD: usize = 41;

/// One direction between two hosts.
#[derive(Debug)]
pub(super) struct Path {
    chances: Chances,
    /// When the last packet arrives: none overtakes it.
    last_arrival: Instant,
    /// When the last byte has left the sender.
    busy_until: Instant,
    /// Whether a burst of losses lasts.
    bursts: bool,
}

/// How a path is now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions<'a> {
    /// The least time a packet takes where the weather says nothing else.
    pub(super) least: Duration,
    /// What is lost, with the weather or without.
    pub(super) loss_ppm: u32,
    pub(super) bytes_per_second: u64,
    pub(super) weather: Option<&'a Weather>,
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    /// When it arrives; `None`: never.
    pub(super) arrives: Option<Instant>,
    /// When it arrives again.
    pub(super) again: [Option<Instant>; 2],
}

impl Path {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            chances: Chances::new(seed),
            last_arrival: Instant::ZERO,
            busy_until: Instant::ZERO,
            bursts: false,
        }
    }

    /// One trip of a packet that waits for nobody.
    pub(super) fn trip(&mut self, conditions: Conditions<'_>) -> Duration {
        span(self.chances.packet(), conditions)
    }

    /// Whether one packet is lost.
    pub(super) fn loses(&mut self, conditions: Conditions<'_>) -> bool {
        let draws = self.chances.packet();
        self.is_lost(draws, conditions)
    }

    fn is_lost(&mut self, draws: Draws, conditions: Conditions<'_>) -> bool {
        let burst = conditions.weather.and_then(|weather| weather.burst);
        self.bursts = burst.is_some_and(|burst| {
            let (begins, ends) = burst.turns();
            if self.bursts {
                !draws.is(Stream::Burst, ends)
            } else {
                draws.is(Stream::Burst, begins)
            }
        });
        self.bursts || draws.is(Stream::Loss, conditions.loss_ppm)
    }

    /// A packet leaves: when its last byte does, or `None` where the queue is
    /// too long for one that is not sent again.
    fn leaves(
        &mut self,
        now: Instant,
        bytes: usize,
        waits: bool,
        conditions: Conditions<'_>,
    ) -> Option<Instant> {
        let begins = self.busy_until.max(now);
        if !waits && begins.since(now) > QUEUE {
            return None;
        }
        let rate = conditions.bytes_per_second.max(1);
        let nanos = (bytes as u64).saturating_mul(1_000_000_000) / rate;
        self.busy_until = begins + Duration::from_nanos(nanos);
        Some(self.busy_until)
    }

    /// A datagram is sent.
    pub(super) fn datagram(
        &mut self,
        now: Instant,
        bytes: usize,
        conditions: Conditions<'_>,
    ) -> Fate {
        let mut fate = Fate {
            arrives: None,
            again: [None; 2],
        };
        let draws = self.chances.packet();
        let lost = self.is_lost(draws, conditions);
        let Some(left) = self.leaves(now, bytes + OVERHEAD, false, conditions) else {
            return fate;
        };
        let weather = conditions.weather;
        let fits = |weather: &Weather| weather.datagram_bytes.is_none_or(|most| bytes <= most);
        if lost || !weather.is_none_or(fits) {
            return fate;
        }
        let trip = span(draws, conditions);
        let arrival = (left + trip).max(self.last_arrival);
        if let Some(weather) = weather {
            if draws.is(Stream::Reorder, weather.reorder_ppm) {
                // Whatever is sent in the next few trips overtakes it.
                fate.arrives = Some(arrival + trip + draws.within(Stream::ReorderLag, trip * 3));
                return fate;
            }
            if draws.is(Stream::Duplicate, weather.duplicate_ppm) {
                fate.again[0] = Some(arrival + draws.within(Stream::DuplicateLag, trip));
            }
            if draws.is(Stream::Replay, weather.replay_ppm) {
                let later = REPLAY.0 + draws.within(Stream::ReplayLag, REPLAY.1 - REPLAY.0);
                fate.again[1] = Some(arrival + later);
            }
        }
        self.last_arrival = arrival;
        fate.arrives = Some(arrival);
        fate
    }

    /// A few bytes of the transport's own are sent: an acknowledgement, a word
    /// of farewell. When they arrive; `None`: lost.
    pub(super) fn control(&mut self, now: Instant, conditions: Conditions<'_>) -> Option<Instant> {
        let draws = self.chances.packet();
        if self.is_lost(draws, conditions) {
            return None;
        }
        self.last_arrival = self.last_arrival.max(now + span(draws, conditions));
        Some(self.last_arrival)
    }

    /// So many bytes that are sent again until they arrive leave; when the
    /// last of them arrives if none is lost.
    pub(super) fn bulk(
        &mut self,
        now: Instant,
        bytes: usize,
        conditions: Conditions<'_>,
    ) -> Instant {
        let left = self.leaves(now, bytes, true, conditions).unwrap_or(now);
        left + self.trip(conditions)
    }

    /// When something that waited for a cut to be mended is sent again.
    pub(super) fn resumed(
        &mut self,
        now: Instant,
        within: Duration,
        conditions: Conditions<'_>,
    ) -> Instant {
        let draws = self.chances.packet();
        now + span(draws, conditions) + draws.within(Stream::Resume, within)
    }
}

/// How long a trip takes: the least, up to half of it more, and one in a
/// hundred five times as long (guess: the tail of a busy switch); or what the
/// weather says.
fn span(draws: Draws, conditions: Conditions<'_>) -> Duration {
    let latency = conditions.weather.and_then(|weather| weather.latency);
    if let Some(latency) = latency {
        return latency.least + latency.spread.mul_f64(draws.lognormal());
    }
    let trip = conditions.least + draws.within(Stream::Trip, conditions.least / 2);
    if draws.is(Stream::Tail, 10_000) {
        trip * 5
    } else {
        trip
    }
}

impl Burst {
    /// Of a million packets, before how many a burst begins, if none lasts,
    /// and before how many it ends.
    fn turns(self) -> (u32, u32) {
        let ends = 1_000_000 / self.mean_packets.max(1);
        let share = u64::from(self.share_ppm.min(900_000));
        // In the long run as many begin as end: begins × (1 - share) = ends × share.
        let begins = u64::from(ends) * share / (1_000_000 - share);
        (u32::try_from(begins).unwrap_or(1_000_000), ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::weather::Latency;
    use alloc::vec::Vec;

    fn conditions(weather: &Weather) -> Conditions<'_> {
        Conditions {
            least: Duration::from_micros(250),
            loss_ppm: weather.loss_ppm,
            bytes_per_second: weather.bytes_per_second.unwrap_or(125_000_000),
            weather: Some(weather),
        }
    }

    /// Sends packets of 100 bytes, one a millisecond.
    fn fates(weather: &Weather, count: u64) -> Vec<(Instant, Fate)> {
        let mut path = Path::new(7);
        let send = |milli| {
            let now = Instant::from_millis(milli);
            (now, path.datagram(now, 100, conditions(weather)))
        };
        (0..count).map(send).collect()
    }

    #[test]
    fn a_path_keeps_its_order_and_its_least_latency() {
        let latency = Latency {
            least: Duration::from_millis(10),
            spread: Duration::from_millis(5),
        };
        let weather = Weather {
            latency: Some(latency),
            ..Weather::default()
        };
        for weather in [Weather::default(), weather] {
            let mut path = Path::new(7);
            let mut last = Instant::ZERO;
            let mut took = Vec::new();
            for micro in 0..10_000 {
                let now = Instant::from_nanos(micro * 1_000);
                let arrival = path.datagram(now, 1, conditions(&weather)).arrives.unwrap();
                let least = weather
                    .latency
                    .map_or(Duration::from_micros(250), |l| l.least);
                assert!(arrival >= last && arrival.since(now) >= least);
                last = arrival;
                took.push(path.trip(conditions(&weather)));
            }
            took.sort_unstable();
            if weather.latency.is_some() {
                assert!(
                    took[5_000].as_micros().abs_diff(15_000) < 300,
                    "{:?}",
                    took[5_000]
                );
                assert!(
                    took[9_900].as_micros().abs_diff(61_000) < 8_000,
                    "{:?}",
                    took[9_900]
                );
            }
        }
    }

    #[test]
    fn losses_come_in_bursts_of_the_asked_mean_and_share() {
        let weather = Weather {
            burst: Some(Burst {
                mean_packets: 8,
                share_ppm: 200_000,
            }),
            ..Weather::default()
        };
        let fates = fates(&weather, 400_000);
        let lost: Vec<bool> = fates
            .iter()
            .map(|(_, fate)| fate.arrives.is_none())
            .collect();
        let count = lost.iter().filter(|lost| **lost).count();
        let bursts = lost.windows(2).filter(|two| !two[0] && two[1]).count();
        assert!((76_000..84_000).contains(&count), "{count}");
        let mean = count as f64 / bursts as f64;
        assert!((7.6..8.4).contains(&mean), "{mean}");
    }

    #[test]
    fn copies_come_right_behind_or_seconds_later() {
        let weather = Weather {
            duplicate_ppm: 100_000,
            replay_ppm: 10_000,
            ..Weather::default()
        };
        let fates = fates(&weather, 100_000);
        let copies = |at: usize| {
            let copy = |(_, fate): &(Instant, Fate)| Some(fate.again[at]?.since(fate.arrives?));
            fates.iter().filter_map(copy).collect::<Vec<_>>()
        };
        let (duplicates, replays) = (copies(0), copies(1));
        assert!((9_500..10_500).contains(&duplicates.len()));
        assert!(duplicates.iter().all(|lag| *lag < Duration::from_millis(2)));
        assert!((900..1_100).contains(&replays.len()));
        assert!(replays.iter().all(|lag| (REPLAY.0..REPLAY.1).contains(lag)));
    }

    #[test]
    fn what_is_held_back_is_overtaken() {
        let weather = Weather {
            reorder_ppm: 100_000,
            ..Weather::default()
        };
        let mut path = Path::new(7);
        let arrivals: Vec<_> = (0..10_000)
            .map(|step| Instant::from_nanos(step * 20_000))
            .map(|now| {
                path.datagram(now, 100, conditions(&weather))
                    .arrives
                    .unwrap()
            })
            .collect();
        let overtaken = arrivals.windows(2).filter(|two| two[1] < two[0]).count();
        assert!((800..1_200).contains(&overtaken), "{overtaken}");
    }

    #[test]
    fn a_narrow_path_queues_and_then_drops_the_newest() {
        let weather = Weather {
            bytes_per_second: Some(70_500),
            ..Weather::default()
        };
        // With what QUIC adds, twice as many bytes as it carries.
        let fates = fates(&weather, 10_000);
        let carried = fates
            .iter()
            .filter(|(_, fate)| fate.arrives.is_some())
            .count();
        assert!((5_000..5_200).contains(&carried), "{carried}");
        let waits = fates
            .iter()
            .filter_map(|(now, fate)| Some(fate.arrives?.since(*now)));
        let longest = waits.max().unwrap();
        assert!(
            longest > QUEUE && longest < QUEUE + Duration::from_millis(5),
            "{longest:?}"
        );
        // What is on streams waits for its turn instead.
        let mut path = Path::new(7);
        let now = Instant::ZERO;
        path.bulk(now, 70_500, conditions(&weather));
        assert!(
            path.datagram(now, 100, conditions(&weather))
                .arrives
                .is_none()
        );
        let second = path.bulk(now, 70_500, conditions(&weather));
        assert!(second >= Instant::from_millis(2_000));
    }

    #[test]
    fn large_datagrams_vanish() {
        let weather = Weather {
            datagram_bytes: Some(1_000),
            ..Weather::default()
        };
        let mut path = Path::new(7);
        let mut send = |bytes| {
            path.datagram(Instant::ZERO, bytes, conditions(&weather))
                .arrives
        };
        assert!(send(1_000).is_some() && send(1_001).is_none());
    }

    #[test]
    fn one_knob_does_not_move_what_another_does() {
        let plain = Weather::losing(100_000);
        let busy = Weather {
            duplicate_ppm: 300_000,
            replay_ppm: 100_000,
            ..plain.clone()
        };
        for (one, other) in fates(&plain, 10_000).iter().zip(fates(&busy, 10_000)) {
            assert_eq!(one.1.arrives, other.1.arrives);
        }
    }
}
