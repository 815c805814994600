//! Outward: what the core decided, done.

use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::input::{Input, SessionEvent, SessionId, Target, Ticket};
use gossip_core::message::{Batch, Gathered, Statement};
use gossip_core::output::{Halt, Notification, Output, Reply, Transmit, Via};
use gossip_quic::{Dialing, Priority, SendError};
use gossip_wire::{decode_batch, encode_message, seal};

use super::inward::failed;
use super::request::Asker;
use super::sessions::key_of;
use super::{Driver, limit};
use crate::handle::{NodeError, NodeStatus, Stopped, misfit};

impl Driver {
    /// One output, one deed.
    pub(super) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Dial(Target::Seed(name)) => self.resolver.ask(name),
            Output::Dial(Target::Member(id, addrs)) => {
                self.dial(gossip_quic::Target::member(id, addrs));
            }
            Output::HangUp(peer) => {
                self.counters.hung_up += 1;
                self.endpoint.disconnect(&peer, "declared dead");
            }
            Output::Send(transmit) => self.send(transmit),
            Output::Finish(id) => self.finish_session(id),
            Output::Reset(id) => {
                self.sessions.remove(id);
                self.endpoint.session_reset(key_of(id));
            }
            Output::Seal(id, statement) => {
                let item = sealed(&statement);
                self.follow_ups.push_back(Input::Sealed(id, item));
            }
            Output::Assemble(id, gathered) => {
                let batch = assembled(gathered);
                self.follow_ups.push_back(Input::Assembled(id, batch));
            }
            Output::Persist(id, record) => self.journal.persist(id, record),
            Output::Remember(record) => self.journal.remember(record),
            Output::Reply(ticket, reply) => self.answer(ticket, reply),
            Output::Notify(notification) => self.tell(notification),
            Output::Halt(why) => {
                self.stopped = Some(match why {
                    Halt::Left => Stopped::Left,
                    Halt::Conflict { generation } => Stopped::Conflict { generation },
                    Halt::Disk(error) => Stopped::Disk(error),
                });
            }
        }
    }

    pub(super) fn dial(&mut self, target: gossip_quic::Target) {
        let name = target.name.clone();
        match self.endpoint.dial(target) {
            // `Reached` or `DialFailed` will say what became of it.
            Ok(Dialing::Started | Dialing::Joined) => {}
            Ok(_) => self.already_up(name),
            Err(error) => {
                self.counters.dials_refused += 1;
                tracing::debug!(target = %name, %error, "dial not begun");
                self.dial_failed(name, failed(&error));
            }
        }
    }

    fn send(&mut self, transmit: Transmit) {
        let Transmit { to, via, message } = transmit;
        let priority = match message.body.is_bulk() {
            true => Priority::Bulk,
            false => Priority::Normal,
        };
        let bytes = encode_message(&message);
        match via {
            Via::Datagram => {
                if let Err(error) = self.endpoint.send_datagram(&to, bytes) {
                    self.counters.datagrams_unsent += 1;
                    tracing::trace!(%to, %error, "datagram not sent");
                }
            }
            Via::Stream => {
                if let Err(error) = self.endpoint.send_message(&to, bytes, priority) {
                    self.counters.messages_unsent += 1;
                    tracing::debug!(%to, %error, "message not sent");
                }
            }
            Via::Session(id) => self.send_in_session(id, &to, bytes),
        }
    }

    // ---- Sessions -----------------------------------------------------------

    /// The first message of a session of ours opens it.
    fn send_in_session(&mut self, id: SessionId, to: &NodeId, bytes: Bytes) {
        if self.sessions.session(id).is_none() {
            let opened = !id.is_inbound()
                && self.sessions.insert(id, to.clone())
                && self.endpoint.open_session(to, id.as_u64()).is_ok();
            if !opened {
                return self.abort_session(id);
            }
        }
        match self.endpoint.session_send(key_of(id), bytes.clone()) {
            Ok(()) => self.session(id, SessionEvent::Writable),
            Err(SendError::QueueFull) => {
                let held = self.sessions.session(id).map(|session| session.hold(bytes));
                if held != Some(true) {
                    self.counters.session_messages_refused += 1;
                    self.abort_session(id);
                }
            }
            Err(error) => {
                tracing::debug!(%to, %error, "session given up");
                self.abort_session(id);
            }
        }
    }

    /// The transport has room: what was held goes first.
    pub(super) fn session_writable(&mut self, id: SessionId) {
        let Some(session) = self.sessions.session(id) else {
            return;
        };
        while let Some(bytes) = session.waiting() {
            match self.endpoint.session_send(key_of(id), bytes.clone()) {
                Ok(()) => session.taken(),
                Err(SendError::QueueFull) => return,
                Err(_) => return self.abort_session(id),
            }
        }
        if session.finishing {
            self.endpoint.session_finish(key_of(id));
        } else {
            self.session(id, SessionEvent::Writable);
        }
    }

    fn finish_session(&mut self, id: SessionId) {
        match self.sessions.session(id) {
            Some(session) if session.waiting().is_some() => session.finishing = true,
            _ => self.endpoint.session_finish(key_of(id)),
        }
    }

    pub(super) fn abort_session(&mut self, id: SessionId) {
        self.counters.sessions_failed += 1;
        if self.sessions.remove(id) {
            self.endpoint.session_reset(key_of(id));
        }
        self.session(id, SessionEvent::Closed);
    }

    // ---- Answers and news ---------------------------------------------------

    fn answer(&mut self, ticket: Ticket, reply: Reply) {
        // Whoever has given up waiting does not have to be answered.
        match (self.askers.remove(&ticket), reply) {
            (Some(Asker::Command(asker)), reply) => drop(asker.send(reply)),
            // The rows stand as of now, and whoever is fed from now on hears the
            // next change: between two outputs of the core nothing happens.
            (Some(Asker::Watch(selection, asker)), Reply::Watch(watching)) => {
                let (room, most) = (limit::WATCH_EVENTS, limit::WATCHES);
                let reader = self.feed.add(selection, watching.cursor, room, most);
                self.counters.watches_refused += u64::from(reader.is_none());
                let watched = reader.map(|reader| (*watching, reader));
                drop(asker.send(watched.ok_or(NodeError::Watched)));
            }
            (Some(Asker::Watch(_, asker)), other) => drop(asker.send(Err(misfit(other)))),
            (Some(Asker::Events(asker)), Reply::Members(members)) => {
                drop(asker.send(Ok((members, self.notifications.subscribe()))));
            }
            (Some(Asker::Events(asker)), other) => drop(asker.send(Err(misfit(other)))),
            (Some(Asker::Status(asker)), Reply::Status(core)) => {
                let status = NodeStatus {
                    core: *core,
                    transport: self.endpoint.counters(),
                    journal: self.journal.counters(),
                    driver: self.counters,
                };
                drop(asker.send(Ok(status)));
            }
            (Some(Asker::Status(asker)), other) => drop(asker.send(Err(misfit(other)))),
            (None, _) => {}
        }
    }

    fn tell(&mut self, notification: Notification) {
        match &notification {
            Notification::Running { generation } => {
                tracing::info!(generation = generation.0, "the node takes part");
            }
            Notification::Member(event) => {
                tracing::debug!(member = %event.id, kind = ?event.kind, "member");
            }
            Notification::Conflict { key, won, lost, .. } => {
                tracing::debug!(%key, won = %won.0.author, lost = %lost.0.author, "concurrent writes");
            }
            Notification::Quorum(event) => {
                tracing::debug!(after = ?event.after, why = %event.judgement, "quorum");
            }
            Notification::CaughtUp {
                author, dropped, ..
            } => {
                tracing::info!(%author, dropped, "a log was fetched from nothing");
            }
            Notification::OverLimit {
                author,
                share,
                most,
                ..
            } => {
                tracing::warn!(%author, %share, %most, "a member writes more than is agreed: refused");
            }
            Notification::Twin { ours, theirs } => {
                tracing::error!(
                    ours = ours.0,
                    theirs = theirs.0,
                    "another process runs under this name"
                );
            }
            Notification::Disk(error) => tracing::error!(%error, "a write was refused"),
            Notification::Missed { run, count } => {
                tracing::debug!(author = %run.author, count, "events were missed");
            }
            Notification::Key(_)
            | Notification::Event(_)
            | Notification::Asked(_)
            | Notification::Answer { .. }
            | Notification::Ended { .. } => {}
        }
        let notification = Arc::new(notification);
        self.feed.tell(&notification);
        // Nobody listening is no error.
        let _ = self.notifications.send(notification);
    }
}

/// The batch whose entries came in pieces, each held against its hash in the head.
fn assembled(gathered: Gathered) -> Option<Batch> {
    let entries = gathered.entries.into_iter().map(|(index, mut pieces)| {
        let whole = match pieces.len() {
            1 => pieces.pop().unwrap_or_default(),
            _ => Bytes::from(pieces.concat()),
        };
        (index, whole)
    });
    decode_batch(gathered.head.bytes.clone(), entries)
        .inspect_err(|error| {
            let author = &gathered.head.value.author;
            tracing::warn!(%author, %error, "its author sealed what cannot be read");
        })
        .ok()
}

/// A statement's bytes for ever. Nobody signs yet.
fn sealed(statement: &Statement) -> gossip_core::message::Item {
    seal(statement, |_| Bytes::new())
}
