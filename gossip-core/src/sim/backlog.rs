//! A backlog: what waits for a process that does not look.
//!
//! A process is *held* while it is paused, and while it is busy with an input
//! before. Packets meanwhile fill its socket's buffer, and the newest of those
//! that no longer fit are lost; what comes from its own machine (a sync that
//! ended, its own timer) waits too. Nobody answers for it: no acknowledgement
//! leaves, and the idle timers of its peers run.
//!
//! ```text
//!   packets, timers ─▶ ┌─ backlog ─┐ ─▶ paused: nothing; resumed: all at once
//!                      └───────────┘ ─▶ slow: one, and after `per_input` the next
//! ```

use alloc::collections::VecDeque;
use core::time::Duration;

use super::queue::Event;

/// Packets a socket's buffer holds (guess: 2 MiB, what Linux grants most
/// servers, at the 2 KiB it charges for a small packet).
const PACKETS: usize = 1_024;

/// What waits for one process, and why.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    waiting: VecDeque<Event>,
    packets: usize,
    /// Its alarm rang and waits to be heard.
    pub(super) rings: bool,
    pub(super) paused: bool,
    /// How long each input takes it; zero: no time.
    pub(super) per_input: Duration,
    /// It is at work on an input: what follows from it is not held.
    pub(super) at_work: bool,
    /// The end of its work on an input is on the queue of events.
    pub(super) serves: bool,
}

impl Backlog {
    /// Whether what happens to the process now has to wait.
    pub(super) const fn holds(&self) -> bool {
        (self.paused || !self.per_input.is_zero()) && !self.at_work
    }

    /// Something waits; false where there was no room for it.
    pub(super) fn push(&mut self, event: Event) -> bool {
        match event {
            Event::Wake(_) => self.rings = true,
            Event::Packet(_) if self.packets >= PACKETS => return false,
            Event::Packet(_) => self.packets += 1,
            _ => {}
        }
        self.waiting.push_back(event);
        true
    }

    /// What has waited longest.
    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.waiting.pop_front()?;
        match event {
            Event::Wake(_) => self.rings = false,
            Event::Packet(_) => self.packets -= 1,
            _ => {}
        }
        Some(event)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The process is gone; the machine is as slow as before.
    pub(super) fn clear(&mut self) {
        *self = Self {
            per_input: self.per_input,
            serves: self.serves,
            ..Self::default()
        };
    }
}
