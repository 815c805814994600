//! `gossip members`: who is here, and an operator's word on who is not.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::exit::Failure;
use super::table::table;
use super::{Shared, out, reach};
use crate::api::client::PathAndQuery;
use crate::api::types::{Member, Members, Ordered};

/// List the members of the cluster, as the agent sees them
///
/// With how long each has stood so, and who accuses it.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// Only members of this status
    #[arg(long, value_name = "STATUS", value_parser = ["alive", "suspect", "dead", "left"])]
    status: Option<String>,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Remove(RemoveArgs),
    Forget(ForgetArgs),
}

/// Declare a member dead, at once and everywhere
///
/// For one of which you know that it is gone: the others need not find out. If it is alive after
/// all it refutes, and is back. It stays on the list, as dead, and may return.
#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// The member
    #[arg(value_name = "ID")]
    id: String,
}

/// Forget a member that is dead or has left, everywhere
///
/// Its row, its address and its own keys go; what it wrote to shared keys stays. It is taken in
/// again if it comes back as a new run. One that takes part is refused: stop or remove it first.
#[derive(Debug, clap::Args)]
struct ForgetArgs {
    /// The member
    #[arg(value_name = "ID")]
    id: String,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    if let Some(action) = &args.action {
        return order(action, shared).await;
    }
    let client = reach::client(shared)?;
    let answer = client.fetch::<Members>("/v1/members").await;
    let mut members = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if let Some(status) = &args.status {
        members.members.retain(|member| member.status == *status);
    }
    if shared.json {
        return out::json(&members);
    }
    out::line(&people(&members.members))
}

async fn order(action: &Action, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let (verb, id, done) = match action {
        Action::Remove(args) => ("remove", &args.id, "is removed"),
        Action::Forget(args) => ("forget", &args.id, "is forgotten"),
    };
    let path = PathAndQuery::new(&format!("/v1/members/{verb}")).with("member", Some(id));
    let answer = client.ask::<Ordered>(Method::POST, path.as_str(), Bytes::new());
    let ordered = answer.await;
    let ordered = ordered.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&ordered);
    }
    out::line(&format!("{} {done}", out::visible(id)))
}

/// The table for people.
pub(crate) fn people(members: &[Member]) -> String {
    let rows: Vec<_> = members.iter().map(row).collect();
    table(
        [
            "MEMBER",
            "STATUS",
            "SINCE",
            "GENERATION",
            "INCARNATION",
            "ADDRESS",
            "RTT",
            "ACCUSED BY",
        ],
        &rows,
    )
}

fn row(member: &Member) -> [String; 8] {
    let rtt = match (member.is_self, member.rtt_us) {
        (true, _) => "self".to_owned(),
        (false, Some(us)) => human(Duration::from_micros(us)),
        (false, None) => "-".to_owned(),
    };
    [
        out::visible(&member.id),
        out::visible(&member.status),
        age(Duration::from_millis(member.since_ms)),
        member.generation.to_string(),
        member.incarnation.to_string(),
        member
            .addrs
            .first()
            .map_or_else(|| "-".to_owned(), |addr| out::visible(addr)),
        rtt,
        accusers(&member.accused_by),
    ]
}

/// The first accuser, and how many more there are.
fn accusers(accused_by: &[String]) -> String {
    match accused_by {
        [] => String::new(),
        [one] => out::visible(one),
        [one, more @ ..] => format!("{} and {} more", out::visible(one), more.len()),
    }
}

/// How long ago: one unit says enough.
fn age(span: Duration) -> String {
    match span.as_secs() {
        s if s < 60 => format!("{s} s"),
        s if s < 3_600 => format!("{} min", s / 60),
        s if s < 86_400 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// A span as people read it: three digits say enough.
pub(crate) fn human(span: Duration) -> String {
    let us = span.as_secs_f64() * 1e6;
    match us {
        us if us < 1_000.0 => format!("{us:.0} µs"),
        us if us < 10_000.0 => format!("{:.1} ms", us / 1e3),
        us if us < 1_000_000.0 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.1} s", us / 1e6),
    }
}
