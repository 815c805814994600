//! The reader: what a real host's wire makes of large entries.
//!
//! Messages travel through the simulator as values. Whoever reads a chunk off a
//! wire knows its hash, and whoever reads an outline knows the names of chunks and
//! not their bytes: that is made here. And entries that came in chunks are read
//! from the plain encoding of [`seal`](super::seal).

use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;

use super::hash::RunningHash;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::WallTime;
use crate::message::{
    Batch, BatchPart, Body, ChunkHash, Chunked, ChunkedPart, Entry, Gathered, Message, Op,
    Replaced, Scope, Sealed, Stamp, Value, Version, WriteId, chunk_at,
};

/// The hash of a chunk's bytes.
pub fn chunk_hash(bytes: &[u8]) -> ChunkHash {
    let mut hash = [0; limit::ENTRY_HASH_BYTES];
    for (seed, half) in (0..).zip(hash.chunks_exact_mut(8)) {
        let mut of = RunningHash::from_seed(seed);
        of.bytes(bytes);
        half.copy_from_slice(&of.value().to_le_bytes());
    }
    ChunkHash(hash)
}

/// What the peer reads of a message that is sent.
pub fn as_read(message: &mut Message) {
    match &mut message.body {
        Body::Chunk(chunk) => chunk.hash = Some(chunk_hash(&chunk.bytes)),
        Body::Outline(outline) => outline.chunked.iter_mut().for_each(name),
        Body::Delta(delta) => {
            let chunked = delta.logs.iter_mut().flat_map(|log| &mut log.chunked);
            chunked.for_each(|(_, part)| name(part));
        }
        _ => {}
    }
}

fn name(part: &mut ChunkedPart) {
    if let Chunked::Held(bytes) = &part.entry {
        let chunks = (0..).map_while(|index| chunk_at(bytes, index));
        part.entry = Chunked::Named {
            // tidy: allow(panic): no entry is so large
            bytes: u32::try_from(bytes.len()).expect("an entry"),
            chunks: chunks.map(|chunk| chunk_hash(&chunk)).collect(),
        };
    }
}

/// The batch whose entries these are; `None`: they make no sense.
pub fn assemble(gathered: Gathered) -> Option<Batch> {
    let parts = gathered.entries.into_iter().map(|(index, pieces)| {
        let bytes = Bytes::from(pieces.concat());
        let value = Decoder(bytes.clone()).entry()?;
        let entry = Sealed { value, bytes };
        Some(BatchPart { index, entry })
    });
    Some(Batch {
        parts: parts.collect::<Option<Vec<_>>>()?,
        head: gathered.head,
    })
}

/// What is left of some bytes.
struct Decoder(Bytes);

impl Decoder {
    fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn number(&mut self) -> Option<u64> {
        self.0.split_first()?;
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().skip(1).take(10) {
            number |= u64::from(byte & 0x7f).checked_shl(7 * (place as u32 - 1))?;
            if byte & 0x80 == 0 {
                self.0 = self.0.slice(place + 1..);
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.number()?).ok()?;
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.text()?.to_vec()).ok()
    }

    fn stamp(&mut self) -> Option<Stamp> {
        Some(Stamp {
            millis: self.number()?,
            counter: u32::try_from(self.number()?).ok()?,
        })
    }

    fn entry(&mut self) -> Option<Entry> {
        let scope = match self.number()? {
            0 => Scope::Own,
            _ => Scope::Shared,
        };
        let key = self.string()?.parse().ok()?;
        let stamp = self.stamp()?;
        let expires = match self.tag() {
            Some(super::sealer::EXPIRES) => Some(WallTime::from_millis(self.number()?)),
            _ => None,
        };
        let replaces = match self.tag() {
            Some(super::sealer::REPLACES) => {
                let stamp = self.stamp()?;
                let author: NodeId = self.string()?.parse().ok()?;
                let version = Version(self.number()?);
                let write = WriteId { author, version };
                Some(Replaced { stamp, write })
            }
            _ => None,
        };
        let op = match self.tag() {
            Some(_) => Op::Put(Value::new(self.text()?).ok()?),
            None => Op::Delete,
        };
        Some(Entry {
            scope,
            key,
            stamp,
            op,
            expires,
            replaces,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Draft, Generation, Head, Item, Lineage, Outline, Statement};
    use crate::sim::seal;
    use alloc::vec;

    #[test]
    fn what_was_sealed_is_read_again_from_its_chunks() {
        let entry = |key: &str, op, rare: bool| Entry {
            scope: Scope::Shared,
            key: key.parse().unwrap(),
            stamp: Stamp {
                millis: 1_750_000_000_000,
                counter: 3,
            },
            op,
            expires: rare.then(|| WallTime::from_millis(9)),
            replaces: rare.then(|| Replaced {
                stamp: Stamp::default(),
                write: WriteId {
                    author: "eu/n1".parse().unwrap(),
                    version: Version(300),
                },
            }),
        };
        let value = |bytes| Op::Put(Value::new(Bytes::from(vec![b'n'; bytes])).unwrap());
        let entries = vec![
            entry("small", value(3), false),
            entry("large", value(100_000), true),
            entry("empty", value(0), true),
            entry("gone", Op::Delete, false),
        ];
        let sealed = seal(Statement::Batch(Draft {
            author: "eu/n1".parse().unwrap(),
            lineage: Lineage::default().extended(Generation(7), Head::default()),
            first: Version(1),
            entries,
            floor: crate::message::Floor::default(),
        }));
        let Item::Batch(batch) = sealed else {
            panic!("a batch");
        };
        let outline = Outline::of(&batch, 0);
        let mut message = Message::bare(Body::Outline(outline.clone()));
        as_read(&mut message);
        let Body::Outline(read) = message.body else {
            panic!("an outline");
        };
        assert!(read.is_whole() && read.parts.is_empty());
        let mut entries = Vec::new();
        for (part, held) in read.chunked.iter().zip(&outline.chunked) {
            let (Chunked::Named { bytes, chunks }, Chunked::Held(all)) = (&part.entry, &held.entry)
            else {
                panic!("named");
            };
            assert_eq!(*bytes as usize, all.len());
            let pieces: Vec<Bytes> = (0..).map_while(|index| chunk_at(all, index)).collect();
            assert!(
                pieces
                    .iter()
                    .map(|piece| chunk_hash(piece))
                    .eq(chunks.iter().copied())
            );
            entries.push((part.index, pieces));
        }
        let gathered = Gathered {
            head: read.head,
            entries,
        };
        assert_eq!(assemble(gathered), Some(batch));
    }
}
