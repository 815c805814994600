//! Exchange: what happens in sessions, on top of links.

use alloc::boxed::Box;

use super::host::HostId;
use super::link::{Cargo, LinkId, Packet, Side};
use super::machine::Machine;
use super::queue::Event;
use super::session::{Session, SessionKey};
use super::wire;
use super::world::World;
use crate::base::id::NodeId;
use crate::input::{Input, SessionEvent, SessionId, Via};
use crate::message::Message;

impl<M: Machine> World<M> {
    /// A node sends in a session; the first message opens it.
    pub(super) fn send_in_session(
        &mut self,
        host: HostId,
        (link, side): (LinkId, Side),
        id: SessionId,
        message: Box<Message>,
        bytes: usize,
    ) {
        let at = &mut self.hosts[host.index()];
        let known = at.sessions.get(&id).copied();
        let is_new = !id.is_inbound() && at.last_opened.is_none_or(|last| id.as_u64() > last);
        let key = match known {
            Some((key, _)) => key,
            None if is_new => {
                at.last_opened = Some(id.as_u64());
                self.open_session(host, (link, side), id)
            }
            None => {
                at.traffic.unlinked += 1;
                return;
            }
        };
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let end = session.ends.at_mut(side);
        if session.link != link || end.over || end.finished {
            self.hosts[host.index()].traffic.unlinked += 1;
            return;
        }
        let writable = end.sends();
        let cost = wire::session_message(bytes as u64);
        self.hosts[host.index()].traffic.wire.join(cost);
        self.push_in_session(key, side, bytes, |turn| Cargo::Session(key, turn, message));
        if writable {
            self.input_soon(host, Input::Session(id, SessionEvent::Writable));
        }
    }

    fn open_session(
        &mut self,
        host: HostId,
        (link, side): (LinkId, Side),
        id: SessionId,
    ) -> SessionKey {
        self.next_number += 1;
        let key = SessionKey(self.next_number);
        let mut session = Session::new(link);
        session.ends.at_mut(side).id = Some(id);
        self.sessions.insert(key, session);
        if let Some(link) = self.links.at_mut(link) {
            link.sessions.insert(key);
        }
        let at = &mut self.hosts[host.index()];
        at.traffic.wire.join(wire::SESSION_OPENER);
        at.sessions.insert(id, (key, side));
        key
    }

    /// Puts something on its way behind everything this side sent before.
    fn push_in_session(
        &mut self,
        key: SessionKey,
        side: Side,
        bytes: usize,
        cargo: impl FnOnce(u32) -> Cargo,
    ) {
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let link = session.link;
        let Some(ends) = self.links.at_mut(link).map(|link| &mut link.ends) else {
            return;
        };
        ends.at_mut(side).sends(self.now);
        let path = ends.at(side).path;
        let host = ends.at(side).host;
        let (arrival, lost) = self.network.stream(self.now, path, bytes);
        let wire = &mut self.hosts[host.index()].traffic.wire;
        wire.join(wire::again(lost, bytes as u64));
        let end = session.ends.at_mut(side);
        end.last_arrival = end.last_arrival.max(arrival);
        let packet = Packet {
            link,
            to: side.other(),
            cargo: cargo(end.turn),
        };
        end.turn += 1;
        self.queue.push(end.last_arrival, Event::Packet(packet));
    }

    /// A message of a session arrives.
    pub(super) fn arrives_in_session(
        &mut self,
        key: SessionKey,
        to: Side,
        from: NodeId,
        message: Message,
    ) {
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let sender = session.ends.at_mut(to.other());
        let goes_on = sender.arrived() && !sender.over;
        if let (true, Some(id)) = (goes_on, sender.id) {
            let ends = &self.links[session.link].ends;
            let (here, there) = (ends.at(to).host, ends.at(to.other()).host);
            let now = self.now;
            if self.network.passes(here, there) && self.network.clogged(now, here, there).is_none()
            {
                self.input_soon(there, Input::Session(id, SessionEvent::Writable));
            } else {
                let link = session.link;
                self.stall(link, to.other(), Cargo::Credit(key));
            }
        }
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let here = self.links[session.link].ends.at(to).host;
        let receiver = session.ends.at_mut(to);
        if receiver.over {
            return self.forget_if_done(key);
        }
        let id = match receiver.id {
            Some(id) => id,
            None => {
                let at = &mut self.hosts[here.index()];
                at.sessions_served += 1;
                at.traffic.wire.join(wire::SESSION_OTHER);
                let id = SessionId::inbound(at.sessions_served);
                receiver.id = Some(id);
                at.sessions.insert(id, (key, to));
                let peer = from.clone();
                self.input(here, Input::Session(id, SessionEvent::Opened { peer }));
                id
            }
        };
        self.forget_if_done(key);
        let input = Input::Message {
            from,
            via: Via::Session(id),
            message,
        };
        self.input(here, input);
    }

    /// The word that there is room again comes late, after a cut.
    pub(super) fn may_go_on(&mut self, key: SessionKey, side: Side) {
        let Some(session) = self.sessions.get(&key) else {
            return;
        };
        let end = session.ends.at(side);
        if let (false, Some(id)) = (end.over, end.id) {
            let here = self.links[session.link].ends.at(side).host;
            self.input(here, Input::Session(id, SessionEvent::Writable));
        }
    }

    /// A node will send nothing more in a session.
    pub(super) fn finish_session(&mut self, host: HostId, id: SessionId) {
        let Some((key, side)) = self.hosts[host.index()].sessions.get(&id).copied() else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&key) else {
            return;
        };
        let end = session.ends.at_mut(side);
        if end.finished || end.over {
            return;
        }
        end.finished = true;
        self.push_in_session(key, side, 1, |turn| Cargo::Finish(key, turn));
    }

    /// The last word of the other side has arrived.
    pub(super) fn finishes(&mut self, key: SessionKey, to: Side) {
        self.is_abandoned(key, to);
    }

    /// A node gives a session up.
    pub(super) fn abandon_session(&mut self, host: HostId, id: SessionId) {
        let Some((key, side)) = self.hosts[host.index()].sessions.get(&id).copied() else {
            return;
        };
        self.end_session(key, side);
        let Some(session) = self.sessions.get(&key) else {
            return;
        };
        let link = session.link;
        let Some(ends) = self.links.at_mut(link).map(|link| &mut link.ends) else {
            return;
        };
        ends.at_mut(side).sends(self.now);
        let path = ends.at(side).path;
        let (arrival, _) = self.network.stream(self.now, path, 1);
        let packet = Packet {
            link,
            to: side.other(),
            cargo: Cargo::Abandon(key),
        };
        self.queue.push(arrival, Event::Packet(packet));
    }

    /// The other side has finished or given up: this one hears that it is over.
    pub(super) fn is_abandoned(&mut self, key: SessionKey, to: Side) {
        let Some(link) = self.sessions.get(&key).map(|session| session.link) else {
            return;
        };
        let here = self.links[link].ends.at(to).host;
        let told = self.end_session(key, to);
        self.forget_if_done(key);
        if let Some(id) = told {
            self.input(here, Input::Session(id, SessionEvent::Closed));
        }
    }

    /// Ends a session for one side; its number there, if it is to be told.
    pub(super) fn end_session(&mut self, key: SessionKey, side: Side) -> Option<SessionId> {
        let session = self.sessions.get_mut(&key)?;
        let host = self.links.at(session.link)?.ends.at(side).host;
        let end = session.ends.at_mut(side);
        if end.over {
            return None;
        }
        end.over = true;
        let id = end.id?;
        let known = self.hosts[host.index()].sessions.remove(&id);
        debug_assert!(known.is_none_or(|(known, _)| known == key));
        Some(id)
    }

    fn forget_if_done(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(&key) else {
            return;
        };
        if session.is_done() {
            if let Some(link) = self.links.at_mut(session.link) {
                link.sessions.remove(&key);
            }
            self.sessions.remove(&key);
        }
    }
}
