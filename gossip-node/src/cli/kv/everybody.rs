//! `gossip kv everybody`: one own key, every member's value.

use crate::api::client::PathAndQuery;
use crate::api::keys::Everybody;
use crate::cli::exit::Failure;
use crate::cli::table::table;
use crate::cli::{Shared, out, reach};

/// Read an own key of every member that has it
///
/// Of those, too, who are suspect, dead or have left: their last word, until they are forgotten.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key
    key: String,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let path = PathAndQuery::everybody(&args.key);
    let answer = client.fetch::<Everybody>(path.as_str()).await;
    let everybody = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&everybody);
    }
    let rows = everybody.members.iter().map(|said| {
        let status = said.status.as_deref().unwrap_or("unknown");
        [
            out::visible(&said.member),
            out::visible(status),
            super::moment(said.row.stamp_ms, 0),
            super::on_a_line(&said.row.value),
        ]
    });
    let rows: Vec<_> = rows.collect();
    out::line(&table(["MEMBER", "STATUS", "WRITTEN", "VALUE"], &rows))
}
