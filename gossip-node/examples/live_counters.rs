//! Live counters, aggregated from every node's own keys:
//! `cargo run --release -p gossip-node --example live_counters`.
//!
//! Each node counts for itself, under a key that only it can write, so no count
//! is ever lost to another's; whoever wants the sum adds up what all say. The
//! counts are put *at once*: the next one is there in milliseconds anyway.
//! docs/examples/live-counters.md tells the story.

mod cluster;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use cluster::{Cluster, Result, in_time};
use gossip_node::{Cursor, Keys, Node, NodeId, Selection, Value, Watch, WatchItem};

/// The own key under which a node counts.
const HITS: &str = "hits";

#[tokio::main]
async fn main() -> Result<()> {
    story(&mut std::io::stdout()).await
}

/// Counts `hits` more, a few at a time, from where this node had come.
async fn work(node: Node, hits: u64) -> Result<u64> {
    let before = node.get_own(&node.id().clone(), HITS).await?;
    let mut count = before.map_or(Ok(0), |row| number(&row.value))?;
    let end = count + hits;
    while count < end {
        count = (count + 7).min(end);
        node.put_own_at_once(HITS, count.to_string()).await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(count)
}

fn number(value: &Value) -> Result<u64> {
    Ok(String::from_utf8_lossy(value.bytes()).parse()?)
}

/// Who wants the sum.
struct Sum {
    node: Node,
    watch: Watch,
    counts: BTreeMap<NodeId, u64>,
    updates: u64,
}

impl Sum {
    async fn on(node: &Node, from: Option<Cursor>) -> Result<Self> {
        let hits = Selection::everybody(Keys::Exactly(HITS.parse()?));
        Ok(Self {
            watch: node.watch_from(hits, from).await?,
            node: node.clone(),
            counts: BTreeMap::new(),
            updates: 0,
        })
    }

    fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    async fn step(&mut self) -> Result<()> {
        match self.watch.next().await.ok_or("the node has stopped")? {
            WatchItem::Row(row) => {
                self.counts.insert(row.write.author, number(&row.value)?);
            }
            WatchItem::Changed(event) => {
                self.updates += 1;
                match &event.value {
                    Some(value) => self.counts.insert(event.write.author, number(value)?),
                    None => self.counts.remove(&event.write.author),
                };
            }
            WatchItem::Anew => self.counts.clear(),
            // Too slow: it goes back to before the gap, and has what it missed.
            WatchItem::Lagged(_) => {
                let resumed = Self::on(&self.node, self.watch.cursor()).await?;
                self.watch = resumed.watch;
            }
            WatchItem::Current(_) | WatchItem::Conflict { .. } => {}
        }
        Ok(())
    }

    async fn until(&mut self, total: u64) -> Result<()> {
        let steps = async {
            while self.total() != total {
                self.step().await?;
            }
            Ok(())
        };
        in_time("the sum is right", steps).await
    }
}

/// The story, told to `out`.
pub(crate) async fn story(out: &mut impl Write) -> Result<()> {
    const HITS_EACH: u64 = 1_000;
    let cluster = Cluster::new()?;
    let mut nodes = cluster.start_all(["n1", "n2", "n3", "n4"]).await?;
    let first = nodes.first().ok_or("a node")?.clone();
    let mut sum = Sum::on(&first, None).await?;

    writeln!(
        out,
        "four nodes count to {HITS_EACH} each; n1 adds up what it hears:"
    )?;
    let begun = Instant::now();
    let workers: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(work(node.clone(), HITS_EACH)))
        .collect();
    for part in 1..=4 {
        let goal = part * HITS_EACH;
        while sum.total() < goal {
            in_time("they count on", sum.step()).await?;
        }
        let (total, updates) = (sum.total(), sum.updates);
        let bar = "█".repeat(usize::try_from(total / 100)?);
        writeln!(out, "  {total:>5}  {bar}  {updates} updates")?;
    }
    for worker in workers {
        worker.await??;
    }
    sum.until(4 * HITS_EACH).await?;
    writeln!(
        out,
        "  all of it is here after {:.1} s\n",
        begun.elapsed().as_secs_f64()
    )?;
    show(out, &sum)?;

    writeln!(
        out,
        "n4 stops, and what it counted still counts; n1's watch goes away as well:"
    )?;
    let kept = sum.watch.cursor().ok_or("a cursor")?;
    let counts = std::mem::take(&mut sum.counts);
    drop(sum);
    let n4 = nodes.pop().ok_or("a node")?;
    n4.shutdown().await;
    let workers: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(work(node.clone(), 100)))
        .collect();
    for worker in workers {
        worker.await??;
    }
    let mut sum = Sum::on(&first, Some(kept)).await?;
    sum.counts = counts;
    sum.until(4 * HITS_EACH + 300).await?;
    writeln!(
        out,
        "  back with its cursor it is told {} updates, and knows",
        sum.updates
    )?;
    show(out, &sum)?;

    writeln!(out, "n4 starts again, and counts on from where it was:")?;
    let n4 = cluster.start("n4", Some(&first)).await?;
    let count = work(n4.clone(), 50).await?;
    sum.until(4 * HITS_EACH + 350).await?;
    writeln!(out, "  n4 is at {count}")?;
    show(out, &sum)?;

    let said = first.everybody(HITS).await?;
    let asked = said.iter().map(|said| number(&said.row.value));
    if asked.sum::<Result<u64>>()? != sum.total() {
        return Err("the sum is not what the node answers".into());
    }
    for node in nodes.iter().chain([&n4]) {
        node.shutdown().await;
    }
    writeln!(out, "done")?;
    Ok(())
}

fn show(out: &mut impl Write, sum: &Sum) -> Result<()> {
    let counts = sum.counts.iter();
    let counts: Vec<_> = counts.map(|(id, count)| format!("{id} {count}")).collect();
    writeln!(out, "  {}   together {}\n", counts.join("   "), sum.total())?;
    Ok(())
}
