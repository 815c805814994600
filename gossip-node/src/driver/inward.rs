//! Inward: what the transport tells, in the core's words.
//!
//! Bytes are judged here, before anybody believes them. What cannot be read is
//! counted and dropped; a session that carries such bytes is given up.

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::input::{Input, LinkError, LinkEvent, SessionEvent, SessionId, Target, Via};
use gossip_core::message::Generation;
use gossip_quic::{CloseCode, DialError, DownReason, Event, TargetName};
use gossip_wire::{Channel, decode_message};

use super::resolve::Resolved;
use super::sessions::{id_of, key_of};
use super::{Driver, Link};

impl Driver {
    /// The transport tells something.
    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::Up {
                peer,
                rtt,
                remote_addr,
                ..
            } => {
                tracing::debug!(%peer, %remote_addr, "connected");
                let link = Link {
                    addr: remote_addr,
                    rtt,
                };
                self.links.insert(peer.clone(), link);
                self.link_up(peer, link, None);
            }
            Event::Down { peer, why } => {
                tracing::debug!(%peer, %why, "disconnected");
                self.links.remove(&peer);
                let why = down(&why);
                self.link(LinkEvent::Down { peer, why });
            }
            // The peer is up, and the core knows; what it cannot know is that
            // this is who answers to a seed's name.
            Event::Reached {
                target: TargetName::Seed(name),
                peer,
            } => {
                self.troubles.over(&name);
                if let Some(link) = self.links.get(&peer).copied() {
                    self.link_up(peer, link, Some(name.as_ref().to_owned()));
                }
            }
            Event::Reached { .. } => {}
            Event::DialFailed { target, why } => {
                tracing::debug!(%target, %why, "dial failed");
                if let TargetName::Seed(name) = &target {
                    self.troubles.unreached(name, &why);
                }
                self.dial_failed(target, failed(&why));
            }
            Event::Datagram { peer, bytes } => {
                self.hear_on(Via::Datagram, peer, bytes);
            }
            Event::Message { peer, bytes } => {
                self.hear_on(Via::Stream, peer, bytes);
            }
            Event::SessionOpened { peer, session } => self.session_opened(id_of(session), peer),
            Event::SessionMessage { session, bytes } => self.hear_session(id_of(session), bytes),
            Event::SessionWritable { session } => self.session_writable(id_of(session)),
            Event::SessionFinished { session } => self.session_finished(id_of(session)),
            Event::SessionClosed { session, .. } => {
                let id = id_of(session);
                self.sessions.remove(id);
                self.session(id, SessionEvent::Closed);
            }
            // A later transport may tell more than this driver can use.
            _ => {}
        }
    }

    /// A seed's name leads somewhere, or nowhere.
    pub(super) fn resolved(&mut self, Resolved { name, addrs }: Resolved) {
        let why = match addrs {
            Ok(addrs) if !addrs.is_empty() => {
                return self.dial(gossip_quic::Target::seed(&name, addrs));
            }
            Ok(_) => "the name has no address".to_owned(),
            Err(error) => error.to_string(),
        };
        self.counters.seeds_unresolved += 1;
        self.troubles.unresolved(&name, &why);
        let target = Target::Seed(name);
        let why = LinkError::Unreachable;
        self.link(LinkEvent::DialFailed { target, why });
    }

    pub(super) fn dial_failed(&mut self, target: TargetName, why: LinkError) {
        let target = match target {
            TargetName::Seed(name) => Target::Seed(name.as_ref().to_owned()),
            TargetName::Member(id) => Target::Member(id, Vec::new()),
        };
        self.link(LinkEvent::DialFailed { target, why });
    }

    pub(super) fn session(&mut self, id: SessionId, event: SessionEvent) {
        self.follow_ups.push_back(Input::Session(id, event));
    }

    fn link(&mut self, event: LinkEvent) {
        self.follow_ups.push_back(Input::Link(event));
    }

    fn link_up(&mut self, peer: NodeId, link: Link, seed: Option<String>) {
        self.link(LinkEvent::Up {
            peer,
            seed,
            addr: link.addr,
            rtt: link.rtt,
        });
    }

    /// A dial was for a peer that is up: the core hears so once more.
    pub(super) fn already_up(&mut self, target: TargetName) {
        if let TargetName::Member(peer) = target
            && let Some(link) = self.links.get(&peer).copied()
        {
            self.link_up(peer, link, None);
        }
    }

    /// Whether the bytes could be read.
    fn hear_on(&mut self, via: Via, from: NodeId, bytes: Bytes) -> bool {
        match decode_message(bytes, Channel::from(via)) {
            Ok(decoded) => {
                self.counters.unknown_messages += decoded.skipped.kinds;
                self.counters.unknown_items += decoded.skipped.items;
                if let Some(message) = decoded.message {
                    self.follow_ups
                        .push_back(Input::Message { from, via, message });
                }
                true
            }
            Err(error) => {
                self.counters.undecodable += 1;
                tracing::debug!(%from, %error, "a message was refused");
                false
            }
        }
    }

    fn session_opened(&mut self, id: SessionId, peer: NodeId) {
        if !id.is_inbound() {
            return;
        }
        if !self.sessions.insert(id, peer.clone()) {
            self.counters.sessions_failed += 1;
            self.endpoint.session_reset(key_of(id));
            return;
        }
        self.session(id, SessionEvent::Opened { peer });
    }

    fn hear_session(&mut self, id: SessionId, bytes: Bytes) {
        let Some(session) = self.sessions.session(id) else {
            return;
        };
        let peer = session.peer.clone();
        if !self.hear_on(Via::Session(id), peer, bytes) {
            self.abort_session(id);
        }
    }

    /// The peer says nothing more. The core ends a session when both sides
    /// have said everything, so one that it still has was cut short.
    fn session_finished(&mut self, id: SessionId) {
        self.session(id, SessionEvent::Closed);
        self.settle();
        self.endpoint.session_finish(key_of(id));
    }
}

fn down(why: &DownReason) -> LinkError {
    match why {
        DownReason::TimedOut => LinkError::TimedOut,
        DownReason::ClosedByPeer { code, reason } => match code.outlived_by(reason) {
            Some(by) => LinkError::Outlived { by: Generation(by) },
            None if is_refusal(*code) => LinkError::Refused,
            None => LinkError::Closed,
        },
        _ => LinkError::Closed,
    }
}

const fn is_refusal(code: CloseCode) -> bool {
    matches!(
        code,
        CloseCode::CertificateExpired
            | CloseCode::CertificateRevoked
            | CloseCode::IdentityMismatch
            | CloseCode::ClusterMismatch
            | CloseCode::Version
            | CloseCode::OwnIdentity
            | CloseCode::Disagreed
    )
}

pub(super) fn failed(why: &DialError) -> LinkError {
    match why {
        DialError::Refused { code, reason, .. } => match code.outlived_by(reason) {
            Some(by) => LinkError::Outlived { by: Generation(by) },
            None => LinkError::Refused,
        },
        DialError::Unreachable { .. } | DialError::NoAddress | DialError::Family { .. } => {
            LinkError::Unreachable
        }
        DialError::Timeout { .. } => LinkError::TimedOut,
        DialError::OwnIdentity { .. } => LinkError::Ourselves,
        DialError::BackingOff { .. } | DialError::LimitReached | DialError::Closing => {
            LinkError::NotTried
        }
        _ => LinkError::Refused,
    }
}
