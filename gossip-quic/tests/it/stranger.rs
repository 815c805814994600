//! A stranger: plain quinn with any certificate, saying whatever it likes.

use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::base::agreed::Agreed;
use gossip_quic::pki::Issued;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, RecvStream, SendStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

use crate::common::within;

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring::default_provider;

/// Believes everybody.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Connects with a certificate and key, in PEM.
pub async fn connect(chain_pem: &str, key_pem: &str, addr: SocketAddr) -> Connection {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible))
        .with_client_auth_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"gossip/1".to_vec()];
    let crypto = QuicClientConfig::try_from(tls).unwrap();
    let endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(crypto));
    let connecting = endpoint
        .connect_with(config, addr, "stranger.invalid")
        .unwrap();
    within("the stranger's handshake", connecting)
        .await
        .unwrap()
}

pub async fn connect_as(issued: &Issued, addr: SocketAddr) -> Connection {
    connect(&issued.chain_pem, &issued.key_pem, addr).await
}

/// A Hello by hand, byte by byte as documented.
pub struct RawHello {
    pub layout: u8,
    pub versions: (u16, u16),
    pub cluster: &'static str,
    pub node: &'static str,
    pub agreed: Agreed,
}

impl Default for RawHello {
    fn default() -> Self {
        Self {
            layout: 2,
            versions: (1, 1),
            cluster: "main",
            node: "stranger",
            agreed: Agreed::default(),
        }
    }
}

impl RawHello {
    /// With the stream's kind and the frame's length before it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut hello = b"gssp".to_vec();
        hello.extend([self.layout, 1]);
        hello.extend(self.versions.0.to_be_bytes());
        hello.extend(self.versions.1.to_be_bytes());
        for number in [1_u64, 1, 0, 0, 0] {
            hello.extend(number.to_be_bytes());
        }
        let Agreed { writes, takes } = self.agreed;
        for number in [writes.keys, writes.bytes, takes.keys, takes.bytes] {
            hello.extend(number.to_be_bytes());
        }
        hello.extend([self.cluster.len() as u8, self.node.len() as u8]);
        hello.extend(self.cluster.as_bytes());
        hello.extend(self.node.as_bytes());
        let length = 0x4000 | hello.len() as u16;
        [&[0][..], &length.to_be_bytes(), &hello].concat()
    }
}

/// Opens the control stream with these bytes.
pub async fn open_control(connection: &Connection, bytes: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, recv) = connection.open_bi().await.unwrap();
    // The other end may have hung up already: that is what is tested.
    let _ = send.write_all(bytes).await;
    (send, recv)
}

/// A stranger that has said a proper Hello and was acknowledged.
pub async fn greeted(issued: &Issued, addr: SocketAddr) -> (Connection, SendStream, RecvStream) {
    let connection = connect_as(issued, addr).await;
    let (send, mut recv) = open_control(&connection, &RawHello::default().bytes()).await;
    let mut first = [0; 6];
    within("the acknowledgement", recv.read_exact(&mut first))
        .await
        .unwrap();
    (connection, send, recv)
}

/// The application code with which the other end hung up.
pub async fn code_of_end(connection: &Connection) -> Option<u64> {
    match within("the end", connection.closed()).await {
        quinn::ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
        _ => None,
    }
}
