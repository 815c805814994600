//! Our queries, and who has answered them.
//!
//! A query is open until its deadline; answers are told as they come, each
//! member's once, however many ways they took. Then it lingers for a moment, in
//! which answers are counted as late, and ends with its counts.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{EventId, Said};
use crate::output::AskCounts;

#[derive(Debug)]
struct Open {
    deadline: Instant,
    ends: Instant,
    /// How many it asked, as we saw it.
    asked: usize,
    acked: BTreeSet<NodeId>,
    answered: BTreeSet<NodeId>,
    late: BTreeSet<NodeId>,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// It is news.
    News,
    /// It has come before, another way.
    Again,
    /// It came after the deadline.
    Late,
    /// Nobody asked, or no longer.
    Unasked,
}

/// Our queries.
#[derive(Debug, Default)]
pub struct Asked {
    open: BTreeMap<EventId, Open>,
}

impl Asked {
    /// Whether there is room for another.
    pub fn has_room(&self) -> bool {
        self.open.len() < limit::ASKS_OPEN
    }

    /// A query of ours is said, and asks so many.
    pub fn begin(&mut self, now: Instant, id: EventId, deadline: Duration, asked: usize) {
        let until = now + deadline;
        let open = Open {
            deadline: until,
            ends: until + (deadline / 4).min(LINGER),
            asked,
            acked: BTreeSet::new(),
            answered: BTreeSet::new(),
            late: BTreeSet::new(),
        };
        self.open.insert(id, open);
    }

    /// An answer came.
    pub fn take(&mut self, now: Instant, id: &EventId, from: &NodeId, said: &Said) -> Took {
        let Some(open) = self.open.get_mut(id) else {
            return Took::Unasked;
        };
        let is_response = matches!(said, Said::Response(_));
        let known = match is_response {
            true => &mut open.answered,
            false => &mut open.acked,
        };
        if known.contains(from) {
            return Took::Again;
        }
        if now >= open.deadline {
            if is_response {
                open.late.insert(from.clone());
            }
            return Took::Late;
        }
        if known.len() >= limit::ROSTER {
            return Took::Unasked;
        }
        known.insert(from.clone());
        // Who responds has heard it, if its ack is on the way yet or lost.
        if is_response && open.acked.len() < limit::ROSTER {
            open.acked.insert(from.clone());
        }
        if is_response && open.answered.len() >= open.asked {
            // Nobody is left who could answer.
            open.deadline = now;
            open.ends = now;
        }
        Took::News
    }

    /// When the next one ends.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.ends).min()
    }

    /// One that has ended, and its counts.
    pub fn ended(&mut self, now: Instant) -> Option<(EventId, AskCounts)> {
        let ended = self.open.iter().find(|(_, open)| open.ends <= now);
        let id = ended.map(|(id, _)| id.clone())?;
        let open = self.open.remove(&id)?;
        let counts = AskCounts {
            asked: open.asked,
            acked: open.acked.len(),
            answered: open.answered.len(),
            late: open.late.len(),
        };
        Some((id, counts))
    }
}

/// How long answers are counted as late, at most (guess).
const LINGER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Generation, Run};
    use bytes::Bytes;

    fn id() -> EventId {
        EventId {
            run: Run {
                author: "a".parse().unwrap(),
                generation: Generation(1),
            },
            number: 1,
        }
    }

    #[test]
    fn each_answer_counts_once_and_late_ones_apart() {
        let (b, c) = ("b".parse().unwrap(), "c".parse().unwrap());
        let response = Said::Response(Bytes::from_static(b"x"));
        let mut asked = Asked::default();
        let at = Instant::from_millis;
        asked.begin(at(0), id(), Duration::from_millis(1_000), 3);
        assert_eq!(asked.take(at(1), &id(), &b, &Said::Ack), Took::News);
        assert_eq!(asked.take(at(2), &id(), &b, &Said::Ack), Took::Again);
        assert_eq!(asked.take(at(3), &id(), &b, &response), Took::News);
        assert_eq!(asked.take(at(4), &id(), &b, &response), Took::Again);
        assert_eq!(asked.take(at(1_000), &id(), &c, &response), Took::Late);
        assert_eq!(asked.ended(at(1_249)), None);
        let counts = AskCounts {
            asked: 3,
            acked: 1,
            answered: 1,
            late: 1,
        };
        assert_eq!(asked.ended(at(1_250)), Some((id(), counts)));
        assert_eq!(asked.take(at(1_251), &id(), &c, &response), Took::Unasked);
    }

    #[test]
    fn it_ends_when_everybody_has_answered() {
        let mut asked = Asked::default();
        let at = Instant::from_millis;
        asked.begin(at(0), id(), Duration::from_secs(60), 1);
        // The ack was overtaken, and says nothing new.
        let response = Said::Response(Bytes::new());
        assert_eq!(
            asked.take(at(5), &id(), &"b".parse().unwrap(), &response),
            Took::News
        );
        assert_eq!(asked.next_deadline(), Some(at(5)));
        let (_, counts) = asked.ended(at(5)).unwrap();
        assert_eq!((counts.acked, counts.answered), (1, 1));
    }
}
