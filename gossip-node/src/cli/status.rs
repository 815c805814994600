//! `gossip status`: how the agent is.

use super::exit::Failure;
use super::{Shared, out, reach};
use crate::api::types::StatusView;

/// Show how the agent is, and what it counted
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Every counter, not only those above zero
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let answer = client.fetch::<StatusView>("/v1/status").await;
    let status = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    if shared.json {
        return out::json(&status);
    }
    out::line(&people(&status, args.all))
}

/// What is told, and how much of what came was known already.
fn rumors(status: &StatusView) -> String {
    let counted = |name: &str| {
        let protocol = status.counters.get("protocol");
        protocol.and_then(|it| it.get(name)).copied().unwrap_or(0)
    };
    let (useful, in_vain) = (counted("copies_useful"), counted("copies_in_vain"));
    let hot = format!("{} hot", status.hot_rumors);
    if useful == 0 {
        return hot;
    }
    let copies = (useful + in_vain) as f64 / useful as f64;
    format!("{hot}, {copies:.1} copies received for each that was news")
}

/// What this node has written, of what it may.
fn own(status: &StatusView) -> String {
    let share = &status.share;
    let own = format!(
        "{} of {} keys, {} of {} bytes (tombstones and shared keys included)",
        share.keys, share.keys_max, share.bytes, share.bytes_max
    );
    match status.authors_over {
        0 => own,
        over => format!("{own}; {over} members write more than is agreed, which is refused"),
    }
}

fn people(status: &StatusView, all: bool) -> String {
    let members = &status.members;
    let mut rows = vec![
        ("node", status.id.clone()),
        ("cluster", status.cluster.clone()),
        ("phase", status.phase.clone()),
        (
            "footing",
            format!(
                "generation {}, incarnation {}",
                status.generation, status.incarnation
            ),
        ),
        ("listens", format!("{} (UDP)", status.listen)),
        (
            "members",
            format!(
                "{} alive, {} suspect, {} dead, {} left",
                members.alive, members.suspect, members.dead, members.left
            ),
        ),
        (
            "quorum",
            format!("{} (`gossip quorum` says why)", status.quorum),
        ),
        (
            "awareness",
            match status.awareness {
                0 => "0: well".to_owned(),
                score => format!("{score}: slow to judge others, as its own answers are late"),
            },
        ),
        ("links", status.links.to_string()),
        ("keys", status.keys.to_string()),
        ("own", own(status)),
        ("rumors", rumors(status)),
        (
            "process",
            format!("{}, gossip {}", status.pid, status.version),
        ),
    ];
    rows.iter_mut()
        .for_each(|(_, text)| *text = out::visible(text));
    let mut lines: Vec<_> = rows
        .iter()
        .map(|(name, text)| format!("{name:<11}{text}"))
        .collect();
    for (layer, counters) in &status.counters {
        let shown: Vec<_> = counters.iter().filter(|(_, n)| all || **n > 0).collect();
        if shown.is_empty() {
            continue;
        }
        lines.push(format!("\n{layer}"));
        let widest = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, count) in shown {
            lines.push(format!("  {name:<widest$}  {count}"));
        }
    }
    lines.join("\n")
}
