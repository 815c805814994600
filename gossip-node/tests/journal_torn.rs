//! Damaged files: an error or an older state, never a panic, never a lie.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "journal_kit/mod.rs"]
mod kit;

use std::fs;
use std::path::Path;

use bytes::Bytes;
use gossip_core::base::rng::Rng;
use gossip_core::input::{PersistId, Saved};
use gossip_core::message::Generation;
use gossip_core::output::Record;
use gossip_node::JournalError;
use gossip_node::journal::Journal;
use gossip_wire::decode_sealed_claim;
use kit::{Log, claim, open, owner, wait_for};

/// A journal of some commits, its bytes, and every state it went through.
fn journal() -> (Vec<u8>, Vec<Saved>) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::new("n1", 7);
    let mut states = vec![Saved::default()];
    for round in 1..=8_u64 {
        let mut opened = open(dir.path());
        let keys: Vec<String> = (0..8).map(|key| format!("{round}/{key}")).collect();
        let value = "value ".repeat(100);
        let writes: Vec<_> = keys
            .iter()
            .map(|key| (key.as_str(), Some(value.as_str())))
            .collect();
        opened
            .journal
            .remember(Record::Generation(Generation(round)));
        opened
            .journal
            .remember(Record::Claim(claim("n2", round, 0)));
        let commit = Record::Commit {
            batch: log.batch(&writes),
            superseded: Vec::new(),
        };
        opened.journal.persist(PersistId(round), commit);
        wait_for(&mut opened.completions, PersistId(round)).unwrap();
        drop(opened);
        states.push(open(dir.path()).saved);
    }
    (fs::read(dir.path().join("journal.redb")).unwrap(), states)
}

/// What opening these bytes brings: damage that says so, or a state there was.
fn judge(dir: &Path, bytes: &[u8], states: &[Saved], what: &str) -> bool {
    fs::write(dir.join("journal.redb"), bytes).unwrap();
    match Journal::open(dir, &owner("n1")) {
        Ok(opened) => {
            let whole = states.contains(&opened.saved);
            assert!(whole, "{what}: a state there never was");
            true
        }
        // A byte of the format's number, of a name, or of a kind may be hit.
        Err(
            error @ (JournalError::Damaged { .. }
            | JournalError::Newer { .. }
            | JournalError::Unknown { .. }
            | JournalError::OtherNode { .. }
            | JournalError::OtherCluster { .. }),
        ) => {
            let text = error.to_string();
            assert!(text.contains("journal.redb"), "{what}: {text}");
            false
        }
        Err(error) => panic!("{what}: {error:?}"),
    }
}

#[test]
fn cut_off_anywhere() {
    let (bytes, states) = journal();
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(3);
    let mut lengths: Vec<usize> = (0..120).map(|_| rng.index(bytes.len()).unwrap()).collect();
    lengths.extend([
        0,
        1,
        63,
        64,
        319,
        320,
        511,
        512,
        4_095,
        4_096,
        4_097,
        bytes.len() - 1,
    ]);
    for length in lengths {
        let torn = bytes.get(..length).unwrap();
        let opened = judge(dir.path(), torn, &states, &format!("cut off at {length}"));
        assert!(
            !opened || length > 4_096,
            "cut off at {length}: there is no such journal"
        );
    }
}

#[test]
fn flipped_anywhere() {
    let (bytes, states) = journal();
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(4);
    let mut offsets: Vec<usize> = (0..600).map(|_| rng.index(bytes.len()).unwrap()).collect();
    // Every byte of what the store itself relies on.
    offsets.extend(0..320);
    let mut refused = 0;
    for offset in offsets {
        let mut flipped = bytes.clone();
        let bit = 1 << rng.below(8);
        *flipped.get_mut(offset).unwrap() ^= bit;
        let what = format!("bit {bit:#04x} flipped at {offset}");
        refused += u32::from(!judge(dir.path(), &flipped, &states, &what));
    }
    assert!(refused > 50, "the damage was noticed: {refused} times");
}

/// A torn page: half of a sector's worth of another time.
#[test]
fn stretches_of_zeros_and_noise() {
    let (bytes, states) = journal();
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(5);
    for round in 0..150 {
        let mut torn = bytes.clone();
        let offset = rng.index(bytes.len()).unwrap();
        let length = 1 + rng.index(5_000).unwrap();
        let zeros = round % 2 == 0;
        for byte in torn.iter_mut().skip(offset).take(length) {
            *byte = if zeros { 0 } else { rng.below(256) as u8 };
        }
        let what = format!("{length} bytes at {offset}, zeros: {zeros}");
        judge(dir.path(), &torn, &states, &what);
    }
}

/// What our own decoders would believe: the store's checksums alone tell it
/// from the truth.
#[test]
fn a_flip_that_still_makes_sense_is_found_by_the_checksums() {
    let dir = tempfile::tempdir().unwrap();
    let truth = claim("n2", 3, 0);
    let mut opened = open(dir.path());
    opened
        .journal
        .persist(PersistId(1), Record::Generation(Generation(41)));
    opened.journal.remember(Record::Claim(truth.clone()));
    wait_for(&mut opened.completions, PersistId(1)).unwrap();
    drop(opened);
    let saved = open(dir.path()).saved;
    assert_eq!(saved.generation, Generation(41));
    assert_eq!(saved.claims.len(), 1);
    let bytes = fs::read(dir.path().join("journal.redb")).unwrap();

    // One bit of the member's address: nobody signs it yet.
    let sealed = truth.bytes.as_ref();
    let lie = {
        let flips = (0..sealed.len()).rev().map(|at| {
            let mut lie = sealed.to_vec();
            lie[at] ^= 1;
            lie
        });
        let believed = |lie: &Vec<u8>| {
            let decoded = decode_sealed_claim(Bytes::copy_from_slice(lie));
            decoded.is_ok_and(|claim| claim.value != truth.value)
        };
        flips
            .into_iter()
            .find(believed)
            .expect("a lie that decodes")
    };
    let mut lied = bytes.clone();
    let places: Vec<_> = (0..bytes.len() - sealed.len())
        .filter(|at| &bytes[*at..at + sealed.len()] == sealed)
        .collect();
    assert!(!places.is_empty(), "the claim is in the file");
    for at in places {
        lied[at..at + lie.len()].copy_from_slice(&lie);
    }
    refused(dir.path(), &lied);

    // One digit of our own generation: the values of `meta` lie side by side,
    // cluster, format, generation, node.
    let mut lied = bytes.clone();
    let name = b"test141n1";
    let places: Vec<_> = (0..bytes.len() - name.len())
        .filter(|at| &bytes[*at..at + name.len()] == name)
        .collect();
    assert!(!places.is_empty(), "the generation is in the file");
    for at in places {
        lied[at + 6] = b'0';
    }
    refused(dir.path(), &lied);
}

#[track_caller]
fn refused(dir: &Path, bytes: &[u8]) {
    fs::write(dir.join("journal.redb"), bytes).unwrap();
    match Journal::open(dir, &owner("n1")) {
        Err(JournalError::Damaged { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(opened) => panic!("a lie was believed: {:?}", opened.saved),
    }
}
