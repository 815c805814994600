//! Anti-entropy: what I hold, what I lack, what you lack.
//!
//! Two peers compare the heads of all logs and the state of all members, and
//! send each other the difference. Mostly there is none: so a checksum over
//! all of it comes first, and where they agree that was all. A digest is cut
//! into pieces by range of names, so that each fits a message and the other
//! side knows, within a range, which names were *not* mentioned.
//!
//! ```text
//!   opener                         server
//!     │── Checksum ─────────────────▶│
//!     │◀──────────────────── Done ───│   they agree; or
//!     │◀──────────────── Checksum ───│   they differ
//!     │── Digest (… m] ─────────────▶│
//!     │◀───────── Delta, Delta ──────│   what the opener lacks
//!     │── Digest (m … end] ─────────▶│   the last piece
//!     │◀───────── Delta, Want ───────│   what the server lacks
//!     │── Delta, Delta, Done ───────▶│
//! ```
//!
//! Who holds nothing yet but its own row does not ask whether it differs: it
//! begins with its digest.

use alloc::vec::Vec;

use super::{Batch, ChunkedPart, Footing, Head, Item, Outline, Version, weight};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::siphash::HashKey;

/// How a member stands, as far as reconciliation cares: a suspicion is not
/// reconciled, it is spread as news or it is nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MemberState {
    /// Here, as far as known.
    Alive,
    /// Condemned on this footing.
    Dead,
    /// Gone of its own will.
    Left,
    /// Gone, and forgotten because an operator said so.
    Forgotten,
}

/// What we hold about a member. Ordered: the greater is the newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemberRow {
    /// The footing of its own claim.
    pub footing: Footing,
    /// How it stands.
    pub state: MemberState,
}

/// What we hold under one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigestRow {
    /// The member, and the author of the log.
    pub id: NodeId,
    /// Its place in our roster, if it has one.
    pub member: Option<MemberRow>,
    /// How much of its log we hold, if any.
    pub head: Option<Head>,
}

impl DigestRow {
    /// The row of a name we hold nothing of.
    pub const fn absent(id: NodeId) -> Self {
        Self {
            id,
            member: None,
            head: None,
        }
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::id(&self.id) + 6 * weight::NUMBER + 2 * weight::FIELD
    }
}

/// Everything one holds, as one number: the sum of a hash of each row. Equal
/// sums mean equal rows, but for one chance in 2¹²⁸.
///
/// The key of the hash belongs to the cluster, so only an insider could look
/// for rows whose sums are equal: it could hide from two peers that they
/// differ, until any of their rows changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checksum(pub u128);

impl Checksum {
    /// An upper bound of its encoded length, in bytes.
    pub const WEIGHT: usize = 2 * weight::FIELD + 16;

    /// Adds the row of one name; the order does not matter.
    pub fn add(
        &mut self,
        key: HashKey,
        id: &NodeId,
        member: Option<MemberRow>,
        head: Option<Head>,
    ) {
        self.0 = self.0.wrapping_add(Self::of_row(key, id, member, head));
    }

    /// What the row of one name adds.
    pub fn of_row(
        key: HashKey,
        id: &NodeId,
        member: Option<MemberRow>,
        head: Option<Head>,
    ) -> u128 {
        let name = id.as_str().as_bytes();
        let mut bytes = [0; ROW_BYTES + limit::NODE_ID_BYTES];
        let footing = member.map(|member| member.footing).unwrap_or_default();
        let head = head.unwrap_or_default();
        let numbers = [
            footing.generation.0,
            footing.incarnation.0,
            head.generation.0,
            head.version.0,
        ];
        let state = match member.map(|member| member.state) {
            None => 0,
            Some(MemberState::Alive) => 1,
            Some(MemberState::Dead) => 2,
            Some(MemberState::Left) => 3,
            Some(MemberState::Forgotten) => 4,
        };
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let length = ROW_BYTES + name.len();
        if let Some(rest) = bytes.get_mut(ROW_BYTES - 1..length)
            && let Some((first, rest)) = rest.split_first_mut()
        {
            *first = state;
            rest.copy_from_slice(name);
        }
        key.hash(bytes.get(..length).unwrap_or_default())
    }
}

/// Bytes of a row before its name, as it is hashed.
const ROW_BYTES: usize = 33;

/// Everything we hold for the names in a range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digest {
    /// The range begins after this name; `None`: at the beginning.
    pub after: Option<NodeId>,
    /// The range ends with this name; `None`: at the end, and this is the last piece.
    pub through: Option<NodeId>,
    /// What we hold in it, in rising names.
    pub rows: Vec<DigestRow>,
}

impl Digest {
    /// Whether `id` lies in its range.
    pub fn covers(&self, id: &NodeId) -> bool {
        self.after.as_ref().is_none_or(|after| id > after)
            && self.through.as_ref().is_none_or(|through| id <= through)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let ends = [&self.after, &self.through];
        let ends: usize = ends.into_iter().flatten().map(weight::id).sum();
        weight::FIELD + ends + self.rows.iter().map(DigestRow::weight).sum::<usize>()
    }
}

/// The rows of the other's digest where we are behind, as we stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Want {
    /// What we hold under each of these names; a missing part is nothing.
    pub rows: Vec<DigestRow>,
}

impl Want {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD + self.rows.iter().map(DigestRow::weight).sum::<usize>()
    }
}

/// Writes of one log that follow on `from`, in rising versions.
///
/// Versions that are skipped between two entries were superseded within the
/// log: whoever applies this holds everything that still matters up to the
/// last entry in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDelta {
    /// It may be applied by whoever holds at least up to here.
    pub from: Version,
    /// All of one author.
    pub batches: Vec<Batch>,
    /// Entries of these batches that are told by their chunks: in which batch
    /// each is, counted from zero. In rising places.
    pub chunked: Vec<(u32, ChunkedPart)>,
    /// It is a piece, and the next one of this session goes on with it. Nothing
    /// of it holds before the last piece is there: what an entry superseded may
    /// be left out of this piece while the entry is still to come.
    pub more: bool,
}

impl LogDelta {
    /// The last version it tells, or the one it follows on.
    pub fn reaches(&self) -> Version {
        let told = self.batches.iter().rev().find_map(|batch| {
            let part = batch.parts.last()?;
            Some(batch.version(part.index))
        });
        let chunked = self.chunked.last().and_then(|(batch, part)| {
            let batch = self.batches.get(usize::try_from(*batch).ok()?)?;
            Some(batch.version(part.index))
        });
        told.max(chunked).unwrap_or(self.from)
    }

    /// Tells the entries of more than [`limit::LARGE_BYTES`] by their chunks.
    pub fn tell_by_chunks(&mut self) {
        for (place, batch) in (0..).zip(&mut self.batches) {
            if !batch.has_large() {
                continue;
            }
            let outline = Outline::of(batch, limit::LARGE_BYTES);
            batch.parts = outline.parts;
            let chunked = outline.chunked.into_iter();
            self.chunked.extend(chunked.map(|part| (place, part)));
        }
    }

    /// Whose log, if it says anything.
    pub fn author(&self) -> Option<&NodeId> {
        self.batches.first().map(Batch::author)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let batches = self
            .batches
            .iter()
            .map(|batch| batch.weight() + weight::FIELD);
        let chunked = self.chunked.iter().map(|(_, part)| part.weight());
        2 * weight::NUMBER + weight::FIELD + batches.sum::<usize>() + chunked.sum::<usize>()
    }
}

/// What the other lacks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Delta {
    /// Claims and verdicts.
    pub members: Vec<Item>,
    /// Writes, at most one run a log.
    pub logs: Vec<LogDelta>,
}

impl Delta {
    /// Whether it says nothing.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty() && self.logs.is_empty()
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        weight::FIELD
            + Item::weight_of(&self.members)
            + self.logs.iter().map(LogDelta::weight).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Generation, Incarnation};

    /// What is compared is what is summed: a row that differs in any part, and
    /// a row more or less, is another sum; the order is not.
    #[test]
    fn a_checksum_is_of_every_part_of_every_row() {
        let key = HashKey::of("test");
        let footing = |generation, incarnation| Footing {
            generation: Generation(generation),
            incarnation: Incarnation(incarnation),
        };
        let head = |generation, version| Head {
            generation: Generation(generation),
            version: Version(version),
        };
        let member = |footing, state| Some(MemberRow { footing, state });
        let alive = member(footing(7, 1), MemberState::Alive);
        let all = [
            ("a", alive, None),
            ("b", alive, None),
            ("a", None, None),
            ("a", member(footing(8, 1), MemberState::Alive), None),
            ("a", member(footing(7, 2), MemberState::Alive), None),
            ("a", member(footing(7, 1), MemberState::Dead), None),
            ("a", member(footing(7, 1), MemberState::Left), None),
            ("a", member(footing(7, 1), MemberState::Forgotten), None),
            ("a", alive, Some(head(7, 1))),
            ("a", alive, Some(head(7, 2))),
            ("a", alive, Some(head(8, 1))),
        ];
        let sum = |rows: &[(&str, Option<MemberRow>, Option<Head>)]| {
            let mut sum = Checksum::default();
            for (id, member, head) in rows {
                sum.add(key, &id.parse().unwrap(), *member, *head);
            }
            sum
        };
        for (at, one) in all.iter().enumerate() {
            for other in all.iter().skip(at + 1) {
                assert_ne!(sum(&[*one]), sum(&[*other]), "{one:?} {other:?}");
            }
        }
        assert_ne!(sum(&all), sum(&all[1..]));
        let mut backwards = all;
        backwards.reverse();
        assert_eq!(sum(&all), sum(&backwards));
    }

    /// The number that PROTOCOL.md shows: others compute the same.
    #[test]
    fn a_checksum_is_the_same_for_ever() {
        let mut sum = Checksum::default();
        let footing = Footing {
            generation: Generation(1_700_000_000),
            incarnation: Incarnation(1),
        };
        let state = MemberState::Alive;
        let member = MemberRow { footing, state };
        let head = Head {
            generation: footing.generation,
            version: Version(60),
        };
        let id = "eu/1/n17".parse().unwrap();
        sum.add(HashKey::of("demo"), &id, Some(member), Some(head));
        assert_eq!(
            alloc::format!("{:032x}", sum.0),
            "236e38c5331cb9cc173face3a2d6d4d4"
        );
    }
}
