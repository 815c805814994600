//! A request: what a handle asks of the driver, and who waits for the answer.

use std::sync::Arc;

use gossip_core::input::Command;
use gossip_core::output::{MemberView, Notification, Reply, Watching};
use gossip_core::watched::{Cursor, Selection};
use gossip_quic::{Credentials, OtherIdentity, PeerInfo};
use tokio::sync::{broadcast, oneshot};

use crate::feed::Reader;
use crate::handle::{NodeError, NodeStatus};

/// What a handle asks of the driver.
pub(crate) enum Request {
    /// Something for the core.
    Command {
        command: Command,
        answer: oneshot::Sender<Reply>,
    },
    /// Keys as they stand or what became of them, and the queue on which their
    /// changes follow.
    Watch {
        selection: Selection,
        from: Option<Cursor>,
        answer: oneshot::Sender<Result<Watched, NodeError>>,
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
pub(crate) type Watched = (Watching, Reader);

/// What events begin with.
pub(crate) type Seeing = (Vec<MemberView>, broadcast::Receiver<Arc<Notification>>);

/// Who waits for a reply of the core.
pub(super) enum Asker {
    Command(oneshot::Sender<Reply>),
    Watch(Selection, oneshot::Sender<Result<Watched, NodeError>>),
    Events(oneshot::Sender<Result<Seeing, NodeError>>),
    Status(oneshot::Sender<Result<NodeStatus, NodeError>>),
}
