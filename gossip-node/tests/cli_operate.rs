//! An operator at the command line: members removed and forgotten, the quorum,
//! and everything that happens, with the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use cli_support::{Agent, Follow, all_meet, authority, issue, tls_flags, until};
use serde_json::{Value, json};

fn member(folder: &Path, number: usize, more: &[&str]) -> Agent {
    let id = format!("eu/n{number}");
    let known = folder.join("nodes").join(&id);
    let mut flags = if known.exists() {
        tls_flags(&known)
    } else {
        issue(folder, &id, &[])
    };
    flags.extend(more.iter().map(ToString::to_string));
    Agent::start(&folder.join(format!("run{number}")), &flags)
}

fn cluster(folder: &Path, nodes: usize, more: &[&str]) -> Vec<Agent> {
    authority(folder, "main");
    let mut agents: Vec<Agent> = Vec::new();
    for number in 1..=nodes {
        let seed = agents.first().map(Agent::listen);
        let mut flags: Vec<&str> = more.to_vec();
        if let Some(seed) = &seed {
            flags.extend(["--seed", seed]);
        }
        agents.push(member(folder, number, &flags));
    }
    all_meet(&agents);
    agents
}

impl Follow {
    /// The next event of that kind about that member.
    fn event(&mut self, kind: &str, id: &str) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.line()).unwrap();
            if event["event"] == kind && (id.is_empty() || event["id"] == id) {
                return event;
            }
        }
    }

    /// The next line that begins so.
    fn beginning(&mut self, start: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(start) {
                return line;
            }
        }
    }
}

#[test]
fn a_member_is_removed_and_forgotten_and_everybody_who_watches_hears_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut agents = cluster(folder.path(), 3, &[]);
    let gone = agents.pop().unwrap();
    let [first, second] = agents.as_slice() else {
        panic!("two are left");
    };
    let mut watch = Follow::of(second, &["watch", "--json"]);
    let mut people = Follow::of(second, &["watch"]);
    let here: Vec<Value> = (0..3)
        .map(|_| serde_json::from_str(&watch.line()).unwrap())
        .collect();
    for (number, line) in here.iter().enumerate() {
        assert_eq!(line["event"], "member", "{line}");
        assert_eq!(line["id"], format!("eu/n{}", number + 1));
        assert_eq!(line["status"], "alive");
    }
    watch.event("current", "");
    for number in 1..=3 {
        assert_eq!(people.line(), format!("is         eu/n{number}: alive"));
    }

    first
        .ask(&["members", "remove", "eu/n9"])
        .failed(8, &["no member is called eu/n9"]);
    first
        .ask(&["members", "forget", "eu/n1"])
        .failed(6, &["eu/n1 is this node; let it leave instead"]);
    first
        .ask(&["members", "forget", "eu/n2"])
        .failed(6, &["eu/n2 still takes part; stop it, or remove it first"]);
    first
        .ask(&["members", "remove", "EU N2"])
        .failed(6, &["member \"EU N2\": only a-z"]);
    assert_eq!(first.ask(&["members", "remove"]).code, 2);
    assert_eq!(
        first
            .ask(&["members", "--status", "dead", "remove", "eu/n3"])
            .code,
        2,
        "a filter of a list is none of an order"
    );

    gone.kill();
    let removed = first.ask(&["members", "remove", "eu/n3", "--json"]).ok();
    assert_eq!(removed.json(), json!({"removed": "eu/n3"}));
    let event = watch.event("removed", "eu/n3");
    assert_eq!(
        (&event["by"], &event["status"]),
        (&json!("eu/n1"), &json!("dead"))
    );
    assert_eq!(event["why"], "an operator said so at eu/n1");
    let line = people.beginning("removed");
    assert_eq!(line, "removed    eu/n3: an operator said so at eu/n1");
    let members = second.ask(&["members", "--json"]).ok().json();
    let dead = &members["members"][2];
    assert_eq!(
        (&dead["status"], &dead["accused_by"]),
        (&json!("dead"), &json!(["eu/n1"]))
    );
    assert!(dead["since_ms"].is_u64());
    let table = second.ask(&["members"]).ok().out;
    let header = table.lines().next().unwrap();
    assert!(
        header.contains("SINCE") && header.ends_with("ACCUSED BY"),
        "{table}"
    );
    let row = table.lines().last().unwrap();
    assert!(row.contains("dead") && row.ends_with("eu/n1"), "{table}");

    let forgotten = second.ask(&["members", "forget", "eu/n3"]).ok();
    assert_eq!(forgotten.out, "eu/n3 is forgotten\n");
    let event = watch.event("forgotten", "eu/n3");
    assert_eq!(
        (&event["by"], &event["status"]),
        (&json!("eu/n2"), &Value::Null)
    );
    until("it is forgotten everywhere", || {
        first.sees("eu/n3").is_none().then_some(())
    });
    let status = second.ask(&["status", "--json"]).ok().json();
    assert_eq!(
        (&status["certificates"], &status["awareness"]),
        (&json!(1), &json!(0))
    );
    let status = second.ask(&["status"]).ok().out;
    assert!(status.contains("awareness  0: well"), "{status}");

    // It comes back: a new run of its own, from its own journal.
    let back = member(folder.path(), 3, &["--seed", &first.listen()]);
    let event = watch.event("joined", "eu/n3");
    assert_eq!(event["generation"], back.generation());
    assert_eq!(event["status"], "alive");
    assert_eq!(back.ask(&["leave"]).ok().out, "eu/n3 has left\n");
    assert_eq!(watch.event("left", "eu/n3")["why"], "of its own will");
}

/// A crash that nobody reports: suspected, then dead, each with its reason.
#[test]
fn a_crash_is_told_with_its_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let mut agents = cluster(
        folder.path(),
        3,
        &["--log-level", "info", "--log-format", "json"],
    );
    let gone = agents.pop().unwrap();
    let mut watch = Follow::of(&agents[0], &["watch", "--json"]);
    watch.event("current", "");
    gone.kill();
    let suspected = watch.event("suspected", "eu/n3");
    assert!(
        suspected["by"].as_str().unwrap().starts_with("eu/n"),
        "{suspected}"
    );
    assert!(suspected["why"].as_str().unwrap().contains("got no answer"));
    let died = watch.event("died", "eu/n3");
    assert!(died["accusers"].as_u64().unwrap() >= 1, "{died}");
    assert!(died["after_ms"].as_u64().unwrap() > 0, "{died}");
    assert!(
        died["why"]
            .as_str()
            .unwrap()
            .starts_with("it was suspect for "),
        "{died}"
    );
}

#[test]
fn a_quorum_is_shown_checked_and_counted_anew() {
    let folder = tempfile::tempdir().unwrap();
    let set = [
        "--set",
        "quorum.members=eu/n1,eu/n2,eu/n3",
        "--set",
        "quorum.timeout=200ms",
    ];
    let mut agents = cluster(folder.path(), 2, &set);
    let first = &agents[0];
    until("there is a quorum", || {
        let said = first.ask(&["quorum", "--check"]);
        (said.code == 0).then_some(said)
    });
    let shown = first.ask(&["quorum"]).ok().out;
    let wanted = "in quorum: 2 of 3 voters are here\n\
                  provider majority, the operator's list\n\n\
                  MEMBER  PART   STATUS  DOMAIN\n\
                  eu/n1   voter  alive   eu\n\
                  eu/n2   voter  alive   eu\n\
                  eu/n3   voter  absent  eu\n";
    assert_eq!(shown, wanted);
    let document = first.ask(&["quorum", "--json"]).ok().json();
    assert_eq!(document["standing"], "in");
    assert_eq!(document["left_ms"], Value::Null);
    assert_eq!(document["reason"], "enough");
    assert_eq!(
        (&document["voters"], &document["here"], &document["needed"]),
        (&json!(3), &json!(2), &json!(2))
    );
    assert_eq!(document["members"][2]["status"], "absent");
    assert_eq!(first.ask(&["status", "--json"]).ok().json()["quorum"], "in");

    let mut watch = Follow::of(first, &["watch", "--json"]);
    watch.event("current", "");
    agents.pop().unwrap().kill();
    let first = &agents[0];
    let lost = watch.event("quorum", "");
    assert_eq!(
        (&lost["before"], &lost["after"]),
        (&json!("in"), &json!("suspect"))
    );
    let out = watch.event("quorum", "");
    assert_eq!(out["after"], "out");
    assert_eq!(out["why"], "1 of 3 voters are here, 2 are needed");
    let said = first.ask(&["quorum", "--check"]);
    assert_eq!(said.code, 9, "{said:?}");
    assert!(said.err.is_empty(), "everything is said on standard output");
    assert!(said.out.starts_with("out of quorum: 1 of 3"), "{said:?}");

    // Another list.
    let elect = ["quorum", "elect", "--member", "eu/n1", "--watcher", "eu/n2"];
    let elected = first.ask(&elect).ok();
    assert!(
        elected
            .out
            .starts_with("in quorum: 1 of 1 voters are here\n"),
        "{elected:?}"
    );
    assert!(elected.out.contains("eu/n2   watcher  dead"), "{elected:?}");
    assert_eq!(watch.event("quorum", "")["after"], "in");
    let everybody = first
        .ask(&["quorum", "elect", "--everybody", "--json"])
        .ok();
    assert_eq!(everybody.json()["listed"], false);
    first
        .ask(&["quorum", "elect", "--member", "eu n1"])
        .failed(6, &["member \"eu n1\": only a-z"]);
    first
        .ask(&["quorum", "elect", "--member", "eu/n1", "--member", "eu/n1"])
        .failed(6, &["member \"eu/n1\" stands twice"]);
    first
        .ask(&[
            "quorum", "elect", "--member", "eu/n1", "--domain", "eu/n2=a",
        ])
        .failed(2, &["eu/n2 is neither a member nor a watcher"]);
    assert_eq!(first.ask(&["quorum", "elect"]).code, 2, "a list is needed");
    let mut many = vec!["quorum".to_owned(), "elect".to_owned()];
    many.extend((0..1_025).map(|n| format!("--member=n{n}")));
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    first
        .ask(&many)
        .failed(6, &["a list of 1025 is more than the 1024 a node keeps"]);
}

/// The API itself: what curl would see.
#[test]
fn the_api_takes_a_list_and_refuses_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let agents = cluster(folder.path(), 1, &[]);
    let ask = |method: &str, path: &str, body: &str| {
        let mut stream = UnixStream::connect(&agents[0].socket).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str::<Value>(body).unwrap())
    };
    let path = "/v1/quorum/electorate";
    let list = r#"{"members":[{"id":"eu/n1"},{"id":"eu/n2","votes":false,"domain":"rack7"}]}"#;
    let (status, document) = ask("PUT", path, list);
    assert_eq!((status, &document["voters"]), (200, &json!(1)));
    assert_eq!(document["members"][1]["domain"], "rack7");
    let (status, document) = ask("GET", "/v1/quorum", "");
    assert_eq!((status, &document["listed"]), (200, &json!(true)));
    for wrong in ["", "[]", "{\"voters\":[]}", "{\"inactive\":[\"a/\"]}"] {
        let (status, problem) = ask("PUT", path, wrong);
        assert_eq!(status, 400, "{wrong}: {problem}");
        assert_eq!(problem["type"], "urn:gossip:problem:bad-request");
    }
    for (target, status, kind) in [
        ("remove?member=eu%2Fn9", 404, "unknown-member"),
        ("forget?member=eu%2Fn1", 409, "ourselves"),
        ("forget", 400, "bad-request"),
        ("remove?member=eu%2Fn9&force=1", 400, "bad-request"),
    ] {
        let (found, problem) = ask("POST", &format!("/v1/members/{target}"), "");
        assert_eq!(found, status, "{target}: {problem}");
        assert_eq!(problem["type"], format!("urn:gossip:problem:{kind}"));
    }
    assert_eq!(ask("GET", "/v1/members/remove", "").0, 405);
}
