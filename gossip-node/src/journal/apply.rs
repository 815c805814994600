//! One record, applied to the tables.
//!
//! Every application can be repeated: a record that was written by a commit
//! which then reported a failure is written again without harm.
//!
//! Claims and verdicts are others' words about as many names as they like, so
//! their tables have a bound: at it, claims of closed rows go, and then those of the
//! oldest runs, which is all that can be said for one row and against another.

use std::collections::BTreeSet;
use std::ops::Bound;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::message::{Batch, Version};
use gossip_core::output::Record;
use gossip_wire::decode_sealed_claim;
use redb::{ReadableTable as _, ReadableTableMetadata as _};

use super::table::{HeadKey, Tables, head_key, meta};
use super::{election, limit};

/// Applies `record`. How many rows had to make room for it.
pub(super) fn record(tables: &mut Tables<'_>, record: &Record) -> Result<u64, redb::Error> {
    let mut gone = 0;
    match record {
        Record::Generation(generation) => {
            let text = generation.0.to_string();
            tables.meta.insert(meta::GENERATION, text.as_str())?;
        }
        Record::Commit { batch, superseded } => {
            commit(tables, batch, superseded)?;
        }
        Record::Run {
            author,
            cut: beyond,
            commits,
        } => {
            if let Some(through) = beyond {
                cut(tables, author, *through)?;
            }
            for (batch, superseded) in commits {
                commit(tables, batch, superseded)?;
            }
        }
        Record::Cut { author, through } => cut(tables, author, *through)?,
        Record::Claim(claim) => {
            let (member, footing) = (claim.value.member.as_str(), claim.value.footing);
            gone = room_for_a_claim(tables, member)?;
            tables.claims.insert(member, &*claim.bytes)?;
            tables.closed.remove(member)?;
            let verdict = tables.verdicts.get(member)?;
            let verdict = verdict.map(|row| (row.value().0, row.value().1));
            let footing = (footing.generation.0, footing.incarnation.0);
            if verdict.is_some_and(|verdict| verdict < footing) {
                tables.verdicts.remove(member)?;
            }
        }
        Record::Verdict(verdict) => {
            let footing = verdict.value.footing;
            let row = (footing.generation.0, footing.incarnation.0, &*verdict.bytes);
            let accused = verdict.value.accused.as_str();
            gone = room_for_a_verdict(tables, accused)?;
            tables.verdicts.insert(accused, row)?;
        }
        Record::Closed { member, footing } => {
            let member = member.as_str();
            if tables.claims.get(member)?.is_some() {
                let footing = (footing.generation.0, footing.incarnation.0);
                tables.closed.insert(member, footing)?;
            }
        }
        Record::Forget(member) => {
            tables.claims.remove(member.as_str())?;
            tables.closed.remove(member.as_str())?;
        }
        Record::Electorate(elected) => {
            let text = election::text(elected);
            tables.meta.insert(meta::ELECTED, text.as_str())?;
        }
        // A record of a later contract: this version has no table for it.
        #[allow(unreachable_patterns)]
        _ => {}
    }
    Ok(gone)
}

/// Makes room for the claim of a member that has none yet.
fn room_for_a_claim(tables: &mut Tables<'_>, member: &str) -> Result<u64, redb::Error> {
    let claims = &mut tables.claims;
    if claims.len()? < limit::CLAIMS || claims.get(member)?.is_some() {
        return Ok(0);
    }
    let mut oldest = Oldest::default();
    for row in claims.iter()? {
        let (member, row) = row?;
        let claim = decode_sealed_claim(Bytes::copy_from_slice(row.value()));
        // What cannot be read any more goes first.
        let generation = claim.map_or(0, |claim| claim.value.footing.generation.0);
        let is_open = tables.closed.get(member.value())?.is_none();
        oldest.add((is_open, generation), member.value());
    }
    for member in oldest.names() {
        claims.remove(member)?;
        tables.closed.remove(member)?;
    }
    Ok(oldest.count())
}

/// Makes room for the verdict on a member on which there is none yet.
fn room_for_a_verdict(tables: &mut Tables<'_>, accused: &str) -> Result<u64, redb::Error> {
    let verdicts = &mut tables.verdicts;
    if verdicts.len()? < limit::VERDICTS || verdicts.get(accused)?.is_some() {
        return Ok(0);
    }
    let mut oldest = Oldest::default();
    for row in verdicts.iter()? {
        let (accused, row) = row?;
        oldest.add((true, row.value().0), accused.value());
    }
    for accused in oldest.names() {
        verdicts.remove(accused)?;
    }
    Ok(oldest.count())
}

/// Whether a row is open, and of which run.
type Age = (bool, u64);

/// The names of the oldest runs, those whose row is closed first; at most
/// [`limit::MAKE_ROOM`].
#[derive(Default)]
struct Oldest(BTreeSet<(Age, String)>);

impl Oldest {
    fn add(&mut self, age: Age, name: &str) {
        let full = self.0.len() >= limit::MAKE_ROOM;
        let newest = self.0.last().map(|(newest, _)| *newest);
        if full && newest.is_some_and(|newest| age >= newest) {
            return;
        }
        self.0.insert((age, name.to_owned()));
        if full {
            self.0.pop_last();
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, name)| name.as_str())
    }

    fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

/// The first version a batch writes.
pub(super) fn lowest(batch: &Batch) -> Version {
    let first = batch.parts.first();
    first.map_or(batch.head.value.first, |part| batch.version(part.index))
}

fn commit(
    tables: &mut Tables<'_>,
    batch: &Batch,
    superseded: &[Version],
) -> Result<(), redb::Error> {
    let key = head_key(&batch.head.value);
    let (author, first, generation, count) = key;
    let mut needed_by = tables.heads.get(key)?.map_or(0, |row| row.value().0);
    for part in &batch.parts {
        let version = batch.version(part.index).0;
        let row = (first, generation, count, &*part.entry.bytes);
        let before = tables.entries.insert((author, version), row)?;
        let before = before.map(|row| (row.value().0, row.value().1, row.value().2));
        match before {
            Some(same) if same == (first, generation, count) => {}
            Some((first, generation, count)) => {
                needed_by += 1;
                release(tables, (author, first, generation, count))?;
            }
            None => needed_by += 1,
        }
    }
    tables.heads.insert(key, (needed_by, &*batch.head.bytes))?;

    for version in superseded {
        let removed = tables.entries.remove((author, version.0))?;
        let removed = removed.map(|row| (row.value().0, row.value().1, row.value().2));
        if let Some((first, generation, count)) = removed {
            release(tables, (author, first, generation, count))?;
        }
    }
    forget_older_heads(tables, key)
}

/// One entry less needs this head.
fn release(tables: &mut Tables<'_>, key: HeadKey<'_>) -> Result<(), redb::Error> {
    let row = tables.heads.get(key)?;
    let Some((needed_by, bytes)) = row.map(|row| (row.value().0, row.value().1.to_vec())) else {
        return Ok(());
    };
    let needed_by = needed_by.saturating_sub(1);
    if needed_by == 0 && !is_newest(tables, key)? {
        tables.heads.remove(key)?;
    } else {
        tables.heads.insert(key, (needed_by, &*bytes))?;
    }
    Ok(())
}

fn is_newest(tables: &Tables<'_>, key: HeadKey<'_>) -> Result<bool, redb::Error> {
    let mut from_here = tables.heads.range(key..=last_of(key.0))?;
    Ok(from_here.nth(1).is_none())
}

/// Once `key` is written, heads that were kept for being the newest are not
/// any more; and an opening ends the need for those of older generations.
fn forget_older_heads(tables: &mut Tables<'_>, key: HeadKey<'_>) -> Result<(), redb::Error> {
    let (author, _, generation, count) = key;
    let mut unneeded = Vec::new();
    let older = tables.heads.range((author, 0, 0, 0)..key)?.rev();
    // Only the newest before it, unless an opening came.
    let look_at = if count == 0 { usize::MAX } else { 1 };
    // Behind it can only lie what an older generation meant to continue with.
    let newer = tables
        .heads
        .range((Bound::Excluded(key), Bound::Included(last_of(author))))?;
    for row in older.take(look_at).chain(newer) {
        let (other, row) = row?;
        let (_, first, its_generation, its_count) = other.value();
        let opening = its_count == 0 && its_generation == generation;
        if row.value().0 == 0 && !opening && its_generation <= generation {
            unneeded.push((first, its_generation, its_count));
        }
    }
    for (first, generation, count) in unneeded {
        tables.heads.remove((author, first, generation, count))?;
    }
    Ok(())
}

/// Drops everything of a log beyond `through`. What remains of a head that
/// spans it remains; an opening right behind it says nothing beyond it.
fn cut(tables: &mut Tables<'_>, author: &NodeId, through: Version) -> Result<(), redb::Error> {
    let author = author.as_str();
    let Some(beyond) = through.0.checked_add(1) else {
        return Ok(());
    };
    // Heads first: which one is the newest is judged among those that stay.
    let mut heads = Vec::new();
    for row in tables
        .heads
        .range((author, beyond, 0, 0)..=last_of(author))?
    {
        let (_, first, generation, count) = row?.0.value();
        if count > 0 || first > beyond {
            heads.push((first, generation, count));
        }
    }
    for (first, generation, count) in heads {
        tables.heads.remove((author, first, generation, count))?;
    }
    let mut entries = Vec::new();
    for row in tables
        .entries
        .range((author, beyond)..=(author, u64::MAX))?
    {
        let (key, row) = row?;
        let (first, generation, count, _) = row.value();
        entries.push((key.value().1, (author, first, generation, count)));
    }
    for (version, head) in entries {
        tables.entries.remove((author, version))?;
        release(tables, head)?;
    }
    Ok(())
}

const fn last_of(author: &str) -> HeadKey<'_> {
    (author, u64::MAX, u64::MAX, u32::MAX)
}
