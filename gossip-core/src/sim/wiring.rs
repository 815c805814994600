//! Wiring: how links come to be, and how they end.
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

use super::handshake;
use super::host::HostId;
use super::link::{Cargo, End, Link, LinkId, Pair, Side};
use super::machine::Machine;
use super::network::PathId;
use super::queue::{Event, Handshake};
use super::wire::{self, Pen, Wire};
use super::world::World;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::input::{Input, LinkError, LinkEvent, SessionEvent, Target};
use crate::message::Generation;

impl<M: Machine> World<M> {
    /// The host at the other end of a link.
    fn other_end(&self, link: LinkId, side: Side) -> HostId {
        self.links[link].ends.at(side.other()).host
    }

    /// The way from one host to another.
    fn way(&mut self, from: HostId, to: HostId) -> PathId {
        let far = self.id(from).zone() != self.id(to).zone();
        self.network.path(from, to, far)
    }

    /// As which run a host introduces itself.
    fn generation(&self, host: HostId) -> Option<Generation> {
        self.hosts[host.index()].checks.generation.known()
    }

    pub(super) fn dial(&mut self, from: HostId, target: Target) {
        self.hosts[from.index()].traffic.dials += 1;
        let now = self.now;
        let gives_up = now + self.network.setup().dial_timeout;
        let (seed, to) = match &target {
            Target::Seed(name) => (Some(name.clone()), self.seeds.get(name).copied()),
            Target::Member(id, addrs) => {
                let name = self.names.find(id);
                let peers = &self.hosts[from.index()].peers;
                if let Some((link, side)) = name.and_then(|name| peers.link(name)) {
                    let up = self.up(from, self.other_end(link, side), None);
                    return self.input_soon(from, up);
                }
                let to = addrs.iter().find_map(|addr| self.addrs.get(addr).copied());
                if to.is_none() && !addrs.is_empty() {
                    // No machine has this address any more: nobody says so.
                    self.charge(from, wire::DIAL_IN_VAIN);
                    return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
                }
                (None, to)
            }
        };
        let Some(to) = to else {
            return self.dial_fails(now, from, target, LinkError::Unreachable);
        };
        if from == to {
            return self.dial_fails(now, from, target, LinkError::Ourselves);
        }
        if self.is_linked(from, to) {
            let up = self.up(from, to, seed);
            return self.input_soon(from, up);
        }
        if !self.network.meet(from, to) {
            self.charge(from, wire::DIAL_IN_VAIN);
            return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
        }
        let (there, back) = (self.way(from, to), self.way(to, from));
        if !self.is_running(to) {
            let heard = now + self.network.rtt(there, back);
            self.charge(from, wire::DIAL_REFUSED);
            return self.dial_fails(heard, from, target, LinkError::Unreachable);
        }
        let (span, again) = handshake::run(&mut self.network, there, back);
        for (host, flights) in [from, to].into_iter().zip(again) {
            (0..flights).for_each(|_| self.charge(host, wire::CONNECT_AGAIN));
        }
        let done = now + span;
        if done >= gives_up {
            return self.dial_fails(gives_up, from, target, LinkError::TimedOut);
        }
        let handshake = Handshake {
            from: (from, self.hosts[from.index()].boot),
            to: (to, self.hosts[to.index()].boot),
            target,
            seed,
            gives_up,
            retry: self.network.setup().initial_rtt * 3,
        };
        self.queue.push(done, Event::Handshake(Box::new(handshake)));
    }

    fn charge(&mut self, host: HostId, cost: Wire) {
        self.hosts[host.index()].traffic.connects(cost);
    }

    fn dial_fails(&mut self, at: Instant, from: HostId, target: Target, why: LinkError) {
        let input = Input::Link(LinkEvent::DialFailed { target, why });
        let boot = self.hosts[from.index()].boot;
        self.queue
            .push(at, Event::Input(from, boot, Box::new(input)));
    }

    /// A handshake comes to its end, unless something stands in its way.
    pub(super) fn handshake_ends(&mut self, mut handshake: Box<Handshake>) {
        let ((from, boot), (to, to_boot)) = (handshake.from, handshake.to);
        if !self.runs(from, boot) {
            return;
        }
        let (now, gives_up) = (self.now, handshake.gives_up);
        let there = self.network.clogged(now, from, to);
        let back = self.network.clogged(now, to, from);
        let mut later = there.max(back);
        if self.hosts[to.index()].backlog.paused {
            later = later.max(Some(now + handshake.retry));
            handshake.retry *= 2;
        }
        let fails = !self.network.meet(from, to) || !self.runs(to, to_boot);
        if fails || now > gives_up || later.is_some_and(|later| later >= gives_up) {
            let at = gives_up.max(now);
            self.charge(from, wire::DIAL_IN_VAIN);
            return self.dial_fails(at, from, handshake.target, LinkError::TimedOut);
        }
        if let Some(later) = later {
            self.queue.push(later, Event::Handshake(handshake));
            return;
        }
        let Handshake { target, seed, .. } = *handshake;
        self.charge(from, wire::CONNECT_DIALER);
        self.charge(to, wire::CONNECT_SERVER);
        if self.id(from) == self.id(to) {
            return self.dial_fails(now, from, target, LinkError::Ourselves);
        }
        if let Target::Member(id, _) = &target
            && id != self.id(to)
        {
            return self.dial_fails(now, from, target, LinkError::Refused);
        }
        if let Some(by) = self.outlives(to, from) {
            let why = LinkError::Outlived { by };
            return self.dial_fails(now, from, target, why);
        }
        if let Some(by) = self.outlives(from, to) {
            // It has said that all is well before it is told.
            let (up, peer) = (self.up(to, from, None), self.id(from).clone());
            self.input_soon(to, up);
            let why = LinkError::Outlived { by };
            self.input_soon(to, Input::Link(LinkEvent::Down { peer, why }));
            return self.dial_fails(now, from, target, LinkError::Refused);
        }
        if !self.is_linked(from, to) {
            self.establish(from, to);
            let up = self.up(to, from, None);
            self.input_soon(to, up);
        }
        let up = self.up(from, to, seed);
        self.input(from, up);
    }

    /// Whether a host is connected to a later run of the name another bears:
    /// which one.
    fn outlives(&self, here: HostId, newcomer: HostId) -> Option<Generation> {
        let peers = &self.hosts[here.index()].peers;
        let (link, side) = peers.link(self.hosts[newcomer.index()].name)?;
        let known = self.links[link].ends.at(side.other());
        let is_same = known.host == newcomer && known.boot == self.hosts[newcomer.index()].boot;
        known
            .generation
            .filter(|known| !is_same && Some(*known) > self.generation(newcomer))
    }

    /// Whether a host has an open link to another, ghosts included.
    fn is_linked(&self, from: HostId, to: HostId) -> bool {
        let peers = &self.hosts[from.index()].peers;
        peers
            .link(self.hosts[to.index()].name)
            .is_some_and(|(link, side)| self.other_end(link, side) == to)
    }

    fn up(&mut self, to: HostId, peer: HostId, seed: Option<alloc::string::String>) -> Input {
        let (there, back) = (self.way(to, peer), self.way(peer, to));
        Input::Link(LinkEvent::Up {
            peer: self.id(peer).clone(),
            seed,
            addr: self.hosts[peer.index()].addr(),
            rtt: self.network.rtt(there, back),
        })
    }

    /// A new link, in the place of any that the two names had before.
    ///
    /// What gossip-quic does: an earlier run of the peer is down, and whoever
    /// still runs as it is told by whom it is outlived; another link with the
    /// same run only carries what follows.
    fn establish(&mut self, dialer: HostId, server: HostId) {
        for (here, there) in [(dialer, server), (server, dialer)] {
            let name = self.hosts[there.index()].name;
            let Some((link, side)) = self.hosts[here.index()].peers.link(name) else {
                continue;
            };
            let known = self.links[link].ends.at(side.other()).generation;
            let new = self.generation(there);
            let why = match new {
                Some(by) if new > known => LinkError::Outlived { by },
                _ => LinkError::Closed,
            };
            self.signal(link, side.other(), Cargo::Close(why));
            let down = (new != known).then_some(LinkError::Closed);
            self.close_end(link, side, down);
        }
        let now = self.now;
        let (there, back) = (self.way(dialer, server), self.way(server, dialer));
        let end = |host: HostId, path: PathId| End {
            host,
            boot: self.hosts[host.index()].boot,
            path,
            generation: self.generation(host),
            open: true,
            heard: now,
            asked: false,
            pen: Pen::default(),
        };
        let ends = Pair {
            dialer: end(dialer, there),
            server: end(server, back),
        };
        let new = Link {
            ends,
            stalled: Vec::new(),
            sessions: [].into(),
        };
        let link = self.links.insert(new);
        let idle = now + self.network.setup().idle_timeout;
        for (side, here, there) in [
            (Side::Dialer, dialer, server),
            (Side::Server, server, dialer),
        ] {
            let name = self.hosts[there.index()].name;
            self.hosts[here.index()].peers.insert(name, (link, side));
            self.queue.push(idle, Event::Idle(link, side));
        }
    }

    /// Closes one end. Its node, if the process still runs, hears that the
    /// sessions are over, and then why the link is gone (if another does not
    /// take its place).
    pub(super) fn close_end(&mut self, id: LinkId, side: Side, why: Option<LinkError>) {
        let Some(link) = self.links.at_mut(id) else {
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
        if gone && let Some(link) = self.links.remove(id) {
            for key in link.sessions {
                self.sessions.remove(&key);
            }
        }
        let name = self.hosts[peer.index()].name;
        let peer = self.id(peer).clone();
        let peers = &mut self.hosts[host.index()].peers;
        if peers.link(name) == Some((id, side)) {
            peers.remove(name);
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

    /// A process ends, with a word to its peers or without.
    pub(super) fn leave_links(&mut self, host: HostId, politely: bool) {
        let at = &mut self.hosts[host.index()];
        let peers = core::mem::take(&mut at.peers);
        at.node = None;
        at.backlog.clear();
        self.queue.wake(host, None);
        for (link, side) in peers.all() {
            if politely {
                self.signal(link, side.other(), Cargo::Close(LinkError::Closed));
            }
            self.close_end(link, side, None);
        }
    }

    /// A node closes its connection to a peer.
    pub(super) fn hang_up(&mut self, host: HostId, peer: &NodeId) {
        let name = self.names.find(peer);
        let peers = &self.hosts[host.index()].peers;
        if let Some((link, side)) = name.and_then(|name| peers.link(name)) {
            self.signal(link, side.other(), Cargo::Close(LinkError::Closed));
            self.close_end(link, side, Some(LinkError::Closed));
        }
    }

    /// Closes every connection of a host at both ends.
    pub(super) fn sever(&mut self, host: HostId) {
        let links: Vec<_> = self.hosts[host.index()].peers.all().collect();
        for (link, side) in links {
            self.close_end(link, side.other(), Some(LinkError::Closed));
            self.close_end(link, side, Some(LinkError::Closed));
        }
    }
}
