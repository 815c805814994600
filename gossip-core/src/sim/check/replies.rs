//! Rule: every command gets one reply, from the node that was asked.

use alloc::collections::BTreeMap;
use alloc::format;

use super::Verdict;
use crate::input::Ticket;
use crate::output::Reply;
use crate::sim::host::HostId;

/// Commands and what was answered.
#[derive(Debug, Default)]
pub(in crate::sim) struct Replies {
    asked: BTreeMap<Ticket, HostId>,
    answered: BTreeMap<Ticket, Reply>,
}

impl Replies {
    /// A command goes to a host; its ticket.
    pub(in crate::sim) fn ask(&mut self, host: HostId) -> Ticket {
        let ticket = Ticket((self.asked.len() + self.answered.len()) as u64 + 1);
        self.asked.insert(ticket, host);
        ticket
    }

    /// A host answers. Holds where it was asked and has not answered yet.
    pub(in crate::sim) fn answer(&mut self, host: HostId, ticket: Ticket, reply: Reply) -> Verdict {
        match self.asked.remove(&ticket) {
            Some(asked) if asked == host => {
                self.answered.insert(ticket, reply);
                Ok(())
            }
            asked => Err(format!(
                "it answers {ticket:?} with {reply:?}; asked was {asked:?}, answered already: {}",
                self.answered.contains_key(&ticket)
            )),
        }
    }

    /// The answer, if there is one yet.
    pub(in crate::sim) fn reply(&self, ticket: Ticket) -> Option<&Reply> {
        self.answered.get(&ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_on_a_second_answer_and_on_a_stranger() {
        let mut rule = Replies::default();
        let (asked, stranger) = (HostId::new(1), HostId::new(2));
        let first = rule.ask(asked);
        let second = rule.ask(asked);
        assert_ne!(first, second);
        assert_eq!(rule.answer(asked, first, Reply::Left), Ok(()));
        assert_eq!(rule.reply(first), Some(&Reply::Left));
        assert!(rule.answer(asked, first, Reply::Left).is_err());
        assert!(rule.answer(stranger, second, Reply::Left).is_err());
    }
}
