//! `gossip quorum`: whether enough voters are here, and who is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::exit::{Exit, Failure};
use super::members::human;
use super::table::table;
use super::{Shared, out, reach};
use crate::api::quorum::{ElectorateDocument, ListedDocument, QuorumDocument};

/// Show whether the agent is in quorum, why, and who is counted
///
/// It is the agent's own count of who it sees, by the list in its configuration: evidence, not a
/// lease. Two sides of a cut can both believe to be in quorum until the timeout is over.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// End with 9 if it is not in quorum; one that is suspect still is
    #[arg(long)]
    check: bool,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Elect(ElectArgs),
}

/// Count by this list from now on, after a restart too
///
/// The whole list is replaced, at this agent alone. It stands until another is given, or the agent
/// starts with another list in its configuration.
#[derive(Debug, clap::Args)]
struct ElectArgs {
    /// A member that votes; may be repeated
    #[arg(long, value_name = "ID", required_unless_present = "everybody")]
    member: Vec<String>,

    /// A member that belongs and does not vote; may be repeated
    #[arg(long, value_name = "ID")]
    watcher: Vec<String>,

    /// With whom a listed member fails, if not with its zone; may be repeated
    #[arg(long, value_name = "ID=DOMAIN")]
    domain: Vec<String>,

    /// A failure domain out of use; may be repeated
    #[arg(long, value_name = "DOMAIN")]
    inactive: Vec<String>,

    /// No list: everybody the agent knows votes
    #[arg(long, conflicts_with_all = ["member", "watcher", "domain"])]
    everybody: bool,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let answer = match &args.action {
        None => client.fetch::<QuorumDocument>("/v1/quorum").await,
        Some(Action::Elect(elect)) => {
            let body = serde_json::to_vec(&elect.document()?);
            let body = body.map_err(|why| Failure::new(Exit::Error, why.to_string()))?;
            let path = "/v1/quorum/electorate";
            client.ask(Method::PUT, path, Bytes::from(body)).await
        }
    };
    let quorum = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        out::json(&quorum)?;
    } else {
        out::line(&people(&quorum))?;
    }
    let fine = matches!(quorum.standing.as_str(), "in" | "suspect");
    if args.check && !fine {
        return Err(Failure::silent(Exit::NoQuorum));
    }
    Ok(())
}

impl ElectArgs {
    fn document(&self) -> Result<ElectorateDocument, Failure> {
        let mut domains = BTreeMap::new();
        for text in &self.domain {
            let Some((id, domain)) = text.split_once('=') else {
                let wrong = format!("--domain {text:?} is not ID=DOMAIN, such as eu/n1=rack7");
                return Err(Failure::new(Exit::Usage, wrong));
            };
            domains.insert(id.to_owned(), domain.to_owned());
        }
        let listed = |ids: &[String], votes| {
            let ids = ids.iter().cloned();
            ids.map(move |id| (id, votes)).collect::<Vec<_>>()
        };
        let mut members = Vec::new();
        for (id, votes) in [listed(&self.member, true), listed(&self.watcher, false)].concat() {
            let domain = domains.remove(&id);
            members.push(ListedDocument { id, votes, domain });
        }
        if let Some((id, _)) = domains.pop_first() {
            let wrong = format!("--domain {id}=…: {id} is neither a member nor a watcher");
            return Err(Failure::new(Exit::Usage, wrong));
        }
        Ok(ElectorateDocument {
            members: (!self.everybody).then_some(members),
            inactive: self.inactive.clone(),
        })
    }
}

fn people(quorum: &QuorumDocument) -> String {
    let standing = match (quorum.standing.as_str(), quorum.left_ms) {
        ("in", _) => "in quorum".to_owned(),
        ("suspect", Some(left)) => {
            let left = human(Duration::from_millis(left));
            format!("suspect: out of quorum in {left}")
        }
        ("out", _) => "out of quorum".to_owned(),
        (other, _) => out::visible(other),
    };
    let list = if quorum.listed {
        "the operator's list"
    } else {
        "everybody known votes"
    };
    let rows: Vec<_> = quorum
        .members
        .iter()
        .map(|seat| {
            let domain = if seat.domain.is_empty() {
                "-"
            } else {
                &seat.domain
            };
            let status = match (seat.fate.as_deref(), seat.fate_left_ms) {
                (Some(fate), Some(left)) => {
                    let left = human(Duration::from_millis(left));
                    format!("{}: {fate}, for {left}", seat.status)
                }
                (Some(fate), None) => format!("{}: {fate}", seat.status),
                (None, _) => seat.status.clone(),
            };
            [&*seat.id, &seat.part, &status, domain].map(out::visible)
        })
        .collect();
    format!(
        "{standing}: {}\nprovider {}, {list}\n\n{}",
        out::visible(&quorum.judgement.why),
        out::visible(&quorum.provider),
        table(["MEMBER", "PART", "STATUS", "DOMAIN"], &rows)
    )
}
