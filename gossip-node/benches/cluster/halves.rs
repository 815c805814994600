//! Two halves that wrote different keys, and meet.
//!
//! Each half knows of the other only by a seed whose name leads nowhere until
//! the clock starts. It runs until every node holds all keys of both.

use std::time::Instant;

use bytes::Bytes;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Draft, Entry, Floor, Generation, Head, Lineage, Op, Stamp, Statement, Value, Version,
};
use gossip_node::{Node, Profile, Scope};

use crate::numbers::line;
use crate::stage::{BATCH, Gate, Stage, batches, bytes_sent, hold, stop};
use crate::{Options, Result};

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let count = options.take("nodes", 2_usize)?;
    let keys = options.take("keys", 10_000_usize)?;
    let value = options.take("value", 64_usize)?;
    options.done()?;
    let half = count / 2;
    if half == 0 {
        return Err("two nodes at least: one a half".into());
    }
    let stage = Stage::new(Profile::Lan)?;
    let left = stage.start_all("left", half).await?;
    // A name, since an address would not be asked for.
    let port = left.first().ok_or("no node")?.local_addr().port();
    let door = format!("localhost:{port}");
    let gate = Gate::default();
    let mut right: Vec<Node> = Vec::new();
    for index in 0..half {
        let builder = stage.builder(&format!("right{index:03}"))?;
        // The first one looks for the left half, the others for the first.
        let builder = match right.first() {
            None => builder.seeds([door.clone()]).resolver(gate.clone()),
            Some(first) => builder.seeds([first.local_addr().to_string()]),
        };
        right.push(builder.start().await?);
    }
    for (side, nodes) in [("left", &left), ("right", &right)] {
        let writer = nodes.first().ok_or("no node")?;
        for batch in batches(Scope::Shared, side, keys, value) {
            writer.write(batch?).await?;
        }
        hold(nodes, keys).await?;
    }
    let nodes: Vec<Node> = left.into_iter().chain(right).collect();
    let before = bytes_sent(&nodes).await?;
    println!("two halves of {half} with {keys} keys each meet");
    let began = Instant::now();
    gate.open();
    hold(&nodes, 2 * keys).await?;
    let equal = began.elapsed();
    let sent = bytes_sent(&nodes).await? - before;
    line(
        "all nodes hold all keys after",
        &format!("{:.2} s", equal.as_secs_f64()),
        "<= 2 s",
        "",
    );
    let sealed = sealed_bytes(keys, value)? * 2 * half;
    line(
        "UDP bytes for each byte of what differs, sealed",
        &format!("{:.2}", sent as f64 / sealed as f64),
        "<= 1.1",
        "",
    );
    let payload = (value + "right/0000000".len()) * 2 * keys * half;
    line(
        "UDP bytes for each byte of key and value",
        &format!("{:.2}", sent as f64 / payload as f64),
        "",
        "",
    );
    line(
        "UDP bytes for each key and member that lacked it",
        &format!("{:.0}", sent as f64 / (2 * keys * half) as f64),
        "",
        "",
    );
    stop(nodes).await;
    Ok(())
}

/// Bytes of so many keys as their author seals them: what it says of each, and the
/// heads of the batches that vouch for them.
fn sealed_bytes(keys: usize, value: usize) -> Result<usize> {
    let millis = WallTime::from_millis(1_750_000_000_000).as_millis();
    let entry = |number: usize| {
        Ok(Entry {
            scope: Scope::Shared,
            key: format!("right/{number:07}").parse()?,
            stamp: Stamp { millis, counter: 1 },
            op: Op::Put(Value::new(Bytes::from(vec![b'x'; value]))?),
            expires: None,
            replaces: None,
        })
    };
    let draft = Draft {
        author: "right000".parse()?,
        lineage: Lineage::default().extended(Generation(millis), Head::default()),
        first: Version(1),
        entries: (0..BATCH).map(entry).collect::<Result<_>>()?,
        floor: Floor::default(),
    };
    let sealed = gossip_wire::seal(&Statement::Batch(draft), |_| Bytes::new());
    Ok(gossip_wire::encode_item(&sealed).len() * keys / BATCH)
}
