//! Clearing: what has an end ends, what is deleted is forgotten in time, and
//! nothing comes back by it, whatever the order in which the news arrives.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::time::WallTime;
use gossip_core::input::{Query, Space};
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Entry, Floor, Generation, Head, Lineage, LogDelta, Op, Scope,
    Sealed, Value, Version, WriteId,
};
use gossip_core::output::{Counters, KeyEvent, KeyEventKind, Notification, Record};
use gossip_core::replica::{Change, Replica};
use proptest::prelude::*;

const START: u64 = 1_000_000;
const GRACE: u64 = 10_000;

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

const fn wall(millis: u64) -> WallTime {
    WallTime::from_millis(millis)
}

/// A replica, what its watcher holds, and what it must never see again.
struct Node {
    id: NodeId,
    replica: Replica,
    now: u64,
    held: BTreeMap<(NodeId, String), WriteId>,
    told: Vec<Change>,
    expired: BTreeSet<(NodeId, WriteId)>,
}

impl Node {
    fn new(name: &str) -> Self {
        Self {
            id: id(name),
            replica: Replica::default(),
            now: START,
            held: BTreeMap::new(),
            told: vec![],
            expired: BTreeSet::new(),
        }
    }

    /// Commits entries of its own, under a floor.
    fn commit(&mut self, entries: Vec<Entry>, floor: Floor) {
        let head = self.replica.head(&self.id).unwrap_or_default();
        let mut lineage = self.replica.lineage(&self.id);
        if lineage.bases().is_empty() {
            lineage = Lineage::default().extended(Generation(1), Head::default());
        }
        let parts = (0..).zip(entries).map(|(index, value)| BatchPart {
            index,
            entry: Sealed {
                bytes: Bytes::from(vec![0; value.payload_bytes()]),
                value,
            },
        });
        let parts: Vec<BatchPart> = parts.collect();
        let value = BatchHead {
            author: self.id.clone(),
            lineage,
            first: head.version.plus(1),
            count: u32::try_from(parts.len()).unwrap(),
            floor,
        };
        let bytes = Bytes::from_static(b"head");
        let batch = Batch {
            head: Arc::new(Sealed { value, bytes }),
            parts,
        };
        let run = LogDelta {
            from: head.version,
            batches: vec![batch],
            chunked: vec![],
            more: false,
        };
        self.take(&run);
    }

    fn write(&mut self, scope: Scope, key: u8, value: Option<u64>) {
        let entry = Entry {
            scope,
            key: format!("k{key}").parse().unwrap(),
            stamp: self.replica.stamp(wall(self.now)),
            op: match value {
                Some(_) => Op::Put(Value::new(Bytes::from_static(b"v")).unwrap()),
                None => Op::Delete,
            },
            // Odd ones last for long, even ones for so long.
            expires: value
                .filter(|ttl| ttl % 2 == 0)
                .map(|ttl| wall(self.now + ttl)),
            replaces: None,
        };
        let floor = self.replica.floor(&self.id);
        self.commit(vec![entry], floor);
    }

    /// Clears its log, as a node does from time to time.
    fn clear(&mut self, all_here: bool) {
        let as_of = wall(self.now.saturating_sub(GRACE));
        let all_here = all_here.then_some(as_of);
        if let Some((floor, along)) = self.replica.next_floor(&self.id, as_of, all_here) {
            assert!(!along.is_empty(), "a floor comes with a write");
            self.commit(along, floor);
        }
    }

    fn take(&mut self, run: &LogDelta) {
        let (mut counters, mut changes) = (Counters::default(), vec![]);
        self.replica.merge(
            run.from,
            &run.batches,
            wall(self.now),
            &mut counters,
            &mut changes,
        );
        self.hear(changes);
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        let mut changes = vec![];
        let due = self.replica.next_release();
        self.replica.release(wall(self.now), &mut changes);
        let ended = |change: &Change| kind(change) == Some(KeyEventKind::Expired);
        if changes.iter().any(ended) {
            assert!(due.unwrap() <= wall(self.now), "it had said when");
        }
        self.hear(changes);
    }

    fn hear(&mut self, changes: Vec<Change>) {
        for change in &changes {
            let Change::Notify(Notification::Key(event)) = change else {
                continue;
            };
            let name = name(event);
            match event.kind {
                KeyEventKind::Put => {
                    let before = self.held.insert(name, event.write.clone());
                    assert_ne!(before.as_ref(), Some(&event.write), "told twice");
                }
                KeyEventKind::Expired => {
                    let once = (name.0.clone(), event.write.clone());
                    assert!(self.expired.insert(once), "{event:?} ended twice");
                    self.held.remove(&name);
                }
                KeyEventKind::Deleted | KeyEventKind::Reset => {
                    self.held.remove(&name);
                }
            }
        }
        self.told.extend(changes);
    }

    /// Asks another for everything it lacks, in pieces of so many bytes.
    fn sync(&mut self, from: &Self, budget: usize) {
        let authors: Vec<NodeId> = from.replica.authors().map(|(id, _)| id.clone()).collect();
        for author in authors {
            for _ in 0..2 {
                let theirs = self.replica.head(&author).unwrap_or_default();
                let Some((mut run, mut handed)) = from.replica.since(&author, theirs, None, budget)
                else {
                    break;
                };
                while handed.is_some() {
                    let (piece, next) =
                        from.replica.since(&author, theirs, handed, budget).unwrap();
                    run.batches.extend(piece.batches);
                    handed = next;
                }
                self.take(&run);
            }
            let (ours, theirs) = (self.replica.head(&author), from.replica.head(&author));
            assert!(ours >= theirs, "a session ends level");
        }
    }

    /// Everything that can be read.
    fn reads(&self, authors: &[NodeId]) -> BTreeMap<(NodeId, String), WriteId> {
        let mut rows = BTreeMap::new();
        for author in authors {
            for row in self.replica.list(&Space::Own(author.clone()), "") {
                rows.insert((author.clone(), row.key.to_string()), row.write);
            }
        }
        for row in self.replica.list(&Space::Shared, "") {
            rows.insert((id("shared"), row.key.to_string()), row.write);
        }
        rows
    }

    /// The logs themselves: version by version, and what they weigh.
    fn logs(&self, authors: &[NodeId]) -> Vec<(Head, (usize, usize), Vec<Version>)> {
        let log = |author: &NodeId| {
            let all = self.replica.since(author, Head::default(), None, 1 << 20);
            let batches = all.map(|(run, _)| run.batches).unwrap_or_default();
            let versions = batches.iter().flat_map(|batch| {
                let parts = batch.parts.iter();
                parts.map(|part| batch.version(part.index))
            });
            let head = self.replica.head(author).unwrap_or_default();
            (head, self.replica.share(author), versions.collect())
        };
        authors.iter().map(log).collect()
    }
}

fn kind(change: &Change) -> Option<KeyEventKind> {
    match change {
        Change::Notify(Notification::Key(event)) => Some(event.kind),
        _ => None,
    }
}

fn name(event: &KeyEvent) -> (NodeId, String) {
    let space = match event.scope {
        Scope::Own => event.write.author.clone(),
        Scope::Shared => id("shared"),
    };
    (space, event.key.to_string())
}

fn all() -> Vec<NodeId> {
    ["a", "b", "c"].map(id).to_vec()
}

#[derive(Debug, Clone)]
enum Deed {
    Write(Scope, u8, Option<u64>),
    Clear,
    Wait(u64),
    Sync(usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let scope = prop_oneof![Just(Scope::Own), Just(Scope::Shared)];
    prop_oneof![
        6 => (scope, 0..4u8, prop::option::of(1..30_000u64))
            .prop_map(|(scope, key, value)| Deed::Write(scope, key, value)),
        2 => Just(Deed::Clear),
        2 => (1..2 * GRACE).prop_map(Deed::Wait),
        3 => (0..3usize, 1..400usize).prop_map(|(from, budget)| Deed::Sync(from, budget)),
    ]
}

/// Compares everything with everybody, until nobody learns anything.
fn settle(nodes: &mut [Node; 3]) {
    for _ in 0..3 {
        for to in 0..3 {
            for from in 0..3 {
                let [left, right] = match nodes.get_disjoint_mut([to, from]) {
                    Ok(pair) => pair,
                    Err(_) => continue,
                };
                left.sync(right, 97);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Three write, delete, let values end and clear their logs, and compare now
    /// and then. In the end they hold the same logs to the last version, read
    /// the same, and every watcher was told exactly that. One who joins last, and
    /// reads everything from nothing, reads the same too.
    #[test]
    fn whatever_is_cleared_and_whenever_all_agree(
        deeds in prop::collection::vec((0..3usize, deed()), 1..80),
    ) {
        let mut nodes = ["a", "b", "c"].map(Node::new);
        // The latest stamp of a deletion that somebody has seen, key by key.
        let authors = all();
        for (who, deed) in deeds {
            match deed {
                Deed::Write(scope, key, value) => nodes[who].write(scope, key, value),
                Deed::Clear => {
                    // Shared tombstones go only where nobody is missing, which
                    // the node knows of its roster; here: all have compared.
                    nodes[who].clear(false);
                }
                Deed::Wait(millis) => nodes.iter_mut().for_each(|node| node.wait(millis)),
                Deed::Sync(from, budget) => {
                    if let Ok([to, from]) = nodes.get_disjoint_mut([who, from]) {
                        to.sync(from, budget);
                    }
                }
            }
        }
        settle(&mut nodes);
        let mut late = Node::new("d");
        late.now = nodes[0].now;
        late.sync(&nodes[0], 61);
        for node in nodes.iter().chain([&late]) {
            prop_assert_eq!(node.reads(&authors), nodes[0].reads(&authors));
            prop_assert_eq!(node.logs(&authors), nodes[0].logs(&authors));
            prop_assert_eq!(&node.held, &node.reads(&authors));
        }
    }

    /// The same where shared tombstones are cleared too, because all have
    /// compared before: what was deleted stays deleted at everybody, also in
    /// between, while one has heard of one log and not yet of the other.
    #[test]
    fn nothing_that_was_deleted_comes_back(
        rounds in prop::collection::vec(
            (prop::collection::vec((0..3usize, deed()), 1..12), 0..3usize), 1..8),
    ) {
        let mut nodes = ["a", "b", "c"].map(Node::new);
        let authors = all();
        for (deeds, lags) in rounds {
            for (who, deed) in deeds {
                match deed {
                    Deed::Write(scope, key, value) => nodes[who].write(scope, key, value),
                    Deed::Wait(millis) => nodes.iter_mut().for_each(|node| node.wait(millis)),
                    Deed::Sync(from, budget) => {
                        if let Ok([to, from]) = nodes.get_disjoint_mut([who, from]) {
                            to.sync(from, budget);
                        }
                    }
                    Deed::Clear => {}
                }
            }
            // Everybody has compared, and the grace goes by.
            settle(&mut nodes);
            nodes.iter_mut().for_each(|node| node.wait(3 * GRACE));
            let stands = nodes[0].reads(&authors);
            // All clear, several times, and only two of them compare meanwhile.
            for _ in 0..3 {
                for node in &mut nodes {
                    node.clear(true);
                }
                let (one, other) = ((lags + 1) % 3, (lags + 2) % 3);
                let [one, other] = nodes.get_disjoint_mut([one, other]).unwrap();
                one.sync(other, 50);
                other.sync(one, 50);
                for node in &mut nodes {
                    node.wait(2 * GRACE);
                    for key in node.reads(&authors).keys() {
                        prop_assert!(stands.contains_key(key), "{key:?} came back at {}", node.id);
                    }
                }
            }
            settle(&mut nodes);
            for node in &nodes {
                prop_assert_eq!(node.reads(&authors), nodes[0].reads(&authors));
                prop_assert_eq!(node.logs(&authors), nodes[0].logs(&authors));
                prop_assert_eq!(&node.held, &node.reads(&authors));
            }
        }
    }
}

/// Both a key that was deleted and one whose time was over: nothing is left of
/// either, with anybody, but one tombstone that carries the floor.
#[test]
fn what_is_dead_for_long_is_gone_everywhere() {
    let (mut a, mut b) = (Node::new("a"), Node::new("b"));
    a.write(Scope::Own, 0, Some(1));
    for key in 1..9 {
        a.write(Scope::Own, key, Some(if key % 2 == 0 { 1 } else { 500 }));
    }
    b.sync(&a, 1 << 20);
    for key in [2, 4, 6, 8] {
        a.write(Scope::Own, key, None);
    }
    assert_eq!(b.reads(&all()).len(), 9);
    for node in [&mut a, &mut b] {
        node.wait(2 * GRACE);
    }
    assert_eq!(
        b.reads(&all()).len(),
        5,
        "ended by itself, still to hear of the rest"
    );
    a.clear(false);
    assert_eq!(a.replica.share(&id("a")).0, 2);
    // Its head lies below the floor: the log comes from nothing, and it is told.
    b.sync(&a, 1 << 20);
    assert_eq!(b.logs(&all()), a.logs(&all()));
    let caught_up = b.told.iter().filter_map(|change| match change {
        Change::Notify(Notification::CaughtUp {
            from, to, dropped, ..
        }) => Some((from.version.0, to.version.0, *dropped)),
        _ => None,
    });
    assert_eq!(caught_up.collect::<Vec<_>>(), [(9, 14, 3)]);
    assert_eq!(b.held, b.reads(&all()));
    // Once, and nobody else: not the author, not who joins now.
    let mut c = Node::new("c");
    c.now = b.now;
    c.sync(&b, 10);
    b.sync(&a, 10);
    for node in [&a, &c] {
        assert!(
            !node
                .told
                .iter()
                .any(|change| matches!(change, Change::Notify(Notification::CaughtUp { .. })))
        );
    }
    // A second floor is not worth it.
    a.wait(5 * GRACE);
    a.clear(true);
    assert_eq!(a.replica.head(&id("a")).unwrap().version, Version(14));
}

/// A key that ended hides what it had won against.
#[test]
fn what_a_value_won_against_does_not_come_back_when_it_ends() {
    let (mut a, mut b) = (Node::new("a"), Node::new("b"));
    a.write(Scope::Shared, 1, Some(1));
    b.sync(&a, 10);
    b.wait(10);
    b.write(Scope::Shared, 1, Some(100));
    a.sync(&b, 10);
    let query = Query {
        space: Space::Shared,
        key: "k1".parse().unwrap(),
    };
    for node in [&mut a, &mut b] {
        assert_eq!(node.replica.value(&query).unwrap().write.author, id("b"));
        node.wait(1_000);
        assert_eq!(node.replica.value(&query), None);
    }
    // Set back, the clock does not bring it back.
    a.now -= 1_000;
    a.wait(1);
    assert_eq!(a.replica.value(&query), None);
}

/// ```text
///   a  k put (10)   ─────────────── withdrawn ─── cleared
///   b        k deleted (20) ── kept ─────── cleared
/// ```
#[test]
fn a_shared_tombstone_outlives_what_it_hides() {
    let (mut a, mut b) = (Node::new("a"), Node::new("b"));
    for key in 1..4 {
        a.write(Scope::Shared, key, Some(1));
    }
    b.sync(&a, 10);
    b.wait(10);
    for key in 1..4 {
        b.write(Scope::Shared, key, None);
    }
    for node in [&mut a, &mut b] {
        node.wait(2 * GRACE);
    }
    b.clear(true);
    assert_eq!(
        b.replica.floor(&id("b")),
        Floor::default(),
        "a's values stand below"
    );
    a.sync(&b, 10);
    a.clear(true);
    a.wait(2 * GRACE);
    a.clear(true);
    assert_eq!(a.replica.share(&id("a")).0, 1, "withdrawn, and cleared");
    b.wait(2 * GRACE);
    b.clear(false);
    assert_eq!(b.replica.share(&id("b")).0, 3, "somebody is missing");
    b.sync(&a, 10);
    b.clear(true);
    assert_eq!(b.replica.share(&id("b")).0, 1);
    assert!(b.reads(&all()).is_empty());
    // One that has neither heard of the deletion nor of the withdrawal.
    let mut c = Node::new("c");
    c.now = b.now;
    c.sync(&b, 10);
    a.sync(&b, 10);
    assert!(a.reads(&all()).is_empty() && c.reads(&all()).is_empty());
}

/// What the journal is told of a log that comes from nothing is one record, and
/// so is what comes in several batches: half of either is not a log.
#[test]
fn a_run_is_one_record() {
    let (mut a, mut b) = (Node::new("a"), Node::new("b"));
    for key in 0..4 {
        a.write(Scope::Own, key, Some(1));
    }
    b.sync(&a, 1);
    let records = |node: &Node| {
        let records = node.told.iter().filter_map(|change| match change {
            Change::Record(Record::Run { cut, commits, .. }) => Some((*cut, commits.len())),
            Change::Record(_) => panic!("{change:?}"),
            Change::Notify(_) => None,
        });
        records.collect::<Vec<_>>()
    };
    assert_eq!(records(&b), [(None, 4)]);
    for key in 0..3 {
        a.write(Scope::Own, key, None);
    }
    a.wait(2 * GRACE);
    a.clear(true);
    b.sync(&a, 1);
    assert_eq!(records(&b), [(None, 4), (Some(Version(0)), 3)]);
}

/// A run from nothing counts only under a floor that its author has sealed: one
/// that leaves out half of the log, or begins in its middle, replaces nothing.
#[test]
fn a_log_is_replaced_only_as_its_author_says() {
    let (mut a, mut b) = (Node::new("a"), Node::new("b"));
    for key in 0..4 {
        a.write(Scope::Own, key, Some(1));
    }
    b.sync(&a, 100);
    let before = b.reads(&all());
    for key in 0..3 {
        a.write(Scope::Own, key, None);
    }
    a.wait(2 * GRACE);
    a.clear(true);
    let theirs = Head::default();
    let (whole, _) = a.replica.since(&id("a"), theirs, None, 1 << 20).unwrap();
    // Its beginning alone does not reach the floor.
    let mut half = whole.clone();
    half.batches.truncate(2);
    b.take(&half);
    // Its end alone does not begin at nothing.
    let mut end = whole.clone();
    end.from = Version(3);
    b.take(&end);
    assert_eq!(b.reads(&all()), before);
    // Whoever is past the floor by now keeps what it holds (a stale answer).
    b.take(&whole);
    a.write(Scope::Own, 9, Some(1));
    b.sync(&a, 100);
    let after = b.reads(&all());
    b.take(&whole);
    assert_eq!(b.reads(&all()), after);
}
