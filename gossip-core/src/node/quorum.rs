//! The node's quorum: looked at whenever somebody came, went or changed.

use crate::base::time::Now;
use crate::electorate::Electorate;
use crate::output::{Notification, Phase, Refusal, Reply};
use crate::quorum::QuorumView;

use super::Node;

impl Node {
    /// Looks, if there is a reason to. A node that joins knows nobody yet, so
    /// it does not count before it takes part.
    pub(super) fn look_at_quorum(&mut self, now: Now) {
        if core::mem::take(&mut self.outbox.members_changed) {
            self.quorum.touch();
        }
        let (me, roster) = (&self.identity.id, &self.roster);
        let event = match self.phase {
            Phase::Starting | Phase::Joining | Phase::Halted => None,
            Phase::Running => self.quorum.look(now.mono, me, roster),
            Phase::Leaving => self.quorum.leave(now.mono, me, roster),
        };
        if let Some(event) = event {
            self.outbox.notify(Notification::Quorum(event));
        }
        for neighbour in self.quorum.to_ask(&mut self.rng, &self.roster) {
            self.ask(now, &neighbour);
        }
    }

    /// Everything there is to say of it.
    pub(super) fn quorum_view(&self, now: Now) -> QuorumView {
        let running = self.phase == Phase::Running;
        self.quorum
            .view(now.mono, running, &self.identity.id, &self.roster)
    }

    /// Counts by another list from now on.
    pub(super) fn elect(&mut self, now: Now, electorate: Electorate) -> Reply {
        if let Err(error) = electorate.check() {
            return Reply::Refused(Refusal::Electorate(error));
        }
        self.quorum.elect(electorate);
        self.look_at_quorum(now);
        Reply::Done
    }
}
