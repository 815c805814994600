//! `gossip kv put`: write a key.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::limit::VALUE_BYTES;
use hyper::Method;

use super::OnlyIf;
use crate::api::client::PathAndQuery;
use crate::api::types::Written;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out, reach};

/// Write a key
///
/// When the command ends well, the value is on the agent's disk (unless it was put --at-once) and on
/// its way to every member.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
#[command(override_usage = "gossip kv put [OPTIONS] <KEY> <VALUE|-|--file FILE>")]
pub(crate) struct Args {
    /// The key: 1 to 256 bytes
    key: String,

    /// The value, at most 1 MiB; `-` reads it from standard input
    #[arg(group = "what", allow_hyphen_values = true)]
    value: Option<String>,

    /// Read the value from a file
    #[arg(long, short, value_name = "FILE", group = "what")]
    file: Option<PathBuf>,

    /// A key of the agent's own, which no other member can write
    #[arg(long)]
    own: bool,

    /// Only if the key is not there
    #[arg(long, conflicts_with = "if_write")]
    if_absent: bool,

    /// For how long the value holds, such as 30s; then it is gone, everywhere
    ///
    /// By the agent's clock. To keep it, put it again before that.
    #[arg(long, value_name = "SPAN", value_parser = ttl)]
    ttl: Option<Duration>,

    /// Do not wait for the disk: a crash within about a second may lose it
    #[arg(long)]
    at_once: bool,

    #[command(flatten)]
    only_if: OnlyIf,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let value = value(args)?;
    let client = reach::client(shared)?;
    let ttl_ms = args.ttl.map(|ttl| ttl.as_millis().to_string());
    let path = PathAndQuery::key(&args.key)
        .with("scope", args.own.then_some("own"))
        .with("if_absent", args.if_absent.then_some("true"))
        .with("ttl_ms", ttl_ms.as_deref())
        .with("at_once", args.at_once.then_some("true"));
    let path = args.only_if.ask(path);
    let answer = client
        .ask::<Written>(Method::PUT, path.as_str(), value)
        .await;
    let written = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&written);
    }
    let write = written.write.unwrap_or_default();
    out::line(&format!("written as {}", out::visible(&write)))
}

fn value(args: &Args) -> Result<Bytes, Failure> {
    match (&args.file, args.value.as_deref()) {
        (Some(path), _) => from_disk(path),
        (None, Some("-")) => from_stdin(),
        (None, text) => Ok(Bytes::from(text.unwrap_or_default().to_owned())),
    }
}

/// What a file holds; of `-`, what standard input does.
pub(super) fn from_file(path: &Path) -> Result<Bytes, Failure> {
    match path == Path::new("-") {
        true => from_stdin(),
        false => from_disk(path),
    }
}

fn from_disk(path: &Path) -> Result<Bytes, Failure> {
    let told = |why: io::Error| format!("{}: {why}", path.display());
    File::open(path)
        .and_then(read)
        .map_err(|why| Failure::new(Exit::Error, told(why)))
}

fn from_stdin() -> Result<Bytes, Failure> {
    read(io::stdin().lock())
        .map_err(|why| Failure::new(Exit::Error, format!("standard input: {why}")))
}

/// One byte more than a value may have is enough to be refused.
fn read(from: impl Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    from.take(VALUE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

/// A span of at least a millisecond.
fn ttl(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if span >= Duration::from_millis(1) => Ok(span),
        Ok(_) => Err("allowed: 1ms and more".to_owned()),
        Err(why) => Err(format!("{why}; allowed: a span such as 500ms, 30s or 2h")),
    }
}
