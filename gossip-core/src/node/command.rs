//! What the application or an operator wants.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::input::{Command, Durability, Ticket};
use crate::membership::{Certificate, Member, Standing};
use crate::message::{Accusation, Charge, Footing, Key, Sealed};
use crate::output::{
    Begins, MemberStatus, MemberView, Output, Phase, Refusal, Reply, Status, Voice, Watching,
};
use crate::watched::{Cursor, Keys, Selection};

use super::{Node, Sealing};

impl Node {
    /// Does it, and answers; writes and leaving answer when they are done.
    pub(super) fn obey(&mut self, now: Now, ticket: Ticket, command: Command) {
        let reply = match command {
            Command::Write(writes) => {
                return self.write(now, ticket, writes, Durability::Synced);
            }
            Command::WriteAtOnce(writes) => {
                return self.write(now, ticket, writes, Durability::AtOnce);
            }
            Command::Leave => return self.leave(now, ticket),
            Command::Remove(id) => return self.order(ticket, id, Charge::Removed),
            Command::Forget(id) => return self.order(ticket, id, Charge::Forgotten),
            Command::Say(saying) => return self.say(now, ticket, saying),
            Command::Respond { to, response } => self.respond(now, &to, response),
            Command::Events => Reply::Events(self.events.window()),
            Command::Quorum => Reply::Quorum(self.quorum_view(now)),
            Command::Electorate(electorate) => return self.elect(ticket, electorate),
            Command::Get(query) => Reply::Value(self.replica.value(&query)),
            Command::List { space, prefix } => Reply::Rows(self.replica.list(&space, &prefix)),
            Command::Everybody(key) => Reply::Everybody(self.everybody(key)),
            Command::Keys(prefix) => Reply::Keys(self.replica.own_keys(&prefix)),
            Command::Watch { selection, from } => {
                Reply::Watch(Box::new(self.watch(&selection, from)))
            }
            Command::History => Reply::History(self.history.view()),
            Command::Members => Reply::Members(self.members(now)),
            Command::Status => Reply::Status(Box::new(self.status(now))),
        };
        self.outbox.push(Output::Reply(ticket, reply));
    }

    /// With what a watch begins: what it missed, or how things stand.
    fn watch(&self, selection: &Selection, from: Option<Cursor>) -> Watching {
        let missed = from.map(|from| self.chronicle.since(from, selection));
        let begins = match missed {
            None => Begins::Stands(self.replica.select(selection)),
            Some(None) => Begins::Anew(self.replica.select(selection)),
            Some(Some(missed)) => Begins::Missed(missed),
        };
        Watching {
            begins,
            cursor: self.chronicle.now(),
        }
    }

    /// What every member says under a key: the last word of those, too, who are
    /// not here.
    fn everybody(&self, key: Key) -> Vec<Voice> {
        let rows = self
            .replica
            .select(&Selection::everybody(Keys::Exactly(key)));
        let said = rows.into_iter().map(|row| {
            let member = self.roster.member(&row.write.author);
            Voice {
                status: member.map(Member::status),
                row,
            }
        });
        said.collect()
    }

    /// An operator's word on a member: it holds on the footing we know. Of one that
    /// is nothing but an address to call, or hearsay, it can be said that it is
    /// forgotten, and not that it is gone: it may be here, elsewhere.
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
        let row = self.roster.row(&id).map(|row| row.footing);
        let footing = match charge {
            Charge::Forgotten => row.max(self.heard_of(&id)),
            _ => row,
        };
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

    /// Up to where anything at all was heard of a member without a row.
    fn heard_of(&self, id: &NodeId) -> Option<Footing> {
        let held = self.roster.certificates().of(id);
        held.map(Certificate::footing).max(self.book.footing(id))
    }

    /// An operator's word has its bytes. Its member may have spoken meanwhile:
    /// then the word holds against what it was and not against what it is.
    pub(super) fn carry_out(&mut self, now: Now, order: Sealed<Accusation>) -> Reply {
        let (id, charge) = (order.value.accused.clone(), order.value.charge);
        self.hear_accusation(now, order);
        let stands = match charge {
            Charge::Forgotten => self.roster.member(&id).is_some(),
            _ => self.roster.is_here(&id),
        };
        match stands {
            true => Reply::Refused(Refusal::Refuted { id }),
            false => Reply::Done,
        }
    }

    fn members(&self, now: Now) -> Vec<MemberView> {
        let views = self.roster.iter().map(|(id, member)| MemberView {
            id: id.clone(),
            status: member.status(),
            footing: member.footing(),
            addrs: member.claim.value.addrs.to_vec(),
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
        let me = self.roster.member(&self.identity.id);
        Status {
            id: self.identity.id.clone(),
            footing: me.map_or(self.footing, Member::footing),
            phase: self.phase,
            members,
            quorum: self.quorum.standing(now.mono),
            links: self.links.len(),
            keys: self.replica.live_keys(),
            hot_rumors: self.hot.len() + self.news.len(),
            awareness: self.prober.awareness().score(),
            share: self.replica.log_share(&self.identity.id),
            agreed: self.config.agreed(),
            authors_over: self.replica.over(),
            certificates: self.roster.certificates().len(),
            hears_events: self.hears_events(),
            events_kept: self.events.kept().0,
            events_under_way: self.flow.len(),
            counters: self.outbox.counters,
        }
    }
}
