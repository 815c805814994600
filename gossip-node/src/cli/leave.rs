//! `gossip leave`: the agent says goodbye and ends.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::exit::Failure;
use super::{Shared, out, reach};
use crate::api::types::Left;

/// The longest linger a configuration allows, and what the API gives beyond it.
const PATIENCE: Duration = Duration::from_secs(60 + 10);

/// Make the agent leave its cluster and end
///
/// The others are told, so nobody takes it for a crash. It may come back: start the agent again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?.patient(PATIENCE);
    let answer = client
        .ask::<Left>(Method::POST, "/v1/leave", Bytes::new())
        .await;
    let left = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&left);
    }
    out::line(&format!("{} has left", out::visible(&left.left)))
}
