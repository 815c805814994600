//! The outbox: messages that wait to be sent to one peer.
//!
//! Bounded in number and bytes; what does not fit is refused at once, so that
//! the host learns of a slow peer where it can act on it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::limit::{OUTBOUND_BYTES, OUTBOUND_MESSAGES};

/// How urgently a message leaves, among those of one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// After everything else but sessions.
    Bulk,
    /// As a rule.
    #[default]
    Normal,
    /// Before other messages.
    Urgent,
}

impl Priority {
    /// QUIC's priority of the stream; control has 10 and sessions −10.
    pub(crate) const fn as_i32(self) -> i32 {
        match self {
            Self::Bulk => -5,
            Self::Normal => 0,
            Self::Urgent => 5,
        }
    }
}

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) bytes: Bytes,
    pub(crate) priority: Priority,
}

#[derive(Debug, Default)]
struct Queues {
    urgent: VecDeque<Bytes>,
    normal: VecDeque<Bytes>,
    bulk: VecDeque<Bytes>,
    bytes: usize,
    closed: bool,
}

impl Queues {
    fn len(&self) -> usize {
        self.urgent.len() + self.normal.len() + self.bulk.len()
    }

    fn of(&mut self, priority: Priority) -> &mut VecDeque<Bytes> {
        match priority {
            Priority::Bulk => &mut self.bulk,
            Priority::Normal => &mut self.normal,
            Priority::Urgent => &mut self.urgent,
        }
    }

    fn pop(&mut self) -> Option<Waiting> {
        for priority in [Priority::Urgent, Priority::Normal, Priority::Bulk] {
            if let Some(bytes) = self.of(priority).pop_front() {
                self.bytes = self.bytes.saturating_sub(bytes.len());
                return Some(Waiting { bytes, priority });
            }
        }
        None
    }
}

/// Messages that wait to be sent to one peer.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queues: Mutex<Queues>,
    filled: Notify,
    emptied: Notify,
}

impl Outbox {
    /// Queues a message; false when there is no room.
    pub(crate) fn push(&self, bytes: Bytes, priority: Priority) -> bool {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let total = queues.bytes.saturating_add(bytes.len());
        if queues.closed || queues.len() >= OUTBOUND_MESSAGES || total > OUTBOUND_BYTES {
            return false;
        }
        queues.bytes = total;
        queues.of(priority).push_back(bytes);
        drop(queues);
        self.filled.notify_one();
        true
    }

    /// The next message, as soon as there is one; `None` when closed. For one reader.
    pub(crate) async fn pop(&self) -> Option<Waiting> {
        loop {
            {
                let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(waiting) = queues.pop() {
                    return Some(waiting);
                }
                if queues.closed {
                    return None;
                }
            }
            self.emptied.notify_waiters();
            self.filled.notified().await;
        }
    }

    /// Takes no more, and forgets what waits: how many that were.
    pub(crate) fn close(&self) -> usize {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = queues.len();
        *queues = Queues {
            closed: true,
            ..Queues::default()
        };
        drop(queues);
        self.filled.notify_one();
        self.emptied.notify_waiters();
        forgotten
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
            == 0
    }

    /// Waits until nothing waits.
    pub(crate) async fn drained(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn urgent_leaves_first_and_bulk_last() {
        let outbox = Outbox::default();
        for priority in [Priority::Bulk, Priority::Normal, Priority::Urgent] {
            assert!(outbox.push(Bytes::new(), priority));
        }
        for priority in [Priority::Urgent, Priority::Normal, Priority::Bulk] {
            assert_eq!(outbox.pop().await.unwrap().priority, priority);
        }
    }

    #[tokio::test]
    async fn both_bounds_hold() {
        let outbox = Outbox::default();
        for _ in 0..OUTBOUND_MESSAGES {
            assert!(outbox.push(Bytes::new(), Priority::Normal));
        }
        assert!(!outbox.push(Bytes::new(), Priority::Urgent));

        let outbox = Outbox::default();
        let quarter = Bytes::from(vec![0; OUTBOUND_BYTES / 4]);
        for _ in 0..4 {
            assert!(outbox.push(quarter.clone(), Priority::Normal));
        }
        assert!(!outbox.push(Bytes::from_static(b"x"), Priority::Normal));
        outbox.pop().await.unwrap();
        assert!(outbox.push(quarter, Priority::Normal));
    }
}
