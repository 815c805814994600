//! Rules E2 and E3 of events: what is told was said, word for word, by its author,
//! which numbers what it says without a gap; and whatever is said after something
//! was heard is later than it, everywhere (Lamport's condition).

use alloc::collections::BTreeMap;
use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::message::{Event, EventId, Lamport};

/// Every event there was.
#[derive(Debug, Default)]
pub(in crate::sim) struct Said(BTreeMap<EventId, Event>);

/// The latest time that one process was told.
#[derive(Debug, Default)]
pub(in crate::sim) struct Latest(Lamport);

impl Said {
    /// A process that runs as `me` has an event sealed.
    pub(in crate::sim) fn seals(&mut self, me: &NodeId, latest: &Latest, event: &Event) -> Verdict {
        let EventId { run, number } = &event.id;
        if run.author != *me {
            return Err(format!("said: {me} speaks as {}", run.author));
        }
        if event.time <= latest.0 {
            return Err(format!(
                "said: it has heard of {:?}, and then says {event:?}",
                latest.0
            ));
        }
        let before = EventId {
            run: run.clone(),
            number: number.saturating_sub(1),
        };
        let follows = *number == 1 || self.0.contains_key(&before);
        if !follows || self.0.contains_key(&event.id) {
            return Err(format!("said: {:?} is out of its order", event.id));
        }
        self.0.insert(event.id.clone(), event.clone());
        Ok(())
    }

    /// A process tells its application of an event.
    pub(in crate::sim) fn tells(&self, latest: &mut Latest, event: &Event) -> Verdict {
        latest.0 = latest.0.max(event.time);
        match self.0.get(&event.id) {
            Some(said) if said == event => Ok(()),
            said => Err(format!("said: it tells {event:?}, and said was {said:?}")),
        }
    }

    /// What was said under a name.
    pub(in crate::sim) fn event(&self, id: &EventId) -> Option<&Event> {
        self.0.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::message::{Generation, Run};
    use bytes::Bytes;

    fn event(number: u64, time: u64) -> Event {
        Event {
            id: EventId {
                run: Run {
                    author: id("n1"),
                    generation: Generation(7),
                },
                number,
            },
            time: Lamport(time),
            name: "deploy".parse().unwrap(),
            payload: Bytes::new(),
            coalesce: false,
            ask: None,
        }
    }

    #[test]
    fn fires_on_what_was_never_said_and_on_what_comes_before_its_cause() {
        let (n1, mut said) = (id("n1"), Said::default());
        let none = Latest::default();
        assert!(said.seals(&id("n2"), &none, &event(1, 1)).is_err());
        assert!(said.seals(&n1, &Latest(Lamport(5)), &event(1, 5)).is_err());
        assert!(said.seals(&n1, &none, &event(2, 1)).is_err(), "a gap");
        assert_eq!(said.seals(&n1, &none, &event(1, 6)), Ok(()));
        assert!(said.seals(&n1, &none, &event(1, 7)).is_err(), "again");
        let mut latest = Latest::default();
        assert_eq!(said.tells(&mut latest, &event(1, 6)), Ok(()));
        assert_eq!(latest.0, Lamport(6));
        assert!(said.tells(&mut latest, &event(1, 9)).is_err());
        assert!(said.tells(&mut latest, &event(2, 6)).is_err());
    }
}
