//! Runs of a log that come in pieces, until the last one is there.
//!
//! What one piece holds may be superseded by what a later one brings, and what
//! that superseded is in neither. So no piece counts alone: a session that ends
//! in between leaves nothing behind.

use alloc::collections::BTreeMap;

use crate::base::limit;
use crate::input::SessionId;
use crate::message::LogDelta;
use crate::output::Counters;

/// Bytes kept at least, however small logs are agreed to be: what frames an entry
/// may weigh more than the entry (guess).
const PIECES_LEAST: u64 = 8 * 1024 * 1024;

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
    /// Where a log may hold so many bytes.
    pub fn of(log_bytes: u64) -> Self {
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
