//! `gossip event`: say something to everybody.

use std::io::{self, Read as _};

use bytes::Bytes;
use gossip_core::base::limit::EVENT_PAYLOAD_BYTES;
use hyper::Method;

use super::exit::{Exit, Failure};
use super::{Shared, out, reach};
use crate::api::client::PathAndQuery;
use crate::api::said::SaidView;

/// Say something to every member, once
///
/// When the command ends well, every member that takes part will be told exactly once, or told
/// that it missed it. If too many events are under way the agent refuses (code 6), and nothing has
/// happened: try again. `gossip watch --events` shows what is said.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is called: 1 to 256 bytes
    name: String,

    /// What it says, at most 8 KiB; `-` reads it from standard input
    #[arg(default_value = "", allow_hyphen_values = true)]
    payload: String,

    /// Only the newest event of this name matters: whoever missed the earlier ones need not hear them
    #[arg(long)]
    coalesce: bool,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let payload = payload(&args.payload, EVENT_PAYLOAD_BYTES)?;
    let client = reach::client(shared)?;
    let path = PathAndQuery::new("/v1/events")
        .with("name", Some(&args.name))
        .with("coalesce", args.coalesce.then_some("true"));
    let answer = client
        .ask::<SaidView>(Method::POST, path.as_str(), payload)
        .await;
    let said = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&said);
    }
    out::line(&format!("said as {}", out::visible(&said.id)))
}

/// What an argument says: itself, or for `-` standard input. One byte more
/// than there may be is enough to be refused.
pub(super) fn payload(argument: &str, max: usize) -> Result<Bytes, Failure> {
    if argument != "-" {
        return Ok(Bytes::from(argument.to_owned()));
    }
    let mut bytes = Vec::new();
    let mut stdin = io::stdin().lock().take(max as u64 + 1);
    stdin
        .read_to_end(&mut bytes)
        .map_err(|why| Failure::new(Exit::Error, format!("standard input: {why}")))?;
    Ok(Bytes::from(bytes))
}
