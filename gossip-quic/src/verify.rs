//! The judge: whether a certificate proves a node of our cluster.
//!
//! One judge for both directions. It asks, in this order: does the chain lead
//! to an authority we believe and is it valid now; does it name exactly one
//! node; is that node's cluster ours; is it the node we dialed, if we dialed a
//! particular one. The first "no" is kept as a [`Refusal`], because TLS
//! reduces it to an alert and the operator deserves the reason.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use gossip_core::base::id::NodeId;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, PeerIncompatible,
    SignatureScheme,
};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::counters::Cells;
use crate::credentials::Credentials;
use crate::identity::{Identity, IdentityError};

/// Which end a certificate speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Dialer,
    Listener,
}

/// Why a certificate is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("expired {ago:?} ago")]
    Expired { ago: Duration },
    #[error("not valid for another {wait:?}")]
    NotYetValid { wait: Duration },
    #[error("not issued by an authority we believe")]
    UnknownAuthority,
    #[error("{reason}")]
    Chain { reason: String },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("issued for cluster {found}")]
    OtherCluster { found: String },
    #[error("issued for {found}, not for {expected}")]
    OtherNode { expected: NodeId, found: NodeId },
}

impl From<&Refusal> for rustls::Error {
    /// The alert the other end will see: as close as TLS has a word for it.
    fn from(refusal: &Refusal) -> Self {
        Self::InvalidCertificate(match refusal {
            Refusal::Expired { .. } => CertificateError::Expired,
            Refusal::NotYetValid { .. } => CertificateError::NotValidYet,
            Refusal::UnknownAuthority => CertificateError::UnknownIssuer,
            // "Access denied", and nothing else is: the listener, whose
            // certificate is judged first, learns by it who dialed.
            Refusal::OtherCluster { .. } => CertificateError::ApplicationVerificationFailure,
            other => CertificateError::Other(OtherError(Arc::new(other.clone()))),
        })
    }
}

/// Whether a chain leads to one of `anchors`, for `role`, at `now`.
pub(crate) fn chain(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    now: UnixTime,
    role: Role,
) -> Result<(), Refusal> {
    let usage = match role {
        Role::Dialer => KeyUsage::client_auth(),
        Role::Listener => KeyUsage::server_auth(),
    };
    let leaf = EndEntityCert::try_from(leaf).map_err(refusal)?;
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        anchors,
        intermediates,
        now,
        usage,
        None,
        None,
    )
    .map_err(refusal)?;
    Ok(())
}

fn refusal(error: webpki::Error) -> Refusal {
    let between = |later: UnixTime, earlier: UnixTime| {
        Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs()))
    };
    match error {
        webpki::Error::CertExpired { time, not_after } => Refusal::Expired {
            ago: between(time, not_after),
        },
        webpki::Error::CertNotValidYet { time, not_before } => Refusal::NotYetValid {
            wait: between(not_before, time),
        },
        webpki::Error::UnknownIssuer => Refusal::UnknownAuthority,
        // A namesake of our authority with another key.
        webpki::Error::InvalidSignatureForPublicKey => Refusal::UnknownAuthority,
        other => Refusal::Chain {
            reason: other.to_string(),
        },
    }
}

/// When a certificate expires.
pub(crate) fn not_after(der: &[u8]) -> Option<SystemTime> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let secs = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs))
}

/// Whether a certificate may issue others.
pub(crate) fn is_authority(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.is_ca())
}

/// The judge of one endpoint, or of one dial.
#[derive(Debug)]
pub(crate) struct Judge {
    credentials: Arc<ArcSwap<Credentials>>,
    provider: Arc<CryptoProvider>,
    cells: Arc<Cells>,
    expected: Option<NodeId>,
    refusal: Mutex<Option<Refusal>>,
}

impl Judge {
    pub(crate) fn new(
        credentials: Arc<ArcSwap<Credentials>>,
        provider: Arc<CryptoProvider>,
        cells: Arc<Cells>,
        expected: Option<NodeId>,
    ) -> Self {
        Self {
            credentials,
            provider,
            cells,
            expected,
            refusal: Mutex::new(None),
        }
    }

    /// Why the last certificate was refused.
    pub(crate) fn take_refusal(&self) -> Option<Refusal> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        role: Role,
    ) -> Result<(), rustls::Error> {
        self.verdict(leaf, intermediates, now, role)
            .map_err(|refusal| {
                if matches!(refusal, Refusal::OtherCluster { .. }) {
                    self.cells.refused_other_cluster.bump();
                }
                tracing::debug!(%refusal, "certificate refused");
                let error = rustls::Error::from(&refusal);
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                error
            })
    }

    fn verdict(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        role: Role,
    ) -> Result<(), Refusal> {
        let ours = self.credentials.load();
        chain(leaf, intermediates, &ours.anchors, now, role)?;
        let theirs = Identity::from_certificate(leaf)?;
        if theirs.cluster() != ours.identity().cluster() {
            return Err(Refusal::OtherCluster {
                found: theirs.cluster().to_string(),
            });
        }
        match &self.expected {
            Some(expected) if theirs.node() != expected => Err(Refusal::OtherNode {
                expected: expected.clone(),
                found: theirs.node().clone(),
            }),
            _ => Ok(()),
        }
    }

    fn verify_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }
}

/// TLS 1.2 is not offered; should it be asked for all the same, the answer is no.
const NO_TLS12: rustls::Error =
    rustls::Error::PeerIncompatible(PeerIncompatible::Tls12NotOfferedOrEnabled);

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(leaf, intermediates, now, Role::Listener)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(NO_TLS12)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ClientCertVerifier for Judge {
    /// None: naming our authorities would only tell strangers who we are.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge(leaf, intermediates, now, Role::Dialer)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(NO_TLS12)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
