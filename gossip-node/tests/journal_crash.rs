//! Killed at every point: what was told is there, and nothing is half there.
//!
//! The test runs itself again as a child that writes and prints what it is
//! told, and kills that child with SIGKILL: at each point of each commit (the
//! child does it to itself, from a witness), and at moments of chance.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "journal_kit/mod.rs"]
mod kit;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gossip_core::base::rng::Rng;
use gossip_core::input::PersistId;
use gossip_core::message::{Generation, Version};
use gossip_core::output::Record;
use gossip_node::journal::{Journal, Point, Witness};
use kit::{Log, open, owner, wait_for};

/// Where the child works; says that it is the child.
const DIR: &str = "GOSSIP_TEST_JOURNAL_DIR";
/// At which point it dies, and in which commit.
const DIE_AT: &str = "GOSSIP_TEST_JOURNAL_DIE_AT";
/// Writes of the child, each a batch of [`ENTRIES`], two in flight never.
const WRITES: u64 = 12;
const ENTRIES: u64 = 3;

/// The child: writes, and prints the number of each write it is told of.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else {
        return;
    };
    let witness: Box<dyn Witness> = match std::env::var(DIE_AT) {
        Ok(text) => Box::new(Assassin::parse(&text)),
        Err(_) => Box::new(()),
    };
    let mut opened = Journal::open_witnessed(Path::new(&dir), &owner("n1"), witness).unwrap();
    let (mut own, mut other) = (Log::new("n1", 7), Log::new("n2", 7));
    let generation = Record::Generation(Generation(7));
    opened.journal.persist(PersistId(0), generation);
    wait_for(&mut opened.completions, PersistId(0)).unwrap();
    tell(0);
    for write in 1..=WRITES {
        // One that nobody waits for goes along, and one key is always rewritten.
        opened.journal.remember(commit(&mut other, write));
        opened
            .journal
            .persist(PersistId(write), commit(&mut own, write));
        wait_for(&mut opened.completions, PersistId(write)).unwrap();
        tell(write);
    }
    tell(u64::MAX);
    // Killed from outside, at the latest now.
    loop {
        std::thread::park();
    }
}

fn commit(log: &mut Log, write: u64) -> Record {
    let names: Vec<String> = (1..ENTRIES)
        .map(|entry| format!("{write}/{entry}"))
        .collect();
    let mut writes = vec![("rewritten", Some("value"))];
    writes.extend(names.iter().map(|name| (name.as_str(), Some("value"))));
    let batch = log.batch(&writes);
    let before = batch.head.value.first.0.checked_sub(ENTRIES);
    let superseded = before.filter(|before| *before > 0).map(Version);
    Record::Commit {
        batch,
        superseded: superseded.into_iter().collect(),
    }
}

fn tell(write: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "told {write}").unwrap();
    out.flush().unwrap();
}

/// Kills its own process.
struct Assassin {
    point: Point,
    commit: u64,
    seen: u64,
}

const POINTS: [(&str, Point); 4] = [
    ("before", Point::Before),
    ("inside", Point::Inside),
    ("after", Point::After),
    ("told", Point::Told),
];

impl Assassin {
    fn parse(text: &str) -> Self {
        let (point, commit) = text.split_once(' ').unwrap();
        let (_, point) = POINTS.iter().find(|(name, _)| *name == point).unwrap();
        Self {
            point: *point,
            commit: commit.parse().unwrap(),
            seen: 0,
        }
    }
}

impl Witness for Assassin {
    fn at(&mut self, point: Point) {
        if point != self.point {
            return;
        }
        self.seen += 1;
        if self.seen == self.commit {
            let me = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &me]).status().unwrap();
        }
    }
}

fn spawn(dir: &Path, die_at: Option<String>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(die_at) = die_at {
        command.env(DIE_AT, die_at);
    }
    command.spawn().unwrap()
}

/// The last write a child was told of, read until it says no more.
fn last_told(child: &mut Child) -> Option<u64> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.map_while(Result::ok).filter_map(|line| {
        let (_, number) = line.split_once("told ")?;
        number.trim().parse::<u64>().ok()
    });
    told.take_while(|write| *write != u64::MAX).last()
}

/// Opens what a killed child left: everything told is there, in whole batches,
/// and the other's log is a beginning of what it was.
fn judge(dir: &Path, told: Option<u64>, what: &str) -> u64 {
    let mut opened = open(dir);
    let saved = &opened.saved;
    if told.is_some() {
        assert_eq!(saved.generation, Generation(7), "{what}");
    }
    let mut kept = 0;
    for author in ["n1", "n2"] {
        let (mut log, mut expected) = (Log::new(author, 7), Vec::new());
        let batches = saved.batches.iter();
        let batches: Vec<_> = batches
            .filter(|batch| batch.author().as_str() == author)
            .collect();
        let writes = batches.len() as u64;
        for write in 1..=writes {
            let Record::Commit { mut batch, .. } = commit(&mut log, write) else {
                unreachable!()
            };
            if write < writes {
                // The rewritten key stands in the last batch only.
                batch.parts.remove(0);
            }
            expected.push(batch);
        }
        let expected: Vec<_> = expected.iter().collect();
        assert_eq!(
            batches, expected,
            "{what}: whole batches of {author}, from the first on"
        );
        if author == "n1" {
            let told = told.unwrap_or(0);
            assert!(writes >= told, "{what}: {told} told, {writes} kept");
            assert!(writes <= told + 1, "{what}: one in flight at most");
            kept = writes;
        }
    }
    // And it can be written again.
    opened
        .journal
        .persist(PersistId(1), Record::Generation(Generation(8)));
    wait_for(&mut opened.completions, PersistId(1)).unwrap();
    kept
}

#[test]
fn killed_at_each_point_of_each_commit() {
    for (name, point) in POINTS {
        for at in 1..=WRITES + 1 {
            let dir = tempfile::tempdir().unwrap();
            let mut child = spawn(dir.path(), Some(format!("{name} {at}")));
            let told = last_told(&mut child);
            let status = child.wait().unwrap();
            assert!(!status.success(), "it was killed");
            let what = format!("killed {name} commit {at}");
            // The first commit is the generation, write 0.
            let done = if point == Point::Told { at } else { at - 1 };
            if point != Point::Told {
                assert_eq!(told, done.checked_sub(1), "{what}");
            }
            let kept = judge(dir.path(), told, &what);
            if point == Point::After {
                assert_eq!(kept, at - 1, "{what}: on disk, though nobody was told");
            }
        }
    }
}

#[test]
fn killed_at_moments_of_chance() {
    let mut rng = Rng::new(17);
    for round in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let mut child = spawn(dir.path(), None);
        // Long enough for all of it on a quick disk.
        let moment = rng.within(Duration::from_millis(120));
        let pid = child.id().to_string();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        });
        let told = last_told(&mut child);
        killer.join().unwrap();
        child.wait().unwrap();
        judge(
            dir.path(),
            told,
            &format!("round {round}, killed after {moment:?}"),
        );
    }
}

/// Several runs on one journal, each killed; every run finds what the ones
/// before it were told.
#[test]
fn a_killed_journal_can_be_killed_again() {
    let dir = tempfile::tempdir().unwrap();
    let points = ["inside 3", "after 5", "before 7", "told 9", "inside 13"];
    let mut at_least = 0;
    for point in points {
        let mut child = spawn(dir.path(), Some(point.to_owned()));
        let told = last_told(&mut child).unwrap();
        child.wait().unwrap();
        // Each run writes the same again, from the first on.
        at_least = told.max(at_least);
        let saved = open(dir.path()).saved;
        let kept = kit::saved_entries(&saved, "n1");
        let newest = kept.last().copied().unwrap_or(0);
        assert!(
            newest >= at_least * ENTRIES,
            "{point}: {newest} of {at_least} writes"
        );
    }
}
