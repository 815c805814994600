//! Runs of a log that come in pieces, until the last one is there.
//!
//! What one piece holds may be superseded by what a later one brings, and what
//! that superseded is in neither. So no piece counts alone: a session that ends
//! in between leaves nothing behind.

use alloc::collections::BTreeMap;

use crate::base::agreed::Share;
use crate::base::limit;
use crate::input::SessionId;
use crate::message::LogDelta;
use crate::output::Counters;

/// Bytes kept at least, however small logs are agreed to be (guess).
const PIECES_LEAST: u64 = 8 * 1024 * 1024;

/// What frames an entry that stands alone in its batch: names, heads, hashes, and
/// room for a signature (measured: about 150 with names of ten bytes; guess).
const FRAME: u64 = 512;

/// Bytes that so many logs take on their way, if each may hold so many.
pub(super) fn room_for(logs: u64, log_bytes: u64) -> usize {
    let most = logs.saturating_mul(log_bytes).max(PIECES_LEAST);
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// At most one run a session.
#[derive(Debug)]
pub struct Pieces {
    runs: BTreeMap<SessionId, LogDelta>,
    bytes: usize,
    most: usize,
}

impl Pieces {
    /// Where a log may hold so much. A bound below what is agreed would refuse the
    /// end of a log again and again.
    pub fn of(each: Share) -> Self {
        let log_bytes = each.keys.saturating_mul(FRAME).saturating_add(each.bytes);
        Self {
            runs: BTreeMap::new(),
            bytes: 0,
            most: room_for(limit::PIECES_LOGS, log_bytes),
        }
    }

    /// Takes a piece that came in a session. The whole run, if that was the last.
    pub fn add(
        &mut self,
        id: SessionId,
        piece: LogDelta,
        counters: &mut Counters,
    ) -> Option<LogDelta> {
        let before = self.runs.remove(&id);
        self.bytes -= before.as_ref().map_or(0, LogDelta::weight);
        // One that does not go on with the run begins another.
        let goes_on =
            before.filter(|run| run.author() == piece.author() && run.reaches() == piece.from);
        let run = match goes_on {
            Some(mut run) => {
                let before = u32::try_from(run.batches.len()).unwrap_or(u32::MAX);
                let chunked = piece.chunked.into_iter();
                run.chunked
                    .extend(chunked.map(|(batch, part)| (before.saturating_add(batch), part)));
                run.batches.extend(piece.batches);
                run.more = piece.more;
                run
            }
            None => piece,
        };
        if !run.more {
            return Some(run);
        }
        let bytes = run.weight();
        if self.bytes + bytes > self.most {
            counters.pieces_refused += 1;
            return None;
        }
        self.bytes += bytes;
        self.runs.insert(id, run);
        None
    }

    /// Forgets the runs of sessions that are over.
    pub fn keep(&mut self, is_open: impl Fn(SessionId) -> bool) {
        let bytes = &mut self.bytes;
        self.runs.retain(|id, run| {
            let open = is_open(*id);
            *bytes -= if open { 0 } else { run.weight() };
            open
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{
        Batch, BatchHead, BatchPart, Entry, Floor, Generation, Head, Lineage, Op, Scope, Sealed,
        Stamp, Version,
    };
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use bytes::Bytes;

    /// A key of its own in a batch of its own, as a slow writer makes them.
    fn batch(number: u64) -> Batch {
        let value = Entry {
            scope: Scope::Own,
            key: alloc::format!("k{number:06}").parse().unwrap(),
            stamp: Stamp {
                millis: number,
                counter: 0,
            },
            op: Op::Delete,
            expires: None,
            replaces: None,
        };
        let bytes = Bytes::from(alloc::vec![0; 40]);
        let entry = Sealed { value, bytes };
        let value = BatchHead {
            author: alloc::format!("{}/n1", "z".repeat(60)).parse().unwrap(),
            lineage: Lineage::default().extended(Generation(1), Head::default()),
            first: Version(number),
            count: 1,
            floor: Floor::default(),
        };
        let bytes = Bytes::from(alloc::vec![0; 200]);
        Batch {
            head: Arc::new(Sealed { value, bytes }),
            parts: Vec::from([BatchPart { index: 0, entry }]),
        }
    }

    #[test]
    fn the_largest_log_that_is_agreed_has_room_in_the_smallest_batches() {
        let each = Share {
            keys: 60_000,
            bytes: 60_000 * 7,
        };
        let (mut pieces, mut counters) = (Pieces::of(each), Counters::default());
        let mut run = None;
        for piece in 0..60 {
            let first = piece * 1_000 + 1;
            let piece = LogDelta {
                from: Version(first - 1),
                batches: (first..first + 1_000).map(batch).collect(),
                chunked: Vec::new(),
                more: piece < 59,
            };
            run = pieces.add(SessionId::outbound(1), piece, &mut counters);
        }
        assert_eq!(counters.pieces_refused, 0);
        assert_eq!(run.unwrap().batches.len(), 60_000);
    }
}
