//! `gossip kv watch`: keys as they stand, then every change, until Ctrl-C.

use super::Whose;
use crate::api::client::PathAndQuery;
use crate::api::watch::{Gone, WatchLine};
use crate::cli::exit::Failure;
use crate::cli::follow::follow;
use crate::cli::{Shared, out};

/// Show keys as they stand, then every change as it comes
///
/// Each version of a key is shown once. What is shown first ends with a cursor, and with --json each
/// change has one: --from it shows what came after. Ends with Ctrl-C, with the reader of its output,
/// or (code 4) with the agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the keys begin with; all of them without it
    #[arg(default_value = "")]
    prefix: String,

    /// The one key that is called so, rather than all that begin so
    #[arg(long, requires = "prefix")]
    exact: bool,

    #[command(flatten)]
    whose: Whose,

    /// Every member's own keys rather than the shared ones
    #[arg(long, conflicts_with_all = ["own", "member"])]
    everybody: bool,

    /// Only what came after this, and then what comes
    ///
    /// Where the agent no longer knows that (it was restarted, or too much has happened), it says
    /// `anew`, and shows the keys as they stand.
    #[arg(long, value_name = "CURSOR")]
    from: Option<String>,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let name = if args.exact { "key" } else { "prefix" };
    let path = PathAndQuery::new("/v1/watch").with(name, Some(&args.prefix));
    let path = args.whose.ask(path);
    let path = path
        .with("everybody", args.everybody.then_some("true"))
        .with("from", args.from.as_deref());
    follow(shared, path.as_str(), people).await
}

fn people(line: &WatchLine) -> Option<String> {
    let row = |word: &str, row| {
        let [key, write, value] = super::columns(row);
        format!("{word:<9}{key} = {value}  ({write})")
    };
    let text = match line {
        WatchLine::Anew => "anew     what came after the cursor is no longer known; it is".into(),
        WatchLine::Row(stands) => row("is", stands),
        WatchLine::Current { cursor } => {
            format!("current  resume with --from {}", out::visible(cursor))
        }
        WatchLine::Put(written) => row("put", &written.row),
        WatchLine::Delete(gone) => gone_line("delete", gone),
        WatchLine::Expire(gone) => gone_line("expire", gone),
        WatchLine::Reset(gone) => gone_line("reset", gone),
        WatchLine::Conflict(conflict) => {
            format!("conflict {}", out::visible(&super::lost(&conflict.lost)))
        }
        WatchLine::Lagged { missed } => {
            format!("lagged   too slow: {missed} changes missed, from here to the next line")
        }
    };
    Some(text)
}

fn gone_line(word: &str, gone: &Gone) -> String {
    let (key, write) = (out::visible(&gone.key), out::visible(&gone.write));
    format!("{word:<9}{key}  ({write})")
}
