//! `gossip kv list`: every key that begins so.

use super::Whose;
use crate::api::client::PathAndQuery;
use crate::api::types::Rows;
use crate::cli::exit::Failure;
use crate::cli::table::table;
use crate::cli::{Shared, out, reach};

/// List keys in order, with the write that put each there
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the keys begin with; all of them without it
    #[arg(default_value = "")]
    prefix: String,

    #[command(flatten)]
    whose: Whose,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let mut all = Rows {
        rows: Vec::new(),
        next: None,
    };
    loop {
        let path = PathAndQuery::new("/v1/kv").with("prefix", Some(&args.prefix));
        let path = args.whose.ask(path).with("after", all.next.as_deref());
        let answer = client.fetch::<Rows>(path.as_str()).await;
        let page = answer.map_err(|trouble| reach::failure(&client, trouble))?;
        all.rows.extend(page.rows);
        all.next = page.next;
        if all.next.is_none() {
            break;
        }
    }
    if shared.json {
        return out::json(&all);
    }
    let rows: Vec<_> = all.rows.iter().map(super::columns).collect();
    out::line(&table(["KEY", "WRITE", "VALUE"], &rows))
}
