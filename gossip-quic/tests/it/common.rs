//! Throw-away authorities, nodes on loopback, and waiting with a bound.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::base::id::NodeId;
use gossip_quic::pki::{Authority, Issued};
use gossip_quic::{
    Counters, Credentials, Dialing, Endpoint, EndpointConfig, Event, Events, KeyAlgorithm, Target,
    TargetName,
};

/// Longer than anything healthy takes, shorter than an idle timeout.
pub const BOUND: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_secs(7 * 86_400);

pub fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

/// Waits, and says what for when it was in vain.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(BOUND, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for: {what}"),
    }
}

/// Waits until a condition holds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    within(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// An authority of one cluster.
pub struct Pki(pub Authority);

impl Pki {
    pub fn new(cluster: &str) -> Self {
        let cluster = cluster.parse().unwrap();
        Self(Authority::create("test.example", cluster, KeyAlgorithm::Ed25519, DAY).unwrap())
    }

    /// Another cluster under the same authority.
    pub fn other_cluster(&self, cluster: &str) -> Self {
        let (pem, key) = (self.0.certificate_pem(), self.0.key_pem());
        Self(Authority::load(pem, &key, cluster.parse().unwrap()).unwrap())
    }

    pub fn issue(&self, name: &str) -> Issued {
        self.0.issue(&id(name), DAY, KeyAlgorithm::Ed25519).unwrap()
    }

    pub fn credentials(&self, name: &str) -> Credentials {
        self.believing(&self.issue(name))
    }

    /// Credentials of anybody's making, believing in this authority.
    pub fn believing(&self, issued: &Issued) -> Credentials {
        let (chain, key) = (issued.chain_pem.as_bytes(), issued.key_pem.as_bytes());
        Credentials::from_pem(chain, key, self.0.certificate_pem().as_bytes()).unwrap()
    }

    pub fn start(&self, name: &str) -> Node {
        self.start_with(name, config(1))
    }

    pub fn start_with(&self, name: &str, config: EndpointConfig) -> Node {
        Node::start(id(name), config, self.credentials(name))
    }
}

/// On loopback, on any port, with room for a storm from one address.
pub fn config(generation: u64) -> EndpointConfig {
    let mut config = EndpointConfig::new(([127, 0, 0, 1], 0).into(), generation, [7; 32], 1);
    config.limits.handshakes_per_address = 4_096;
    config
}

/// A running endpoint, and what it told so far and nobody asked for.
pub struct Node {
    pub id: NodeId,
    pub endpoint: Endpoint,
    pub events: Events,
    pub told: Vec<Event>,
}

impl Node {
    pub fn start(id: NodeId, config: EndpointConfig, credentials: Credentials) -> Self {
        let (endpoint, events) = Endpoint::bind(config, credentials).unwrap();
        Self {
            id,
            endpoint,
            events,
            told: Vec::new(),
        }
    }

    pub fn addr(&self) -> SocketAddr {
        self.endpoint.local_addr()
    }

    pub fn counters(&self) -> Counters {
        self.endpoint.counters()
    }

    pub fn target(&self) -> Target {
        Target::member(self.id.clone(), [self.addr()])
    }

    pub async fn next(&mut self, what: &str) -> Event {
        let event = within(what, self.events.recv()).await;
        let event = event.expect("the endpoint is open");
        self.told.push(event.clone());
        event
    }

    /// The first event that fits; what came before is kept in `told`.
    pub async fn until<T>(&mut self, what: &str, mut fits: impl FnMut(&Event) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let wait = async {
            loop {
                let event = self.events.recv().await.expect("the endpoint is open");
                let found = fits(&event);
                seen.push(event);
                if let Some(found) = found {
                    return found;
                }
            }
        };
        let outcome = tokio::time::timeout(BOUND, wait).await;
        self.told.extend(seen.iter().cloned());
        outcome.unwrap_or_else(|_| panic!("{}: no {what} among {seen:?}", self.id))
    }

    pub async fn until_up(&mut self, peer: &NodeId) {
        self.until("up", |event| {
            matches!(event, Event::Up { peer: p, .. } if p == peer).then_some(())
        })
        .await;
    }

    pub async fn until_down(&mut self, peer: &NodeId) -> gossip_quic::DownReason {
        self.until("down", |event| match event {
            Event::Down { peer: p, why } if p == peer => Some(why.clone()),
            _ => None,
        })
        .await
    }

    /// The outcome of the dial just begun.
    pub async fn dialed(&mut self, target: Target) -> Result<NodeId, gossip_quic::DialError> {
        let name = target.name.clone();
        assert_eq!(self.endpoint.dial(target), Ok(Dialing::Started));
        self.outcome(&name).await
    }

    pub async fn outcome(&mut self, name: &TargetName) -> Result<NodeId, gossip_quic::DialError> {
        self.until("outcome", |event| match event {
            Event::Reached { target, peer } if target == name => Some(Ok(peer.clone())),
            Event::DialFailed { target, why } if target == name => Some(Err(why.clone())),
            _ => None,
        })
        .await
    }

    /// Reads whatever waits now.
    pub fn drain(&mut self) {
        while let Some(event) = self.events.try_recv() {
            self.told.push(event);
        }
    }

    /// Of one peer, up comes first, down last, and they take turns.
    pub fn check_order(&self, peer: &NodeId) {
        let mut is_up = false;
        for event in &self.told {
            match event {
                Event::Up { peer: p, .. } if p == peer => {
                    assert!(!is_up, "up twice: {:?}", self.told);
                    is_up = true;
                }
                Event::Down { peer: p, .. } if p == peer => {
                    assert!(is_up, "down twice: {:?}", self.told);
                    is_up = false;
                }
                Event::Datagram { peer: p, .. }
                | Event::Message { peer: p, .. }
                | Event::Reached { peer: p, .. }
                    if p == peer =>
                {
                    assert!(is_up, "heard from one who is not up: {:?}", self.told);
                }
                _ => {}
            }
        }
    }

    /// How often the host heard that a peer is up, and down.
    pub fn ups_and_downs(&mut self, peer: &NodeId) -> (usize, usize) {
        self.drain();
        self.check_order(peer);
        let ups = self
            .told
            .iter()
            .filter(|e| matches!(e, Event::Up { peer: p, .. } if p == peer));
        let downs = self
            .told
            .iter()
            .filter(|e| matches!(e, Event::Down { peer: p, .. } if p == peer));
        (ups.count(), downs.count())
    }
}

/// Two nodes, up with each other: the first dialed.
pub async fn pair(pki: &Pki) -> (Node, Node) {
    let (mut a, mut b) = (pki.start("a"), pki.start("b"));
    connect(&mut a, &mut b).await;
    (a, b)
}

pub async fn connect(a: &mut Node, b: &mut Node) {
    assert_eq!(a.dialed(b.target()).await, Ok(b.id.clone()));
    let peer = a.id.clone();
    b.until_up(&peer).await;
}
