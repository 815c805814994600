//! How many updates a second one node brings to all others.
//!
//! One node writes own keys of 64 bytes, as many at once as a batch holds and
//! several batches at a time, each on its disk before it is told. The clock
//! runs from the first write until the last node holds the last one; a log has
//! no gaps, so who holds the last holds all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gossip_core::output::Counters;
use gossip_node::{Profile, Scope};
use tokio::sync::Semaphore;

use crate::numbers::line;
use crate::stage::{BATCH, Stage, batches, bytes_sent, hold, stop};
use crate::{Options, Result};

/// Writes that wait for an answer at a time.
const WRITERS: usize = 64;

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let count = options.take("nodes", 16_usize)?;
    let updates = options.take("updates", 100_000_usize)?;
    let value = options.take("value", 64_usize)?;
    let starved = options.take("starved", 1_u8)?;
    options.done()?;
    let stage = Stage::new(Profile::Lan)?;
    let nodes = stage.start_all("n", count).await?;
    let writer = nodes.first().ok_or("no node")?.clone();
    let before = bytes_sent(&nodes).await?;

    let began = Instant::now();
    let room = Arc::new(Semaphore::new(WRITERS));
    let mut writes = Vec::new();
    for batch in batches(Scope::Own, "k", updates, value) {
        let permit = Arc::clone(&room).acquire_owned().await?;
        let (batch, writer) = (batch?, writer.clone());
        writes.push(tokio::spawn(async move {
            let written = writer.write(batch).await;
            drop(permit);
            written
        }));
    }
    let mut last = None;
    for written in writes {
        last = last.max(written.await??.into_iter().map(|id| id.version).max());
    }
    let durable = began.elapsed();
    hold(&nodes, updates).await?;
    let everywhere = began.elapsed();
    let sent = bytes_sent(&nodes).await? - before;
    let rate = |time: Duration| format!("{:.0}/s", updates as f64 / time.as_secs_f64());
    println!(
        "{updates} updates of {value} bytes from one node to all of {count}, the last is version {:?}",
        last.map(|version| version.0)
    );
    line("durable at their author", &rate(durable), "", "");
    line(
        "at every node",
        &rate(everywhere),
        ">= 30 000/s",
        "chitchat 6 640/s",
    );
    let copies = sent as f64 / (updates * value * (count - 1)) as f64;
    line(
        "sent for each byte of a value and member",
        &format!("{copies:.2} B"),
        "",
        "",
    );
    let mut of = Counters::default();
    for node in &nodes {
        let counters = node.status().await?.core.counters;
        of.copies_useful += counters.copies_useful;
        of.copies_in_vain += counters.copies_in_vain;
        of.syncs += counters.syncs;
        of.tails_followed += counters.tails_followed;
        of.tails_moved += counters.tails_moved;
        of.tail_batches += counters.tail_batches;
    }
    let batches = updates.div_ceil(BATCH) * (count - 1);
    line("batches due, in all", &format!("{batches}"), "", "");
    let counted = [
        ("brought by tails", of.tail_batches),
        ("brought as news", of.copies_useful),
        ("told in vain", of.copies_in_vain),
        ("tails followed", of.tails_followed),
        ("of them asked of another", of.tails_moved),
        ("sessions", of.syncs),
    ];
    for (what, count) in counted {
        line(what, &count.to_string(), "", "");
    }
    stop(nodes).await;
    match starved {
        0 => Ok(()),
        _ => starve(count),
    }
}

/// The same once more on one processor, behind everything else: fewer updates, and
/// all of them arrive.
fn starve(count: usize) -> Result<()> {
    println!("starved: on one processor, at the lowest priority");
    let ran = std::process::Command::new("nice")
        .args(["-n", "19", "taskset", "-c", "0"])
        .arg(std::env::current_exe()?)
        .args(["throughput", "--starved", "0", "--updates", "20000"])
        .args(["--nodes", &count.to_string()])
        .status();
    match ran {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("starved: {status}").into()),
        Err(error) => {
            println!("  not measured: {error} (`nice` and `taskset` are needed)");
            Ok(())
        }
    }
}
