//! What an operator may choose, and what follows from a cluster's size.
//!
//! A [`Config`] starts from a [`Profile`]; each knob says what it does, why
//! one would turn it, and its range. [`Config::check`] is the only judge.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::base::agreed::{Agreed, Share};
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::defence::Defences;
use crate::electorate::{ElectorateError, QuorumConfig};
use crate::message::{Form, Key};
use crate::mongering::Mongering;

/// Who this node is. Proven by its certificate; the host checks that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// Its name in it.
    pub id: NodeId,
    /// Where others reach it, best first; 1 to [`limit::ADDRS`].
    pub addrs: Vec<SocketAddr>,
}

/// A set of timings for a kind of network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// One machine or one rack.
    Local,
    /// One datacenter.
    #[default]
    Lan,
    /// Across datacenters.
    Wan,
}

/// How the time to wait for a direct answer follows from the answers before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detector {
    /// The mean and four deviations, as TCP does (RFC 6298). For everybody who
    /// has no reason to want another.
    #[default]
    Timeout,
    /// Until the suspicion level φ reaches a threshold, for those who tuned
    /// Cassandra's `phi_convict_threshold` or Akka's `threshold` to their network.
    Accrual {
        /// 1 to 16. (8: Cassandra and Akka; 12 is advised for shaky clouds.)
        threshold: u8,
    },
}

/// Which of the logs that another lacks goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeltaOrder {
    /// The one of which it lacks the most versions.
    #[default]
    FurthestBehind,
    /// In order of name.
    Name,
}

impl DeltaOrder {
    /// Its name, as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FurthestBehind => "furthest-behind",
            Self::Name => "name",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::FurthestBehind, Self::Name];
        all.into_iter().find(|order| order.name() == name)
    }
}

/// The knobs of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Names that lead to members: how a node finds its cluster, and finds it
    /// again. Resolved by the host each time. At most [`limit::SEEDS`]; a node
    /// without any waits to be found, or is the first.
    pub seeds: Vec<String>,

    /// How often one member is probed. Shorter finds crashes sooner and costs
    /// two datagrams each time. 50 ms to 1 min. (`lan` 1 s: memberlist.)
    pub probe_interval: Duration,

    /// The most a direct question to a peer may take before others are asked to
    /// help; what is really waited follows the peer's measured answers. 10 ms to
    /// `probe_interval`. (`lan` 500 ms: memberlist.)
    pub probe_timeout: Duration,

    /// Added to what a peer's answers usually take, for a peer that is busy for
    /// a moment. Longer asks fewer relays in vain, shorter finds a crash that
    /// much sooner. 0 to `probe_timeout`. (`lan` 50 ms: guess, a few time slices
    /// of a loaded scheduler.)
    pub probe_slack: Duration,

    /// How measured answers become a time to wait. Leave it alone unless you
    /// know φ.
    pub detector: Detector,

    /// Added to the budget of a probe when there is no connection yet: a
    /// handshake is two round trips, and a lost packet in it costs three
    /// initial round-trip times (RFC 9002 §6.2). 0 to 10 s.
    pub handshake_budget: Duration,

    /// How many members are asked to probe a silent one. 0 to 16. (3: SWIM §3.1.)
    pub relays: u32,

    /// The highest score of local awareness: a node that trusts itself least
    /// takes this many times longer, plus one, over each probe. 0 switches
    /// awareness off, which only experiments should. 0 to 32. (8: memberlist;
    /// Lifeguard §IV-A.)
    pub awareness_max: u32,

    /// The least time a suspect has to refute, with every confirmation there
    /// can be. Longer where news is measured to be slow, at most twice this. It
    /// does not grow with the cluster: news crosses a thousand members in two
    /// hops more than ten. Shorter finds crashes sooner and kills more of the
    /// living under loss. 100 ms to 5 min. (`lan` 3 s: the curve of `gossip sim
    /// trade`.)
    pub suspicion_min: Duration,

    /// The time a suspect has when only one member accuses it: it may be the
    /// accuser who is sick. `suspicion_min` to 30 min. (6 times the least:
    /// memberlist.)
    pub suspicion_max: Duration,

    /// How many others have to confirm a suspicion for the least time; fewer in
    /// a cluster that has not as many. 0 to 7. (3: Lifeguard's k.)
    pub confirmations: u32,

    /// How many members look at once when somebody is suspected, on average:
    /// they confirm it, or show the suspect what it is accused of. 0 to 16. (5:
    /// guess, so that three confirmations come although some do not look.)
    pub jurors: u32,

    /// How long a dead member, or one that left, keeps its row, its values and
    /// its place among those that are called again. 1 s to 30 days. (24 h: serf's
    /// tombstone and reconnect timeouts.)
    pub forget_after: Duration,

    /// How long a deleted key, or one whose time was over, is remembered by its
    /// author's log before it is cleared away. Who was cut off for longer gets
    /// the whole log, and nothing comes back by it; longer keeps more tombstones
    /// in everybody's memory. A tombstone of a shared key is kept as long as any
    /// member is missing. 1 s to 30 days. (24 h: serf's tombstone timeout.)
    pub tombstone_grace: Duration,

    /// How often a node tells its hot rumors when nothing else makes it speak.
    /// 10 ms to 10 s. (`lan` 200 ms: memberlist.)
    pub gossip_interval: Duration,

    /// How long fresh news waits for company before it is told. 0 to 1 s.
    /// (5 ms: guess; several keys written in one loop then share a datagram.)
    pub gossip_delay: Duration,

    /// To how many members at once; what members write to more, where there are
    /// many or many calls fail. 1 to 16. (3: memberlist.)
    pub gossip_fanout: u32,

    /// A rumor is told this many times the logarithm (base ten, rounded up, at
    /// least two) of the cluster's size plus one. 1 to 16. (4: memberlist.)
    pub rumor_factor: u32,

    /// How what members write is told, and until when: push, pull or push-pull,
    /// and what makes a member lose interest. More (a greater k, no minimising)
    /// misses fewer and sends more; anti-entropy finds whom it misses. Pull
    /// alone costs a datagram an interval where nothing happens. For those who
    /// compare rules; `gossip sim epidemic` measures them. k: 1 to 16.
    /// (Push-pull, feedback, counter, k = 2, minimised: Demers et al. 1987.)
    pub mongering: Mongering,

    /// Keys and values up to so many bytes are told without being asked for, the
    /// first time; the rest by name, to those who want it. More is a round trip
    /// sooner and sends more in vain. 0 to 512. (64: our simulation; the bytes are
    /// even at about 50.)
    pub eager_bytes: u32,

    /// How often a node compares everything with one other: the repair of
    /// whatever rumors missed. 100 ms to 1 h. (`lan` 10 s: guess.)
    pub sync_interval: Duration,

    /// In which direction a comparison carries what differs. Leave it alone but
    /// for experiments: with one direction, both have to begin one. (Push-pull:
    /// Demers et al. 1987, §1.3.)
    pub sync_form: Form,

    /// Beginnings of keys that the application needs before it is ready: who joins
    /// hears the logs first in which there are such keys, own or shared. At most
    /// [`limit::READINESS`].
    pub readiness: Vec<Key>,

    /// Up to so many names are compared by a plain digest where checksums differ;
    /// beyond, by symbols. Leave it alone but for experiments. 0 to 512. (64: 2 kB
    /// of rows, and the simplest of all.)
    pub plain_rows: u32,

    /// Which log goes first in a session where what the other lacks does not fit one
    /// message. Leave it alone but for experiments. (Furthest behind: van Renesse et
    /// al. 2008, whose scuttle-depth left readers the least stale.)
    pub delta_order: DeltaOrder,

    /// How much bulk this node sends, to all peers together, in KiB a second: what
    /// sessions and large values carry. Probes, rumors and events are not counted.
    /// Less for a node whose link others need more; a joiner, and everybody after a
    /// cut, then wait longer. 64 to 4 194 304. (262 144, which is 2 Gbit/s: guess,
    /// above what a link of a datacenter bears, so that only a storm meets it.)
    pub bulk_kib_per_s: u32,

    /// The same to one peer; what is really sent follows what its link bears, and is
    /// never more. 64 to 4 194 304. (65 536, which is half a Gbit/s: guess, ten
    /// times what the fastest author writes.)
    pub peer_kib_per_s: u32,

    /// How often dead members and unconnected seeds are called again, for ever:
    /// what heals a partition of any length. In this time about four of those
    /// who are here (all, where they are fewer) make one call each, however
    /// many they are; five minutes after the last of them went half as many, after
    /// twenty a quarter. 100 ms to 1 h. (`lan` 1 s: guess.)
    pub reconnect_interval: Duration,

    /// How long a leaving node keeps telling that it leaves. 0 to 1 min.
    /// (`lan` 1 s: serf's leave propagation delay.)
    pub leave_linger: Duration,

    /// What protects others from this node: always all of it. See
    /// [`Defence`](crate::defence::Defence).
    pub defences: Defences,

    /// Who votes, how it is counted, and how long a lost quorum is suspect.
    pub quorum: QuorumConfig,

    /// Most keys this node writes, tombstones included, own and shared together.
    /// Agreed by the cluster: who takes fewer refuses the link. 1 to 1 048 576.
    /// (131 072: guess.)
    pub author_keys: u32,

    /// Most bytes of keys and values this node writes. Agreed by the cluster, as
    /// `author_keys`. 1 KiB to 128 MiB. (64 MiB: guess.)
    pub author_bytes: u32,

    /// Most keys this node takes of each other member; 0: as many as it writes.
    /// More, for as long as it takes to raise `author_keys` in a running cluster:
    /// first everybody takes more, then everybody may write it. `author_keys` to
    /// 1 048 576.
    pub author_keys_taken: u32,

    /// Most bytes this node takes of each other member; 0: as many as it writes.
    /// `author_bytes` to 128 MiB.
    pub author_bytes_taken: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self::new(Profile::Lan)
    }
}

impl Config {
    /// The settings of a profile, without seeds.
    pub fn new(profile: Profile) -> Self {
        let ms = Duration::from_millis;
        let lan = Self {
            seeds: Vec::new(),
            probe_interval: ms(1_000),
            probe_timeout: ms(500),
            handshake_budget: ms(1_000),
            relays: 3,
            probe_slack: ms(50),
            detector: Detector::Timeout,
            awareness_max: 8,
            suspicion_min: ms(3_000),
            suspicion_max: ms(18_000),
            confirmations: 3,
            jurors: 5,
            forget_after: ms(86_400_000),
            tombstone_grace: ms(86_400_000),
            gossip_interval: ms(200),
            gossip_delay: ms(5),
            gossip_fanout: 3,
            rumor_factor: 4,
            mongering: Mongering::default(),
            eager_bytes: 64,
            sync_interval: ms(10_000),
            sync_form: Form::PushPull,
            readiness: Vec::new(),
            plain_rows: 64,
            delta_order: DeltaOrder::FurthestBehind,
            bulk_kib_per_s: 262_144,
            peer_kib_per_s: 65_536,
            reconnect_interval: ms(1_000),
            leave_linger: ms(1_000),
            defences: Defences::default(),
            quorum: QuorumConfig::default(),
            author_keys: limit::KEYS_PER_AUTHOR,
            author_bytes: limit::BYTES_PER_AUTHOR,
            author_keys_taken: 0,
            author_bytes_taken: 0,
        };
        match profile {
            Profile::Local => Self {
                probe_interval: ms(250),
                probe_timeout: ms(120),
                handshake_budget: ms(500),
                probe_slack: ms(25),
                suspicion_min: ms(800),
                suspicion_max: ms(4_800),
                gossip_interval: ms(100),
                sync_interval: ms(3_000),
                reconnect_interval: ms(500),
                leave_linger: ms(500),
                ..lan
            },
            Profile::Lan => lan,
            Profile::Wan => Self {
                probe_interval: ms(5_000),
                probe_timeout: ms(3_000),
                handshake_budget: ms(3_000),
                probe_slack: ms(150),
                suspicion_min: ms(15_000),
                suspicion_max: ms(90_000),
                gossip_interval: ms(500),
                gossip_fanout: 4,
                sync_interval: ms(30_000),
                reconnect_interval: ms(5_000),
                leave_linger: ms(2_000),
                ..lan
            },
        }
    }

    /// Whether every knob is in its range.
    ///
    /// # Errors
    /// The first that is not, by name, with the range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let ms = Duration::from_millis;
        let hour = ms(3_600_000);
        let spans = [
            ("probe_interval", self.probe_interval, ms(50), ms(60_000)),
            (
                "probe_timeout",
                self.probe_timeout,
                ms(10),
                self.probe_interval,
            ),
            ("probe_slack", self.probe_slack, ms(0), self.probe_timeout),
            ("handshake_budget", self.handshake_budget, ms(0), ms(10_000)),
            ("suspicion_min", self.suspicion_min, ms(100), ms(300_000)),
            (
                "suspicion_max",
                self.suspicion_max,
                self.suspicion_min,
                ms(1_800_000),
            ),
            ("forget_after", self.forget_after, ms(1_000), 720 * hour),
            (
                "tombstone_grace",
                self.tombstone_grace,
                ms(1_000),
                720 * hour,
            ),
            ("gossip_interval", self.gossip_interval, ms(10), ms(10_000)),
            ("gossip_delay", self.gossip_delay, ms(0), ms(1_000)),
            ("sync_interval", self.sync_interval, ms(100), hour),
            ("reconnect_interval", self.reconnect_interval, ms(100), hour),
            ("leave_linger", self.leave_linger, ms(0), ms(60_000)),
            ("quorum.timeout", self.quorum.timeout, ms(0), hour),
            ("quorum.probation", self.quorum.probation, ms(0), hour),
        ];
        for (knob, found, least, most) in spans {
            if found < least || found > most {
                return Err(ConfigError::Span {
                    knob,
                    found,
                    least,
                    most,
                });
            }
        }
        let counts = [
            ("relays", self.relays, 0, 16),
            ("awareness_max", self.awareness_max, 0, 32),
            ("confirmations", self.confirmations, 0, 7),
            ("jurors", self.jurors, 0, 16),
            ("gossip_fanout", self.gossip_fanout, 1, 16),
            ("rumor_factor", self.rumor_factor, 1, 16),
            ("plain_rows", self.plain_rows, 0, 512),
            ("mongering_k", self.mongering.k, 1, 16),
            ("eager_bytes", self.eager_bytes, 0, 512),
            ("bulk_kib_per_s", self.bulk_kib_per_s, 64, 4_194_304),
            ("peer_kib_per_s", self.peer_kib_per_s, 64, 4_194_304),
            (
                "limits.author_keys",
                self.author_keys,
                1,
                limit::KEYS_PER_AUTHOR_MAX,
            ),
            (
                "limits.author_bytes",
                self.author_bytes,
                limit::BYTES_PER_AUTHOR_MIN,
                limit::BYTES_PER_AUTHOR_MAX,
            ),
            (
                "limits.author_keys_taken",
                or(self.author_keys_taken, self.author_keys),
                self.author_keys,
                limit::KEYS_PER_AUTHOR_MAX,
            ),
            (
                "limits.author_bytes_taken",
                or(self.author_bytes_taken, self.author_bytes),
                self.author_bytes,
                limit::BYTES_PER_AUTHOR_MAX,
            ),
        ];
        let threshold = match self.detector {
            Detector::Timeout => 1,
            Detector::Accrual { threshold } => u32::from(threshold),
        };
        let counts = counts.into_iter().chain([("threshold", threshold, 1, 16)]);
        for (knob, found, least, most) in counts {
            if found < least || found > most {
                return Err(ConfigError::Count {
                    knob,
                    found,
                    least,
                    most,
                });
            }
        }
        self.quorum.electorate.check()?;
        if self.seeds.len() > limit::SEEDS {
            return Err(ConfigError::TooMany {
                knob: "seeds",
                found: self.seeds.len(),
                most: limit::SEEDS,
            });
        }
        if self.readiness.len() > limit::READINESS {
            return Err(ConfigError::TooMany {
                knob: "readiness",
                found: self.readiness.len(),
                most: limit::READINESS,
            });
        }
        Ok(())
    }

    /// What two nodes of a cluster have to agree on.
    pub fn agreed(&self) -> Agreed {
        let share = |keys, bytes| Share {
            keys: u64::from(keys),
            bytes: u64::from(bytes),
        };
        Agreed {
            writes: share(self.author_keys, self.author_bytes),
            takes: share(
                or(self.author_keys_taken, self.author_keys),
                or(self.author_bytes_taken, self.author_bytes),
            ),
        }
    }

    /// How long a suspicion lasts in a cluster of `members`, where news is
    /// measured to come back within `news`. Two of them cannot confirm: the
    /// suspect and the first accuser (Lifeguard §IV-B; memberlist's k).
    pub fn suspicion(&self, members: usize, news: Duration) -> Terms {
        let others = u32::try_from(members.saturating_sub(2)).unwrap_or(u32::MAX);
        let least = news.clamp(self.suspicion_min, self.suspicion_min * 2);
        Terms {
            least,
            most: self.suspicion_max.max(least),
            confirmations: self.confirmations.min(others),
        }
    }

    /// How long one member waits, on average, between two calls to those who
    /// are not here, in a cluster of `here`, so long after the last of them
    /// went. See [`Config::reconnect_interval`].
    pub fn reconnect_after(&self, here: usize, quiet: Duration) -> Duration {
        let share = u32::try_from(here)
            .unwrap_or(u32::MAX)
            .div_ceil(CALLERS)
            .max(1);
        let minutes = quiet.as_secs() / 60;
        let patience = match minutes {
            0..5 => 1,
            5..20 => 2,
            _ => 4,
        };
        self.reconnect_interval
            .saturating_mul(share)
            .saturating_mul(patience)
    }

    /// How often a node of a cluster of `members` tells one rumor:
    /// `rumor_factor` × ⌈log₁₀ (members + 1)⌉ (memberlist's retransmits), the
    /// logarithm at least two: told four times, one rumor in eight would miss
    /// somebody in a cluster of eight (7 × e⁻⁴).
    pub fn rumor_sends(&self, members: usize) -> u32 {
        let digits = libm::ceil(libm::log10(members as f64 + 1.0)).max(2.0) as u32;
        self.rumor_factor.saturating_mul(digits)
    }
}

/// A number that may be left at zero.
const fn or(number: u32, otherwise: u32) -> u32 {
    if number == 0 { otherwise } else { number }
}

/// How long a suspicion lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// With every confirmation.
    pub least: Duration,
    /// With none.
    pub most: Duration,
    /// How many others have to say the same for the least.
    pub confirmations: u32,
}

impl Terms {
    /// How long, with so many confirmations.
    pub fn lasts(&self, confirmations: u32) -> Duration {
        if confirmations >= self.confirmations || self.most <= self.least {
            return self.least;
        }
        let part = libm::log(f64::from(confirmations) + 1.0)
            / libm::log(f64::from(self.confirmations) + 1.0);
        // Millionths, rounded down: an integer from here on, the same everywhere.
        let part_millionths = libm::floor(part * 1e6) as u64;
        let span = (self.most - self.least).as_nanos();
        let cut = span * u128::from(part_millionths) / 1_000_000;
        self.most - Duration::from_nanos(u64::try_from(cut).unwrap_or(u64::MAX))
    }
}

/// Members who call those that are not here, in one
/// [`Config::reconnect_interval`], taken over the whole cluster (guess: at four
/// calls a second from either side, 99 of 100 mended cuts are bridged within
/// 0.6 s).
const CALLERS: u32 = 4;

/// Why a node cannot run with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A duration out of its range.
    #[error("{knob} is {found:?}, it must lie between {least:?} and {most:?}")]
    Span {
        /// The knob's name.
        knob: &'static str,
        /// What it was set to.
        found: Duration,
        /// The least allowed.
        least: Duration,
        /// The most allowed.
        most: Duration,
    },
    /// A number out of its range.
    #[error("{knob} is {found}, it must lie between {least} and {most}")]
    Count {
        /// The knob's name.
        knob: &'static str,
        /// What it was set to.
        found: u32,
        /// The least allowed.
        least: u32,
        /// The most allowed.
        most: u32,
    },
    /// A list that is too long.
    #[error("{knob} has {found} entries, at most {most} are allowed")]
    TooMany {
        /// The knob's name.
        knob: &'static str,
        /// How many it has.
        found: usize,
        /// The most allowed.
        most: usize,
    },
    /// A list of voters that is too long.
    #[error(transparent)]
    Electorate(#[from] ElectorateError),
    /// A node that nobody can reach.
    #[error("a node needs at least one address that others can reach")]
    NoAddress,
    /// The saved generation lies so far ahead that the clock must be wrong.
    #[error(
        "the journal's generation {saved} is more than a day ahead of the clock ({clock}); set the clock right"
    )]
    GenerationAhead {
        /// What the journal holds, in milliseconds since 1970.
        saved: u64,
        /// What the clock says, in milliseconds since 1970.
        clock: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_in_range() {
        for profile in [Profile::Local, Profile::Lan, Profile::Wan] {
            assert_eq!(Config::new(profile).check(), Ok(()));
        }
    }

    #[test]
    fn a_knob_out_of_range_is_named() {
        let config = Config {
            probe_timeout: Duration::from_secs(2),
            ..Config::default()
        };
        assert!(matches!(
            config.check(),
            Err(ConfigError::Span {
                knob: "probe_timeout",
                ..
            })
        ));
        let config = Config {
            relays: 17,
            ..Config::default()
        };
        assert!(matches!(
            config.check(),
            Err(ConfigError::Count { knob: "relays", .. })
        ));
    }

    #[test]
    fn suspicion_follows_the_news_and_not_the_number_of_members() {
        let config = Config::default();
        let (quick, ms) = (Duration::from_millis(40), Duration::from_millis);
        for members in [10, 100, 1_000, 10_000] {
            let terms = config.suspicion(members, quick);
            assert_eq!((terms.least, terms.confirmations), (ms(3_000), 3));
        }
        assert_eq!(config.suspicion(100, ms(4_000)).least, ms(4_000));
        assert_eq!(config.suspicion(100, ms(60_000)).least, ms(6_000));
        assert_eq!(config.suspicion(2, quick).confirmations, 0);
        assert_eq!(config.suspicion(3, quick).confirmations, 1);
        assert_eq!((config.rumor_sends(5), config.rumor_sends(1_000)), (8, 16));
    }

    #[test]
    fn all_together_call_as_often_however_many_they_are() {
        let config = Config::default();
        let second = Duration::from_secs(1);
        let calls_per_s =
            |here: usize, quiet| here as f64 / config.reconnect_after(here, quiet).as_secs_f64();
        for here in [8, 64, 1_000, 10_000] {
            assert_eq!(calls_per_s(here, second), 4.0);
            assert_eq!(calls_per_s(here, 3_600 * second), 1.0);
        }
        assert_eq!(calls_per_s(1, second), 1.0);
    }
}
