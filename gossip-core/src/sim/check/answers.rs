//! Rule E4 of queries: an answer is told to who asked, in time, once of each
//! member and kind, and is what that member's application said; a query ends
//! once, with the counts of what was told, and nothing is told of it afterwards.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::message::{AskCounts, Event, EventId, Said};

/// What applications have answered.
#[derive(Debug, Default)]
pub(in crate::sim) struct Given(BTreeMap<(EventId, NodeId), Vec<Bytes>>);

impl Given {
    /// An application answers.
    pub(in crate::sim) fn answers(&mut self, to: &EventId, by: &NodeId, response: &Bytes) {
        let given = self.0.entry((to.clone(), by.clone())).or_default();
        given.push(response.clone());
    }

    fn has(&self, to: &EventId, by: &NodeId, response: &Bytes) -> bool {
        let given = self.0.get(&(to.clone(), by.clone()));
        given.is_some_and(|given| given.contains(response))
    }
}

/// How long after its deadline a query is over, at the latest (guess: late answers
/// are counted for a second).
const LONG: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Open {
    until: Instant,
    acked: BTreeSet<NodeId>,
    answered: BTreeSet<NodeId>,
}

/// The queries of one process that are not over.
#[derive(Debug, Default)]
pub(in crate::sim) struct Questions(BTreeMap<EventId, Open>);

impl Questions {
    /// The process asks, if the event does.
    pub(in crate::sim) fn asks(&mut self, now: Instant, event: &Event) {
        if let Some(ask) = &event.ask {
            let open = Open {
                until: now + ask.deadline(),
                acked: BTreeSet::new(),
                answered: BTreeSet::new(),
            };
            self.0.insert(event.id.clone(), open);
        }
    }

    /// The process tells its application of an answer.
    pub(in crate::sim) fn tells(
        &mut self,
        now: Instant,
        to: &EventId,
        from: &NodeId,
        said: &Said,
        given: &Given,
    ) -> Verdict {
        let Some(open) = self.0.get_mut(to) else {
            return Err(format!("answers: to {to:?}, which is not open"));
        };
        if now >= open.until {
            return Err(format!("answers: {from} to {to:?}, after its deadline"));
        }
        let first = match said {
            Said::Ack => open.acked.insert(from.clone()),
            Said::Response(response) => {
                if !given.has(to, from, response) {
                    return Err(format!("answers: {from} never answered {response:?}"));
                }
                open.answered.insert(from.clone())
            }
        };
        match first {
            true => Ok(()),
            false => Err(format!("answers: {from} to {to:?}, twice")),
        }
    }

    /// One that should have ended long ago.
    pub(in crate::sim) fn unended(&self, now: Instant) -> Option<&EventId> {
        let late = |open: &Open| now >= open.until + LONG;
        self.0.iter().find(|(_, open)| late(open)).map(|(id, _)| id)
    }

    /// The process tells its application that a query is over.
    pub(in crate::sim) fn ends(&mut self, id: &EventId, counts: &AskCounts) -> Verdict {
        let Some(open) = self.0.remove(id) else {
            return Err(format!("answers: {id:?} ends, and is not open"));
        };
        // Who responds has heard it, should its ack never come.
        let acked = open.acked.union(&open.answered).count();
        match (counts.acked, counts.answered) == (acked, open.answered.len()) {
            true => Ok(()),
            false => Err(format!(
                "answers: {id:?} ends with {counts:?}, told was {open:?}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::message::{Ask, Filter, Generation, Lamport, Run};

    fn query() -> Event {
        Event {
            id: EventId {
                run: Run {
                    author: id("n1"),
                    generation: Generation(7),
                },
                number: 1,
            },
            time: Lamport(1),
            name: "who".parse().unwrap(),
            payload: Bytes::new(),
            coalesce: false,
            ask: Some(Ask {
                filter: Filter::default(),
                deadline_ms: 100,
                relays: 0,
            }),
        }
    }

    #[test]
    fn fires_on_what_was_not_asked_not_answered_late_or_told_twice() {
        let (n2, query) = (id("n2"), query());
        let at = Instant::from_millis;
        let yes = Said::Response(Bytes::from_static(b"yes"));
        let mut given = Given::default();
        let mut open = Questions::default();
        assert!(
            open.tells(at(1), &query.id, &n2, &Said::Ack, &given)
                .is_err()
        );
        open.asks(at(0), &query);
        assert!(open.tells(at(1), &query.id, &n2, &yes, &given).is_err());
        given.answers(&query.id, &n2, &Bytes::from_static(b"yes"));
        assert!(open.tells(at(100), &query.id, &n2, &yes, &given).is_err());
        assert_eq!(open.tells(at(1), &query.id, &n2, &yes, &given), Ok(()));
        assert!(open.tells(at(2), &query.id, &n2, &yes, &given).is_err());
        let counts = |acked, answered| AskCounts {
            asked: 2,
            acked,
            answered,
            late: 0,
        };
        assert!(open.ends(&query.id, &counts(0, 1)).is_err());
        open.asks(at(0), &query);
        assert_eq!(open.tells(at(1), &query.id, &n2, &yes, &given), Ok(()));
        assert_eq!(open.ends(&query.id, &counts(1, 1)), Ok(()));
        assert!(open.ends(&query.id, &counts(1, 1)).is_err());
        open.asks(at(0), &query);
        assert_eq!(open.unended(at(100)), None);
        assert_eq!(open.unended(at(60_000)), Some(&query.id));
    }
}
