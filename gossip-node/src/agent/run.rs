//! A run: from settings to the end of a node, and why it ended.
//!
//! ```text
//!   credentials ─▶ door ─▶ node ─▶ ready ─▶ … ─▶ event ─▶ server ends ─▶ exit code
//!                                            ▲
//!                   signals, stdin, the node itself: one queue
//! ```

use std::time::Duration;

use gossip_node::{CredentialPaths, Credentials, Node, Stopped};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::settings::{ApiPlace, Settings};
use super::{answering, signals, telling};
use crate::api::door::Door;
use crate::api::place::{Place, default_socket};
use crate::api::server::Api;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out;

/// Events that wait; each is the end of the run, so more than a few never come (guess).
const EVENTS: usize = 16;

/// How long a leave may take beyond the linger that was configured (guess: a
/// write that is under way and a slow disk).
const LEAVE_SLACK: Duration = Duration::from_secs(5);

/// How long the API may take to finish what was begun (guess).
const SERVER_GRACE: Duration = Duration::from_secs(2);

/// How long tasks may take to end before the process does (guess).
const RUNTIME_GRACE: Duration = Duration::from_secs(1);

/// How an agent behaves towards whoever started it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Says on standard output when it is ready, and why it stopped.
    pub(crate) json: bool,
    /// Ends with its standard input.
    pub(crate) exit_with_stdin: bool,
}

/// Something that ends a run.
#[derive(Debug)]
pub(crate) enum Event {
    /// SIGTERM or SIGINT.
    Signal,
    /// Whoever started us is gone.
    ParentGone,
    /// The node did not leave in time.
    Overdue,
    /// The node has stopped.
    Stopped(Stopped),
}

/// A line on standard output, with `--json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    /// The socket is bound and the API answers. The node may still look for its cluster.
    Ready {
        id: &'a str,
        cluster: &'a str,
        generation: u64,
        listen: String,
        api: String,
        pid: u32,
    },
    /// It is over.
    Stopped { why: String },
}

/// Who the node is; what is unwise about it is logged.
///
/// # Errors
/// If the files are missing or of no use.
pub(crate) fn credentials(settings: &Settings) -> Result<Credentials, Failure> {
    let paths = CredentialPaths {
        chain: settings.tls.certificate.clone(),
        key: settings.tls.key.clone(),
        authorities: settings.tls.ca.clone(),
    };
    let credentials = Credentials::from_files(&paths)
        .map_err(|why| Failure::new(Exit::Credentials, why.to_string()))?;
    for warning in credentials.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(credentials)
}

/// Runs the node until something ends it.
///
/// # Errors
/// If it could not start, or did not end as it should.
pub(crate) fn run(
    settings: Settings,
    credentials: Credentials,
    manner: Manner,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::new(Exit::Error, format!("no runtime: {why}")))?;
    let ended = runtime.block_on(live(settings, credentials, manner));
    runtime.shutdown_timeout(RUNTIME_GRACE);
    ended
}

async fn live(settings: Settings, credentials: Credentials, manner: Manner) -> Result<(), Failure> {
    let (events, mut ends) = mpsc::channel(EVENTS);
    signals::listen(&events)
        .map_err(|why| Failure::new(Exit::Error, format!("no signals: {why}")))?;
    if manner.exit_with_stdin {
        signals::listen_to_stdin(&events);
    }

    let asked = place(&settings, &credentials);
    let door = Door::open(&asked)
        .await
        .map_err(|why| Failure::new(Exit::Error, why))?;
    let place = door.place(&asked);
    let linger = settings.config.leave_linger;
    let node = start(settings, credentials).await?;
    tokio::spawn(telling::tell(node.clone()));
    tokio::spawn(answering::answer(node.clone()));

    let (stop, stopping) = oneshot::channel::<()>();
    let api = Api::new(node.clone(), linger);
    let server = tokio::spawn(api.serve(door, async {
        // Both a word and a dropped sender mean stop.
        let _ = stopping.await;
    }));
    let watched = node.clone();
    let told = events.clone();
    tokio::spawn(async move {
        let why = watched.stopped().await;
        // Nobody listens any more: the agent ends already.
        let _ = told.send(Event::Stopped(why)).await;
    });

    tracing::info!(id = %node.id(), listen = %node.local_addr(), api = %place, "ready");
    if manner.json {
        out::json_line(&Line::Ready {
            id: node.id().as_str(),
            cluster: node.cluster().as_str(),
            generation: node.generation().0,
            listen: node.local_addr().to_string(),
            api: place.to_string(),
            pid: std::process::id(),
        })?;
    }
    let ended = end(&node, &events, &mut ends, linger + LEAVE_SLACK).await;
    drop(stop);
    if tokio::time::timeout(SERVER_GRACE, server).await.is_err() {
        tracing::warn!("the API was still answering when the agent ended");
    }
    if manner.json {
        let why = match &ended {
            Ok(why) => why.to_string(),
            Err(failure) => failure.to_string(),
        };
        // The exit code says it too.
        let _ = out::json_line(&Line::Stopped { why });
    }
    ended.map(|_| ())
}

/// Where the API goes.
fn place(settings: &Settings, credentials: &Credentials) -> Place {
    match &settings.api {
        ApiPlace::Tcp(addr) => Place::Tcp(*addr),
        ApiPlace::Socket(path) => Place::Socket(path.clone()),
        ApiPlace::Default => Place::Socket(default_socket(
            std::env::var_os("XDG_RUNTIME_DIR").as_deref(),
            &settings.data_dir,
            credentials.identity().node(),
        )),
    }
}

async fn start(settings: Settings, credentials: Credentials) -> Result<Node, Failure> {
    let started = Node::builder()
        .credentials(credentials)
        .listen(settings.listen)
        .advertise(settings.advertise)
        .data_dir(settings.data_dir)
        .config(settings.config)
        .start()
        .await;
    started.map_err(|why| Failure::new(Exit::Error, why.to_string()))
}

/// Waits for the end; the first signal begins it, the second does not wait.
async fn end(
    node: &Node,
    events: &mpsc::Sender<Event>,
    ends: &mut mpsc::Receiver<Event>,
    patience: Duration,
) -> Result<Stopped, Failure> {
    let mut leaving = false;
    while let Some(event) = ends.recv().await {
        match event {
            Event::Signal if leaving => {
                let line = "stopped before it had left; the others will take it for dead";
                return Err(Failure::new(Exit::Error, line));
            }
            Event::Signal => {
                leaving = true;
                tokio::spawn(leave(node.clone(), events.clone(), patience));
            }
            Event::Overdue => {
                node.shutdown().await;
                let line =
                    format!("did not leave within {patience:?}; the others will take it for dead");
                return Err(Failure::new(Exit::Error, line));
            }
            Event::ParentGone => return Ok(node.shutdown().await),
            Event::Stopped(why) => return verdict(why),
        }
    }
    Ok(node.stopped().await)
}

async fn leave(node: Node, events: mpsc::Sender<Event>, patience: Duration) {
    tracing::info!(id = %node.id(), "leaves");
    match tokio::time::timeout(patience, node.leave()).await {
        Ok(Ok(())) => {}
        // A node that does not take part cannot leave; it can stop.
        Ok(Err(_)) => {
            node.shutdown().await;
        }
        Err(_) => {
            // Nobody listens any more: the agent ends already.
            let _ = events.send(Event::Overdue).await;
        }
    }
}

/// What a node's end means for the process.
fn verdict(why: Stopped) -> Result<Stopped, Failure> {
    match why {
        Stopped::Left | Stopped::Shutdown => Ok(why),
        Stopped::Conflict { .. } => Err(Failure::new(Exit::Conflict, why.to_string())),
        other => Err(Failure::new(Exit::Error, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_node::Profile;
    use gossip_quic::KeyAlgorithm;
    use gossip_quic::pki::Authority;

    #[tokio::test]
    async fn who_does_not_leave_in_time_is_stopped_and_it_is_said() {
        let day = Duration::from_secs(86_400);
        let cluster = "main".parse().unwrap();
        let algorithm = KeyAlgorithm::Ed25519;
        let authority = Authority::create("test.example", cluster, algorithm, day).unwrap();
        let issued = authority
            .issue(&"n1".parse().unwrap(), day, algorithm)
            .unwrap();
        let credentials = Credentials::from_pem(
            issued.chain_pem.as_bytes(),
            issued.key_pem.as_bytes(),
            authority.certificate_pem().as_bytes(),
        );
        let folder = tempfile::tempdir().unwrap();
        let node = Node::builder()
            .credentials(credentials.unwrap())
            .listen(([127, 0, 0, 1], 0).into())
            .data_dir(folder.path())
            .config(gossip_node::Config::new(Profile::Local))
            .start()
            .await
            .unwrap();
        node.running().await.unwrap();

        // No patience at all: even a node that is alone needs a moment.
        let (events, mut ends) = mpsc::channel(EVENTS);
        leave(node.clone(), events.clone(), Duration::ZERO).await;
        let patience = Duration::from_secs(7);
        let failure = end(&node, &events, &mut ends, patience).await.unwrap_err();
        let line = failure.to_string();
        assert!(line.contains("did not leave within 7s"), "{line}");
        // It is over all the same.
        let ended = tokio::time::timeout(Duration::from_secs(30), node.stopped()).await;
        assert!(
            matches!(ended, Ok(Stopped::Shutdown | Stopped::Left)),
            "{ended:?}"
        );
    }
}
