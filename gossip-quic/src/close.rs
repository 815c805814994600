//! Close codes: what one end tells the other when it hangs up.

use std::fmt;

use quinn::VarInt;

/// Why a connection (or one stream of it) was ended on purpose; the number
/// travels, so it never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CloseCode {
    /// Nothing wrong.
    Normal,
    /// Another connection between the two is better.
    Duplicate,
    /// The process is going away.
    Shutdown,
    /// The peer's certificate has to be shown again.
    Reauthenticate,
    /// A later run of the same node is connected; the reason is its generation
    /// in decimal digits.
    Outlived,
    /// Nothing wrong: its place is needed for another peer. Dial again when
    /// there is something to say.
    Spared,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate was revoked.
    CertificateRevoked,
    /// `Hello` and certificate name different nodes.
    IdentityMismatch,
    /// The peer belongs to another cluster.
    ClusterMismatch,
    /// No protocol version in common.
    Version,
    /// The peer bears our own name: ourselves, or a second process.
    OwnIdentity,
    /// The two are set to different limits of what a member may write; the reason
    /// says which, and what to do.
    Disagreed,
    /// Nonsense was received.
    Protocol,
    /// A limit was reached.
    Limit,
    /// The peer takes too long.
    Slow,
    /// A stream of a kind this version does not know.
    UnknownStream,
    /// A code this version does not know.
    Other(u32),
}

impl CloseCode {
    /// The number on the wire.
    pub const fn as_u32(self) -> u32 {
        match self {
            Self::Normal => 0,
            Self::Duplicate => 1,
            Self::Shutdown => 2,
            Self::Reauthenticate => 3,
            Self::Outlived => 4,
            Self::Spared => 5,
            Self::CertificateExpired => 0x10,
            Self::CertificateRevoked => 0x11,
            Self::IdentityMismatch => 0x12,
            Self::ClusterMismatch => 0x13,
            Self::Version => 0x14,
            Self::OwnIdentity => 0x15,
            Self::Disagreed => 0x16,
            Self::Protocol => 0x20,
            Self::Limit => 0x21,
            Self::Slow => 0x22,
            Self::UnknownStream => 0x23,
            Self::Other(code) => code,
        }
    }

    /// The meaning of a number from the wire.
    pub const fn from_u32(code: u32) -> Self {
        match code {
            0 => Self::Normal,
            1 => Self::Duplicate,
            2 => Self::Shutdown,
            3 => Self::Reauthenticate,
            4 => Self::Outlived,
            5 => Self::Spared,
            0x10 => Self::CertificateExpired,
            0x11 => Self::CertificateRevoked,
            0x12 => Self::IdentityMismatch,
            0x13 => Self::ClusterMismatch,
            0x14 => Self::Version,
            0x15 => Self::OwnIdentity,
            0x16 => Self::Disagreed,
            0x20 => Self::Protocol,
            0x21 => Self::Limit,
            0x22 => Self::Slow,
            0x23 => Self::UnknownStream,
            code => Self::Other(code),
        }
    }

    /// The later run that a close with [`CloseCode::Outlived`] speaks of; `None`
    /// for any other close, and for a reason that is no number.
    pub fn outlived_by(self, reason: &str) -> Option<u64> {
        match self {
            Self::Outlived => reason.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn to_varint(self) -> VarInt {
        VarInt::from_u32(self.as_u32())
    }

    /// Codes beyond 32 bits mean nothing to us; they become the largest.
    pub(crate) fn from_varint(code: VarInt) -> Self {
        Self::from_u32(u32::try_from(code.into_inner()).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Normal => "nothing wrong",
            Self::Duplicate => "another connection is better",
            Self::Shutdown => "shutting down",
            Self::Reauthenticate => "show your certificate again",
            Self::Outlived => "a later run of this node is connected",
            Self::Spared => "spared for another; dial again when needed",
            Self::CertificateExpired => "certificate expired",
            Self::CertificateRevoked => "certificate revoked",
            Self::IdentityMismatch => "hello and certificate differ",
            Self::ClusterMismatch => "another cluster",
            Self::Version => "no protocol version in common",
            Self::OwnIdentity => "the same node name on both ends",
            Self::Disagreed => "other limits",
            Self::Protocol => "nonsense received",
            Self::Limit => "a limit was reached",
            Self::Slow => "too slow",
            Self::UnknownStream => "unknown kind of stream",
            Self::Other(code) => return write!(f, "unknown code {code:#x}"),
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_the_wire() {
        for number in 0..0x100 {
            assert_eq!(CloseCode::from_u32(number).as_u32(), number);
        }
    }
}
