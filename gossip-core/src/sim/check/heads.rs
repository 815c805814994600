//! Rules K2 and K3 of logs: a head only rises, and says what is held. Whoever
//! holds the same head of a log holds the same log, write by write: that is why
//! heads are all that two peers have to compare. Of a log that was let go nothing
//! is held at all, and its author has no row there.

use alloc::collections::BTreeMap;
use alloc::format;
use core::time::Duration;

use super::Verdict;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::message::Head;
use crate::node::Node;
use crate::sim::hash::RunningHash;

/// How often all logs of a process are looked at (guess: as often as a session
/// begins).
const WALK_EVERY: Duration = Duration::from_secs(10);

/// What was found under each head, whoever held it first.
#[derive(Debug, Default)]
pub(in crate::sim) struct Prints(BTreeMap<(NodeId, Head), u64>);

impl Prints {
    /// Holds where a log is what everybody else found under its head.
    fn fits(&mut self, author: &NodeId, head: Head, print: u64) -> Verdict {
        let first = *self.0.entry((author.clone(), head)).or_insert(print);
        if first == print {
            Ok(())
        } else {
            Err(format!(
                "heads: its log of {author} up to {head:?} is not what others hold"
            ))
        }
    }
}

/// The heads that one process has shown.
#[derive(Debug, Default)]
pub(in crate::sim) struct Heads {
    shown: BTreeMap<NodeId, Head>,
    walked: Option<Instant>,
    /// How many logs it had let go of.
    let_go: u64,
}

impl Heads {
    /// The process has handled an input.
    pub(in crate::sim) fn settles(
        &mut self,
        node: &Node,
        now: Instant,
        prints: &mut Prints,
    ) -> Verdict {
        let walked = *self.walked.get_or_insert(now);
        if now.since(walked) < WALK_EVERY {
            return Ok(());
        }
        self.walked = Some(now);
        let let_go = node.counters().logs_reclaimed;
        if core::mem::replace(&mut self.let_go, let_go) != let_go {
            // It may have begun one of them anew.
            self.shown.clear();
        }
        for (author, head) in node.logs() {
            if node.has_let_go(author) {
                let is_known = node.sight(author).is_some();
                lets_go(author, is_known, node.log(author).len())?;
                continue;
            }
            self.shows(author, head)?;
            let mut print = RunningHash::from_seed(0);
            for (version, bytes) in node.log(author) {
                print.bytes(&version.0.to_le_bytes());
                print.bytes(&bytes);
            }
            prints.fits(author, head, print.value())?;
        }
        Ok(())
    }

    fn shows(&mut self, author: &NodeId, head: Head) -> Verdict {
        let before = self.shown.insert(author.clone(), head);
        match before {
            Some(before) if before > head => Err(format!(
                "heads: its log of {author} went from {before:?} back to {head:?}"
            )),
            _ => Ok(()),
        }
    }
}

/// Holds of a log that was let go.
fn lets_go(author: &NodeId, is_known: bool, writes: usize) -> Verdict {
    match (is_known, writes) {
        (true, _) => Err(format!(
            "heads: it let go of the log of {author}, whom it knows"
        )),
        (false, 0) => Ok(()),
        (false, writes) => Err(format!(
            "heads: it let go of the log of {author}, and holds {writes} writes of it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::message::{Generation, Version};

    fn head(generation: u64, version: u64) -> Head {
        Head {
            generation: Generation(generation),
            version: Version(version),
        }
    }

    #[test]
    fn fires_when_something_is_left_of_what_was_let_go() {
        let n1 = id("n1");
        assert_eq!(lets_go(&n1, false, 0), Ok(()));
        assert!(lets_go(&n1, false, 1).is_err());
        assert!(lets_go(&n1, true, 0).is_err());
    }

    #[test]
    fn fires_when_a_head_falls_or_says_two_things() {
        let n1 = id("n1");
        let mut heads = Heads::default();
        assert_eq!(heads.shows(&n1, head(1, 5)), Ok(()));
        assert_eq!(heads.shows(&n1, head(2, 3)), Ok(()), "a cut");
        assert!(heads.shows(&n1, head(2, 2)).is_err());
        let mut prints = Prints::default();
        assert_eq!(prints.fits(&n1, head(1, 5), 7), Ok(()));
        assert_eq!(prints.fits(&n1, head(1, 5), 7), Ok(()));
        assert_eq!(prints.fits(&n1, head(1, 6), 8), Ok(()));
        assert!(prints.fits(&n1, head(1, 5), 8).is_err());
    }
}
