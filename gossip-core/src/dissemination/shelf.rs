//! What we told others by its chunks, kept for a while.
//!
//! An author may write a large key anew while others still fetch what stood there
//! before. Without those bytes they would begin again, and with a quick writer
//! never come to an end. So what was told last stays at hand, up to
//! [`limit::SHELF_BYTES`]; what the replica still holds is held once.

use alloc::collections::VecDeque;

use bytes::Bytes;

use crate::base::limit;
use crate::message::{Chunked, ChunkedId, LogDelta, Outline};

/// Entries that were told by their chunks, the latest last.
#[derive(Debug, Default)]
pub struct Shelf {
    entries: VecDeque<(ChunkedId, Bytes)>,
    bytes: usize,
}

impl Shelf {
    /// Of a batch.
    pub fn keep(&mut self, outline: &Outline) {
        for part in &outline.chunked {
            self.put(outline.id_of(part.index), &part.entry);
        }
    }

    /// Of a run of a log.
    pub fn keep_run(&mut self, run: &LogDelta) {
        for (place, part) in &run.chunked {
            let place = usize::try_from(*place).unwrap_or(usize::MAX);
            if let Some(batch) = run.batches.get(place) {
                let head = &batch.head.value;
                let of = ChunkedId {
                    author: head.author.clone(),
                    generation: head.generation(),
                    version: batch.version(part.index),
                };
                self.put(of, &part.entry);
            }
        }
    }

    fn put(&mut self, of: ChunkedId, entry: &Chunked) {
        let Chunked::Held(bytes) = entry else {
            return;
        };
        if let Some(place) = self.entries.iter().position(|(kept, _)| *kept == of)
            && let Some((_, before)) = self.entries.remove(place)
        {
            self.bytes -= before.len();
        }
        self.bytes += bytes.len();
        self.entries.push_back((of, bytes.clone()));
        while self.bytes > limit::SHELF_BYTES || self.entries.len() > limit::SHELF_ENTRIES {
            let Some((_, oldest)) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// The bytes of an entry, if they are at hand.
    pub fn bytes(&self, of: &ChunkedId) -> Option<&Bytes> {
        let entry = self.entries.iter().rev().find(|(kept, _)| kept == of);
        entry.map(|(_, bytes)| bytes)
    }
}
