//! The demo: a real cluster on one machine, and a story about it.
//!
//! ```text
//!   playground (a temporary directory, an authority)
//!     ├─ child n1 ──stdin held──▶ dies with us
//!     ├─ child n2 …                 │ HTTP over its Unix socket
//!     └─ child n5                   ▼
//!   story: step, check, say ──▶ narrator ──▶ live table, until Ctrl-C
//! ```
//!
//! Nothing here knows the protocol: it starts agents as anybody would, and
//! asks them as anybody could.

mod child;
mod live;
mod narrator;
mod playground;
pub(crate) mod stopwatch;
mod story;
mod strangers;
mod until;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::exit::{Exit, Failure};
use narrator::Narrator;
use playground::Playground;

/// Events that wait (guess: a story's end and an impatient user's signals).
const EVENTS: usize = 8;

/// What the user wants to see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    /// How many agents.
    pub(crate) nodes: usize,
    /// Check and end, rather than stay.
    pub(crate) script: bool,
    /// JSON lines.
    pub(crate) json: bool,
}

/// Something the demo waits for.
pub(crate) enum Event {
    /// Ctrl-C, or SIGTERM.
    Interrupted,
    /// The story is told; the cluster is up, unless a step failed.
    Told(Result<Box<Playground>, Failure>),
}

/// Tells the story, and stays if asked to.
///
/// # Errors
/// If a step failed.
pub(crate) fn run(wish: Wish) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime
        .map_err(|why| Failure::new(Exit::Error, format!("no runtime: {why}")))?
        .block_on(play(wish))
}

async fn play(wish: Wish) -> Result<(), Failure> {
    let (events, mut happens) = mpsc::channel(EVENTS);
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals =
            signal(kind).map_err(|why| Failure::new(Exit::Error, format!("no signals: {why}")))?;
        let events = events.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = events.send(Event::Interrupted).await;
            }
        });
    }
    let narrator = Narrator::new(wish.json);
    let teller = tokio::spawn(async move {
        let told = story::tell(wish, narrator).await;
        let _ = events.send(Event::Told(told.map(Box::new))).await;
    });
    match happens.recv().await {
        Some(Event::Told(told)) => {
            let playground = told?;
            if wish.script {
                return playground.close().await;
            }
            live::stay(*playground, &mut happens, wish.json).await
        }
        Some(Event::Interrupted) | None => {
            // What it holds goes with it: children are killed, the directory removed.
            teller.abort();
            let _ = teller.await;
            Err(Failure::new(
                Exit::Error,
                "interrupted; every agent is stopped",
            ))
        }
    }
}
