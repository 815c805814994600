//! A running hash: two runs that differ anywhere differ here.
//!
//! FNV-1a (Fowler, Noll, Vo), taken eight bytes at a time and with a rotation
//! so that high bits reach low ones. It is ours so that a trace hash written
//! down in a bug report still holds after every upgrade. Not for secrets.

use core::fmt;

/// A hash that takes things in, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunningHash(u64);

impl Default for RunningHash {
    fn default() -> Self {
        Self::from_seed(0)
    }
}

impl RunningHash {
    /// FNV's 64-bit offset basis.
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    /// FNV's 64-bit prime.
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    /// A hash that begins elsewhere for every seed.
    pub const fn from_seed(seed: u64) -> Self {
        Self(Self::BASIS ^ seed)
    }

    /// One number derived from several: the seed of a stream of chance that
    /// belongs to exactly these.
    pub fn of(words: &[u64]) -> u64 {
        let mut hash = Self::default();
        for word in words {
            hash.word(*word);
        }
        hash.value()
    }

    /// Takes in eight bytes.
    pub const fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(Self::PRIME).rotate_left(23);
    }

    /// Takes in bytes, and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunks.remainder()) {
            *to = *from;
        }
        self.word(u64::from_le_bytes(word));
    }

    /// The hash of everything so far (finished as xorshift-multiply).
    pub const fn value(self) -> u64 {
        let mut x = self.0;
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        x ^ (x >> 32)
    }
}

/// Takes in text, so that `write!` reaches it.
impl fmt::Write for RunningHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_length_and_every_byte_count() {
        let of = |parts: &[&[u8]]| {
            let mut hash = RunningHash::default();
            parts.iter().for_each(|part| hash.bytes(part));
            hash.value()
        };
        assert_eq!(of(&[b"abc", b"d"]), of(&[b"abc", b"d"]));
        assert_ne!(of(&[b"abc", b"d"]), of(&[b"ab", b"cd"]));
        assert_ne!(of(&[b"abc", b"d"]), of(&[b"d", b"abc"]));
        assert_ne!(of(&[b"12345678x"]), of(&[b"12345678y"]));
        assert_ne!(of(&[b"a"]), of(&[b"a\0"]));
        assert_ne!(RunningHash::of(&[1, 2]), RunningHash::of(&[2, 1]));
    }
}
