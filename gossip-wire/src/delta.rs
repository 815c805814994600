//! Deltas: what the other side lacks, checked to be without gaps.

use std::collections::BTreeSet;

use gossip_core::base::limit;
use gossip_core::message::{Batch, ChunkedPart, Delta, Item, LogDelta, Version};

use crate::error::DecodeError;
use crate::{field, item, pb};

pub(crate) fn to_pb(delta: &Delta) -> pb::Delta {
    pb::Delta {
        members: delta.members.iter().map(item::to_pb).collect(),
        logs: delta.logs.iter().map(log_to_pb).collect(),
    }
}

/// The delta, and how many items of it were skipped as unknown.
pub(crate) fn from_pb(delta: pb::Delta) -> Result<(Delta, u64), DecodeError> {
    let mut skipped = 0;
    field::at_most("members", delta.members.len(), limit::MESSAGE_ITEMS)?;
    field::at_most("logs", delta.logs.len(), limit::MESSAGE_ITEMS)?;
    let members = item::many_from_pb(delta.members, &mut skipped)?;
    let members_only = members.iter().all(|item| match item {
        Item::Claim(_) => true,
        Item::Accusation(accusation) => accusation.is_verdict(),
        Item::Batch(_) | Item::Event(_) => false,
    });
    field::ensure(members_only, "neither claim nor verdict among the members")?;

    let mut logs = Vec::new();
    for log in delta.logs {
        logs.extend(log_from_pb(log, &mut skipped)?);
    }
    let authors: BTreeSet<_> = logs.iter().map(LogDelta::author).collect();
    field::ensure(authors.len() == logs.len(), "a log stands twice in a delta")?;
    Ok((Delta { members, logs }, skipped))
}

fn log_to_pb(log: &LogDelta) -> pb::LogDelta {
    let batches = (0..).zip(&log.batches);
    let batches = batches.map(|(place, batch): (u32, _)| {
        let chunked = log.chunked.iter().filter(|(of, _)| *of == place);
        let chunked: Vec<_> = chunked.map(|(_, part)| part).collect();
        item::told_to_pb(batch.clone(), &chunked)
    });
    pb::LogDelta {
        from: log.from.0,
        batches: batches.collect(),
        more: log.more,
    }
}

/// The run of one log; cut before the first batch of an unknown kind, because
/// what follows would leave a gap. `None` if nothing is left of it.
fn log_from_pb(log: pb::LogDelta, skipped: &mut u64) -> Result<Option<LogDelta>, DecodeError> {
    field::ensure(!log.batches.is_empty(), "a run of a log without batches")?;
    let mut run = LogDelta {
        from: Version(log.from),
        batches: Vec::with_capacity(log.batches.len()),
        chunked: Vec::new(),
        more: log.more,
    };
    let mut told = run.from;
    let mut rest = log.batches.into_iter();
    while let Some(item) = rest.next() {
        let (batch, chunked) = match item::told_from_pb(item) {
            Ok((Item::Batch(batch), chunked)) => (batch, chunked),
            Ok(_) => return Err(DecodeError::OtherKind { wanted: "batch" }),
            Err(error) if error.is_unknown() => {
                *skipped += 1 + rest.len() as u64;
                // What is left is a piece, and the rest will not come.
                run.more = true;
                break;
            }
            Err(error) => return Err(error),
        };
        let same = run.author().is_none_or(|author| author == batch.author());
        field::ensure(same, "two authors in the run of one log")?;
        told = follow(told, &batch, &chunked)?;
        let place = u32::try_from(run.batches.len()).unwrap_or(u32::MAX);
        run.chunked
            .extend(chunked.into_iter().map(|part| (place, part)));
        run.batches.push(batch);
    }
    Ok((!run.batches.is_empty()).then_some(run))
}

/// The last version told once `batch` is, which has to rise above what was.
///
/// Heads need not rise: one that only shows the newest generation may stand
/// before older batches, and one may stand twice, with different entries.
fn follow(told: Version, batch: &Batch, chunked: &[ChunkedPart]) -> Result<Version, DecodeError> {
    let whole = batch.parts.iter().map(|part| part.index);
    let mut places: Vec<u32> = whole.chain(chunked.iter().map(|part| part.index)).collect();
    places.sort_unstable();
    let mut last = told;
    for index in places {
        let version = batch.version(index);
        field::ensure(version > last, "writes of a log that do not rise")?;
        last = version;
    }
    Ok(last)
}
