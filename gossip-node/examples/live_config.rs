//! Shared configuration that changes live on every node, with a conflict shown:
//! `cargo run --release -p gossip-node --example live_config`.
//!
//! Three nodes follow the shared keys under `config/`. One change reaches all;
//! two at the same moment cannot both stand, and the one that lost is told;
//! a compare-and-set does not overwrite what it has not seen.
//! docs/examples/live-config.md tells the story.

mod cluster;

use std::collections::BTreeMap;
use std::io::Write;

use cluster::{Cluster, Result, in_time};
use gossip_node::{
    Expected, Node, NodeError, Refusal, Scope, Space, Value, Watch, WatchItem, Write as Wish,
};

#[tokio::main]
async fn main() -> Result<()> {
    story(&mut std::io::stdout()).await
}

/// A program on one node that runs by the shared configuration.
struct Service {
    node: Node,
    watch: Watch,
    /// What it runs by.
    config: BTreeMap<String, String>,
    /// The conflicts it was told of.
    lost: Vec<String>,
}

impl Service {
    async fn on(node: &Node) -> Result<Self> {
        Ok(Self {
            watch: node.watch(Space::Shared, "config/").await?,
            node: node.clone(),
            config: BTreeMap::new(),
            lost: Vec::new(),
        })
    }

    /// Takes in the next thing the watch tells.
    async fn step(&mut self) -> Result<()> {
        match self.watch.next().await.ok_or("the node has stopped")? {
            WatchItem::Row(row) => {
                self.config.insert(row.key.to_string(), text(&row.value));
            }
            WatchItem::Changed(event) => match &event.value {
                Some(value) => {
                    self.config.insert(event.key.to_string(), text(value));
                }
                None => {
                    self.config.remove(event.key.as_str());
                }
            },
            WatchItem::Conflict { key, won, lost, .. } => self.lost.push(format!(
                "{key}: {}'s write of {} ms lost against {}'s of {} ms",
                lost.0.author, lost.1.millis, won.0.author, won.1.millis
            )),
            WatchItem::Current(_) => {}
            // From here on what it holds is not what stands: it begins again.
            WatchItem::Anew | WatchItem::Lagged(_) => {
                self.config.clear();
                self.watch = self.node.watch(Space::Shared, "config/").await?;
            }
        }
        Ok(())
    }

    async fn until(&mut self, holds: impl Fn(&Self) -> bool) -> Result<()> {
        let steps = async {
            while !holds(self) {
                self.step().await?;
            }
            Ok(())
        };
        in_time("the configuration arrives", steps).await
    }

    fn says(&self, key: &str) -> Option<&str> {
        self.config.get(key).map(String::as_str)
    }
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes()).into_owned()
}

/// The story, told to `out`.
pub(crate) async fn story(out: &mut impl Write) -> Result<()> {
    let cluster = Cluster::new()?;
    let nodes = cluster.start_all(["n1", "n2", "n3"]).await?;
    let [n1, n2, n3] = nodes.as_slice() else {
        return Err("three nodes".into());
    };
    writeln!(
        out,
        "three nodes have met; each runs a service by the keys under config/\n"
    )?;

    writeln!(out, "an operator at n1 writes two settings as one batch:")?;
    let setting = |key: &str, value: &'static str| -> Result<Wish> {
        Ok(Wish {
            scope: Scope::Shared,
            key: key.parse()?,
            value: Some(Value::new(value.into())?),
            only_if: None,
            ttl: None,
        })
    };
    let both = vec![
        setting("config/limit", "100")?,
        setting("config/mode", "calm")?,
    ];
    n1.write(both).await?;
    let mut services = Vec::new();
    for node in &nodes {
        let mut service = Service::on(node).await?;
        service.until(|service| service.config.len() == 2).await?;
        services.push(service);
    }
    show(out, &services)?;

    writeln!(out, "a change at n3 reaches the running services:")?;
    n3.put("config/limit", "250").await?;
    for service in &mut services {
        service
            .until(|service| service.says("config/limit") == Some("250"))
            .await?;
    }
    show(out, &services)?;

    writeln!(
        out,
        "n1 and n2 set the mode at the same moment, neither has seen the other:"
    )?;
    // Now and then one is seen in time, and nothing is lost. Then once more.
    for round in 1.. {
        let (eager, wary) = (format!("eager {round}"), format!("wary {round}"));
        tokio::try_join!(n1.put("config/mode", eager), n2.put("config/mode", wary))?;
        let end = format!("{round}");
        n3.put("config/round", end.clone()).await?;
        for service in &mut services {
            service
                .until(|service| service.says("config/round") == Some(&end))
                .await?;
        }
        if services.iter().any(|service| !service.lost.is_empty()) {
            break;
        }
    }
    let first = services
        .iter()
        .flat_map(|service| service.lost.first())
        .next();
    writeln!(out, "  told: {}", first.ok_or("a conflict")?)?;
    let stands = n1.get("config/mode").await?.ok_or("it stands")?;
    let mode = text(&stands.value);
    for service in &mut services {
        service
            .until(|service| service.says("config/mode") == Some(&mode))
            .await?;
    }
    show(out, &services)?;

    writeln!(
        out,
        "who must not overwrite what it has not seen says what it expects:"
    )?;
    let seen = Expected::Write(stands.write.clone());
    let agreed = Some("agreed".into());
    n1.compare_and_set("config/mode", seen.clone(), agreed)
        .await?;
    let (author, version) = (&stands.write.author, stands.write.version.0);
    writeln!(out, "  n1 expects {author}@{version} and writes")?;
    let late = n1
        .compare_and_set("config/mode", seen, Some("too late".into()))
        .await;
    match late {
        Err(NodeError::Refused(refusal @ Refusal::Unexpected { .. })) => {
            writeln!(
                out,
                "  a second one that expects the same is refused: {refusal}"
            )?;
        }
        other => return Err(format!("it was not refused: {other:?}").into()),
    }
    for service in &mut services {
        service
            .until(|service| service.says("config/mode") == Some("agreed"))
            .await?;
    }
    show(out, &services)?;
    for node in &nodes {
        node.shutdown().await;
    }
    writeln!(out, "done")?;
    Ok(())
}

fn show(out: &mut impl Write, services: &[Service]) -> Result<()> {
    for service in services {
        let config = service
            .config
            .iter()
            .filter(|(key, _)| *key != "config/round");
        let config: Vec<_> = config
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        writeln!(out, "  {}  {}", service.node.id(), config.join("   "))?;
    }
    writeln!(out)?;
    Ok(())
}
