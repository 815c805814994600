//! The cryptography behind TLS: the one place that knows which library it is.
//!
//! Always passed explicitly, never taken from the process: with two providers
//! compiled in, a process default is a panic waiting to happen.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
compile_error!("gossip-quic needs one of its features `aws-lc-rs` and `ring`");

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as provider_crate;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as provider_crate;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::digest;
#[cfg(not(feature = "aws-lc-rs"))]
use ring::digest;

// quinn takes ring's key whenever ring is compiled in.
#[cfg(not(feature = "ring"))]
use aws_lc_rs::hmac;
#[cfg(feature = "ring")]
use ring::hmac;

/// Key types a certificate may have. P-384 is absent on purpose: its
/// handshakes cost four times as much (measured) and nothing here needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256: what everything understands.
    #[default]
    P256,
    /// Ed25519: smaller, and its signatures have one length.
    Ed25519,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "p256",
            Self::Ed25519 => "ed25519",
        })
    }
}

/// The provider for every handshake.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(provider_crate::default_provider())
}

/// The key from which tokens of stateless resets are derived.
pub(crate) fn reset_key(secret: &[u8; 32]) -> Arc<dyn quinn_proto::crypto::HmacKey> {
    Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out
        .iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
    {
        *to = *from;
    }
    out
}
