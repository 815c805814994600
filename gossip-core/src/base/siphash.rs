//! A keyed hash of 128 bits: SipHash-2-4 in its wide form (Aumasson and
//! Bernstein 2012; the wide form is of their reference code).
//!
//! It is ours rather than a crate's because it is part of the protocol: what
//! two peers compute from the same rows has to be the same for ever. Not for
//! secrets: whoever knows the key can look for collisions.

/// A key of 128 bits, as two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashKey([u64; 2]);

impl HashKey {
    /// The key that belongs to a text: its hash under the key of zeros.
    pub fn of(text: &str) -> Self {
        let hash = Self([0, 0]).hash(text.as_bytes());
        let low = (hash & u128::from(u64::MAX)) as u64;
        Self([low, (hash >> 64) as u64])
    }

    /// The key that belongs to a number under this one.
    #[must_use]
    pub fn salted(self, salt: u64) -> Self {
        let hash = self.hash(&salt.to_le_bytes());
        Self([hash as u64, (hash >> 64) as u64])
    }

    /// The hash of `bytes`, its first eight bytes in the low half.
    pub fn hash(self, bytes: &[u8]) -> u128 {
        let [k0, k1] = self.0;
        let mut state = State([
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ]);
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            state.take_in(little(word));
        }
        // The last word: what is left, and the length in its highest byte.
        let length = (bytes.len() as u64) << 56;
        state.take_in(little(words.remainder()) | length);
        state.0[2] ^= 0xee;
        let low = state.squeeze();
        state.0[1] ^= 0xdd;
        u128::from(state.squeeze()) << 64 | u128::from(low)
    }
}

/// Up to eight bytes as a number, the first one lowest.
fn little(bytes: &[u8]) -> u64 {
    if let Ok(word) = <[u8; 8]>::try_from(bytes) {
        return u64::from_le_bytes(word);
    }
    let bytes = bytes.iter().take(8).rev();
    bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
}

struct State([u64; 4]);

impl State {
    fn take_in(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.round();
        self.0[0] ^= word;
    }

    fn squeeze(&mut self) -> u64 {
        for _ in 0..4 {
            self.round();
        }
        self.0.iter().fold(0, |all, word| all ^ word)
    }

    const fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// The first of the reference code's vectors: the key 00 01 … 0f, and the
    /// messages of nothing, 00, 00 01, …
    #[test]
    fn hashes_what_the_reference_hashes() {
        let key = HashKey([0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
        let hash = |len: u8| key.hash(&(0..len).collect::<Vec<u8>>()).to_le_bytes();
        let of_nothing = [
            0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
            0x02, 0x93,
        ];
        let of_one = [
            0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
            0xfc, 0x45,
        ];
        assert_eq!((hash(0), hash(1)), (of_nothing, of_one));
    }

    #[test]
    fn every_byte_and_the_key_count() {
        let key = HashKey::of("cluster");
        let hash = key.hash(b"seventeen bytes!!");
        assert_ne!(hash, HashKey::of("other").hash(b"seventeen bytes!!"));
        assert_ne!(hash, key.hash(b"seventeen bytes!"));
        for at in 0..17 {
            let mut bytes = *b"seventeen bytes!!";
            bytes[at] ^= 1;
            assert_ne!(hash, key.hash(&bytes), "byte {at}");
        }
    }
}
