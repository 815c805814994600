//! Limiting: an author that writes more than it may stops for everybody at what
//! it wrote before, and nobody holds anything else under one head, whichever way
//! the news came.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::agreed::Share;
use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::base::time::WallTime;
use gossip_core::message::{
    Batch, BatchHead, BatchPart, Entry, Floor, Generation, Head, Lineage, LogDelta, Op, Scope,
    Sealed, Stamp, Value, Version,
};
use gossip_core::output::{Counters, Notification};
use gossip_core::replica::{Change, Outcome, Replica};
use proptest::prelude::*;

const WALL: WallTime = WallTime::from_millis(1_000_000);
const MOST: Share = Share { keys: 4, bytes: 60 };

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

/// What an author writes: a key, and so many bytes or a tombstone.
type Row = (u8, Option<usize>);

/// An author that keeps to no limit, and everything it has ever said.
struct Author {
    id: NodeId,
    replica: Replica,
    said: Vec<Batch>,
    lineage: Lineage,
    floor: Floor,
    run: u64,
    has_lost: bool,
}

impl Author {
    fn new() -> Self {
        Self {
            id: id("a"),
            replica: Replica::new(id("a"), MOST),
            said: Vec::new(),
            lineage: Lineage::default().extended(Generation(1), Head::default()),
            floor: Floor::default(),
            run: 1,
            has_lost: false,
        }
    }

    fn write(&mut self, rows: &[Row]) {
        let head = self.replica.head(&self.id).unwrap_or_default();
        let rows: BTreeMap<u8, Option<usize>> = rows.iter().copied().collect();
        let parts = (0..).zip(rows).map(|(index, (key, size))| {
            let value = Entry {
                scope: match key % 2 {
                    0 => Scope::Own,
                    _ => Scope::Shared,
                },
                key: format!("k{key}").parse().unwrap(),
                stamp: Stamp {
                    millis: self.said.len() as u64,
                    counter: index,
                },
                op: match size {
                    Some(size) => Op::Put(Value::new(Bytes::from(vec![7; size])).unwrap()),
                    None => Op::Delete,
                },
                expires: None,
                replaces: None,
            };
            let bytes = Bytes::from(format!("{head:?}{index}{key}"));
            let entry = Sealed { value, bytes };
            BatchPart { index, entry }
        });
        let parts: Vec<BatchPart> = parts.collect();
        let value = BatchHead {
            author: self.id.clone(),
            lineage: self.lineage.clone(),
            first: head.version.plus(1),
            count: u32::try_from(parts.len()).unwrap(),
            floor: self.floor,
        };
        let bytes = Bytes::from_static(b"head");
        let head = Arc::new(Sealed { value, bytes });
        let batch = Batch { head, parts };
        take(&mut self.replica, &run_of(&batch));
        self.said.push(batch);
    }

    /// Clears its log of everything that is deleted.
    fn clear(&mut self) {
        let through = self.replica.head(&self.id).unwrap_or_default().version;
        if through > self.floor.through {
            self.floor = Floor {
                through,
                shared: through,
                as_of: WALL,
            };
            self.write(&[(0, Some(1))]);
        }
    }

    /// Starts again from a disk that lacks what was said last.
    fn forget(&mut self, lost: usize) {
        self.has_lost = true;
        self.said.truncate(self.said.len().saturating_sub(lost));
        self.run += 1;
        self.replica = Replica::new(self.id.clone(), MOST);
        for batch in &self.said {
            take(&mut self.replica, &run_of(batch));
        }
        let head = self.replica.head(&self.id).unwrap_or_default();
        self.floor = self.replica.floor(&self.id);
        self.lineage = self
            .replica
            .lineage(&self.id)
            .extended(Generation(self.run), head);
    }
}

fn run_of(batch: &Batch) -> LogDelta {
    LogDelta {
        from: batch.head.value.before(),
        batches: vec![batch.clone()],
        chunked: Vec::new(),
        more: false,
    }
}

fn take(replica: &mut Replica, run: &LogDelta) -> (Outcome, Vec<Change>, Counters) {
    let (mut counters, mut changes) = (Counters::default(), vec![]);
    let outcome = replica.merge(run.from, &run.batches, WALL, &mut counters, &mut changes);
    (outcome, changes, counters)
}

/// Everything the one lacks of the author's log, in pieces, as in a session.
fn sync(from: &Replica, to: &mut Replica, budget: usize) {
    let author = id("a");
    for _ in 0..2 {
        let theirs = to.head(&author).unwrap_or_default();
        let Some((mut run, mut handed)) = from.since(&author, theirs, None, budget) else {
            return;
        };
        while handed.is_some() {
            let (piece, next) = from.since(&author, theirs, handed, budget).unwrap();
            run.batches.extend(piece.batches);
            handed = next;
        }
        take(to, &run);
    }
}

/// What is held: the head, and each write under it.
fn held(replica: &Replica) -> (Head, Vec<(Version, Bytes)>) {
    let author = id("a");
    let all = replica.since(&author, Head::default(), None, usize::MAX);
    let batches = all.map(|(run, _)| run.batches).unwrap_or_default();
    let entries = batches.iter().flat_map(|batch| {
        let parts = batch.parts.iter();
        parts.map(|part| (batch.version(part.index), part.entry.bytes.clone()))
    });
    let mut head = replica.head(&author).unwrap_or_default();
    if head.version == Version(0) {
        // Nothing is held, be it known in which run.
        head = Head::default();
    }
    (head, entries.collect())
}

#[derive(Debug, Clone)]
enum Deed {
    Write(Vec<Row>),
    Clear,
    Forget(usize),
    /// A batch, as it was said, to one of those who listen.
    Rumor(usize, usize),
    /// From the author.
    Ask(usize, usize),
    /// From one to another.
    Sync(usize, usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let row = (0..7u8, prop::option::weighted(0.7, 0..30usize));
    prop_oneof![
        8 => prop::collection::vec(row, 1..4).prop_map(Deed::Write),
        1 => Just(Deed::Clear),
        1 => (0..3usize).prop_map(Deed::Forget),
        4 => (0..3usize, 0..4usize).prop_map(|(to, back)| Deed::Rumor(to, back)),
        2 => (0..3usize, 1..200usize).prop_map(|(to, budget)| Deed::Ask(to, budget)),
        3 => (0..3usize, 0..3usize, 1..200usize)
            .prop_map(|(from, to, budget)| Deed::Sync(from, to, budget)),
    ]
}

/// What each head was seen to mean.
#[derive(Default)]
struct Seen(BTreeMap<Head, Vec<(Version, Bytes)>>);

impl Seen {
    fn look(&mut self, replica: &Replica) {
        let (head, log) = held(replica);
        let first = self.0.entry(head).or_insert_with(|| log.clone());
        assert_eq!(*first, log, "two logs under {head:?}");
        let share = replica.log_share(&id("a"));
        assert!(share.fits(&MOST), "{share} of {MOST}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 10_000 }))]

    /// Whatever an author does, and however its words go round.
    #[test]
    fn one_head_is_one_log_whatever_an_author_writes(
        deeds in prop::collection::vec(deed(), 1..60),
    ) {
        let mut author = Author::new();
        let mut nodes = ["b", "c", "d"].map(|name| Replica::new(id(name), MOST));
        let mut seen = Seen::default();
        for deed in deeds {
            match deed {
                Deed::Write(rows) => author.write(&rows),
                Deed::Clear => author.clear(),
                Deed::Forget(lost) => author.forget(lost),
                Deed::Rumor(to, back) => {
                    let at = author.said.len().checked_sub(back + 1);
                    if let Some(batch) = at.and_then(|at| author.said.get(at)) {
                        take(&mut nodes[to], &run_of(batch));
                    }
                }
                Deed::Ask(to, budget) => sync(&author.replica, &mut nodes[to], budget),
                Deed::Sync(from, to, budget) if from != to => {
                    let from = held_by(&nodes, from);
                    sync(&from, &mut nodes[to], budget);
                }
                Deed::Sync(..) => {}
            }
            nodes.iter().for_each(|node| seen.look(node));
        }
        if author.has_lost {
            // It says so with its first word.
            author.write(&[(0, Some(1))]);
        }
        settle(&author, &mut nodes);
        nodes.iter().for_each(|node| seen.look(node));
        // One that has lost its disk as well may leave them at two points that
        // nobody can lead from one to the other, but at none that is two things.
        let is_over = !author.replica.log_share(&author.id).fits(&MOST);
        if is_over && author.has_lost {
            return Ok(());
        }
        for other in &nodes {
            prop_assert_eq!(held(other), held(&nodes[0]));
        }
        // A member that keeps its word, be it again, is held by everybody.
        if !is_over {
            prop_assert_eq!(held(&nodes[0]), held(&author.replica));
            prop_assert!(nodes.iter().all(|node| !node.is_over(&author.id)));
        } else {
            prop_assert!(held(&nodes[0]).0 != held(&author.replica).0);
        }
    }
}

fn held_by(nodes: &[Replica; 3], which: usize) -> Replica {
    // Only what is asked of it matters: its log, taken in as from a journal.
    let author = id("a");
    let mut copy = Replica::new(author.clone(), MOST);
    let all = nodes[which].since(&author, Head::default(), None, usize::MAX);
    if let Some((run, _)) = all {
        take(&mut copy, &run);
    }
    copy
}

/// Compares everything with everybody, the author too, until nobody learns.
fn settle(author: &Author, nodes: &mut [Replica; 3]) {
    for _ in 0..8 {
        for to in 0..3 {
            sync(&author.replica, &mut nodes[to], 100);
            for from in 0..3 {
                if from != to {
                    let from = held_by(nodes, from);
                    sync(&from, &mut nodes[to], 100);
                }
            }
        }
    }
}

/// Too many keys, and too many bytes, are refused with what they come to, once.
#[test]
fn what_is_over_is_refused_and_told_once() {
    let mut author = Author::new();
    let mut node = Replica::new(id("b"), MOST);
    author.write(&[(0, Some(10)), (2, Some(10))]);
    let (outcome, ..) = take(&mut node, &run_of(&author.said[0]));
    assert!(outcome.fresh && !outcome.over);
    let at = node.head(&author.id);
    author.write(&[(1, Some(0)), (3, Some(0)), (5, Some(0))]);
    author.write(&[(1, Some(30)), (2, Some(10))]);
    let (outcome, changes, counters) = take(&mut node, &run_of(&author.said[1]));
    assert!(outcome.over && !outcome.fresh && !outcome.gap);
    assert_eq!((node.head(&author.id), counters.author_full), (at, 3));
    let told = Change::Notify(Notification::OverLimit {
        author: author.id.clone(),
        held: at.unwrap(),
        share: Share { keys: 5, bytes: 30 },
        most: MOST,
    });
    assert_eq!(changes, [told]);
    let (outcome, changes, _) = take(&mut node, &run_of(&author.said[1]));
    assert!(outcome.over && changes.is_empty(), "told once");
    assert!(node.is_over(&author.id) && node.over() == 1);
    // It deletes and clears, and is taken again where it left off.
    author.write(&[(3, None), (5, None)]);
    author.clear();
    sync(&author.replica, &mut node, 100);
    assert_eq!(held(&node), held(&author.replica));
    assert!(!node.is_over(&author.id));
}

/// Nothing of our own is refused: what we may write was judged before, and what
/// a journal lost comes back whole.
#[test]
fn a_log_of_our_own_is_never_too_large() {
    let mut author = Author::new();
    author.write(&[(0, Some(50)), (1, Some(50)), (2, Some(50))]);
    let mut again = Replica::new(id("a"), MOST);
    sync(&author.replica, &mut again, 10);
    assert_eq!(held(&again), held(&author.replica));
    let mut other = Replica::new(id("b"), MOST);
    sync(&author.replica, &mut other, 10);
    assert_eq!(other.head(&author.id), None);
    // From a journal it comes as it was, whatever the limit is now.
    other.restore(&author.said, WALL);
    assert_eq!(held(&other), held(&author.replica));
}

/// A batch of somebody's, from nowhere.
fn batch_of(author: &str, first: u64) -> Batch {
    let value = BatchHead {
        author: id(author),
        lineage: Lineage::default().extended(Generation(1), Head::default()),
        first: Version(first),
        count: 0,
        floor: Floor::default(),
    };
    let bytes = Bytes::from_static(b"head");
    Batch {
        head: Arc::new(Sealed { value, bytes }),
        parts: Vec::new(),
    }
}

#[test]
fn authors_who_were_made_up_keep_no_room_from_those_who_write() {
    let mut replica = Replica::new(id("b"), MOST);
    for number in 0..limit::LOGS + 10 {
        let (_, _, counters) = take(&mut replica, &run_of(&batch_of(&format!("x{number}"), 5)));
        assert_eq!((counters.gaps, counters.logs_full), (1, 0));
    }
    let mut author = Author::new();
    author.write(&[(0, Some(1))]);
    take(&mut replica, &run_of(&author.said[0]));
    assert_eq!(replica.head(&id("a")).unwrap().version, Version(1));
}
