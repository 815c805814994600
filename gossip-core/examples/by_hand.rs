//! The core's loop, driven by hand: two nodes, no network, no clock, no disk.
//!
//! Read it from top to bottom. It is what every host of a [`Node`] does (the
//! agent with sockets and files, the simulator with models of them), with the
//! simplest thing that works in the place of each part:
//!
//! ```text
//!            ┌──────── Host ────────┐          ┌──────── Host ────────┐
//!   inbox ──▶│ node ──▶ its outputs │ ─ wire ─▶│ node ──▶ its outputs │
//!            │          its journal │◀─ wire ─ │          its journal │
//!            └──────────────────────┘          └──────────────────────┘
//! ```
//!
//! Run it with `cargo run -p gossip-core --example by_hand`.
#![allow(
    missing_docs,
    clippy::indexing_slicing,
    reason = "a program; two hosts, and two places for them"
)]

use std::collections::{BTreeSet, VecDeque};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::time::{Instant, Now, WallTime};
use gossip_core::input::{
    Command, DiskError, LinkError, LinkEvent, Query, Saved, SessionEvent, SessionId, Space, Ticket,
    Write,
};
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Entry, Item, Op, Scope, Sealed, Statement, Value,
};
use gossip_core::output::{Record, Reply, Transmit, Via};
use gossip_core::{Config, Identity, Input, Node, NodeId, Output};

/// One side: a node, and what a host has to have for it.
struct Host {
    id: NodeId,
    addr: SocketAddr,
    node: Node,
    /// What is on its disk; here we only keep it.
    journal: Vec<Record>,
    /// A fault to show: nothing more fits on its disk.
    disk_full: bool,
}

/// Both sides, the wire between them, and the time.
struct Table {
    hosts: [Host; 2],
    /// What is on its way, and to which side. Nothing takes any time here.
    inbox: VecDeque<(usize, Input)>,
    /// Milliseconds since we began.
    time: u64,
    linked: bool,
    /// Faults to show: so many of the next datagrams are lost.
    lose: usize,
    /// Sessions whose first message has arrived, by side and its number there.
    sessions: BTreeSet<(usize, SessionId)>,
    tickets: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    // Duty 1: read the journal into `Saved` and make the node. These two are
    // new, so there is nothing to read. The seed is all the chance it has.
    let mut table = Table {
        hosts: [host("ann", 1, &[])?, host("bob", 2, &["ann.example"])?],
        inbox: VecDeque::new(),
        time: 0,
        linked: false,
        lose: 0,
        sessions: BTreeSet::new(),
        tickets: 0,
    };

    println!("-- bob looks for its seed, and they meet");
    table.run_for(2_000);

    println!("-- ann writes a key; the first datagram with the news is lost");
    table.lose = 1;
    table.write(0, "colour", "green")?;
    table.run_for(1_000);
    assert_eq!(table.read(1, "colour")?, "green");

    println!("-- bob's disk is full: the write is refused and nobody hears of it");
    table.hosts[1].disk_full = true;
    table.write(1, "colour", "red")?;
    table.run_for(1_000);
    assert_eq!(table.read(0, "colour")?, "green");
    table.hosts[1].disk_full = false;

    println!("-- the link goes down; both write; it comes up by itself");
    table.unlink();
    table.write(0, "shape", "round")?;
    table.write(1, "size", "small")?;
    table.run_for(5_000);
    assert_eq!(table.read(1, "shape")?, "round");
    assert_eq!(table.read(0, "size")?, "small");

    println!("-- bob leaves");
    table.command(1, Command::Leave);
    table.run_for(3_000);
    println!(
        "-- {} records are in ann's journal",
        table.hosts[0].journal.len()
    );
    Ok(())
}

fn host(name: &str, seed: u64, seeds: &[&str]) -> Result<Host, Box<dyn Error>> {
    let addr = SocketAddr::from(([127, 0, 0, 1], 7_946 + u16::try_from(seed)?));
    let identity = Identity {
        cluster: "table".parse()?,
        id: name.parse()?,
        addrs: vec![addr],
    };
    let mut config = Config::default();
    config.seeds = seeds.iter().map(ToString::to_string).collect();
    Ok(Host {
        id: identity.id.clone(),
        addr,
        node: Node::new(config, identity, seed, now(0), Saved::default())?,
        journal: Vec::new(),
        disk_full: false,
    })
}

/// Both clocks. A real host reads `CLOCK_BOOTTIME` and the time of day.
fn now(millis: u64) -> Now {
    Now {
        mono: Instant::from_millis(millis),
        wall: WallTime::from_millis(1_750_000_000_000 + millis),
    }
}

impl Table {
    /// The loop. A real host has one of these for its one node, and sleeps
    /// where this one turns the clock.
    fn run_for(&mut self, millis: u64) {
        let end = self.time + millis;
        loop {
            // Duty 2: drain what each node wants done, and do it, in order.
            for side in 0..2 {
                while let Some(output) = self.hosts[side].node.poll_output() {
                    self.act(side, output);
                }
            }
            // Duty 4: tell a node what happened, one thing at a time.
            if let Some((side, input)) = self.inbox.pop_front() {
                self.hosts[side].node.handle_input(now(self.time), input);
                continue;
            }
            // Duty 3: nothing is left to do, so sleep until the first deadline.
            let deadlines = self
                .hosts
                .iter()
                .filter_map(|host| host.node.poll_timeout());
            let Some(deadline) = deadlines.min() else {
                break;
            };
            // Milliseconds are all we have here: round up, never wake too early.
            let wake = deadline.as_nanos().div_ceil(1_000_000).max(self.time);
            if wake > end {
                break;
            }
            self.time = wake;
            for (side, host) in self.hosts.iter().enumerate() {
                if host.node.poll_timeout() <= Some(now(wake).mono) {
                    self.inbox.push_back((side, Input::Timeout));
                }
            }
        }
        self.time = end;
    }

    /// What a host does with each output. Each arm is one of its parts.
    fn act(&mut self, side: usize, output: Output) {
        let (me, other) = (&mut self.hosts[side], 1 - side);
        match output {
            // The transport: connect, prove who is there, tell both sides.
            Output::Dial(target) => {
                let seed = match target {
                    gossip_core::input::Target::Seed(name) => Some(name),
                    gossip_core::input::Target::Member(..) => None,
                };
                if !self.linked {
                    println!("   {:6} ms  {} connects", self.time, me.id);
                    self.linked = true;
                    self.tell_up(other, None);
                }
                self.tell_up(side, seed);
            }
            Output::Send(transmit) => self.send(side, transmit),
            Output::Finish(id) | Output::Reset(id) => {
                let theirs = mirror(id);
                self.sessions.remove(&(side, id));
                if self.sessions.remove(&(other, theirs)) {
                    let closed = Input::Session(theirs, SessionEvent::Closed);
                    self.inbox.push_back((other, closed));
                }
            }
            Output::HangUp(_) => self.unlink(),
            // The sealer: encode once, sign, and hand the bytes back.
            Output::Seal(id, statement) => {
                let sealed = Input::Sealed(id, seal(statement));
                self.inbox.push_back((side, sealed));
            }
            // Large entries come in chunks, which a wire puts together and reads.
            // Nobody here writes anything as large.
            Output::Assemble(id, _) => {
                self.inbox.push_back((side, Input::Assembled(id, None)));
            }
            // The journal: write, sync, and only then say so. What must not be
            // told before it is durable waits for this answer.
            Output::Persist(id, record) => {
                let how = if me.disk_full {
                    Err(DiskError::Full)
                } else {
                    me.journal.push(record);
                    Ok(())
                };
                self.inbox.push_back((side, Input::Persisted(id, how)));
            }
            Output::Remember(record) => me.journal.push(record),
            // The application.
            Output::Reply(ticket, reply) => {
                println!(
                    "   {:6} ms  {} answers {}: {reply:?}",
                    self.time, me.id, ticket.0
                );
            }
            Output::Notify(notification) => {
                println!("   {:6} ms  {} tells: {notification:?}", self.time, me.id);
            }
            Output::Halt(why) => println!("   {:6} ms  {} halts: {why:?}", self.time, me.id),
        }
    }

    /// The wire. A datagram is lost or there; everything else is there as long
    /// as the link is.
    fn send(&mut self, side: usize, transmit: Transmit) {
        let Transmit { via, message, .. } = transmit;
        let (me, other) = (&self.hosts[side], 1 - side);
        if !self.linked {
            return;
        }
        if via == Via::Datagram && !message.rumors.is_empty() && self.lose > 0 {
            self.lose -= 1;
            println!("   {:6} ms  a datagram of {} is lost", self.time, me.id);
            return;
        }
        let via = match via {
            Via::Datagram | Via::Stream => via,
            Via::Session(id) => {
                let theirs = mirror(id);
                if self.sessions.insert((other, theirs)) {
                    self.sessions.insert((side, id));
                    let peer = me.id.clone();
                    let opened = Input::Session(theirs, SessionEvent::Opened { peer });
                    self.inbox.push_back((other, opened));
                }
                // We took it, and have room for the next.
                let writable = Input::Session(id, SessionEvent::Writable);
                self.inbox.push_back((side, writable));
                Via::Session(theirs)
            }
        };
        let from = me.id.clone();
        let input = Input::Message { from, via, message };
        self.inbox.push_back((other, input));
    }

    fn tell_up(&mut self, side: usize, seed: Option<String>) {
        let peer = &self.hosts[1 - side];
        let up = LinkEvent::Up {
            peer: peer.id.clone(),
            seed,
            addr: peer.addr,
            rtt: Duration::from_micros(200),
        };
        self.inbox.push_back((side, Input::Link(up)));
    }

    /// The link is gone: its sessions are over first, then both sides hear of it.
    fn unlink(&mut self) {
        self.linked = false;
        for (side, id) in std::mem::take(&mut self.sessions) {
            let closed = Input::Session(id, SessionEvent::Closed);
            self.inbox.push_back((side, closed));
        }
        for side in 0..2 {
            let peer = self.hosts[1 - side].id.clone();
            let why = LinkError::TimedOut;
            let down = Input::Link(LinkEvent::Down { peer, why });
            self.inbox.push_back((side, down));
        }
    }

    fn command(&mut self, side: usize, command: Command) {
        self.tickets += 1;
        let input = Input::Command(Ticket(self.tickets), command);
        self.inbox.push_back((side, input));
    }

    fn write(&mut self, side: usize, key: &str, value: &str) -> Result<(), Box<dyn Error>> {
        let write = Write {
            scope: Scope::Shared,
            key: key.parse()?,
            value: Some(Value::new(Bytes::copy_from_slice(value.as_bytes()))?),
            only_if: None,
            ttl: None,
        };
        self.command(side, Command::Write(vec![write]));
        Ok(())
    }

    /// Reads a key. A node answers a question at once, so the reply is the
    /// first thing it wants done.
    fn read(&mut self, side: usize, key: &str) -> Result<String, Box<dyn Error>> {
        let query = Query {
            space: Space::Shared,
            key: key.parse()?,
        };
        let question = Input::Command(Ticket(0), Command::Get(query));
        let host = &mut self.hosts[side];
        host.node.handle_input(now(self.time), question);
        while let Some(output) = self.hosts[side].node.poll_output() {
            match output {
                Output::Reply(Ticket(0), Reply::Value(Some(row))) => {
                    return Ok(String::from_utf8(row.value.bytes().to_vec())?);
                }
                Output::Reply(Ticket(0), other) => return Err(format!("{other:?}").into()),
                other => self.act(side, other),
            }
        }
        Err("no answer".into())
    }
}

/// The number that the other side has for a session.
fn mirror(id: SessionId) -> SessionId {
    if id.is_inbound() {
        SessionId::outbound(id.as_u64())
    } else {
        SessionId::inbound(id.as_u64())
    }
}

/// Turns what a node wants to say into what travels: the value, and beside it
/// the bytes that nobody will ever encode again. A real host encodes with
/// gossip-wire and signs; here any bytes will do, as long as they differ.
fn seal(statement: Statement) -> Item {
    match statement {
        Statement::Claim(value) => Item::Claim(Sealed {
            bytes: format!("{value:?}").into(),
            value,
        }),
        Statement::Accusation(value) => Item::Accusation(Sealed {
            bytes: format!("{value:?}").into(),
            value,
        }),
        Statement::Event(value) => Item::Event(Box::new(Sealed {
            bytes: format!("{value:?}").into(),
            value,
        })),
        Statement::Batch(draft) => {
            let value = BatchHead {
                author: draft.author,
                lineage: draft.lineage,
                first: draft.first,
                floor: draft.floor,
                count: u32::try_from(draft.entries.len()).unwrap_or(u32::MAX),
            };
            // A real head holds a hash of each entry.
            let bytes = format!("{value:?}").into();
            let part = |(index, value): (u32, Entry)| BatchPart {
                index,
                entry: Sealed {
                    bytes: entry_bytes(&value),
                    value,
                },
            };
            Item::Batch(Batch {
                head: Arc::new(Sealed { value, bytes }),
                parts: (0..).zip(draft.entries).map(part).collect(),
            })
        }
    }
}

fn entry_bytes(entry: &Entry) -> Bytes {
    let mut bytes = format!("{}={:?}:", entry.key, entry.stamp).into_bytes();
    if let Op::Put(value) = &entry.op {
        bytes.extend_from_slice(value.bytes());
    }
    bytes.into()
}
