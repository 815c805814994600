//! Probation: is a dead member down, or is its whole domain out of sight?
//!
//! ```text
//!                  a neighbour answers: the domain is in sight, so it is the member
//!                ┌──────────────────────────────────────────────────────────▶ Down
//!   a member ────┤ none does                    time is up, in quorum         ▲
//!   dies         └──────────▶ SuspectDown ────────────────────────────────────┘
//!                              ▲       │ time is up, not in quorum:
//!                              └───────┘ perhaps it is we who were cut off
//!   any ── the member is back ──▶ nothing
//! ```
//!
//! Who keeps copies of data in several domains does not want to make new ones
//! of a whole domain because a cable was out for a minute. So a member's
//! *neighbours*, those of its domain, are asked when it dies; and while none has
//! answered it is only suspected to be down. Like libopenstorage/gossip, but
//! that here any answer of a neighbour counts, not only one to the question.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::electorate::Domain;
use crate::quorum::Fate;

/// Everybody who is dead, and what became of it; at most one for each row.
#[derive(Debug)]
pub struct Probation {
    span: Duration,
    held: BTreeMap<NodeId, Held>,
}

#[derive(Debug)]
struct Held {
    domain: Domain,
    /// When its probation ends; `None`: it is down.
    until: Option<Instant>,
}

impl Probation {
    /// Nobody is dead yet; probation takes `span`.
    pub const fn new(span: Duration) -> Self {
        Self {
            span,
            held: BTreeMap::new(),
        }
    }

    /// These are dead, and no others, each of its domain. Gives the domains in
    /// which somebody is to be asked. Nobody has to be in `own`: we are there.
    pub fn look(
        &mut self,
        now: Instant,
        own: &Domain,
        dead: impl Iterator<Item = (NodeId, Domain)>,
    ) -> BTreeSet<Domain> {
        let mut before = core::mem::take(&mut self.held);
        let mut asked = BTreeSet::new();
        for (id, domain) in dead {
            let held = match before.remove(&id).filter(|held| held.domain == domain) {
                Some(held) => held,
                None if domain == *own => Held {
                    domain,
                    until: None,
                },
                None => {
                    asked.insert(domain.clone());
                    let until = Some(now + self.span);
                    Held { domain, until }
                }
            };
            self.held.insert(id, held);
        }
        asked
    }

    /// Whether it matters who answers.
    pub fn waits(&self) -> bool {
        self.held.values().any(|held| held.until.is_some())
    }

    /// A member of this domain has answered: its neighbours that are dead are down.
    pub fn answered(&mut self, domain: &Domain) {
        let neighbours = self.held.values_mut();
        for held in neighbours.filter(|held| held.domain == *domain) {
            held.until = None;
        }
    }

    /// Whose time is up is down, as far as we can tell; out of quorum we cannot,
    /// and it has the same time again.
    pub fn expire(&mut self, now: Instant, in_quorum: bool) {
        for held in self.held.values_mut() {
            if held.until.is_some_and(|until| until <= now) {
                held.until = (!in_quorum).then(|| now + self.span);
            }
        }
    }

    /// We were not looking for a while: everybody gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        for until in self
            .held
            .values_mut()
            .filter_map(|held| held.until.as_mut())
        {
            *until = *until + pause;
        }
    }

    /// When the next one's time is up.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.held.values().filter_map(|held| held.until).min()
    }

    /// What became of a member, if it is dead.
    pub fn fate(&self, now: Instant, id: &NodeId) -> Option<Fate> {
        let held = self.held.get(id)?;
        Some(match held.until {
            None => Fate::Down,
            Some(until) => Fate::SuspectDown {
                left: until.since(now),
            },
        })
    }
}
