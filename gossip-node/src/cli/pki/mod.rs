//! `gossip pki`: the cluster's authority, and a certificate for each node.
//!
//! The directory of an authority:
//!
//! ```text
//!   ca.pem       its certificate: every node needs it
//!   ca.key       its key (0600): nobody needs it but this command
//!   cluster.txt  the cluster it issues for, one line
//!   eu/1/n17/    what one node needs: node.pem, node.key (0600), ca.pem
//! ```

mod init;
mod issue;
mod show;

use std::path::Path;
use std::time::Duration;

use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::PkiError;

use super::Shared;
use super::exit::{Exit, Failure};

/// Make a cluster's authority and its nodes' certificates
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Issue(issue::Args),
    Show(show::Args),
}

pub(crate) fn run(command: &Command, shared: &Shared) -> Result<(), Failure> {
    match command {
        Command::Init(args) => init::run(args, shared),
        Command::Issue(args) => issue::run(args, shared),
        Command::Show(args) => show::run(args, shared),
    }
}

const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca.key";
const CLUSTER: &str = "cluster.txt";
const NODE_CERTIFICATE: &str = "node.pem";
const NODE_KEY: &str = "node.key";

/// Which kind of key.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Algorithm {
    /// ECDSA on P-256: what everything understands
    P256,
    /// Ed25519: smaller
    Ed25519,
}

impl From<Algorithm> for KeyAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::P256 => Self::P256,
            Algorithm::Ed25519 => Self::Ed25519,
        }
    }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

/// A date for people and programs alike (RFC 3339, UTC).
fn date(at: std::time::SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}

fn wrong(path: &Path, why: &PkiError) -> Failure {
    Failure::new(Exit::Credentials, format!("{}: {why}", path.display()))
}

fn io(path: &Path, why: &std::io::Error) -> Failure {
    let text = why.to_string();
    let path = path.display().to_string();
    let line = if text.starts_with(&path) {
        text
    } else {
        format!("{path}: {text}")
    };
    Failure::new(Exit::Error, line)
}

/// Refuses if one of them is there: a key that is overwritten is lost.
fn refuse_to_overwrite(paths: &[&Path]) -> Result<(), Failure> {
    for path in paths {
        if path.symlink_metadata().is_ok() {
            let line = format!(
                "{}: is there already and is not overwritten; move it away first",
                path.display()
            );
            return Err(Failure::new(Exit::Error, line));
        }
    }
    Ok(())
}
