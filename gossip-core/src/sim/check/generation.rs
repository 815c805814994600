//! Rule: no node speaks before its generation is on disk, nor as a generation
//! that is not.
//!
//! A process that spoke as generation 9 and forgot it could come back as
//! generation 9 with another history, and nobody could tell the two apart.

use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::input::{DiskError, PersistId};
use crate::message::{Body, Generation, Item, Message};
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

    /// Holds where `me` may send this message now. (A node may have to raise
    /// its generation; until the higher one is on disk it goes on as the lower
    /// one, and neither writes nor says anything as the higher. What others hold
    /// of a run of it that was lost, and which it outlives, it may pass on.)
    pub(in crate::sim) fn may_speak(&self, me: &NodeId, message: &Message) -> Verdict {
        let Some(durable) = self.durable else {
            return Err(format!(
                "it speaks before its generation is on disk (asked for: {:?})",
                self.waiting
            ));
        };
        let Some((_, waiting)) = self.waiting else {
            return Ok(());
        };
        let check = |author: &NodeId, generation: Generation, least: Generation| {
            let early = author == me && generation >= least;
            match early {
                true => Err(format!(
                    "it speaks as {generation:?}, on disk is {durable:?}"
                )),
                false => Ok(()),
            }
        };
        for item in &message.rumors {
            match item {
                Item::Claim(claim) => {
                    let (claim, least) = (&claim.value, Generation(durable.0.saturating_add(1)));
                    check(&claim.member, claim.footing.generation, least)?;
                }
                Item::Batch(batch) => {
                    let head = &batch.head.value;
                    check(&head.author, head.generation(), waiting)?;
                }
                Item::Event(event) => {
                    let run = event.run();
                    check(&run.author, run.generation, waiting)?;
                }
                Item::Accusation(_) => {}
            }
        }
        match &message.body {
            Body::Delta(delta) => {
                let batches = delta.logs.iter().flat_map(|log| &log.batches);
                for head in batches.map(|batch| &batch.head.value) {
                    check(&head.author, head.generation(), waiting)?;
                }
            }
            Body::EventDelta(delta) => {
                for run in delta.runs.iter().map(|run| &run.run) {
                    check(&run.author, run.generation, waiting)?;
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
        Claim, Draft, Event, EventId, Floor, Footing, Head, Incarnation, Lamport, Lineage,
        Presence, Run, Statement, Version,
    };
    use crate::sim::sealer::seal;
    use alloc::vec::Vec;

    #[test]
    fn fires_until_the_generation_is_on_disk() {
        let me: NodeId = "n1".parse().unwrap();
        let silent = Message::bare(Body::Gossip);
        let mut rule = SpokenGeneration::default();
        assert!(rule.may_speak(&me, &silent).is_err());
        rule.persists(PersistId(1), &Record::Generation(Generation(7)));
        assert!(rule.may_speak(&me, &silent).is_err());
        rule.persisted(PersistId(1), Err(DiskError::Full));
        assert!(rule.may_speak(&me, &silent).is_err());
        rule.persists(PersistId(2), &Record::Generation(Generation(7)));
        rule.persisted(PersistId(2), Ok(()));
        assert_eq!(rule.may_speak(&me, &silent), Ok(()));
    }

    #[test]
    fn fires_on_a_claim_of_a_higher_one_that_still_waits() {
        let me: NodeId = "n1".parse().unwrap();
        let claims = |generation| Message {
            body: Body::Gossip,
            rumors: Vec::from([seal(Statement::Claim(Claim {
                member: me.clone(),
                footing: Footing {
                    generation: Generation(generation),
                    incarnation: Incarnation(0),
                },
                presence: Presence::Alive,
                addrs: [].into(),
            }))]),
        };
        let mut rule = SpokenGeneration::default();
        rule.persists(PersistId(1), &Record::Generation(Generation(7)));
        rule.persisted(PersistId(1), Ok(()));
        rule.persists(PersistId(2), &Record::Generation(Generation(8)));
        assert_eq!(rule.may_speak(&me, &claims(7)), Ok(()));
        assert!(rule.may_speak(&me, &claims(8)).is_err());
        rule.persisted(PersistId(2), Ok(()));
        assert_eq!(rule.may_speak(&me, &claims(8)), Ok(()));
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
        let mut rule = SpokenGeneration::default();
        rule.persists(PersistId(1), &Record::Generation(Generation(7)));
        rule.persisted(PersistId(1), Ok(()));
        rule.persists(PersistId(2), &Record::Generation(Generation(9)));
        assert_eq!(rule.known(), Some(Generation(7)));
        for early in [writes(9), calls(9)] {
            assert!(rule.may_speak(&me, &early).is_err());
        }
        // The one that was lost, and the one that is on disk.
        for old in [writes(8), writes(7), calls(7)] {
            assert_eq!(rule.may_speak(&me, &old), Ok(()));
        }
        rule.persisted(PersistId(2), Ok(()));
        for own in [writes(9), calls(9)] {
            assert_eq!(rule.may_speak(&me, &own), Ok(()));
        }
    }
}
