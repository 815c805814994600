//! What a connection costs in memory: the growth of the resident set, with
//! both ends in this process.

use std::time::Duration;

use bytes::Bytes;
use gossip_quic::pki::Authority;
use gossip_quic::{Event, KeyAlgorithm, Target};

use crate::node::{Anything, Node, QUESTION};

const DAY: Duration = Duration::from_secs(86_400);

/// The resident set of this process, in bytes. Linux only.
fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}

/// Connects one node with `count` others, and prints what that added.
pub async fn print(count: usize) -> Anything<()> {
    let key = KeyAlgorithm::P256;
    let authority = Authority::create("prod.example", "prod".parse()?, key, DAY)?;
    let mut hub = Node::start(&authority, "eu/1/hub", key)?;
    let mut spokes = Vec::new();
    for n in 0..count {
        let spoke = Node::start(&authority, &format!("eu/1/n{n}"), key)?;
        spokes.push((spoke.id.clone(), spoke.endpoint.local_addr()));
        tokio::spawn(spoke.answer());
    }
    let Some(before) = resident_bytes() else {
        println!("\nmemory: cannot be read on this system");
        return Ok(());
    };
    let each = |after: usize| after.saturating_sub(before) as f64 / (2 * count) as f64 / 1_000.0;
    for (id, addr) in &spokes {
        hub.endpoint.dial(Target::member(id.clone(), [*addr]))?;
    }
    for _ in 0..count {
        hub.until(|event| matches!(event, Event::Reached { .. }))
            .await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = resident_bytes().unwrap_or(0);
    for (id, _) in &spokes {
        hub.endpoint
            .send_datagram(id, Bytes::from_static(&[QUESTION; 200]))?;
    }
    for _ in 0..count {
        hub.until(|event| matches!(event, Event::Datagram { .. }))
            .await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = resident_bytes().unwrap_or(0);
    println!("\nmemory: growth of the resident set for each end of {count} connections");
    println!("{:<52} {:>7.1} kB", "connected, idle", each(idle));
    println!(
        "{:<52} {:>7.1} kB",
        "after one datagram there and back",
        each(used)
    );
    Ok(())
}
