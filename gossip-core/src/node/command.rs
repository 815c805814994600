//! What the application or an operator wants.

use alloc::boxed::Box;

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::input::{Command, Ticket};
use crate::membership::Standing;
use crate::message::Charge;
use crate::output::{MemberStatus, MemberView, Output, Phase, Refusal, Reply, Status};

use super::{Node, Sealing};

impl Node {
    /// Does it, and answers; writes and leaving answer when they are done.
    pub(super) fn obey(&mut self, now: Now, ticket: Ticket, command: Command) {
        let reply = match command {
            Command::Write(writes) => return self.write(now, ticket, writes),
            Command::Leave => return self.leave(now, ticket),
            Command::Remove(id) => return self.order(ticket, id, Charge::Removed),
            Command::Forget(id) => return self.order(ticket, id, Charge::Forgotten),
            Command::Quorum => Reply::Quorum(self.quorum_view(now)),
            Command::Electorate(electorate) => self.elect(now, electorate),
            Command::Get(query) => Reply::Value(self.replica.value(&query)),
            Command::List { space, prefix } => Reply::Rows(self.replica.list(&space, &prefix)),
            Command::Members => Reply::Members(self.members(now)),
            Command::Status => Reply::Status(Box::new(self.status(now))),
        };
        self.outbox.push(Output::Reply(ticket, reply));
    }

    /// An operator's word on a member: it holds on the footing we know.
    fn order(&mut self, ticket: Ticket, id: NodeId, charge: Charge) {
        let refusal = if !matches!(self.phase, Phase::Joining | Phase::Running) {
            Some(Refusal::NotRunning)
        } else if id == self.identity.id {
            Some(Refusal::Ourselves { id: id.clone() })
        } else if charge == Charge::Forgotten && self.roster.is_here(&id) {
            Some(Refusal::StillHere { id: id.clone() })
        } else {
            None
        };
        let footing = self.roster.row(&id).map(|row| row.footing);
        let reply = match (refusal, footing, charge) {
            (Some(refusal), _, _) => Reply::Refused(refusal),
            (None, None, _) => Reply::Refused(Refusal::Unknown { id }),
            // Gone already.
            (None, Some(_), Charge::Removed) if !self.roster.is_here(&id) => Reply::Done,
            (None, Some(footing), _) => {
                let sealing = Sealing::Order(ticket);
                return self.accuse(id, footing, charge, sealing);
            }
        };
        self.outbox.push(Output::Reply(ticket, reply));
    }

    fn members(&self, now: Now) -> alloc::vec::Vec<MemberView> {
        let views = self.roster.iter().map(|(id, member)| MemberView {
            id: id.clone(),
            status: member.status(),
            footing: member.footing(),
            addrs: member.claim.value.addrs.clone(),
            rtt: self.links.link(id).map(|link| link.answers.mean()),
            since: member.for_how_long(now.mono),
            accused_by: match &member.standing {
                Standing::Suspect(suspicion) => suspicion.accusers().iter().cloned().collect(),
                Standing::Dead(verdict) => [verdict.value.accuser.clone()].into(),
                Standing::Alive | Standing::Left => [].into(),
            },
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
            hot_rumors: self.hot.len() + self.news.len(),
            awareness: self.prober.awareness().score(),
            certificates: self.roster.certificates().len(),
            counters: self.outbox.counters,
        }
    }
}
