//! The builder: what a node is told before it starts.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use gossip_core::base::limit;
use gossip_core::config::{Config, ConfigError};
use gossip_quic::{BindError, Credentials, EndpointConfig};

use crate::handle::Node;
use crate::journal::JournalError;
use crate::resolve::Resolve;

/// Configures a [`Node`] and starts it.
#[derive(Default)]
pub struct NodeBuilder {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) advertise: Vec<SocketAddr>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) config: Option<Config>,
    pub(crate) seeds: Vec<String>,
    pub(crate) resolve: Option<Arc<dyn Resolve>>,
    pub(crate) seed: Option<u64>,
    pub(crate) transport: Option<TransportTuning>,
}

/// A last word on the transport's configuration.
pub(crate) type TransportTuning = Box<dyn FnOnce(&mut EndpointConfig) + Send>;

/// Why a node did not start. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Something that has no default was not given.
    #[error("a node needs {what}; give it with NodeBuilder::{method}")]
    Missing {
        /// What it is.
        what: &'static str,
        /// What gives it.
        method: &'static str,
    },
    /// Others could not reach it.
    #[error(
        "listening on {listen} says nothing about where others can reach this node; \
         listen on one address, or say which with `advertise`"
    )]
    Unspecified {
        /// Where it was told to listen.
        listen: SocketAddr,
    },
    /// Too many addresses.
    #[error("{found} addresses to advertise, at most {max} are allowed; leave some out", max = limit::ADDRS)]
    TooManyAddrs {
        /// How many there were.
        found: usize,
    },
    /// An address nobody can dial.
    #[error("{addr} cannot be advertised: nobody can dial it; give an address and a port")]
    Undialable {
        /// Which.
        addr: SocketAddr,
    },
    /// A knob out of its range, or a generation ahead of the clock.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file beside the journal cannot be used.
    #[error("{path}: {reason}; check its permissions and the disk")]
    DataDir {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The socket cannot be opened.
    #[error(transparent)]
    Transport(#[from] BindError),
}

impl NodeBuilder {
    /// Certificate, key and authorities. Node name and cluster come from the
    /// certificate. Required.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Where to listen, and from where to dial: one UDP socket. Port 0 takes
    /// any. Required.
    #[must_use]
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = Some(addr);
        self
    }

    /// Where others reach this node, best first. Default: the bound address,
    /// unless that is unspecified (`0.0.0.0`). Port 0 stands for the bound port.
    #[must_use]
    pub fn advertise(mut self, addrs: impl Into<Vec<SocketAddr>>) -> Self {
        self.advertise = addrs.into();
        self
    }

    /// Where the journal and the reset key live. Made if it is not there. One
    /// node a directory. Required.
    #[must_use]
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// The knobs of the protocol. Default: [`Config::default`], for one datacenter.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Names (`host:port`) that lead to members; added to those in the
    /// configuration. They are resolved anew each time they are dialed; of
    /// several addresses those that answer are enough.
    #[must_use]
    pub fn seeds<S: Into<String>>(mut self, seeds: impl IntoIterator<Item = S>) -> Self {
        self.seeds.extend(seeds.into_iter().map(Into::into));
        self
    }

    /// Who knows where the seeds' names lead. Default: [`SystemResolver`](crate::SystemResolver).
    #[must_use]
    pub fn resolver(mut self, resolve: impl Resolve) -> Self {
        self.resolve = Some(Arc::new(resolve));
        self
    }

    /// The seed of the node's choices. Default: from the system's randomness.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A last word on the transport's configuration: limits, timeouts, and
    /// faults in tests.
    #[must_use]
    pub fn transport(mut self, tune: impl FnOnce(&mut EndpointConfig) + Send + 'static) -> Self {
        self.transport = Some(Box::new(tune));
        self
    }

    /// Opens the journal, raises the generation, opens the socket and runs.
    /// The node looks for its cluster from then on; it takes part once
    /// [`Notification::Running`](crate::Notification::Running) is told.
    ///
    /// # Errors
    /// Whatever is missing or in the way; nothing was sent then.
    pub async fn start(self) -> Result<Node, StartError> {
        crate::driver::start(self).await
    }
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("credentials", &self.credentials)
            .field("listen", &self.listen)
            .field("advertise", &self.advertise)
            .field("data_dir", &self.data_dir)
            .field("config", &self.config)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}
