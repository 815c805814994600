//! The start: from a builder to a running task, one thing after the other.
//!
//! ```text
//!   journal ─▶ what was saved ─▶ core ─▶ generation on disk ─▶ socket ─▶ loop
//! ```
//!
//! The order is the point: nothing can reach a peer before the generation is
//! on disk, because there is no socket before it is.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use gossip_core::base::limit as core_limit;
use gossip_core::config::{Config, Identity};
use gossip_core::input::{DiskError, Input, PersistId};
use gossip_core::node::Node as Core;
use gossip_core::output::Output;
use gossip_quic::{BindError, Endpoint, EndpointConfig};
use tokio::sync::{broadcast, mpsc, watch};

use super::clock::{self, Alarm};
use super::resolve::Resolver;
use super::sessions::Sessions;
use super::trouble::Troubles;
use super::{Driver, DriverCounters, limit};
use crate::builder::{NodeBuilder, StartError};
use crate::feed::Feed;
use crate::handle::{Node, Shared};
use crate::journal::{Completions, Journal, JournalError, Opened, Owner};
use crate::resolve::SystemResolver;

/// The file that keeps the secret behind stateless resets.
const RESET_KEY: &str = "reset.key";

/// Starts a node.
pub(crate) async fn start(builder: NodeBuilder) -> Result<Node, StartError> {
    let credentials = given(builder.credentials, "credentials", "credentials")?;
    let listen = given(builder.listen, "an address to listen on", "listen")?;
    let data_dir = given(builder.data_dir, "a data directory", "data_dir")?;
    let mut config = builder.config.unwrap_or_default();
    config.seeds.extend(builder.seeds);
    config.check()?;
    if builder.advertise.is_empty() && listen.ip().is_unspecified() {
        return Err(StartError::Unspecified { listen });
    }
    let listen = with_port(listen)?;
    let addrs = advertised(builder.advertise, listen)?;
    let seed = builder.seed.unwrap_or_else(random_seed);
    let resolve = builder.resolve.unwrap_or_else(|| Arc::new(SystemResolver));

    let owner = Owner {
        cluster: credentials.identity().cluster().clone(),
        node: credentials.identity().node().clone(),
    };
    let disk = open_disk(data_dir.clone(), owner.clone()).await?;
    let Opened {
        journal,
        mut completions,
        saved,
    } = disk.opened;

    let identity = Identity {
        cluster: owner.cluster.clone(),
        id: owner.node.clone(),
        addrs,
    };
    let mut core = Core::new(config.clone(), identity, seed, clock::now(), saved)?;
    let held = first_words(&mut core, &journal, &mut completions, &data_dir).await?;

    let generation = core.generation().0;
    let mut transport = EndpointConfig::new(listen, generation, disk.reset_key, seed);
    transport.idle_timeout = idle_timeout(&config);
    transport.initial_rtt = initial_rtt(&config);
    transport.agreed = config.agreed();
    if let Some(tune) = builder.transport {
        tune(&mut transport);
    }
    let (endpoint, events) = Endpoint::bind(transport, credentials)?;
    let local_addr = endpoint.local_addr();

    let (requests_in, requests) = mpsc::channel(limit::REQUESTS);
    let (notifications, _) = broadcast::channel(limit::NOTIFICATIONS);
    let (stopped_in, stopped) = watch::channel(None);
    let generation = Arc::new(AtomicU64::new(generation));
    let node = Node::from_shared(Shared {
        cluster: owner.cluster,
        id: owner.node,
        local_addr,
        generation: Arc::clone(&generation),
        requests: requests_in,
        notifications: notifications.downgrade(),
        stopped,
    });
    let mut driver = Driver {
        core,
        endpoint,
        events,
        requests,
        journal,
        completions,
        resolver: Resolver::new(resolve),
        troubles: Troubles::default(),
        alarm: Alarm::new(),
        sessions: Sessions::default(),
        links: HashMap::new(),
        askers: HashMap::new(),
        tickets: 0,
        notifications,
        feed: Feed::default(),
        follow_ups: VecDeque::new(),
        counters: DriverCounters::default(),
        generation,
        holding: false,
        stopped: None,
    };
    for output in held {
        driver.carry_out(output);
    }
    tracing::info!(id = %node.id(), addr = %local_addr, generation = node.generation().0, "the node starts");
    tokio::spawn(driver.run(stopped_in));
    Ok(node)
}

fn given<T>(value: Option<T>, what: &'static str, method: &'static str) -> Result<T, StartError> {
    value.ok_or(StartError::Missing { what, method })
}

// ---- Addresses --------------------------------------------------------------

/// Our claim names the port before the socket is open, so "any port" is
/// settled first.
fn with_port(listen: SocketAddr) -> Result<SocketAddr, StartError> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    let port = UdpSocket::bind(listen).and_then(|socket| socket.local_addr());
    port.map_err(|error| {
        StartError::Transport(BindError::Socket {
            addr: listen,
            error,
        })
    })
}

fn advertised(
    mut addrs: Vec<SocketAddr>,
    listen: SocketAddr,
) -> Result<Vec<SocketAddr>, StartError> {
    if addrs.is_empty() {
        addrs.push(listen);
    }
    if addrs.len() > core_limit::ADDRS {
        return Err(StartError::TooManyAddrs { found: addrs.len() });
    }
    for addr in &mut addrs {
        if addr.port() == 0 {
            addr.set_port(listen.port());
        }
        if addr.ip().is_unspecified() || addr.ip().is_multicast() {
            return Err(StartError::Undialable { addr: *addr });
        }
    }
    Ok(addrs)
}

/// The longest that two members of the largest cluster that stays connected
/// leave each other alone, so that probes meet a warm connection: a member is
/// asked once a round, so first in one and last in the next, two rounds apart.
/// The shorter of both ends' counts, so their profiles had better be the same.
fn idle_timeout(config: &Config) -> Duration {
    let round = config.probe_interval.saturating_mul(MEMBERS_WARM);
    round.saturating_mul(2).max(IDLE_MIN)
}

/// The round trip assumed before one is measured, for networks as far as the
/// probes are patient: 100 ms in a datacenter, and QUIC's own 333 ms (RFC 9002
/// §6.2.2) across, where less would send half of a handshake twice.
fn initial_rtt(config: &Config) -> Duration {
    (config.probe_interval / 10).clamp(Duration::from_millis(100), Duration::from_millis(333))
}

/// Members that stay connected: the transport hangs up beyond them.
const MEMBERS_WARM: u32 = gossip_quic::limit::CONNECTIONS as u32;

/// Below this a lost packet or two could end a connection (RFC 9000 §10.1: at least three probe
/// timeouts; the rest is a guess).
const IDLE_MIN: Duration = Duration::from_secs(30);

// ---- Disk -------------------------------------------------------------------

struct Disk {
    opened: Opened,
    reset_key: [u8; 32],
}

async fn open_disk(dir: PathBuf, owner: Owner) -> Result<Disk, StartError> {
    let path = dir.clone();
    let work = move || {
        let opened = Journal::open(&dir, &owner)?;
        let reset_key = reset_key(&dir)?;
        Ok(Disk { opened, reset_key })
    };
    let opened = tokio::task::spawn_blocking(work).await;
    opened.unwrap_or_else(|error| {
        Err(StartError::DataDir {
            path,
            reason: error.to_string(),
        })
    })
}

/// The secret behind stateless resets: kept, so that peers of a killed process
/// notice its restart with the next packet. Losing it costs only that.
fn reset_key(dir: &Path) -> Result<[u8; 32], StartError> {
    let path = dir.join(RESET_KEY);
    let kept = fs::read(&path).ok().and_then(|kept| kept.try_into().ok());
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let mut key = [0; 32];
    let written = getrandom::fill(&mut key)
        .map_err(std::io::Error::from)
        .and_then(|()| write_private(&path, &key));
    written.map_err(|error| StartError::DataDir {
        path,
        reason: error.to_string(),
    })?;
    Ok(key)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn random_seed() -> u64 {
    let mut seed = [0; 8];
    match getrandom::fill(&mut seed) {
        Ok(()) => u64::from_le_bytes(seed),
        // Chance is for load and timing here, never for secrets.
        Err(_) => clock::now().mono.as_nanos(),
    }
}

/// Carries the core over its first step: the generation, on disk. Whatever
/// else it wants comes back, to be done once there is a socket.
async fn first_words(
    core: &mut Core,
    journal: &Journal,
    completions: &mut Completions,
    dir: &Path,
) -> Result<Vec<Output>, StartError> {
    let mut held = Vec::new();
    let mut awaited: Vec<PersistId> = Vec::new();
    while let Some(output) = core.poll_output() {
        match output {
            Output::Persist(id, record) => {
                awaited.push(id);
                journal.persist(id, record);
            }
            Output::Remember(record) => journal.remember(record),
            other => held.push(other),
        }
    }
    while !awaited.is_empty() {
        let Some(done) = completions.recv().await else {
            return Err(unwritten(dir, DiskError::Failed));
        };
        for (id, end) in done.persisted {
            awaited.retain(|awaited| *awaited != id);
            end.map_err(|error| unwritten(dir, error))?;
            core.handle_input(clock::now(), Input::Persisted(id, end));
        }
    }
    Ok(held)
}

fn unwritten(dir: &Path, error: DiskError) -> StartError {
    let path = dir.to_owned();
    StartError::Journal(match error {
        DiskError::Full => JournalError::Full { path },
        _ => JournalError::Io {
            path,
            reason: error.to_string(),
        },
    })
}
