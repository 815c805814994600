//! Nodes that talk through the codec: whatever the core says, a peer can read.
//!
//! A small host with an ideal network: what is sent arrives at once, as bytes.
//! Each message has to come out as it went in, within its weight and its
//! channel; and journals hold bytes alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::time::{Instant, Now, WallTime};
use gossip_core::config::{Config, Identity, Profile};
use gossip_core::input::{
    Command, Input, LinkError, LinkEvent, Saved, SessionEvent, SessionId, Space, Target, Ticket,
    Write,
};
use gossip_core::message::{Batch, Body, Footing, Generation, Message, Scope, Value, Version};
use gossip_core::node::Node;
use gossip_core::output::{Output, Record, Reply, Row, Via};
use gossip_wire::{
    Channel, Skipped, decode_batch, decode_message, decode_sealed_accusation, decode_sealed_claim,
    encode_message, seal,
};

/// A journal of bytes: heads, and entries by version.
#[derive(Debug, Clone, Default)]
struct Journal {
    generation: Generation,
    heads: BTreeMap<(NodeId, Bytes), BTreeMap<u32, (Version, Bytes)>>,
    claims: BTreeMap<NodeId, Bytes>,
    verdicts: BTreeMap<NodeId, Bytes>,
    closed: BTreeMap<NodeId, Footing>,
}

impl Journal {
    fn write(&mut self, record: Record) {
        match record {
            Record::Generation(generation) => self.generation = generation,
            Record::Commit { batch, superseded } => {
                let name = (batch.author().clone(), batch.head.bytes.clone());
                let parts = self.heads.entry(name).or_default();
                for part in &batch.parts {
                    let version = batch.version(part.index);
                    parts.insert(part.index, (version, part.entry.bytes.clone()));
                }
                self.keep(batch.author(), |version| !superseded.contains(&version));
            }
            Record::Run {
                author,
                cut,
                commits,
            } => {
                if let Some(through) = cut {
                    self.keep(&author, |version| version <= through);
                }
                for (batch, superseded) in commits {
                    self.write(Record::Commit { batch, superseded });
                }
            }
            Record::Cut { author, through } => self.keep(&author, |version| version <= through),
            Record::Claim(claim) => {
                self.verdicts.remove(&claim.value.member);
                self.closed.remove(&claim.value.member);
                self.claims.insert(claim.value.member, claim.bytes);
            }
            Record::Verdict(verdict) => {
                self.verdicts.insert(verdict.value.accused, verdict.bytes);
            }
            Record::Closed { member, footing } => {
                self.closed.insert(member, footing);
            }
            Record::Forget(id) => {
                self.claims.remove(&id);
                self.closed.remove(&id);
            }
            // Nobody elects here.
            Record::Electorate(_) => {}
        }
    }

    fn keep(&mut self, author: &NodeId, wanted: impl Fn(Version) -> bool) {
        let heads = self.heads.iter_mut();
        for (_, parts) in heads.filter(|((of, _), _)| of == author) {
            parts.retain(|_, (version, _)| wanted(*version));
        }
    }

    fn read(&self) -> Saved {
        let heads = self.heads.iter();
        let batches = heads.map(|((_, head), parts)| {
            let parts = parts.iter();
            let parts = parts.map(|(index, (_, entry))| (*index, entry.clone()));
            decode_batch(head.clone(), parts).unwrap()
        });
        let mut batches: Vec<Batch> = batches.collect();
        batches.sort_by_key(|batch| (batch.author().clone(), batch.head.value.after()));
        let claims = self.claims.values().cloned();
        let verdicts = self.verdicts.values().cloned();
        Saved {
            generation: self.generation,
            batches,
            claims: claims.map(|b| decode_sealed_claim(b).unwrap()).collect(),
            verdicts: verdicts
                .map(|b| decode_sealed_accusation(b).unwrap())
                .collect(),
            closed: self.closed.clone(),
            elected: None,
        }
    }
}

#[derive(Debug, Default)]
struct World {
    now: Now,
    nodes: BTreeMap<NodeId, Node>,
    journals: BTreeMap<NodeId, Journal>,
    links: BTreeSet<(NodeId, NodeId)>,
    /// Each end of a session, and the other end.
    sessions: BTreeMap<(NodeId, SessionId), (NodeId, SessionId)>,
    opened: u64,
    arriving: VecDeque<(NodeId, Input)>,
    replies: Vec<Reply>,
    /// How many messages were carried, of each kind.
    carried: BTreeMap<String, usize>,
}

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

impl World {
    fn start(&mut self, name: &str, seeds: &[&str]) {
        let mut config = Config::new(Profile::Lan);
        config.seeds = seeds.iter().map(ToString::to_string).collect();
        let identity = Identity {
            cluster: "test".parse().unwrap(),
            id: id(name),
            addrs: vec!["192.0.2.1:7946".parse().unwrap()],
        };
        let saved = self.journals.entry(id(name)).or_default().read();
        let node = Node::new(config, identity, 58, self.now, saved).unwrap();
        self.nodes.insert(id(name), node);
        self.settle();
    }

    fn crash(&mut self, name: &str) {
        let name = id(name);
        self.nodes.remove(&name);
        self.arriving.retain(|(to, _)| *to != name);
        let ends = self.sessions.keys().filter(|(of, _)| *of == name);
        for end in ends.cloned().collect::<Vec<_>>() {
            self.end_session(&end);
        }
        for (left, right) in std::mem::take(&mut self.links) {
            if left != name && right != name {
                self.links.insert((left, right));
                continue;
            }
            let (peer, why) = (name.clone(), LinkError::Closed);
            let other = if left == name { right } else { left };
            let down = Input::Link(LinkEvent::Down { peer, why });
            self.arriving.push_back((other, down));
        }
        self.settle();
    }

    fn run_for(&mut self, span: Duration) {
        let end = self.now.mono + span;
        while self.now.mono < end {
            let next = self.nodes.values().filter_map(Node::poll_timeout).min();
            let next = next.unwrap_or(end).min(end).max(self.now.mono);
            // Never twice at one moment, and whole milliseconds for the wall.
            let by = next.since(self.now.mono) + Duration::from_millis(1);
            self.now = self.now.later(by);
            for name in self.nodes.keys().cloned().collect::<Vec<_>>() {
                self.arriving.push_back((name, Input::Timeout));
            }
            self.settle();
        }
    }

    fn settle(&mut self) {
        loop {
            for name in self.nodes.keys().cloned().collect::<Vec<_>>() {
                while let Some(output) = self.nodes.get_mut(&name).and_then(Node::poll_output) {
                    self.obey(&name, output);
                }
            }
            let Some((to, input)) = self.arriving.pop_front() else {
                return;
            };
            if let Some(node) = self.nodes.get_mut(&to) {
                node.handle_input(self.now, input);
            }
        }
    }

    fn obey(&mut self, from: &NodeId, output: Output) {
        let mut answer = |input| self.arriving.push_back((from.clone(), input));
        match output {
            Output::Seal(seal_id, statement) => {
                answer(Input::Sealed(seal_id, seal(&statement, |_| Bytes::new())));
            }
            Output::Assemble(assemble_id, gathered) => {
                let entries = gathered.entries.into_iter();
                let entries = entries.map(|(index, pieces)| (index, Bytes::from(pieces.concat())));
                let batch = decode_batch(gathered.head.bytes.clone(), entries);
                answer(Input::Assembled(assemble_id, batch.ok()));
            }
            Output::Persist(persist_id, record) => {
                answer(Input::Persisted(persist_id, Ok(())));
                self.journals.get_mut(from).unwrap().write(record);
            }
            Output::Remember(record) => self.journals.get_mut(from).unwrap().write(record),
            Output::Dial(target) => self.dial(from, target),
            Output::Send(transmit) => self.send(from, &transmit.to, transmit.via, transmit.message),
            Output::Finish(_) | Output::HangUp(_) => {}
            Output::Reset(session) => self.end_session(&(from.clone(), session)),
            Output::Reply(_, reply) => self.replies.push(reply),
            Output::Notify(_) => {}
            Output::Halt(why) => panic!("{from} halts: {why:?}"),
        }
    }

    fn dial(&mut self, from: &NodeId, target: Target) {
        let (to, seed) = match &target {
            Target::Seed(seed) => (id(seed), Some(seed.clone())),
            Target::Member(to, _) => (to.clone(), None),
        };
        if !self.nodes.contains_key(&to) || to == *from {
            let why = LinkError::Unreachable;
            let failed = Input::Link(LinkEvent::DialFailed { target, why });
            self.arriving.push_back((from.clone(), failed));
            return;
        }
        let pair = (from.min(&to).clone(), from.max(&to).clone());
        if !self.links.insert(pair) {
            return;
        }
        let up = |peer: &NodeId, seed| {
            Input::Link(LinkEvent::Up {
                peer: peer.clone(),
                seed,
                addr: "192.0.2.1:7946".parse().unwrap(),
                rtt: Duration::from_millis(1),
            })
        };
        self.arriving.push_back((from.clone(), up(&to, seed)));
        self.arriving.push_back((to, up(from, None)));
    }

    fn send(&mut self, from: &NodeId, to: &NodeId, via: Via, message: Message) {
        let message = self.carry(via, message);
        let there = match via {
            Via::Datagram | Via::Stream => via,
            Via::Session(session) => {
                let here = (from.clone(), session);
                if !self.sessions.contains_key(&here) {
                    assert!(!session.is_inbound(), "nobody opened {session:?}");
                    self.opened += 1;
                    let there = (to.clone(), SessionId::inbound(self.opened));
                    self.sessions.insert(here.clone(), there.clone());
                    self.sessions.insert(there.clone(), here.clone());
                    let peer = from.clone();
                    let opened = Input::Session(there.1, SessionEvent::Opened { peer });
                    self.arriving.push_back((to.clone(), opened));
                }
                let room = Input::Session(session, SessionEvent::Writable);
                self.arriving.push_back((from.clone(), room));
                Via::Session(self.sessions[&here].1)
            }
        };
        let input = Input::Message {
            from: from.clone(),
            via: there,
            message,
        };
        self.arriving.push_back((to.clone(), input));
    }

    /// There and back: what the peer reads is what was said.
    fn carry(&mut self, via: Via, message: Message) -> Message {
        let bytes = encode_message(&message);
        assert!(bytes.len() <= message.weight(), "{message:?}");
        let decoded = decode_message(bytes, Channel::from(via))
            .unwrap_or_else(|error| panic!("{error}: {message:?}"));
        assert_eq!(decoded.skipped, Skipped::default());
        // What is told by its chunks is read by their names.
        let chunked = match &message.body {
            Body::Outline(_) | Body::Chunk(_) => true,
            Body::Delta(delta) => delta.logs.iter().any(|log| !log.chunked.is_empty()),
            _ => false,
        };
        assert!(chunked || decoded.message.as_ref() == Some(&message));
        let kind = format!("{:?}", message.body);
        let kind = kind.split([' ', '(']).next().unwrap().to_owned();
        *self.carried.entry(kind).or_default() += 1;
        decoded.message.unwrap()
    }

    fn end_session(&mut self, end: &(NodeId, SessionId)) {
        if let Some(other) = self.sessions.remove(end) {
            self.sessions.remove(&other);
            let closed = Input::Session(other.1, SessionEvent::Closed);
            self.arriving.push_back((other.0, closed));
        }
    }

    fn ask(&mut self, name: &str, command: Command) -> Reply {
        self.replies.clear();
        self.arriving
            .push_back((id(name), Input::Command(Ticket(1), command)));
        self.settle();
        self.replies.pop().unwrap()
    }

    fn write(&mut self, name: &str, keys: std::ops::Range<usize>, bytes: usize) {
        let write = |at: usize| Write {
            scope: if at.is_multiple_of(2) {
                Scope::Own
            } else {
                Scope::Shared
            },
            key: format!("key/{at}").parse().unwrap(),
            value: (at % 5 != 4).then(|| Value::new(Bytes::from(vec![at as u8; bytes])).unwrap()),
            only_if: None,
            ttl: None,
        };
        let reply = self.ask(name, Command::Write(keys.map(write).collect()));
        assert!(matches!(reply, Reply::Written(_)), "{reply:?}");
    }

    fn rows(&mut self, name: &str, space: Space) -> Vec<Row> {
        let prefix = String::new();
        match self.ask(name, Command::List { space, prefix }) {
            Reply::Rows(rows) => rows,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_cluster_talks_restarts_and_agrees_through_the_codec() {
    let mut world = World {
        now: Now {
            mono: Instant::from_millis(1),
            wall: WallTime::from_millis(1_700_000_000_000),
        },
        ..World::default()
    };
    world.start("eu/n1", &[]);
    world.start("eu/n2", &["eu/n1"]);
    world.run_for(Duration::from_secs(5));
    // Small writes become rumors; a large batch travels in pieces.
    world.write("eu/n1", 0..5, 20);
    world.write("eu/n1", 10..60, 3_000);
    world.write("eu/n2", 3..8, 20);
    world.run_for(Duration::from_secs(30));

    // A member that misses a few writes, and the restart of their author.
    world.crash("eu/n2");
    world.run_for(Duration::from_secs(30));
    world.write("eu/n1", 0..40, 2_000);
    world.crash("eu/n1");
    world.run_for(Duration::from_secs(2));
    world.start("eu/n1", &[]);
    world.run_for(Duration::from_secs(5));
    world.write("eu/n1", 20..30, 20);
    world.start("eu/n2", &["eu/n1"]);
    world.start("us/n3", &["eu/n2"]);
    world.run_for(Duration::from_secs(60));

    for space in [
        Space::Shared,
        Space::Own(id("eu/n1")),
        Space::Own(id("eu/n2")),
    ] {
        let rows = world.rows("eu/n1", space.clone());
        assert!(!rows.is_empty(), "{space:?}");
        for other in ["eu/n2", "us/n3"] {
            assert_eq!(world.rows(other, space.clone()), rows, "{space:?} {other}");
        }
    }

    // One dies for long, and everybody else has heard everything else.
    world.crash("eu/n2");
    world.run_for(Duration::from_secs(60));
    let kinds: Vec<_> = world.carried.keys().map(String::as_str).collect();
    for kind in ["Ack", "Delta", "Digest", "Done", "Gossip", "Ping", "Want"] {
        assert!(kinds.contains(&kind), "no {kind} among {kinds:?}");
    }
}
