//! Acting: what a host does with each output of its node.

use alloc::boxed::Box;

use super::check::{is_malformed, outgrows_its_carrier, told_before_durable};
use super::host::{Boot, HostId};
use super::link::{Cargo, Packet};
use super::machine::Machine;
use super::queue::Event;
use super::reader::{as_read, assemble};
use super::sealer::seal;
use super::trace::kind;
use super::wire;
use super::world::World;
use crate::input::Input;
use crate::message::Body;
use crate::output::{Output, Reply, Transmit, Via};

impl<M: Machine> World<M> {
    /// Does everything a node wants done, then sets its alarm.
    pub(super) fn drain(&mut self, host: HostId) {
        let mut outputs = 0;
        while let Some(node) = &mut self.hosts[host.index()].node {
            let Some(output) = node.poll_output() else {
                break;
            };
            outputs += 1;
            self.watch_output(host, &output);
            self.act(host, output);
        }
        self.watch_settled(host, outputs);
        self.set_alarm(host);
    }

    /// Asks to be woken when the node wants to be.
    pub(super) fn set_alarm(&mut self, host: HostId) {
        let at = &mut self.hosts[host.index()];
        if at.backlog.rings {
            return;
        }
        let deadline = at.node.as_ref().and_then(M::poll_timeout);
        let wake = deadline.map(|mono| at.clocks.moment(mono).max(self.now));
        if self.queue.wakes_at(host) != wake {
            self.queue.wake(host, wake);
        }
    }

    /// Hands a node something as soon as what happens now is over.
    pub(super) fn input_soon(&mut self, host: HostId, input: Input) {
        let boot = self.hosts[host.index()].boot;
        let event = Event::Input(host, boot, Box::new(input));
        self.queue.push(self.now, event);
    }

    fn act(&mut self, host: HostId, output: Output) {
        let now = self.now;
        let at = &mut self.hosts[host.index()];
        match output {
            Output::Dial(target) => self.dial(host, target),
            Output::Send(transmit) => self.send(host, transmit),
            Output::Finish(id) => self.finish_session(host, id),
            Output::Reset(id) => self.abandon_session(host, id),
            Output::HangUp(peer) => self.hang_up(host, &peer),
            Output::Seal(id, statement) => {
                self.hold(host, is_malformed(&statement));
                let item = seal(statement);
                self.watch_sealed(host, &item);
                self.input_soon(host, Input::Sealed(id, item));
            }
            Output::Assemble(id, gathered) => {
                self.input_soon(host, Input::Assembled(id, assemble(gathered)));
            }
            Output::Persist(id, record) => {
                at.checks.generation.persists(id, &record);
                let done = at.disk.persist(now, id, record);
                let boot = at.boot;
                self.queue.push(done, Event::Synced(host, boot));
            }
            Output::Remember(record) => {
                let kept = self.archive.keep(&mut self.names, record);
                at.disk.remember(now, kept);
            }
            Output::Reply(ticket, reply) => {
                if let Reply::Written(writes) = &reply {
                    self.watch_written(host, ticket, writes);
                }
                if let Reply::Said { id, asked } = &reply {
                    self.watch_said(host, id, *asked);
                }
                let verdict = self.replies.answer(host, ticket, reply);
                self.hold(host, verdict);
            }
            Output::Notify(notification) => {
                self.watch_told(host, &notification);
                let at = &mut self.hosts[host.index()];
                self.trace.notification(now, host, &notification);
                at.picture.fold(&mut self.names, &notification);
                at.notifications.push((now, notification));
                self.told += 1;
            }
            Output::Halt(halt) => {
                self.trace.line(now, host, format_args!("{halt:?}"));
                at.disk.close();
                at.halt = Some(halt);
                self.leave_links(host, true);
            }
        }
    }

    /// A sync ends: the node hears how it went.
    pub(super) fn synced(&mut self, host: HostId, boot: Boot) {
        if !self.runs(host, boot) {
            return;
        }
        let at = &mut self.hosts[host.index()];
        let Some((id, how)) = at.disk.sync() else {
            return;
        };
        at.checks.generation.persisted(id, how);
        self.input(host, Input::Persisted(id, how));
    }

    fn send(&mut self, host: HostId, transmit: Transmit) {
        let at = &self.hosts[host.index()];
        let tells = !transmit.message.rumors.is_empty() || tells_writes(&transmit.message.body);
        let checked = outgrows_its_carrier(&transmit)
            .and_then(|()| {
                let twin = || self.has_twin(host);
                let generation = &at.checks.generation;
                generation.may_speak(at.id(), &transmit.message, twin)
            })
            .and_then(|()| {
                if !tells {
                    return Ok(());
                }
                let run = at.checks.generation.run();
                told_before_durable(at.id(), run, at.durable(), &transmit.message)
            });
        self.hold(host, checked);
        let Transmit {
            to,
            via,
            mut message,
        } = transmit;
        as_read(&mut message);
        let at = &mut self.hosts[host.index()];
        let name = self.names.find(&to);
        let Some((link, side)) = name.and_then(|name| at.peers.link(name)) else {
            at.traffic.unlinked += 1;
            return;
        };
        let bytes = at.traffic.count(&message);
        let (name, rumors) = (kind(&message.body), message.rumors.len());
        self.trace.line(
            self.now,
            host,
            format_args!("-> {to} {name} +{rumors} rumors ({via:?}, {bytes} B)"),
        );
        let message = Box::new(message);
        let Some(ends) = self.links.at_mut(link).map(|link| &mut link.ends) else {
            return;
        };
        let (now, to) = (self.now, side.other());
        if !matches!(via, Via::Session(_)) {
            ends.at_mut(side).sends(now);
        }
        let path = ends.at(side).path;
        let packet = |cargo| Event::Packet(Packet { link, to, cargo });
        match via {
            Via::Datagram => {
                let (cost, ack) = ends.at_mut(side).pen.datagram(now, bytes);
                let traffic = &mut self.hosts[host.index()].traffic;
                traffic.wire.join(cost);
                traffic.acknowledges(ack);
                let fate = self.network.datagram(now, path, bytes);
                for again in fate.again.into_iter().flatten() {
                    let cargo = Cargo::Datagram(message.clone());
                    self.queue.push(again, packet(cargo));
                }
                match fate.arrives {
                    Some(arrival) => {
                        let cargo = Cargo::Datagram(message);
                        self.queue.push(arrival, packet(cargo));
                    }
                    None => self.hosts[host.index()].traffic.lost += 1,
                }
            }
            Via::Stream => {
                let (arrival, lost) = self.network.stream(now, path, bytes);
                let wire = &mut self.hosts[host.index()].traffic.wire;
                wire.join(wire::message(bytes as u64));
                wire.join(wire::again(lost, bytes as u64));
                self.queue.push(arrival, packet(Cargo::Stream(message)));
            }
            Via::Session(id) => self.send_in_session(host, (link, side), id, message, bytes),
        }
    }
}

/// Whether a message tells of writes, beside what rides on it.
const fn tells_writes(body: &Body) -> bool {
    matches!(body, Body::Delta(_) | Body::Outline(_))
}
