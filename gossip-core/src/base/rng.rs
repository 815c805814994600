//! Chance from a seed: the same seed gives the same choices for ever.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, 2019), seeded through
//! SplitMix64 as its authors advise. It is ours rather than a crate's so that
//! a seed in a bug report means the same after every upgrade. Not for secrets.

use alloc::vec::Vec;
use core::time::Duration;

/// A seeded generator of choices.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The generator that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let mut x = seed;
        let mut split_mix = || {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Self {
            state: [split_mix(), split_mix(), split_mix(), split_mix()],
        }
    }

    /// A separate stream: what it draws does not move this one further than
    /// this one call does.
    #[must_use]
    pub fn fork(&mut self, label: u64) -> Self {
        Self::new(self.next_u64() ^ label)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let mut s = [a, b, c ^ a, d ^ b];
        s = [
            s[0] ^ s[3],
            s[1] ^ s[2],
            s[2] ^ (b << 17),
            s[3].rotate_left(45),
        ];
        self.state = s;
        result
    }

    /// Uniform below `bound`; zero if `bound` is zero (Lemire's multiply, bias
    /// below 2⁻⁶⁴ × bound).
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// Uniform index below `len`; `None` for an empty range.
    pub fn index(&mut self, len: usize) -> Option<usize> {
        if len == 0 {
            return None;
        }
        usize::try_from(self.below(len as u64)).ok()
    }

    /// True in `parts` of a million cases.
    pub fn chance_ppm(&mut self, parts: u32) -> bool {
        self.below(1_000_000) < u64::from(parts)
    }

    /// Uniform from zero up to, not including, `span`.
    pub fn within(&mut self, span: Duration) -> Duration {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(nanos))
    }

    /// `span` less or more up to a tenth: keeps timers of many nodes apart.
    pub fn jittered(&mut self, span: Duration) -> Duration {
        span * 9 / 10 + self.within(span / 5)
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            if let Some(j) = self.index(i + 1) {
                items.swap(i, j);
            }
        }
    }

    /// Up to `count` different ones of many, each equally likely (Vitter 1985,
    /// algorithm R).
    pub fn sample<T>(&mut self, count: usize, all: impl Iterator<Item = T>) -> Vec<T> {
        let mut chosen = Vec::with_capacity(count.min(16));
        for (seen, one) in all.enumerate() {
            if chosen.len() < count {
                chosen.push(one);
            } else if let Some(at) = self.index(seen + 1)
                && let Some(place) = chosen.get_mut(at)
            {
                *place = one;
            }
        }
        chosen
    }

    /// Up to `count` different ones of a slice, each equally likely, in no
    /// particular order; costs what it gives, not what it chooses from.
    pub fn pick<'a, T>(&mut self, count: usize, all: &'a [T]) -> Vec<&'a T> {
        if count * 4 >= all.len() {
            return self.sample(count, all.iter());
        }
        let mut places: Vec<usize> = Vec::with_capacity(count);
        while places.len() < count {
            match self.index(all.len()) {
                Some(at) if !places.contains(&at) => places.push(at),
                _ => {}
            }
        }
        places.iter().filter_map(|at| all.get(*at)).collect()
    }

    /// One of them, uniformly.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.index(items.len())?;
        items.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation of xoshiro256++ with state 1, 2, 3, 4.
    #[test]
    fn draws_what_the_reference_draws() {
        let mut rng = Rng {
            state: [1, 2, 3, 4],
        };
        let drawn: [u64; 4] = core::array::from_fn(|_| rng.next_u64());
        assert_eq!(
            drawn,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
    }

    #[test]
    fn samples_are_different_and_each_equally_likely() {
        let mut rng = Rng::new(3);
        let all: Vec<usize> = (0..40).collect();
        let mut drawn = [0_u32; 40];
        for _ in 0..10_000 {
            let picked = rng.pick(4, &all);
            let sampled = rng.sample(4, all.iter());
            for mut four in [picked, sampled] {
                four.sort_unstable();
                four.dedup();
                assert_eq!(four.len(), 4);
                four.into_iter().for_each(|one| drawn[*one] += 1);
            }
        }
        assert!(drawn.iter().all(|count| (1_800..2_200).contains(count)));
        assert_eq!(rng.pick(4, &all[..2]).len(), 2);
        assert_eq!(rng.pick::<u8>(4, &[]).len(), 0);
    }

    #[test]
    fn stays_below_its_bound() {
        let mut rng = Rng::new(7);
        assert!((0..10_000).all(|_| rng.below(3) < 3));
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.index(0), None);
    }
}
