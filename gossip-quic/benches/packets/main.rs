//! What the transport costs on the wire and in memory, as measured here.
//!
//! ```text
//! cargo bench -p gossip-quic --bench packets            # about three minutes
//! cargo bench -p gossip-quic --bench packets -- --quick # without the idle minute and most repetitions
//! ```
//!
//! Two endpoints on loopback with a [`wiretap`] between them: bytes are UDP
//! payload, "forth" is from the dialer, "back" from the listener. Each figure
//! is the mean of several repetitions; between them the tap waits until
//! nothing comes any more, so late acknowledgements count with their cause.
//! No packet is lost here. The figures are what the simulator charges.
// A tool for people: it prints, and stops at the first surprise.
#![allow(unreachable_pub, missing_docs, clippy::indexing_slicing)]

mod memory;
mod node;
mod wiretap;

use std::time::Duration;

use bytes::Bytes;
use gossip_quic::pki::Authority;
use gossip_quic::{Event, KeyAlgorithm, Priority, Target};
use tokio::net::UdpSocket;
use tokio::time::sleep;

use node::{Anything, Node, QUESTION};
use wiretap::{BACK, FORTH, Flow, Tally, Wiretap};

const DAY: Duration = Duration::from_secs(86_400);

/// A mean of tallies.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    runs: usize,
    forth: Flow,
    back: Flow,
}

impl Mean {
    fn add(&mut self, forth: Flow, back: Flow) {
        self.runs += 1;
        self.forth.packets += forth.packets;
        self.forth.bytes += forth.bytes;
        self.back.packets += back.packets;
        self.back.bytes += back.bytes;
    }

    /// One line: packets and bytes each way, for each of `parts` things.
    fn print(&self, what: &str, parts: usize) {
        let runs = (self.runs * parts).max(1) as f64;
        let each = |sum: usize| sum as f64 / runs;
        println!(
            "{what:<52} {:>7.2} {:>9.1}  {:>7.2} {:>9.1}",
            each(self.forth.packets),
            each(self.forth.bytes),
            each(self.back.packets),
            each(self.back.bytes),
        );
    }
}

fn heading(text: &str) {
    println!(
        "\n{text}\n{:<52} {:>7} {:>9}  {:>7} {:>9}",
        "", "packets", "bytes", "packets", "bytes"
    );
    println!("{:<52} {:>17}  {:>17}", "", "forth", "back");
}

/// A pair behind a tap, connected, with nothing on its way.
struct Wired {
    dialer: Node,
    peer: gossip_core::base::id::NodeId,
    tap: Wiretap,
    /// What connecting cost.
    connecting: Tally,
}

async fn wired(key: KeyAlgorithm) -> Anything<Wired> {
    let authority = Authority::create("prod.example", "prod".parse()?, key, DAY)?;
    let mut dialer = Node::start(&authority, "eu/1/n17", key)?;
    let listener = Node::start(&authority, "eu/1/n18", key)?;
    let peer = listener.id.clone();
    let tap = Wiretap::new(listener.endpoint.local_addr()).await?;
    tokio::spawn(listener.answer());
    tap.begin();
    dialer
        .endpoint
        .dial(Target::member(peer.clone(), [tap.addr]))?;
    dialer
        .until(|event| matches!(event, Event::Reached { .. }))
        .await?;
    let connecting = tap.take().await;
    tap.grown_up();
    Ok(Wired {
        dialer,
        peer,
        tap,
        connecting,
    })
}

/// A body that is sent back, or not.
fn body(bytes: usize, question: bool) -> Bytes {
    let mut body = vec![b'.'; bytes];
    if let (true, Some(first)) = (question, body.first_mut()) {
        *first = QUESTION;
    }
    Bytes::from(body)
}

// ---- Connections ------------------------------------------------------------

async fn connections(runs: usize, key: KeyAlgorithm) -> Anything<()> {
    heading(&format!("a connection, {key:?} certificates"));
    let [mut all, mut shaking, mut carrying] = [Mean::default(); 3];
    let [mut searching, mut closing, mut knocking] = [Mean::default(); 3];
    for _ in 0..runs {
        let wired = wired(key).await?;
        let tally = wired.connecting;
        all.add(tally.way(FORTH), tally.way(BACK));
        shaking.add(tally.shaking[FORTH], tally.shaking[BACK]);
        carrying.add(tally.carrying[FORTH], tally.carrying[BACK]);
        searching.add(tally.searching[FORTH], tally.searching[BACK]);
        knocking.add(tally.knocking[FORTH], tally.knocking[BACK]);
        wired.tap.begin();
        wired.dialer.endpoint.disconnect(&wired.peer, "measured");
        let tally = wired.tap.take().await;
        closing.add(tally.way(FORTH), tally.way(BACK));
    }
    all.print("dial to silence: all of it", 1);
    shaking.print("  handshake packets (long headers)", 1);
    carrying.print("  hello, acknowledgements, connection ids", 1);
    searching.print("  search for the path's size", 1);
    knocking.print("  knock (empty packet)", 1);
    closing.print("close", 1);
    Ok(())
}

/// Dials where nobody answers, and nobody says that nobody does.
async fn in_vain(key: KeyAlgorithm) -> Anything<()> {
    let authority = Authority::create("prod.example", "prod".parse()?, key, DAY)?;
    let mut dialer = Node::start(&authority, "eu/1/n17", key)?;
    let mute = UdpSocket::bind("127.0.0.1:0").await?;
    let tap = Wiretap::new(mute.local_addr()?).await?;
    let target = Target::member("eu/1/n18".parse()?, [tap.addr]);
    dialer.endpoint.dial(target)?;
    while !matches!(dialer.events.recv().await, Some(Event::DialFailed { .. })) {}
    let tally = tap.take().await;
    let mut mean = Mean::default();
    mean.add(tally.way(FORTH), tally.way(BACK));
    mean.print("dial in vain, until it times out (5 s)", 1);
    Ok(())
}

// ---- Datagrams --------------------------------------------------------------

async fn datagrams(wired: &mut Wired, runs: usize) -> Anything<()> {
    heading("datagrams, on a connection that is silent otherwise");
    for bytes in [50, 200, 1_000] {
        for question in [false, true] {
            let mut mean = Mean::default();
            for _ in 0..runs {
                wired.tap.begin();
                wired
                    .dialer
                    .endpoint
                    .send_datagram(&wired.peer, body(bytes, question))?;
                let tally = wired.tap.take().await;
                mean.add(tally.way(FORTH), tally.way(BACK));
            }
            let what = if question {
                "there and back"
            } else {
                "one way"
            };
            mean.print(&format!("{bytes} B {what}"), 1);
        }
    }
    for (burst, bytes) in [(10, 50), (10, 1_000)] {
        let mut mean = Mean::default();
        for _ in 0..runs {
            wired.tap.begin();
            for _ in 0..burst {
                wired
                    .dialer
                    .endpoint
                    .send_datagram(&wired.peer, body(bytes, false))?;
            }
            let tally = wired.tap.take().await;
            mean.add(tally.way(FORTH), tally.way(BACK));
        }
        mean.print(&format!("{bytes} B, each of {burst} at once"), burst);
    }
    Ok(())
}

// ---- Streams ----------------------------------------------------------------

async fn messages(wired: &mut Wired, runs: usize) -> Anything<()> {
    heading("messages, each on a stream of its own");
    for bytes in [50, 1_024, 65_536] {
        let mut mean = Mean::default();
        for _ in 0..runs {
            wired.tap.begin();
            let sent = body(bytes, false);
            wired
                .dialer
                .endpoint
                .send_message(&wired.peer, sent, Priority::Normal)?;
            let tally = wired.tap.take().await;
            mean.add(tally.way(FORTH), tally.way(BACK));
        }
        mean.print(&format!("{bytes} B"), 1);
    }
    Ok(())
}

async fn sessions(wired: &mut Wired, runs: usize) -> Anything<()> {
    heading("sessions: opened, finished by both");
    let mut number = 0;
    for bytes in [None, Some(50), Some(1_024), Some(65_536)] {
        let mut mean = Mean::default();
        for _ in 0..runs {
            wired.tap.begin();
            let endpoint = &wired.dialer.endpoint;
            let session = endpoint.open_session(&wired.peer, number)?;
            number += 1;
            if let Some(bytes) = bytes {
                endpoint.session_send(session, body(bytes, true))?;
                wired
                    .dialer
                    .until(|event| matches!(event, Event::SessionMessage { .. }))
                    .await?;
            }
            wired.dialer.endpoint.session_finish(session);
            wired
                .dialer
                .until(|event| matches!(event, Event::SessionClosed { .. }))
                .await?;
            let tally = wired.tap.take().await;
            mean.add(tally.way(FORTH), tally.way(BACK));
        }
        let what = match bytes {
            None => "nothing said".to_owned(),
            Some(bytes) => format!("{bytes} B asked and answered alike"),
        };
        mean.print(&what, 1);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Anything<()> {
    let quick = std::env::args().any(|word| word == "--quick");
    let (pairs, runs) = if quick { (3, 3) } else { (10, 30) };
    println!(
        "UDP payload on loopback, no loss; IPv4 and UDP add 28 bytes a packet, IPv6 and UDP 48."
    );
    connections(pairs, KeyAlgorithm::P256).await?;
    connections(pairs, KeyAlgorithm::Ed25519).await?;
    in_vain(KeyAlgorithm::P256).await?;
    let mut wired = wired(KeyAlgorithm::P256).await?;
    datagrams(&mut wired, runs).await?;
    messages(&mut wired, runs).await?;
    sessions(&mut wired, runs).await?;
    if !quick {
        heading("idle");
        wired.tap.begin();
        sleep(Duration::from_secs(60)).await;
        let tally = wired.tap.tally();
        let mut mean = Mean::default();
        mean.add(tally.way(FORTH), tally.way(BACK));
        mean.print("a minute", 1);
    }
    drop(wired);
    memory::print(if quick { 64 } else { 512 }).await
}
