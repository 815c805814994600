//! Signals: how the system and a parent tell an agent to end.
//!
//! SIGTERM and SIGINT mean *leave*. SIGHUP means nothing yet, and is caught so
//! that a closed terminal does not end the agent. A parent that holds our
//! standard input and lets go of it, killed or not, means *end at once*.

use std::io::{self, Read as _};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use super::run::Event;

/// Listens from now on.
///
/// # Errors
/// If the system lets us not.
pub(crate) fn listen(events: &Sender<Event>) -> io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind)?;
        let events = events.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if events.send(Event::Signal).await.is_err() {
                    return;
                }
            }
        });
    }
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tracing::info!("SIGHUP: nothing is read again yet; restart the agent to change it");
        }
    });
    Ok(())
}

/// Waits for the end of standard input, on a thread of its own: a read that
/// waits for ever must not keep the runtime from ending.
pub(crate) fn listen_to_stdin(events: &Sender<Event>) {
    let events = events.clone();
    std::thread::spawn(move || {
        let mut scrap = [0_u8; 256];
        while io::stdin()
            .lock()
            .read(&mut scrap)
            .is_ok_and(|read| read > 0)
        {}
        // Nobody listens any more: the agent ends already.
        let _ = events.blocking_send(Event::ParentGone);
    });
}
