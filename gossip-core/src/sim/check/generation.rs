//! Rule: no node speaks before its generation is on disk, nor as a generation
//! that is not.
//!
//! A process that spoke as generation 9 and forgot it could come back as
//! generation 9 with another history, and nobody could tell the two apart.

use alloc::format;

use super::Verdict;
use crate::base::id::NodeId;
use crate::input::{DiskError, PersistId};
use crate::message::{Generation, Item, Message};
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

    /// Holds where `me` may send this message now. (A node that joins may
    /// raise its generation; until the higher one is on disk it goes on as the
    /// lower one.)
    pub(in crate::sim) fn may_speak(&self, me: &NodeId, message: &Message) -> Verdict {
        let Some(durable) = self.durable else {
            return Err(format!(
                "it speaks before its generation is on disk (asked for: {:?})",
                self.waiting
            ));
        };
        for item in &message.rumors {
            if let Item::Claim(claim) = item
                && claim.value.member == *me
                && claim.value.footing.generation > durable
                && self.waiting.is_some()
            {
                return Err(format!(
                    "it speaks as {:?}, on disk is {durable:?}",
                    claim.value
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, Claim, Footing, Incarnation, Presence, Statement};
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
}
