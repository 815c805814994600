//! Driving the real binary: run a command, run an agent, wait for a condition.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of it"
)]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a condition may take to come true on a busy machine (guess).
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// The binary, with nothing of the environment that could lead it astray.
pub fn gossip() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gossip"));
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GOSSIP_") {
            command.env_remove(name);
        }
    }
    command.env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
    command
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub bytes: Vec<u8>,
}

impl Said {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// Its output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// That it ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// That it ended with a code and one line that holds these words.
    #[track_caller]
    pub fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("gossip: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing in {self:?}");
        }
        self
    }
}

/// Runs a command to its end.
pub fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Said {
    Said::of(gossip().args(args).output().expect("the binary runs"))
}

/// Waits until something is so.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        std::thread::sleep(PAUSE);
    }
}

/// An authority's directory, made by `gossip pki init`.
pub fn authority(dir: &Path, cluster: &str) {
    let dir = dir.to_str().unwrap();
    let args = [
        "pki",
        "init",
        "--dir",
        dir,
        "--trust-domain",
        "test.example",
        "--cluster",
        cluster,
    ];
    run(args).ok();
}

/// The flags of a node's certificate, made by `gossip pki issue`.
pub fn issue(dir: &Path, node: &str, more: &[&str]) -> Vec<String> {
    let out = dir.join("nodes").join(node);
    let mut args = vec![
        "pki",
        "issue",
        "--dir",
        dir.to_str().unwrap(),
        "--node",
        node,
    ];
    args.extend(["--out", out.to_str().unwrap()]);
    args.extend(more);
    run(&args).ok();
    tls_flags(&out)
}

/// The flags of a certificate, key and authority in one directory.
pub fn tls_flags(folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let flags = [
        "--certificate".to_owned(),
        path("node.pem"),
        "--key".to_owned(),
        path("node.key"),
        "--ca".to_owned(),
        path("ca.pem"),
    ];
    flags.to_vec()
}

/// A running agent; killed when the test lets go of it.
pub struct Agent {
    pub process: Child,
    pub ready: Value,
    pub socket: PathBuf,
    /// What it says after it is ready.
    pub lines: BufReader<std::process::ChildStdout>,
}

impl Agent {
    /// Starts one with a data directory and a socket in `folder`.
    pub fn start(folder: &Path, flags: &[String]) -> Self {
        Self::start_saying(folder, flags, Stdio::inherit())
    }

    /// The same, with somewhere for its log to go.
    pub fn start_saying(folder: &Path, flags: &[String], log: Stdio) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let socket = folder.join("api.sock");
        let mut command = gossip();
        command
            .args([
                "agent",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--profile",
                "local",
            ])
            .args(["--exit-with-stdin", "--data-dir"])
            .arg(folder.join("data"))
            .arg("--api")
            .arg(&socket)
            .args(flags)
            .stdin(Stdio::piped())
            .stderr(log)
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line)
            .unwrap_or_else(|why| panic!("{why}: the agent said {line:?}"));
        Self {
            process,
            ready,
            socket,
            lines,
        }
    }

    pub fn listen(&self) -> String {
        self.ready["listen"].as_str().unwrap().to_owned()
    }

    pub fn generation(&self) -> u64 {
        self.ready["generation"].as_u64().unwrap()
    }

    /// A command that talks to it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = gossip();
        command.arg("--api").arg(&self.socket).args(args);
        command
    }

    /// Runs a command that talks to it.
    pub fn ask(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).output().unwrap())
    }

    /// How it sees a member: status and generation.
    pub fn sees(&self, id: &str) -> Option<(String, u64)> {
        let said = self.ask(&["members", "--json"]);
        let members = serde_json::from_str::<Value>(&said.out).ok()?;
        let members = members["members"].as_array()?;
        let member = members.iter().find(|member| member["id"] == id)?;
        Some((
            member["status"].as_str()?.to_owned(),
            member["generation"].as_u64()?,
        ))
    }

    /// A counter of its transport.
    pub fn counter(&self, name: &str) -> u64 {
        let status = self.ask(&["status", "--json"]).ok().json();
        status["counters"]["transport"][name].as_u64().unwrap()
    }

    /// Waits for its end; gives the code and the last line.
    pub fn end(mut self) -> (i32, String) {
        let status = until("the agent ends", || self.process.try_wait().unwrap());
        let last = self.lines.by_ref_lines();
        (status.code().unwrap_or(-1), last)
    }

    /// SIGKILL, to it and nobody else.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

trait LastLine {
    fn by_ref_lines(&mut self) -> String;
}

impl LastLine for BufReader<std::process::ChildStdout> {
    fn by_ref_lines(&mut self) -> String {
        self.lines()
            .map_while(Result::ok)
            .last()
            .unwrap_or_default()
    }
}

/// A command that goes on, and its lines.
pub struct Follow {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Follow {
    pub fn of(agent: &Agent, args: &[&str]) -> Self {
        let mut command = agent.command(args);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// The next line.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "it goes on: {line:?}");
        line.trim_end().to_owned()
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until each of the agents eu/n1, eu/n2, … holds all of them alive.
pub fn all_meet(agents: &[Agent]) {
    for agent in agents {
        for number in 1..=agents.len() {
            let id = format!("eu/n{number}");
            until("all have met", || {
                agent.sees(&id).filter(|(status, _)| status == "alive")
            });
        }
    }
}
