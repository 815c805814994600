//! How long a peer takes to answer, as measured.
//!
//! ```text
//!   answers:  ▂▃▂▂▄▂▃ …        mean + margin            the most we wait
//!             └─────┘──────────────┤ ask others ├───────────┤
//! ```
//!
//! Two ways to turn what was measured into a time to wait. [`Detector::Timeout`]
//! waits the mean and four deviations, as TCP does (RFC 6298 §2).
//! [`Detector::Accrual`] waits until the suspicion level φ (Hayashibara et al.,
//! "The φ accrual failure detector", SRDS 2004, §4) reaches a threshold, which
//! is how Cassandra and Akka are tuned. Either way the estimate only says when
//! a direct question counts as unanswered; what follows is the same.

use core::time::Duration;

use crate::config::{Config, Detector};

/// The smoothed answer times of one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    mean: Duration,
    /// The mean deviation from the mean.
    deviation: Duration,
}

impl Estimate {
    /// From the first measurement (RFC 6298 §2.2).
    pub fn first(sample: Duration) -> Self {
        Self {
            mean: sample,
            deviation: sample / 2,
        }
    }

    /// Takes one more in (RFC 6298 §2.3: an eighth of it into the mean, a
    /// quarter of its distance into the deviation).
    pub fn add(&mut self, sample: Duration) {
        let distance = sample.abs_diff(self.mean);
        self.deviation = self.deviation * 3 / 4 + distance / 4;
        self.mean = self.mean * 7 / 8 + sample / 8;
    }

    /// The smoothed time itself.
    pub const fn mean(&self) -> Duration {
        self.mean
    }

    /// A time that few answers exceed: the mean and four deviations.
    pub fn bound(&self) -> Duration {
        self.mean + self.deviation * 4
    }

    /// How long a direct question may take before others are asked: never more
    /// than [`Config::probe_timeout`].
    pub fn timeout(&self, config: &Config) -> Duration {
        let margin = match config.detector {
            Detector::Timeout => self.deviation * 4,
            Detector::Accrual { threshold } => {
                let deviations = deviations_at(f64::from(threshold));
                // Millionths, rounded down: an integer from here on.
                let millionths = libm::floor(deviations * 1e6) as u64;
                let nanos = self.spread().as_nanos() * u128::from(millionths) / 1_000_000;
                Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        };
        let wait = self.mean.saturating_add(margin);
        wait.saturating_add(config.probe_slack)
            .min(config.probe_timeout)
    }

    /// The suspicion level of an answer that has not come for `elapsed`: with
    /// φ = 1 one of ten answers would still come, with φ = 3 one of a thousand.
    pub fn phi(&self, elapsed: Duration) -> f64 {
        let spread = self.spread().as_secs_f64().max(f64::MIN_POSITIVE);
        let y = (elapsed.as_secs_f64() - self.mean.as_secs_f64()) / spread;
        let exponent = y * (LINEAR + CUBIC * y * y);
        // log10(1 + e^x), without overflow where x is large.
        if exponent > 30.0 {
            exponent / core::f64::consts::LN_10
        } else {
            libm::log10(1.0 + libm::exp(exponent))
        }
    }

    /// The standard deviation, of a normal distribution 1.25 times the mean
    /// one; never under a millisecond, since a clock's grain must not make an
    /// answer suspicious (guess).
    fn spread(&self) -> Duration {
        (self.deviation * 5 / 4).max(Duration::from_millis(1))
    }
}

/// The logistic approximation of the normal distribution's tail,
/// 1 / (1 + e^(1.5976 y + 0.070566 y³)), as Akka's detector has it.
const LINEAR: f64 = 1.5976;
const CUBIC: f64 = 0.070_566;

/// By how many standard deviations an answer is late when φ reaches `phi`: the
/// root of 0.070566 y³ + 1.5976 y = ln(10^φ − 1), by Cardano's formula.
fn deviations_at(phi: f64) -> f64 {
    let exponent = phi * core::f64::consts::LN_10;
    let level = exponent + libm::log(1.0 - libm::exp(-exponent));
    let (p, q) = (LINEAR / CUBIC / 3.0, level / CUBIC / 2.0);
    let root = libm::sqrt(q * q + p * p * p);
    (libm::cbrt(q + root) + libm::cbrt(q - root)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn steady(rtt: Duration) -> Estimate {
        let mut estimate = Estimate::first(rtt);
        (0..50).for_each(|_| estimate.add(rtt));
        estimate
    }

    #[test]
    fn a_steady_peer_is_waited_for_shortly_and_a_shaky_one_longer() {
        let config = Config::default();
        assert!(steady(MS).timeout(&config) < config.probe_slack + 2 * MS);
        let mut shaky = steady(20 * MS);
        (0..50).for_each(|turn| shaky.add(if turn % 2 == 0 { 5 * MS } else { 60 * MS }));
        assert!(shaky.timeout(&config) > 100 * MS);
        assert!(steady(3_000 * MS).timeout(&config) == config.probe_timeout);
    }

    #[test]
    fn a_step_in_distance_is_followed_within_a_few_answers() {
        let mut estimate = steady(10 * MS);
        (0..4).for_each(|_| estimate.add(200 * MS));
        assert!(estimate.bound() > 200 * MS, "{:?}", estimate.bound());
    }

    #[test]
    fn phi_counts_the_decimal_digits_of_doubt() {
        let mut estimate = Estimate::first(100 * MS);
        (0..200).for_each(|turn| estimate.add(if turn % 2 == 0 { 90 * MS } else { 110 * MS }));
        assert!((estimate.phi(estimate.mean()) - 0.301).abs() < 0.01);
        let mut before = 0.0;
        for elapsed in 1..500 {
            let phi = estimate.phi(elapsed * MS);
            assert!(phi >= before, "φ never falls");
            before = phi;
        }
        assert!(before > 16.0);
    }

    /// The time to wait is the moment at which φ reaches the threshold.
    #[test]
    fn the_accrual_timeout_is_where_phi_reaches_the_threshold() {
        let mut estimate = Estimate::first(50 * MS);
        (0..200).for_each(|turn| estimate.add(if turn % 2 == 0 { 40 * MS } else { 60 * MS }));
        for threshold in [1_u8, 3, 8, 12] {
            let config = Config {
                detector: Detector::Accrual { threshold },
                probe_slack: Duration::ZERO,
                ..Config::default()
            };
            let phi = estimate.phi(estimate.timeout(&config));
            assert!(
                (phi - f64::from(threshold)).abs() < 0.01,
                "{threshold}: {phi}"
            );
        }
    }
}
