//! What bytes came on, as far as it bounds their length.

use gossip_core::base::limit;
use gossip_core::output::Via;

/// What bytes travel on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Channel {
    /// A datagram: at most [`limit::DATAGRAM_BYTES`].
    Datagram,
    /// A stream, of its own or of a session: at most [`limit::STREAM_MESSAGE_BYTES`].
    Stream,
}

impl Channel {
    /// The longest message it carries, in bytes.
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Datagram => limit::DATAGRAM_BYTES,
            Self::Stream => limit::STREAM_MESSAGE_BYTES,
        }
    }
}

impl From<Via> for Channel {
    fn from(via: Via) -> Self {
        match via {
            Via::Datagram => Self::Datagram,
            Via::Stream | Via::Session(_) => Self::Stream,
        }
    }
}
