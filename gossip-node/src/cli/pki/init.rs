//! `gossip pki init`: a new authority for a cluster.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gossip_node::ClusterId;
use gossip_quic::pki::{self, Authority};
use serde::Serialize;

use super::{Algorithm, CA_CERTIFICATE, CA_KEY, CLUSTER};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out};

/// Make an authority for a cluster
///
/// Writes ca.pem, ca.key (mode 0600) and cluster.txt into the directory, and overwrites nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The authority's directory, made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    /// Who vouches: a domain name of yours, such as prod.example
    #[arg(long, value_name = "NAME")]
    trust_domain: String,

    /// The cluster's name: a-z, 0-9 and inner hyphens
    #[arg(long, value_name = "NAME")]
    cluster: String,

    /// The kind of key
    #[arg(long, value_enum, default_value_t = Algorithm::P256)]
    algorithm: Algorithm,

    /// How long it is valid, in days; no certificate outlives it
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
}

#[derive(Debug, Serialize)]
struct Made {
    certificate: PathBuf,
    key: PathBuf,
    trust_domain: String,
    cluster: String,
    not_after: String,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let cluster: ClusterId = args
        .cluster
        .parse()
        .map_err(|why| Failure::new(Exit::Usage, format!("--cluster {:?}: {why}", args.cluster)))?;
    let authority = Authority::create(
        &args.trust_domain,
        cluster,
        args.algorithm.into(),
        super::days(args.days),
    )
    .map_err(|why| Failure::new(Exit::Usage, why.to_string()))?;
    let made = Made {
        certificate: args.dir.join(CA_CERTIFICATE),
        key: args.dir.join(CA_KEY),
        trust_domain: args.trust_domain.clone(),
        cluster: args.cluster.clone(),
        not_after: super::date(authority.not_after()),
    };
    let note = args.dir.join(CLUSTER);
    super::refuse_to_overwrite(&[&made.certificate, &made.key, &note])?;
    fs::create_dir_all(&args.dir).map_err(|why| super::io(&args.dir, &why))?;
    pki::write_key(&made.key, &authority.key_pem()).map_err(|why| super::io(&made.key, &why))?;
    pki::write_certificate(&made.certificate, authority.certificate_pem())
        .map_err(|why| super::io(&made.certificate, &why))?;
    write_note(&note, &args.cluster).map_err(|why| super::io(&note, &why))?;
    if shared.json {
        return out::json(&made);
    }
    out::line(&format!(
        "an authority of {} for cluster {}, valid until {}\n  {}  give it to every node\n  {}  keep it, show it to nobody\nnext: gossip pki issue --dir {} --node NAME",
        made.trust_domain,
        made.cluster,
        made.not_after,
        made.certificate.display(),
        made.key.display(),
        args.dir.display(),
    ))
}

fn write_note(path: &Path, cluster: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    writeln!(file, "{cluster}")
}
