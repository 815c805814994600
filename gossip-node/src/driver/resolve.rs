//! Seed names: resolved anew for each dial, beside the loop.
//!
//! A name server may take seconds to answer, or for ever, and a cluster's
//! addresses may change while its name stays; so nothing is remembered, and
//! nobody waits.
//!
//! ```text
//!   ask ──▶ an address already? ──────────────────────────────▶ answer
//!       └─▶ lookup ── in time ────────────────────────────────▶ answer
//!                 └── overdue ──▶ "no answer yet"; when it comes ──▶ answer
//! ```

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gossip_core::base::limit;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::resolve::{Resolve, Resolving};

/// How long an answer is waited for before the core hears that there is none
/// (5 s: how long glibc gives one name server, resolv.conf(5)).
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a name.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The seed, as it was asked for.
    pub(super) name: String,
    /// Where it leads, or why nowhere.
    pub(super) addrs: io::Result<Vec<SocketAddr>>,
}

/// How far a name's lookup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody asks.
    Idle,
    /// The core waits.
    Asked,
    /// The core was told that there is no answer yet.
    Overdue,
}

#[derive(Debug)]
struct Name {
    stage: Stage,
    /// How often it was resolved: whose turn it is to be first.
    turn: usize,
}

/// What a lookup says.
#[derive(Debug)]
enum Word {
    NotYet(String),
    End(Resolved),
}

/// Resolves names, each at most once at a time.
#[derive(Debug)]
pub(super) struct Resolver {
    resolve: Arc<dyn Resolve>,
    /// As many as there are seeds.
    names: HashMap<String, Name>,
    answer: mpsc::Sender<Word>,
    answers: mpsc::Receiver<Word>,
}

impl Resolver {
    pub(super) fn new(resolve: Arc<dyn Resolve>) -> Self {
        // A name has one word on its way; more wait beside the loop.
        let (answer, answers) = mpsc::channel(limit::SEEDS);
        Self {
            resolve,
            names: HashMap::new(),
            answer,
            answers,
        }
    }

    /// Asks where a name leads, unless that is being asked.
    pub(super) fn ask(&mut self, name: String) {
        let known = self.names.entry(name.clone()).or_insert(Name {
            stage: Stage::Idle,
            turn: 0,
        });
        let lookup: Resolving = match (known.stage, name.parse::<SocketAddr>()) {
            (Stage::Asked, _) => return,
            // One lookup is enough to hang.
            (Stage::Overdue, _) => return self.tell(Word::NotYet(name)),
            (Stage::Idle, Ok(addr)) => Box::pin(async move { Ok(vec![addr]) }),
            (Stage::Idle, Err(_)) => self.resolve.resolve(&name),
        };
        known.stage = Stage::Asked;
        tokio::spawn(look_up(name, lookup, self.answer.clone()));
    }

    fn tell(&self, word: Word) {
        let answer = self.answer.clone();
        // The driver may have stopped; then nobody wants to know.
        tokio::spawn(async move { drop(answer.send(word).await) });
    }

    /// The next answer.
    pub(super) async fn answered(&mut self) -> Resolved {
        loop {
            match self.answers.recv().await {
                Some(Word::NotYet(name)) => {
                    if let Some(known) = self.names.get_mut(&name) {
                        known.stage = Stage::Overdue;
                    }
                    let addrs = Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!("the name service has not answered within {PATIENCE:?}"),
                    ));
                    return Resolved { name, addrs };
                }
                Some(Word::End(resolved)) => {
                    if let Some(resolved) = self.ended(resolved) {
                        return resolved;
                    }
                }
                // Not while `self` holds a sender.
                None => std::future::pending().await,
            }
        }
    }

    /// A lookup ended; what there is to tell of it.
    fn ended(&mut self, resolved: Resolved) -> Option<Resolved> {
        let Resolved { name, addrs } = resolved;
        let known = self.names.get_mut(&name)?;
        let overdue = known.stage == Stage::Overdue;
        known.stage = Stage::Idle;
        match addrs {
            Ok(addrs) => {
                let addrs = in_turn(addrs, known.turn);
                known.turn = known.turn.wrapping_add(1);
                Some(Resolved {
                    name,
                    addrs: Ok(addrs),
                })
            }
            // That it failed was told when it was overdue.
            Err(_) if overdue => None,
            Err(error) => Some(Resolved {
                name,
                addrs: Err(error),
            }),
        }
    }
}

async fn look_up(name: String, mut lookup: Resolving, answer: mpsc::Sender<Word>) {
    let addrs = match timeout(PATIENCE, &mut lookup).await {
        Ok(addrs) => addrs,
        Err(_) => {
            // The driver may have stopped; then nobody wants to know.
            let _ = answer.send(Word::NotYet(name.clone())).await;
            lookup.await
        }
    };
    let _ = answer.send(Word::End(Resolved { name, addrs })).await;
}

/// The addresses of a name in the order in which to try them: IPv6 and IPv4 by
/// turns, so that neither waits behind many of the other (RFC 8305 §4), and
/// each time another one first, so that of many all are tried some day.
fn in_turn(mut addrs: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    addrs.sort_unstable();
    addrs.dedup();
    let (mut six, mut four): (Vec<_>, Vec<_>) = addrs.into_iter().partition(SocketAddr::is_ipv6);
    for family in [&mut six, &mut four] {
        let by = turn.checked_rem(family.len()).unwrap_or(0);
        family.rotate_left(by);
    }
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut all = Vec::new();
    while six.len() + four.len() > 0 {
        all.extend(six.next());
        all.extend(four.next());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_so_do_addresses() {
        let addrs = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let found = addrs(&[
            "1.1.1.3:1",
            "1.1.1.1:1",
            "[::1]:1",
            "1.1.1.2:1",
            "1.1.1.1:1",
        ]);
        let first = in_turn(found.clone(), 0);
        assert_eq!(
            first,
            addrs(&["[::1]:1", "1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"])
        );
        let second = in_turn(found.clone(), 1);
        assert_eq!(
            second,
            addrs(&["[::1]:1", "1.1.1.2:1", "1.1.1.3:1", "1.1.1.1:1"])
        );
        assert_eq!(in_turn(found, 3), first);
        assert_eq!(in_turn(Vec::new(), 7), Vec::new());
    }

    /// Answers nothing until it is let go.
    struct Stuck(Arc<tokio::sync::Semaphore>);

    impl Resolve for Stuck {
        fn resolve(&self, _: &str) -> Resolving {
            let gate = Arc::clone(&self.0);
            Box::pin(async move {
                gate.acquire().await.map_err(io::Error::other)?.forget();
                Ok(vec![([127, 0, 0, 1], 1).into()])
            })
        }
    }

    #[tokio::test]
    async fn an_answer_that_comes_late_is_an_answer() {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let mut resolver = Resolver::new(Arc::new(Stuck(Arc::clone(&gate))));
        let name = || "seed.example:1".to_owned();
        resolver.ask(name());
        // Literals do not wait behind it.
        resolver.ask("127.0.0.1:2".to_owned());
        let literal = resolver.answered().await;
        assert_eq!(literal.addrs.unwrap(), [([127, 0, 0, 1], 2).into()]);
        let overdue = resolver.answered().await;
        assert_eq!(overdue.name, name());
        assert!(overdue.addrs.is_err());
        // Asked again, it does not ask twice.
        resolver.ask(name());
        assert!(resolver.answered().await.addrs.is_err());
        gate.add_permits(1);
        let late = resolver.answered().await;
        assert_eq!(late.addrs.unwrap(), [([127, 0, 0, 1], 1).into()]);
        // From here on it may be asked anew.
        gate.add_permits(1);
        resolver.ask(name());
        assert!(resolver.answered().await.addrs.is_ok());
    }
}
