//! Rows as numbers: one item for each half of a row.
//!
//! ```text
//!   key      name, a keyed hash of the id, 60 bits ── half, 1 bit
//!   value    16 bits of the generation's hash ── 45 bits:
//!              of a log:      the version
//!              of a member:   the incarnation, and its state in the last two
//! ```
//!
//! Whoever reads a value beside its own row knows the other's row exactly if
//! both are of one generation, which is the rule: a version or an incarnation
//! is then all that differs. A number that does not fit, or another
//! generation, is *unclear*: the row has to be told.

use crate::base::id::{ClusterId, NodeId};
use crate::base::siphash::HashKey;
use crate::message::{
    Checksum, Footing, Generation, Head, Incarnation, MemberRow, MemberState, Version,
};

/// Bits of a value below the generation's.
const BODY_BITS: u32 = 45;
/// Set where the body is a hash of what does not fit.
const LARGE: u64 = 1 << (BODY_BITS - 1);
const BODY: u64 = (1 << BODY_BITS) - 1;
const NAME_BITS: u32 = 60;

/// A name as a number.
pub type Name = u64;

/// Which half of a row an item stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The member's place in the roster.
    Member,
    /// The head of its log.
    Head,
}

/// The key of a name's item.
pub const fn key(name: Name, half: Half) -> u64 {
    name << 1 | half as u64
}

/// The name and half a key belongs to.
pub const fn split(key: u64) -> (Name, Half) {
    let half = if key & 1 == 0 {
        Half::Member
    } else {
        Half::Head
    };
    (key >> 1, half)
}

/// What a value says to whoever holds a row of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<T> {
    /// There is none.
    Nothing,
    /// Exactly this.
    Exactly(T),
    /// It cannot be told from the number.
    Unclear,
}

/// How the rows of one cluster become numbers.
#[derive(Debug, Clone, Copy)]
pub struct Coder {
    hash: HashKey,
    words: [u64; 2],
}

impl Coder {
    /// That of a cluster.
    pub fn of(cluster: &ClusterId) -> Self {
        let hash = HashKey::of(cluster.as_str());
        let [low, high] = halves(hash.hash(b"reconcile"));
        Self {
            hash,
            words: [low | 1, high | 1],
        }
    }

    /// The key of its hash.
    pub const fn hash(&self) -> HashKey {
        self.hash
    }

    /// The number of a name, below 2⁶⁰ − 1.
    pub fn name(&self, id: &NodeId) -> Name {
        let [low, _] = halves(self.hash.hash(id.as_str().as_bytes()));
        (low >> (64 - NAME_BITS)).min((1 << NAME_BITS) - 2)
    }

    /// What a row adds to the checksum.
    pub fn sum(&self, id: &NodeId, member: Option<MemberRow>, head: Option<Head>) -> u128 {
        Checksum::of_row(self.hash, id, member, head)
    }

    /// The hash of a whole item, for the symbols' check.
    pub(super) const fn check(&self, key: u64, value: u64) -> u32 {
        match value {
            0 => 0,
            _ => (self.mix(key, value) >> 32) as u32,
        }
    }

    /// The value of a member's half; 0: none.
    pub const fn member(&self, name: Name, row: Option<MemberRow>) -> u64 {
        let Some(MemberRow { footing, state }) = row else {
            return 0;
        };
        let state = match state {
            MemberState::Alive => 0,
            MemberState::Dead => 1,
            MemberState::Left => 2,
            MemberState::Forgotten => 3,
        };
        let incarnation = footing.incarnation.0;
        let body = match incarnation < LARGE >> 2 {
            true => incarnation << 2 | state,
            false => self.large(name, incarnation ^ state << 62),
        };
        self.era(name, footing.generation) << BODY_BITS | body
    }

    /// The value of a log's half; 0: none.
    pub const fn head(&self, name: Name, head: Option<Head>) -> u64 {
        let Some(Head {
            generation,
            version,
        }) = head
        else {
            return 0;
        };
        let body = match version.0 < LARGE {
            true => version.0,
            false => self.large(name, version.0),
        };
        self.era(name, generation) << BODY_BITS | body
    }

    /// What a member's value says beside a row of ours.
    pub fn read_member(&self, name: Name, value: u64, ours: Option<MemberRow>) -> Told<MemberRow> {
        let Some(body) = self.body(name, value, ours.map(|row| row.footing.generation)) else {
            return if value == 0 {
                Told::Nothing
            } else {
                Told::Unclear
            };
        };
        let state = match body & 3 {
            0 => MemberState::Alive,
            1 => MemberState::Dead,
            2 => MemberState::Left,
            _ => MemberState::Forgotten,
        };
        let generation = ours.map(|row| row.footing.generation).unwrap_or_default();
        let incarnation = Incarnation(body >> 2);
        let footing = Footing {
            generation,
            incarnation,
        };
        Told::Exactly(MemberRow { footing, state })
    }

    /// What a log's value says beside a head of ours.
    pub fn read_head(&self, name: Name, value: u64, ours: Option<Head>) -> Told<Head> {
        let Some(body) = self.body(name, value, ours.map(|head| head.generation)) else {
            return if value == 0 {
                Told::Nothing
            } else {
                Told::Unclear
            };
        };
        Told::Exactly(Head {
            generation: ours.map(|head| head.generation).unwrap_or_default(),
            version: Version(body),
        })
    }

    /// The body of a value, if it is of that generation and not too large.
    fn body(&self, name: Name, value: u64, generation: Option<Generation>) -> Option<u64> {
        let known = generation.is_some_and(|ours| self.era(name, ours) == value >> BODY_BITS);
        let body = value & BODY;
        (known && body < LARGE).then_some(body)
    }

    /// A generation in 16 bits: never zero, so no value is; never all ones, so
    /// every value is below the prime.
    const fn era(&self, name: Name, generation: Generation) -> u64 {
        1 + self.mix(name, generation.0) % 0xfffe
    }

    const fn large(&self, name: Name, number: u64) -> u64 {
        LARGE | (self.mix(name, number) & (LARGE - 1))
    }

    /// Two numbers as one, by the halves of a keyed product. Whoever knows the
    /// key can look for collisions; they cost a comparison by ranges.
    const fn mix(&self, a: u64, b: u64) -> u64 {
        let [one, other] = self.words;
        let product = (a ^ one) as u128 * (b ^ other) as u128;
        let folded = product as u64 ^ (product >> 64) as u64;
        let product = folded as u128 * 0x9e37_79b9_7f4a_7c15;
        product as u64 ^ (product >> 64) as u64
    }
}

const fn halves(hash: u128) -> [u64; 2] {
    [hash as u64, (hash >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::super::field::PRIME;
    use super::*;
    use proptest::prelude::*;

    fn state() -> impl Strategy<Value = MemberState> {
        prop_oneof![
            Just(MemberState::Alive),
            Just(MemberState::Dead),
            Just(MemberState::Left),
            Just(MemberState::Forgotten),
        ]
    }

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..9_u64,
            LARGE - 2..LARGE + 2,
            LARGE / 4 - 2..LARGE / 4 + 2,
            any::<u64>()
        ]
    }

    proptest! {
        /// What is read is what was said, wherever both are of one generation
        /// and the number fits; and nothing wrong is ever read.
        #[test]
        fn a_value_says_exactly_or_that_it_cannot(
            generation in number(), ours in number(), same: bool, at in number(), state in state(),
        ) {
            let coder = Coder::of(&"test".parse().unwrap());
            let name = coder.name(&"n1".parse().unwrap());
            prop_assert!(key(name, Half::Head) < PRIME);
            let ours = Generation(if same { generation } else { ours });
            let generation = Generation(generation);
            let head = Head { generation, version: Version(at) };
            let value = coder.head(name, Some(head));
            prop_assert!(value > 0 && value < PRIME);
            let beside = Head { generation: ours, ..Head::default() };
            match coder.read_head(name, value, Some(beside)) {
                Told::Exactly(read) => prop_assert_eq!(read.version, head.version),
                told => prop_assert!(told == Told::Unclear && (ours != generation || at >= LARGE)),
            }
            prop_assert_eq!(coder.read_head(name, value, None), Told::Unclear);
            let footing = Footing { generation, incarnation: Incarnation(at) };
            let row = MemberRow { footing, state };
            let value = coder.member(name, Some(row));
            prop_assert!(value > 0 && value < PRIME);
            let footing = Footing { generation: ours, ..footing };
            match coder.read_member(name, value, Some(MemberRow { footing, state })) {
                Told::Exactly(read) => {
                    prop_assert_eq!((read.footing.incarnation, read.state), (Incarnation(at), state));
                }
                told => {
                    prop_assert!(told == Told::Unclear && (ours != generation || at >= LARGE / 4));
                }
            }
        }
    }
}
