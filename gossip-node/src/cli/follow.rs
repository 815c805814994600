//! Following: a stream of the local API, line by line, until somebody goes.

use serde::de::DeserializeOwned;

use super::exit::{Exit, Failure};
use super::{Shared, out, reach, reader};
use crate::api::client::{Client, Lines, Trouble};

/// Prints what an endpoint goes on to say: to programs as the agent said it,
/// to people in the words that `people` has for it.
///
/// # Errors
/// Always, since it does not end of its own: the agent cannot be reached or has
/// stopped, or nobody reads any more.
pub(crate) async fn follow<L: DeserializeOwned>(
    shared: &Shared,
    path: &str,
    people: impl Fn(&L) -> Option<String>,
) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let opened = client.stream(path).await;
    read(shared, &client, opened, people, |_| None).await
}

/// Prints the lines of a stream likewise, until one of them ends it: `end` says
/// how.
///
/// # Errors
/// As the stream ends; or the agent cannot be reached or has stopped, or nobody
/// reads any more.
pub(crate) async fn read<L: DeserializeOwned>(
    shared: &Shared,
    client: &Client,
    opened: Result<Lines, Trouble>,
    people: impl Fn(&L) -> Option<String>,
    end: impl Fn(&L) -> Option<Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut lines = opened.map_err(|trouble| reach::failure(client, trouble))?;
    let mut reader = reader::Reader::of_stdout();
    loop {
        // Without this a quiet watch would outlive `| head` until the next change.
        let Some(line) = reader.unless_gone(lines.next()).await else {
            return Err(Failure::closed_pipe());
        };
        let Some(line) = line.map_err(|trouble| reach::failure(client, trouble))? else {
            let ended = format!("the agent at {} has stopped", client.place());
            return Err(Failure::new(Exit::Unreachable, ended));
        };
        if shared.json {
            // As the agent said it: a newer one may say more than we know.
            out::bytes(&[&line, b"\n".as_slice()].concat())?;
        }
        // What a newer agent says beyond our words is left out for people.
        let Ok(line) = serde_json::from_slice::<L>(&line) else {
            continue;
        };
        if !shared.json
            && let Some(text) = people(&line)
        {
            out::line(&text)?;
        }
        if let Some(ended) = end(&line) {
            return ended;
        }
    }
}
