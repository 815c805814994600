//! `gossip pki show`: what certificates say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gossip_quic::pki::{CertificateInfo, describe};
use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out};
use crate::demo::stopwatch::wall_clock;

/// Show what certificates say
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// PEM files; of each, the first certificate
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Shown {
    file: PathBuf,
    kind: String,
    uri: String,
    cluster: Option<String>,
    node: Option<String>,
    algorithm: String,
    not_before: String,
    not_after: String,
    expired: bool,
    serial: String,
    fingerprint_sha256: String,
}

#[derive(Debug, Serialize)]
struct All {
    certificates: Vec<Shown>,
}

pub(crate) fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let now = wall_clock();
    let mut all = All {
        certificates: Vec::new(),
    };
    for file in &args.files {
        let pem = fs::read(file).map_err(|why| super::io(file, &why))?;
        let info = describe(&pem)
            .map_err(|why| Failure::new(Exit::Credentials, format!("{}: {why}", file.display())))?;
        all.certificates.push(shown(file, info, now));
    }
    if shared.json {
        return out::json(&all);
    }
    let texts: Vec<_> = all.certificates.iter().map(people).collect();
    out::line(&texts.join("\n\n"))
}

fn shown(file: &Path, info: CertificateInfo, now: SystemTime) -> Shown {
    let identity = info.identity.as_ref();
    Shown {
        file: file.to_owned(),
        kind: info.kind.to_string(),
        cluster: identity.map(|identity| identity.cluster().to_string()),
        node: identity.map(|identity| identity.node().to_string()),
        not_before: super::date(info.not_before),
        not_after: super::date(info.not_after),
        expired: info.remaining(now).is_none(),
        uri: info.uri,
        algorithm: info.algorithm,
        serial: info.serial,
        fingerprint_sha256: info.fingerprint,
    }
}

fn people(shown: &Shown) -> String {
    let expired = if shown.expired { "  EXPIRED" } else { "" };
    let kind = match &shown.node {
        Some(node) => format!("node {node}"),
        None => shown.kind.clone(),
    };
    [
        shown.file.display().to_string(),
        format!("  kind         {kind}"),
        format!("  name         {}", out::visible(&shown.uri)),
        format!("  key          {}", shown.algorithm),
        format!(
            "  valid        {} to {}{expired}",
            shown.not_before, shown.not_after
        ),
        format!("  serial       {}", shown.serial),
        format!("  fingerprint  {}", shown.fingerprint_sha256),
    ]
    .join("\n")
}
