//! The exact bytes of a write that still matters, for who fetches it in chunks.

use bytes::Bytes;

use super::Replica;
use crate::message::ChunkedId;

impl Replica {
    /// The bytes of an entry; `None`: it is not held, or not any more.
    pub fn entry_bytes(&self, of: &ChunkedId) -> Option<&Bytes> {
        let slot = self.logs.get(&of.author)?.slot(of.version)?;
        let same = slot.batch().value.generation() == of.generation;
        same.then(|| slot.bytes())
    }
}
