//! Delivery: from the moment a packet reaches its host to the node's input.
//!
//! ```text
//!   packet ─▶ cut? ─▶ clog? ─▶ process held up? ─▶ end open? ─▶ heard, acknowledged ─▶ node
//!              │        │            │                 │
//!         stalls, or  stalls      backlog         "no such link" goes back
//!         is lost
//! ```
//!
//! What is lost on the way is drawn when a packet is sent; a cut or a clog
//! takes hold of what is under way when it begins, too.

use alloc::vec::Vec;
use core::time::Duration;

use super::host::HostId;
use super::link::{Cargo, LinkId, Packet, Side, Stalled};
use super::machine::Machine;
use super::queue::Event;
use super::wire;
use super::world::World;
use crate::input::{Input, LinkError, Via};

/// Packets of one link a clog holds (guess: a router's queue); more are lost,
/// unless they are sent again.
const CLOGGED: usize = 4_096;

impl<M: Machine> World<M> {
    /// A packet comes to the other end's host, if there is a way.
    pub(super) fn arrives(&mut self, packet: Packet) {
        let Some(link) = self.links.at_mut(packet.link) else {
            return;
        };
        let sender = link.ends.at(packet.to.other()).host;
        let here = link.ends.at(packet.to).host;
        let is_reliable = packet.cargo.is_reliable();
        let passes = self.network.passes(sender, here);
        if !passes || self.network.clogged(self.now, sender, here).is_some() {
            if is_reliable || passes && link.stalled.len() < CLOGGED {
                let queued = passes;
                link.stalled.push(Stalled { packet, queued });
            } else {
                self.hosts[sender.index()].traffic.lost += 1;
            }
            return;
        }
        if let Some((key, turn)) = packet.cargo.turn()
            && let Some(session) = self.sessions.get_mut(&key)
        {
            let lane = session.ends.at_mut(packet.to.other());
            if turn != lane.next_turn {
                // What went before waited for a cut to be mended.
                let next = self.now + Duration::from_micros(1);
                let at = lane.held_until.max(next);
                self.queue.push(at, Event::Packet(packet));
                return;
            }
            lane.next_turn += 1;
        }
        self.happens_to(here, Event::Packet(packet));
    }

    /// A process takes a packet from its socket.
    pub(super) fn reads(&mut self, packet: Packet) {
        let Some(link) = self.links.at_mut(packet.link) else {
            return;
        };
        let (to, from) = (packet.to, packet.to.other());
        let here = link.ends.at(to).host;
        let back = link.ends.at(to).path;
        let sender = link.ends.at(from).host;
        if self.hosts[here.index()].node.is_none() {
            return;
        }
        if !link.ends.at(to).open {
            // Whoever runs there now knows no such link, and says so.
            if link.ends.at(from).open {
                self.signal(packet.link, from, Cargo::Unknown);
            }
            return;
        }
        let idle_timeout = self.network.setup().idle_timeout;
        link.ends.at_mut(to).hears(self.now, idle_timeout);
        if packet.cargo.is_reliable() || matches!(packet.cargo, Cargo::Datagram(_)) {
            // The acknowledgement, unless it is lost.
            let free = self.network.passes(here, sender)
                && self.network.clogged(self.now, here, sender).is_none();
            if free && let Some(at) = self.network.acknowledgement(self.now, back) {
                link.ends.at_mut(from).hears(at, idle_timeout);
            }
        }
        self.charge_heard(here, packet.link, to, &packet.cargo);
        let from = self.id(sender).clone();
        match packet.cargo {
            Cargo::Datagram(message) => {
                let (via, message) = (Via::Datagram, *message);
                self.input(here, Input::Message { from, via, message });
            }
            Cargo::Stream(message) => {
                let (via, message) = (Via::Stream, *message);
                self.input(here, Input::Message { from, via, message });
            }
            Cargo::Session(key, _, message) => self.arrives_in_session(key, to, from, *message),
            Cargo::Finish(key, _) => self.finishes(key, to),
            Cargo::Abandon(key) => self.is_abandoned(key, to),
            Cargo::Credit(key) => self.may_go_on(key, to),
            Cargo::Close(why) => self.close_end(packet.link, to, Some(why)),
            Cargo::Unknown => self.close_end(packet.link, to, Some(LinkError::Closed)),
        }
    }

    /// What hearing a packet makes a host put on the wire.
    fn charge_heard(&mut self, here: HostId, link: LinkId, side: Side, cargo: &Cargo) {
        let Some(link) = self.links.at_mut(link) else {
            return;
        };
        let traffic = &mut self.hosts[here.index()].traffic;
        match cargo {
            Cargo::Datagram(_) => {
                let pen = &mut link.ends.at_mut(side).pen;
                traffic.acknowledges(pen.hears(self.now));
            }
            Cargo::Stream(message) => {
                traffic.wire.join(wire::MESSAGE_HEARD);
                traffic.wire.join(wire::acks(message.weight() as u64));
            }
            Cargo::Session(_, _, message) => {
                traffic.wire.join(wire::acks(message.weight() as u64));
            }
            Cargo::Close(_) => traffic.wire.join(wire::CLOSED),
            Cargo::Finish(..) | Cargo::Abandon(_) | Cargo::Credit(_) | Cargo::Unknown => {}
        }
    }

    /// A few bytes of the transport's own go to one side of a link.
    pub(super) fn signal(&mut self, link: LinkId, to: Side, cargo: Cargo) {
        let Some(open) = self.links.at(link) else {
            return;
        };
        let (path, host) = (open.ends.at(to.other()).path, open.ends.at(to.other()).host);
        let cost = match cargo {
            Cargo::Close(_) => wire::CLOSE,
            _ => wire::CLOSED,
        };
        self.hosts[host.index()].traffic.wire.join(cost);
        if let Some(arrival) = self.network.control(self.now, path) {
            let packet = Packet { link, to, cargo };
            self.queue.push(arrival, Event::Packet(packet));
        }
    }

    /// Something stands still until its way is free again.
    pub(super) fn stall(&mut self, link: LinkId, to: Side, cargo: Cargo) {
        if let Some(stalling) = self.links.at_mut(link) {
            let packet = Packet { link, to, cargo };
            let queued = false;
            stalling.stalled.push(Stalled { packet, queued });
        }
    }

    /// Ways have become free: what stood still goes on. What was cut off is
    /// sent again, a little later; what was clogged comes now, all at once.
    pub(super) fn release(&mut self) {
        let now = self.now;
        for link in self.links.values_mut() {
            for to in [Side::Dialer, Side::Server] {
                if link.stalled.is_empty() {
                    continue;
                }
                let sender = link.ends.at(to.other());
                let here = link.ends.at(to).host;
                let free = self.network.passes(sender.host, here)
                    && self.network.clogged(now, sender.host, here).is_none();
                if !free {
                    continue;
                }
                let stalled = core::mem::take(&mut link.stalled).into_iter();
                let (going, staying): (Vec<_>, Vec<_>) =
                    stalled.partition(|stalled| stalled.packet.to == to);
                link.stalled = staying;
                let mut again = now;
                if going.iter().any(|stalled| !stalled.queued) {
                    again = self.network.resumed(now, sender.path);
                    for key in &link.sessions {
                        if let Some(session) = self.sessions.get_mut(key) {
                            session.ends.at_mut(to.other()).hold_back(again);
                        }
                    }
                }
                for Stalled { packet, queued } in going {
                    let at = if queued { now } else { again };
                    self.queue.push(at, Event::Packet(packet));
                }
            }
        }
    }

    /// An end may have heard nothing for too long.
    pub(super) fn idles(&mut self, link: LinkId, side: Side) {
        let Some(end) = self.links.at(link).map(|link| link.ends.at(side)) else {
            return;
        };
        if !end.open {
            return;
        }
        let deadline = end.heard + self.network.setup().idle_timeout;
        if deadline <= self.now {
            self.close_end(link, side, Some(LinkError::TimedOut));
        } else {
            self.queue.push(deadline, Event::Idle(link, side));
        }
    }
}

/// Processes that are held up.
impl<M: Machine> World<M> {
    /// Something happens to a process: now, or when it looks again.
    pub(super) fn happens_to(&mut self, host: HostId, event: Event) {
        let at = &mut self.hosts[host.index()];
        if !at.backlog.holds() {
            return self.perform(event);
        }
        if !at.backlog.push(event) {
            at.traffic.unread += 1;
        }
        self.set_to_work(host);
    }

    /// A slow process begins with what has waited longest, unless it is at it.
    pub(super) fn set_to_work(&mut self, host: HostId) {
        let backlog = &mut self.hosts[host.index()].backlog;
        if !backlog.paused && !backlog.serves && !backlog.is_empty() {
            backlog.serves = true;
            let done = self.now + backlog.per_input;
            self.queue.push(done, Event::Serve(host));
        }
    }

    /// A slow process is done with its work on an input.
    pub(super) fn serve(&mut self, host: HostId) {
        let backlog = &mut self.hosts[host.index()].backlog;
        backlog.serves = false;
        if backlog.paused {
            return;
        }
        if let Some(event) = backlog.pop() {
            backlog.at_work = true;
            self.perform(event);
            self.hosts[host.index()].backlog.at_work = false;
        }
        self.set_to_work(host);
    }

    /// A process that is held up no more hears everything at once.
    pub(super) fn catch_up(&mut self, host: HostId) {
        loop {
            let backlog = &mut self.hosts[host.index()].backlog;
            if backlog.holds() {
                return self.set_to_work(host);
            }
            let Some(event) = backlog.pop() else {
                return;
            };
            self.perform(event);
        }
    }
}
