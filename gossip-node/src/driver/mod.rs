//! The driver: the one task that owns the core.

pub(crate) mod clock;
pub mod limit;

use std::sync::Arc;

use gossip_core::input::{Command, Space};
use gossip_core::output::{Notification, Reply, Row};
use gossip_quic::{Credentials, OtherIdentity, PeerInfo};
use tokio::sync::{broadcast, oneshot};

use crate::builder::{NodeBuilder, StartError};
use crate::handle::{Node, NodeError, NodeStatus};

/// What a handle asks of the driver.
pub(crate) enum Request {
    /// Something for the core.
    Command {
        command: Command,
        answer: oneshot::Sender<Reply>,
    },
    /// Keys as they stand, and the channel on which their changes follow.
    Watch {
        space: Space,
        prefix: String,
        answer: oneshot::Sender<Result<Watching, NodeError>>,
    },
    /// How everything is.
    Status {
        answer: oneshot::Sender<Result<NodeStatus, NodeError>>,
    },
    /// Who is connected.
    Peers {
        answer: oneshot::Sender<Vec<PeerInfo>>,
    },
    /// New credentials.
    Credentials {
        credentials: Credentials,
        answer: oneshot::Sender<Result<(), OtherIdentity>>,
    },
    /// Stop without leaving.
    Shutdown,
}

/// What a watch begins with.
pub(crate) type Watching = (Vec<Row>, broadcast::Receiver<Arc<Notification>>);

/// What the driver could not pass on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriverCounters {
    /// Messages that could not be decoded.
    pub undecodable: u64,
}

pub(crate) async fn start(builder: NodeBuilder) -> Result<Node, StartError> {
    let _ = builder;
    Err(StartError::Missing {
        what: "credentials",
        method: "credentials",
    })
}
