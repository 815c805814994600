//! How an agent ends, and what does not end it: signals, once and twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "agents_kit/mod.rs"]
mod kit;

use std::path::Path;

use kit::support::until;
use kit::{Member, certify, signal};

/// Two who know each other, and would take long to leave.
fn pair(folder: &Path) -> (Member, Member) {
    let tls = certify(folder, 2);
    let slow = ["--set".to_owned(), "timing.leave_linger=1m".to_owned()];
    let first = Member::start(folder, 0, &tls[0], &slow);
    let seed = ["--seed".to_owned(), first.agent.listen()];
    let more: Vec<String> = slow.into_iter().chain(seed).collect();
    let second = Member::start(folder, 1, &tls[1], &more);
    for member in [&first, &second] {
        until("both", || (member.count("alive") == 2).then_some(()));
    }
    (first, second)
}

#[test]
fn a_second_signal_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = pair(folder.path());
    signal("-TERM", &[&second]);
    // It tells that it leaves, and goes on telling.
    until("it is leaving", || {
        let view = first.view()?;
        (view.get(&second.id)? == "left").then_some(())
    });
    until("it says so itself", || {
        (second.get("/v1/status")?["phase"] == "leaving").then_some(())
    });
    signal("-INT", &[&second]);
    let (code, last) = second.agent.end();
    assert_eq!(code, 1, "{last}");
    assert!(last.contains("stopped before it had left"), "{last}");
}

#[test]
fn a_hangup_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = pair(folder.path());
    signal("-HUP", &[&second]);
    until("it says what it makes of it", || {
        second.log().contains("SIGHUP").then_some(())
    });
    for member in [&first, &second] {
        assert_eq!(member.count("alive"), 2);
    }
}
