//! A cluster of real agents that can be frozen, cut apart and read afterwards.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of it"
)]

#[path = "../cli_support/mod.rs"]
pub mod support;

pub mod fabric;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use support::{Agent, authority, issue};

/// How long one answer of an agent may take before it is asked again.
const ANSWER: Duration = Duration::from_secs(5);

/// An agent, its name, and what it logged.
pub struct Member {
    pub id: String,
    pub agent: Agent,
    log: PathBuf,
}

/// How an agent sees each member: its status.
pub type View = BTreeMap<String, String>;

/// Makes an authority in `folder`, and certificates for `count` nodes.
pub fn certify(folder: &Path, count: usize) -> Vec<Vec<String>> {
    authority(folder, "main");
    (0..count).map(|n| issue(folder, &name(n), &[])).collect()
}

/// The `n`-th node's name.
pub fn name(n: usize) -> String {
    format!("eu/n{n}")
}

impl Member {
    /// Starts the `n`-th node.
    pub fn start(folder: &Path, n: usize, tls: &[String], more: &[String]) -> Self {
        let folder = folder.join(format!("run{n}"));
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join("log.json");
        let file = File::options().create(true).append(true).open(&log);
        let flags = ["--log-level", "info", "--log-format", "json"].map(str::to_owned);
        let flags: Vec<String> = flags.iter().chain(tls).chain(more).cloned().collect();
        let agent = Agent::start_saying(&folder, &flags, file.unwrap().into());
        Self {
            id: name(n),
            agent,
            log,
        }
    }

    /// Asks its API; `None` if it does not answer in time.
    pub fn get(&self, path: &str) -> Option<Value> {
        let mut socket = UnixStream::connect(&self.agent.socket).ok()?;
        socket.set_read_timeout(Some(ANSWER)).ok()?;
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    /// How it sees everybody.
    pub fn view(&self) -> Option<View> {
        let members = self.get("/v1/members")?;
        let members = members["members"].as_array()?;
        let text = |member: &Value, field: &str| Some(member[field].as_str()?.to_owned());
        members
            .iter()
            .map(|member| Some((text(member, "id")?, text(member, "status")?)))
            .collect()
    }

    /// How many it holds for alive, and for dead.
    pub fn count(&self, status: &str) -> usize {
        let view = self.view().unwrap_or_default();
        view.values().filter(|seen| *seen == status).count()
    }

    /// A counter, by layer and name.
    pub fn counter(&self, layer: &str, name: &str) -> Option<u64> {
        self.get("/v1/status")?["counters"][layer][name].as_u64()
    }

    /// What it has told of others, in order, since it was first started.
    pub fn told(&self) -> Vec<Told> {
        let line = |line: &str| {
            let line: Value = serde_json::from_str(line).ok()?;
            let text = |field: &str| Some(line[field].as_str()?.to_owned());
            Some(Told {
                what: text("message")?,
                member: text("member")?,
                by: text("by"),
            })
        };
        self.log().lines().filter_map(line).collect()
    }

    /// Everything it logged, since it was first started.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

/// A line of a log about a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// "suspected", "died", …
    pub what: String,
    pub member: String,
    /// Who says so, of an accusation.
    pub by: Option<String>,
}

/// Sends all of them a signal, at the same moment.
pub fn signal(signal: &str, members: &[&Member]) {
    let pids = members.iter().map(|m| m.agent.process.id().to_string());
    let sent = Command::new("kill").arg(signal).args(pids).status();
    assert!(sent.unwrap().success(), "{signal}");
}
