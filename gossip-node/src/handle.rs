//! The handle: what a program holds of a running node.
//!
//! A [`Node`] is a name and a way to ask; the node itself is the driver's
//! task. Cloning a handle is a reference count. When the last one is dropped
//! the node stops, as [`Node::shutdown`] would have it.
//!
//! The methods are of three kinds: *facts* answer at once (`id`,
//! `local_addr`, …); *questions and wishes* go to the driver and come back
//! (`members`, `put`, `watch`, …); *ends* stop the node (`leave`, `shutdown`)
//! or wait until it has (`stopped`).

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use gossip_core::base::id::{ClusterId, NodeId};
use gossip_core::electorate::Electorate;
use gossip_core::input::{Command, DiskError, Expected, Query, Saying, Space, Write};
use gossip_core::message::{Ask, EventId, Generation, Key, KeyError, Scope, Value, WriteId};
use gossip_core::output::{
    HistoryView, MemberView, Notification, Phase, Refusal, Reply, Row, Status,
};
use gossip_core::quorum::QuorumView;
use gossip_core::watched::{Cursor, Keys, Selection};
use gossip_quic::{Credentials, OtherIdentity, PeerInfo};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::builder::NodeBuilder;
use crate::driver::{DriverCounters, Request};
use crate::events::Events;
use crate::journal::JournalCounters;
use crate::said::{Answers, Hearing, QueryOptions};
use crate::watch::{Subscription, Watch};

/// A running node of a cluster.
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
}

/// What handle and driver both know.
pub(crate) struct Shared {
    pub(crate) cluster: ClusterId,
    pub(crate) id: NodeId,
    pub(crate) local_addr: SocketAddr,
    pub(crate) generation: Arc<AtomicU64>,
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) notifications: broadcast::WeakSender<Arc<Notification>>,
    pub(crate) stopped: watch::Receiver<Option<Stopped>>,
}

/// Why something was not done, or not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The text is no key, or the bytes are no value. Nothing was asked.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The node refused. Nothing was done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// [`WATCHES`](crate::limit::WATCHES) are open already. Close one, or try again.
    #[error("too many watches are open, close one")]
    Watched,
    /// The new credentials prove somebody else. The old ones stay in use.
    #[error(transparent)]
    OtherIdentity(#[from] OtherIdentity),
    /// The node has stopped; see [`Node::stopped`] for the reason. A write
    /// that was under way may or may not have reached the disk.
    #[error("the node has stopped; start it again to go on")]
    Stopped,
}

/// Why a node stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// It was asked to, or its last handle was dropped. To the others it
    /// looks like a crash that they will notice.
    Shutdown,
    /// It has left its cluster.
    Left,
    /// Another process runs under its name, with a higher generation.
    Conflict {
        /// The other's generation.
        generation: Generation,
    },
    /// Its generation could not be written, so it must not speak.
    Disk(DiskError),
    /// Its socket is gone.
    Transport,
    /// Its task ended without a reason: a bug.
    Crashed,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("it was shut down"),
            Self::Left => f.write_str("it has left the cluster"),
            Self::Conflict { generation } => write!(
                f,
                "another process runs under this name, with generation {}; stop one of the two, \
                 and give each node its own certificate and data directory",
                generation.0
            ),
            Self::Disk(error) => write!(
                f,
                "{error}, so the node must not speak; make room or repair the disk, then start it again"
            ),
            Self::Transport => f.write_str("its socket is gone; start it again"),
            Self::Crashed => {
                f.write_str("its task ended without a reason; this is a bug, please report it")
            }
        }
    }
}

/// How a node is, from the protocol down to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStatus {
    /// The protocol: phase, members, keys, and what it refused.
    pub core: Status,
    /// The transport: connections, and what it refused.
    pub transport: gossip_quic::Counters,
    /// The journal: what was written, and what was not.
    pub journal: JournalCounters,
    /// Between them: what could not be decoded, sent or dialed.
    pub driver: DriverCounters,
}

impl Node {
    /// A node to be configured and started.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::default()
    }

    pub(crate) fn from_shared(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    // ---- Facts --------------------------------------------------------------

    /// Who it is: what its certificate says.
    pub fn id(&self) -> &NodeId {
        &self.shared.id
    }

    /// The cluster it belongs to: what its certificate says.
    pub fn cluster(&self) -> &ClusterId {
        &self.shared.cluster
    }

    /// Where its socket is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local_addr
    }

    /// The run it is; rises with every start.
    pub fn generation(&self) -> Generation {
        Generation(self.shared.generation.load(Ordering::Relaxed))
    }

    // ---- Questions ----------------------------------------------------------

    /// Everybody it knows of, itself included, in order of name.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn members(&self) -> Result<Vec<MemberView>, NodeError> {
        match self.ask(Command::Members).await? {
            Reply::Members(members) => Ok(members),
            other => Err(misfit(other)),
        }
    }

    /// How it is.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn status(&self) -> Result<NodeStatus, NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Status { answer }).await?;
        reply.await.map_err(|_| NodeError::Stopped)?
    }

    /// The peers it is connected with.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn peers(&self) -> Result<Vec<PeerInfo>, NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Peers { answer }).await?;
        reply.await.map_err(|_| NodeError::Stopped)
    }

    /// How a shared key stands here; `None`: not there.
    ///
    /// # Errors
    /// If it is no key, or the node is not running.
    pub async fn get(&self, key: &str) -> Result<Option<Row>, NodeError> {
        self.read(Space::Shared, key).await
    }

    /// How a member's own key stands here; `None`: not there.
    ///
    /// # Errors
    /// If it is no key, or the node is not running.
    // tidy: allow(getter): `get` is the verb of a key-value store here
    pub async fn get_own(&self, member: &NodeId, key: &str) -> Result<Option<Row>, NodeError> {
        self.read(Space::Own(member.clone()), key).await
    }

    /// The shared keys that begin with `prefix`, in order.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Row>, NodeError> {
        self.rows(Space::Shared, prefix).await
    }

    /// A member's own keys that begin with `prefix`, in order.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn list_own(&self, member: &NodeId, prefix: &str) -> Result<Vec<Row>, NodeError> {
        self.rows(Space::Own(member.clone()), prefix).await
    }

    /// The keys of `space` that begin with `prefix` as they stand, and then
    /// every change to one of them, each exactly once.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn watch(&self, space: Space, prefix: &str) -> Result<Watch, NodeError> {
        let selection = Selection {
            whose: space.into(),
            keys: Keys::Prefix(prefix.to_owned()),
        };
        self.watch_from(selection, None).await
    }

    /// What became of the keys of a selection since `from`, and then every
    /// change to one of them, each exactly once. Without a cursor, or with one
    /// that is no longer known, it begins with the keys as they stand; in the
    /// latter case it says so.
    ///
    /// # Errors
    /// [`NodeError::Watched`], or the node is not running.
    pub async fn watch_from(
        &self,
        selection: Selection,
        from: Option<Cursor>,
    ) -> Result<Watch, NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Watch {
            selection,
            from,
            answer,
        })
        .await?;
        let (begins, reader) = reply.await.map_err(|_| NodeError::Stopped)??;
        Ok(Watch::new(begins, from, reader))
    }

    /// Everybody it knows of as they stand, and then everything that becomes of
    /// them, each with its reason; of the quorum and of the node itself too.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn events(&self) -> Result<Events, NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Events { answer }).await?;
        let (members, told) = reply.await.map_err(|_| NodeError::Stopped)??;
        Ok(Events::new(members, told))
    }

    /// How its last sessions went, and how old others' writes were when they came.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn history(&self) -> Result<HistoryView, NodeError> {
        match self.ask(Command::History).await? {
            Reply::History(history) => Ok(*history),
            other => Err(misfit(other)),
        }
    }

    /// Whether it is in quorum, why, and who is counted.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn quorum(&self) -> Result<QuorumView, NodeError> {
        match self.ask(Command::Quorum).await? {
            Reply::Quorum(view) => Ok(view),
            other => Err(misfit(other)),
        }
    }

    /// Everything the node tells from now on: members, keys, conflicts.
    pub fn subscribe(&self) -> Subscription {
        let sender = self.shared.notifications.upgrade();
        Subscription::new(sender.map(|sender| sender.subscribe()))
    }

    /// What members say to everybody from now on, and the queries that ask this
    /// node.
    pub fn hear(&self) -> Hearing {
        Hearing::new(self.subscribe())
    }

    /// Waits until it takes part: until it has compared notes with somebody,
    /// or knows that there is nobody to look for. Before, it answers and takes
    /// writes all the same; it is alone with them.
    ///
    /// # Errors
    /// If the node stops before.
    pub async fn running(&self) -> Result<(), NodeError> {
        let mut told = self.subscribe();
        while self.status().await?.core.phase < Phase::Running {
            told.next().await.ok_or(NodeError::Stopped)?;
        }
        Ok(())
    }

    // ---- Wishes -------------------------------------------------------------

    /// Writes a shared key. When this returns the write is on this node's
    /// disk and on its way to the others.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put(&self, key: &str, value: impl Into<Bytes>) -> Result<WriteId, NodeError> {
        let value = Value::new(value.into())?;
        let id = self
            .write_one(Scope::Shared, key, Some(value), None)
            .await?;
        id.ok_or(NodeError::Stopped)
    }

    /// Writes a key of this node's own, which no other can write.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put_own(&self, key: &str, value: impl Into<Bytes>) -> Result<WriteId, NodeError> {
        let value = Value::new(value.into())?;
        let id = self.write_one(Scope::Own, key, Some(value), None).await?;
        id.ok_or(NodeError::Stopped)
    }

    /// Deletes a shared key; `None`: it was not there, and nothing was written.
    ///
    /// # Errors
    /// If it is no key, or the node refuses.
    pub async fn delete(&self, key: &str) -> Result<Option<WriteId>, NodeError> {
        self.write_one(Scope::Shared, key, None, None).await
    }

    /// Deletes a key of this node's own; `None`: it was not there.
    ///
    /// # Errors
    /// If it is no key, or the node refuses.
    pub async fn delete_own(&self, key: &str) -> Result<Option<WriteId>, NodeError> {
        self.write_one(Scope::Own, key, None, None).await
    }

    /// Writes (`Some`) or deletes (`None`) a shared key if it stands on this
    /// replica as expected. A concurrent write elsewhere can still win later;
    /// it is then reported as [`Notification::Conflict`]. `None`: it was to be
    /// deleted, and was not there.
    ///
    /// # Errors
    /// [`Refusal::Unexpected`] if it stands otherwise; or as for a put.
    pub async fn compare_and_set(
        &self,
        key: &str,
        expected: Expected,
        value: Option<Bytes>,
    ) -> Result<Option<WriteId>, NodeError> {
        let value = value.map(Value::new).transpose()?;
        self.write_one(Scope::Shared, key, value, Some(expected))
            .await
    }

    /// Writes many keys, all or none, as one batch. The names of the writes
    /// come back in the same order; deletions of what is not there have none.
    ///
    /// # Errors
    /// If the node refuses; then nothing of it has happened.
    pub async fn write(&self, writes: Vec<Write>) -> Result<Vec<WriteId>, NodeError> {
        match self.ask(Command::Write(writes)).await? {
            Reply::Written(ids) => Ok(ids),
            other => Err(misfit(other)),
        }
    }

    /// Declares a member dead, at once and everywhere, because an operator knows
    /// that it is. One that is not refutes, and is back. Returns when it is so
    /// here; the others hear of it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Ourselves`], [`Refusal::Refuted`], or the
    /// node is not running.
    pub async fn remove(&self, member: &NodeId) -> Result<(), NodeError> {
        self.order(Command::Remove(member.clone())).await
    }

    /// Forgets a dead member, or one that left: its row, its address and its
    /// own keys, everywhere. A claim of its own, newer than what was forgotten,
    /// makes it a member again.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Ourselves`], [`Refusal::StillHere`],
    /// [`Refusal::Refuted`], or the node is not running.
    pub async fn forget(&self, member: &NodeId) -> Result<(), NodeError> {
        self.order(Command::Forget(member.clone())).await
    }

    /// Counts the quorum by this list from now on, at this node, after a restart
    /// too: until another is given, or the node starts with another list in its
    /// configuration. Returns when it is on disk.
    ///
    /// # Errors
    /// [`Refusal::Electorate`] or [`Refusal::Disk`], and the list before stays;
    /// or the node is not running.
    pub async fn elect(&self, electorate: Electorate) -> Result<(), NodeError> {
        self.order(Command::Electorate(electorate)).await
    }

    /// Says something to everybody, once. Every member that takes part is told
    /// exactly once, or told that it missed it; this node too.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if there is no room for another: those under way have
    /// not been heard by enough others yet. Nothing has happened then; try again.
    /// Or the name is none, the payload too long, or the node is not running.
    pub async fn event(&self, name: &str, payload: impl Into<Bytes>) -> Result<EventId, NodeError> {
        let said = self.say(name, payload.into(), false, None).await;
        said.map(|(id, _)| id)
    }

    /// The same, of which only the newest of its name matters: whoever has not
    /// heard the earlier ones need not.
    ///
    /// # Errors
    /// As for [`Node::event`].
    pub async fn event_coalescing(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
    ) -> Result<EventId, NodeError> {
        let said = self.say(name, payload.into(), true, None).await;
        said.map(|(id, _)| id)
    }

    /// Asks members something, and listens for their answers.
    ///
    /// # Errors
    /// As for [`Node::event`]; or the options are over a limit.
    pub async fn query(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: QueryOptions,
    ) -> Result<Answers, NodeError> {
        let told = self.subscribe();
        let ask = Some(options.ask());
        let (id, asked) = self.say(name, payload.into(), false, ask).await?;
        Ok(Answers::new(id, asked, told))
    }

    /// Answers a query that [`Node::hear`] has told: once, before its deadline.
    ///
    /// # Errors
    /// [`Refusal::Unasked`] if it was answered, or its time is over; or the
    /// response is too long, or the node is not running.
    pub async fn respond(&self, to: &EventId, response: impl Into<Bytes>) -> Result<(), NodeError> {
        self.order(Command::Respond {
            to: to.clone(),
            response: response.into(),
        })
        .await
    }

    /// New credentials of the same node, for connections from now on; those
    /// that stand go on.
    ///
    /// # Errors
    /// If they prove somebody else, or the node is not running.
    pub async fn replace_credentials(&self, credentials: Credentials) -> Result<(), NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Credentials {
            credentials,
            answer,
        })
        .await?;
        Ok(reply.await.map_err(|_| NodeError::Stopped)??)
    }

    // ---- Ends ---------------------------------------------------------------

    /// Leaves the cluster: tells everybody, then stops.
    ///
    /// # Errors
    /// If the node refuses, or has stopped for another reason.
    pub async fn leave(&self) -> Result<(), NodeError> {
        match self.ask(Command::Leave).await? {
            Reply::Left => {
                self.stopped().await;
                Ok(())
            }
            other => Err(misfit(other)),
        }
    }

    /// Stops without leaving: the others will miss it, and it will be welcome
    /// when it starts again. Returns when everything is on disk.
    pub async fn shutdown(&self) -> Stopped {
        // If the driver is gone already there is nobody to tell.
        let _ = self.shared.requests.send(Request::Shutdown).await;
        self.stopped().await
    }

    /// Waits until the node has stopped, and says why.
    pub async fn stopped(&self) -> Stopped {
        let mut stopped = self.shared.stopped.clone();
        let why = stopped.wait_for(Option::is_some).await;
        why.ok()
            .and_then(|why| why.clone())
            .unwrap_or(Stopped::Crashed)
    }

    // ---- Inside -------------------------------------------------------------

    async fn request(&self, request: Request) -> Result<(), NodeError> {
        let sent = self.shared.requests.send(request).await;
        sent.map_err(|_| NodeError::Stopped)
    }

    pub(crate) async fn ask(&self, command: Command) -> Result<Reply, NodeError> {
        let (answer, reply) = oneshot::channel();
        self.request(Request::Command { command, answer }).await?;
        reply.await.map_err(|_| NodeError::Stopped)
    }

    async fn order(&self, command: Command) -> Result<(), NodeError> {
        match self.ask(command).await? {
            Reply::Done => Ok(()),
            other => Err(misfit(other)),
        }
    }

    async fn say(
        &self,
        name: &str,
        payload: Bytes,
        coalesce: bool,
        ask: Option<Ask>,
    ) -> Result<(EventId, usize), NodeError> {
        let saying = Saying {
            name: name.parse()?,
            payload,
            coalesce,
            ask,
        };
        match self.ask(Command::Say(saying)).await? {
            Reply::Said { id, asked } => Ok((id, asked)),
            other => Err(misfit(other)),
        }
    }

    async fn read(&self, space: Space, key: &str) -> Result<Option<Row>, NodeError> {
        let key: Key = key.parse()?;
        match self.ask(Command::Get(Query { space, key })).await? {
            Reply::Value(row) => Ok(row),
            other => Err(misfit(other)),
        }
    }

    async fn rows(&self, space: Space, prefix: &str) -> Result<Vec<Row>, NodeError> {
        let prefix = prefix.to_owned();
        match self.ask(Command::List { space, prefix }).await? {
            Reply::Rows(rows) => Ok(rows),
            other => Err(misfit(other)),
        }
    }

    async fn write_one(
        &self,
        scope: Scope,
        key: &str,
        value: Option<Value>,
        only_if: Option<Expected>,
    ) -> Result<Option<WriteId>, NodeError> {
        let write = Write {
            scope,
            key: key.parse()?,
            value,
            only_if,
            ttl: None,
        };
        Ok(self.write(vec![write]).await?.pop())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.shared.id)
            .field("local_addr", &self.shared.local_addr)
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

/// A reply that is not the one asked for: a refusal, or the last word of a
/// node that stops.
pub(crate) fn misfit(reply: Reply) -> NodeError {
    match reply {
        Reply::Refused(refusal) => NodeError::Refused(refusal),
        _ => NodeError::Stopped,
    }
}
