//! `gossip kv watch`: keys as they stand, then every change, until Ctrl-C.

use super::Whose;
use crate::api::client::PathAndQuery;
use crate::api::types::WatchLine;
use crate::cli::exit::Failure;
use crate::cli::follow::follow;
use crate::cli::{Shared, out};

/// Show keys as they stand, then every change as it comes
///
/// Each version of a key is shown once. Ends with Ctrl-C, with the reader of its output, or
/// (code 4) with the agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the keys begin with; all of them without it
    #[arg(default_value = "")]
    prefix: String,

    #[command(flatten)]
    whose: Whose,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let path = PathAndQuery::new("/v1/watch").with("prefix", Some(&args.prefix));
    follow(shared, args.whose.ask(path).as_str(), people).await
}

fn people(line: &WatchLine) -> Option<String> {
    let row = |word: &str, row| {
        let [key, write, value] = super::columns(row);
        format!("{word:<7}{key} = {value}  ({write})")
    };
    match line {
        WatchLine::Row(stands) => Some(row("is", stands)),
        WatchLine::Current => None,
        WatchLine::Put(written) => Some(row("put", written)),
        WatchLine::Delete(gone) => Some(gone_line("delete", &gone.key, &gone.write)),
        WatchLine::Reset(gone) => Some(gone_line("reset", &gone.key, &gone.write)),
        WatchLine::Lagged { missed } => Some(format!("too slow: {missed} notifications missed")),
    }
}

fn gone_line(word: &str, key: &str, write: &str) -> String {
    format!("{word:<7}{}  ({})", out::visible(key), out::visible(write))
}
