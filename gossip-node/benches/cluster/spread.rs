//! One update to everybody.
//!
//! Each round one node writes a key; the clock runs from the call of `put` to
//! the moment a watch on each other node tells of it. Then nothing is written
//! for a while, and the bytes that the nodes send all the same are counted.

use std::time::{Duration, Instant};

use gossip_node::{Profile, Space, WatchItem};

use crate::numbers::{line, millis, percentile};
use crate::stage::{Stage, bytes_sent, stop};
use crate::{Options, Result};

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let count = options.take("nodes", 64_usize)?;
    let rounds = options.take("rounds", 50_usize)?;
    let idle = Duration::from_secs(options.take("idle", 30)?);
    options.done()?;
    let stage = Stage::new(Profile::Lan)?;
    let began = Instant::now();
    let nodes = stage.start_all("n", count).await?;
    println!("{count} nodes know each other after {:?}", began.elapsed());

    let (mut each, mut lasts, mut acks) = (Vec::new(), Vec::new(), Vec::new());
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
        acks.push(wrote.elapsed());
        let mut last = Duration::ZERO;
        for reader in readers {
            let after = reader.await?.duration_since(wrote);
            last = last.max(after);
            each.push(after);
        }
        lasts.push(last);
    }
    for times in [&mut each, &mut lasts, &mut acks] {
        times.sort();
    }
    let show =
        |times: &[Duration], permille| format!("{:.1} ms", millis(percentile(times, permille)));
    println!("one update to {count} nodes, {rounds} rounds, all complete");
    line("on its author's disk, median", &show(&acks, 500), "", "");
    line("at a node, median", &show(&each, 500), "", "");
    line(
        "at the last node, median",
        &show(&lasts, 500),
        "<= 50 ms at 64",
        "chitchat 343, serf 552 ms",
    );
    line(
        "at the last node, p99",
        &show(&lasts, 990),
        "<= 150 ms at 64",
        "",
    );

    let before = bytes_sent(&nodes).await?;
    tokio::time::sleep(idle).await;
    let sent = bytes_sent(&nodes).await? - before;
    let rate = sent as f64 / count as f64 / idle.as_secs_f64();
    line(
        "sent by a node while nothing happens",
        &format!("{rate:.0} B/s"),
        "<= 500 B/s",
        "chitchat 99 600 B/s",
    );
    stop(nodes).await;
    Ok(())
}
