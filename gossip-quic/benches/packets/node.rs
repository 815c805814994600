//! A node on loopback that answers what it is sent, as a bench needs it.

use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_quic::pki::Authority;
use gossip_quic::{Credentials, Endpoint, EndpointConfig, Event, Events, KeyAlgorithm, SessionKey};

pub type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const VALIDITY: Duration = Duration::from_secs(86_400);

/// A datagram or a session's message that begins with it is sent back.
pub const QUESTION: u8 = b'?';

/// A node.
#[derive(Debug)]
pub struct Node {
    pub id: NodeId,
    pub endpoint: Endpoint,
    pub events: Events,
}

impl Node {
    /// With a certificate as `gossip pki issue` makes it.
    pub fn start(authority: &Authority, name: &str, key: KeyAlgorithm) -> Anything<Self> {
        let id: NodeId = name.parse()?;
        let issued = authority.issue(&id, VALIDITY, key)?;
        let credentials = Credentials::from_pem(
            issued.chain_pem.as_bytes(),
            issued.key_pem.as_bytes(),
            authority.certificate_pem().as_bytes(),
        )?;
        let mut config = EndpointConfig::new("127.0.0.1:0".parse()?, 1, [1; 32], 1);
        config.idle_timeout = Duration::from_secs(600);
        // A kernel that cuts packets itself would show the tap the same ones.
        config.gso = false;
        config.limits.handshakes_per_address = usize::MAX;
        config.limits.connections_per_address = usize::MAX;
        let (endpoint, events) = Endpoint::bind(config, credentials)?;
        Ok(Self {
            id,
            endpoint,
            events,
        })
    }

    /// Reads events until one fits.
    pub async fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Anything<Event> {
        while let Some(event) = self.events.recv().await {
            if fits(&event) {
                return Ok(event);
            }
            if let Event::DialFailed { why, .. } = &event {
                return Err(why.to_string().into());
            }
        }
        Err("the endpoint is closed".into())
    }

    /// Sends questions back and finishes sessions that their opener finished.
    pub async fn answer(mut self) {
        while let Some(event) = self.events.recv().await {
            match event {
                Event::Datagram { peer, bytes } if asks(&bytes) => {
                    // The asker notices what it does not get.
                    let _ = self.endpoint.send_datagram(&peer, bytes);
                }
                Event::SessionMessage { session, bytes } if asks(&bytes) => {
                    let _ = self.endpoint.session_send(session, bytes);
                }
                Event::SessionFinished {
                    session: session @ SessionKey::Accepted(_),
                } => self.endpoint.session_finish(session),
                _ => {}
            }
        }
    }
}

fn asks(bytes: &Bytes) -> bool {
    bytes.first() == Some(&QUESTION)
}
