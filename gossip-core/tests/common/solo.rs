//! One node, driven by hand: its clock, its host, and what others say to it.
//! What it wants sealed is sealed at once, and a test may hold its disk back.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file takes what it needs"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::time::{Instant, Now, WallTime};
use gossip_core::input::{
    Command, LinkEvent, PersistId, Query, Saved, SessionEvent, SessionId, Space, Ticket, Via, Write,
};
use gossip_core::message::{
    Accusation, Batch, BatchHead, BatchPart, Body, Charge, Claim, Draft, Entry, Floor, Footing,
    Generation, Head, Incarnation, Item, Lineage, LogDelta, Message, Op, Presence, Scope, Sealed,
    Stamp, Statement, Value, Version,
};
use gossip_core::output::{MemberView, Record, Reply, Status, Transmit};
use gossip_core::{Config, Identity, Input, Node, Output};

/// A node, its clock, and a host that does what it says.
pub struct Solo {
    pub node: Node,
    pub now: Now,
    pub said: Vec<Output>,
    pub sealed: Vec<Statement>,
    /// What it wanted kept on its disk, in order.
    pub kept: Vec<Record>,
    /// Held back while the disk is slow.
    pub slow_disk: bool,
    pub waiting: Vec<PersistId>,
}

pub const SECOND: Duration = Duration::from_secs(1);

pub fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

pub const fn footing(generation: u64, incarnation: u64) -> Footing {
    Footing {
        generation: Generation(generation),
        incarnation: Incarnation(incarnation),
    }
}

/// What a host makes of a statement: the value, and so many bytes.
pub fn sealed<T>(value: T, bytes: usize) -> Sealed<T> {
    let bytes = Bytes::from(vec![0; bytes]);
    Sealed { value, bytes }
}

pub fn seal(statement: Statement) -> Item {
    match statement {
        Statement::Claim(claim) => Item::Claim(sealed(claim, 60)),
        Statement::Accusation(accusation) => Item::Accusation(sealed(accusation, 60)),
        Statement::Event(event) => {
            let bytes = 60 + event.payload.len();
            Item::Event(Box::new(sealed(event, bytes)))
        }
        Statement::Batch(draft) => {
            let head = BatchHead {
                author: draft.author,
                lineage: draft.lineage,
                first: draft.first,
                floor: draft.floor,
                count: u32::try_from(draft.entries.len()).unwrap(),
            };
            let parts = draft.entries.into_iter().zip(0..);
            let parts = parts.map(|(entry, index)| {
                let bytes = entry.payload_bytes() + 20;
                let entry = sealed(entry, bytes);
                BatchPart { index, entry }
            });
            Item::Batch(Batch {
                parts: parts.collect(),
                head: Arc::new(sealed(head, 100)),
            })
        }
    }
}

pub fn claim(name: &str, footing: Footing) -> Item {
    seal(Statement::Claim(Claim {
        member: id(name),
        footing,
        presence: Presence::Alive,
        addrs: [([10, 0, 0, 9], 7).into()].into(),
    }))
}

pub fn accusation(accuser: &str, accused: &str, footing: Footing, charge: Charge) -> Item {
    seal(Statement::Accusation(Accusation {
        accuser: id(accuser),
        accused: id(accused),
        footing,
        charge,
    }))
}

impl Solo {
    /// `n0`, as it starts, without anybody to look for.
    pub fn new() -> Self {
        Self::with(Config::default(), Saved::default())
    }

    /// `n0`, which looks for its cluster.
    pub fn joining() -> Self {
        let mut config = Config::default();
        config.seeds.push("seed".to_owned());
        Self::with(config, Saved::default())
    }

    pub fn with(config: Config, saved: Saved) -> Self {
        let now = Now {
            mono: Instant::from_millis(5_000),
            wall: WallTime::from_millis(1_750_000_000_000),
        };
        let identity = Identity {
            cluster: "test".parse().unwrap(),
            id: id("n0"),
            addrs: vec![([10, 0, 0, 1], 7).into()],
        };
        let mut solo = Self {
            node: Node::new(config, identity, 1, now, saved).unwrap(),
            now,
            said: vec![],
            sealed: vec![],
            kept: vec![],
            slow_disk: false,
            waiting: vec![],
        };
        solo.settle();
        solo
    }

    /// Does everything the node wants done.
    pub fn settle(&mut self) {
        while let Some(output) = self.node.poll_output() {
            if let Output::Persist(_, record) | Output::Remember(record) = &output {
                self.kept.push(record.clone());
            }
            match output {
                Output::Seal(seal_id, statement) => {
                    self.sealed.push(statement.clone());
                    let item = seal(statement);
                    self.node
                        .handle_input(self.now, Input::Sealed(seal_id, item));
                }
                Output::Persist(persist, _) if self.slow_disk => self.waiting.push(persist),
                Output::Persist(persist, _) => {
                    let done = Input::Persisted(persist, Ok(()));
                    self.node.handle_input(self.now, done);
                }
                other => self.said.push(other),
            }
        }
    }

    pub fn hear(&mut self, input: Input) {
        self.node.handle_input(self.now, input);
        self.settle();
    }

    /// The disk is done with what waits.
    pub fn disk_catches_up(&mut self) {
        self.slow_disk = false;
        for persist in std::mem::take(&mut self.waiting) {
            self.hear(Input::Persisted(persist, Ok(())));
        }
    }

    /// Time passes, and the node is woken whenever it wants to be.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now.mono + span;
        while let Some(at) = self.node.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.later(at.since(self.now.mono));
            self.hear(Input::Timeout);
        }
        self.now = self.now.later(end.since(self.now.mono));
    }

    /// The node is not run at all.
    pub fn sleep(&mut self, span: Duration) {
        self.now = self.now.later(span);
    }

    pub fn link(&mut self, peer: &str) {
        self.hear(Input::Link(LinkEvent::Up {
            peer: id(peer),
            seed: None,
            addr: ([10, 0, 0, 9], 7).into(),
            rtt: Duration::from_millis(1),
        }));
    }

    pub fn rumors(&mut self, from: &str, rumors: Vec<Item>) {
        let body = Body::Gossip;
        self.hear(Input::Message {
            from: id(from),
            via: Via::Datagram,
            message: Message { body, rumors },
        });
    }

    pub fn message(&mut self, from: &str, via: Via, body: Body) {
        let message = Message::bare(body);
        let from = id(from);
        self.hear(Input::Message { from, via, message });
    }

    /// What it sent so far, and forgets.
    pub fn sent(&mut self) -> Vec<Transmit> {
        let said = std::mem::take(&mut self.said).into_iter();
        said.filter_map(|output| match output {
            Output::Send(transmit) => Some(transmit),
            _ => None,
        })
        .collect()
    }

    pub fn ask(&mut self, command: Command) -> Reply {
        let ticket = Ticket(9_000);
        self.said.clear();
        self.hear(Input::Command(ticket, command));
        self.reply(ticket).unwrap()
    }

    pub fn reply(&self, ticket: Ticket) -> Option<Reply> {
        let mut replies = self.said.iter().filter_map(|output| match output {
            Output::Reply(to, reply) if *to == ticket => Some(reply.clone()),
            _ => None,
        });
        let first = replies.next();
        assert_eq!(replies.next(), None, "one reply a ticket");
        first
    }

    pub fn status(&mut self) -> Status {
        match self.ask(Command::Status) {
            Reply::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    pub fn member(&mut self, name: &str) -> Option<MemberView> {
        match self.ask(Command::Members) {
            Reply::Members(members) => members.into_iter().find(|member| member.id == id(name)),
            other => panic!("{other:?}"),
        }
    }

    pub fn generation(&self) -> u64 {
        self.node.generation().0
    }
}

pub fn put(scope: Scope, key: &str, bytes: usize) -> Write {
    Write {
        scope,
        key: key.parse().unwrap(),
        value: Some(Value::new(Bytes::from(vec![7; bytes])).unwrap()),
        only_if: None,
        ttl: None,
    }
}

pub fn delete(scope: Scope, key: &str) -> Write {
    Write {
        value: None,
        ..put(scope, key, 0)
    }
}

/// One entry of another's log.
pub fn batch(author: &str, lineage: Lineage, first: u64, key: &str, stamp: u64) -> Batch {
    let mut batch = match seal(Statement::Batch(gossip_core::message::Draft {
        author: id(author),
        lineage,
        first: Version(first),
        floor: gossip_core::message::Floor::default(),
        entries: vec![Entry {
            scope: Scope::Shared,
            key: key.parse().unwrap(),
            stamp: Stamp {
                millis: stamp,
                counter: 0,
            },
            op: Op::Put(Value::new(Bytes::from_static(b"v")).unwrap()),
            replaces: None,
            expires: None,
        }],
    })) {
        Item::Batch(batch) => batch,
        other => panic!("{other:?}"),
    };
    batch.parts.shrink_to_fit();
    batch
}

pub fn begun(generation: u64) -> Lineage {
    Lineage::default().extended(Generation(generation), Head::default())
}
pub fn opened(solo: &mut Solo, number: u64, peer: &str) -> Via {
    let session = SessionId::inbound(number);
    let peer = id(peer);
    solo.hear(Input::Session(session, SessionEvent::Opened { peer }));
    Via::Session(session)
}

/// All that a member wrote in its run 7, to these keys.
pub fn written(author: &str, keys: &[(Scope, &str)]) -> LogDelta {
    let entry = |&(scope, key): &(Scope, &str)| Entry {
        scope,
        key: key.parse().unwrap(),
        stamp: Stamp {
            millis: 1,
            counter: 0,
        },
        op: Op::Put(Value::new(Bytes::from_static(b"v")).unwrap()),
        replaces: None,
        expires: None,
    };
    let draft = Draft {
        author: id(author),
        lineage: begun(7),
        first: Version(1),
        floor: Floor::default(),
        entries: keys.iter().map(entry).collect(),
    };
    let Item::Batch(batch) = seal(Statement::Batch(draft)) else {
        panic!("a draft is sealed to a batch");
    };
    LogDelta {
        from: Version(0),
        batches: vec![batch],
        chunked: vec![],
        more: false,
    }
}

/// Whether a key is read.
pub fn holds(solo: &mut Solo, space: Space, key: &str) -> bool {
    let query = Query {
        space,
        key: key.parse().unwrap(),
    };
    match solo.ask(Command::Get(query)) {
        Reply::Value(row) => row.is_some(),
        other => panic!("{other:?}"),
    }
}
