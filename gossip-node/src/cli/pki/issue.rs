//! `gossip pki issue`: a certificate and a key for one node.

use std::fs;
use std::path::{Path, PathBuf};

use gossip_node::{ClusterId, NodeId};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::{self, Authority, describe};
use serde::Serialize;

use super::{Algorithm, CA_CERTIFICATE, CA_KEY, CLUSTER, NODE_CERTIFICATE, NODE_KEY};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out};

/// Longest PEM file read, in bytes (guess: a chain of three has 3 000).
const PEM_BYTES: u64 = 256 * 1024;

/// Issue a certificate and a key for one node
///
/// Writes node.pem, node.key (mode 0600) and a copy of ca.pem: all that the node needs. Overwrites
/// nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The authority's directory
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    /// The node: its zone path and name, such as eu/1/n17
    #[arg(long, value_name = "ID")]
    node: String,

    /// Where to write; DIR/ID without it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// How long it is valid, in days; not beyond the authority
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,

    /// The kind of key; the authority's own without it
    #[arg(long, value_enum)]
    algorithm: Option<Algorithm>,

    /// Another cluster than the one in DIR/cluster.txt
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

#[derive(Debug, Serialize)]
struct Made {
    certificate: PathBuf,
    key: PathBuf,
    ca: PathBuf,
    uri: String,
    not_after: String,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let node: NodeId = args
        .node
        .parse()
        .map_err(|why| Failure::new(Exit::Usage, format!("--node {:?}: {why}", args.node)))?;
    let (authority, like) = load(args)?;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| args.dir.join(node.as_str()));
    // What is printed goes into a file somewhere else: it must not depend on here.
    let folder = std::path::absolute(&folder).map_err(|why| super::io(&folder, &why))?;
    let algorithm = args.algorithm.map_or(like, KeyAlgorithm::from);
    let issued = authority
        .issue(&node, super::days(args.days), algorithm)
        .map_err(|why| super::wrong(&args.dir.join(CA_CERTIFICATE), &why))?;
    let made = Made {
        certificate: folder.join(NODE_CERTIFICATE),
        key: folder.join(NODE_KEY),
        ca: folder.join(CA_CERTIFICATE),
        uri: issued.identity.to_string(),
        not_after: super::date(issued.not_after),
    };
    super::refuse_to_overwrite(&[&made.certificate, &made.key])?;
    fs::create_dir_all(&folder).map_err(|why| super::io(&folder, &why))?;
    pki::write_key(&made.key, &issued.key_pem).map_err(|why| super::io(&made.key, &why))?;
    pki::write_certificate(&made.certificate, &issued.chain_pem)
        .map_err(|why| super::io(&made.certificate, &why))?;
    if made.ca.symlink_metadata().is_err() {
        pki::write_certificate(&made.ca, authority.certificate_pem())
            .map_err(|why| super::io(&made.ca, &why))?;
    }
    if shared.json {
        return out::json(&made);
    }
    out::line(&format!(
        "{}\nvalid until {}\n\n[tls]\ncertificate = \"{}\"\nkey = \"{}\"\nca = \"{}\"",
        made.uri,
        made.not_after,
        made.certificate.display(),
        made.key.display(),
        made.ca.display(),
    ))
}

/// The authority, and the kind of key it has.
fn load(args: &Args) -> Result<(Authority, KeyAlgorithm), Failure> {
    let certificate_path = args.dir.join(CA_CERTIFICATE);
    if certificate_path.symlink_metadata().is_err() {
        let line = format!(
            "{}: is not there; make an authority with `gossip pki init --dir {}`",
            certificate_path.display(),
            args.dir.display()
        );
        return Err(Failure::new(Exit::Error, line));
    }
    let certificate = read(&certificate_path)?;
    let key_path = args.dir.join(CA_KEY);
    let key = read(&key_path)?;
    let cluster_path = args.dir.join(CLUSTER);
    let cluster = match &args.cluster {
        Some(cluster) => cluster.clone(),
        None => read(&cluster_path)?.trim().to_owned(),
    };
    let cluster: ClusterId = cluster.parse().map_err(|why| {
        let origin = match &args.cluster {
            Some(_) => format!("--cluster {cluster:?}"),
            None => cluster_path.display().to_string(),
        };
        Failure::new(Exit::Usage, format!("{origin}: {why}"))
    })?;
    let info =
        describe(certificate.as_bytes()).map_err(|why| super::wrong(&certificate_path, &why))?;
    let like = match info.algorithm.as_str() {
        "ed25519" => KeyAlgorithm::Ed25519,
        _ => KeyAlgorithm::P256,
    };
    let authority = Authority::load(&certificate, &key, cluster)
        .map_err(|why| super::wrong(&args.dir, &why))?;
    Ok((authority, like))
}

fn read(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|why| super::io(path, &why))?;
    let read = file.take(PEM_BYTES).read_to_string(&mut text);
    read.map_err(|why| super::io(path, &why))?;
    Ok(text)
}
