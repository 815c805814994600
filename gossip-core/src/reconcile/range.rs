//! Comparing by ranges of names: what differs in eighths, and eighths of those.
//!
//! ```text
//!   server                                     opener
//!     │── prints of 8 ranges ──────────────────▶│ equal: nothing to say
//!     │◀── prints of 8 smaller ones, or rows ───│ differs
//!     │── prints of 8 smaller ones, or "tell" ─▶│
//! ```
//!
//! Range-based set reconciliation (Meyer, SRDS 2023), for what is too much for
//! symbols or was made so that they fail. A print is the sum of a hash of each
//! row, salted by the server for this session alone: rows that were prepared to
//! collide under the cluster's key do not do so here. Only the server compares
//! rows, and only it remembers what is still to be settled, so the opener needs
//! no memory and answers each piece for itself.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::siphash::HashKey;
use crate::message::{Checksum, Digest, DigestRow, Head, MemberRow, Range, RangePart, Ranges};

/// Into how many a range that differs is divided (`b` of Meyer's paper; 8 is
/// the cheapest of 4, 8 and 16 in our simulation).
const BRANCHES: usize = 8;

/// So few rows are told rather than divided (twice the branches, as negentropy does).
const LEAF: usize = 16;

/// Ranges asked of at once, so that an answer of eight for each fits a message.
const ASKED: usize = limit::RANGES / BRANCHES;

/// Ranges that are still to be settled (guess: a part of them waits while 128 are
/// asked of; past it the next session goes on).
const PENDING: usize = 16 * limit::RANGES;

/// What is held under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'a> {
    /// The name.
    pub id: &'a NodeId,
    /// The member's place in the roster.
    pub member: Option<MemberRow>,
    /// How much of its log is held.
    pub head: Option<Head>,
}

impl Held<'_> {
    /// The row as it is told.
    pub fn to_row(self) -> DigestRow {
        DigestRow {
            id: self.id.clone(),
            member: self.member,
            head: self.head,
        }
    }
}

/// Rows with their prints, in rising names.
type Printed<'a> = Vec<(Held<'a>, u128)>;

/// The server's side of a comparison by ranges.
#[derive(Debug)]
pub struct Comparison {
    cluster: HashKey,
    salt: u64,
    /// What is still to be said, in rising names.
    pending: VecDeque<Range>,
    rounds: u32,
}

impl Comparison {
    /// Everything, divided: `rows` are all we hold, `cluster` is the key of the
    /// hash and `salt` a number drawn by chance.
    pub fn new<'a>(cluster: HashKey, salt: u64, rows: impl Iterator<Item = Held<'a>>) -> Self {
        let rows = printed(cluster.salted(salt), rows);
        let mut pending = Vec::new();
        divide(&rows, None, None, &mut pending);
        Self {
            cluster,
            salt,
            pending: pending.into(),
            rounds: 0,
        }
    }

    /// What to say next; `None`: all is settled.
    pub fn say(&mut self) -> Option<Ranges> {
        if self.pending.is_empty() || self.rounds >= limit::RANGE_ROUNDS {
            return None;
        }
        self.rounds += 1;
        let count = self.pending.len().min(ASKED);
        Some(Ranges {
            salt: self.salt,
            ranges: self.pending.drain(..count).collect(),
        })
    }

    /// The opener's answer: what is to be compared row by row. `after` lists what
    /// we hold of names after one.
    pub fn hear<'a, 's, I: Iterator<Item = Held<'a>>>(
        &mut self,
        said: &'s Ranges,
        after: impl Fn(Option<&'s NodeId>) -> I,
    ) -> Vec<Digest> {
        let hash = self.cluster.salted(self.salt);
        let mut compare = Vec::new();
        let mut open = Vec::new();
        for range in said.ranges.iter().take(limit::RANGES) {
            let (from, through) = (range.after.as_ref(), range.through.as_ref());
            match &range.part {
                RangePart::Print(theirs) => {
                    let rows = printed(hash, within(after(from), through));
                    if *theirs == sum(&rows) {
                    } else if rows.len() <= LEAF {
                        open.push(Range {
                            part: RangePart::Tell,
                            ..range.clone()
                        });
                    } else {
                        divide(&rows, from, through, &mut open);
                    }
                }
                RangePart::Rows(rows) => compare.push(Digest {
                    after: from.cloned(),
                    through: through.cloned(),
                    rows: rows.clone(),
                }),
                RangePart::Tell => {}
            }
        }
        // What is nearly settled comes before what has not been looked at.
        let room = PENDING.saturating_sub(self.pending.len());
        open.truncate(room);
        for range in open.into_iter().rev() {
            self.pending.push_front(range);
        }
        compare
    }
}

/// The opener's answer to a piece.
pub fn answer<'a, 's, I: Iterator<Item = Held<'a>>>(
    cluster: HashKey,
    asked: &'s Ranges,
    after: impl Fn(Option<&'s NodeId>) -> I,
) -> Ranges {
    let hash = cluster.salted(asked.salt);
    let mut said = Vec::new();
    for range in asked.ranges.iter().take(ASKED) {
        let (from, through) = (range.after.as_ref(), range.through.as_ref());
        let rows = printed(hash, within(after(from), through));
        match &range.part {
            RangePart::Print(theirs) if *theirs == sum(&rows) => {}
            RangePart::Rows(_) => {}
            RangePart::Print(_) | RangePart::Tell if rows.len() <= LEAF => {
                let told = rows.iter().map(|(held, _)| held.to_row());
                said.push(Range {
                    part: RangePart::Rows(told.collect()),
                    ..range.clone()
                });
            }
            RangePart::Print(_) | RangePart::Tell => divide(&rows, from, through, &mut said),
        }
    }
    Ranges {
        salt: asked.salt,
        ranges: said,
    }
}

fn within<'a>(
    rows: impl Iterator<Item = Held<'a>>,
    through: Option<&NodeId>,
) -> impl Iterator<Item = Held<'a>> {
    rows.take_while(move |held| through.is_none_or(|through| held.id <= through))
}

fn printed<'a>(hash: HashKey, rows: impl Iterator<Item = Held<'a>>) -> Printed<'a> {
    rows.map(|held| {
        let print = Checksum::of_row(hash, held.id, held.member, held.head);
        (held, print)
    })
    .collect()
}

fn sum(rows: &[(Held<'_>, u128)]) -> u128 {
    let prints = rows.iter().map(|(_, print)| *print);
    prints.fold(0, u128::wrapping_add)
}

/// A range as [`BRANCHES`] of about equal size.
fn divide(
    rows: &[(Held<'_>, u128)],
    after: Option<&NodeId>,
    through: Option<&NodeId>,
    into: &mut Vec<Range>,
) {
    let mut begin = after.cloned();
    let mut chunks = rows.chunks(rows.len().div_ceil(BRANCHES).max(1)).peekable();
    while let Some(chunk) = chunks.next() {
        let last = chunk.last().map(|(held, _)| held.id);
        let end = match chunks.peek() {
            Some(_) => last,
            None => through,
        };
        into.push(Range {
            after: begin,
            through: end.cloned(),
            part: RangePart::Print(sum(chunk)),
        });
        begin = end.cloned();
    }
    if rows.is_empty() {
        into.push(Range {
            after: begin,
            through: through.cloned(),
            part: RangePart::Print(0),
        });
    }
}
