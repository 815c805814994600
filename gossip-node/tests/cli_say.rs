//! Events and queries at the command line, with the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use cli_support::{Agent, authority, issue, until};
use serde_json::Value;

fn cluster(folder: &Path) -> [Agent; 2] {
    authority(folder, "main");
    let member = |id: &str, seed: Option<String>| {
        let mut flags = issue(folder, id, &[]);
        if let Some(seed) = seed {
            flags.extend(["--seed".to_owned(), seed]);
        }
        Agent::start(&folder.join(id.replace('/', "-")), &flags)
    };
    let first = member("eu/n1", None);
    let second = member("us/n2", Some(first.listen()));
    for agent in [&first, &second] {
        until("they hear each other", || {
            let status = agent.ask(&["status", "--json"]).ok().json();
            let ready = status["members"]["alive"] == 2 && status["hears_events"] == true;
            ready.then_some(())
        });
    }
    [first, second]
}

#[test]
fn an_event_is_told_to_who_watches_at_another_agent() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = cluster(folder.path());
    let mut command = second.command(&["watch", "--events", "--json"]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["event"], "current");
    let said = first
        .ask(&["event", "deploy", "v2.1", "--json"])
        .ok()
        .json();
    let told = next();
    assert_eq!(told["event"], "said");
    assert_eq!(told["id"], said["id"]);
    assert_eq!(
        (&told["author"], &told["name"]),
        (&"eu/n1".into(), &"deploy".into())
    );
    assert_eq!(
        (&told["payload"], &told["number"]),
        (&"v2.1".into(), &1.into())
    );
    let text = first.ask(&["event", "deploy", "--coalesce"]).ok();
    assert!(text.out.starts_with("said as eu/n1@"), "{}", text.out);
    assert_eq!(next()["number"], 2);
    // What is wrong is refused, with its reason.
    let long = "x".repeat(8 * 1024 + 1);
    first
        .ask(&["event", "long", &long])
        .failed(6, &["8193 bytes"]);
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn a_query_is_answered_by_the_agents_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = cluster(folder.path());
    let said = first.ask(&["query", "ping", "hello"]).ok();
    let mut lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(
        lines.pop(),
        Some("2 asked, 2 heard it, 2 answered, 0 too late")
    );
    lines.sort_unstable();
    assert_eq!(lines, ["eu/n1: hello", "us/n2: hello"]);

    let said = first
        .ask(&[
            "query", "version", "--zone", "us", "--relays", "1", "--json",
        ])
        .ok();
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["event"], "asks");
    assert_eq!(lines[0]["asked"], 1);
    let answer = lines
        .iter()
        .find(|line| line["event"] == "response")
        .unwrap();
    assert_eq!(answer["from"], "us/n2");
    assert_eq!(answer["payload"], env!("CARGO_PKG_VERSION"));
    assert_eq!(lines.last().unwrap()["event"], "ended");

    // Nobody answers it; nobody is asked; a tag that one bears.
    let nobody = first.ask(&["query", "mystery", "--deadline", "300ms"]);
    assert!(nobody.out.contains("2 asked, 2 heard it, 0 answered"));
    nobody.failed(10, &["2 of 2 have not answered"]);
    first
        .ask(&["query", "ping", "--zone", "mars", "--deadline", "100ms"])
        .failed(8, &["nobody is asked"]);
    second.ask(&["kv", "put", "--own", "tag/role", "db"]).ok();
    until("the tag is known", || {
        let said = first.ask(&["query", "ping", "--tag", "role=db", "--json"]);
        let asked = said.out.lines().next()?.contains("\"asked\":1");
        (asked && said.code == 0).then_some(())
    });
    let wrong = first.ask(&["query", "ping", "--tag", "role"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("a tag is NAME=VALUE"), "{wrong:?}");
    first
        .ask(&["query", "ping", "--member", "EU"])
        .failed(6, &["member \"EU\""]);
}
