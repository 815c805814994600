//! Rule: no node speaks before its generation is on disk.
//!
//! A process that spoke as generation 9 and forgot it could come back as
//! generation 9 with another history, and nobody could tell the two apart.

use alloc::format;

use super::Verdict;
use crate::input::{DiskError, PersistId};
use crate::message::Generation;
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

    /// Holds where a message may leave now.
    pub(in crate::sim) fn may_speak(&self) -> Verdict {
        match (self.waiting, self.durable) {
            (None, Some(_)) => Ok(()),
            (waiting, _) => Err(format!(
                "it speaks before its generation is on disk (asked for: {waiting:?})"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_until_the_generation_is_on_disk() {
        let mut rule = SpokenGeneration::default();
        assert!(rule.may_speak().is_err());
        rule.persists(PersistId(1), &Record::Generation(Generation(7)));
        assert!(rule.may_speak().is_err());
        rule.persisted(PersistId(1), Err(DiskError::Full));
        assert!(rule.may_speak().is_err());
        rule.persists(PersistId(2), &Record::Generation(Generation(7)));
        rule.persisted(PersistId(2), Ok(()));
        assert_eq!(rule.may_speak(), Ok(()));
        rule.persists(PersistId(3), &Record::Generation(Generation(8)));
        assert!(
            rule.may_speak().is_err(),
            "a raised one has to wait as well"
        );
    }
}
