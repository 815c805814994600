//! A cluster for tests: an authority, a directory, and nodes on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use gossip_node::{Config, Credentials, Node, NodeBuilder, Profile};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

/// Long enough for a loaded machine, short enough to notice what hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    authority: Authority,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let day = Duration::from_secs(24 * 3_600);
        let cluster = "test".parse().unwrap();
        let algorithm = KeyAlgorithm::default();
        Self {
            authority: Authority::create("test.example", cluster, algorithm, day).unwrap(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// The `index`-th node, ready to be started.
    pub(crate) fn builder(&self, index: usize) -> NodeBuilder {
        let id = format!("n{index}");
        let hour = Duration::from_secs(3_600);
        let algorithm = KeyAlgorithm::default();
        let issued = self
            .authority
            .issue(&id.parse().unwrap(), hour, algorithm)
            .unwrap();
        let credentials = Credentials::from_pem(
            issued.chain_pem.as_bytes(),
            issued.key_pem.as_bytes(),
            self.authority.certificate_pem().as_bytes(),
        );
        Node::builder()
            .credentials(credentials.unwrap())
            .listen(([127, 0, 0, 1], 0).into())
            .data_dir(self.dir.path().join(id))
            .config(Config::new(Profile::Local))
            .seed(index as u64)
    }

    /// Starts a node that looks for others at these, and waits until it runs.
    pub(crate) async fn start(&self, index: usize, seeds: &[&Node]) -> Node {
        self.start_at(index, ([127, 0, 0, 1], 0).into(), seeds)
            .await
    }

    pub(crate) async fn start_at(&self, index: usize, addr: SocketAddr, seeds: &[&Node]) -> Node {
        let seeds = seeds.iter().map(|node| node.local_addr().to_string());
        let node = self
            .builder(index)
            .listen(addr)
            .seeds(seeds)
            .start()
            .await
            .unwrap();
        tokio::time::timeout(PATIENCE, node.running())
            .await
            .unwrap()
            .unwrap();
        node
    }

    /// A cluster of `count`, everybody seeded with the first.
    pub(crate) async fn start_all(&self, count: usize) -> Vec<Node> {
        let mut nodes = vec![self.start(0, &[]).await];
        for index in 1..count {
            let node = self.start(index, &[&nodes[0]]).await;
            nodes.push(node);
        }
        nodes
    }
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, holds).await;
    assert!(held.is_ok(), "gave up waiting until {what}");
}
