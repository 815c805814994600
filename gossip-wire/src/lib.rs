//! The gossip protocol's messages as protobuf bytes, and back, validated.
//!
//! Bytes and values are two worlds, and this crate is the border between
//! them. A value is always valid; bytes are nothing until they have been
//! judged, in one place, that says no with a reason. It knows neither who
//! sends, nor when, nor on what.
//!
//! ```text
//!  ┌ Message ──────────────────────────────────────── one hop, then gone ┐
//!  │ body: Ping · Ack · PingReq · Nack · Gossip                          │
//!  │       Checksum · Digest · Want · Delta · Done                       │
//!  │       EventSum · EventHave · EventDelta · Answer                    │
//!  │       Outline · ChunkAsk · Chunk                                    │
//!  │ rumors:                                                             │
//!  │  ┌ Item ───────────────────────────────── from member to member ┐   │
//!  │  │ ┌ Sealed ─────────────── the author's exact bytes, for ever ┐ │   │
//!  │  │ │ ┌ Statement ────────────────────────────────┐ ┌─────────┐ │ │   │
//!  │  │ │ │ Claim, Accusation, Event, or BatchHead:   │ │signature│ │ │   │
//!  │  │ │ │ author · lineage · first · entry hashes   │ └─────────┘ │ │   │
//!  │  │ │ └──────────────────────────────┬──┬──┬──────┘             │ │   │
//!  │  │ └────────────────────────────────┼──┼──┼────────────────────┘ │   │
//!  │  │   parts, beside a batch:     Entry  │  Entry                  │   │
//!  │  │   exact bytes as well               └ left out: superseded    │   │
//!  │  └───────────────────────────────────────────────────────────────┘   │
//!  └─────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Three rules carry the format:
//!
//! 1. **Author's bytes are never made twice.** [`seal`] encodes a statement
//!    once. From then on its bytes are embedded, kept and handed on as they
//!    are, and the value beside them is only for reading; so an item with
//!    fields of a later version passes old relays unharmed.
//! 2. **Malformed is refused, unknown is skipped.** A message that breaks a
//!    rule is refused whole, and its sender is at fault. A kind of message, of
//!    statement or of operation that only a later version knows is left out
//!    and counted in [`Skipped`]; the rest is used.
//! 3. **Bounds come before work.** Length, then a count of the pieces read off
//!    the bytes without allocating, then the parser. A hostile message costs
//!    memory in proportion to its length, and no panic.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use gossip_core::message::{
//!     Body, Claim, Footing, Generation, Incarnation, Message, Presence, Seq, Statement,
//! };
//! use gossip_wire::{Channel, decode_message, encode_message, seal};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A member says that it is here; nobody signs yet.
//! let claim = Statement::Claim(Claim {
//!     member: "eu/1/n17".parse()?,
//!     footing: Footing {
//!         generation: Generation(1_700_000_000),
//!         incarnation: Incarnation(0),
//!     },
//!     presence: Presence::Alive,
//!     addrs: ["192.0.2.17:7946".parse()?].into(),
//! });
//! let item = seal(&claim, |_statement| Bytes::new());
//!
//! // It rides on a ping.
//! let message = Message {
//!     body: Body::Ping { seq: Seq(58) },
//!     rumors: vec![item],
//! };
//! let bytes = encode_message(&message);
//! assert!(bytes.len() <= message.weight());
//!
//! // The peer reads what was said, and holds the very bytes its author made.
//! let decoded = decode_message(bytes, Channel::Datagram)?;
//! assert_eq!(decoded.message, Some(message));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod accusation;
mod batch;
pub mod bound;
mod channel;
mod chunk;
mod claim;
mod delta;
mod digest;
mod entry;
mod envelope;
mod error;
mod event;
mod field;
mod item;
mod message;
mod offer;
mod pb;
mod range;
mod scan;
mod seal;
mod sketch;

pub use accusation::decode_sealed_accusation;
pub use batch::{decode_batch, decode_sealed_batch_head};
pub use channel::Channel;
pub use chunk::chunk_hash;
pub use claim::decode_sealed_claim;
pub use entry::decode_entry;
pub use envelope::{Envelope, sealed_bytes};
pub use error::DecodeError;
pub use event::decode_sealed_event;
pub use item::{decode_item, encode_item};
pub use message::{Decoded, Skipped, decode_message, encode_message};
pub use seal::seal;
