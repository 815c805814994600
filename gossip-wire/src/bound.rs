//! The bounds of the encoding itself, beside those of the protocol.
//!
//! What the protocol bounds, such as the length of a key, has its constant in
//! [`gossip_core::base::limit`]. Here stand the bounds that only an encoding
//! has: how long the envelope of a bounded thing may be, with room for fields
//! of later versions. All are constants of the protocol: a relay that refused
//! what others accept would lose its peers' messages.

use gossip_core::base::limit;

/// Longest sealed statement but an event, in bytes. The longest of this version is the head
/// of a full batch, under 2 KiB; the rest is room for later fields (guess).
pub const SEALED_BYTES: usize = 4 * 1024;

/// Longest sealed event, in bytes: its payload, a full filter of the longest
/// names and tags (under 26 KiB), and room for later fields (guess).
pub const SEALED_EVENT_BYTES: usize = 40 * 1024;

/// Longest encoded entry, in bytes: its key and value, and room for the rest
/// (under 256 bytes in this version) and for later fields (guess).
pub const ENTRY_BYTES: usize = limit::KEY_BYTES + limit::VALUE_BYTES + 1024;

/// Most pieces in a message or item: submessages that become values in memory.
///
/// An empty submessage is two bytes on the wire and some hundred in memory, so
/// without this bound a hostile message of full size would cost half a million
/// pieces. An honest one is packed by weight, and [`limit::STREAM_MESSAGE_BYTES`]
/// hold 11 000 entries of the least weight, 100 bytes.
pub const PIECES: usize = 16 * 1024;
