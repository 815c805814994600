//! Wiring: how links come to be, carry packets, and end.
//!
//! ```text
//!   Dial ─▶ resolve ─▶ handshake, 2 round trips ─▶ Up at both ends
//!              │             │
//!              ▼             ▼ cut: after 5 s        an end closes when it has
//!         nobody there:  TimedOut                    · heard nothing for 30 s   TimedOut
//!         Unreachable, at once                       · sent to a new process    Closed
//!                                                    · been told               Closed
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::host::HostId;
use super::link::{Cargo, End, Link, LinkId, Packet, Pair, Side};
use super::machine::Machine;
use super::queue::{Event, Handshake};
use super::world::World;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::input::{Input, LinkError, LinkEvent, SessionEvent, Target, Via};

impl<M: Machine> World<M> {
    /// The host at the other end of a link, and whether it is far.
    pub(super) fn other_end(&self, link: LinkId, side: Side) -> (HostId, bool) {
        let link = &self.links[&link];
        (link.ends.at(side.other()).host, link.far)
    }

    pub(super) fn dial(&mut self, from: HostId, target: Target) {
        self.hosts[from.index()].traffic.dials += 1;
        let (seed, to) = match &target {
            Target::Seed(name) => (Some(name.clone()), self.names.get(name).copied()),
            Target::Member(_, addrs) => (
                None,
                addrs.iter().find_map(|addr| self.addrs.get(addr).copied()),
            ),
        };
        let now = self.now;
        let Some(to) = to else {
            return self.dial_fails(now, from, target, LinkError::Unreachable);
        };
        if self.id(from) == self.id(to) {
            return self.dial_fails(now, from, target, LinkError::Refused);
        }
        if self.is_linked(from, to) {
            let up = self.up(from, to, seed);
            return self.input_soon(from, up);
        }
        let gives_up = now + self.network.setup().dial_timeout;
        if !self.network.passes(from, to) {
            return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
        }
        let far = self.is_far(from, to);
        if !self.is_running(to) {
            let heard = now + self.network.rtt(from, to, far);
            return self.dial_fails(heard, from, target, LinkError::Unreachable);
        }
        let done = now + self.network.handshake(from, to, far);
        if done >= gives_up {
            return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
        }
        let handshake = Handshake {
            from: (from, self.hosts[from.index()].boot),
            to: (to, self.hosts[to.index()].boot),
            target,
            seed,
            gives_up,
        };
        self.queue.push(done, Event::Handshake(handshake));
    }

    fn dial_fails(&mut self, at: Instant, from: HostId, target: Target, why: LinkError) {
        let input = Input::Link(LinkEvent::DialFailed { target, why });
        let boot = self.hosts[from.index()].boot;
        self.queue
            .push(at, Event::Input(from, boot, Box::new(input)));
    }

    pub(super) fn handshake_ends(&mut self, handshake: Handshake) {
        let Handshake {
            from: (from, boot),
            to: (to, to_boot),
            target,
            seed,
            gives_up,
        } = handshake;
        if !self.runs(from, boot) {
            return;
        }
        if !self.network.passes(from, to) || !self.runs(to, to_boot) {
            return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
        }
        if let Target::Member(id, _) = &target
            && id != self.id(to)
        {
            return self.dial_fails(self.now, from, target, LinkError::Refused);
        }
        if !self.is_linked(from, to) {
            self.establish(from, to);
            let up = self.up(to, from, None);
            self.input_soon(to, up);
        }
        let up = self.up(from, to, seed);
        self.input(from, up);
    }

    /// Whether a host has an open link to another, ghosts included.
    fn is_linked(&self, from: HostId, to: HostId) -> bool {
        let peers = &self.hosts[from.index()].peers;
        peers
            .get(self.id(to))
            .is_some_and(|(link, side)| self.other_end(*link, *side).0 == to)
    }

    fn is_far(&self, a: HostId, b: HostId) -> bool {
        self.id(a).zone() != self.id(b).zone()
    }

    fn up(&mut self, to: HostId, peer: HostId, seed: Option<alloc::string::String>) -> Input {
        let far = self.is_far(to, peer);
        Input::Link(LinkEvent::Up {
            peer: self.id(peer).clone(),
            seed,
            addr: self.hosts[peer.index()].addr(),
            rtt: self.network.rtt(to, peer, far),
        })
    }

    /// A new link, in the place of any that the two names had before.
    fn establish(&mut self, dialer: HostId, server: HostId) {
        for (here, there) in [(dialer, server), (server, dialer)] {
            let id = self.id(there).clone();
            if let Some((link, side)) = self.hosts[here.index()].peers.get(&id).copied() {
                self.tell_closed(link, side);
                self.close_end(link, side, None);
            }
        }
        self.next_number += 1;
        let link = LinkId(self.next_number);
        let now = self.now;
        let end = |host: HostId| End {
            host,
            boot: self.hosts[host.index()].boot,
            open: true,
            heard: now,
        };
        let ends = Pair {
            dialer: end(dialer),
            server: end(server),
        };
        let new = Link {
            ends,
            far: self.is_far(dialer, server),
            stalled: Vec::new(),
            sessions: [].into(),
        };
        self.links.insert(link, new);
        let idle = now + self.network.setup().idle_timeout;
        for (side, here, there) in [
            (Side::Dialer, dialer, server),
            (Side::Server, server, dialer),
        ] {
            let id = self.id(there).clone();
            self.hosts[here.index()].peers.insert(id, (link, side));
            self.queue.push(idle, Event::Idle(link, side));
        }
    }

    /// A packet comes to the other end, if there is a way and an end.
    pub(super) fn arrives(&mut self, packet: Packet) {
        let Some(link) = self.links.get_mut(&packet.link) else {
            return;
        };
        let (to, from) = (packet.to, packet.to.other());
        let here = link.ends.at(to).host;
        let there = link.ends.at(from).host;
        let far = link.far;
        if !self.network.passes(here, there) {
            if packet.cargo.is_reliable() {
                link.stalled.push(packet);
            }
            return;
        }
        if self.hosts[here.index()].node.is_none() {
            return;
        }
        if !link.ends.at(to).open {
            // Whoever runs there now knows no such link, and says so.
            if link.ends.at(from).open
                && let Some(back) = self.network.datagram(self.now, here, there, far)
            {
                self.queue.push(back, Event::Reset(packet.link, from));
            }
            return;
        }
        link.ends.at_mut(to).heard = self.now;
        // The acknowledgement, unless it is lost.
        if let Some(back) = self.network.datagram(self.now, here, there, far) {
            let heard = &mut link.ends.at_mut(from).heard;
            *heard = back.max(*heard);
        }
        let sender = self.id(there).clone();
        let mut hear = |via, message| {
            let from = sender.clone();
            self.input(here, Input::Message { from, via, message });
        };
        match packet.cargo {
            Cargo::Datagram(message) => hear(Via::Datagram, *message),
            Cargo::Stream(message) => hear(Via::Stream, *message),
            Cargo::Session(key, message) => self.arrives_in_session(key, to, sender, *message),
            Cargo::Finish(key) => self.finishes(key, to),
            Cargo::Abandon(key) => self.is_abandoned(key, to),
            Cargo::Close => self.close_end(packet.link, to, Some(LinkError::Closed)),
        }
    }

    /// An end may have heard nothing for too long.
    pub(super) fn idles(&mut self, link: LinkId, side: Side) {
        let Some(end) = self.links.get(&link).map(|link| link.ends.at(side)) else {
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

    /// An end learns that the other knows no such link.
    pub(super) fn is_reset(&mut self, link: LinkId, side: Side) {
        if self
            .links
            .get(&link)
            .is_some_and(|link| link.ends.at(side).open)
        {
            self.close_end(link, side, Some(LinkError::Closed));
        }
    }

    /// Closes one end. Its node, if the process still runs, hears that the
    /// sessions are over, and then why the link is gone (if another does not
    /// take its place).
    fn close_end(&mut self, id: LinkId, side: Side, why: Option<LinkError>) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let end = link.ends.at_mut(side);
        end.open = false;
        let (host, boot) = (end.host, end.boot);
        let peer = link.ends.at(side.other()).host;
        let gone = !link.ends.at(side.other()).open;
        let keys: Vec<_> = link.sessions.iter().copied().collect();
        let mut told = Vec::new();
        for key in keys {
            told.extend(self.end_session(key, side));
        }
        if gone && let Some(link) = self.links.remove(&id) {
            for key in link.sessions {
                self.sessions.remove(&key);
            }
        }
        let peer = self.id(peer).clone();
        let peers = &mut self.hosts[host.index()].peers;
        if peers.get(&peer) == Some(&(id, side)) {
            peers.remove(&peer);
        }
        if !self.runs(host, boot) {
            return;
        }
        for session in told {
            self.input(host, Input::Session(session, SessionEvent::Closed));
        }
        if let Some(why) = why {
            self.input(host, Input::Link(LinkEvent::Down { peer, why }));
        }
    }

    /// Lets the other end know that this one closes; the word may be lost.
    fn tell_closed(&mut self, link: LinkId, side: Side) {
        let Some(open) = self.links.get(&link) else {
            return;
        };
        let here = open.ends.at(side).host;
        let (there, far) = self.other_end(link, side);
        if let Some(arrival) = self.network.datagram(self.now, here, there, far) {
            let packet = Packet {
                link,
                to: side.other(),
                cargo: Cargo::Close,
            };
            self.queue.push(arrival, Event::Packet(packet));
        }
    }

    /// A process ends, with a word to its peers or without.
    pub(super) fn leave_links(&mut self, host: HostId, politely: bool) {
        let at = &mut self.hosts[host.index()];
        let peers = core::mem::take(&mut at.peers);
        at.node = None;
        if let Some(place) = at.wake.take() {
            self.queue.remove(place);
        }
        for (link, side) in peers.into_values() {
            if politely {
                self.tell_closed(link, side);
            }
            self.close_end(link, side, None);
        }
    }

    /// A node closes its connection to a peer.
    pub(super) fn hang_up(&mut self, host: HostId, peer: &NodeId) {
        let at = &self.hosts[host.index()];
        if let Some((link, side)) = at.peers.get(peer).copied() {
            self.tell_closed(link, side);
            self.close_end(link, side, Some(LinkError::Closed));
        }
    }

    /// Closes every connection of a host at both ends.
    pub(super) fn sever(&mut self, host: HostId) {
        let links: Vec<_> = self.hosts[host.index()].peers.values().copied().collect();
        for (link, side) in links {
            self.close_end(link, side.other(), Some(LinkError::Closed));
            self.close_end(link, side, Some(LinkError::Closed));
        }
    }

    /// A cut was mended: what waited for it goes on its way again.
    pub(super) fn resume(&mut self) {
        for (id, link) in &mut self.links {
            let (a, b) = (link.ends.dialer.host, link.ends.server.host);
            if link.stalled.is_empty() || !self.network.passes(a, b) {
                continue;
            }
            let mut resumed = |from, to| self.network.resumed(self.now, from, to, link.far);
            let arrivals = Pair {
                dialer: resumed(b, a),
                server: resumed(a, b),
            };
            for key in &link.sessions {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.hold_back(&arrivals);
                }
            }
            for packet in link.stalled.drain(..) {
                debug_assert_eq!(packet.link, *id);
                let at = *arrivals.at(packet.to);
                self.queue.push(at, Event::Packet(packet));
            }
        }
    }
}
