//! Two nodes in one process: proven, connected, echoing. Prints what a round
//! trip and a message cost here.
//!
//! ```text
//! cargo run --release -p gossip-quic --example echo
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_quic::pki::Authority;
use gossip_quic::{
    Credentials, Endpoint, EndpointConfig, Event, Events, KeyAlgorithm, Priority, Target,
};

const DAY: Duration = Duration::from_secs(86_400);
const ROUND_TRIPS: u32 = 20_000;
const MESSAGES: u32 = 50_000;

type Anything<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A node on loopback with a certificate of its own.
fn node(authority: &Authority, name: &str) -> Anything<(NodeId, Endpoint, Events)> {
    let id: NodeId = name.parse()?;
    let issued = authority.issue(&id, DAY, KeyAlgorithm::P256)?;
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        authority.certificate_pem().as_bytes(),
    )?;
    // A real node keeps its reset key, and a generation that rises.
    let config = EndpointConfig::new("127.0.0.1:0".parse()?, 1, [1; 32], 1);
    let (endpoint, events) = Endpoint::bind(config, credentials)?;
    Ok((id, endpoint, events))
}

/// Sends every datagram back, and counts messages.
async fn echo(endpoint: Endpoint, mut events: Events) -> Anything<u32> {
    let mut messages = 0;
    while let Some(event) = events.recv().await {
        match event {
            Event::Datagram { peer, bytes } => endpoint.send_datagram(&peer, bytes)?,
            Event::Message { .. } => messages += 1,
            Event::Down { .. } => break,
            _ => {}
        }
    }
    Ok(messages)
}

#[tokio::main]
async fn main() -> Anything<()> {
    let cluster = "demo".parse()?;
    let authority = Authority::create("demo.example", cluster, KeyAlgorithm::P256, DAY)?;
    let (_, dialer, mut events) = node(&authority, "eu/a")?;
    let (peer, listener, listener_events) = node(&authority, "eu/b")?;
    let addr = listener.local_addr();
    let echoing = tokio::spawn(echo(listener, listener_events));

    dialer.dial(Target::member(peer.clone(), [addr]))?;
    while let Some(event) = events.recv().await {
        println!("{event:?}");
        if matches!(event, Event::Reached { .. }) {
            break;
        }
    }

    let (ball, began) = (Bytes::from(vec![0; 300]), Instant::now());
    for _ in 0..ROUND_TRIPS {
        dialer.send_datagram(&peer, ball.clone())?;
        events.recv().await;
    }
    println!(
        "a datagram there and back: {:?}",
        began.elapsed() / ROUND_TRIPS
    );

    let began = Instant::now();
    for _ in 0..MESSAGES {
        while dialer
            .send_message(&peer, ball.clone(), Priority::Normal)
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    }
    dialer.close("that was all").await;
    let arrived = echoing.await??;
    println!("{arrived} messages, each {:?}", began.elapsed() / MESSAGES);
    Ok(())
}
