//! Which symbols of the endless sequence an item is in.
//!
//! Every item is in the first one, and in the i-th with a chance of
//! 1 / (1 + i / 2): dense at the front, so that few differences are found in
//! few symbols, and thinner for ever, so that more symbols always help (Yang,
//! Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024,
//! §4.2). Their trick is to draw the gap to the next place rather than one
//! chance a symbol: an item walks through a thousand symbols in some thirteen
//! steps.

use crate::base::limit;

/// Draws a well-mixed number from the one before (`SplitMix64`, Steele et al. 2014).
const fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The places of the item with this key, rising, below [`limit::SYMBOLS`].
pub(super) fn places(key: u64) -> impl Iterator<Item = usize> {
    let mut state = key;
    let mut next = Some(0_u32);
    core::iter::from_fn(move || {
        let place = next?;
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        next = after(place, mix(state) >> 32);
        Some(place as usize)
    })
}

/// The place after one, by a number of 32 bits drawn by chance.
///
/// After i there is none up to j with a chance of (i + 1)(i + 2) / (j + 1)(j + 2):
/// the product of what the density leaves. So a chance c leads to the first j at
/// which that is no more than c. Square root and quotient of doubles are exact
/// to the last bit on every machine (IEEE 754).
fn after(place: u32, chance: u64) -> Option<u32> {
    let chance = (chance + 1) as f64 / 4_294_967_296.0;
    let place = f64::from(place);
    let square = (place + 1.0) * (place + 2.0) / chance + 0.25;
    let next = libm::sqrt(square) - 1.5;
    if next > limit::SYMBOLS as f64 {
        return None;
    }
    // Rounded up; the detour over whole numbers is faster than `ceil`.
    let whole = next as u32;
    let next = (whole + u32::from(f64::from(whole) < next)).max(place as u32 + 1);
    ((next as usize) < limit::SYMBOLS).then_some(next)
}

/// How likely an item is in the symbol at a place.
pub(super) fn density(place: usize) -> f64 {
    1.0 / (1.0 + place as f64 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn each_begins_at_the_front_and_rises() {
        for key in 0..1_000 {
            let all: Vec<usize> = places(key).collect();
            assert_eq!(all.first(), Some(&0));
            assert!(all.is_sorted_by(|one, other| one < other));
            assert!(all.iter().all(|place| *place < limit::SYMBOLS));
        }
    }

    /// Four sigmas around the density at some places, of 20 000 keys.
    #[test]
    fn places_are_as_dense_as_they_should_be() {
        let keys = 20_000;
        let mut seen = alloc::vec![0_u32; limit::SYMBOLS];
        for key in 0..keys {
            for place in places(key * 7_919) {
                seen[place] += 1;
            }
        }
        for place in [1, 2, 5, 10, 50, 200] {
            let expected = density(place);
            let found = f64::from(seen[place]) / keys as f64;
            let sigma = libm::sqrt(expected * (1.0 - expected) / keys as f64);
            let slack = 4.0 * sigma;
            assert!(
                (found - expected).abs() < slack,
                "{place}: {found} {expected}"
            );
        }
        let steps: u32 = seen.iter().sum();
        assert!(steps < 15 * keys as u32, "{steps}");
    }

    /// Others compute the same: the places that PROTOCOL.md shows.
    #[test]
    fn places_are_the_same_for_ever() {
        let all: Vec<usize> = places(17).take(8).collect();
        assert_eq!(all, [0, 1, 3, 7, 17, 140, 495]);
    }
}
