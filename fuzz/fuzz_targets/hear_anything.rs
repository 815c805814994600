//! Any bytes, as the life of a node: two peers say what they like on whatever
//! they like, sessions open and links go, time passes. It never panics, wants a
//! bounded number of things done at once, and does not wake for ever.
//!
//! The bytes are steps: what it is, how long its message is (two bytes, little
//! end first), the message.
#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::base::time::{Instant, Now, WallTime};
use gossip_core::input::{LinkError, LinkEvent, Saved, SessionEvent, SessionId, Via};
use gossip_core::{Config, Identity, Input, Node, NodeId, Output};
use gossip_wire::{Channel, decode_batch, decode_message, seal};
use libfuzzer_sys::fuzz_target;

/// How often a node may wake without time passing (guess: some rooms, each with
/// a few things that are due).
const WAKES: u32 = 1_000;

struct Table {
    node: Node,
    millis: u64,
    /// The session it opened last, and the one that a peer did.
    sessions: [SessionId; 2],
    opened: u64,
}

impl Table {
    fn now(&self) -> Now {
        Now {
            mono: Instant::from_millis(self.millis),
            wall: WallTime::from_millis(1_750_000_000_000 + self.millis),
        }
    }

    fn tell(&mut self, input: Input) {
        self.node.handle_input(self.now(), input);
        let mut wanted = 0;
        let mut answers = Vec::new();
        while let Some(output) = self.node.poll_output() {
            wanted += 1;
            assert!(wanted <= limit::OUTBOX + limit::ROSTER, "a flood");
            match output {
                Output::Seal(id, statement) => answers.push(Input::Sealed(id, seal(&statement, |_| Bytes::new()))),
                Output::Assemble(id, gathered) => {
                    let entries = gathered.entries.into_iter();
                    let entries = entries.map(|(index, pieces)| (index, Bytes::from(pieces.concat())));
                    let batch = decode_batch(gathered.head.bytes.clone(), entries).ok();
                    answers.push(Input::Assembled(id, batch));
                }
                Output::Persist(id, _) => answers.push(Input::Persisted(id, Ok(()))),
                Output::Send(transmit) => {
                    if let Via::Session(id) = transmit.via {
                        self.sessions[0] = id;
                    }
                }
                _ => {}
            }
        }
        for answer in answers {
            self.tell(answer);
        }
    }

    /// Sleeps, and wakes whenever it wants to.
    fn sleep(&mut self, millis: u64) {
        let end = self.millis + millis;
        let mut wakes = 0;
        while let Some(due) = self.node.poll_timeout() {
            let due = due.as_nanos().div_ceil(1_000_000).max(self.millis);
            if due > end {
                break;
            }
            wakes = if due == self.millis { wakes + 1 } else { 0 };
            assert!(wakes < WAKES, "it wakes for ever");
            self.millis = due;
            self.tell(Input::Timeout);
        }
        self.millis = end;
    }
}

fn id(name: &str) -> NodeId {
    name.parse().expect("a name")
}

fn up(peer: &NodeId, port: u16) -> Input {
    Input::Link(LinkEvent::Up {
        peer: peer.clone(),
        seed: None,
        addr: SocketAddr::from(([127, 0, 0, 1], port)),
        rtt: Duration::from_millis(1),
    })
}

fuzz_target!(|data: &[u8]| {
    let identity = Identity {
        cluster: "demo".parse().expect("a name"),
        id: id("eu/n9"),
        addrs: vec![SocketAddr::from(([127, 0, 0, 1], 9))],
    };
    let peers = [id("eu/1/n17"), id("eu/2/n4")];
    let start = Now {
        mono: Instant::ZERO,
        wall: WallTime::from_millis(1_750_000_000_000),
    };
    let node = Node::new(Config::default(), identity, 7, start, Saved::default());
    let mut table = Table {
        node: node.expect("a node"),
        millis: 0,
        sessions: [SessionId::outbound(1), SessionId::inbound(1)],
        opened: 1,
    };
    table.sleep(1);
    for (port, peer) in (1..).zip(&peers) {
        table.tell(up(peer, port));
    }
    let mut rest = data;
    while let [what, low, high, more @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(more.len());
        let (said, after) = more.split_at(length);
        rest = after;
        let peer = peers[usize::from(what >> 7)].clone();
        let [ours, theirs] = table.sessions;
        let via = match what & 7 {
            0 => Via::Datagram,
            1 => Via::Stream,
            2 => Via::Session(ours),
            3 => Via::Session(theirs),
            4 => {
                table.opened += 1;
                let id = SessionId::inbound(table.opened);
                table.sessions[1] = id;
                table.tell(Input::Session(id, SessionEvent::Opened { peer: peer.clone() }));
                Via::Session(id)
            }
            5 => {
                table.tell(Input::Session(ours, SessionEvent::Writable));
                table.tell(Input::Session(theirs, SessionEvent::Writable));
                continue;
            }
            6 => {
                let why = LinkError::TimedOut;
                table.tell(Input::Session(ours, SessionEvent::Closed));
                table.tell(Input::Session(theirs, SessionEvent::Closed));
                let down = LinkEvent::Down { peer: peer.clone(), why };
                table.tell(Input::Link(down));
                table.tell(up(&peer, u16::from(*low)));
                continue;
            }
            _ => {
                table.sleep(u64::from(u16::from_le_bytes([*low, *high])));
                continue;
            }
        };
        let channel = match via {
            Via::Datagram => Channel::Datagram,
            Via::Stream | Via::Session(_) => Channel::Stream,
        };
        if let Ok(decoded) = decode_message(Bytes::copy_from_slice(said), channel)
            && let Some(message) = decoded.message
        {
            table.tell(Input::Message { from: peer, via, message });
        }
    }
    table.sleep(1_000);
});
