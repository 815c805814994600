//! A request: what a handle asks of the driver, and who waits for the answer.

use std::sync::Arc;

use gossip_core::input::{Command, Space};
use gossip_core::output::{MemberView, Notification, Reply, Row};
use gossip_quic::{Credentials, OtherIdentity, PeerInfo};
use tokio::sync::{broadcast, oneshot};

use crate::handle::{NodeError, NodeStatus};

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
    /// Members as they stand, and the channel on which what becomes of them follows.
    Events {
        answer: oneshot::Sender<Result<Seeing, NodeError>>,
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

/// What events begin with.
pub(crate) type Seeing = (Vec<MemberView>, broadcast::Receiver<Arc<Notification>>);

/// Who waits for a reply of the core.
pub(super) enum Asker {
    Command(oneshot::Sender<Reply>),
    Watch(oneshot::Sender<Result<Watching, NodeError>>),
    Events(oneshot::Sender<Result<Seeing, NodeError>>),
    Status(oneshot::Sender<Result<NodeStatus, NodeError>>),
}
