//! What was lately told of keys, in order, so that it can be told again.
//!
//! ```text
//!   told    … 38 39 40 │ 41 42 43 44 45        cursor 42: 43, 44, 45 were missed
//!           forgotten  │ kept                  cursor 38: no longer known
//! ```
//!
//! Each event gets a number, one more than the one before; its place is a
//! [`Cursor`]. A watch that was too slow, or a program that was away, gets
//! exactly what it missed as long as that is kept; afterwards it learns how
//! things stand, and that it has to begin anew.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::Generation;
use crate::output::Notification;
use crate::watched::{Cursor, Selection};

/// The events of one run of one node.
#[derive(Debug)]
pub struct Chronicle {
    last: Cursor,
    /// The newest events, numbered without a gap up to the last.
    kept: VecDeque<Notification>,
    bytes: usize,
}

impl Chronicle {
    /// Of a run that begins.
    pub fn new(node: &NodeId, generation: Generation) -> Self {
        Self {
            last: Cursor::first(node, generation),
            kept: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Behind the last event.
    pub const fn now(&self) -> Cursor {
        self.last
    }

    /// Gives an event of a key its number, and keeps it. Others have none.
    pub fn enter(&mut self, notification: &mut Notification) {
        let Some(cursor) = notification.cursor_mut() else {
            return;
        };
        self.last.number += 1;
        *cursor = self.last;
        self.bytes += weight(notification);
        self.kept.push_back(notification.clone());
        while self.kept.len() > limit::KEY_EVENTS_KEPT || self.bytes > limit::KEY_EVENT_BYTES_KEPT {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= weight(&oldest);
        }
    }

    /// The events of a selection after a cursor, in order; `None`: what came
    /// after it is no longer known, or it was another run that gave it.
    pub fn since(&self, from: Cursor, selection: &Selection) -> Option<Vec<Notification>> {
        let missed = self.last.number.checked_sub(from.number)?;
        let missed = usize::try_from(missed).ok()?;
        if from.run != self.last.run || missed > self.kept.len() {
            return None;
        }
        let events = self.kept.range(self.kept.len() - missed..);
        let events = events.filter(|event| event.concerns(selection));
        Some(events.cloned().collect())
    }
}

/// Bytes of key and value; what else there is, is counted by the number kept.
fn weight(notification: &Notification) -> usize {
    match notification {
        Notification::Key(event) => {
            let value = event.value.as_ref().map_or(0, |value| value.bytes().len());
            event.key.as_str().len() + value
        }
        Notification::Conflict { key, .. } => key.as_str().len(),
        _ => 0,
    }
}
