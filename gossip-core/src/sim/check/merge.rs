//! Rule K6 of merging: what is shown of the shared keys is what the logs say,
//! in whatever order they came, however often, in parts or whole: of all writes to
//! a key that are held, the one that stands has the latest stamp.
//!
//! That heads say what is held (`heads.rs`) makes two logs equal; this makes
//! what two replicas of equal logs show equal. The algebra itself (commutative,
//! associative, idempotent) is held by property tests in `tests/laws.rs`.

use alloc::format;

use super::Verdict;
use crate::message::Key;

/// Holds where no key stands otherwise than the logs say.
pub(in crate::sim) fn stands_by_chance(misjudged: Option<Key>) -> Verdict {
    match misjudged {
        None => Ok(()),
        Some(key) => Err(format!("merge: {key} does not stand as its logs say")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::WallTime;
    use crate::message::Version;
    use crate::output::Counters;
    use crate::replica::Replica;
    use crate::sim::check::fixtures::put;
    use alloc::vec::Vec;

    #[test]
    fn fires_when_the_wrong_write_stands() {
        let mut replica = Replica::default();
        let wall = WallTime::from_millis(1_000_000);
        for author in ["n1", "n2"] {
            let batch = put(author, 1, "k", author);
            let (mut counters, mut changes) = (Counters::default(), Vec::new());
            replica.apply(Version(0), &batch, wall, &mut counters, &mut changes);
        }
        assert_eq!(stands_by_chance(replica.misjudged()), Ok(()));
        replica.misjudge();
        assert!(stands_by_chance(replica.misjudged()).is_err());
    }
}
