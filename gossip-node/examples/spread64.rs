//! One update to everybody: 64 nodes in one process, over loopback, with
//! mutual TLS and a synced journal each.
//!
//! `cargo run --release --example spread64 -- [--nodes 64] [--rounds 10]`
//!
//! Each round one node writes a key; the clock runs from the call of `put` to
//! the moment a watch on each other node tells of it. The anchors beside it
//! are our measurements of 2026-11 at 64 nodes on loopback, on one machine: chitchat
//! 0.13.0 over UDP with a gossip interval of 200 ms, serf 0.9.4 with `-profile lan`,
//! neither of them encrypted.

use std::time::{Duration, Instant};

use gossip_node::{
    Config, Credentials, MemberStatus, Node, NodeBuilder, Profile, Space, WatchItem,
};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The time until the last node has an update, in milliseconds.
const ANCHORS: [(&str, u32); 2] = [("chitchat", 343), ("serf", 552)];

#[tokio::main]
async fn main() -> Result<()> {
    let (count, rounds) = arguments()?;
    let day = Duration::from_secs(24 * 3_600);
    let cluster = "spread".parse()?;
    let authority = Authority::create("example.org", cluster, KeyAlgorithm::default(), day)?;
    let dir = tempfile::tempdir()?;

    let began = Instant::now();
    let mut nodes: Vec<Node> = Vec::new();
    for index in 0..count {
        let seeds = nodes.first().map(|first| first.local_addr().to_string());
        let name = format!("n{index:03}");
        let builder = builder(&authority, &name)?.data_dir(dir.path().join(name));
        nodes.push(builder.seeds(seeds).start().await?);
    }
    for node in &nodes {
        knows_all(node, count).await?;
    }
    println!("{count} nodes know each other after {:?}", began.elapsed());

    let mut lasts = Vec::new();
    let mut medians = Vec::new();
    for round in 0..rounds {
        let key = format!("round/{round}");
        let mut readers = Vec::new();
        for node in &nodes {
            let mut watch = node.watch(Space::Shared, &key).await?;
            readers.push(tokio::spawn(async move {
                while let Some(item) = watch.next().await {
                    if let WatchItem::Changed(_) = item {
                        break;
                    }
                }
                Instant::now()
            }));
        }
        let writer = nodes.get(round % nodes.len()).ok_or("no node")?;
        let wrote = Instant::now();
        writer.put(&key, "news").await?;
        let acked = wrote.elapsed();
        let mut times = Vec::new();
        for reader in readers {
            times.push(reader.await?.duration_since(wrote));
        }
        times.sort();
        let (median, last) = (middle(&times), times.last().copied().unwrap_or_default());
        println!(
            "round {round:2}: on disk {:6.1} ms, median node {:6.1} ms, last node {:6.1} ms",
            millis(acked),
            millis(median),
            millis(last)
        );
        medians.push(median);
        lasts.push(last);
    }
    medians.sort();
    lasts.sort();
    println!(
        "over {rounds} rounds, median: the median node after {:.1} ms, the last after {:.1} ms",
        millis(middle(&medians)),
        millis(middle(&lasts))
    );
    for (anchor, ms) in ANCHORS {
        println!("  anchor: {anchor}, the last of 64 after {ms} ms");
    }
    for node in nodes {
        tokio::spawn(async move { node.shutdown().await });
    }
    Ok(())
}

fn builder(authority: &Authority, name: &str) -> Result<NodeBuilder> {
    let hour = Duration::from_secs(3_600);
    let issued = authority.issue(&name.parse()?, hour, KeyAlgorithm::default())?;
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        authority.certificate_pem().as_bytes(),
    )?;
    Ok(Node::builder()
        .credentials(credentials)
        .listen("127.0.0.1:0".parse()?)
        .config(Config::new(Profile::Lan)))
}

async fn knows_all(node: &Node, count: usize) -> Result<()> {
    let mut told = node.subscribe();
    loop {
        let members = node.members().await?;
        let alive = members.iter().filter(|m| m.status == MemberStatus::Alive);
        if alive.count() == count {
            return Ok(());
        }
        told.next().await.ok_or("the node stopped")?;
    }
}

fn middle(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn arguments() -> Result<(usize, usize)> {
    let (mut nodes, mut rounds) = (64, 10);
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let value = given.next().ok_or("a flag without its number");
        match flag.as_str() {
            "--nodes" => nodes = value?.parse()?,
            "--rounds" => rounds = value?.parse()?,
            _ => return Err("usage: spread64 [--nodes N] [--rounds R]".into()),
        }
    }
    Ok((nodes, rounds))
}
