//! `gossip demo --script`: the whole story, as anybody can run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use cli_support::{gossip, run, until};
use serde_json::Value;

/// Every step, in order.
const STEPS: [&str; 10] = [
    "certificates",
    "agents",
    "membership",
    "own keys",
    "shared key",
    "crash",
    "restart",
    "other CA",
    "other cluster",
    "plaintext",
];

#[test]
fn the_story_ends_well() {
    let said = run(["demo", "--script"]).ok();
    let lines: Vec<_> = said
        .out
        .lines()
        .filter(|line| line.starts_with("ok "))
        .collect();
    assert_eq!(lines.len(), STEPS.len(), "{said:?}");
    for (line, step) in lines.iter().zip(STEPS) {
        assert!(line.contains(step), "{line}");
    }
    assert!(!said.out.contains("FAILED"), "{said:?}");
    assert_eq!(said.err, "");
    let folder = said
        .out
        .split_once("lies in ")
        .unwrap()
        .1
        .lines()
        .next()
        .unwrap();
    assert!(
        !std::path::Path::new(folder).exists(),
        "{folder} is left behind"
    );
}

#[test]
fn the_story_is_a_document_a_step_for_programs() {
    let said = run(["demo", "--script", "--json", "--nodes", "3"]).ok();
    let steps: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(names, STEPS);
    for step in &steps {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["seconds"].as_f64().unwrap() > 0.0, "{step}");
    }
}

/// A demo that is killed takes its agents along.
#[test]
fn no_agent_outlives_the_demo() {
    let mut demo = gossip()
        .args(["demo", "--json", "--nodes", "3"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let up = lines
        .map(Result::unwrap)
        .find(|line| line.contains("\"up\""))
        .unwrap();
    let up: Value = serde_json::from_str(&up).unwrap();
    let sockets: Vec<_> = up["sockets"]
        .as_object()
        .unwrap()
        .values()
        .cloned()
        .collect();
    assert_eq!(sockets.len(), 3);
    let alive =
        |socket: &Value| run(["--api", socket.as_str().unwrap(), "status", "--json"]).code == 0;
    assert!(sockets.iter().all(alive));
    demo.kill().unwrap();
    demo.wait().unwrap();
    until("all agents are gone", || {
        (!sockets.iter().any(alive)).then_some(())
    });
    let folder = std::path::Path::new(sockets[0].as_str().unwrap())
        .ancestors()
        .nth(2)
        .unwrap();
    // A killed demo cannot tidy up; we can.
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn too_few_agents_make_no_story() {
    let said = run(["demo", "--nodes", "2"]);
    assert_eq!(said.code, 2, "{said:?}");
}
