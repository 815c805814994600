//! `gossip kv get`: read a key.

use bytes::Bytes;
use hyper::Method;

use super::Whose;
use crate::api::client::PathAndQuery;
use crate::api::types::RowView;
use crate::cli::exit::Failure;
use crate::cli::{Shared, out, reach};

/// Read a key
///
/// A value that is not text is shown in base64, after `base64:`; --raw writes its bytes.
/// A key that is not there ends with code 8.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The key
    key: String,

    /// Write the value's bytes and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,

    #[command(flatten)]
    whose: Whose,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let path = args.whose.ask(PathAndQuery::key(&args.key));
    if args.raw {
        let path = path.with("raw", Some("true"));
        let answer = client
            .ask_raw(Method::GET, path.as_str(), Bytes::new())
            .await;
        return out::bytes(&answer.map_err(|trouble| reach::failure(&client, trouble))?);
    }
    let answer = client.fetch::<RowView>(path.as_str()).await;
    let row = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&row);
    }
    match (&row.value.value, out::is_terminal()) {
        // Between programs a text is a text.
        (Some(text), false) => out::line(text),
        (Some(text), true) => {
            let lines = text.split('\n').map(out::visible);
            out::line(&lines.collect::<Vec<_>>().join("\n"))
        }
        (None, _) => out::line(&super::on_a_line(&row.value)),
    }
}
