//! A joiner to a cluster that holds much.
//!
//! Three nodes hold some megabytes; a fourth starts with nothing. The clock
//! runs from its start until it takes part, and until it holds everything.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gossip_node::{Profile, Scope, Value, Write};

use crate::numbers::line;
use crate::stage::{Stage, stop};
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
    for first in (0..keys).step_by(64) {
        let batch = (first..keys.min(first + 64)).map(write);
        writer.write(batch.collect::<Result<Vec<Write>>>()?).await?;
    }
    for node in &nodes {
        while node.status().await?.core.keys < keys {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    println!("a joiner to {keys} keys of {VALUE} bytes");
    let began = Instant::now();
    let seeds = [writer.local_addr().to_string()];
    let joiner = stage.builder("joiner")?.seeds(seeds).start().await?;
    joiner.running().await?;
    let ready = began.elapsed();
    while joiner.status().await?.core.keys < keys {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
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

fn write(number: usize) -> Result<Write> {
    Ok(Write {
        scope: Scope::Shared,
        key: format!("k/{number:07}").parse()?,
        value: Some(Value::new(Bytes::from(vec![b'x'; VALUE]))?),
        ttl: None,
        only_if: None,
    })
}
