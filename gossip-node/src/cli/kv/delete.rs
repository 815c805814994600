//! `gossip kv delete`: delete a key.

use bytes::Bytes;
use hyper::Method;

use super::OnlyIf;
use crate::api::client::PathAndQuery;
use crate::api::types::Written;
use crate::cli::exit::Failure;
use crate::cli::{Shared, out, reach};

/// Delete a key, whether it is there or not
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key
    key: String,

    /// A key of the agent's own
    #[arg(long)]
    own: bool,

    #[command(flatten)]
    only_if: OnlyIf,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let path = PathAndQuery::key(&args.key).with("scope", args.own.then_some("own"));
    let path = args.only_if.ask(path);
    let answer = client
        .ask::<Written>(Method::DELETE, path.as_str(), Bytes::new())
        .await;
    let written = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&written);
    }
    out::line(&match &written.write {
        Some(write) => format!("deleted as {}", out::visible(write)),
        None => "it was not there".to_owned(),
    })
}
