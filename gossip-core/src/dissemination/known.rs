//! What was heard, by name, and what was asked for and has not come.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{Offer, RumorId};

/// The rumors that were heard of late; the oldest are forgotten first.
#[derive(Debug, Default)]
pub(super) struct Known {
    ids: BTreeSet<RumorId>,
    /// The same, the oldest first.
    learned: VecDeque<RumorId>,
}

impl Known {
    pub(super) fn contains(&self, id: RumorId) -> bool {
        self.ids.contains(&id)
    }

    pub(super) fn insert(&mut self, id: RumorId) {
        if !self.ids.insert(id) {
            return;
        }
        self.learned.push_back(id);
        if self.learned.len() > limit::KNOWN_RUMORS
            && let Some(oldest) = self.learned.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

/// A rumor that was asked for.
#[derive(Debug)]
struct Asked {
    of: NodeId,
    since: Instant,
    times: u32,
}

/// What to do about rumors that were asked for and have not come.
#[derive(Debug, Default)]
pub struct Overdue {
    /// To be asked for again, and of whom.
    pub again: Vec<(NodeId, Offer)>,
    /// Asked in vain: compare notes with one of them.
    pub given_up: Option<NodeId>,
}

/// The rumors that were asked for, each of one peer.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    rumors: BTreeMap<RumorId, Asked>,
    /// The same, by when they were asked for.
    by_age: BTreeSet<(Instant, RumorId)>,
}

impl Awaited {
    /// Whether to ask for it: not while it is on its way from somebody else, and
    /// not beyond the bound.
    pub(super) fn ask(&mut self, now: Instant, id: RumorId, of: &NodeId) -> bool {
        if self.rumors.contains_key(&id) || self.rumors.len() >= limit::AWAITED_RUMORS {
            return false;
        }
        let asked = Asked {
            of: of.clone(),
            since: now,
            times: 1,
        };
        self.rumors.insert(id, asked);
        self.by_age.insert((now, id));
        true
    }

    /// It has come. Whether it was asked for.
    pub(super) fn came(&mut self, id: RumorId) -> bool {
        let asked = self.rumors.remove(&id);
        if let Some(asked) = &asked {
            self.by_age.remove(&(asked.since, id));
        }
        asked.is_some()
    }

    /// When the first is overdue.
    pub(super) fn next_due(&self, patience: Duration) -> Option<Instant> {
        self.by_age.first().map(|(since, _)| *since + patience)
    }

    /// What has not come within `patience`.
    pub(super) fn overdue(&mut self, now: Instant, patience: Duration) -> Overdue {
        let mut overdue = Overdue::default();
        let mut again: BTreeMap<NodeId, Vec<RumorId>> = BTreeMap::new();
        let due = self.by_age.iter();
        let due = due.take_while(|(since, _)| now >= *since + patience);
        let due: Vec<(Instant, RumorId)> = due.copied().collect();
        for (since, id) in due {
            let Some(asked) = self.rumors.get_mut(&id) else {
                continue;
            };
            if asked.times >= TIMES {
                overdue.given_up = Some(asked.of.clone());
                self.rumors.remove(&id);
                self.by_age.remove(&(since, id));
                continue;
            }
            let ids = again.entry(asked.of.clone()).or_default();
            if ids.len() < limit::OFFER_RUMORS {
                ids.push(id);
                (asked.since, asked.times) = (now, asked.times + 1);
                self.by_age.remove(&(since, id));
                self.by_age.insert((now, id));
            }
        }
        for (of, wanted) in again {
            let offer = Offer {
                wanted,
                ..Offer::default()
            };
            overdue.again.push((of, offer));
        }
        overdue
    }
}

/// How often a rumor is asked for before notes are compared (guess: at 30 % loss
/// both ways one in fifteen is still missing).
const TIMES: u32 = 4;
