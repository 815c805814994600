//! The stage: an authority, a directory, and nodes in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gossip_node::{
    Config, Credentials, MemberStatus, Node, NodeBuilder, Profile, Resolve, Resolving, Scope,
    Value, Write,
};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

use crate::Result;

/// Where a cluster is set up, and where its nodes keep their journals.
pub(crate) struct Stage {
    authority: Authority,
    dir: tempfile::TempDir,
    profile: Profile,
    started: std::cell::Cell<u64>,
}

impl Stage {
    pub(crate) fn new(profile: Profile) -> Result<Self> {
        let day = Duration::from_secs(24 * 3_600);
        let algorithm = KeyAlgorithm::default();
        Ok(Self {
            authority: Authority::create("example.org", "bench".parse()?, algorithm, day)?,
            dir: tempfile::tempdir()?,
            profile,
            started: std::cell::Cell::new(0),
        })
    }

    /// A node of this name, ready to be started.
    pub(crate) fn builder(&self, name: &str) -> Result<NodeBuilder> {
        let hours = Duration::from_secs(12 * 3_600);
        let algorithm = KeyAlgorithm::default();
        let issued = self.authority.issue(&name.parse()?, hours, algorithm)?;
        let credentials = Credentials::from_pem(
            issued.chain_pem.as_bytes(),
            issued.key_pem.as_bytes(),
            self.authority.certificate_pem().as_bytes(),
        )?;
        self.started.set(self.started.get() + 1);
        Ok(Node::builder()
            .credentials(credentials)
            .listen("127.0.0.1:0".parse()?)
            .config(Config::new(self.profile))
            .seed(self.started.get())
            .data_dir(self.dir.path().join(name)))
    }

    /// Where the nodes' directories are, each by its name.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// A node that looks for another, taking part.
    pub(crate) async fn start(&self, name: &str, seed: Option<&Node>) -> Result<Node> {
        let seeds = seed.map(|seed| seed.local_addr().to_string());
        let node = self.builder(name)?.seeds(seeds).start().await?;
        node.running().await?;
        Ok(node)
    }

    /// A cluster of `count` that know each other.
    pub(crate) async fn start_all(&self, prefix: &str, count: usize) -> Result<Vec<Node>> {
        let mut nodes: Vec<Node> = Vec::new();
        for index in 0..count {
            let name = format!("{prefix}{index:03}");
            nodes.push(self.start(&name, nodes.first()).await?);
        }
        all_know(&nodes, count).await?;
        Ok(nodes)
    }
}

/// Waits until every node holds `count` members alive.
pub(crate) async fn all_know(nodes: &[Node], count: usize) -> Result<()> {
    for node in nodes {
        let mut told = node.subscribe();
        loop {
            let members = node.members().await?;
            let alive = members.iter().filter(|m| m.status == MemberStatus::Alive);
            if alive.count() == count {
                break;
            }
            told.next().await.ok_or("the node stopped")?;
        }
    }
    Ok(())
}

/// Stops all of them, side by side.
pub(crate) async fn stop(nodes: Vec<Node>) {
    let stopping = nodes
        .into_iter()
        .map(|node| tokio::spawn(async move { node.shutdown().await }));
    for stopped in stopping.collect::<Vec<_>>() {
        let _ = stopped.await;
    }
}

/// UDP bytes that these nodes have sent.
pub(crate) async fn bytes_sent(nodes: &[Node]) -> Result<u64> {
    let mut sum = 0;
    for node in nodes {
        sum += node.status().await?.transport.bytes_sent;
    }
    Ok(sum)
}

/// A name that leads nowhere until the gate is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Resolve for Gate {
    fn resolve(&self, name: &str) -> Resolving {
        let (open, name) = (self.0.load(Ordering::SeqCst), name.to_owned());
        Box::pin(async move {
            match open {
                true => {
                    let addrs = tokio::net::lookup_host(name).await?;
                    Ok(addrs.filter(std::net::SocketAddr::is_ipv4).collect())
                }
                false => Ok(Vec::new()),
            }
        })
    }
}

/// Waits until all of them hold so many keys.
pub(crate) async fn hold(nodes: &[Node], keys: usize) -> Result<()> {
    for node in nodes {
        while node.status().await?.core.keys < keys {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

/// Numbered keys and so many bytes each, in the commands that fit a batch.
pub(crate) fn batches(
    scope: Scope,
    prefix: &str,
    count: usize,
    bytes: usize,
) -> impl Iterator<Item = Result<Vec<Write>>> {
    (0..count).step_by(BATCH).map(move |first| {
        let numbers = first..count.min(first + BATCH);
        let writes = numbers.map(|number| {
            Ok(Write {
                scope,
                key: format!("{prefix}/{number:07}").parse()?,
                value: Some(Value::new(Bytes::from(vec![b'x'; bytes]))?),
                ttl: None,
                only_if: None,
            })
        });
        writes.collect()
    })
}

/// Entries of one write: what a batch holds.
pub(crate) const BATCH: usize = 64;
