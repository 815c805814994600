//! `gossip query`: ask members something, and show their answers.

use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::limit::EVENT_PAYLOAD_BYTES;
use hyper::Method;

use super::event::payload;
use super::exit::{Exit, Failure};
use super::{Shared, follow, out, reach};
use crate::api::said::AnswerLine;
use crate::api::say::QueryDocument;

/// Ask members something, and show their answers as they come
///
/// Agents answer `ping` (with what was asked) and `version` by themselves; anything else is for
/// programs that listen to an agent's API or use the library. Ends with 0 if everybody who was
/// asked has answered in time, with 10 if not, with 8 if nobody is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is called: 1 to 256 bytes
    name: String,

    /// What it says, at most 8 KiB of text; `-` reads it from standard input
    #[arg(default_value = "", allow_hyphen_values = true)]
    payload: String,

    /// Ask this member; may be given several times
    #[arg(long = "member", value_name = "ID")]
    members: Vec<String>,

    /// Ask members in this zone or below, such as eu or eu/1; may be given several times
    #[arg(long = "zone", value_name = "ZONE")]
    zones: Vec<String>,

    /// Ask members whose own key `tag/NAME` holds this; with several, all of them
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,

    /// How long to listen, at most 1h
    #[arg(long, value_name = "SPAN", default_value = "5s", value_parser = humantime::parse_duration)]
    deadline: Duration,

    /// Let each answer come through so many others as well, at most 8
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    relays: u32,
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("a tag is NAME=VALUE, such as role=db".to_owned()),
    }
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let text = payload(&args.payload, EVENT_PAYLOAD_BYTES)?;
    let text = String::from_utf8(text.to_vec())
        .map_err(|_| Failure::new(Exit::Usage, "what a query says has to be text"))?;
    let deadline_ms = u64::try_from(args.deadline.as_millis()).unwrap_or(u64::MAX);
    let document = QueryDocument {
        name: args.name.clone(),
        payload: text,
        members: args.members.clone(),
        zones: args.zones.clone(),
        tags: args.tags.iter().cloned().collect(),
        deadline_ms: Some(deadline_ms),
        relays: args.relays,
    };
    let body = serde_json::to_vec(&document)
        .map_err(|why| Failure::new(Exit::Error, format!("the query is not JSON: {why}")))?;
    let client = reach::client(shared)?;
    let opened = client.stream_of(Method::POST, "/v1/query", Bytes::from(body));
    follow::read(shared, &client, opened.await, people, end).await
}

/// Whether a line is the last, and what became of the query then.
fn end(line: &AnswerLine) -> Option<Result<(), Failure>> {
    let AnswerLine::Ended {
        asked, answered, ..
    } = line
    else {
        return None;
    };
    Some(match (asked, answered) {
        (0, _) => Err(Failure::new(
            Exit::Absent,
            "nobody is asked: no member fits",
        )),
        (asked, answered) if answered < asked => {
            let line = format!("{} of {asked} have not answered in time", asked - answered);
            Err(Failure::new(Exit::Unanswered, line))
        }
        _ => Ok(()),
    })
}

fn people(line: &AnswerLine) -> Option<String> {
    let text = match line {
        AnswerLine::Asks { .. } | AnswerLine::Ack { .. } => return None,
        AnswerLine::Response {
            from,
            payload,
            relay,
        } => {
            let relay = relay.as_ref().map(|relay| format!("  (through {relay})"));
            format!("{from}: {}{}", payload.text(), relay.unwrap_or_default())
        }
        AnswerLine::Ended {
            asked,
            acked,
            answered,
            late,
        } => {
            format!("{asked} asked, {acked} heard it, {answered} answered, {late} too late")
        }
        AnswerLine::Lagged { missed } => format!("too slow: {missed} notifications missed"),
    };
    Some(out::visible(&text))
}
