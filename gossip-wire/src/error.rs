//! Why bytes are not what they claim to be.
//!
//! There are two answers to a stranger's bytes. *Malformed* ones break a rule
//! that every version keeps: whoever sent them is at fault, and the whole
//! message is refused. *Unknown* ones come from a later version: they are
//! skipped and counted, and what stands beside them is used. Either way
//! nothing has happened yet: decoding changes no state.

use gossip_core::base::id::IdError;
use gossip_core::message::KeyError;

/// Why bytes were refused. Nothing of them was used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A kind of statement, message or value of a later version. Not an
    /// offence: skip it, count it.
    #[error("a kind of {what} this version does not know")]
    UnknownKind {
        /// Of what.
        what: &'static str,
    },
    /// A known kind of statement, but not the one asked for.
    #[error("a {wanted} was expected, not another statement")]
    OtherKind {
        /// What was asked for.
        wanted: &'static str,
    },
    /// More bytes than this may have.
    #[error("{what}: {bytes} bytes are more than the {max} allowed")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// More of these than there may be.
    #[error("{count} {what} are more than the {max} allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are; where counting stopped early, at least so many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Not protobuf, or not of the shape of the schema.
    #[error("not an encoded {what}: {why}")]
    NotProtobuf {
        /// What it should have been.
        what: &'static str,
        /// Why it is not.
        why: String,
    },
    /// Something every version requires is not there.
    #[error("{what} is missing")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// Not a name.
    #[error("{what}: {why}")]
    Id {
        /// Whose name it should have been.
        what: &'static str,
        /// Why it is not one.
        why: IdError,
    },
    /// Not a key, or not a value.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An address that is neither 4 nor 16 bytes, or a port outside 1 to 65535.
    #[error("an address of {ip_bytes} bytes and port {port}")]
    Addr {
        /// How many bytes the address has.
        ip_bytes: usize,
        /// The port.
        port: u32,
    },
    /// Values that contradict each other or break a law of their noun.
    #[error("{what}")]
    Senseless {
        /// What makes no sense.
        what: &'static str,
    },
    /// An entry is not the one its batch names.
    #[error("entry {index} is not the one its batch names")]
    NotNamed {
        /// Its place in the batch.
        index: u32,
    },
}

impl DecodeError {
    /// Whether a later version might understand it, so that skipping is right
    /// and the sender is not at fault.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownKind { .. })
    }
}
