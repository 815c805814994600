//! The node's quorum: looked at whenever somebody came, went or changed.

use crate::base::limit;
use crate::base::time::Now;
use crate::electorate::{Elected, Electorate};
use crate::input::{DiskError, Ticket};
use crate::output::{Notification, Output, Phase, Record, Refusal, Reply};
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

    /// Counts by another list, as soon as it is on disk.
    pub(super) fn elect(&mut self, ticket: Ticket, list: Electorate) {
        let refusal = match list.check() {
            Err(error) => Refusal::Electorate(error),
            Ok(()) if self.elections.len() >= limit::ELECTIONS => Refusal::Busy,
            Ok(()) => {
                let instead_of = self.config.quorum.electorate.clone();
                let elected = Elected {
                    list: list.clone(),
                    instead_of,
                };
                let id = self.outbox.persist(Record::Electorate(elected));
                self.elections.insert(id, (ticket, list));
                return;
            }
        };
        self.outbox
            .push(Output::Reply(ticket, Reply::Refused(refusal)));
    }

    /// A list is on disk, or will not be: then the one before stays.
    pub(super) fn elected(
        &mut self,
        now: Now,
        (ticket, list): (Ticket, Electorate),
        result: Result<(), DiskError>,
    ) {
        let reply = match result {
            Ok(()) => {
                self.quorum.elect(list);
                self.look_at_quorum(now);
                Reply::Done
            }
            Err(error) => {
                self.outbox.notify(Notification::Disk(error));
                Reply::Refused(Refusal::Disk(error))
            }
        };
        self.outbox.push(Output::Reply(ticket, reply));
    }
}
