//! The authority: whoever holds its key decides who is a node of the cluster.
//!
//! Its certificate bears `spiffe://<trust domain>` and may issue leaves only
//! (path length 0). The cluster is written into every certificate it issues,
//! never read from the node that asks.

use std::time::{Duration, SystemTime};

use gossip_core::base::id::{ClusterId, NodeId};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use time::OffsetDateTime;

use crate::crypto::KeyAlgorithm;
use crate::identity::{Identity, IdentityError, check_trust_domain, uri_names};
use crate::verify;

/// How far back a certificate's validity begins, so that a node whose clock is
/// a little behind can use it at once (guess).
const CLOCK_SLACK: Duration = Duration::from_secs(300);

/// An authority and its key.
#[derive(Debug)]
pub struct Authority {
    trust_domain: String,
    cluster: ClusterId,
    certificate_pem: String,
    not_after: SystemTime,
    issuer: Issuer<'static, KeyPair>,
}

/// A node's new certificate and key.
#[derive(Clone)]
pub struct Issued {
    /// Whom it proves.
    pub identity: Identity,
    /// The certificate, in PEM.
    pub chain_pem: String,
    /// Its private key, in PEM.
    pub key_pem: String,
    /// When it expires.
    pub not_after: SystemTime,
}

impl std::fmt::Debug for Issued {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("identity", &self.identity)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Why the workshop could not do it. Nothing was written or issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// The name is none.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No certificate or key in PEM form.
    #[error("not a certificate or key in PEM form: {reason}")]
    NotPem {
        /// What the parser said.
        reason: String,
    },
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {reason}")]
    Unreadable {
        /// What the parser said.
        reason: String,
    },
    /// The certificate is a node's.
    #[error("this is not the certificate of an authority; give the one that `pki init` wrote")]
    NotAuthority,
    /// The key belongs to another certificate.
    #[error("this is not the authority's key")]
    KeyMismatch,
    /// The authority has expired.
    #[error("the authority has expired; create a new one and issue from it")]
    Expired,
    /// The validity asked for cannot be written down.
    #[error("a validity of {0:?} reaches beyond what a certificate can say")]
    Validity(Duration),
    /// Cryptography failed.
    #[error("the certificate could not be made: {reason}")]
    Crypto {
        /// What the library said.
        reason: String,
    },
}

impl PkiError {
    pub(super) fn pem(error: impl std::fmt::Display) -> Self {
        Self::NotPem {
            reason: error.to_string(),
        }
    }

    pub(super) fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            reason: error.to_string(),
        }
    }

    fn crypto(error: impl std::fmt::Display) -> Self {
        Self::Crypto {
            reason: error.to_string(),
        }
    }
}

impl Authority {
    /// A new authority with a new key.
    ///
    /// # Errors
    /// If the trust domain is none, or the validity too long.
    pub fn create(
        trust_domain: &str,
        cluster: ClusterId,
        algorithm: KeyAlgorithm,
        validity: Duration,
    ) -> Result<Self, PkiError> {
        check_trust_domain(trust_domain)?;
        let key = key_pair(algorithm)?;
        let mut params = params(&format!("{trust_domain} authority"), validity)?;
        params.subject_alt_names = vec![uri(&format!("spiffe://{trust_domain}"))?];
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(PkiError::crypto)?;
        Ok(Self {
            trust_domain: trust_domain.to_owned(),
            cluster,
            certificate_pem: certificate.pem(),
            not_after: params.not_after.into(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority from its certificate and key, to issue for `cluster`.
    ///
    /// # Errors
    /// If they are not an authority's, or not a pair.
    pub fn load(
        certificate_pem: &str,
        key_pem: &str,
        cluster: ClusterId,
    ) -> Result<Self, PkiError> {
        let der =
            CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(PkiError::pem)?;
        let uris = uri_names(&der)?;
        if !verify::is_authority(&der) {
            return Err(PkiError::NotAuthority);
        }
        let domain = uris.first().and_then(|uri| uri.strip_prefix("spiffe://"));
        let trust_domain = domain.ok_or(PkiError::NotAuthority)?.to_owned();
        check_trust_domain(&trust_domain)?;
        let key = KeyPair::from_pem(key_pem).map_err(PkiError::pem)?;
        if !is_key_of(&key, &der) {
            return Err(PkiError::KeyMismatch);
        }
        let not_after = verify::not_after(&der).ok_or(PkiError::Expired)?;
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(PkiError::unreadable)?;
        Ok(Self {
            trust_domain,
            cluster,
            certificate_pem: certificate_pem.to_owned(),
            not_after,
            issuer,
        })
    }

    /// A certificate and a key for `node`. Its life ends with the authority's
    /// at the latest.
    ///
    /// # Errors
    /// If the authority has expired, or the validity is too long to write down.
    pub fn issue(
        &self,
        node: &NodeId,
        validity: Duration,
        algorithm: KeyAlgorithm,
    ) -> Result<Issued, PkiError> {
        let now = SystemTime::now();
        if self.not_after <= now {
            return Err(PkiError::Expired);
        }
        let identity = Identity::new(&self.trust_domain, self.cluster.clone(), node.clone())?;
        let key = key_pair(algorithm)?;
        let mut params = params(node.name(), validity)?;
        params.subject_alt_names = vec![uri(&identity.to_string())?];
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.not_after = params.not_after.min(self.not_after.into());
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(PkiError::crypto)?;
        Ok(Issued {
            identity,
            chain_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            not_after: params.not_after.into(),
        })
    }

    /// Its certificate, in PEM: what every node needs to believe it.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its private key, in PEM: what nobody but its keeper may see.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Who vouches.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// When it expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }
}

fn key_pair(algorithm: KeyAlgorithm) -> Result<KeyPair, PkiError> {
    let algorithm = match algorithm {
        KeyAlgorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
    };
    KeyPair::generate_for(algorithm).map_err(PkiError::crypto)
}

fn params(common_name: &str, validity: Duration) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let now = OffsetDateTime::now_utc();
    let span = time::Duration::try_from(validity).map_err(|_| PkiError::Validity(validity))?;
    params.not_before = now - CLOCK_SLACK;
    params.not_after = now.checked_add(span).ok_or(PkiError::Validity(validity))?;
    Ok(params)
}

fn uri(text: &str) -> Result<SanType, PkiError> {
    Ok(SanType::URI(text.try_into().map_err(PkiError::crypto)?))
}

fn is_key_of(key: &KeyPair, der: &CertificateDer<'_>) -> bool {
    use x509_parser::prelude::{FromDer as _, X509Certificate};
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        certificate.public_key().subject_public_key.data.as_ref() == key.public_key_raw()
    })
}
