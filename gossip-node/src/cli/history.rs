//! `gossip history`: how the last sessions went, and how old news was.

use std::time::Duration;

use super::exit::Failure;
use super::members::human;
use super::table::table;
use super::{Shared, kv, out, reach};
use crate::api::history::{HistoryDocument, NewsDocument, SessionDocument};

/// The longest bar of the histogram, in characters.
const BAR: u64 = 40;

/// Show how the last sessions went, and how old news was when it came
///
/// A session is two members comparing all they hold. The age of news is this machine's clock less
/// the stamp of the write, so the difference of two clocks is in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show so many sessions, the newest ones
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
}

pub(crate) async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let client = reach::client(shared)?;
    let answer = client.fetch::<HistoryDocument>("/v1/history").await;
    let mut history = answer.map_err(|trouble| reach::failure(&client, trouble))?;
    history.sessions.truncate(args.last);
    if shared.json {
        return out::json(&history);
    }
    let rows: Vec<_> = history.sessions.iter().map(row).collect();
    let sessions = table(
        [
            "PEER",
            "OPENED BY",
            "BEGAN",
            "LASTED",
            "SENT",
            "RECEIVED",
            "DIFFERED",
            "END",
        ],
        &rows,
    );
    out::line(&format!("{sessions}\n\n{}", bars(&history.news)))
}

fn row(session: &SessionDocument) -> [String; 8] {
    [
        out::visible(&session.peer),
        if session.ours { "us" } else { "them" }.to_owned(),
        kv::moment(session.began_ms, 0),
        human(Duration::from_millis(session.lasted_ms)),
        format!("{} B", session.sent_bytes),
        format!("{} B", session.received_bytes),
        session.differed.to_string(),
        out::visible(&session.end),
    ]
}

/// The histogram, from the first bucket that holds something to the last.
fn bars(news: &NewsDocument) -> String {
    let mut lines = vec![format!("{} writes of others, when they came:", news.total)];
    let held = |(_, count): &(String, u64)| *count > 0;
    let mut all = vec![("ahead of our clock".to_owned(), news.ahead)];
    all.extend(news.buckets.iter().map(|bucket| {
        let bound = human(Duration::from_millis(bucket.younger_than_ms));
        (format!("younger than {bound}"), bucket.count)
    }));
    all.push(("older".to_owned(), news.older));
    let first = all.iter().position(|row| held(row)).unwrap_or(0);
    let last = all
        .iter()
        .rposition(|row| held(row))
        .map_or(0, |last| last + 1);
    let most = all
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    for (name, count) in all.get(first..last).unwrap_or_default() {
        let bar = usize::try_from((count * BAR).div_ceil(most)).unwrap_or(0);
        let line = format!("  {name:<22}{count:>8}  {}", "█".repeat(bar));
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}
