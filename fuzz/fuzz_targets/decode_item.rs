//! Any bytes, as an item: refused or understood, never a panic; and what was
//! understood survives being passed on.
#![no_main]

use bytes::Bytes;
use gossip_wire::{decode_item, encode_item};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(item) = decode_item(Bytes::copy_from_slice(data)) {
        assert_eq!(decode_item(encode_item(&item)).ok(), Some(item));
    }
});
