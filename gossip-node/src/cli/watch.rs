//! `gossip watch`: members as they stand, then everything that happens.

use super::exit::{Exit, Failure};
use super::{Shared, out, reach, reader};
use crate::api::event::{EventLine, MemberChange};

/// Show members as they stand, then what becomes of them, each with its reason
///
/// Members that join, are suspected, refute, die, leave; whether the agent is in quorum; writes
/// that lost. Ends with Ctrl-C, with the reader of its output, or (code 4) with the agent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let opened = client.stream("/v1/events").await;
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
        let known = serde_json::from_slice::<EventLine>(&line).ok();
        if let Some(text) = known.as_ref().and_then(people) {
            out::line(&text)?;
        }
    }
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
        EventLine::WriteLost { key, won, lost } => format!("{key}: {lost} lost against {won}"),
        EventLine::Disk { why } => why.clone(),
        EventLine::Lagged { missed } => {
            format!("too slow: {missed} notifications missed; `gossip members` shows how it stands")
        }
    };
    Some(format!("{:<11}{}", line.word(), out::visible(&text)))
}
