//! The playground: a temporary directory, an authority, and the agents in it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gossip_node::{ClusterId, NodeId};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::{self, Authority};
use tempfile::TempDir;

use super::child::Child;
use crate::cli::exit::{Exit, Failure};

/// Who vouches, in the demo.
const TRUST_DOMAIN: &str = "demo.example";

/// How long its certificates are valid: longer than anybody plays.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// What surrounds the agents. When it goes they are killed, then the directory.
#[derive(Debug)]
pub(crate) struct Playground {
    /// The cluster's agents.
    pub(crate) children: Vec<Child>,
    authority: Authority,
    folder: TempDir,
}

impl Playground {
    /// An empty one.
    pub(crate) fn open() -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("gossip-demo-").tempdir();
        Ok(Self {
            children: Vec::new(),
            authority: authority("demo")?,
            folder: folder.map_err(|why| failed("a temporary directory", &why))?,
        })
    }

    /// Prepares agents `n1` to `n<nodes>`, each with its certificate.
    pub(crate) fn prepare(&mut self, nodes: usize) -> Result<(), Failure> {
        for number in 1..=nodes {
            let child = self.agent(&format!("n{number}"), &self.authority)?;
            self.children.push(child);
        }
        Ok(())
    }

    /// An agent with a certificate of that authority. It does not run yet, and
    /// does not belong to the cluster's children.
    pub(crate) fn agent(&self, id: &str, authority: &Authority) -> Result<Child, Failure> {
        let folder = self.folder.path().join(id);
        fs::create_dir(&folder).map_err(|why| failed(id, &why))?;
        let node: NodeId = id
            .parse()
            .map_err(|why| Failure::new(Exit::Error, format!("{id}: {why}")))?;
        let issued = authority.issue(&node, VALIDITY, KeyAlgorithm::P256);
        let issued = issued.map_err(|why| Failure::new(Exit::Error, format!("{id}: {why}")))?;
        let write = |name: &str, pem: &str, key: bool| {
            let path = folder.join(name);
            let written = if key {
                pki::write_key(&path, pem)
            } else {
                pki::write_certificate(&path, pem)
            };
            written.map_err(|why| failed(id, &why))
        };
        write("node.pem", &issued.chain_pem, false)?;
        write("node.key", &issued.key_pem, true)?;
        write("ca.pem", authority.certificate_pem(), false)?;
        write_config(&folder, &[])?;
        Ok(Child::new(id, folder))
    }

    /// Tells an agent how to find the cluster.
    pub(crate) fn point(child: &Child, seeds: &[SocketAddr]) -> Result<(), Failure> {
        write_config(child.folder(), seeds)
    }

    /// An authority of the same cluster that nobody here believes.
    pub(crate) fn other_authority() -> Result<Authority, Failure> {
        authority("demo")
    }

    /// The same authority, issuing for another cluster.
    pub(crate) fn other_cluster(&self) -> Result<Authority, Failure> {
        let other = cluster("other")?;
        let same = Authority::load(
            self.authority.certificate_pem(),
            &self.authority.key_pem(),
            other,
        );
        same.map_err(|why| Failure::new(Exit::Error, why.to_string()))
    }

    /// Where it all lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Lets every agent leave, all at once, and removes the directory.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        let leaving = self
            .children
            .drain(..)
            .map(|mut child| tokio::spawn(async move { child.leave().await }));
        for left in leaving.collect::<Vec<_>>() {
            // A panic in there has been told already; the child is killed.
            let _ = left.await;
        }
        self.folder
            .close()
            .map_err(|why| failed("the temporary directory", &why))
    }
}

fn authority(name: &str) -> Result<Authority, Failure> {
    let made = Authority::create(TRUST_DOMAIN, cluster(name)?, KeyAlgorithm::P256, VALIDITY);
    made.map_err(|why| Failure::new(Exit::Error, why.to_string()))
}

fn cluster(name: &str) -> Result<ClusterId, Failure> {
    name.parse()
        .map_err(|why| Failure::new(Exit::Error, format!("{name}: {why}")))
}

/// The same file an operator would write; paths are relative to it.
fn write_config(folder: &Path, seeds: &[SocketAddr]) -> Result<(), Failure> {
    let seeds: Vec<_> = seeds.iter().map(|seed| format!("\"{seed}\"")).collect();
    let text = format!(
        "[node]\n\
         data_dir = \"data\"\n\
         listen = \"127.0.0.1:0\"\n\
         seeds = [{}]\n\
         profile = \"local\"\n\
         \n\
         [tls]\n\
         certificate = \"node.pem\"\n\
         key = \"node.key\"\n\
         ca = \"ca.pem\"\n\
         \n\
         [api]\n\
         socket = \"api.sock\"\n",
        seeds.join(", ")
    );
    let path = folder.join("agent.toml");
    fs::write(&path, text).map_err(|why| failed("agent.toml", &why))
}

fn failed(what: &str, why: &std::io::Error) -> Failure {
    Failure::new(Exit::Error, format!("{what}: {why}"))
}
