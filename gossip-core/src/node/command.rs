//! What the application or an operator wants.

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::input::{Command, Ticket};
use crate::message::Charge;
use crate::output::{MemberStatus, MemberView, Output, Refusal, Reply, Status};

use super::Node;

impl Node {
    /// Does it, and answers; writes and leaving answer when they are done.
    pub(super) fn obey(&mut self, now: Now, ticket: Ticket, command: Command) {
        let reply = match command {
            Command::Write(writes) => return self.write(now, ticket, writes),
            Command::Leave => return self.leave(now, ticket),
            Command::Get(query) => Reply::Value(self.replica.value(&query)),
            Command::List { space, prefix } => Reply::Rows(self.replica.list(&space, &prefix)),
            Command::Members => Reply::Members(self.members()),
            Command::Status => Reply::Status(self.status(now)),
            Command::Quorum => Reply::Quorum(self.quorum_view(now)),
            Command::Electorate(electorate) => self.elect(now, electorate),
            Command::Remove(id) => self.condemn(id, Charge::Removed),
            Command::Forget(id) => self.condemn(id, Charge::Forgotten),
        };
        self.outbox.push(Output::Reply(ticket, reply));
    }

    fn condemn(&mut self, id: NodeId, charge: Charge) -> Reply {
        if id == self.identity.id {
            return Reply::Refused(Refusal::Ourselves { id });
        }
        match self.roster.member(&id) {
            None => Reply::Refused(Refusal::Unknown { id }),
            Some(member) if charge == Charge::Forgotten && member.is_here() => {
                Reply::Refused(Refusal::StillHere { id })
            }
            Some(member) => {
                let footing = member.footing();
                self.accuse(id, footing, charge);
                Reply::Done
            }
        }
    }

    fn members(&self) -> alloc::vec::Vec<MemberView> {
        let views = self.roster.iter().map(|(id, member)| MemberView {
            id: id.clone(),
            status: member.status(),
            footing: member.footing(),
            addrs: member.claim.value.addrs.clone(),
            rtt: self.links.link(id).map(|link| link.rtt),
        });
        views.collect()
    }

    fn status(&self, now: Now) -> Status {
        let mut members = [0; 4];
        for (_, member) in self.roster.iter() {
            let [alive, suspect, dead, left] = &mut members;
            let count = match member.status() {
                MemberStatus::Alive => alive,
                MemberStatus::Suspect => suspect,
                MemberStatus::Dead => dead,
                MemberStatus::Left => left,
            };
            *count += 1;
        }
        Status {
            id: self.identity.id.clone(),
            footing: self.footing,
            phase: self.phase,
            members,
            quorum: self.quorum.standing(now.mono),
            links: self.links.len(),
            keys: self.replica.live_keys(),
            hot_rumors: self.hot.len(),
            counters: self.outbox.counters,
        }
    }
}
