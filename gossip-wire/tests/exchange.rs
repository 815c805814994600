//! What an exchange costs, from the bytes that are sent: the same in any
//! cluster, and in proportion to what differs.
//!
//! Two peers that hold the same rows learn of some writes each, and compare, again
//! and again. What is counted is everything both say but the deltas themselves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::collections::BTreeMap;

use bytes::Bytes;
use common::passed_on;
use gossip_core::base::id::NodeId;
use gossip_core::base::rng::Rng;
use gossip_core::base::time::{Instant, WallTime};
use gossip_core::config::{Config, Profile};
use gossip_core::dissemination::{Picture, Syncs, Tails};
use gossip_core::input::{SessionId, Via};
use gossip_core::membership::Roster;
use gossip_core::message::{
    Base, Batch, Body, Claim, Delta, Draft, Entry, Floor, Footing, Form, Generation, Head,
    Incarnation, Item, Lineage, Message, Op, Presence, Scope, Stamp, Statement, Value, Version,
};
use gossip_core::outbox::Outbox;
use gossip_core::output::{Counters, Output};
use gossip_core::replica::Replica;
use gossip_wire::{encode_message, seal};

const GENERATION: Generation = Generation(1_700_000_000_000);

fn id(number: usize) -> NodeId {
    format!("eu/{}/n{number:05}", number % 3).parse().unwrap()
}

fn claim(number: usize, incarnation: u64) -> Item {
    let claim = Claim {
        member: id(number),
        footing: Footing {
            generation: GENERATION,
            incarnation: Incarnation(incarnation),
        },
        presence: Presence::Alive,
        addrs: vec!["192.0.2.17:7946".parse().unwrap()].into(),
    };
    seal(&Statement::Claim(claim), |_| Bytes::new())
}

fn write(author: usize, generation: u64, from: Head) -> Batch {
    write_of(author, generation, from, "k", 1)
}

fn write_of(author: usize, generation: u64, from: Head, key: &str, bytes: usize) -> Batch {
    let lineage = Lineage::new(vec![Base {
        generation: Generation(generation),
        from: Head::default(),
    }]);
    write_on(lineage.unwrap(), author, from, key, bytes)
}

fn write_on(lineage: Lineage, author: usize, from: Head, key: &str, bytes: usize) -> Batch {
    let entry = Entry {
        scope: Scope::Own,
        key: key.parse().unwrap(),
        stamp: Stamp::default(),
        op: Op::Put(Value::new(Bytes::from(vec![0x5a; bytes])).unwrap()),
        replaces: None,
        expires: None,
    };
    let draft = Draft {
        author: id(author),
        lineage,
        first: from.version.plus(1),
        floor: Floor::default(),
        entries: vec![entry],
    };
    match seal(&Statement::Batch(draft), |_| Bytes::new()) {
        Item::Batch(batch) => batch,
        other => panic!("{other:?}"),
    }
}

/// One of the two.
struct Peer {
    roster: Roster,
    replica: Replica,
    syncs: Syncs,
    opened: u64,
    outbox: Outbox,
}

impl Peer {
    fn new(me: usize, config: &Config) -> Self {
        let cluster = "test".parse().unwrap();
        Self {
            roster: Roster::new(id(me)),
            replica: Replica::default(),
            syncs: Syncs::new(&cluster, config, Rng::new(me as u64)),
            opened: 0,
            outbox: Outbox::default(),
        }
    }

    fn hear_item(&mut self, item: &Item) {
        match item {
            Item::Claim(claim) => drop(self.roster.hear_claim(claim.clone(), Instant::ZERO)),
            other => panic!("{other:?}"),
        }
    }

    fn hear_batch(&mut self, from: Version, batch: &Batch) {
        self.hear_run(from, std::slice::from_ref(batch));
    }

    fn hear_run(&mut self, from: Version, batches: &[Batch]) {
        let wall = WallTime::from_millis(GENERATION.0);
        let mut counters = Counters::default();
        self.replica
            .merge(from, batches, wall, &mut counters, &mut Vec::new());
    }

    fn hear_delta(&mut self, delta: &Delta) {
        delta.members.iter().for_each(|item| self.hear_item(item));
        for log in &delta.logs {
            assert!(!log.more, "no log here is more than a piece");
            self.hear_run(log.from, &log.batches);
        }
    }

    /// Says something to a peer's sessions.
    fn step<T>(&mut self, say: impl FnOnce(&mut Syncs, Picture<'_>, &mut Outbox) -> T) -> T {
        self.syncs.follow(&mut self.roster, &mut self.replica);
        let picture = Picture {
            roster: &self.roster,
            replica: &self.replica,
        };
        say(&mut self.syncs, picture, &mut self.outbox)
    }

    /// What it holds of each name.
    fn holds(&self) -> BTreeMap<NodeId, (Option<Footing>, Option<Head>)> {
        let mut all = BTreeMap::new();
        for (id, member) in self.roster.iter() {
            all.insert(id.clone(), (Some(member.footing()), None));
        }
        for (id, head) in self.replica.authors() {
            all.entry(id.clone()).or_insert((None, None)).1 = Some(head);
        }
        all
    }
}

/// What a session said.
#[derive(Debug, Default)]
struct Told {
    bytes: usize,
    deltas: usize,
    continued: usize,
    is_whole: bool,
    bodies: Vec<&'static str>,
}

/// The opener compares with the server, to the end.
fn exchange(opener: &mut Peer, server: &mut Peer) -> Told {
    let told = exchange_until(opener, server, usize::MAX);
    assert!(told.is_whole, "both come to the end: {told:?}");
    told
}

/// The same, cut after so many deltas.
fn exchange_until(opener: &mut Peer, server: &mut Peer, most: usize) -> Told {
    opener.opened += 1;
    let number = opener.opened;
    let now = Instant::ZERO;
    let bare = opener.holds().len() < 2;
    let (asks, serves) = (SessionId::outbound(number), SessionId::inbound(number));
    let (one, other) = (opener.roster.me().clone(), server.roster.me().clone());
    let tails = Tails::default();
    opener.step(|syncs, picture, outbox| {
        syncs.open((now, bare), &other, (picture, &tails), outbox);
    });
    server
        .syncs
        .opened((now, false), serves, &one, &mut server.outbox);
    let mut told = Told::default();
    let mut over = 0;
    for _ in 0..2_000 {
        let mut moved = false;
        for turn in [0, 1] {
            let (from, to, of, at, name) = match turn {
                0 => (&mut *opener, &mut *server, asks, serves, &one),
                _ => (&mut *server, &mut *opener, serves, asks, &other),
            };
            while let Some(output) = from.outbox.pop() {
                moved = true;
                match output {
                    Output::Send(transmit) => {
                        assert_eq!(transmit.via, Via::Session(of));
                        told.count(&transmit.message);
                        if told.bodies.iter().filter(|name| **name == "Delta").count() > most {
                            for (peer, id) in [(opener, asks), (server, serves)] {
                                peer.syncs.closed(id);
                                while peer.outbox.pop().is_some() {}
                            }
                            return told;
                        }
                        let message = passed_on(&transmit.message);
                        if let Body::Delta(delta) = &message.body {
                            to.hear_delta(delta);
                        }
                        let body = message.body;
                        to.step(|syncs, picture, outbox| {
                            syncs.heard(now, name, at, &body, (picture, &tails), outbox)
                        });
                        from.step(|syncs, picture, outbox| {
                            syncs.writable(now, of, (picture, &tails), outbox)
                        });
                    }
                    Output::Finish(_) => over += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        if !moved {
            break;
        }
    }
    told.is_whole = over == 2;
    assert_eq!(opener.outbox.counters.unexpected, 0, "{told:?}");
    assert_eq!(server.outbox.counters.unexpected, 0, "{told:?}");
    told
}

impl Told {
    fn count(&mut self, message: &Message) {
        let bytes = encode_message(message).len();
        assert!(bytes <= message.weight());
        let name = match &message.body {
            Body::Delta(_) => "Delta",
            Body::Sketch(_) => "Sketch",
            Body::More { .. } => "More",
            Body::Found(_) => "Found",
            Body::Rows(_) => "Rows",
            Body::Ranges(_) => "Ranges",
            Body::Checksum(_) => "Checksum",
            Body::Digest(_) => "Digest",
            Body::First(_) => "First",
            Body::Want(_) => "Want",
            _ => "Done",
        };
        match name {
            "Delta" => self.deltas += bytes,
            _ => self.bytes += bytes,
        }
        self.continued += usize::from(name == "More");
        self.bodies.push(name);
    }
}

fn symbols() -> Config {
    let mut config = Config::new(Profile::Lan);
    config.plain_rows = 0;
    config
}

/// Two that hold the same of so many members, each with a log.
fn twins(size: usize, config: &Config) -> [Peer; 2] {
    let mut peers = [0, 1].map(|me| Peer::new(me, config));
    for number in 0..size {
        let item = claim(number, 0);
        let batch = write(number, GENERATION.0, Head::default());
        for (me, peer) in peers.iter_mut().enumerate() {
            match &item {
                Item::Claim(claim) if me == number => {
                    peer.roster.speak(claim.clone(), Instant::ZERO);
                }
                item => peer.hear_item(item),
            }
            peer.hear_batch(Version(0), &batch);
        }
    }
    peers
}

/// Writes of so many different authors, each known to one of the two.
fn differ(peers: &mut [Peer; 2], size: usize, heads: usize, rng: &mut Rng) {
    let mut authors: Vec<usize> = (0..size).collect();
    rng.shuffle(&mut authors);
    for author in authors.into_iter().take(heads) {
        let knows = usize::from(rng.below(2) == 1);
        let from = peers[knows].replica.head(&id(author)).unwrap();
        let batch = write(author, GENERATION.0, from);
        peers[knows].hear_batch(from.version, &batch);
    }
}

/// Mean bytes of an exchange, and in what part of them symbols were continued
/// more than once.
fn mean(peers: &mut [Peer; 2], size: usize, heads: usize, runs: usize) -> (f64, f64) {
    let mut rng = Rng::new(size as u64);
    let (mut bytes, mut long) = (0, 0);
    let warm = 8;
    for run in 0..warm + runs {
        differ(peers, size, heads, &mut rng);
        let [one, other] = &mut *peers;
        let told = exchange(one, other);
        if size <= 1_000 {
            assert_eq!(one.holds(), other.holds(), "run {run}: {told:?}");
        }
        if run >= warm {
            bytes += told.bytes;
            long += usize::from(told.continued > 1);
        }
    }
    (bytes as f64 / runs as f64, long as f64 / runs as f64)
}

/// The figures, from a hundred members to ten thousand. (A build that is not
/// optimised plays the largest cluster less often.)
#[test]
fn an_exchange_costs_what_differs() {
    for size in [100, 1_000, 10_000] {
        let runs = match size {
            10_000 if cfg!(debug_assertions) => 2,
            _ if cfg!(debug_assertions) => 12,
            _ => 200,
        };
        let mut peers = twins(size, &symbols());
        for (heads, most) in [(0, 64.0), (1, 200.0), (10, 900.0), (100, 7_400.0)] {
            let (bytes, long) = mean(&mut peers, size, heads, runs);
            println!("N {size}, {heads} differ: {bytes:.0} B, continued twice {long:.3}");
            assert!(bytes <= most, "N {size}, {heads} differ: {bytes} B");
            assert!(long <= 0.05, "N {size}, {heads} differ: {long}");
        }
    }
}

/// A peer that has never seen a difference meets one, of any size.
#[test]
fn the_first_difference_is_found_too() {
    for heads in [1, 3, 30, 120, 500] {
        let mut peers = twins(600, &symbols());
        differ(&mut peers, 600, heads, &mut Rng::new(heads as u64));
        let [one, other] = &mut peers;
        let told = exchange(one, other);
        assert_eq!(one.holds(), other.holds(), "{heads}: {told:?}");
        assert!(told.continued <= 5, "{heads}: {told:?}");
        assert!(told.bodies.contains(&"Found"), "{heads}: {told:?}");
    }
}

/// Another run of a member is not told by a number: its row is asked for.
#[test]
fn what_a_number_cannot_say_is_asked_for() {
    for turned in [false, true] {
        let mut peers = twins(100, &symbols());
        for number in 10..13 {
            let mut claim = claim(number, 0);
            if let Item::Claim(claim) = &mut claim {
                claim.value.footing.generation.0 += 1_000;
                *claim = match seal(&Statement::Claim(claim.value.clone()), |_| Bytes::new()) {
                    Item::Claim(claim) => claim,
                    other => panic!("{other:?}"),
                };
            }
            peers[number % 2].hear_item(&claim);
        }
        // Somebody of whom only one has heard, and somebody who only wrote.
        peers[0].hear_item(&claim(700, 0));
        peers[1].hear_batch(Version(0), &write(701, GENERATION.0, Head::default()));
        let [one, other] = &mut peers;
        let (opener, server) = if turned { (other, one) } else { (one, other) };
        let told = exchange(opener, server);
        assert_eq!(opener.holds(), server.holds(), "{told:?}");
        assert!(told.bodies.contains(&"Rows"), "{told:?}");
        assert!(!told.bodies.contains(&"Digest"), "{told:?}");
    }
}

/// Too much for symbols: by ranges, or plainly where a quarter differs.
#[test]
fn much_is_compared_otherwise() {
    for (size, heads, how) in [(4_000, 900, "Ranges"), (2_000, 1_500, "Digest")] {
        let mut peers = twins(size, &symbols());
        differ(&mut peers, size, heads, &mut Rng::new(7));
        let [one, other] = &mut peers;
        let told = exchange(one, other);
        assert_eq!(one.holds(), other.holds(), "{told:?}");
        assert!(told.bodies.contains(&how), "{heads}: {:?}", told.bodies);
        let each = told.bytes / heads;
        assert!(each <= 400, "{heads}: {each} B a difference");
    }
}

/// A joiner that knows itself alone, and one that holds much.
fn joiner(config: &Config) -> [Peer; 2] {
    let mut peers = [300, 0].map(|me| Peer::new(me, config));
    let [joiner, holder] = &mut peers;
    for (peer, me) in [(&mut *joiner, 300), (&mut *holder, 0)] {
        if let Item::Claim(claim) = claim(me, 0) {
            peer.roster.speak(claim, Instant::ZERO);
        }
    }
    for number in 0..200 {
        if number > 0 {
            holder.hear_item(&claim(number, 0));
        }
        let key = if number % 50 == 49 { "config/a" } else { "k" };
        // Smaller than what is told by its chunks.
        let batch = write_of(number, GENERATION.0, Head::default(), key, 4_000);
        holder.hear_batch(Version(0), &batch);
    }
    peers
}

/// What a joiner got before its session was cut it does not get again.
#[test]
fn a_session_that_was_cut_goes_on_where_it_was() {
    for config in [symbols(), Config::new(Profile::Lan)] {
        let [mut whole, mut holder] = joiner(&config);
        let all = exchange(&mut whole, &mut holder).deltas;
        let [mut cut, mut holder] = joiner(&config);
        let mut parts = 0;
        let mut cuts = 0;
        loop {
            let told = exchange_until(&mut cut, &mut holder, 2);
            // The piece that was cut off is counted and did not arrive.
            parts += told.deltas;
            if told.is_whole {
                break;
            }
            parts -= 65_536;
            cuts += 1;
            assert!(cuts < 20);
        }
        assert!(cuts >= 4, "{cuts}");
        assert_eq!(cut.holds(), whole.holds());
        assert!(parts <= all + all / 10, "{parts} instead of {all}");
    }
}

/// A joiner hears the logs first that hold what it needs to be ready.
#[test]
fn what_is_needed_first_comes_first() {
    let mut config = Config::new(Profile::Lan);
    config.readiness = vec!["config/".parse().unwrap()];
    let [mut one, mut holder] = joiner(&config);
    let told = exchange_until(&mut one, &mut holder, 1);
    assert_eq!(told.bodies[..3], ["First", "Digest", "Delta"], "{told:?}");
    for number in 0..200 {
        let needed = number % 50 == 49;
        let has = one.replica.head(&id(number)).is_some();
        assert!(has || !needed, "{number}");
    }
    let told = exchange(&mut one, &mut holder);
    assert_eq!(
        one.replica.authors().collect::<Vec<_>>(),
        holder.replica.authors().collect::<Vec<_>>(),
        "{told:?}"
    );
}

/// In one direction alone, what the other direction would carry stays.
#[test]
fn push_and_pull_carry_one_way() {
    for form in [Form::Push, Form::Pull] {
        let mut config = symbols();
        config.sync_form = form;
        config.plain_rows = 64;
        let mut peers = twins(30, &config);
        differ(&mut peers, 30, 12, &mut Rng::new(3));
        let before = peers.each_ref().map(Peer::holds);
        let [one, other] = &mut peers;
        let told = exchange(one, other);
        let best: BTreeMap<_, _> = before[0]
            .iter()
            .map(|(id, held)| (id.clone(), (*held).max(before[1][id])))
            .collect();
        let (gives, takes) = match form {
            Form::Push => (one.holds() == before[0], other.holds() == best),
            _ => (other.holds() == before[1], one.holds() == best),
        };
        assert!(gives && takes, "{form:?}: {told:?}");
    }
}

/// What symbols tell leads both to where plain digests lead them, in random
/// cases of every kind; the seed is in the message.
#[test]
fn symbols_and_digests_come_to_the_same() {
    let cases = if cfg!(debug_assertions) { 60 } else { 2_000 };
    for seed in 0..cases {
        let mut plainly = Config::new(Profile::Lan);
        plainly.plain_rows = 512;
        let ends = [symbols(), plainly].map(|config| {
            let mut rng = Rng::new(seed);
            let size = 2 + rng.below(40) as usize;
            let mut peers = twins(size, &config);
            for _ in 0..rng.below(30) {
                let side = rng.below(2) as usize;
                let number = rng.below(size as u64 + 5) as usize;
                let generation = GENERATION.0 + rng.below(3);
                let peer = &mut peers[side];
                match rng.below(3) {
                    0 if number > 1 => {
                        let incarnation = rng.below(4);
                        peer.hear_item(&claim(number, incarnation));
                    }
                    _ => {
                        let from = peer.replica.head(&id(number)).unwrap_or_default();
                        let generation = generation.max(from.generation.0);
                        let mut lineage = peer.replica.lineage(&id(number));
                        if generation > from.generation.0 {
                            lineage = lineage.extended(Generation(generation), from);
                        }
                        let batch = write_on(lineage, number, from, "k", 1);
                        peer.hear_batch(from.version, &batch);
                    }
                }
            }
            let [one, other] = &mut peers;
            for _ in 0..5 {
                exchange(one, other);
            }
            (one.holds(), other.holds())
        });
        let [by_symbols, by_digests] = ends;
        assert_eq!(by_symbols, by_digests, "seed {seed}");
        assert_eq!(by_symbols.0, by_symbols.1, "seed {seed}");
    }
}
