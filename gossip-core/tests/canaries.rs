//! Canaries: nodes that are broken on purpose. If the swarm does not find one
//! soon, it finds nothing, and its silence means nothing.
//!
//! ```text
//!   Node ── outputs ─▶ ┌────────┐ ─▶ the world       seed 0, 1, 2 … ─▶ found
//!        ◀─ inputs ─── │ canary │ ◀─
//!                      └────────┘ changes one thing
//! ```
//!
//! Each wraps a real node and changes what comes out or goes in, so none of
//! them can be built into a real one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a test that stops at the first surprise, and says how long it took"
)]

#[path = "../examples/sim/story.rs"]
mod story;

use std::collections::BTreeSet;
use std::time::Instant as Clock;

use gossip_core::base::limit;
use gossip_core::base::time::{Instant, Now};
use gossip_core::config::{Config, ConfigError, Identity};
use gossip_core::input::{Command, Input, Saved};
use gossip_core::message::{
    Batch, Body, Charge, Incarnation, Item, Lamport, Op, Presence, Statement, Value, Version,
};
use gossip_core::output::{
    KeyEvent, KeyEventKind, MemberEventKind, MemberStatus, Notification, Output, Record,
};
use gossip_core::sim::Machine;
use gossip_core::sim::scenario::{Scenario, draw};
use gossip_core::{Node, NodeId};

/// A seed has to be found among so many (guess: 60 s of a machine of today, at
/// 20 ms a seed, and a tenth of it in a build that is not optimised).
const SEEDS: u64 = if cfg!(debug_assertions) { 300 } else { 3_000 };

/// What is wrong with a node.
trait Bug: Default {
    /// It is about to start.
    fn begins(_config: &mut Config) {}

    /// Something comes in.
    fn hears(&mut self, _node: &Node, _input: &mut Input) {}

    /// It has been taken in.
    fn heard(&mut self, _node: &mut Node) {}

    /// Something goes out; whether it may.
    fn does(&mut self, _node: &Node, _output: &mut Output) -> bool {
        true
    }

    /// Nothing more is to go out; what does all the same.
    fn adds(&mut self, _node: &Node) -> Option<Output> {
        None
    }

    /// When it wants to be woken.
    fn wakes(&self, _node: &Node, deadline: Option<Instant>) -> Option<Instant> {
        deadline
    }
}

/// A node with something wrong.
struct Canary<B> {
    node: Node,
    bug: B,
}

impl<B: Bug> Machine for Canary<B> {
    fn start(
        mut config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        saved: Saved,
    ) -> Result<Self, ConfigError> {
        B::begins(&mut config);
        Ok(Self {
            node: Node::new(config, identity, seed, now, saved)?,
            bug: B::default(),
        })
    }

    fn handle_input(&mut self, now: Now, mut input: Input) {
        self.bug.hears(&self.node, &mut input);
        self.node.handle_input(now, input);
        self.bug.heard(&mut self.node);
    }

    fn poll_output(&mut self) -> Option<Output> {
        loop {
            let Some(mut output) = self.node.poll_output() else {
                return self.bug.adds(&self.node);
            };
            if self.bug.does(&self.node, &mut output) {
                return Some(output);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.bug.wakes(&self.node, self.node.poll_timeout())
    }

    fn as_node(&self) -> Option<&Node> {
        Some(&self.node)
    }
}

/// All items that come with an input.
fn items(input: &mut Input) -> Vec<&mut Item> {
    let Input::Message { message, .. } = input else {
        return Vec::new();
    };
    let members = match &mut message.body {
        Body::Delta(delta) => delta.members.as_mut_slice(),
        _ => &mut [],
    };
    message.rumors.iter_mut().chain(members).collect()
}

/// Looks for a seed that finds it; the rule that did.
fn found<B: Bug>(name: &str) -> String {
    let started = Clock::now();
    for seed in 0..SEEDS {
        let scenario = draw(seed);
        if let Err(failure) = story::quietly(|| story::attempt::<Canary<B>>(&scenario, 0)) {
            let took = started.elapsed();
            println!("{name}: seed {seed}, {took:.1?}: {failure}");
            return failure.rule;
        }
    }
    panic!("{name} was not found in {SEEDS} seeds");
}

/// It condemns whom it should suspect.
#[derive(Default)]
struct Hasty;

impl Bug for Hasty {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Accusation(accusation)) = output {
            accusation.charge = Charge::Dead;
        }
        true
    }
}

#[test]
fn a_verdict_without_a_suspicion_is_found() {
    assert_eq!(found::<Hasty>("hasty"), "haste");
}

/// It speaks for operators who have not asked it to.
#[derive(Default)]
struct Presumptuous;

impl Bug for Presumptuous {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Accusation(accusation)) = output {
            accusation.charge = Charge::Removed;
        }
        true
    }
}

#[test]
fn a_removal_that_no_operator_asked_for_is_found() {
    assert_eq!(found::<Presumptuous>("presumptuous"), "haste");
}

/// It takes a neighbour's verdict on one it holds alive for an operator's word.
#[derive(Default)]
struct Obsequious;

impl Bug for Obsequious {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        for item in items(input) {
            if let Item::Accusation(accusation) = item
                && accusation.value.charge == Charge::Dead
                && accusation.value.accused != *node.id()
                && let Some(sight) = node.sight(&accusation.value.accused)
                && sight.status == MemberStatus::Alive
            {
                accusation.value.charge = Charge::Removed;
            }
        }
    }
}

#[test]
fn a_death_that_skips_suspicion_is_found() {
    assert_eq!(found::<Obsequious>("obsequious"), "transition");
}

/// It makes a verdict of every suspicion that it hands on.
#[derive(Default)]
struct Slanderous;

impl Bug for Slanderous {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Send(transmit) = output {
            for item in &mut transmit.message.rumors {
                if let Item::Accusation(accusation) = item
                    && accusation.value.charge == Charge::Suspect
                {
                    accusation.value.charge = Charge::Dead;
                }
            }
        }
        true
    }
}

#[test]
fn an_accusation_that_grows_on_its_way_is_found() {
    assert_eq!(found::<Slanderous>("slanderous"), "ownership");
}

/// It says of others that they have left, where they said that they are here.
#[derive(Default)]
struct Euphemistic;

impl Bug for Euphemistic {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        if let Output::Send(transmit) = output {
            for item in &mut transmit.message.rumors {
                if let Item::Claim(claim) = item
                    && claim.value.member != *node.id()
                {
                    claim.value.presence = Presence::Left;
                }
            }
        }
        true
    }
}

#[test]
fn a_farewell_that_nobody_said_is_found() {
    assert_eq!(found::<Euphemistic>("euphemistic"), "ownership");
}

/// It refutes on the footing it has.
#[derive(Default)]
struct Stubborn;

impl Bug for Stubborn {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Claim(claim)) = output {
            claim.footing.incarnation = Incarnation(0);
        }
        true
    }
}

#[test]
fn a_refutation_that_raises_nothing_is_found() {
    assert_eq!(found::<Stubborn>("stubborn"), "exact");
}

/// It does not hear what is said against it.
#[derive(Default)]
struct Serene;

impl Bug for Serene {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        for item in items(input) {
            if let Item::Accusation(accusation) = item
                && accusation.value.accused == *node.id()
            {
                accusation.value.footing.incarnation.0 = 0;
                accusation.value.footing.generation.0 = 0;
            }
        }
    }
}

#[test]
fn an_accusation_that_is_not_answered_is_found() {
    assert_eq!(found::<Serene>("serene"), "oneself");
}

/// It doubts itself further than it was told to.
#[derive(Default)]
struct Desperate;

impl Bug for Desperate {
    fn begins(config: &mut Config) {
        config.awareness_max = 32;
    }
}

#[test]
fn a_doubt_without_a_bound_is_found() {
    assert_eq!(found::<Desperate>("desperate"), "awareness");
}

/// It wants more done at once than any host would keep.
#[derive(Default)]
struct Torrential(usize);

impl Bug for Torrential {
    fn adds(&mut self, node: &Node) -> Option<Output> {
        let again = node.probes_begun() > 0 && self.0 <= limit::OUTBOX;
        self.0 += usize::from(again);
        again.then(|| Output::HangUp(node.id().clone()))
    }
}

#[test]
fn one_who_wants_too_much_at_once_is_found() {
    assert_eq!(found::<Torrential>("torrential"), "bounds");
}

/// It does not say when to wake it.
#[derive(Default)]
struct Sleepy;

impl Bug for Sleepy {
    fn wakes(&self, node: &Node, deadline: Option<Instant>) -> Option<Instant> {
        deadline.filter(|_| node.probes_begun() < 10)
    }
}

#[test]
fn one_who_sleeps_for_ever_is_found() {
    assert_eq!(found::<Sleepy>("sleepy"), "alarm");
}

/// What is said against others it takes personally.
#[derive(Default)]
struct Touchy;

impl Bug for Touchy {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        let footing = node.footing();
        for item in items(input) {
            if let Item::Accusation(accusation) = item {
                accusation.value.accused = node.id().clone();
                accusation.value.footing = footing;
            }
        }
    }
}

#[test]
fn a_refutation_of_nothing_is_found() {
    assert_eq!(found::<Touchy>("touchy"), "bump");
}

/// It refutes by two where one is enough.
#[derive(Default)]
struct Emphatic;

impl Bug for Emphatic {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Claim(claim)) = output {
            claim.footing.incarnation.0 *= 2;
        }
        true
    }
}

#[test]
fn a_refutation_that_goes_too_far_is_found() {
    assert_eq!(found::<Emphatic>("emphatic"), "bump");
}

/// It speaks as a run that its disk knows nothing of.
#[derive(Default)]
struct Unfounded;

impl Bug for Unfounded {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Claim(claim)) = output {
            claim.footing.generation.0 += 1;
        }
        true
    }
}

#[test]
fn a_generation_that_is_not_on_disk_is_found() {
    assert_eq!(found::<Unfounded>("unfounded"), "generation");
}

/// It outlives a run that never was.
#[derive(Default)]
struct Haughty;

impl Bug for Haughty {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        let footing = node.footing();
        for item in items(input) {
            if let Item::Accusation(accusation) = item {
                accusation.value.accused = node.id().clone();
                accusation.value.charge = Charge::Dead;
                accusation.value.footing.generation.0 = footing.generation.0 + 1;
            }
        }
    }
}

#[test]
fn a_generation_above_nobody_is_found() {
    assert_eq!(found::<Haughty>("haughty"), "bump");
}

/// It does not tell its application of every refutation.
#[derive(Default)]
struct Reticent(u32);

impl Bug for Reticent {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Notify(Notification::Member(event)) = output
            && matches!(event.kind, MemberEventKind::Refuted { .. })
        {
            self.0 += 1;
            return !self.0.is_multiple_of(3);
        }
        true
    }
}

#[test]
fn a_lost_notification_is_found() {
    assert_eq!(found::<Reticent>("reticent"), "fold");
}

/// Its deltas say that they follow on what they do not.
#[derive(Default)]
struct Boastful;

impl Bug for Boastful {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Send(transmit) = output
            && let Body::Delta(delta) = &mut transmit.message.body
        {
            for log in &mut delta.logs {
                if log.batches.len() > 1 {
                    log.batches.remove(0);
                }
            }
        }
        true
    }
}

#[test]
fn a_delta_that_claims_too_much_is_found() {
    assert_eq!(found::<Boastful>("boastful"), "heads");
}

/// What was deleted is told once more.
#[derive(Default)]
struct Haunted(Option<KeyEvent>);

impl Bug for Haunted {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Notify(Notification::Key(event)) = output {
            match (&self.0, event.kind) {
                (None, KeyEventKind::Put) => self.0 = Some(event.clone()),
                (Some(ghost), KeyEventKind::Put) if ghost.key == event.key => {
                    *event = ghost.clone();
                }
                _ => {}
            }
        }
        true
    }
}

#[test]
fn a_value_that_comes_back_is_found() {
    assert_eq!(found::<Haunted>("haunted"), "keys");
}

/// An old accusation counts against whatever the member says now.
#[derive(Default)]
struct Unforgiving;

impl Bug for Unforgiving {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        for item in items(input) {
            if let Item::Accusation(accusation) = item
                && let Some(sight) = node.sight(&accusation.value.accused)
            {
                accusation.value.footing = sight.footing;
            }
        }
    }
}

#[test]
fn an_accusation_without_a_footing_of_its_own_is_found() {
    let rule = found::<Unforgiving>("unforgiving");
    // Held against others, or against itself.
    assert!(["ownership", "bump"].contains(&rule.as_str()), "{rule}");
}

/// Hearsay revives: what a dead member said before it died counts as newer.
#[derive(Default)]
struct Credulous;

impl Bug for Credulous {
    fn hears(&mut self, node: &Node, input: &mut Input) {
        for item in items(input) {
            if let Item::Claim(claim) = item
                && let Some(sight) = node.sight(&claim.value.member)
                && sight.status == MemberStatus::Dead
                && sight.footing == claim.value.footing
            {
                claim.value.footing.incarnation.0 += 1;
            }
        }
    }
}

#[test]
fn a_revival_by_hearsay_is_found() {
    assert_eq!(found::<Credulous>("credulous"), "ownership");
}

/// It never asks the first it met.
#[derive(Default)]
struct Partial(BTreeSet<NodeId>);

impl Bug for Partial {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        let asked = match output {
            Output::Send(transmit) if matches!(transmit.message.body, Body::Ping { .. }) => {
                transmit.to.clone()
            }
            _ => return true,
        };
        if self.0.is_empty() {
            self.0.insert(asked.clone());
        }
        !self.0.contains(&asked)
    }
}

#[test]
fn one_who_is_never_asked_is_found() {
    assert_eq!(found::<Partial>("partial"), "fairness");
}

/// After a while it asks nobody any more.
#[derive(Default)]
struct Dozing;

impl Bug for Dozing {
    fn heard(&mut self, node: &mut Node) {
        if node.probes_begun() >= 10 {
            node.doze();
        }
    }
}

#[test]
fn one_who_stops_asking_is_found() {
    assert_eq!(found::<Dozing>("dozing"), "fairness");
}

/// The story with events: what a canary in it breaks.
fn found_in_events<B: Bug>() -> String {
    let scenario: Scenario = include_str!("scenarios/events.scenario").parse().unwrap();
    match story::quietly(|| story::attempt::<Canary<B>>(&scenario, 0)) {
        Err(failure) => failure.rule,
        Ok(_) => panic!("it was not found"),
    }
}

/// It tells the last event again instead of the next.
#[derive(Default)]
struct Repeating {
    last: Option<Notification>,
}

impl Bug for Repeating {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Notify(told @ Notification::Event(_)) = output {
            match self.last.take() {
                Some(last) => *told = last,
                None => self.last = Some(told.clone()),
            }
        }
        true
    }
}

#[test]
fn an_event_that_is_told_twice_is_found() {
    assert_eq!(found_in_events::<Repeating>(), "told");
}

/// It never says what others lack, and repairs nothing.
#[derive(Default)]
struct Mean;

impl Bug for Mean {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        !matches!(output, Output::Send(transmit)
            if matches!(transmit.message.body, Body::EventDelta(_)))
    }
}

#[test]
fn an_event_that_nobody_repairs_is_found() {
    assert_eq!(found_in_events::<Mean>(), "told");
}

/// It says of nothing that it missed it.
#[derive(Default)]
struct Proud;

impl Bug for Proud {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        match output {
            Output::Notify(Notification::Event(event)) => event.id.number % 100 != 0,
            Output::Notify(Notification::Missed { .. }) => false,
            _ => true,
        }
    }
}

#[test]
fn an_event_that_is_lost_without_a_word_is_found() {
    assert_eq!(found_in_events::<Proud>(), "told");
}

/// It tells of nothing that others say, and that it missed whatever there was.
#[derive(Default)]
struct Aloof;

impl Bug for Aloof {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        if let Output::Notify(told) = output
            && let Notification::Event(event) = told
            && event.author() != node.id()
        {
            let run = event.id.run.clone();
            let count = u64::from(u32::MAX);
            *told = Notification::Missed { run, count };
        }
        true
    }
}

#[test]
fn one_who_misses_more_than_there_was_is_found() {
    assert_eq!(found_in_events::<Aloof>(), "told");
}

/// Its sketch forgets a row now and then: what it compares is not what it holds.
#[derive(Default)]
struct Oblivious(u64);

impl Bug for Oblivious {
    fn heard(&mut self, node: &mut Node) {
        self.0 += 1;
        if self.0.is_multiple_of(500) {
            node.overlook();
        }
    }
}

#[test]
fn a_sketch_that_forgets_is_found() {
    let rule = found::<Oblivious>("oblivious");
    // A build that is not optimised looks whenever it compares, and panics.
    assert!(["sketch", "panic"].contains(&rule.as_str()), "{rule}");
}

/// And a node with nothing wrong is not found.
#[derive(Default)]
struct Sound;

impl Bug for Sound {}

#[test]
fn a_sound_node_is_not_found() {
    for seed in 0..20 {
        let played = story::attempt::<Canary<Sound>>(&draw(seed), 0);
        assert!(played.is_ok(), "seed {seed}: {played:?}");
    }
}

/// It alters a value of somebody else that it hands on.
#[derive(Default)]
struct Forger;

impl Bug for Forger {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        if let Output::Send(transmit) = output {
            let logs = match &mut transmit.message.body {
                Body::Delta(delta) => delta.logs.as_mut_slice(),
                _ => &mut [],
            };
            let others = logs.iter_mut().flat_map(|log| &mut log.batches);
            for batch in others.filter(|batch| batch.author() != node.id()) {
                for part in &mut batch.parts {
                    part.entry.bytes = [&part.entry.bytes[..], b"!"].concat().into();
                }
            }
        }
        true
    }
}

#[test]
fn a_write_that_its_author_never_made_is_found() {
    assert_eq!(found::<Forger>("forger"), "issued");
}

/// Of two writes under one name it tells both: the bytes that are sealed are not
/// always those that it goes on with.
#[derive(Default)]
struct Fickle(Option<Batch>);

impl Bug for Fickle {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        match output {
            // The disk refuses it, and it is told all the same.
            Output::Persist(_, Record::Commit { batch, .. }) if self.0.is_none() => {
                self.0 = Some(batch.clone());
            }
            Output::Send(transmit) => {
                for item in &mut transmit.message.rumors {
                    if let (Item::Batch(batch), Some(first)) = (item, &self.0)
                        && batch.author() == node.id()
                        && batch.head.value.first == first.head.value.first
                    {
                        let part = batch.parts.first_mut().unwrap();
                        part.entry.bytes = [&part.entry.bytes[..], b"?"].concat().into();
                    }
                }
            }
            _ => {}
        }
        true
    }
}

#[test]
fn a_name_that_is_two_writes_is_found() {
    assert_eq!(found::<Fickle>("fickle"), "issued");
}

/// It begins a log anew that it could have followed.
#[derive(Default)]
struct Hasteful;

impl Bug for Hasteful {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        if let Output::Remember(record) = output
            && let Record::Commit { batch, superseded } = record
            && batch.author() != node.id()
            && batch.head.value.first > Version(1)
        {
            let author = batch.author().clone();
            let commits = [(batch.clone(), superseded.clone())].into();
            *record = Record::Run {
                author,
                cut: Some(Version(0)),
                commits,
            };
        }
        true
    }
}

#[test]
fn a_log_that_is_taken_from_nothing_without_need_is_found() {
    assert_eq!(found::<Hasteful>("hasteful"), "reset");
}

/// It says "written" of what its disk refused.
#[derive(Default)]
struct Liar;

impl Bug for Liar {
    fn hears(&mut self, _: &Node, input: &mut Input) {
        if let Input::Persisted(_, result) = input {
            *result = Ok(());
        }
    }
}

#[test]
fn a_write_that_no_disk_holds_is_found() {
    let rule = found::<Liar>("liar");
    assert!(["durable", "promise"].contains(&rule.as_str()), "{rule}");
}

/// Its journal keeps that there was a write, and not what it said.
#[derive(Default)]
struct Amnesiac;

impl Bug for Amnesiac {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Persist(_, Record::Commit { batch, .. }) = output {
            batch.parts.pop();
        }
        true
    }
}

#[test]
fn a_write_that_a_crash_takes_back_is_found() {
    let rule = found::<Amnesiac>("amnesiac");
    assert!(["promise", "heads"].contains(&rule.as_str()), "{rule}");
}

/// It tells nobody of its own shared deletions, as if they had not been asked for.
#[derive(Default)]
struct Hoarder;

impl Bug for Hoarder {
    fn hears(&mut self, _: &Node, input: &mut Input) {
        // What it acknowledges as deleted it goes on holding.
        if let Input::Sealed(_, Item::Batch(batch)) = input {
            for part in &mut batch.parts {
                let entry = &mut part.entry.value;
                if entry.op == Op::Delete {
                    entry.op = Op::Put(Value::new(bytes::Bytes::from_static(b"ghost")).unwrap());
                }
            }
        }
    }
}

#[test]
fn a_deletion_that_is_not_kept_is_found() {
    assert_eq!(found::<Hoarder>("hoarder"), "kept");
}

/// Whatever it writes itself lasts for ever, for it alone.
#[derive(Default)]
struct Immortal;

impl Bug for Immortal {
    fn hears(&mut self, _: &Node, input: &mut Input) {
        if let Input::Sealed(_, Item::Batch(batch)) = input {
            for part in &mut batch.parts {
                part.entry.value.expires = None;
            }
        }
    }
}

#[test]
fn a_value_that_outlasts_its_time_is_found() {
    let rule = found::<Immortal>("immortal");
    assert!(["kept", "equal"].contains(&rule.as_str()), "{rule}");
}

/// It writes as much of a command as fits, and says that it wrote it.
#[derive(Default)]
struct Generous;

impl Bug for Generous {
    fn hears(&mut self, _: &Node, input: &mut Input) {
        if let Input::Command(_, Command::Write(writes)) = input {
            writes.truncate(limit::BATCH_ENTRIES);
        }
    }
}

#[test]
fn a_command_that_is_too_large_and_done_is_found() {
    assert_eq!(found::<Generous>("generous"), "share");
}

/// Its view of the shared keys lets a lesser write stand now and then.
#[derive(Default)]
struct Unfair(u64);

impl Bug for Unfair {
    fn heard(&mut self, node: &mut Node) {
        self.0 += 1;
        if self.0.is_multiple_of(200) {
            node.misjudge();
        }
    }
}

#[test]
fn a_key_that_the_lesser_write_holds_is_found() {
    assert_eq!(found::<Unfair>("unfair"), "merge");
}

/// It hands on events as it likes them.
#[derive(Default)]
struct Embellishing;

impl Bug for Embellishing {
    fn does(&mut self, node: &Node, output: &mut Output) -> bool {
        if let Output::Send(transmit) = output {
            for item in &mut transmit.message.rumors {
                if let Item::Event(event) = item
                    && event.value.author() != node.id()
                {
                    event.value.payload = bytes::Bytes::from_static(b"more or less");
                }
            }
        }
        true
    }
}

#[test]
fn an_event_that_was_not_said_so_is_found() {
    assert_eq!(found::<Embellishing>("embellishing"), "said");
}

/// Its clock of events stands still.
#[derive(Default)]
struct Timeless;

impl Bug for Timeless {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        if let Output::Seal(_, Statement::Event(event)) = output {
            event.time = Lamport(1);
        }
        true
    }
}

#[test]
fn an_event_before_its_cause_is_found() {
    assert_eq!(found::<Timeless>("timeless"), "said");
}

/// It tells every answer twice.
#[derive(Default)]
struct Stuttering(Option<Output>);

impl Bug for Stuttering {
    fn does(&mut self, _: &Node, output: &mut Output) -> bool {
        match (&mut self.0, &*output) {
            (last @ None, Output::Notify(Notification::Answer { .. })) => {
                *last = Some(output.clone());
            }
            (Some(_), Output::Notify(Notification::Answer { .. })) => {
                *output = self.0.take().unwrap();
            }
            _ => {}
        }
        true
    }
}

#[test]
fn an_answer_that_is_told_twice_is_found() {
    assert_eq!(found::<Stuttering>("stuttering"), "answers");
}
