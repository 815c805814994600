//! Rule E1, told: no process is told an event twice; and (asked for by
//! `expect told`) of every event that was accepted, each process that took part
//! then, and still runs, is told, or is told how many of its author's it missed.
//!
//! What the author of an event took along when it crashed is nobody's to tell.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;

use super::Verdict;
use crate::message::{EventId, Key, Run};
use crate::sim::host::{Boot, HostId};

/// One process.
type Process = (HostId, Boot);

/// What was accepted, and who has been told what.
#[derive(Debug, Default)]
pub(in crate::sim) struct Ledger {
    /// Who said it, and who took part then. Of coalescing ones the newest of each
    /// run and name.
    said: BTreeMap<EventId, (Process, BTreeSet<Process>)>,
    newest: BTreeMap<(Run, Key), EventId>,
    told: BTreeSet<(Process, EventId)>,
    missed: BTreeMap<(Process, Run), u64>,
}

impl Ledger {
    /// An event was accepted by a process, while so many took part; with its name
    /// if it coalesces.
    pub(in crate::sim) fn says(
        &mut self,
        by: Process,
        id: EventId,
        coalesces: Option<Key>,
        here: BTreeSet<Process>,
    ) {
        if let Some(name) = coalesces {
            let name = (id.run.clone(), name);
            if let Some(older) = self.newest.insert(name, id.clone()) {
                self.said.remove(&older);
            }
        }
        self.said.insert(id, (by, here));
    }

    /// A process is told an event.
    pub(in crate::sim) fn tells(&mut self, process: Process, id: &EventId) -> Verdict {
        match self.told.insert((process, id.clone())) {
            true => Ok(()),
            false => Err(format!("told: it tells its application {id:?} twice")),
        }
    }

    /// A process is told that it missed so many.
    pub(in crate::sim) fn misses(&mut self, process: Process, run: &Run, count: u64) {
        *self.missed.entry((process, run.clone())).or_default() += count;
    }

    /// A process that was neither told nor told that it missed; `None`: there
    /// is none.
    pub(in crate::sim) fn untold(&self, runs: impl Fn(Process) -> bool) -> Option<String> {
        let mut untold: BTreeMap<(Process, &Run), u64> = BTreeMap::new();
        for (id, (by, here)) in &self.said {
            if !runs(*by) {
                continue;
            }
            for process in here.iter().filter(|process| runs(**process)) {
                if !self.told.contains(&(*process, id.clone())) {
                    *untold.entry((*process, &id.run)).or_default() += 1;
                }
            }
        }
        untold.into_iter().find_map(|((process, run), count)| {
            let missed = self.missed.get(&(process, run.clone())).copied();
            let missed = missed.unwrap_or(0);
            let host = process.0;
            (count > missed).then(|| {
                format!("{host} was not told {count} events of {run:?}, and of {missed} that it missed them")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use crate::message::Generation;

    #[test]
    fn fires_on_what_is_told_twice_or_never() {
        let process = |number| (HostId::new(number), Boot(1));
        let (author, other) = (process(1), process(2));
        let event = EventId {
            run: Run {
                author: id("n1"),
                generation: Generation(7),
            },
            number: 1,
        };
        let mut ledger = Ledger::default();
        ledger.says(author, event.clone(), None, [author, other].into());
        assert_eq!(ledger.tells(author, &event), Ok(()));
        assert!(ledger.tells(author, &event).is_err());
        assert!(ledger.untold(|_| true).is_some());
        assert_eq!(ledger.untold(|process| process != other), None);
        assert_eq!(ledger.untold(|process| process != author), None);
        let mut reported = Ledger::default();
        reported.says(author, event.clone(), None, [other].into());
        assert!(reported.untold(|_| true).is_some());
        reported.misses(other, &event.run, 1);
        assert_eq!(reported.untold(|_| true), None);
        assert_eq!(ledger.tells(other, &event), Ok(()));
        assert_eq!(ledger.untold(|_| true), None);
    }
    #[test]
    fn of_those_that_coalesce_the_newest_is_asked_for() {
        let process = (HostId::new(1), Boot(1));
        let event = |number| EventId {
            run: Run {
                author: id("n1"),
                generation: Generation(7),
            },
            number,
        };
        let mut ledger = Ledger::default();
        for number in [1, 2] {
            let name = "e".parse().ok();
            ledger.says(process, event(number), name, [process].into());
        }
        assert_eq!(ledger.tells(process, &event(1)), Ok(()));
        assert!(ledger.untold(|_| true).is_some());
        assert_eq!(ledger.tells(process, &event(2)), Ok(()));
        assert_eq!(ledger.untold(|_| true), None);
    }
}
