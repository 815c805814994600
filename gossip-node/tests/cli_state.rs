//! Keys at the command line, with the real binary: watches that are resumed,
//! a key of everybody, batches, writes at once, conflicts, the history.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::path::Path;

use cli_support::{Agent, Follow, all_meet, authority, issue, until};
use serde_json::Value;

fn cluster(folder: &Path, nodes: usize) -> Vec<Agent> {
    authority(folder, "main");
    let mut agents: Vec<Agent> = Vec::new();
    for number in 1..=nodes {
        let mut flags = issue(folder, &format!("eu/n{number}"), &[]);
        if let Some(seed) = agents.first() {
            flags.extend(["--seed".to_owned(), seed.listen()]);
        }
        agents.push(Agent::start(&folder.join(format!("run{number}")), &flags));
    }
    all_meet(&agents);
    agents
}

impl Follow {
    /// The next line: what happened, to which key, to what value.
    fn told(&mut self) -> (String, String, String, String) {
        let line: Value = serde_json::from_str(&self.line()).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("event"), text("key"), text("value"), text("cursor"))
    }

    fn expects(&mut self, event: &str, key: &str, value: &str) -> String {
        let told = self.told();
        let (event, key, value) = (event.to_owned(), key.to_owned(), value.to_owned());
        assert_eq!((told.0, told.1, told.2), (event, key, value));
        told.3
    }
}

#[test]
fn a_watch_is_resumed_from_its_cursor_and_begins_anew_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let agent = cluster(folder.path(), 1).remove(0);
    agent.ask(&["kv", "put", "w/1", "one"]).ok();
    let mut watch = Follow::of(&agent, &["kv", "watch", "w/", "--json"]);
    watch.expects("row", "w/1", "one");
    let start = watch.expects("current", "", "");
    agent.ask(&["kv", "put", "w/2", "two"]).ok();
    let kept = watch.expects("put", "w/2", "two");
    drop(watch);

    // While it is away, much happens, and not all of it concerns it.
    agent.ask(&["kv", "put", "w/2", "three"]).ok();
    agent.ask(&["kv", "put", "other", "unseen"]).ok();
    agent.ask(&["kv", "put", "w/2", "four"]).ok();
    agent.ask(&["kv", "delete", "w/1"]).ok();
    let resumed = ["kv", "watch", "w/", "--json", "--from", &kept];
    let mut watch = Follow::of(&agent, &resumed);
    watch.expects("put", "w/2", "three");
    watch.expects("put", "w/2", "four");
    let last = watch.expects("delete", "w/1", "");
    assert_eq!(watch.expects("current", "", ""), last);
    agent.ask(&["kv", "put", "w/3", "five"]).ok();
    watch.expects("put", "w/3", "five");

    // One key alone, from the very beginning.
    let exact = ["kv", "watch", "w/2", "--exact", "--json", "--from", &start];
    let mut watch = Follow::of(&agent, &exact);
    for value in ["two", "three", "four"] {
        watch.expects("put", "w/2", value);
    }
    watch.expects("current", "", "");

    // A cursor of another run, and one that is none.
    let other = [
        "kv",
        "watch",
        "w/",
        "--json",
        "--from",
        "0123456789abcdef-1",
    ];
    let mut watch = Follow::of(&agent, &other);
    watch.expects("anew", "", "");
    watch.expects("row", "w/2", "four");
    watch.expects("row", "w/3", "five");
    watch.expects("current", "", "");
    agent
        .ask(&["kv", "watch", "--from", "yesterday"])
        .failed(6, &["cursor"]);

    // For people.
    let mut watch = Follow::of(&agent, &["kv", "watch", "w/", "--from", &kept]);
    assert!(watch.line().starts_with("put      w/2 = three"));
    assert!(watch.line().starts_with("put      w/2 = four"));
    assert!(watch.line().starts_with("delete   w/1"));
    assert!(watch.line().starts_with("put      w/3 = five"));
    assert!(watch.line().starts_with("current  resume with --from "));
}

#[test]
fn a_key_is_read_of_everybody_and_watched_of_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let agents = cluster(folder.path(), 3);
    let mut watch = Follow::of(
        &agents[0],
        &["kv", "watch", "load", "--everybody", "--json"],
    );
    watch.expects("current", "", "");
    for (agent, load) in agents.iter().zip(["10", "20", "30"]) {
        agent.ask(&["kv", "put", "--own", "load", load]).ok();
    }
    agents[0].ask(&["kv", "put", "load", "shared"]).ok();
    let mut seen: Vec<_> = (0..3).map(|_| watch.told().2).collect();
    seen.sort();
    assert_eq!(
        seen,
        ["10", "20", "30"],
        "own keys of all, and no shared one"
    );

    let everybody = || {
        let said = agents[0].ask(&["kv", "everybody", "load", "--json"]).ok();
        let said = said.json();
        let rows = said["members"].as_array().unwrap().iter();
        rows.map(|row| format!("{} {} {}", row["member"], row["status"], row["value"]))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let all = "\"eu/n1\" \"alive\" \"10\"\n\"eu/n2\" \"alive\" \"20\"\n\"eu/n3\" \"alive\" \"30\"";
    assert_eq!(everybody(), all);
    let keys = agents[0].ask(&["kv", "keys"]).ok();
    assert_eq!(keys.out, "KEY   MEMBERS\nload  3\n");

    agents[2].ask(&["leave"]).ok();
    let left = all.replace("\"eu/n3\" \"alive\"", "\"eu/n3\" \"left\"");
    until("it has left", || (everybody() == left).then_some(()));
    let table = agents[0].ask(&["kv", "everybody", "load"]).ok();
    assert!(
        table.out.starts_with("MEMBER  STATUS  WRITTEN"),
        "{}",
        table.out
    );
    assert!(table.out.contains("eu/n3   left"), "{}", table.out);
    agents[0].ask(&["members", "forget", "eu/n3"]).ok();
    until("it is forgotten", || {
        (!everybody().contains("eu/n3")).then_some(())
    });
}

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let agent = cluster(folder.path(), 1).remove(0);
    let done = [
        "kv", "batch", "--put", "a=1", "--put", "b=x=y", "--delete", "absent",
    ];
    let said = agent.ask(&done).ok();
    assert!(said.out.starts_with("2 writes, eu/n1@"), "{}", said.out);
    assert_eq!(agent.ask(&["kv", "get", "b"]).ok().out, "x=y\n");
    let only = agent.ask(&["kv", "batch", "--delete", "absent"]).ok();
    assert_eq!(only.out, "nothing to do: none of them was there\n");
    agent
        .ask(&["kv", "batch", "--put", "novalue"])
        .failed(2, &["KEY=VALUE"]);
    assert_eq!(
        agent.ask(&["kv", "batch"]).code,
        2,
        "it says how it is used"
    );
    agent
        .ask(&["kv", "batch", "--put", "a=1", "--put", "a=2"])
        .failed(6, &["twice"]);

    // Under a condition that does not hold, nothing of it is done.
    let file = folder.path().join("batch.json");
    let writes = r#"{"writes":[{"key":"c","value":"3"},{"key":"a","value":"2","if_absent":true}]}"#;
    std::fs::write(&file, writes).unwrap();
    let file = file.to_str().unwrap();
    agent
        .ask(&["kv", "batch", "--file", file])
        .failed(6, &["a"]);
    agent.ask(&["kv", "get", "c"]).failed(8, &[]);
    std::fs::write(file, writes.replace("true", "false")).unwrap();
    let said = agent
        .ask(&["kv", "batch", "--file", file, "--json"])
        .ok()
        .json();
    assert_eq!(said["writes"], 2);
    assert_eq!(agent.ask(&["kv", "get", "a"]).ok().out, "2\n");

    // Without waiting for the disk.
    agent.ask(&["kv", "put", "--at-once", "hasty", "1"]).ok();
    assert_eq!(agent.ask(&["kv", "get", "hasty"]).ok().out, "1\n");
    agent
        .ask(&["kv", "batch", "--at-once", "--own", "--put", "hasty=2"])
        .ok();
    assert_eq!(agent.ask(&["kv", "get", "--own", "hasty"]).ok().out, "2\n");
    assert!(
        agent
            .ask(&["kv", "delete", "hasty"])
            .ok()
            .out
            .starts_with("deleted as")
    );
    assert_eq!(
        agent.ask(&["kv", "delete", "hasty"]).ok().out,
        "it was not there\n"
    );
}

/// Two write at once what neither has seen of the other: both watches and both
/// event streams, sooner or later, say which write was lost, and both stamps.
#[test]
fn a_lost_write_is_told_with_both_stamps_and_sessions_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let agents = cluster(folder.path(), 2);
    let mut watch = Follow::of(&agents[0], &["kv", "watch", "race", "--json"]);
    let mut people = Follow::of(&agents[0], &["watch"]);
    // Until two writes have crossed: neither agent waits for the other.
    let lost = until("a write is lost", || {
        std::thread::scope(|scope| {
            for agent in &agents {
                scope.spawn(|| {
                    agent
                        .ask(&["kv", "put", "race", agent.listen().as_str()])
                        .ok()
                });
            }
        });
        let marker = agents[0].ask(&["kv", "put", "race/end", "now"]).ok();
        drop(marker);
        loop {
            let line: Value = serde_json::from_str(&watch.line()).unwrap();
            if line["event"] == "conflict" {
                return Some(line);
            }
            if line["key"] == "race/end" {
                return None;
            }
        }
    });
    assert_eq!(lost["key"], "race");
    let stamp = |name: &str| {
        let part = |part: &str| lost[format!("{name}_stamp_{part}")].as_u64().unwrap();
        (part("ms"), part("counter"))
    };
    assert!(stamp("won") >= stamp("lost") && stamp("lost").0 > 1_600_000_000_000);
    assert_ne!(lost["won"], lost["lost"]);
    let told = loop {
        let line = people.line();
        if line.starts_with("write-lost") {
            break line;
        }
    };
    assert!(told.contains("race: eu/n") && told.contains("lost against") && told.contains("T"));

    // Sessions and ages are remembered meanwhile. (What lost was never read: it is no news.)
    agents[1].ask(&["kv", "put", "other", "news"]).ok();
    let history = until("sessions have been", || {
        let history = agents[0].ask(&["history", "--json"]).ok().json();
        let sessions = history["sessions"].as_array().unwrap().len();
        (sessions >= 2 && history["news"]["total"].as_u64().unwrap() > 0).then_some(history)
    });
    let session = &history["sessions"][0];
    assert_eq!(session["peer"], "eu/n2");
    assert!(["level", "given-up", "broken"].contains(&session["end"].as_str().unwrap()));
    assert!(session["sent_bytes"].as_u64().unwrap() > 0);
    assert_eq!(history["news"]["buckets"][10]["younger_than_ms"], 1_024);
    let table = agents[0].ask(&["history", "--last", "1"]).ok().out;
    assert!(table.starts_with("PEER   OPENED BY  BEGAN"), "{table}");
    assert!(
        table.contains("writes of others, when they came:"),
        "{table}"
    );
    assert!(table.contains("younger than"), "{table}");
}

#[test]
fn a_value_that_was_put_for_a_while_ends_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let agents = cluster(folder.path(), 2);
    let [here, there] = agents.as_slice() else {
        panic!("two agents")
    };
    let mut watch = Follow::of(there, &["kv", "watch", "--json"]);
    while watch.told().0 != "current" {}
    here.ask(&["kv", "put", "lease", "mine", "--ttl", "1500ms"])
        .ok();
    watch.expects("put", "lease", "mine");
    watch.expects("expire", "lease", "");
    for agent in &agents {
        until("it is gone", || {
            (agent.ask(&["kv", "get", "lease"]).code != 0).then_some(())
        });
    }
    for wrong in ["0s", "soon"] {
        let refused = here.ask(&["kv", "put", "lease", "mine", "--ttl", wrong]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("allowed: "), "{refused:?}");
    }
}
