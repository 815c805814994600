//! `gossip kv watch`: keys as they stand, then every change, until Ctrl-C.

use super::Whose;
use crate::api::client::PathAndQuery;
use crate::api::types::WatchLine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::{Shared, out, reach, reader};

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
    let client = reach::client(shared)?;
    let path = PathAndQuery::new("/v1/watch").with("prefix", Some(&args.prefix));
    let path = args.whose.ask(path);
    let opened = client.stream(path.as_str()).await;
    let mut lines = opened.map_err(|trouble| reach::failure(&client, trouble))?;
    let mut reader = reader::Reader::of_stdout();
    loop {
        // Without this a quiet watch would outlive `| head` until the next change.
        let Some(line) = reader.unless_gone(lines.next()).await else {
            return Err(Failure::closed_pipe());
        };
        let Some(line) = line.map_err(|trouble| reach::failure(&client, trouble))? else {
            let ended = format!("the agent at {} has stopped", client.place());
            return Err(Failure::new(Exit::Unreachable, ended));
        };
        if shared.json {
            // As the agent said it: a newer one may say more than we know.
            out::bytes(&[&line, b"\n".as_slice()].concat())?;
            continue;
        }
        // What a newer agent says beyond our words is left out for people.
        let known = serde_json::from_slice::<WatchLine>(&line).ok();
        if let Some(text) = known.as_ref().and_then(people) {
            out::line(&text)?;
        }
    }
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
