//! TLS: mutual, 1.3 only, every handshake complete.
//!
//! No resumption, no tickets, no early data: a resumed session would skip the
//! certificate, so a revoked node could come back with one, and early data can
//! be replayed. Credentials are read at each handshake, so they can be
//! exchanged while connections live.

use std::sync::Arc;

use arc_swap::ArcSwap;
use gossip_core::base::id::NodeId;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig, SignatureScheme};

use crate::counters::Cells;
use crate::credentials::Credentials;
use crate::crypto;
use crate::verify::Judge;

/// The protocol's name and major version. Clusters are told apart by their
/// certificates: this is visible to everybody and proves nothing.
const ALPN: &[u8] = b"gossip/1";

/// What every handshake needs.
#[derive(Debug)]
pub(crate) struct Tls {
    credentials: Arc<ArcSwap<Credentials>>,
    provider: Arc<CryptoProvider>,
    cells: Arc<Cells>,
}

/// Shows the current certificate, in either role.
#[derive(Debug)]
struct Shown(Arc<ArcSwap<Credentials>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl Tls {
    pub(crate) fn new(credentials: Credentials, cells: Arc<Cells>) -> Self {
        Self {
            credentials: Arc::new(ArcSwap::from_pointee(credentials)),
            provider: crypto::provider(),
            cells,
        }
    }

    pub(crate) fn replace(&self, credentials: Credentials) {
        self.credentials.store(Arc::new(credentials));
    }

    fn judge(&self, expected: Option<NodeId>) -> Arc<Judge> {
        let (credentials, provider) = (Arc::clone(&self.credentials), Arc::clone(&self.provider));
        Arc::new(Judge::new(
            credentials,
            provider,
            Arc::clone(&self.cells),
            expected,
        ))
    }

    /// For whoever dials us.
    pub(crate) fn listener(&self) -> Result<Arc<QuicServerConfig>, String> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| error.to_string())?
            .with_client_cert_verifier(self.judge(None))
            .with_cert_resolver(Arc::new(Shown(Arc::clone(&self.credentials))));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.max_early_data_size = 0;
        let quic = QuicServerConfig::try_from(config).map_err(|error| error.to_string())?;
        Ok(Arc::new(quic))
    }

    /// For one dial, to `expected` if given; with the judge, who remembers why
    /// it refused.
    pub(crate) fn dialer(
        &self,
        expected: Option<NodeId>,
    ) -> Result<(Arc<QuicClientConfig>, Arc<Judge>), String> {
        let judge = self.judge(expected);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&judge) as _)
            .with_client_cert_resolver(Arc::new(Shown(Arc::clone(&self.credentials))));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        // Whom we dial is nobody else's business, and no DNS name is involved.
        config.enable_sni = false;
        let quic = QuicClientConfig::try_from(config).map_err(|error| error.to_string())?;
        Ok((Arc::new(quic), judge))
    }
}
