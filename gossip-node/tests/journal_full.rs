//! A full disk: told as such, nothing lost, and over when there is room again.
//!
//! Needs a disk that is easily filled: a small file system in memory, mounted
//! in a name space of its own. Where that is not permitted the test says so
//! and passes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "journal_kit/mod.rs"]
mod kit;

use std::path::Path;
use std::process::Command;

use gossip_core::input::{DiskError, PersistId};
use gossip_core::message::{Generation, Version};
use gossip_core::output::Record;
use kit::{Log, claim, open, wait_for};

/// Where the small disk is; says that this is the child.
const DISK: &str = "GOSSIP_TEST_SMALL_DISK";
/// Says that the disk is full indeed.
const PASSED: &str = "the full disk was told, and left";

#[test]
fn a_full_disk_is_told_and_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=16m tmpfs "$1" && exec "$2" --exact child --nocapture"#;
    let run = Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .env(DISK, dir.path())
        .output();
    let output = match run {
        Ok(output) => output,
        Err(error) => return println!("skipped: no `unshare` here: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    if !said.contains("running 1 test") {
        return println!("skipped: no file system can be mounted here: {complained}");
    }
    assert!(
        output.status.success() && said.contains(PASSED),
        "{said}{complained}"
    );
}

/// Runs on the small disk.
#[test]
fn child() {
    let Ok(disk) = std::env::var(DISK) else {
        return;
    };
    let disk = Path::new(&disk);
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![7; 8 * 1024 * 1024]).unwrap();
    let data = disk.join("data");
    let mut opened = open(&data);
    let mut log = Log::new("n1", 7);
    let value = "x".repeat(200_000);
    let mut told = Vec::new();
    let generation = Record::Generation(Generation(7));
    opened.journal.persist(PersistId(0), generation);
    wait_for(&mut opened.completions, PersistId(0)).unwrap();

    // Until it is full.
    let full = (1..200).find_map(|id| {
        let before = log.fork();
        let batch = log.batch(&[(&format!("k{id}"), Some(&value)), ("last", Some("x"))]);
        let record = Record::Commit {
            batch: batch.clone(),
            superseded: Vec::new(),
        };
        opened.journal.persist(PersistId(id), record);
        match wait_for(&mut opened.completions, PersistId(id)) {
            Ok(()) => {
                told.push(batch);
                None
            }
            Err(error) => {
                // The core uses the version again.
                log = before;
                Some(error)
            }
        }
    });
    assert_eq!(full, Some(DiskError::Full));
    assert!(told.len() > 5, "{} fit", told.len());

    // And stays so, while what nobody waits for is kept.
    opened.journal.remember(Record::Claim(claim("n2", 3, 0)));
    let big = log.fork().batch(&[("big", Some(&value.repeat(5)))]);
    for id in 1_000..1_003 {
        let record = Record::Commit {
            batch: big.clone(),
            superseded: vec![Version(1)],
        };
        opened.journal.persist(PersistId(id), record);
        let end = wait_for(&mut opened.completions, PersistId(id));
        assert_eq!(end, Err(DiskError::Full));
    }

    // Room again: no restart is needed.
    std::fs::remove_file(&ballast).unwrap();
    let batch = log.batch(&[("after", Some("y"))]);
    let record = Record::Commit {
        batch: batch.clone(),
        superseded: Vec::new(),
    };
    opened.journal.persist(PersistId(2_000), record);
    wait_for(&mut opened.completions, PersistId(2_000)).unwrap();
    told.push(batch);
    let counters = opened.journal.counters();
    assert!(counters.commits_failed >= 4, "{counters:?}");
    opened.journal.close();

    let saved = open(&data).saved;
    assert_eq!(saved.batches, told);
    assert_eq!(saved.claims, [claim("n2", 3, 0)]);
    println!("{PASSED}: {counters:?}");
}
