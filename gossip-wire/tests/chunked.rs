//! Chunks: an entry is the same, told whole or in chunks; and whatever is told of
//! it that its author did not write is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use bytes::Bytes;
use common::{arbitrary, raw, sample};
use gossip_core::base::limit;
use gossip_core::message::{Body, Chunk, Chunked, ChunkedId, Message, Outline, chunk_at};
use gossip_wire::{Channel, DecodeError, chunk_hash, decode_batch, decode_message, encode_message};
use proptest::prelude::*;

/// What a peer reads of an outline.
fn told(outline: &Outline) -> Outline {
    let message = Message::bare(Body::Outline(outline.clone()));
    match common::passed_on(&message).body {
        Body::Outline(outline) => outline,
        other => panic!("{other:?}"),
    }
}

/// What a peer reads of a chunk.
fn sent(of: &ChunkedId, index: u32, bytes: Bytes) -> Chunk {
    let message = Message::bare(Body::Chunk(Chunk {
        of: of.clone(),
        index,
        bytes,
        hash: None,
    }));
    match common::passed_on(&message).body {
        Body::Chunk(chunk) => chunk,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The names a peer reads are those of the chunks it is sent, and put together
    /// they are the batch as its author sealed it.
    #[test]
    fn a_batch_is_the_same_from_its_chunks(outline in arbitrary::outline()) {
        let read = told(&outline);
        prop_assert_eq!(&read.parts, &outline.parts);
        let whole = outline.parts.iter();
        let mut entries: Vec<(u32, Bytes)> = whole
            .map(|part| (part.index, part.entry.bytes.clone()))
            .collect();
        for (named, held) in read.chunked.iter().zip(&outline.chunked) {
            let (Chunked::Named { bytes, chunks }, Chunked::Held(all)) =
                (&named.entry, &held.entry)
            else {
                panic!("named, and held");
            };
            prop_assert_eq!(*bytes as usize, all.len());
            let of = outline.id_of(named.index);
            let mut entry = Vec::new();
            for (index, name) in (0..).zip(chunks) {
                let chunk = sent(&of, index, chunk_at(all, index).unwrap());
                prop_assert_eq!(chunk.hash, Some(*name));
                entry.extend_from_slice(&chunk.bytes);
            }
            entries.push((named.index, entry.into()));
        }
        entries.sort_by_key(|(index, _)| *index);
        let batch = decode_batch(read.head.bytes.clone(), entries).unwrap();
        prop_assert_eq!(&batch.head, &outline.head);
        prop_assert!(batch.is_whole());
    }
}

fn refused(outline: &Outline) -> DecodeError {
    let bytes = encode_message(&Message::bare(Body::Outline(outline.clone())));
    decode_message(bytes, Channel::Stream).unwrap_err()
}

#[test]
fn a_list_of_chunks_that_the_head_does_not_name_is_refused() {
    let outline = sample::outline();
    assert_eq!(told(&outline), outline);
    let Chunked::Named { bytes, chunks } = &outline.chunked[0].entry else {
        panic!("named");
    };
    assert_eq!((chunks.len(), outline.chunked[0].index), (2, 1));
    let with = |entry: Chunked| {
        let mut outline = outline.clone();
        outline.chunked[0].entry = entry;
        refused(&outline)
    };
    let mut other = chunks.clone();
    other.swap(0, 1);
    let swapped = Chunked::Named {
        bytes: *bytes,
        chunks: other.clone(),
    };
    assert_eq!(with(swapped), DecodeError::NotNamed { index: 1 });
    let longer = Chunked::Named {
        bytes: bytes + 1,
        chunks: chunks.clone(),
    };
    assert_eq!(with(longer), DecodeError::NotNamed { index: 1 });
    other.truncate(1);
    for (bytes, chunks) in [
        (*bytes, other.clone()),
        (u32::MAX, chunks.clone()),
        (0, vec![]),
    ] {
        let error = with(Chunked::Named { bytes, chunks }).to_string();
        let said = ["an entry of another length", "an entry: 4294967295 bytes"];
        assert!(said.iter().any(|said| error.contains(said)), "{error}");
    }
    let mut twice = outline.clone();
    twice.chunked.push(twice.chunked[0].clone());
    assert!(refused(&twice).to_string().contains("out of place"));
    let mut both = outline.clone();
    both.parts = sample::large_batch().parts;
    assert!(refused(&both).to_string().contains("in both ways"));
    let mut nothing = outline;
    nothing.chunked.clear();
    assert!(refused(&nothing).to_string().contains("nothing large"));
}

/// A batch that rides as a rumor is told whole.
#[test]
fn chunks_stand_only_where_they_may() {
    let outline = encode_message(&Message::bare(Body::Outline(sample::outline())));
    // The message's only field is the item; as a rumor it has another number.
    let item = &outline[outline.len() - item_len(&outline)..];
    let bytes = raw::field(15, item);
    let error = decode_message(bytes.into(), Channel::Stream).unwrap_err();
    assert!(error.to_string().contains("told whole"), "{error}");
}

/// How many bytes the last field of a message has: its tag takes two bytes here.
fn item_len(message: &[u8]) -> usize {
    let (mut len, mut shift) = (0, 0);
    for byte in &message[2..] {
        len |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    len
}

/// An entry is never both: the bytes that are hashed for many chunks are no entry.
#[test]
fn an_entry_of_one_chunk_is_named_by_its_bytes() {
    let batch = sample::large_batch();
    let small = &batch.parts[0].entry.bytes;
    assert!(
        batch
            .head
            .bytes
            .windows(16)
            .any(|hash| hash == chunk_hash(small).0)
    );
    let large = &batch.parts[1].entry.bytes;
    assert!(large.len() > limit::CHUNK_BYTES);
    assert!(
        !batch
            .head
            .bytes
            .windows(16)
            .any(|hash| hash == chunk_hash(large).0)
    );
}

#[test]
fn asks_and_chunks_have_bounds() {
    let ask = |chunks: &[u8]| {
        let bytes = [
            raw::field(1, "n1"),
            raw::number(2, 1),
            raw::number(3, 1),
            raw::field(4, chunks),
        ];
        let bytes = raw::field(46, bytes.concat());
        decode_message(bytes.into(), Channel::Stream)
    };
    assert!(ask(&[0, 1, 32]).is_ok());
    for (chunks, said) in [
        (&[][..], "no chunk"),
        (&[1, 1], "out of place"),
        (&[2, 1], "out of place"),
        (&[33], "beyond the longest"),
        (
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
            "chunks",
        ),
    ] {
        let error = ask(chunks).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let chunk = |index: u64, bytes: usize, version: u64| {
        let bytes = [
            raw::field(1, "n1"),
            raw::number(2, 1),
            raw::number(3, version),
            raw::number(4, index),
            raw::field(5, vec![0; bytes]),
        ];
        let bytes = raw::field(47, bytes.concat());
        decode_message(bytes.into(), Channel::Stream)
    };
    assert!(chunk(32, limit::CHUNK_BYTES, 1).is_ok());
    assert!(chunk(33, 1, 1).is_err());
    assert!(chunk(0, limit::CHUNK_BYTES + 1, 1).is_err());
    assert!(chunk(0, 1, 0).is_err());
}
