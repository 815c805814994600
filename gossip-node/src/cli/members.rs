//! `gossip members`: who is here.

use std::time::Duration;

use super::exit::Failure;
use super::table::table;
use super::{Shared, out, reach};
use crate::api::types::{Member, Members};

/// List the members of the cluster, as the agent sees them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only members of this status
    #[arg(long, value_name = "STATUS", value_parser = ["alive", "suspect", "dead", "left"])]
    status: Option<String>,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
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

/// The table for people.
pub(crate) fn people(members: &[Member]) -> String {
    let rows: Vec<_> = members.iter().map(row).collect();
    table(
        [
            "MEMBER",
            "STATUS",
            "GENERATION",
            "INCARNATION",
            "ADDRESS",
            "RTT",
        ],
        &rows,
    )
}

fn row(member: &Member) -> [String; 6] {
    let rtt = match (member.is_self, member.rtt_us) {
        (true, _) => "self".to_owned(),
        (false, Some(us)) => human(Duration::from_micros(us)),
        (false, None) => "-".to_owned(),
    };
    [
        out::visible(&member.id),
        out::visible(&member.status),
        member.generation.to_string(),
        member.incarnation.to_string(),
        member
            .addrs
            .first()
            .map_or_else(|| "-".to_owned(), |addr| out::visible(addr)),
        rtt,
    ]
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
