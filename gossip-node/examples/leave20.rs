//! A graceful leave, as the others see it: 20 nodes in one process, over
//! loopback, with mutual TLS and a synced journal each.
//!
//! `cargo run --release --example leave20 -- [--nodes 20] [--rounds 50]`
//!
//! Each round one node leaves; the clock runs from the call of `leave` to the
//! moment each other node tells that it has. Then it comes back. Beside it the
//! round trips that the handshakes have measured, as the protocol hears them.

use std::time::{Duration, Instant};

use gossip_node::{
    Config, Credentials, MemberEventKind, MemberStatus, Node, Notification, Profile,
    SubscriptionItem,
};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Stage {
    authority: Authority,
    dir: tempfile::TempDir,
}

#[tokio::main]
async fn main() -> Result<()> {
    let (count, rounds) = arguments()?;
    let day = Duration::from_secs(24 * 3_600);
    let algorithm = KeyAlgorithm::default();
    let stage = Stage {
        authority: Authority::create("example.org", "leave".parse()?, algorithm, day)?,
        dir: tempfile::tempdir()?,
    };
    let mut nodes: Vec<Node> = Vec::new();
    for index in 0..count {
        nodes.push(start(&stage, index, nodes.first()).await?);
    }
    for node in &nodes {
        knows_all(node, count).await?;
    }
    let mut round_trips = Vec::new();
    for node in &nodes {
        let members = node.members().await?;
        round_trips.extend(members.into_iter().filter_map(|member| member.rtt));
    }
    print("round trip of a handshake", &mut round_trips);

    let (mut each, mut lasts) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Never the seed, so that everybody can come back.
        let index = 1 + round % (count - 1);
        let leaver = nodes.remove(index);
        let id = leaver.id().clone();
        let mut watchers = Vec::new();
        for node in &nodes {
            let (mut told, id) = (node.subscribe(), id.clone());
            watchers.push(tokio::spawn(async move {
                while let Some(item) = told.next().await {
                    if let SubscriptionItem::Told(told) = item
                        && let Notification::Member(event) = &*told
                        && event.id == id
                        && event.kind == MemberEventKind::Left
                    {
                        break;
                    }
                }
                Instant::now()
            }));
        }
        let began = Instant::now();
        let leaving = tokio::spawn(async move { leaver.leave().await });
        let mut last = Duration::ZERO;
        for watcher in watchers {
            let after = watcher.await?.duration_since(began);
            last = last.max(after);
            each.push(after);
        }
        lasts.push(last);
        leaving.await??;
        nodes.insert(index, start(&stage, index, nodes.first()).await?);
        for node in &nodes {
            knows_all(node, count).await?;
        }
    }
    print("a leave, at each other node", &mut each);
    print("a leave, at the last of them", &mut lasts);
    for node in nodes {
        tokio::spawn(async move { node.shutdown().await });
    }
    Ok(())
}

async fn start(stage: &Stage, index: usize, seed: Option<&Node>) -> Result<Node> {
    let (name, hour) = (format!("n{index:02}"), Duration::from_secs(3_600));
    let issued = stage
        .authority
        .issue(&name.parse()?, hour, KeyAlgorithm::default())?;
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        stage.authority.certificate_pem().as_bytes(),
    )?;
    let node = Node::builder()
        .credentials(credentials)
        .listen("127.0.0.1:0".parse()?)
        .config(Config::new(Profile::Lan))
        .data_dir(stage.dir.path().join(name))
        .seeds(seed.map(|seed| seed.local_addr().to_string()))
        .start()
        .await?;
    node.running().await?;
    Ok(node)
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

fn print(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let (median, high, most) = (at(50), at(99), at(100));
    println!(
        "{what}: p50 {median:.2} ms, p99 {high:.2} ms, most {most:.2} ms ({} samples)",
        times.len()
    );
}

fn arguments() -> Result<(usize, usize)> {
    let (mut nodes, mut rounds) = (20, 50);
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let value = given.next().ok_or("a flag without its number");
        match flag.as_str() {
            "--nodes" => nodes = value?.parse()?,
            "--rounds" => rounds = value?.parse()?,
            _ => return Err("usage: leave20 [--nodes N] [--rounds R]".into()),
        }
    }
    if nodes < 2 {
        return Err("two nodes at least: one leaves, another sees it".into());
    }
    Ok((nodes, rounds))
}
