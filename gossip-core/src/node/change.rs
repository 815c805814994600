//! What a room learned: keep it, spread it, tell the application.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::dissemination::Picture;
use crate::input::Target;
use crate::message::Item;
use crate::output::{MemberEvent, MemberEventKind, Notification, Output, Record};
use crate::replica::Change;

use super::Node;

impl Node {
    /// Makes an item a hot rumor, to be told soon.
    pub(super) fn spread(&mut self, now: Now, item: Item) {
        if self.absorbing {
            return;
        }
        self.outbox.counters.rumors_dropped += self.hot.add(item);
        self.timers.gossip_soon(now.mono + self.config.gossip_delay);
    }

    /// A row of the roster changed because of `item`.
    pub(super) fn member_changed(&mut self, now: Now, item: Item, event: Option<MemberEvent>) {
        match &item {
            Item::Claim(claim) => {
                self.book.met(&claim.value.member);
                self.outbox
                    .push(Output::Remember(Record::Claim(claim.clone())));
            }
            Item::Accusation(accusation) if accusation.is_verdict() => {
                self.outbox
                    .push(Output::Remember(Record::Verdict(accusation.clone())));
            }
            _ => {}
        }
        if let Some(event) = event {
            if matches!(event.kind, MemberEventKind::Died { .. }) {
                self.hang_up_if_silent(now, &event.id);
            }
            self.outbox.notify(Notification::Member(event));
        }
        self.spread(now, item);
    }

    /// A connection to a dead member is in the way of its return: a transport
    /// grows more patient the longer a peer is silent, while a new handshake
    /// finds it at once. One that still speaks on it is not hung up on.
    fn hang_up_if_silent(&mut self, now: Now, peer: &NodeId) {
        if let Some(link) = self.links.link(peer)
            && now.mono.since(link.heard) > self.config.probe_interval
        {
            self.outbox.push(Output::HangUp(peer.clone()));
        }
    }

    /// What the replica learned of others' writes: nobody waits for the disk.
    pub(super) fn replica_changed(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Record(record) => self.outbox.push(Output::Remember(record)),
                Change::Notify(notification) => self.outbox.notify(notification),
            }
        }
    }

    /// Looks for the cluster: everybody worth a try, a few at once.
    pub(super) fn seek(&mut self, now: Now) {
        let candidates = self
            .book
            .candidates(&self.roster, &self.links, &mut self.rng);
        for target in candidates.into_iter().take(SEEK_AT_ONCE) {
            self.try_target(now, target);
        }
    }

    /// Tries one of the book: dials, or compares notes if there is a link.
    pub(super) fn try_target(&mut self, now: Now, target: Target) {
        match &target {
            Target::Member(peer, _) if self.links.is_up(peer) => {
                let peer = peer.clone();
                self.compare_notes(now, &peer);
            }
            _ => self.outbox.push(Output::Dial(target)),
        }
    }

    /// Opens a session with a peer.
    pub(super) fn compare_notes(&mut self, now: Now, peer: &NodeId) {
        let picture = Picture {
            roster: &self.roster,
            replica: &self.replica,
        };
        self.syncs.open(now.mono, peer, picture, &mut self.outbox);
    }
}

/// Seeds and remembered members dialed at once while joining (guess).
const SEEK_AT_ONCE: usize = 3;
