//! The past: what an earlier run knew, and what stays of those who are gone.
//!
//! ```text
//!   dead ── for long, or others have no row ──▶ closed: the claim, the verdict; called
//!   left ── for long ─────────────────────────▶ closed: the claim
//!   any ─── an operator forgets it ───────────▶ forgotten: the verdict
//! ```
//!
//! The journal holds the same as the memory, so that a restart changes nobody's
//! standing: a row that was closed is not opened by it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Now;
use crate::input::Saved;
use crate::message::{Charge, Item, MemberState, Presence};
use crate::output::{Output, Record};

use super::Node;

impl Node {
    /// Takes over what an earlier run knew.
    pub(super) fn load(&mut self, now: Now, saved: Saved) {
        let logs = saved.batches.chunk_by(|a, b| a.author() == b.author());
        for log in logs {
            self.replica.restore(log, now.wall);
        }
        let me = self.identity.id.clone();
        let verdicts = saved.verdicts.into_iter();
        let verdicts = verdicts.map(|verdict| (verdict.value.accused.clone(), verdict));
        let mut verdicts: BTreeMap<_, _> = verdicts.collect();
        verdicts.remove(&me);
        // Whose own keys are shown: nobody's who has neither row nor return.
        let mut shown = BTreeSet::from([me.clone()]);
        for claim in saved.claims {
            let id = claim.value.member.clone();
            let verdict = verdicts.remove(&id);
            let closed = saved.closed.get(&id).is_some_and(|through| {
                let verdict = verdict.as_ref().map(|verdict| verdict.value.footing);
                *through >= verdict.max(Some(claim.value.footing)).unwrap_or_default()
            });
            if id == me {
                continue;
            }
            self.roster.recall(claim.clone(), verdict, closed, now.mono);
            let row = self.roster.row(&id);
            let forgotten = row.is_some_and(|row| row.state == MemberState::Forgotten);
            let called = claim.value.presence == Presence::Alive && !forgotten;
            if called {
                self.outbox.counters.remembered_refused += self.book.remember(claim);
            }
            if self.roster.member(&id).is_some() || called && !closed {
                shown.insert(id);
            }
        }
        let terms = self.config.suspicion(1, Duration::ZERO);
        for verdict in verdicts.into_values() {
            self.roster.hear_accusation(verdict, now.mono, terms, None);
        }
        let mut changes = Vec::new();
        let authors: Vec<NodeId> = self.replica.authors().map(|(id, _)| id.clone()).collect();
        for author in authors.iter().filter(|author| !shown.contains(*author)) {
            self.replica.veil(author, &mut changes);
        }
    }

    /// The last word on somebody who has no row here. After an operator's,
    /// whatever is held of it is not shown; after a farewell it is, as long as it
    /// would be if there were a row; after a verdict, until a session shows that
    /// there is no row.
    pub(super) fn keep(&mut self, now: Now, item: Item) {
        match item {
            Item::Accusation(verdict) => {
                let id = verdict.value.accused.clone();
                let forgotten = verdict.value.charge == Charge::Forgotten;
                let record = Record::Verdict(verdict.clone());
                self.outbox.push(Output::Remember(record));
                if forgotten {
                    self.book.met(&id);
                    self.veil(&id);
                    // Others have no row of it either, and call it as we did.
                    self.spread(now, Item::Accusation(verdict));
                }
            }
            Item::Claim(claim) => {
                let id = claim.value.member.clone();
                self.book.met(&id);
                self.outbox.push(Output::Remember(Record::Claim(claim)));
                self.farewells.push_back((now.mono, id));
                if self.farewells.len() > limit::CERTIFICATES {
                    self.end_farewell();
                }
            }
            Item::Batch(_) | Item::Event(_) => {}
        }
    }

    /// The oldest farewell has been kept for long enough: what its author said
    /// goes, unless it is back.
    pub(super) fn end_farewell(&mut self) {
        let Some((_, id)) = self.farewells.pop_front() else {
            return;
        };
        if self.roster.member(&id).is_none() {
            self.veil(&id);
        }
    }

    /// What is held of a member is not shown, and goes if it is of no use; that its
    /// row is closed, or that it is forgotten, outlives this run.
    pub(super) fn veil(&mut self, id: &NodeId) {
        let member = id.clone();
        let record = match self.roster.certificates().of(id) {
            // Others may hold its row.
            Some(held) if held.hearsay => None,
            Some(held) if held.row().state != MemberState::Forgotten => {
                let footing = held.footing();
                Some(Record::Closed { member, footing })
            }
            _ => Some(Record::Forget(member)),
        };
        if let Some(record) = record {
            self.outbox.push(Output::Remember(record));
        }
        let mut changes = Vec::new();
        self.replica.veil(id, &mut changes);
        let counters = &mut self.outbox.counters;
        self.replica.reclaim(id, counters, &mut changes);
        self.replica_changed(changes);
    }

    /// What was held of those who are forgotten goes where it is of no use any more.
    pub(super) fn reclaim(&mut self) {
        let mut changes = Vec::new();
        let counters = &mut self.outbox.counters;
        self.replica.reclaim_all(counters, &mut changes);
        self.replica_changed(changes);
    }
}
