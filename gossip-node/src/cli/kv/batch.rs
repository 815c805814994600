//! `gossip kv batch`: many writes, all or none.

use std::path::PathBuf;

use bytes::Bytes;
use hyper::Method;

use crate::api::client::PathAndQuery;
use crate::api::keys::{Batch, BatchWritten, Wish};
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out, reach};

/// Write and delete many keys: all of it, or none
///
/// At most 64 writes, no key twice. Whoever reads at this agent sees all of them or none.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true)))]
pub(crate) struct Args {
    /// Write a key; may be given many times
    #[arg(long, value_name = "KEY=VALUE", group = "what")]
    put: Vec<String>,

    /// Delete a key; may be given many times
    #[arg(long, value_name = "KEY", group = "what")]
    delete: Vec<String>,

    /// Take the writes from a file, as the body of `POST /v1/batch`; `-` is standard input
    #[arg(long, short, value_name = "FILE", group = "what", conflicts_with_all = ["put", "delete"])]
    file: Option<PathBuf>,

    /// Keys of the agent's own
    #[arg(long, conflicts_with = "file")]
    own: bool,

    /// Do not wait for the disk: a crash within about a second may lose it
    #[arg(long)]
    at_once: bool,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let body = match &args.file {
        Some(path) => super::put::from_file(path)?,
        None => body(args)?,
    };
    let client = reach::client(shared)?;
    let path = PathAndQuery::new("/v1/batch").with("at_once", args.at_once.then_some("true"));
    let answer = client
        .ask::<BatchWritten>(Method::POST, path.as_str(), body)
        .await;
    let written = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&written);
    }
    out::line(&match (&written.first, &written.last) {
        (Some(first), Some(last)) if first != last => format!(
            "{} writes, {} to {}",
            written.writes,
            out::visible(first),
            out::visible(last)
        ),
        (Some(first), _) => format!("written as {}", out::visible(first)),
        (None, _) => "nothing to do: none of them was there".to_owned(),
    })
}

fn body(args: &Args) -> Result<Bytes, Failure> {
    let put = |text: &String| match text.split_once('=') {
        Some((key, value)) => Ok(Wish {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            own: args.own,
            ..Wish::default()
        }),
        None => Err(Failure::new(
            Exit::Usage,
            format!("--put {text:?} is not KEY=VALUE"),
        )),
    };
    let delete = |key: &String| {
        Ok(Wish {
            key: key.clone(),
            own: args.own,
            ..Wish::default()
        })
    };
    let wishes = args
        .put
        .iter()
        .map(put)
        .chain(args.delete.iter().map(delete));
    let batch = Batch {
        writes: wishes.collect::<Result<_, _>>()?,
    };
    let body = serde_json::to_vec(&batch);
    body.map(Bytes::from)
        .map_err(|why| Failure::new(Exit::Error, why.to_string()))
}
