//! Rule: no node speaks before its generation is on disk, nor as a generation
//! that is not.
//!
//! It is looked at what a node has sealed, and at what it tells in its own name,
//! in whatever kind of message. A second process of that name may run as a higher
//! generation: what that one says may be handed on.
//!
//! A process that spoke as generation 9 and forgot it could come back as
//! generation 9 with another history, and nobody could tell the two apart.

use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::input::{DiskError, PersistId};
use crate::message::{Body, Generation, Item, Message, Statement};
use crate::output::Record;

/// What one process has written of its generation.
#[derive(Debug, Default)]
pub(in crate::sim) struct SpokenGeneration {
    waiting: Option<(PersistId, Generation)>,
    durable: Option<Generation>,
}

impl SpokenGeneration {
    /// A record is to be written.
    pub(in crate::sim) const fn persists(&mut self, id: PersistId, record: &Record) {
        if let Record::Generation(generation) = record {
            self.waiting = Some((id, *generation));
        }
    }

    /// A record is written, or is not.
    pub(in crate::sim) fn persisted(&mut self, id: PersistId, how: Result<(), DiskError>) {
        if let Some((waiting, generation)) = self.waiting
            && waiting == id
        {
            self.waiting = None;
            if how.is_ok() {
                self.durable = Some(generation);
            }
        }
    }

    /// The generation this process runs as, or will.
    pub(in crate::sim) fn run(&self) -> Option<Generation> {
        self.waiting
            .map(|(_, generation)| generation)
            .max(self.durable)
    }

    /// What its transport says of it: what is on disk, or will be first.
    pub(in crate::sim) fn known(&self) -> Option<Generation> {
        self.durable
            .or(self.waiting.map(|(_, generation)| generation))
    }

    /// Holds where a node may have this sealed now. (A node that joins may raise
    /// its generation; until the higher one is on disk it says nothing of itself.)
    pub(in crate::sim) fn may_claim(&self, statement: &Statement) -> Verdict {
        match statement {
            Statement::Claim(claim) if Some(claim.footing.generation) != self.durable => {
                Err(format!(
                    "generation: it says {claim:?}, on disk is {:?}",
                    self.durable
                ))
            }
            _ => Ok(()),
        }
    }

    /// Holds where `me` may send this message now. `has_twin`: another process
    /// has its name. (A node may have to raise its generation; until the higher one
    /// is on disk it goes on as the lower one, and neither writes nor says anything
    /// as the higher. What others hold of a run of it that was lost, and which it
    /// outlives, it may pass on.)
    pub(in crate::sim) fn may_speak(
        &self,
        me: &NodeId,
        message: &Message,
        has_twin: impl FnOnce() -> bool,
    ) -> Verdict {
        let Some(durable) = self.durable else {
            return Err(format!(
                "generation: it speaks before its generation is on disk (asked for: {:?})",
                self.waiting
            ));
        };
        let members = match &message.body {
            Body::Delta(delta) => delta.members.as_slice(),
            _ => &[],
        };
        let ahead = message.rumors.iter().chain(members).find(|item| {
            matches!(item, Item::Claim(claim)
                if claim.value.footing.generation > durable && claim.value.member == *me)
        });
        if let Some(item) = ahead
            && !has_twin()
        {
            return Err(format!(
                "generation: it tells {item:?}, on disk is {durable:?}"
            ));
        }
        let Some((_, waiting)) = self.waiting else {
            return Ok(());
        };
        let check = |author: &NodeId, generation: Generation| {
            let early = author == me && generation >= waiting;
            match early {
                true => Err(format!(
                    "generation: it speaks as {generation:?}, on disk is {durable:?}"
                )),
                false => Ok(()),
            }
        };
        for item in &message.rumors {
            match item {
                Item::Batch(batch) => {
                    let head = &batch.head.value;
                    check(&head.author, head.generation())?;
                }
                Item::Event(event) => {
                    let run = event.run();
                    check(&run.author, run.generation)?;
                }
                Item::Claim(_) | Item::Accusation(_) => {}
            }
        }
        match &message.body {
            Body::Delta(delta) => {
                let batches = delta.logs.iter().flat_map(|log| &log.batches);
                for head in batches.map(|batch| &batch.head.value) {
                    check(&head.author, head.generation())?;
                }
            }
            Body::EventDelta(delta) => {
                for run in delta.runs.iter().map(|run| &run.run) {
                    check(&run.author, run.generation)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{
        Claim, Delta, Draft, Event, EventId, Floor, Footing, Head, Incarnation, Lamport, Lineage,
        Presence, Run, Version,
    };
    use crate::sim::sealer::seal;
    use alloc::vec::Vec;

    #[test]
    fn fires_until_the_generation_is_on_disk() {
        let me: NodeId = "n1".parse().unwrap();
        let silent = Message::bare(Body::Gossip);
        let mut rule = SpokenGeneration::default();
        assert!(rule.may_speak(&me, &silent, || false).is_err());
        rule.persists(PersistId(1), &Record::Generation(Generation(7)));
        assert!(rule.may_speak(&me, &silent, || false).is_err());
        rule.persisted(PersistId(1), Err(DiskError::Full));
        assert!(rule.may_speak(&me, &silent, || false).is_err());
        rule.persists(PersistId(2), &Record::Generation(Generation(7)));
        rule.persisted(PersistId(2), Ok(()));
        assert_eq!(rule.may_speak(&me, &silent, || false), Ok(()));
    }

    fn claimed(generation: u64) -> Statement {
        Statement::Claim(Claim {
            member: "n1".parse().unwrap(),
            footing: Footing {
                generation: Generation(generation),
                incarnation: Incarnation(0),
            },
            presence: Presence::Alive,
            addrs: [].into(),
        })
    }

    fn runs_as(generation: u64) -> SpokenGeneration {
        let mut rule = SpokenGeneration::default();
        rule.persists(PersistId(1), &Record::Generation(Generation(generation)));
        rule.persisted(PersistId(1), Ok(()));
        rule
    }

    #[test]
    fn fires_on_a_claim_of_one_that_is_not_on_disk_asked_for_or_not() {
        let mut rule = runs_as(7);
        assert_eq!(rule.may_claim(&claimed(7)), Ok(()));
        assert!(rule.may_claim(&claimed(8)).is_err(), "never asked for");
        rule.persists(PersistId(2), &Record::Generation(Generation(8)));
        assert!(rule.may_claim(&claimed(8)).is_err(), "not there yet");
        rule.persisted(PersistId(2), Ok(()));
        assert_eq!(rule.may_claim(&claimed(8)), Ok(()));
        assert!(rule.may_claim(&claimed(7)).is_err(), "another run's");
    }

    #[test]
    fn fires_on_what_is_told_in_rumors_and_in_deltas() {
        let (me, rule) = ("n1".parse().unwrap(), runs_as(7));
        let judge = |message: &Message, twin| rule.may_speak(&me, message, || twin).is_ok();
        for (generation, holds) in [(7, true), (8, false)] {
            let claim = seal(claimed(generation));
            let rumor = Message {
                body: Body::Gossip,
                rumors: Vec::from([claim.clone()]),
            };
            let delta = Message::bare(Body::Delta(Delta {
                members: Vec::from([claim]),
                ..Delta::default()
            }));
            assert_eq!(judge(&rumor, false), holds);
            assert_eq!(judge(&delta, false), holds);
            assert!(judge(&rumor, true) && judge(&delta, true), "its twin's");
        }
    }

    #[test]
    fn fires_on_a_write_and_an_event_of_one_that_still_waits() {
        let me: NodeId = "n1".parse().unwrap();
        let says = |item| Message {
            body: Body::Gossip,
            rumors: Vec::from([item]),
        };
        let writes = |generation| {
            says(seal(Statement::Batch(Draft {
                author: me.clone(),
                lineage: Lineage::default().extended(Generation(generation), Head::default()),
                first: Version(1),
                floor: Floor::default(),
                entries: Vec::new(),
            })))
        };
        let calls = |generation| {
            let run = Run {
                author: me.clone(),
                generation: Generation(generation),
            };
            says(seal(Statement::Event(Event {
                id: EventId { run, number: 1 },
                time: Lamport::default(),
                name: "e".parse().unwrap(),
                payload: "e".into(),
                coalesce: false,
                ask: None,
            })))
        };
        let mut rule = runs_as(7);
        rule.persists(PersistId(2), &Record::Generation(Generation(9)));
        assert_eq!(rule.known(), Some(Generation(7)));
        for early in [writes(9), calls(9)] {
            assert!(rule.may_speak(&me, &early, || false).is_err());
        }
        // The one that was lost, and the one that is on disk.
        for old in [writes(8), writes(7), calls(7)] {
            assert_eq!(rule.may_speak(&me, &old, || false), Ok(()));
        }
        rule.persisted(PersistId(2), Ok(()));
        for own in [writes(9), calls(9)] {
            assert_eq!(rule.may_speak(&me, &own, || false), Ok(()));
        }
    }
}
