//! A child: one agent as a process, started as anybody would start one.
//!
//! We hold its standard input, so it ends with us even if we are killed; it is
//! in a process group of its own, so a Ctrl-C is ours to pass on.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child as Process, ChildStdout, Command};

use crate::api::client::Client;
use crate::api::place::Place;
use crate::api::types::{Left, Member, Members, StatusView};
use crate::cli::exit::{Exit, Failure};

/// How long an agent may take to be ready, or to leave (guess).
const PATIENCE: Duration = Duration::from_secs(20);

/// One agent.
#[derive(Debug)]
pub(crate) struct Child {
    /// Its name.
    pub(crate) id: String,
    folder: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    /// Kept open: a closed pipe is an error at the other end.
    _lines: Lines<BufReader<ChildStdout>>,
    ready: Ready,
}

/// What it said when it was ready.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ready {
    /// The run it is in.
    pub(crate) generation: u64,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Its process.
    pub(crate) pid: u32,
}

impl Child {
    /// An agent whose `agent.toml` lies in `folder`.
    pub(crate) fn new(id: &str, folder: PathBuf) -> Self {
        Self {
            id: id.to_owned(),
            folder,
            running: None,
        }
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(&mut self) -> Result<Ready, Failure> {
        let failed = |why: std::io::Error| self.failure(&format!("cannot be started: {why}"));
        let program = std::env::current_exe().map_err(failed)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .map_err(failed)?;
        let mut command = Command::new(program);
        command
            .arg("agent")
            .arg("--config")
            .arg(self.folder.join("agent.toml"))
            .args(["--json", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        // What the user set for an agent of their own is not for these.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GOSSIP_") {
                command.env_remove(name);
            }
        }
        let mut process = command.spawn().map_err(failed)?;
        let Some(stdout) = process.stdout.take() else {
            return Err(self.failure("has no standard output"));
        };
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let Ok(Ok(Some(line))) = line else {
            return Err(self.failure("did not get ready"));
        };
        let ready: Ready = serde_json::from_str(&line)
            .map_err(|_| self.failure(&format!("said {line:?} instead of that it is ready")))?;
        self.running = Some(Running {
            process,
            _lines: lines,
            ready: ready.clone(),
        });
        Ok(ready)
    }

    /// Kills it, as a crash would (SIGKILL), and nobody but it.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        match self.running.take() {
            Some(mut running) => {
                let killed = running.process.kill().await;
                killed.map_err(|why| self.failure(&format!("cannot be killed: {why}")))
            }
            None => Ok(()),
        }
    }

    /// Lets it leave; kills it if it does not.
    pub(crate) async fn leave(&mut self) {
        if self.running.is_some() {
            let client = self.client().patient(PATIENCE);
            // Whether it could: below it is over anyway.
            let _ = client
                .ask::<Left>(Method::POST, "/v1/leave", Bytes::new())
                .await;
        }
        if let Some(mut running) = self.running.take() {
            let ended = tokio::time::timeout(PATIENCE, running.process.wait()).await;
            if ended.is_err() {
                let _ = running.process.kill().await;
            }
        }
    }

    /// What it said when it was ready; `None` if it does not run.
    pub(crate) fn ready(&self) -> Option<&Ready> {
        self.running.as_ref().map(|running| &running.ready)
    }

    /// Asks its API.
    pub(crate) fn client(&self) -> Client {
        Client::new(Place::Socket(self.socket()))
    }

    /// Its API's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("api.sock")
    }

    /// Its directory.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everybody it knows.
    pub(crate) async fn members(&self) -> Result<Vec<Member>, Failure> {
        let answer = self.client().fetch::<Members>("/v1/members").await;
        answer
            .map(|members| members.members)
            .map_err(|trouble| self.trouble(trouble))
    }

    /// How it is.
    pub(crate) async fn status(&self) -> Result<StatusView, Failure> {
        let answer = self.client().fetch::<StatusView>("/v1/status").await;
        answer.map_err(|trouble| self.trouble(trouble))
    }

    /// A failure of its API, with its name.
    pub(crate) fn trouble(&self, trouble: crate::api::client::Trouble) -> Failure {
        let failure = crate::cli::reach::failure(&self.client(), trouble);
        Failure::new(Exit::Error, format!("{}: {failure}", self.id))
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What went wrong, with the last thing it said.
    fn failure(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let last = log
            .lines()
            .last()
            .map_or(String::new(), |line| format!(": {line}"));
        Failure::new(Exit::Error, format!("{} {what}{last}", self.id))
    }
}
