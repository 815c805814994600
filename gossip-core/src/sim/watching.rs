//! Watching: the rules are shown what happens, and stop the run where one is
//! broken.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::check::{
    Rule, Scene, Verdict, outlasts_its_time, overfills, pours_out, tells_what_was_never_issued,
    written_before_durable,
};
use super::host::HostId;
use super::machine::Machine;
use super::world::World;
use crate::base::id::NodeId;
use crate::input::{Command, Durability, Input, Target, Ticket};
use crate::message::{Body, EventId, Item, Message, Statement, WriteId};
use crate::node::Node;
use crate::output::{MemberEventKind, Notification, Output, Record};

/// A rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// When, since the world began.
    pub at: Duration,
    /// Where.
    pub host: HostId,
    /// Who runs there.
    pub id: NodeId,
    /// Which rule, and how.
    pub what: String,
    /// The last lines of the trace, as many as the setup asked for.
    pub trace: Vec<String>,
}

/// Rules.
impl<M: Machine> World<M> {
    /// Leaves a rule off from now on.
    pub const fn leave_off(&mut self, rule: Rule) {
        self.rules.leave_off(rule);
    }

    /// From now on a broken rule does not panic: time stands still then, and
    /// [`World::broken`] says why.
    pub const fn stop_quietly(&mut self) {
        self.quietly = true;
    }

    /// The rule that was broken, if time stands still because of one.
    pub const fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// Stops the run where a rule is broken.
    pub(super) fn hold(&mut self, host: HostId, verdict: Verdict) {
        let Err(what) = verdict else { return };
        if self.broken.is_some() {
            return;
        }
        let id = self.hosts[host.index()].id().clone();
        let lines: Vec<_> = self.trace.lines().map(String::from).collect();
        let trace = lines[lines.len().saturating_sub(20)..].to_vec();
        if !self.quietly {
            let (seed, now) = (self.seed, self.now);
            let tail = trace.join("\n");
            // tidy: allow(panic): a broken rule ends the run
            panic!("seed {seed}, {now:?}, {host} ({id}): {what}\n{tail}");
        }
        self.broken = Some(Broken {
            at: self.elapsed(),
            host,
            id,
            what,
            trace,
        });
    }

    /// A node is about to hear something.
    pub(super) fn watch_input(&mut self, host: HostId, input: &Input) {
        if self.rules.none() {
            return;
        }
        let at = &mut self.hosts[host.index()];
        let now = at.clocks.read(self.now).mono;
        if let Input::Command(_, Command::Respond { to, response }) = input {
            self.given.answers(to, &at.identity.id, response);
        }
        if let Some(node) = at.node.as_ref().and_then(M::as_node) {
            at.checks.watch.hears(&mut self.names, node, now, input);
            if let Input::Message { message, .. } = input
                && self.rules.has(Rule::Reset)
            {
                at.checks.resets.hears(node, message);
            }
        }
    }

    /// An application asks for something.
    pub(super) fn watch_asked(&mut self, host: HostId, ticket: Ticket, command: &Command) {
        let at = &mut self.hosts[host.index()];
        let (writes, durability) = match command {
            Command::Write(writes) => (writes, Durability::Synced),
            Command::WriteAtOnce(writes) => (writes, Durability::AtOnce),
            _ => return,
        };
        at.writes_at_once |= durability == Durability::AtOnce;
        at.promises.asks(ticket, durability);
        at.checks.excess.asks(ticket, writes);
    }

    /// A process has just begun, on what its disk holds.
    pub(super) fn watch_started(&mut self, host: HostId) {
        if !self.rules.has(Rule::Promise) || self.has_twin(host) {
            return;
        }
        let at = &self.hosts[host.index()];
        if let Some(node) = at.node.as_ref().and_then(M::as_node) {
            let wall = at.clocks.read(self.now).wall;
            let verdict = at.promises.survive(node, &self.tops, wall);
            self.hold(host, verdict);
        }
    }

    /// Whether another host has its name: then what one promised the other may
    /// take back.
    pub(super) fn has_twin(&self, host: HostId) -> bool {
        let name = self.hosts[host.index()].name;
        let named = self.hosts.iter().filter(|other| other.name == name);
        named.count() > 1
    }

    /// What a node has said is sealed.
    pub(super) fn watch_sealed(&mut self, host: HostId, item: &Item) {
        let at = &mut self.hosts[host.index()];
        match item {
            Item::Batch(batch) => {
                at.promises.drafts(batch);
                self.tops.seals(batch);
                let mut verdict = self.issued.seals(&at.identity.id, batch);
                if !self.rules.has(Rule::Issued) {
                    verdict = Ok(());
                }
                if self.rules.has(Rule::Share) {
                    verdict = verdict.and_then(|()| overfills(batch));
                }
                self.hold(host, verdict);
            }
            Item::Event(event) => {
                self.ledger.numbers(&event.value.id);
                let verdict = self
                    .said
                    .seals(&at.identity.id, &at.checks.latest, &event.value);
                if self.rules.has(Rule::Said) {
                    self.hold(host, verdict);
                }
            }
            Item::Claim(_) | Item::Accusation(_) => {}
        }
    }

    /// An application is told that its event, or its query, is said.
    pub(super) fn watch_said(&mut self, host: HostId, id: &EventId, asked: usize) {
        let at = &mut self.hosts[host.index()];
        let now = at.clocks.read(self.now).mono;
        if let Some(event) = self.said.event(id) {
            at.checks.questions.asks(now, event);
        }
        // A query is told to those whom it asks.
        if asked == 0 {
            self.enter_said(host, id);
        }
    }

    /// An application is told that its writes stand.
    pub(super) fn watch_written(&mut self, host: HostId, ticket: Ticket, writes: &[WriteId]) {
        let at = &mut self.hosts[host.index()];
        let durable = match at.promises.makes(ticket, writes) {
            Durability::Synced => at.disk.journal().head(at.id()),
            Durability::AtOnce => at.durable(),
        };
        let mut verdict = written_before_durable(at.id(), durable, writes);
        if self.rules.has(Rule::Share) {
            verdict = verdict.and_then(|()| at.checks.excess.writes(ticket));
        }
        self.hold(host, verdict);
    }

    /// An event was accepted: whoever takes part now is to be told. Of those that
    /// coalesce the newest is to be told.
    fn enter_said(&mut self, host: HostId, id: &EventId) {
        let mut here = BTreeSet::new();
        for other in self.hosts() {
            let at = &self.hosts[other.index()];
            let node = at.node.as_ref().and_then(M::as_node);
            if node.is_some_and(Node::hears_events) {
                here.insert((other, at.boot));
            }
        }
        let by = (host, self.hosts[host.index()].boot);
        let event = self.said.event(id).filter(|event| event.coalesce);
        let name = event.map(|event| event.name.clone());
        self.ledger.says(by, id.clone(), name, here);
    }

    /// A node tells its application something. The application of a simulated
    /// node answers every query at once, with what it was asked.
    pub(super) fn watch_told(&mut self, host: HostId, notification: &Notification) {
        let process = (host, self.hosts[host.index()].boot);
        match notification {
            Notification::Event(event) => self.watch_event(host, event),
            Notification::Answer { to, from, said, .. } => {
                let at = &mut self.hosts[host.index()];
                let now = at.clocks.read(self.now).mono;
                let questions = &mut at.checks.questions;
                let verdict = questions.tells(now, to, from, said, &self.given);
                if self.rules.has(Rule::Answers) {
                    self.hold(host, verdict);
                }
            }
            Notification::Ended { id, counts } => {
                let at = &mut self.hosts[host.index()];
                let verdict = at.checks.questions.ends(id, counts);
                if self.rules.has(Rule::Answers) {
                    self.hold(host, verdict);
                }
            }
            Notification::Missed { run, count } => {
                let verdict = self.ledger.misses(process, run, *count);
                if self.rules.has(Rule::Told) {
                    self.hold(host, verdict);
                }
            }
            Notification::Asked(event) => {
                self.watch_event(host, event);
                let ticket = self.replies.ask(host);
                let (to, response) = (event.id.clone(), event.payload.clone());
                let command = Command::Respond { to, response };
                self.input_soon(host, Input::Command(ticket, command));
            }
            _ => {}
        }
    }

    /// A node tells its application an event, or that it is asked one.
    fn watch_event(&mut self, host: HostId, event: &crate::message::Event) {
        let at = &mut self.hosts[host.index()];
        let process = (host, at.boot);
        if self.rules.has(Rule::Said) {
            let verdict = self.said.tells(&mut at.checks.latest, event);
            self.hold(host, verdict);
        }
        let verdict = self.ledger.tells(process, &event.id);
        if self.rules.has(Rule::Told) {
            self.hold(host, verdict);
        }
    }

    /// Who was not told an event that was accepted, nor that it missed it;
    /// `None`: nobody.
    pub fn untold(&self) -> Option<String> {
        self.ledger.untold(|(host, boot)| self.runs(host, boot))
    }

    /// The same of events of some hosts, to them.
    pub fn untold_among(&self, among: &[HostId]) -> Option<String> {
        self.ledger
            .untold(|(host, boot)| self.runs(host, boot) && among.contains(&host))
    }

    /// A query that should have ended long ago; `None`: there is none.
    pub fn unended(&self, among: impl Fn(HostId) -> bool) -> Option<String> {
        let hosts = self
            .hosts()
            .filter(|host| self.is_running(*host) && among(*host));
        let mut open = hosts.filter_map(|host| {
            let at = &self.hosts[host.index()];
            let now = at.clocks.read(self.now).mono;
            let id = at.checks.questions.unended(now)?;
            Some(alloc::format!(
                "{host} ({}): its query {id:?} never ended",
                at.id()
            ))
        });
        open.next()
    }

    /// A node wants something done.
    pub(super) fn watch_output(&mut self, host: HostId, output: &Output) {
        if self.rules.none() {
            return;
        }
        let at = &mut self.hosts[host.index()];
        let (watch, names) = (&mut at.checks.watch, &mut self.names);
        match output {
            Output::Dial(Target::Member(id, _)) => {
                if let Some(node) = at.node.as_ref().and_then(M::as_node) {
                    watch.calls(names.insert(id), node);
                }
            }
            Output::Send(transmit) => {
                if transmit.message.asks_directly() {
                    watch.asks(names.insert(&transmit.to));
                }
                let mut verdict = Ok(());
                if self.rules.has(Rule::Ownership) {
                    verdict = tells_what_was_never_issued(&self.truth, &transmit.message);
                }
                if self.rules.has(Rule::Issued) {
                    verdict = verdict.and_then(|()| self.issued.tells(&transmit.message));
                }
                self.hold(host, verdict);
            }
            Output::Persist(_, record) | Output::Remember(record)
                if matches!(record, Record::Run { .. }) && self.rules.has(Rule::Reset) =>
            {
                let verdict = at.checks.resets.keeps(record);
                self.hold(host, verdict);
            }
            Output::Seal(_, statement) => {
                match statement {
                    Statement::Claim(claim) => self.truth.says(claim),
                    Statement::Accusation(accusation) => self.truth.accuses(accusation),
                    Statement::Batch(_) | Statement::Event(_) => {}
                }
                let now = at.clocks.read(self.now).mono;
                let node = at.node.as_ref().and_then(M::as_node);
                let verdict = at.checks.generation.may_claim(statement);
                let says = watch.says(self.rules, names, node, now, statement);
                self.hold(host, verdict.and(says));
            }
            Output::Remember(Record::Claim(claim)) => {
                watch.touches(names.insert(&claim.value.member));
            }
            Output::Remember(Record::Verdict(verdict)) => {
                watch.touches(names.insert(&verdict.value.accused));
            }
            Output::Notify(Notification::Member(event)) => match event.kind {
                MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => {
                    let now = at.clocks.read(self.now).mono;
                    watch.mourns(names.insert(&event.id), now, &at.config);
                }
                _ => watch.touches(names.insert(&event.id)),
            },
            Output::Notify(Notification::Key(event)) => {
                let node = at.node.as_ref().and_then(M::as_node);
                if let Some(node) = node.filter(|_| self.rules.has(Rule::Keys)) {
                    let verdict = at
                        .checks
                        .keys
                        .tells(event, |author| node.generation_of(author));
                    self.hold(host, verdict);
                }
            }
            _ => {}
        }
    }

    /// A node has handled an input, and so many outputs of it are done.
    pub(super) fn watch_settled(&mut self, host: HostId, outputs: usize) {
        if self.rules.none() {
            return;
        }
        let at = &mut self.hosts[host.index()];
        let read = at.clocks.read(self.now);
        let now = read.mono;
        let mut verdict = Ok(());
        let deadline = at.node.as_ref().and_then(M::poll_timeout);
        if let Some(node) = at.node.as_ref().and_then(M::as_node) {
            let watch = &mut at.checks.watch;
            let scene = Scene {
                rules: self.rules,
                truth: &self.truth,
                node,
                picture: &at.picture,
                config: &at.config,
                now,
                deadline,
            };
            verdict = watch.settles(&mut self.names, scene);
            if self.rules.has(Rule::Reset) {
                verdict = verdict.and_then(|()| at.checks.resets.settles(node));
            }
            if self.rules.has(Rule::Heads) {
                let looks = at.checks.heads.settles(node, now, &mut self.prints);
                verdict = verdict.and(looks);
            }
            if self.rules.has(Rule::Keys) && node.phase() == crate::output::Phase::Running {
                let ends = node.next_end();
                verdict = verdict.and_then(|()| match ends {
                    Some((key, ends)) => outlasts_its_time(&key, Some(ends), read.wall),
                    None => Ok(()),
                });
            }
        }
        if self.rules.has(Rule::Bounds) {
            verdict = verdict.and_then(|()| pours_out(outputs));
        }
        self.hold(host, verdict);
    }
}

impl Message {
    /// Whether it asks its receiver whether it is there.
    const fn asks_directly(&self) -> bool {
        matches!(self.body, Body::Ping { .. })
    }
}
