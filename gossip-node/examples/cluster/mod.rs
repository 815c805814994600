//! What the stories share: a small real cluster on loopback, with an authority
//! and directories of its own that vanish with it.
#![allow(dead_code, unreachable_pub, reason = "each story takes what it needs")]

use std::time::Duration;

use gossip_node::{Config, Credentials, Node, Profile};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long one step of a story may take; in truth it is far less.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Cluster {
    authority: Authority,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub fn new() -> Result<Self> {
        let day = Duration::from_secs(24 * 3_600);
        let name = "story".parse()?;
        Ok(Self {
            authority: Authority::create("example.org", name, KeyAlgorithm::default(), day)?,
            dir: tempfile::tempdir()?,
        })
    }

    /// Starts a node that looks for the others at `seed`. One of the same name
    /// as before finds its keys where it left them.
    pub async fn start(&self, name: &str, seed: Option<&Node>) -> Result<Node> {
        let hour = Duration::from_secs(3_600);
        let issued = self
            .authority
            .issue(&name.parse()?, hour, KeyAlgorithm::default())?;
        let credentials = Credentials::from_pem(
            issued.chain_pem.as_bytes(),
            issued.key_pem.as_bytes(),
            self.authority.certificate_pem().as_bytes(),
        )?;
        let node = Node::builder()
            .credentials(credentials)
            .listen("127.0.0.1:0".parse()?)
            .data_dir(self.dir.path().join(name))
            .config(Config::new(Profile::Local))
            .seeds(seed.map(|seed| seed.local_addr().to_string()))
            .start()
            .await?;
        node.running().await?;
        Ok(node)
    }

    /// Starts nodes that all know each other in the end.
    pub async fn start_all<const N: usize>(&self, names: [&str; N]) -> Result<Vec<Node>> {
        let mut nodes: Vec<Node> = Vec::new();
        for name in names {
            let node = self.start(name, nodes.first()).await?;
            nodes.push(node);
        }
        for node in &nodes {
            let all = async || Ok(node.members().await?.len() == N);
            until("all have met", all).await?;
        }
        Ok(nodes)
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let waited = async {
        while !holds().await? {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    };
    in_time(what, waited).await
}

/// Lets a step of a story take its time, and no more.
pub async fn in_time<T>(what: &str, step: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(done) => done,
        Err(_) => Err(format!("waited {PATIENCE:?} in vain until {what}").into()),
    }
}
