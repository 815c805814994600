//! The real binary, from the command line alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod cli_support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use cli_support::{Agent, Said, authority, gossip, issue, run, until};
use serde_json::Value;

/// Agents `n1` … of one cluster that have met.
fn cluster(folder: &Path, nodes: usize) -> Vec<Agent> {
    authority(folder, "main");
    let mut agents: Vec<Agent> = Vec::new();
    for number in 1..=nodes {
        let agent = member(folder, number, agents.first().map(Agent::listen));
        agents.push(agent);
    }
    for agent in &agents {
        until("all have met", || {
            let alive = agent
                .ask(&["members", "--status", "alive", "--json"])
                .ok()
                .json();
            (alive["members"].as_array().unwrap().len() == nodes).then_some(())
        });
    }
    agents
}

fn member(folder: &Path, number: usize, seed: Option<String>) -> Agent {
    let id = format!("eu/n{number}");
    let mut flags = if folder.join("nodes").join(&id).exists() {
        cli_support::tls_flags(&folder.join("nodes").join(&id))
    } else {
        issue(folder, &id, &[])
    };
    if let Some(seed) = seed {
        flags.extend(["--seed".to_owned(), seed]);
    }
    Agent::start(&folder.join(format!("run{number}")), &flags)
}

fn alone(folder: &Path) -> Agent {
    cluster(folder, 1).remove(0)
}

// ---- Certificates ------------------------------------------------------------

#[test]
fn an_authority_and_a_node_come_from_two_commands_and_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki");
    let text = dir.to_str().unwrap();
    let init = [
        "pki",
        "init",
        "--dir",
        text,
        "--trust-domain",
        "prod.example",
        "--cluster",
        "main",
    ];
    let said = run(init).ok();
    assert!(said.out.contains("gossip pki issue --dir"), "{said:?}");
    let key = fs::read(dir.join("ca.key")).unwrap();
    run(init).failed(1, &["ca.pem: is there already and is not overwritten"]);
    assert_eq!(fs::read(dir.join("ca.key")).unwrap(), key);

    let issue = [
        "pki", "issue", "--dir", text, "--node", "eu/1/n17", "--json",
    ];
    let made = run(issue).ok().json();
    assert_eq!(made["uri"], "spiffe://prod.example/gossip/main/eu/1/n17");
    let node_key = Path::new(made["key"].as_str().unwrap()).to_owned();
    assert_eq!(
        node_key,
        fs::canonicalize(&dir).unwrap().join("eu/1/n17/node.key")
    );
    for key in [&dir.join("ca.key"), &node_key] {
        assert_eq!(
            fs::metadata(key).unwrap().permissions().mode() & 0o777,
            0o600,
            "{key:?}"
        );
    }
    let before = fs::read(&node_key).unwrap();
    run(issue).failed(1, &["node.pem: is there already and is not overwritten"]);
    assert_eq!(fs::read(&node_key).unwrap(), before);

    let shown = run([
        "pki",
        "show",
        made["certificate"].as_str().unwrap(),
        made["ca"].as_str().unwrap(),
        "--json",
    ]);
    let shown = shown.ok().json();
    let [node, ca] = shown["certificates"].as_array().unwrap().as_slice() else {
        panic!("{shown}");
    };
    assert_eq!(
        (&node["kind"], &ca["kind"]),
        (&"node".into(), &"authority".into())
    );
    assert_eq!(node["node"], "eu/1/n17");
    assert_eq!(node["cluster"], "main");
    assert_eq!(node["expired"], false);
    assert_eq!(node["not_after"], made["not_after"]);
    assert_eq!(node["algorithm"], "p256");
    assert_eq!(node["fingerprint_sha256"].as_str().unwrap().len(), 64);
    let people = run(["pki", "show", made["certificate"].as_str().unwrap()]).ok();
    assert!(
        people.out.contains("kind         node eu/1/n17"),
        "{people:?}"
    );
}

#[test]
fn an_authority_with_the_other_kind_of_key_issues_its_own_kind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    run([
        "pki",
        "init",
        "--dir",
        dir,
        "--trust-domain",
        "a.example",
        "--cluster",
        "c",
        "--algorithm",
        "ed25519",
    ])
    .ok();
    let made = run([
        "pki", "issue", "--dir", dir, "--node", "n1", "--days", "1", "--json",
    ])
    .ok()
    .json();
    let shown = run([
        "pki",
        "show",
        made["certificate"].as_str().unwrap(),
        "--json",
    ])
    .ok()
    .json();
    assert_eq!(shown["certificates"][0]["algorithm"], "ed25519");
}

#[test]
fn what_cannot_be_issued_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let issue = |node: &str| run(["pki", "issue", "--dir", dir, "--node", node]);
    issue("n1").failed(1, &["ca.pem: is not there", "gossip pki init"]);
    let init = |domain: &str, cluster: &str| {
        run([
            "pki",
            "init",
            "--dir",
            dir,
            "--trust-domain",
            domain,
            "--cluster",
            cluster,
        ])
    };
    init("Prod Example", "main").failed(2, &["trust domain"]);
    init("prod.example", "Main/1").failed(2, &["--cluster \"Main/1\"", "a-z, 0-9"]);
    init("prod.example", "main").ok();
    issue("EU/n1").failed(2, &["--node \"EU/n1\"", "found 'E'"]);
    issue("").failed(2, &["empty label"]);
    fs::write(folder.path().join("ca.key"), "nonsense").unwrap();
    issue("n1").failed(5, &["PEM"]);
    run(["pki", "show", "/nonexistent.pem"]).failed(1, &["/nonexistent.pem: No such file"]);
    let toml = folder.path().join("cluster.txt");
    run(["pki", "show", toml.to_str().unwrap()]).failed(5, &["cluster.txt: not a certificate"]);
}

// ---- Help --------------------------------------------------------------------

#[test]
fn every_command_explains_itself() {
    let verbs: [&[&str]; 17] = [
        &[],
        &["demo"],
        &["agent"],
        &["members"],
        &["status"],
        &["leave"],
        &["completions"],
        &["kv"],
        &["kv", "put"],
        &["kv", "get"],
        &["kv", "delete"],
        &["kv", "list"],
        &["kv", "watch"],
        &["pki"],
        &["pki", "init"],
        &["pki", "issue"],
        &["pki", "show"],
    ];
    for verb in verbs {
        let said = run(verb.iter().chain(&["--help"])).ok();
        assert!(said.out.contains("Usage: gossip"), "{verb:?}: {said:?}");
        assert_eq!(said.err, "");
    }
    assert!(run(["--help"]).out.contains("Exit codes:"));
    assert!(run(["--version"]).ok().out.starts_with("gossip "));
    assert_eq!(run(["--nonsense"]).code, 2);
    assert_eq!(run(["kv", "put", "only-a-key"]).code, 2);
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            run(["completions", shell]).ok().out.contains("gossip"),
            "{shell}"
        );
    }
}

#[test]
fn without_an_agent_the_command_says_where_it_looked() {
    let words = [
        "no agent answers at /nonexistent/api.sock",
        "start one with",
    ];
    for verb in [
        &["members"][..],
        &["status"],
        &["leave"],
        &["kv", "get", "a"],
        &["kv", "put", "a", "b"],
        &["kv", "list"],
        &["kv", "watch"],
    ] {
        let said = run(["--api", "/nonexistent/api.sock"].iter().chain(verb));
        said.failed(4, &words);
    }
    let mut command = gossip();
    command
        .arg("members")
        .env("GOSSIP_API", "/nonexistent/api.sock");
    Said::of(command.output().unwrap()).failed(4, &words);
    run(["members"]).failed(4, &["XDG_RUNTIME_DIR is not set", "--api"]);
    run(["members", "--api", "http://192.0.2.1:80"]).failed(2, &["not a loopback"]);
    run(["members", "--api", "http://127.0.0.1:1"])
        .failed(4, &["no agent answers at http://127.0.0.1:1"]);
}

// ---- Keys --------------------------------------------------------------------

#[test]
fn keys_are_written_read_listed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let agent = alone(folder.path());
    let ask = |args: &[&str]| agent.ask(args);

    ask(&["kv", "get", "color"]).failed(8, &["\"color\" is not there"]);
    let first = ask(&["kv", "put", "color", "green", "--json"]).ok().json();
    assert_eq!(first["author"], "eu/n1");
    assert_eq!(ask(&["kv", "get", "color"]).ok().out, "green\n");
    let row = ask(&["kv", "get", "color", "--json"]).ok().json();
    assert_eq!(
        (&row["value"], &row["write"]),
        (&"green".into(), &first["write"])
    );

    // Compare-and-set, judged here and now.
    let stands = first["write"].as_str().unwrap();
    ask(&["kv", "put", "color", "red", "--if-absent"]).failed(6, &[stands]);
    ask(&["kv", "put", "color", "red", "--if-write", "eu/n1@99999"]).failed(6, &[stands]);
    ask(&["kv", "put", "color", "red", "--if-write", "nonsense"]).failed(6, &["AUTHOR@VERSION"]);
    assert_eq!(ask(&["kv", "get", "color"]).out, "green\n");
    ask(&["kv", "put", "color", "red", "--if-write", stands]).ok();
    ask(&["kv", "delete", "color", "--if-write", stands]).failed(6, &[]);
    ask(&["kv", "put", "fresh", "1", "--if-absent"]).ok();
    ask(&["kv", "delete", "color"]).ok();
    ask(&["kv", "get", "color"]).failed(8, &[]);

    // Own keys are a name space of their own.
    ask(&["kv", "put", "color", "mine", "--own"]).ok();
    ask(&["kv", "get", "color"]).failed(8, &[]);
    assert_eq!(ask(&["kv", "get", "color", "--own"]).ok().out, "mine\n");
    assert_eq!(
        ask(&["kv", "get", "color", "--member", "eu/n1"]).ok().out,
        "mine\n"
    );
    ask(&["kv", "get", "color", "--member", "eu/n2"]).failed(8, &[]);
    ask(&["kv", "get", "color", "--member", "Nobody!"]).failed(6, &["member \"Nobody!\""]);

    // Names with everything a path or a query could trip over.
    for key in [
        "a/b",
        "a//b",
        "/a",
        "a/../b",
        ".",
        "..",
        "a b",
        "a?b=c&d#e%41",
        "größe",
        "+",
        "\u{1f600}",
    ] {
        ask(&["kv", "put", "--", key, key]).ok();
        assert_eq!(ask(&["kv", "get", "--", key]).ok().out, format!("{key}\n"));
    }
    let listed = ask(&["kv", "list", "a/", "--json"]).ok().json();
    let keys: Vec<_> = listed["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["a/../b", "a//b", "a/b"]);
    let people = ask(&["kv", "list", "a/b"]).ok();
    assert!(people.out.starts_with("KEY  WRITE"), "{people:?}");

    // Bytes are bytes.
    let bytes: Vec<u8> = (0..=255).collect();
    let file = folder.path().join("bytes");
    fs::write(&file, &bytes).unwrap();
    ask(&["kv", "put", "bytes", "--file", file.to_str().unwrap()]).ok();
    assert_eq!(ask(&["kv", "get", "bytes", "--raw"]).ok().bytes, bytes);
    let row = ask(&["kv", "get", "bytes", "--json"]).ok().json();
    assert!(
        row["value_base64"].as_str().unwrap().starts_with("AAECAw"),
        "{row}"
    );
    assert_eq!(row.get("value"), None);
    assert!(
        ask(&["kv", "get", "bytes"])
            .ok()
            .out
            .starts_with("base64:AAECAw")
    );
    let mut put = agent
        .command(&["kv", "put", "piped", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    put.stdin.take().unwrap().write_all(&bytes).unwrap();
    assert!(put.wait().unwrap().success());
    assert_eq!(ask(&["kv", "get", "piped", "--raw"]).ok().bytes, bytes);
    // What a value holds cannot act on a terminal.
    ask(&["kv", "put", "escape", "\u{1b}[2J"]).ok();
    assert!(
        ask(&["kv", "list", "escape"])
            .ok()
            .out
            .contains("\\u{1b}[2J")
    );
}

#[test]
fn what_is_over_a_limit_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let agent = alone(folder.path());
    let longest = "k".repeat(256);
    agent.ask(&["kv", "put", &longest, "v"]).ok();
    let words = ["257 bytes", "256 allowed"];
    agent
        .ask(&["kv", "put", &"k".repeat(257), "v"])
        .failed(6, &words);
    agent
        .ask(&["kv", "get", &"k".repeat(257)])
        .failed(6, &words);
    agent
        .ask(&["kv", "put", "", "v"])
        .failed(1, &["/v1/kv/ is not there"]);
    agent
        .ask(&["kv", "put", "a\nb", "v"])
        .failed(6, &["control characters"]);

    let file = folder.path().join("value");
    let mib = 1024 * 1024;
    for (bytes, fits) in [(mib, true), (mib + 1, false), (3 * mib, false)] {
        fs::write(&file, vec![b'x'; bytes]).unwrap();
        let said = agent.ask(&["kv", "put", "big", "--file", file.to_str().unwrap()]);
        if fits {
            said.ok();
        } else {
            said.failed(6, &["1048576 allowed"]);
        }
    }
    assert_eq!(
        agent.ask(&["kv", "get", "big", "--raw"]).ok().bytes.len(),
        mib
    );
    agent
        .ask(&["kv", "put", "big", "--file", "/nonexistent"])
        .failed(1, &["/nonexistent: No such file"]);
}

#[test]
fn a_watch_tells_what_stands_and_then_every_change_once() {
    let folder = tempfile::tempdir().unwrap();
    let agent = alone(folder.path());
    agent.ask(&["kv", "put", "w/1", "one"]).ok();
    agent.ask(&["kv", "put", "other", "unseen"]).ok();
    let mut watch = agent
        .command(&["kv", "watch", "w/", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let said = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("event"), text("key"), text("value"))
    };
    let told =
        |event: &str, key: &str, value: &str| (event.to_owned(), key.to_owned(), value.to_owned());
    assert_eq!(said(&next()), told("row", "w/1", "one"));
    assert_eq!(said(&next()), told("current", "", ""));
    agent.ask(&["kv", "put", "w/2", "two"]).ok();
    agent.ask(&["kv", "put", "other", "unseen"]).ok();
    agent.ask(&["kv", "put", "w/1", "three"]).ok();
    agent.ask(&["kv", "delete", "w/2"]).ok();
    assert_eq!(said(&next()), told("put", "w/2", "two"));
    assert_eq!(said(&next()), told("put", "w/1", "three"));
    assert_eq!(said(&next()), told("delete", "w/2", ""));
    agent.ask(&["leave"]).ok();
    assert!(lines.next().is_none());
    let code = until("the watch ends", || watch.try_wait().unwrap());
    assert_eq!(code.code(), Some(4));
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let agent = alone(folder.path());
    agent.ask(&["kv", "put", "a", "1"]).ok();
    // A watch with nothing more to say notices that nobody listens.
    for args in [&["kv", "watch"][..], &["kv", "watch", "--json"]] {
        let mut watch = agent
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(watch.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.contains('1'), "{line}");
        drop(lines);
        until("the watch ends", || watch.try_wait().unwrap());
        let said = Said::of(watch.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    }
    // Nobody ever listened.
    for args in [
        &["members"][..],
        &["status", "--json"],
        &["kv", "list"],
        &["completions", "bash"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = agent
            .command(args)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = Said::of(output);
        assert_eq!(
            (said.code, said.err.as_str()),
            (0, ""),
            "{args:?}: {said:?}"
        );
    }
}

// ---- The agent ---------------------------------------------------------------

#[test]
fn an_agent_leaves_on_request_and_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut agents = cluster(folder.path(), 3);
    let (third, second) = (agents.pop().unwrap(), agents.pop().unwrap());
    let first = agents.pop().unwrap();
    let said = third.ask(&["leave", "--json"]).ok().json();
    assert_eq!(said["left"], "eu/n3");
    let socket = third.socket.clone();
    let (code, last) = third.end();
    assert_eq!(code, 0);
    assert!(last.contains("\"event\":\"stopped\""), "{last}");
    assert!(!socket.exists(), "its socket is removed");
    until("n3 has left", || {
        first.sees("eu/n3").filter(|(status, _)| status == "left")
    });

    let pid = second.ready["pid"].as_u64().unwrap().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(second.end().0, 0);
    until("n2 has left", || {
        first.sees("eu/n2").filter(|(status, _)| status == "left")
    });
    let alive = first.ask(&["members", "--status", "alive"]).ok();
    assert_eq!(alive.out.lines().count(), 2, "{alive:?}");
}

#[test]
fn one_directory_is_one_agents() {
    let folder = tempfile::tempdir().unwrap();
    let agent = alone(folder.path());
    let flags = cli_support::tls_flags(&folder.path().join("nodes/eu/n1"));
    let data = folder.path().join("run1/data").display().to_string();
    let other = folder.path().join("other.sock").display().to_string();
    let start = |api: &str| {
        let mut command = gossip();
        command
            .args([
                "agent",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
                &data,
                "--api",
                api,
            ])
            .args(&flags);
        Said::of(command.output().unwrap())
    };
    start(&other).failed(1, &["run1/data"]);
    start(agent.socket.to_str().unwrap()).failed(1, &["an agent answers there already"]);
    agent.ask(&["status"]).ok();
    // As after a crash: the socket's file is there, and nobody behind it.
    let (socket, generation) = (agent.socket.clone(), agent.generation());
    agent.kill();
    assert!(socket.exists());
    let again = Agent::start(&folder.path().join("run1"), &flags);
    assert!(again.generation() > generation);
    assert_eq!(again.ask(&["status", "--json"]).ok().json()["id"], "eu/n1");
}

#[test]
fn the_api_answers_on_a_loopback_port_and_refuses_pages() {
    use std::io::Read as _;
    let folder = tempfile::tempdir().unwrap();
    authority(folder.path(), "main");
    let mut flags = issue(folder.path(), "eu/n1", &[]);
    flags.extend(["--set".to_owned(), "api.listen=127.0.0.1:0".to_owned()]);
    let mut command = gossip();
    command
        .args([
            "agent",
            "--json",
            "--exit-with-stdin",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .arg(folder.path().join("data"))
        .args(&flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let api = ready["api"].as_str().unwrap();
    assert_eq!(
        run(["--api", api, "members", "--json"]).ok().json()["members"][0]["id"],
        "eu/n1"
    );
    let ask = |headers: &str| {
        let mut stream = std::net::TcpStream::connect(api.trim_start_matches("http://")).unwrap();
        let request = format!("GET /v1/members HTTP/1.1\r\nconnection: close\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("host: localhost").starts_with("HTTP/1.1 200"));
    for headers in [
        "host: evil.example",
        "host: 127.0.0.1\r\norigin: http://evil.example",
    ] {
        let answer = ask(headers);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
    // It ends with whoever holds its standard input.
    drop(process.stdin.take());
    assert_eq!(
        until("the agent ends", || process.try_wait().unwrap()).code(),
        Some(0)
    );
}

// ---- The story, by hand ------------------------------------------------------

#[test]
fn five_processes_live_through_a_crash_and_refuse_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let mut agents = cluster(folder.path(), 5);

    // A key put on one is read on all; each one's own keys too.
    agents[0].ask(&["kv", "put", "color", "green"]).ok();
    agents[2]
        .ask(&["kv", "put", "role", "database", "--own"])
        .ok();
    let reads = |agent: &Agent, args: &[&str], value: &str| {
        let said = agent.ask(args);
        (said.out.trim_end() == value).then_some(())
    };
    let own = ["kv", "get", "role", "--member", "eu/n3"];
    for agent in &agents {
        until("color is read", || {
            reads(agent, &["kv", "get", "color"], "green")
        });
        until("the own key is read", || reads(agent, &own, "database"));
    }

    // Killed: dead everywhere.
    let victim = agents.remove(2);
    let generation = victim.generation();
    victim.kill();
    for agent in &agents {
        until("n3 is dead", || {
            agent.sees("eu/n3").filter(|(status, _)| status == "dead")
        });
    }
    agents[1].ask(&["kv", "put", "color", "red"]).ok();

    // Restarted: back, under a higher generation, with its own keys.
    let back = member(folder.path(), 3, Some(agents[0].listen()));
    assert!(back.generation() > generation);
    assert!(
        reads(&back, &own, "database").is_some(),
        "from its own journal, at once"
    );
    for agent in &agents {
        let alive = until("n3 is alive", || {
            agent.sees("eu/n3").filter(|(status, _)| status == "alive")
        });
        assert_eq!(alive.1, back.generation());
        until("the own key is read", || reads(agent, &own, "database"));
    }
    until("n3 catches up", || {
        reads(&back, &["kv", "get", "color"], "red")
    });

    // Another authority, and another cluster of the same one: refused and counted.
    let host = &agents[0];
    let seed = ["--seed".to_owned(), host.listen()];
    let refused = |flags: Vec<String>, name: &str, counter: &str| {
        let count = || host.counter(counter);
        let before = count();
        let flags: Vec<_> = flags.into_iter().chain(seed.clone()).collect();
        let stranger = Agent::start(&folder.path().join(name), &flags);
        until("the stranger is counted", || {
            (count() > before).then_some(())
        });
        for agent in agents.iter().chain([&back]) {
            assert_eq!(agent.sees("eu/stranger"), None);
        }
        let knows = stranger.ask(&["members", "--json"]).ok().json();
        assert_eq!(knows["members"].as_array().unwrap().len(), 1, "{knows}");
    };
    let elsewhere = tempfile::tempdir().unwrap();
    authority(elsewhere.path(), "main");
    refused(
        issue(elsewhere.path(), "eu/stranger", &[]),
        "stranger1",
        "handshakes_failed",
    );
    refused(
        issue(folder.path(), "eu/stranger", &["--cluster", "other"]),
        "stranger2",
        "refused_other_cluster",
    );

    // What is not QUIC is counted where the socket is read.
    let before = host.counter("packets_not_quic");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .send_to(
            b"\x00ping, in plain text, from a peer without TLS",
            host.listen(),
        )
        .unwrap();
    until("the packet is counted", || {
        (host.counter("packets_not_quic") > before).then_some(())
    });
}

/// Two processes with one name: the lower generation says so and yields.
#[test]
fn of_two_agents_with_one_name_one_yields_with_its_own_code() {
    let folder = tempfile::tempdir().unwrap();
    let mut agents = cluster(folder.path(), 5);
    let mut flags = cli_support::tls_flags(&folder.path().join("nodes/eu/n2"));
    flags.extend(["--seed".to_owned(), agents[0].listen()]);
    let later = Agent::start(&folder.path().join("twin"), &flags);
    // Begun within one millisecond they would have one generation, and either may yield.
    let mut pair = [agents.remove(1), later];
    let code = until("one of the two yields", || {
        pair.iter_mut()
            .find_map(|agent| agent.process.try_wait().unwrap())
    });
    assert_eq!(code.code(), Some(7));
    until("the other is a member like any other", || {
        agents
            .iter()
            .all(|agent| {
                agent
                    .sees("eu/n2")
                    .is_some_and(|(status, _)| status == "alive")
            })
            .then_some(())
    });
    let running = pair
        .iter_mut()
        .map(|agent| agent.process.try_wait().unwrap());
    assert_eq!(running.filter(Option::is_none).count(), 1);
}
