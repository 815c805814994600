//! What a member may write, at the command line, with the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::path::Path;

use cli_support::{Agent, authority, issue, until};

fn start(folder: &Path, number: usize, seed: Option<&Agent>, set: &[&str]) -> Agent {
    let mut flags = issue(folder, &format!("eu/n{number}"), &[]);
    flags.extend(set.iter().map(|flag| (*flag).to_owned()));
    if let Some(seed) = seed {
        flags.extend(["--seed".to_owned(), seed.listen()]);
    }
    Agent::start(&folder.join(format!("run{number}")), &flags)
}

#[test]
fn a_write_over_the_limit_is_refused_with_use_and_limit() {
    let folder = tempfile::tempdir().unwrap();
    authority(folder.path(), "main");
    let agent = start(folder.path(), 1, None, &["--set", "limits.author_keys=2"]);
    agent.ask(&["kv", "put", "a", "1"]).ok();
    agent.ask(&["kv", "put", "b", "1"]).ok();
    agent.ask(&["kv", "put", "c", "1"]).failed(
        6,
        &[
            "would have 3 keys",
            "of 2 keys",
            "limits.author_keys",
            "on all nodes",
        ],
    );
    agent.ask(&["kv", "put", "a", "2"]).ok();
    agent.ask(&["kv", "delete", "a"]).ok();
    let status = agent.ask(&["status", "--json"]).ok().json();
    assert_eq!(status["share"]["keys"], 2, "the tombstone counts");
    assert_eq!(status["share"]["keys_max"], 2);
    assert_eq!(status["authors_over"], 0);
    let shown = agent.ask(&["status"]).ok().out;
    assert!(shown.contains("2 of 2 keys"), "{shown}");
}

/// Agents whose limits do not fit never meet, and both count it; one that takes
/// more than it writes meets both.
#[test]
fn agents_of_other_limits_refuse_each_other_until_they_take_as_much() {
    let folder = tempfile::tempdir().unwrap();
    authority(folder.path(), "main");
    let few = &["--set", "limits.author_keys=10"];
    let one = start(folder.path(), 1, None, few);
    let more = &["--set", "limits.author_keys=20"];
    let other = start(folder.path(), 2, Some(&one), more);
    for agent in [&one, &other] {
        until("both count it", || {
            let status = agent.ask(&["status", "--json"]).ok().json();
            let refused = &status["counters"]["transport"]["refused_disagreed"];
            refused.as_u64().filter(|count| *count > 0)
        });
        assert_eq!(agent.ask(&["status", "--json"]).ok().json()["links"], 0);
    }
    other.kill();
    let patient = [&few[..], &["--set", "limits.author_keys_taken=20"]].concat();
    let third = start(folder.path(), 3, Some(&one), &patient);
    for (agent, other) in [(&one, "eu/n3"), (&third, "eu/n1")] {
        until("they meet", || agent.sees(other));
    }
}
