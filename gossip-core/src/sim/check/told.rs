//! Rule E1, told: no process is told an event twice; and (asked for by
//! `expect told`) of every event that was accepted, each process that took part
//! then, and still runs, is told, or is told how many of its author's it missed.
//! Nobody is told that it missed more of a run than there are events of it that it
//! was not told: or one could tell of nothing, and say that it missed everything.
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
    /// The last number of each run.
    last: BTreeMap<Run, u64>,
    /// How many of a run a process was told, and was told that it missed.
    heard: BTreeMap<(Process, Run), Heard>,
}

/// What one process was told of one run.
#[derive(Debug, Default, Clone, Copy)]
struct Heard {
    told: u64,
    missed: u64,
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

    /// An event was numbered.
    pub(in crate::sim) fn numbers(&mut self, id: &EventId) {
        let last = self.last.entry(id.run.clone()).or_default();
        *last = id.number.max(*last);
    }

    /// A process is told an event.
    pub(in crate::sim) fn tells(&mut self, process: Process, id: &EventId) -> Verdict {
        if !self.told.insert((process, id.clone())) {
            return Err(format!("told: it tells its application {id:?} twice"));
        }
        self.hears(process, &id.run, |heard| heard.told += 1)
    }

    /// A process is told that it missed so many.
    pub(in crate::sim) fn misses(&mut self, process: Process, run: &Run, count: u64) -> Verdict {
        self.hears(process, run, |heard| {
            heard.missed = heard.missed.saturating_add(count);
        })
    }

    fn hears(&mut self, process: Process, run: &Run, how: impl FnOnce(&mut Heard)) -> Verdict {
        let heard = self.heard.entry((process, run.clone())).or_default();
        how(heard);
        let Heard { told, missed } = *heard;
        let last = self.last.get(run).copied().unwrap_or(0);
        if told.saturating_add(missed) > last {
            return Err(format!(
                "told: of {last} events of {run:?} it tells {told}, and that it missed {missed}"
            ));
        }
        Ok(())
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
            let heard = self.heard.get(&(process, run.clone()));
            let missed = heard.map_or(0, |heard| heard.missed);
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
        ledger.numbers(&event);
        ledger.says(author, event.clone(), None, [author, other].into());
        assert_eq!(ledger.tells(author, &event), Ok(()));
        assert!(ledger.tells(author, &event).is_err());
        assert!(ledger.untold(|_| true).is_some());
        assert_eq!(ledger.untold(|process| process != other), None);
        assert_eq!(ledger.untold(|process| process != author), None);
        let mut reported = Ledger::default();
        reported.numbers(&event);
        reported.says(author, event.clone(), None, [other].into());
        assert!(reported.untold(|_| true).is_some());
        assert_eq!(reported.misses(other, &event.run, 1), Ok(()));
        assert_eq!(reported.untold(|_| true), None);
        assert_eq!(ledger.tells(other, &event), Ok(()));
        assert_eq!(ledger.untold(|_| true), None);
    }

    #[test]
    fn fires_on_one_that_missed_more_than_there_was() {
        let process = (HostId::new(1), Boot(1));
        let run = Run {
            author: id("n1"),
            generation: Generation(7),
        };
        let event = |number| EventId {
            run: run.clone(),
            number,
        };
        let mut ledger = Ledger::default();
        assert!(ledger.misses(process, &run, 1).is_err(), "nothing was said");
        let mut ledger = Ledger::default();
        (1..=3).for_each(|number| ledger.numbers(&event(number)));
        assert_eq!(ledger.tells(process, &event(3)), Ok(()));
        assert_eq!(ledger.misses(process, &run, 2), Ok(()));
        // Each process on its own; and what is told was not missed.
        assert_eq!(ledger.misses((HostId::new(2), Boot(1)), &run, 3), Ok(()));
        assert!(ledger.tells(process, &event(1)).is_err());
        let mut ledger = Ledger::default();
        ledger.numbers(&event(1));
        assert!(ledger.misses(process, &run, u64::MAX).is_err());
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
            ledger.numbers(&event(number));
            let name = "e".parse().ok();
            ledger.says(process, event(number), name, [process].into());
        }
        assert_eq!(ledger.tells(process, &event(1)), Ok(()));
        assert!(ledger.untold(|_| true).is_some());
        assert_eq!(ledger.tells(process, &event(2)), Ok(()));
        assert_eq!(ledger.untold(|_| true), None);
    }
}
