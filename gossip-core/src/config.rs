//! What an operator may choose, and what follows from a cluster's size.
//!
//! A [`Config`] starts from a [`Profile`]; each knob says what it does, why
//! one would turn it, and its range. [`Config::check`] is the only judge.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::electorate::{ElectorateError, QuorumConfig};

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

    /// How long a probe of a warm peer may take before others are asked to
    /// help. 10 ms to `probe_interval`. (`lan` 500 ms: memberlist.)
    pub probe_timeout: Duration,

    /// Added to the budget of a probe when there is no connection yet: a
    /// handshake is two round trips, and a lost packet in it costs three
    /// initial round-trip times (RFC 9002 §6.2). 0 to 10 s.
    pub handshake_budget: Duration,

    /// How many members are asked to probe a silent one. 0 to 16. (3: SWIM §3.1.)
    pub relays: u32,

    /// Suspicion lasts this many probe intervals, times the decimal logarithm
    /// of the cluster's size, at least one. 2 to 32. (4: memberlist.)
    pub suspicion_factor: u32,

    /// How often a node tells its hot rumors when nothing else makes it speak.
    /// 10 ms to 10 s. (`lan` 200 ms: memberlist.)
    pub gossip_interval: Duration,

    /// How long fresh news waits for company before it is told. 0 to 1 s.
    /// (5 ms: guess; several keys written in one loop then share a datagram.)
    pub gossip_delay: Duration,

    /// To how many members at once. 1 to 16. (3: memberlist.)
    pub gossip_fanout: u32,

    /// A rumor is told this many times the logarithm (base ten, rounded up) of
    /// the cluster's size plus one. 1 to 16. (4: memberlist.)
    pub rumor_factor: u32,

    /// How often a node compares everything with one other: the repair of
    /// whatever rumors missed. 100 ms to 1 h. (`lan` 10 s: guess.)
    pub sync_interval: Duration,

    /// How often one dead member or unconnected seed is tried again, for ever:
    /// what heals a partition of any length. 100 ms to 1 h. (`lan` 2 s: guess.)
    pub reconnect_interval: Duration,

    /// How long a leaving node keeps telling that it leaves. 0 to 1 min.
    /// (`lan` 1 s: serf's leave propagation delay.)
    pub leave_linger: Duration,

    /// Who votes, how it is counted, and how long a lost quorum is suspect.
    pub quorum: QuorumConfig,
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
            suspicion_factor: 4,
            gossip_interval: ms(200),
            gossip_delay: ms(5),
            gossip_fanout: 3,
            rumor_factor: 4,
            sync_interval: ms(10_000),
            reconnect_interval: ms(2_000),
            leave_linger: ms(1_000),
            quorum: QuorumConfig::default(),
        };
        match profile {
            Profile::Local => Self {
                probe_interval: ms(250),
                probe_timeout: ms(120),
                handshake_budget: ms(500),
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
                suspicion_factor: 6,
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
            ("handshake_budget", self.handshake_budget, ms(0), ms(10_000)),
            ("gossip_interval", self.gossip_interval, ms(10), ms(10_000)),
            ("gossip_delay", self.gossip_delay, ms(0), ms(1_000)),
            ("sync_interval", self.sync_interval, ms(100), hour),
            ("reconnect_interval", self.reconnect_interval, ms(100), hour),
            ("leave_linger", self.leave_linger, ms(0), ms(60_000)),
            ("quorum.timeout", self.quorum.timeout, ms(0), hour),
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
            ("suspicion_factor", self.suspicion_factor, 2, 32),
            ("gossip_fanout", self.gossip_fanout, 1, 16),
            ("rumor_factor", self.rumor_factor, 1, 16),
        ];
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
        Ok(())
    }

    /// How long a member of a cluster of `members` stays suspect before it is
    /// declared dead: `suspicion_factor` × max(1, log₁₀ members) × interval
    /// (Lifeguard, Dadgar et al. 2017, §III; memberlist's minimum).
    pub fn suspicion_timeout(&self, members: usize) -> Duration {
        let scale = libm::log10(members.max(1) as f64).max(1.0);
        // Millionths, rounded down: an integer from here on, the same everywhere.
        let scale_millionths = libm::floor(scale * 1e6) as u64;
        let nanos = self.probe_interval.as_nanos() * u128::from(self.suspicion_factor);
        let nanos = nanos * u128::from(scale_millionths) / 1_000_000;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How often a node of a cluster of `members` tells one rumor:
    /// `rumor_factor` × ⌈log₁₀ (members + 1)⌉ (memberlist's retransmits).
    pub fn rumor_sends(&self, members: usize) -> u32 {
        let digits = libm::ceil(libm::log10(members as f64 + 1.0)).max(1.0) as u32;
        self.rumor_factor.saturating_mul(digits)
    }
}

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
        /// What the journal holds, in seconds since 1970.
        saved: u64,
        /// What the clock says, in seconds since 1970.
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
    fn suspicion_grows_with_the_logarithm() {
        let config = Config::default();
        assert_eq!(config.suspicion_timeout(5), Duration::from_secs(4));
        assert_eq!(config.suspicion_timeout(100), Duration::from_secs(8));
        assert_eq!(config.suspicion_timeout(1_000), Duration::from_secs(12));
        assert_eq!((config.rumor_sends(5), config.rumor_sends(100)), (4, 12));
    }
}
