//! What the tests of the codec share: arbitrary values, samples, and a little
//! protobuf written by hand.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

pub(crate) mod arbitrary;
pub(crate) mod raw;
pub(crate) mod sample;

use bytes::Bytes;
use gossip_core::message::{Item, Message};
use gossip_wire::{Channel, Decoded, Skipped, decode_message, encode_message};

/// What a peer makes of `message`.
pub(crate) fn passed_on(message: &Message) -> Message {
    understood(encode_message(message))
}

/// The message in `bytes`, nothing of it skipped.
pub(crate) fn understood(bytes: Bytes) -> Message {
    let Decoded { message, skipped } = decode_message(bytes, Channel::Stream).unwrap();
    assert_eq!(skipped, Skipped::default());
    message.unwrap()
}

/// The only item that rides on `message`.
pub(crate) fn only_rumor(message: Message) -> Item {
    assert_eq!(message.rumors.len(), 1);
    message.rumors.into_iter().next().unwrap()
}
