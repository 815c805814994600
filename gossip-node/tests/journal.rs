//! What the journal keeps, what it forgets, and whom it refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "journal_kit/mod.rs"]
mod kit;

use gossip_core::electorate::{Elected, Electorate};
use gossip_core::input::{DiskError, PersistId};
use gossip_core::message::{Charge, Footing, Generation, Incarnation, Version};
use gossip_core::output::Record;
use gossip_node::JournalError;
use gossip_node::journal::{Journal, limit};
use kit::{Log, claim, condemned, open, owner, saved_entries, verdict, wait_for};

#[test]
fn a_new_journal_is_empty_and_remembers_everything_after() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = open(dir.path());
    assert_eq!(opened.saved, gossip_core::input::Saved::default());
    let mut own = Log::new("n1", 7);
    let mut other = Log::new("eu/n2", 3);
    let batch = own.batch(&[("a", Some("1")), ("b", Some("2"))]);
    let theirs = other.batch(&[("c", Some("3")), ("d", None)]);
    opened
        .journal
        .persist(PersistId(1), Record::Generation(Generation(7)));
    opened.journal.persist(PersistId(2), commit(&batch));
    opened.journal.remember(commit(&theirs));
    opened.journal.remember(Record::Claim(claim("eu/n2", 3, 0)));
    opened
        .journal
        .remember(Record::Verdict(verdict("eu/n2", 3, 0)));
    wait_for(&mut opened.completions, PersistId(2)).unwrap();
    opened.journal.close();

    let saved = open(dir.path()).saved;
    assert_eq!(saved.generation, Generation(7));
    assert_eq!(saved.batches, [theirs, batch]);
    assert_eq!(saved.claims, [claim("eu/n2", 3, 0)]);
    assert_eq!(saved.verdicts, [verdict("eu/n2", 3, 0)]);
}

#[test]
fn answers_come_in_order_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = open(dir.path());
    let mut log = Log::new("n1", 7);
    for id in 0..200 {
        let batch = log.batch(&[(&format!("k{id}"), Some("v"))]);
        opened.journal.persist(PersistId(id), commit(&batch));
    }
    let mut told = Vec::new();
    while told.len() < 200 {
        let done = opened.completions.blocking_recv().unwrap();
        told.extend(done.persisted);
    }
    let wanted: Vec<_> = (0..200).map(|id| (PersistId(id), Ok(()))).collect();
    assert_eq!(told, wanted);
    let counters = opened.journal.counters();
    assert!(counters.commits < 200, "many share a sync: {counters:?}");
    assert_eq!(
        (counters.records_written, counters.records_queued),
        (200, 0)
    );
    assert_eq!(counters.bytes_queued, 0);
}

#[test]
fn what_nobody_waits_for_is_written_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = open(dir.path());
    opened.journal.remember(Record::Claim(claim("n2", 1, 0)));
    assert!(
        opened
            .completions
            .blocking_recv()
            .unwrap()
            .persisted
            .is_empty()
    );
    assert_eq!(opened.journal.counters().records_written, 1);
}

#[test]
fn a_superseded_version_goes_and_its_head_with_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let mut log = Log::new("n2", 7);
    let first = log.batch(&[("a", Some("1")), ("b", Some("1"))]);
    let second = log.batch(&[("a", Some("2"))]);
    let third = log.batch(&[("b", Some("2"))]);
    opened.journal.remember(commit(&first));
    opened.journal.remember(superseding(&second, &[1]));
    drop(opened);
    let opened = open(dir.path());
    assert_eq!(opened.saved.batches.len(), 2);
    assert_eq!(saved_entries(&opened.saved, "n2"), [2, 3]);
    opened.journal.remember(superseding(&third, &[2]));
    drop(opened);
    let saved = open(dir.path()).saved;
    assert_eq!(saved.batches, [second, third]);
}

/// The newest head says how far a log goes, so it stays without its entries:
/// here a proof of a later generation, of which nothing else is held.
#[test]
fn the_newest_head_stays_without_entries() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let mut log = Log::new("n2", 7);
    let old = log.batch(&[("a", Some("1"))]);
    log.restart(9);
    let mut proof = log.batch(&[("b", Some("1"))]);
    proof.parts.clear();
    opened.journal.remember(commit(&old));
    opened.journal.remember(commit(&proof));
    drop(opened);
    let opened = open(dir.path());
    assert_eq!(opened.saved.batches, [old.clone(), proof]);
    // A later one of the same log takes its place.
    let next = log.batch(&[("c", Some("1"))]);
    opened.journal.remember(commit(&next));
    drop(opened);
    assert_eq!(open(dir.path()).saved.batches, [old, next]);
}

/// An older generation's proof may lie beyond where a newer one continues.
#[test]
fn a_newer_generation_outranks_an_older_proof_further_on() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let mut log = Log::new("n2", 7);
    let kept = log.batch(&[("a", Some("1"))]);
    let mut ahead = log.fork();
    for _ in 0..5 {
        ahead.batch(&[("x", Some("1"))]);
    }
    ahead.restart(8);
    let mut proof = ahead.batch(&[("y", Some("1"))]);
    proof.parts.clear();
    log.restart(9);
    let newer = log.batch(&[("b", Some("1"))]);
    for batch in [&kept, &proof, &newer] {
        opened.journal.remember(commit(batch));
    }
    drop(opened);
    assert_eq!(open(dir.path()).saved.batches, [kept, newer]);
}

#[test]
fn a_cut_drops_what_lies_beyond_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let mut log = Log::new("n2", 7);
    let mut other = Log::new("n20", 7);
    let first = log.batch(&[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))]);
    let second = log.batch(&[("d", Some("1"))]);
    let neighbour = other.batch(&[("a", Some("1"))]);
    for batch in [&first, &second, &neighbour] {
        opened.journal.remember(commit(batch));
    }
    opened.journal.remember(Record::Cut {
        author: "n2".parse().unwrap(),
        through: Version(2),
    });
    drop(opened);
    let opened = open(dir.path());
    assert_eq!(saved_entries(&opened.saved, "n2"), [1, 2]);
    assert_eq!(saved_entries(&opened.saved, "n20"), [1]);
    opened.journal.remember(Record::Cut {
        author: "n2".parse().unwrap(),
        through: Version(0),
    });
    drop(opened);
    assert_eq!(open(dir.path()).saved.batches, [neighbour]);
}

/// A log that came from nothing takes the place of what was held, in one piece:
/// a commit that fails in its middle leaves the old log as it was.
#[test]
fn a_run_is_kept_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::new("n2", 7);
    let first = log.batch(&[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))]);
    let second = log.batch(&[("a", None), ("b", Some("2"))]);
    let third = log.batch(&[("d", Some("1"))]);
    let run = Record::Run {
        author: "n2".parse().unwrap(),
        cut: Some(Version(0)),
        commits: vec![(second.clone(), vec![]), (third.clone(), vec![Version(4)])],
    };
    let opened = open(dir.path());
    opened.journal.remember(commit(&first));
    drop(opened);
    let mut opened = kit::open_failing(dir.path(), 1);
    let id = PersistId(1);
    opened.journal.persist(id, run.clone());
    assert!(wait_for(&mut opened.completions, id).is_err());
    drop(opened);
    let opened = open(dir.path());
    assert_eq!(saved_entries(&opened.saved, "n2"), [1, 2, 3]);
    for _ in 0..2 {
        opened.journal.remember(run.clone());
    }
    drop(opened);
    let saved = open(dir.path()).saved;
    assert_eq!(saved_entries(&saved, "n2"), [5, 6]);
    assert_eq!(saved.batches.last(), Some(&third));
}

#[test]
fn a_claim_outlives_a_verdict_on_an_older_footing_only() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    opened.journal.remember(Record::Claim(claim("n2", 3, 0)));
    opened
        .journal
        .remember(Record::Verdict(verdict("n2", 3, 0)));
    opened.journal.remember(Record::Claim(claim("n2", 3, 0)));
    drop(opened);
    let opened = open(dir.path());
    assert_eq!(opened.saved.verdicts.len(), 1);
    opened.journal.remember(Record::Claim(claim("n2", 3, 1)));
    drop(opened);
    let saved = open(dir.path()).saved;
    assert_eq!((saved.verdicts.len(), saved.claims.len()), (0, 1));
    let footing = Footing {
        generation: Generation(3),
        incarnation: Incarnation(1),
    };
    assert_eq!(saved.claims.first().unwrap().value.footing, footing);
}

/// The newest list of voters is kept, whatever else is.
#[test]
fn an_elected_list_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    assert_eq!(opened.saved.elected, None);
    let elected = |names: &[&str]| Elected {
        list: Electorate::of_voters(names.iter().map(|name| name.parse().unwrap())),
        instead_of: Electorate::default(),
    };
    opened
        .journal
        .remember(Record::Electorate(elected(&["eu/n1", "eu/n2"])));
    let newest = elected(&["eu/n3"]);
    opened.journal.remember(Record::Electorate(newest.clone()));
    opened.journal.close();
    assert_eq!(open(dir.path()).saved.elected, Some(newest));
}

/// Its claim goes; the verdict stays, and is handed over without a claim. What
/// goes of its log is said by other records.
#[test]
fn whoever_is_forgotten_leaves_the_verdict_and_what_it_shared() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let (mut log, mut other) = (Log::new("n2", 3), Log::new("n3", 3));
    let (kept, gone) = (
        other.batch(&[("a", Some("1")), ("b", None)]),
        log.batch(&[("a", None)]),
    );
    let journal = &opened.journal;
    for name in ["n2", "n3"] {
        journal.remember(Record::Claim(claim(name, 3, 0)));
        journal.remember(Record::Verdict(condemned(name, 3, 0, Charge::Forgotten)));
        journal.remember(Record::Forget(name.parse().unwrap()));
    }
    journal.remember(commit(&kept));
    journal.remember(commit(&gone));
    // Of one log a part goes, and the newest head stays; the other goes whole.
    let mut head = kept.clone();
    head.parts.clear();
    journal.remember(superseding(&head, &[1, 2]));
    journal.remember(Record::Cut {
        author: "n2".parse().unwrap(),
        through: Version(0),
    });
    // One that was never known is forgotten without harm.
    journal.remember(Record::Forget("n4".parse().unwrap()));
    drop(opened);
    let opened = open(dir.path());
    let saved = &opened.saved;
    assert_eq!(saved.batches, [head.clone()]);
    assert!(saved.claims.is_empty());
    let verdict = |name| condemned(name, 3, 0, Charge::Forgotten);
    assert_eq!(saved.verdicts, [verdict("n2"), verdict("n3")]);

    // It comes back as another run, with a log of its own.
    let again = Log::new("n2", 4).batch(&[("c", Some("3"))]);
    opened.journal.remember(Record::Claim(claim("n2", 4, 0)));
    opened.journal.remember(commit(&again));
    drop(opened);
    let saved = open(dir.path()).saved;
    assert_eq!(saved.batches, [again, head]);
    assert_eq!((saved.verdicts.len(), saved.claims.len()), (1, 1));
}

/// A row that was closed is so until its member says something, and goes with
/// its claim; where there is no claim there is nothing to close.
#[test]
fn a_closed_row_is_read_back_until_its_member_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).journal;
    let closed = |name: &str| Record::Closed {
        member: name.parse().unwrap(),
        footing: claim(name, 3, 0).value.footing,
    };
    for name in ["n2", "n3", "n4"] {
        journal.remember(Record::Claim(claim(name, 3, 0)));
        journal.remember(Record::Verdict(verdict(name, 3, 0)));
        journal.remember(closed(name));
    }
    journal.remember(closed("n5"));
    journal.close();
    let opened = open(dir.path());
    let of = |names: &[&str]| -> Vec<_> {
        let names = names.iter();
        names
            .map(|name| (name.parse().unwrap(), claim(name, 3, 0).value.footing))
            .collect()
    };
    let saved: Vec<_> = opened.saved.closed.into_iter().collect();
    assert_eq!(saved, of(&["n2", "n3", "n4"]));
    let journal = opened.journal;
    journal.remember(Record::Claim(claim("n2", 3, 1)));
    journal.remember(Record::Forget("n3".parse().unwrap()));
    journal.close();
    let saved: Vec<_> = open(dir.path()).saved.closed.into_iter().collect();
    assert_eq!(saved, of(&["n4"]));
}

/// A journal that was written before rows were closed in it lacks their table.
#[test]
fn a_journal_without_closed_rows_is_read_and_written() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let table: redb::TableDefinition<'_, &str, (u64, u64)> = redb::TableDefinition::new("closed");
    let database = redb::Database::open(dir.path().join("journal.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(table).unwrap());
    transaction.commit().unwrap();
    drop(database);
    let opened = open(dir.path());
    assert!(opened.saved.closed.is_empty());
    opened.journal.remember(Record::Claim(claim("n2", 3, 0)));
    let footing = claim("n2", 3, 0).value.footing;
    let member: gossip_core::base::id::NodeId = "n2".parse().unwrap();
    opened.journal.remember(Record::Closed {
        member: member.clone(),
        footing,
    });
    opened.journal.close();
    assert_eq!(open(dir.path()).saved.closed, [(member, footing)].into());
}

#[test]
fn every_charge_that_condemns_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let verdicts = [
        condemned("n2", 3, 0, Charge::Dead),
        condemned("n3", 3, 0, Charge::Removed),
        condemned("n4", 3, 0, Charge::Forgotten),
    ];
    for verdict in &verdicts {
        opened.journal.remember(Record::Verdict(verdict.clone()));
    }
    drop(opened);
    assert_eq!(open(dir.path()).saved.verdicts, verdicts);
}

/// More names than there is room for: the oldest runs make room, and it is
/// counted.
#[test]
fn claims_and_verdicts_have_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    let room = limit::VERDICTS;
    assert_eq!(room, limit::CLAIMS);
    for n in 0..=room {
        let (name, generation) = (format!("n{n}"), room - n + 1);
        let verdict = Record::Verdict(verdict(&name, generation, 0));
        opened.journal.remember(verdict);
        let claim = claim(&name, generation, 0);
        let footing = claim.value.footing;
        let member = claim.value.member.clone();
        opened.journal.remember(Record::Claim(claim));
        // The youngest of all, and another.
        if n < 2 {
            opened.journal.remember(Record::Closed { member, footing });
        }
    }
    // Who has a row already needs no room.
    let known = Record::Verdict(verdict("n0", room + 1, 0));
    opened.journal.persist(PersistId(1), known);
    let mut completions = opened.completions;
    wait_for(&mut completions, PersistId(1)).unwrap();
    let counters = opened.journal.counters();
    let gone = 2 * u64::try_from(limit::MAKE_ROOM).unwrap();
    assert_eq!(counters.rows_given_up, gone);
    opened.journal.close();

    let saved = open(dir.path()).saved;
    let left = room + 1 - gone / 2;
    assert_eq!(
        (saved.claims.len() as u64, saved.verdicts.len() as u64),
        (left, left)
    );
    assert!(saved.closed.is_empty(), "a row that is closed goes first");
    // The last to come is there although its run is the oldest; those who went
    // are the oldest of those who were.
    let lowest = |generations: &mut dyn Iterator<Item = u64>| {
        let mut generations: Vec<u64> = generations.collect();
        generations.sort_unstable();
        (generations[0], generations[1])
    };
    let mut generations = saved.claims.iter().map(|c| c.value.footing.generation.0);
    assert_eq!(lowest(&mut generations), (1, gone / 2));
}

// ---- Whom it refuses --------------------------------------------------------

#[test]
fn a_journal_in_use_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let error = Journal::open(dir.path(), &owner("n1")).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("its own data directory"));
    drop(first);
    open(dir.path());
}

#[test]
fn anothers_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let error = Journal::open(dir.path(), &owner("n2")).unwrap_err();
    assert!(matches!(error, JournalError::OtherNode { .. }), "{error}");
    let mut foreign = owner("n1");
    foreign.cluster = "other".parse().unwrap();
    let error = Journal::open(dir.path(), &foreign).unwrap_err();
    assert!(
        matches!(error, JournalError::OtherCluster { .. }),
        "{error}"
    );
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let table: redb::TableDefinition<'_, &str, &str> = redb::TableDefinition::new("meta");
    let database = redb::Database::open(dir.path().join("journal.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(table)
        .unwrap()
        .insert("format", "2")
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = Journal::open(dir.path(), &owner("n1")).unwrap_err();
    assert!(
        matches!(error, JournalError::Newer { found: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_journal_is_refused() {
    for content in [&b""[..], b"x", &[0; 100_000]] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal.redb"), content).unwrap();
        let error = Journal::open(dir.path(), &owner("n1")).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("move it aside"));
        let after = std::fs::read(dir.path().join("journal.redb")).unwrap();
        assert_eq!(after, content, "what is refused is left as it is");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Journal::open(&file.join("data"), &owner("n1")).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    drop(open(&data));
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("journal.redb")), 0o600);
}

/// A file that goes away under the journal: writing fails, is told, and works
/// again as soon as the file is back.
#[test]
fn a_failed_write_is_told_and_the_next_one_tried() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = kit::open_failing(dir.path(), 2);
    let mut log = Log::new("n1", 7);
    let mut other = Log::new("n2", 7);
    let first = log.batch(&[("a", Some("1"))]);
    let fork = log.fork();
    let lost = log.batch(&[("b", Some("1")), ("c", Some("1"))]);
    let theirs = other.batch(&[("x", Some("1"))]);
    opened.journal.persist(PersistId(1), commit(&first));
    wait_for(&mut opened.completions, PersistId(1)).unwrap();
    opened.journal.remember(commit(&theirs));
    opened.journal.persist(PersistId(2), commit(&lost));
    let end = wait_for(&mut opened.completions, PersistId(2));
    assert_eq!(end, Err(DiskError::Failed));
    // The version is used again, by a shorter batch.
    let mut log = fork;
    let third = log.batch(&[("d", Some("1"))]);
    opened.journal.persist(PersistId(3), commit(&third));
    wait_for(&mut opened.completions, PersistId(3)).unwrap();
    let counters = opened.journal.counters();
    assert_eq!((counters.commits_failed, counters.reopened), (1, 1));
    assert_eq!(counters.persists_failed, 1);
    opened.journal.close();
    assert_eq!(open(dir.path()).saved.batches, [first, third, theirs]);
}

fn commit(batch: &gossip_core::message::Batch) -> Record {
    superseding(batch, &[])
}

fn superseding(batch: &gossip_core::message::Batch, versions: &[u64]) -> Record {
    Record::Commit {
        batch: batch.clone(),
        superseded: versions.iter().copied().map(Version).collect(),
    }
}
