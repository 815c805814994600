//! What is told of rows: a piece of our digest, or what another lacks.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::picture::Picture;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{Delta, Digest, DigestRow, Generation, Head, LogDelta};
use crate::reconcile::Held;

/// What the other lacks, as much as one message should hold.
pub(super) fn delta(serve: &mut VecDeque<DigestRow>, picture: Picture<'_>) -> Option<Delta> {
    let mut delta = Delta::default();
    let mut budget = limit::DELTA_PIECE_BYTES;
    while let Some(row) = serve.front_mut() {
        if delta.members.len() + 2 > limit::MESSAGE_ITEMS
            || delta.logs.len() + 1 > limit::MESSAGE_ITEMS
        {
            break;
        }
        if let Some(ours) = picture.roster.row(&row.id)
            && Some(ours) > row.member
        {
            delta.members.extend(picture.roster.items(&row.id));
            row.member = Some(ours);
        }
        let theirs = row.head.unwrap_or_default();
        let log = picture.replica.since(&row.id, theirs, budget);
        if let Some((log, whole)) = log {
            let weight = log.weight();
            if !whole {
                row.head = reached(&log, picture.replica.generation(&row.id));
            }
            delta.logs.push(log);
            if whole {
                serve.pop_front();
            }
            budget = budget.saturating_sub(weight);
            if budget == 0 || !whole {
                break;
            }
        } else {
            serve.pop_front();
        }
        if delta.weight() > limit::DELTA_PIECE_BYTES {
            break;
        }
    }
    (!delta.is_empty()).then_some(delta)
}

/// How far a delta brings whoever applies it.
fn reached(log: &LogDelta, generation: Generation) -> Option<Head> {
    let last = log.batches.iter().rev().find_map(|batch| {
        let part = batch.parts.last()?;
        Some(batch.version(part.index))
    });
    Some(Head {
        generation,
        version: last.unwrap_or(log.from),
    })
}

/// The piece of our digest that begins after a name.
pub(super) fn piece(after: Option<NodeId>, picture: Picture<'_>) -> Digest {
    let mut rest = picture.after(after.as_ref()).map(Held::to_row);
    let rows: Vec<DigestRow> = rest.by_ref().take(limit::DIGEST_ROWS).collect();
    let last = rest.next().and(rows.last());
    let through = last.map(|row| row.id.clone());
    drop(rest);
    Digest {
        after,
        through,
        rows,
    }
}
