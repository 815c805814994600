//! What is told of rows: a piece of our digest, or what another lacks.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::picture::Picture;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{Delta, Digest, DigestRow};
use crate::reconcile::Held;
use crate::replica::Handed;

/// What the other lacks, as much as one message should hold. `handed` is how far
/// the log of the first of them is handed over.
pub(super) fn delta(
    serve: &mut VecDeque<DigestRow>,
    handed: &mut Option<Handed>,
    picture: Picture<'_>,
) -> Option<Delta> {
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
        let log = picture
            .replica
            .since(&row.id, theirs, handed.take(), budget);
        let Some((mut log, rest)) = log else {
            serve.pop_front();
            continue;
        };
        log.tell_by_chunks();
        budget = budget.saturating_sub(log.weight());
        delta.logs.push(log);
        *handed = rest;
        if handed.is_some() {
            break;
        }
        serve.pop_front();
        if budget == 0 || delta.weight() > limit::DELTA_PIECE_BYTES {
            break;
        }
    }
    (!delta.is_empty()).then_some(delta)
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
