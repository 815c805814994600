//! A session: an ordered exchange between two nodes on one link.
//!
//! Each side has its own number for it and its own lane to send on. At most
//! [`IN_FLIGHT`] messages of a lane are on their way; a sender is told that it
//! may send more once for every message it sent, at once while there is room
//! and otherwise when there is.

use super::link::{LinkId, Pair};
use crate::base::time::Instant;
use crate::input::SessionId;

/// Messages of one lane on their way at once (guess: four pieces of 64 KiB
/// fill the path for 2 ms at 1 Gbit/s, twice its round trip).
pub(super) const IN_FLIGHT: u32 = 4;

/// A session's number in the simulator, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SessionKey(pub(super) u64);

/// An exchange.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) link: LinkId,
    pub(super) ends: Pair<SessionEnd>,
}

impl Session {
    pub(super) fn new(link: LinkId) -> Self {
        let ends = Pair::default();
        Self { link, ends }
    }

    /// Whether nobody will say or hear anything in it any more.
    pub(super) const fn is_done(&self) -> bool {
        let Pair { dialer, server } = &self.ends;
        (dialer.over || dialer.finished)
            && (server.over || server.finished)
            && dialer.in_flight == 0
            && server.in_flight == 0
    }
}

/// What one side has of it.
#[derive(Debug, Default)]
pub(super) struct SessionEnd {
    /// Its number there; `None` before the first message has arrived.
    pub(super) id: Option<SessionId>,
    /// It said that it will send nothing more.
    pub(super) finished: bool,
    /// It was told, or said itself, that all is over: it hears nothing more.
    pub(super) over: bool,
    /// When the last message it sent arrives: none overtakes it.
    pub(super) last_arrival: Instant,
    /// What it sent before a cut was mended arrives then, and nothing sooner.
    pub(super) held_until: Instant,
    /// The turn of what it sends next.
    pub(super) turn: u32,
    /// The turn of what arrives of it next.
    pub(super) next_turn: u32,
    /// Messages it sent that are on their way.
    in_flight: u32,
    /// Messages it sent for which it was not yet told that it may go on.
    owed: u32,
}

impl SessionEnd {
    /// Nothing it sent or will send arrives before what waited for a cut to be
    /// mended.
    pub(super) fn hold_back(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
        self.last_arrival = self.last_arrival.max(until);
    }

    /// A message leaves; whether the sender may go on at once.
    pub(super) const fn sends(&mut self) -> bool {
        self.in_flight += 1;
        if self.in_flight < IN_FLIGHT {
            return true;
        }
        self.owed += 1;
        false
    }

    /// A message has arrived; whether the sender may now go on.
    pub(super) const fn arrived(&mut self) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.owed == 0 {
            return false;
        }
        self.owed -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_followed_by_one_leave_to_go_on() {
        let mut end = SessionEnd::default();
        let at_once = (0..10).filter(|_| end.sends()).count();
        assert_eq!(at_once, 3);
        let later = (0..10).filter(|_| end.arrived()).count();
        assert_eq!(at_once + later, 10);
    }
}
