//! Chance of a path: what befalls its n-th packet, whatever befell the others.
//!
//! Each packet has a number, and each thing that may befall it a stream of its
//! own: what is drawn depends on the path, the number and the stream and on
//! nothing else. So a knob that is turned does not reshuffle what other knobs
//! do, and a packet that is lost at 5 % is lost at 10 % too.

use core::time::Duration;

/// What is drawn for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    /// How long the trip takes beyond the least.
    Trip = 1,
    /// Whether it takes much longer.
    Tail,
    /// Two halves of a normal draw.
    SpreadRadius,
    SpreadAngle,
    /// Whether the packet is lost.
    Loss,
    /// Whether the weather turns.
    Burst,
    /// Whether it comes twice, and how far behind.
    Duplicate,
    DuplicateLag,
    /// Whether it is held back, and for how long.
    Reorder,
    ReorderLag,
    /// Whether it comes once more, and how much later.
    Replay,
    ReplayLag,
    /// How late something is sent again after a cut.
    Resume,
}

/// The chances of one path.
#[derive(Debug)]
pub(super) struct Chances {
    seed: u64,
    packets: u64,
}

impl Chances {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, packets: 0 }
    }

    /// The next packet's.
    pub(super) const fn packet(&mut self) -> Draws {
        self.packets = self.packets.wrapping_add(1);
        Draws(mix(self
            .seed
            .wrapping_add(self.packets.wrapping_mul(GOLDEN))))
    }
}

/// The chances of one packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draws(u64);

impl Draws {
    const fn of(self, stream: Stream) -> u64 {
        mix(self.0.wrapping_add((stream as u64).wrapping_mul(GOLDEN)))
    }

    /// Uniform below `bound` (Lemire's multiply).
    const fn below(self, stream: Stream, bound: u64) -> u64 {
        ((self.of(stream) as u128 * bound as u128) >> 64) as u64
    }

    /// True in `parts` of a million cases.
    pub(super) const fn is(self, stream: Stream, parts: u32) -> bool {
        parts > 0 && self.below(stream, 1_000_000) < parts as u64
    }

    /// Uniform from zero up to, not including, `span`.
    pub(super) fn within(self, stream: Stream, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(stream, nanos))
    }

    /// e^z for a standard normal z, at most 30 (Box and Muller; libm's own
    /// functions, which are the same on every machine).
    pub(super) fn lognormal(self) -> f64 {
        let unit = |stream| (self.of(stream) >> 11) as f64 / (1_u64 << 53) as f64;
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(Stream::SpreadRadius)));
        let angle = core::f64::consts::TAU * unit(Stream::SpreadAngle);
        libm::exp(radius * libm::cos(angle)).min(30.0)
    }
}

/// The golden ratio's bits: SplitMix64's step (Steele, Lea and Flood 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finish.
const fn mix(x: u64) -> u64 {
    let mut z = x;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_was_asked_for_and_streams_are_apart() {
        let mut chances = Chances::new(7);
        let (mut losses, mut both) = (0, 0);
        for _ in 0..100_000 {
            let draws = chances.packet();
            let lost = draws.is(Stream::Loss, 200_000);
            losses += u32::from(lost);
            both += u32::from(lost && draws.is(Stream::Duplicate, 200_000));
        }
        assert!((19_500..20_500).contains(&losses), "{losses}");
        assert!((3_800..4_200).contains(&both), "{both}");
    }

    #[test]
    fn what_is_lost_at_five_percent_is_lost_at_ten() {
        let mut chances = Chances::new(7);
        for _ in 0..10_000 {
            let draws = chances.packet();
            assert!(!draws.is(Stream::Loss, 50_000) || draws.is(Stream::Loss, 100_000));
        }
    }

    #[test]
    fn the_lognormal_has_its_percentiles() {
        let mut chances = Chances::new(7);
        let mut drawn: alloc::vec::Vec<_> =
            (0..100_000).map(|_| chances.packet().lognormal()).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let near = |at: usize, value: f64| (drawn[at] / value - 1.0).abs() < 0.05;
        assert!(near(50_000, 1.0) && near(90_000, 3.6) && near(99_000, 10.24));
    }
}
