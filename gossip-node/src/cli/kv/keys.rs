//! `gossip kv keys`: the own keys that any member has.

use crate::api::client::PathAndQuery;
use crate::api::keys::OwnKeys;
use crate::cli::exit::Failure;
use crate::cli::table::table;
use crate::cli::{Shared, out, reach};

/// List the own keys that any member has, and how many have each
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the keys begin with; all of them without it
    #[arg(default_value = "")]
    prefix: String,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let path = PathAndQuery::new("/v1/keys").with("prefix", Some(&args.prefix));
    let answer = client.fetch::<OwnKeys>(path.as_str()).await;
    let keys = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&keys);
    }
    let rows = keys.keys.iter();
    let rows = rows.map(|own| [out::visible(&own.key), own.members.to_string()]);
    let rows: Vec<_> = rows.collect();
    out::line(&table(["KEY", "MEMBERS"], &rows))
}
