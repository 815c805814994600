//! Any bytes, as a message: refused or understood, never a panic; and what was
//! understood weighs at least what it is long.
#![no_main]

use bytes::Bytes;
use gossip_wire::{Channel, decode_message, encode_message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for channel in [Channel::Datagram, Channel::Stream] {
        let Ok(decoded) = decode_message(Bytes::copy_from_slice(data), channel) else {
            continue;
        };
        if let Some(message) = decoded.message {
            assert!(encode_message(&message).len() <= message.weight());
        }
    }
});
