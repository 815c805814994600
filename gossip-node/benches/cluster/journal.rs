//! What durability costs: writers that wait for the disk, together and alone;
//! and what the file weighs after keys were written again and again.

use std::path::Path;
use std::time::{Duration, Instant};

use gossip_node::{Node, Profile, Scope};

use crate::numbers::{line, millis, percentile};
use crate::stage::{BATCH, Stage, batches};
use crate::{Options, Result};

/// Bytes of a value.
const VALUE: usize = 64;

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let seconds = options.take("seconds", 3_u64)?;
    let keys = options.take("keys", 10_000_usize)?;
    let times = options.take("times", 50_usize)?;
    options.done()?;
    let stage = Stage::new(Profile::Local)?;
    let node = stage.start("writer", None).await?;
    println!("one node, its journal synced before a write is acknowledged");
    for writers in [1, 8, 64, 512] {
        write_together(&node, writers, Duration::from_secs(seconds)).await?;
    }
    node.shutdown().await;
    rewrite(&stage, keys, times).await
}

/// Each of so many writers puts one key after the other, and waits for it.
async fn write_together(node: &Node, writers: usize, time: Duration) -> Result<()> {
    let before = node.status().await?.journal.commits;
    let began = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let handle = node.clone();
        tasks.push(tokio::spawn(async move {
            let mut waited = Vec::new();
            while began.elapsed() < time {
                let put = Instant::now();
                let number = waited.len();
                for write in batches(Scope::Own, &format!("w{writer}-{number}"), 1, VALUE) {
                    handle.write(write?).await?;
                }
                waited.push(put.elapsed());
            }
            Ok::<_, crate::Error>(waited)
        }));
    }
    let mut waited = Vec::new();
    for task in tasks {
        waited.extend(task.await??);
    }
    waited.sort();
    let seconds = began.elapsed().as_secs_f64();
    let syncs = node.status().await?.journal.commits - before;
    line(
        &format!("{writers} writers: acknowledged a second"),
        &format!("{:.0}", waited.len() as f64 / seconds),
        "",
        &format!(
            "{:.1} writes a sync; median {:.1} ms, p99 {:.1} ms",
            waited.len() as f64 / syncs.max(1) as f64,
            millis(percentile(&waited, 500)),
            millis(percentile(&waited, 990)),
        ),
    );
    Ok(())
}

/// The same keys so many times over.
async fn rewrite(stage: &Stage, keys: usize, times: usize) -> Result<()> {
    let node = stage.start("rewriter", None).await?;
    let file = stage.dir().join("rewriter").join("journal.redb");
    let mut once = 0;
    for time in 0..times {
        for write in batches(Scope::Own, "k", keys, VALUE) {
            node.write(write?).await?;
        }
        if time == 0 {
            once = size(&file)?;
        }
    }
    let grown = size(&file)?;
    let (writes, batches) = (keys * times, keys.div_ceil(BATCH) * times);
    node.shutdown().await;
    let closed = size(&file)?;
    let node = stage.start("rewriter", None).await?;
    node.shutdown().await;
    let reopened = size(&file)?;
    println!(
        "{keys} keys of {VALUE} bytes written {times} times over: {writes} writes, {batches} batches"
    );
    for (what, bytes) in [
        ("the file, all written once", once),
        ("the file, all written so often", grown),
        ("the file, closed", closed),
        ("the file, after another start", reopened),
    ] {
        let each = bytes as f64 / keys as f64;
        line(
            what,
            &format!("{:.2} MB", bytes as f64 / 1e6),
            "",
            &format!("{each:.0} B a key"),
        );
    }
    Ok(())
}

fn size(file: &Path) -> Result<u64> {
    Ok(std::fs::metadata(file)?.len())
}
