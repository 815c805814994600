//! Live: the cluster stays up, and a table shows it, until Ctrl-C.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use super::Event;
use super::child::Child;
use super::playground::Playground;
use crate::api::types::{Member, StatusView};
use crate::cli::exit::Failure;
use crate::cli::out;
use crate::cli::table::table;

/// How often the table is drawn (guess: alive to the eye, idle to the machine).
const FRAME: Duration = Duration::from_millis(500);

/// Shows the cluster until somebody has seen enough, then lets all leave.
pub(crate) async fn stay(
    stage: Playground,
    happens: &mut Receiver<Event>,
    json: bool,
) -> Result<(), Failure> {
    let shown = show(&stage, happens, json).await;
    if shown.is_ok() && !json {
        out::line("\nevery agent leaves …")?;
    }
    let closed = stage.close().await;
    shown.and(closed)?;
    if json {
        Ok(())
    } else {
        out::line("all have left, nothing remains")
    }
}

async fn show(
    stage: &Playground,
    happens: &mut Receiver<Event>,
    json: bool,
) -> Result<(), Failure> {
    if json {
        out::json_line(&serde_json::json!({ "event": "up", "sockets": sockets(stage) }))?;
    } else {
        out::line(&invitation(stage))?;
    }
    if json || !out::is_terminal() {
        happens.recv().await;
        return Ok(());
    }
    let mut lines_before = 0_usize;
    loop {
        let frame = frame(stage).await;
        let lines = frame.lines().count();
        // Up to the table's first line, and everything below it away.
        let back = if lines_before > 0 {
            format!("\u{1b}[{lines_before}A\u{1b}[J")
        } else {
            String::new()
        };
        out::line(&format!("{back}{frame}"))?;
        lines_before = lines;
        // An event, a signal, or the time for another frame.
        if tokio::time::timeout(FRAME, happens.recv()).await.is_ok() {
            return Ok(());
        }
    }
}

fn sockets(stage: &Playground) -> BTreeMap<&str, String> {
    let sockets = stage.children.iter();
    sockets
        .map(|child| (child.id.as_str(), child.socket().display().to_string()))
        .collect()
}

fn invitation(stage: &Playground) -> String {
    let program =
        std::env::current_exe().map_or("gossip".to_owned(), |path| path.display().to_string());
    let socket = |child: Option<&Child>| {
        child.map_or(String::new(), |child| child.socket().display().to_string())
    };
    let (first, last) = (
        socket(stage.children.first()),
        socket(stage.children.last()),
    );
    format!(
        "\nTry, from another terminal:\n\n\
         \x20 alias gossip={program}\n\
         \x20 export GOSSIP_API={first}\n\n\
         \x20 gossip members\n\
         \x20 gossip kv put color green\n\
         \x20 gossip kv watch\n\
         \x20 gossip kv get about --member n2\n\
         \x20 gossip status\n\
         \x20 gossip --api {last} leave\n\n\
         Or kill one of the processes below, and look. Ctrl-C ends the demo.\n"
    )
}

/// One frame: every member, as the agents see it together.
async fn frame(stage: &Playground) -> String {
    let mut views: Vec<(&Child, Vec<Member>, StatusView)> = Vec::new();
    for child in &stage.children {
        if let (Ok(members), Ok(status)) = (child.members().await, child.status().await) {
            views.push((child, members, status));
        }
    }
    let rows: Vec<_> = stage
        .children
        .iter()
        .map(|child| row(child, &views))
        .collect();
    table(
        [
            "MEMBER",
            "STATUS",
            "SEEN ALIVE BY",
            "GENERATION",
            "LINKS",
            "KEYS",
            "PROCESS",
            "LISTENS",
        ],
        &rows,
    )
}

fn row(child: &Child, views: &[(&Child, Vec<Member>, StatusView)]) -> [String; 8] {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    let mut generation = 0;
    for (_, members, _) in views {
        if let Some(member) = members.iter().find(|member| member.id == child.id) {
            *said.entry(&member.status).or_default() += 1;
            generation = generation.max(member.generation);
        }
    }
    let alive = said.get("alive").copied().unwrap_or(0);
    let common = said.iter().max_by_key(|(_, count)| **count);
    let status = common.map_or("-", |(status, _)| *status);
    let own = views.iter().find(|(viewer, ..)| viewer.id == child.id);
    let of_status =
        |text: fn(&StatusView) -> String| own.map_or("-".to_owned(), |(_, _, status)| text(status));
    [
        child.id.clone(),
        status.to_owned(),
        format!("{alive} of {}", views.len()),
        generation.to_string(),
        of_status(|status| status.links.to_string()),
        of_status(|status| status.keys.to_string()),
        of_status(|status| status.pid.to_string()),
        of_status(|status| status.listen.clone()),
    ]
}
