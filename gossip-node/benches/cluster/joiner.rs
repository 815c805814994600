//! A joiner to a cluster that holds much.
//!
//! Three nodes hold some megabytes; a fourth starts with nothing. The clock
//! runs from its start until it takes part, and until it holds everything.

use std::time::{Duration, Instant};

use gossip_node::{Profile, Scope};

use crate::numbers::line;
use crate::stage::{Stage, batches, hold, stop};
use crate::{Options, Result};

/// Bytes of a value.
const VALUE: usize = 1_000;

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let bytes = options.take("bytes", 10_000_000_usize)?;
    options.done()?;
    let keys = bytes.div_ceil(VALUE);
    let stage = Stage::new(Profile::Lan)?;
    let mut nodes = stage.start_all("n", 3).await?;
    let writer = nodes.first().ok_or("no node")?.clone();
    for batch in batches(Scope::Shared, "k", keys, VALUE) {
        writer.write(batch?).await?;
    }
    hold(&nodes, keys).await?;
    println!("a joiner to {keys} keys of {VALUE} bytes");
    let began = Instant::now();
    let seeds = [writer.local_addr().to_string()];
    let joiner = stage.builder("joiner")?.seeds(seeds).start().await?;
    joiner.running().await?;
    let ready = began.elapsed();
    hold(std::slice::from_ref(&joiner), keys).await?;
    let all = began.elapsed();
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    line(
        "it takes part after",
        &seconds(ready),
        "<= 2 s",
        "quickwit#4561 > 10 s",
    );
    line("it holds everything after", &seconds(all), "", "");
    nodes.push(joiner);
    stop(nodes).await;
    Ok(())
}
