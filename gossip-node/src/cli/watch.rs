//! `gossip watch`: members as they stand, then everything that happens.

use super::exit::Failure;
use super::follow::follow;
use super::{Shared, kv, out};
use crate::api::event::{EventLine, MemberChange};
use crate::api::said::{EventView, SaidLine};

/// Show members as they stand, then what becomes of them, each with its reason
///
/// Members that join, are suspected, refute, die, leave; whether the agent is in quorum; writes
/// that lost. With --events instead: what members say (`gossip event`) and ask (`gossip query`)
/// from now on. Ends with Ctrl-C, with the reader of its output, or (code 4) with the agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show what members say to everybody, and the queries that ask the agent
    #[arg(long)]
    events: bool,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    if args.events {
        return follow(shared, "/v1/said", said).await;
    }
    follow(shared, "/v1/events", people).await
}

fn people(line: &EventLine) -> Option<String> {
    let member = |change: &MemberChange| format!("{}: {}", change.id, change.why);
    let text = match line {
        EventLine::Current => return None,
        EventLine::Member(stands) => format!("{}: {}", stands.id, stands.status),
        EventLine::Joined(change)
        | EventLine::Updated(change)
        | EventLine::Suspected(change)
        | EventLine::Refuted(change)
        | EventLine::Died(change)
        | EventLine::Removed(change)
        | EventLine::Left(change)
        | EventLine::Conflict(change)
        | EventLine::Forgotten(change) => member(change),
        EventLine::Quorum(change) => {
            let (before, after) = (&change.before, &change.after);
            format!("{before} → {after}: {}", change.judgement.why)
        }
        EventLine::Running { generation } => {
            format!("the agent takes part, generation {generation}")
        }
        EventLine::Twin { ours, theirs } => format!(
            "a second process runs under the agent's name: generation {theirs} beside {ours}"
        ),
        EventLine::WriteLost(lost) => kv::lost(lost),
        EventLine::CaughtUp {
            author,
            from,
            to,
            dropped,
        } => format!("{author}: fetched anew, from {from} to {to}, {dropped} keys are gone"),
        EventLine::OverLimit {
            author,
            keys,
            keys_max,
            bytes,
            bytes_max,
            ..
        } => format!(
            "{author} would have {keys} of {keys_max} keys and {bytes} of {bytes_max} bytes: refused"
        ),
        EventLine::Disk { why } => why.clone(),
        EventLine::Lagged { missed } => {
            format!("too slow: {missed} notifications missed; `gossip members` shows how it stands")
        }
    };
    Some(format!("{:<11}{}", line.word(), out::visible(&text)))
}

fn said(line: &SaidLine) -> Option<String> {
    let says = |event: &EventView| {
        let text = format!("{} {} {}", event.author, event.name, event.payload.text());
        format!("{text} ({})", event.id)
    };
    let (word, text) = match line {
        SaidLine::Current => return None,
        SaidLine::Said(event) => ("said", says(event)),
        SaidLine::Asked(event) => ("asked", says(event)),
        SaidLine::Missed { author, count, .. } => (
            "missed",
            format!("{count} events of {author} will not come any more"),
        ),
        SaidLine::Lagged { missed } => {
            ("lagged", format!("too slow: {missed} notifications missed"))
        }
    };
    Some(format!("{word:<11}{}", out::visible(&text)))
}
