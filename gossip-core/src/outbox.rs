//! Where the rooms put what they want done.
//!
//! A queue in the order things were decided, bounded by
//! [`limit::OUTBOX`]. The host drains it after
//! every input, so the bound is a guard against a host that does not, not a
//! part of the protocol: beyond it, sends are dropped and counted (a send may
//! always be lost), everything else is kept.

use alloc::collections::VecDeque;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::input::{AssembleId, PersistId, SealId, SessionId};
use crate::message::{Body, Gathered, Message, Statement};
use crate::output::{Counters, Notification, Output, Record, Transmit, Via};

/// The queue of outputs, and the counters beside it.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Output>,
    next_seal: u64,
    next_persist: u64,
    next_session: u64,
    next_assemble: u64,
    /// A member changed since the node last looked at its quorum.
    pub members_changed: bool,
    /// What happened and what was refused.
    pub counters: Counters,
}

/// Outputs for which there is always room (guess: what a busy moment brings).
const KEPT: usize = 64;

impl Outbox {
    /// The next output, in order.
    pub fn pop(&mut self) -> Option<Output> {
        let next = self.queue.pop_front();
        if next.is_none() && self.queue.capacity() > KEPT {
            // A burst is over; its room is another's.
            self.queue.shrink_to(KEPT);
        }
        next
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues anything.
    pub fn push(&mut self, output: Output) {
        if self.queue.len() >= limit::OUTBOX && matches!(output, Output::Send(_)) {
            self.counters.outbox_full += 1;
            return;
        }
        self.queue.push_back(output);
    }

    /// Queues a message of one datagram; rumors are attached when it leaves.
    pub fn datagram(&mut self, to: &NodeId, body: Body) {
        self.send(to, Via::Datagram, Message::bare(body));
    }

    /// Queues a message of a session.
    pub fn session(&mut self, to: &NodeId, session: SessionId, body: Body) {
        self.send(to, Via::Session(session), Message::bare(body));
    }

    /// Queues a message.
    pub fn send(&mut self, to: &NodeId, via: Via, message: Message) {
        self.push(Output::Send(Transmit {
            to: to.clone(),
            via,
            message,
        }));
    }

    /// The number of another session of ours: no two have the same.
    pub const fn next_session(&mut self) -> SessionId {
        self.next_session += 1;
        SessionId::outbound(self.next_session)
    }

    /// Queues a notification.
    pub fn notify(&mut self, notification: Notification) {
        self.members_changed |= matches!(notification, Notification::Member(_));
        self.push(Output::Notify(notification));
    }

    /// Asks for a seal; the item comes back under the id.
    pub fn seal(&mut self, statement: Statement) -> SealId {
        self.next_seal += 1;
        let id = SealId(self.next_seal);
        self.push(Output::Seal(id, statement));
        id
    }

    /// Asks for the entries of a batch to be read; it comes back under the id.
    pub fn assemble(&mut self, gathered: Gathered) -> AssembleId {
        self.next_assemble += 1;
        let id = AssembleId(self.next_assemble);
        self.push(Output::Assemble(id, gathered));
        id
    }

    /// Asks for a synced write; its end comes back under the id.
    pub fn persist(&mut self, record: Record) -> PersistId {
        self.next_persist += 1;
        let id = PersistId(self.next_persist);
        self.push(Output::Persist(id, record));
        id
    }
}
