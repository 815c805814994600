//! What a certificate says, for people.

use std::fmt;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::PkiError;
use crate::crypto;
use crate::identity::{Identity, uri_names};

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// It issues others.
    Authority,
    /// It proves a node.
    Node,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// What it is for.
    pub kind: CertificateKind,
    /// Its URI name: `spiffe://…`.
    pub uri: String,
    /// Whom it proves, if it is a node's.
    pub identity: Option<Identity>,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// Valid from.
    pub not_before: SystemTime,
    /// Valid until.
    pub not_after: SystemTime,
    /// SHA-256 of the whole, in hexadecimal.
    pub fingerprint: String,
    /// Its key: `p256`, `ed25519`, or the object identifier of another.
    pub algorithm: String,
}

impl CertificateInfo {
    /// What is left of its life at `now`; `None` when it is over.
    pub fn remaining(&self, now: SystemTime) -> Option<Duration> {
        self.not_after.duration_since(now).ok()
    }
}

impl fmt::Display for CertificateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "authority",
            Self::Node => "node",
        })
    }
}

/// Reads the first certificate of a PEM text.
///
/// # Errors
/// If there is none or it cannot be read. That it has expired is no error here.
pub fn describe(pem: &[u8]) -> Result<CertificateInfo, PkiError> {
    let der = CertificateDer::from_pem_slice(pem).map_err(PkiError::pem)?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(PkiError::unreadable)?;
    let uris = uri_names(&der)?;
    let kind = if certificate.is_ca() {
        CertificateKind::Authority
    } else {
        CertificateKind::Node
    };
    let identity = match kind {
        CertificateKind::Authority => None,
        CertificateKind::Node => Some(Identity::from_certificate(&der)?),
    };
    let validity = certificate.validity();
    Ok(CertificateInfo {
        kind,
        uri: uris.into_iter().next().unwrap_or_default(),
        identity,
        serial: hex(certificate.tbs_certificate.raw_serial()),
        not_before: time(validity.not_before.timestamp()),
        not_after: time(validity.not_after.timestamp()),
        fingerprint: hex(&crypto::sha256(&der)),
        algorithm: algorithm(&certificate),
    })
}

/// RFC 8410 §3 for Ed25519; RFC 5480 §2.1.1 for the curve in the parameters.
fn algorithm(certificate: &X509Certificate<'_>) -> String {
    const P256: &str = "1.2.840.10045.3.1.7";
    let key = &certificate.public_key().algorithm;
    let curve = key
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    match (
        key.algorithm.to_id_string(),
        curve.map(|curve| curve.to_id_string()),
    ) {
        (oid, None) if oid == "1.3.101.112" => "ed25519".to_owned(),
        (_, Some(curve)) if curve == P256 => "p256".to_owned(),
        (_, Some(curve)) => curve,
        (oid, None) => oid,
    }
}

fn time(secs: i64) -> SystemTime {
    let secs = Duration::from_secs(u64::try_from(secs).unwrap_or(0));
    SystemTime::UNIX_EPOCH
        .checked_add(secs)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
