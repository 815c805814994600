//! Seed names: resolved anew for each dial, beside the loop.
//!
//! A name server may take seconds to answer, and a cluster's addresses may
//! change while its name stays; so nothing is remembered, and nobody waits.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;

use gossip_core::base::limit;
use tokio::sync::mpsc;

/// What became of a name.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The seed, as it was asked for.
    pub(super) name: String,
    /// Where it leads, or why nowhere.
    pub(super) addrs: io::Result<Vec<SocketAddr>>,
}

/// Resolves names, each at most once at a time.
#[derive(Debug)]
pub(super) struct Resolver {
    asked: HashSet<String>,
    answer: mpsc::Sender<Resolved>,
    answers: mpsc::Receiver<Resolved>,
}

impl Resolver {
    pub(super) fn new() -> Self {
        // One answer a name that is asked for, and there are no more names.
        let (answer, answers) = mpsc::channel(limit::SEEDS);
        Self {
            asked: HashSet::new(),
            answer,
            answers,
        }
    }

    /// Asks where a name leads, unless that is being asked.
    pub(super) fn ask(&mut self, name: String) {
        if !self.asked.insert(name.clone()) {
            return;
        }
        let answer = self.answer.clone();
        tokio::spawn(async move {
            let addrs = match name.parse::<SocketAddr>() {
                Ok(addr) => Ok(vec![addr]),
                Err(_) => tokio::net::lookup_host(&name).await.map(Iterator::collect),
            };
            // The driver may have stopped; then nobody wants to know.
            let _ = answer.send(Resolved { name, addrs }).await;
        });
    }

    /// The next answer.
    pub(super) async fn answered(&mut self) -> Resolved {
        match self.answers.recv().await {
            Some(resolved) => {
                self.asked.remove(&resolved.name);
                resolved
            }
            // Not while `self` holds a sender.
            None => std::future::pending().await,
        }
    }
}
