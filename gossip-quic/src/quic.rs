//! Settings of QUIC, wherever they depart from quinn's defaults, and why.

use std::sync::Arc;

use quinn::{
    ClientConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig, TransportConfig,
    ValidationTokenConfig, VarInt,
};
use quinn_proto::RandomConnectionIdGenerator;

use crate::config::EndpointConfig;
use crate::crypto;
use crate::error::BindError;
use crate::limit;
use crate::tls::Tls;

/// Bytes of a connection id. quinn's own generator draws from 2²⁴ only, and
/// with Retry a collision captures another's handshake: 12 of 15 200 hung
/// (measured); with 12 random bytes, none of 24 000.
const CONNECTION_ID_BYTES: usize = 12;

/// The largest packet tried when looking for what the path carries: Ethernet
/// less IPv6 and UDP headers.
const MTU_UPPER_BYTES: u16 = 1_452;

/// The least gain for which another size is tried. More than half of the way
/// from 1 200 to [`MTU_UPPER_BYTES`], so that the largest is tried first and
/// one packet each way is enough on most paths; quinn's 20 bytes take four, which is two
/// thirds of what a connection costs (measured by the bench `packets`). A path that
/// carries less than the largest is tried once more, half way.
const MTU_STEP_BYTES: u16 = 127;

/// The endpoint's part.
pub(crate) fn endpoint(config: &EndpointConfig) -> quinn::EndpointConfig {
    let mut quic = quinn::EndpointConfig::new(crypto::reset_key(&config.reset_key));
    quic.cid_generator(|| Box::new(RandomConnectionIdGenerator::new(CONNECTION_ID_BYTES)));
    // Version 1 alone: drafts would only be more to attack.
    quic.supported_versions(vec![1]);
    // The socket tells foreign packets by the fixed bit, so it stays fixed.
    quic.grease_quic_bit(false);
    quic
}

/// What every connection follows.
pub(crate) fn transport(config: &EndpointConfig) -> Result<Arc<TransportConfig>, BindError> {
    let idle = IdleTimeout::try_from(config.idle_timeout).map_err(|_| BindError::IdleTimeout)?;
    let mut discovery = MtuDiscoveryConfig::default();
    discovery
        .upper_bound(MTU_UPPER_BYTES)
        .minimum_change(MTU_STEP_BYTES);
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(idle))
        // None by default: probes keep the probed connections alive.
        .keep_alive_interval(config.keep_alive)
        // quinn assumes 333 ms, and so sends nothing again for a whole second.
        .initial_rtt(config.initial_rtt)
        .max_concurrent_uni_streams(VarInt::from_u32(limit::UNI_STREAMS))
        .max_concurrent_bidi_streams(VarInt::from_u32(limit::BIDI_STREAMS))
        .stream_receive_window(VarInt::from_u32(limit::STREAM_WINDOW_BYTES))
        // quinn's default is no bound at all.
        .receive_window(VarInt::from_u32(limit::CONNECTION_WINDOW_BYTES))
        .send_window(limit::SEND_WINDOW_BYTES)
        .datagram_receive_buffer_size(Some(limit::DATAGRAM_RECEIVE_BYTES))
        .datagram_send_buffer_size(limit::DATAGRAM_SEND_BYTES)
        .crypto_buffer_size(limit::CRYPTO_BYTES)
        // The spin bit shows round trips to everybody on the path.
        .allow_spin(false)
        .enable_segmentation_offload(config.gso)
        .mtu_discovery_config(Some(discovery));
    Ok(Arc::new(transport))
}

/// How strangers are received.
pub(crate) fn server(
    tls: &Tls,
    transport: &Arc<TransportConfig>,
) -> Result<ServerConfig, BindError> {
    let mut server = ServerConfig::with_crypto(tls.listener().map_err(BindError::Tls)?);
    // No tokens for later visits: little to gain, one more state to keep.
    let mut tokens = ValidationTokenConfig::default();
    tokens.sent(0);
    server
        .transport_config(Arc::clone(transport))
        .validation_token_config(tokens)
        .retry_token_lifetime(limit::RETRY_TOKEN_LIFETIME)
        // A member's address is gossiped; a packet from elsewhere moves nothing.
        .migration(false)
        .max_incoming(limit::INCOMING)
        .incoming_buffer_size(limit::INCOMING_BYTES)
        .incoming_buffer_size_total(limit::INCOMING_BYTES_TOTAL);
    Ok(server)
}

/// How one dial goes out.
pub(crate) fn client(
    crypto: Arc<quinn::crypto::rustls::QuicClientConfig>,
    transport: &Arc<TransportConfig>,
) -> ClientConfig {
    let mut client = ClientConfig::new(crypto);
    client.transport_config(Arc::clone(transport));
    client
}
