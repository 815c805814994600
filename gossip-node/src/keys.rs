//! What a handle can do with keys beyond one put and one get: read a key of
//! everybody, and write without waiting for the disk.
//!
//! **What a reader may rely on.** A node reads its own replica. A write that
//! was acknowledged is read by whoever asks the same node afterwards; one that
//! was not is read by nobody. What was written together is seen together, all
//! of it or none, at the node that wrote it, and wherever it arrives as news;
//! a comparison of notes may hand a large batch on in pieces, in order.

use std::time::Duration;

use bytes::Bytes;
use gossip_core::input::{Command, Write};
use gossip_core::message::{Key, Scope, Value, WriteId};
use gossip_core::output::{Reply, Voice};

use crate::handle::{Node, NodeError, misfit};

impl Node {
    /// What every member says under an own key, in order of member: of those,
    /// too, who are suspect, dead or have left, their last word, until they are
    /// forgotten.
    ///
    /// # Errors
    /// If it is no key, or the node is not running.
    pub async fn everybody(&self, key: &str) -> Result<Vec<Voice>, NodeError> {
        match self.ask(Command::Everybody(key.parse()?)).await? {
            Reply::Everybody(said) => Ok(said),
            other => Err(misfit(other)),
        }
    }

    /// The own keys that any member has and that begin with `prefix`, in order,
    /// and how many members have each.
    ///
    /// # Errors
    /// If the node is not running.
    pub async fn own_keys(&self, prefix: &str) -> Result<Vec<(Key, usize)>, NodeError> {
        match self.ask(Command::Keys(prefix.to_owned())).await? {
            Reply::Keys(keys) => Ok(keys),
            other => Err(misfit(other)),
        }
    }

    /// Writes a shared key as [`Node::put`] does, and returns before it is on
    /// disk, where it is about a second later. If this process or its machine
    /// dies before, the write may be lost: everybody who heard of it drops it
    /// when this node, started again, writes something else before one of them
    /// gives it back. It waits for writes before it that wait for the disk.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put_at_once(
        &self,
        key: &str,
        value: impl Into<Bytes>,
    ) -> Result<WriteId, NodeError> {
        self.hasten(Scope::Shared, key, value.into()).await
    }

    /// Writes a key of this node's own as [`Node::put_at_once`] does.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put_own_at_once(
        &self,
        key: &str,
        value: impl Into<Bytes>,
    ) -> Result<WriteId, NodeError> {
        self.hasten(Scope::Own, key, value.into()).await
    }

    /// Writes many keys, all or none, as [`Node::write`] does, with the
    /// durability of [`Node::put_at_once`].
    ///
    /// # Errors
    /// If the node refuses; then nothing of it has happened.
    pub async fn write_at_once(&self, writes: Vec<Write>) -> Result<Vec<WriteId>, NodeError> {
        match self.ask(Command::WriteAtOnce(writes)).await? {
            Reply::Written(ids) => Ok(ids),
            other => Err(misfit(other)),
        }
    }

    /// Writes a shared key as [`Node::put`] does; the value holds for `ttl`, by
    /// this node's clock. Then it is gone everywhere, and whoever watches is told
    /// that it has expired. Put again, it holds from then on.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put_for(
        &self,
        key: &str,
        value: impl Into<Bytes>,
        ttl: Duration,
    ) -> Result<WriteId, NodeError> {
        self.lend(Scope::Shared, key, value.into(), ttl).await
    }

    /// Writes a key of this node's own as [`Node::put_for`] does.
    ///
    /// # Errors
    /// If key or value are over a limit, or the node refuses.
    pub async fn put_own_for(
        &self,
        key: &str,
        value: impl Into<Bytes>,
        ttl: Duration,
    ) -> Result<WriteId, NodeError> {
        self.lend(Scope::Own, key, value.into(), ttl).await
    }

    async fn lend(
        &self,
        scope: Scope,
        key: &str,
        value: Bytes,
        ttl: Duration,
    ) -> Result<WriteId, NodeError> {
        let write = Write {
            scope,
            key: key.parse()?,
            value: Some(Value::new(value)?),
            ttl: Some(ttl),
            only_if: None,
        };
        let id = self.write(vec![write]).await?.pop();
        id.ok_or(NodeError::Stopped)
    }

    async fn hasten(&self, scope: Scope, key: &str, value: Bytes) -> Result<WriteId, NodeError> {
        let write = Write {
            scope,
            key: key.parse()?,
            value: Some(Value::new(value)?),
            ttl: None,
            only_if: None,
        };
        let id = self.write_at_once(vec![write]).await?.pop();
        id.ok_or(NodeError::Stopped)
    }
}
