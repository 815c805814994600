//! A watch: some keys as they stand, then every change to them, once each.
//!
//! The driver takes the rows and joins the broadcast at one moment, between
//! two inputs of the core, so no change falls between them and none comes
//! twice. A program that reads too slowly is told how much it missed
//! ([`WatchItem::Lagged`]) rather than slowing the node down; it may then list
//! the keys again, or watch anew.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::output::{KeyEvent, Notification, Row};
use tokio::sync::broadcast;
use tokio_stream::Stream;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

/// One item of a [`Watch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchItem {
    /// A key as it stood when the watch began.
    Row(Row),
    /// All rows have been told; changes follow.
    Current,
    /// A key changed.
    Changed(KeyEvent),
    /// The reader was too slow: this many notifications of the node, about
    /// any key or member, are lost to it. Those that follow are complete again.
    Lagged(u64),
}

/// A stream of [`WatchItem`]s; ends when the node stops.
#[derive(Debug)]
pub struct Watch {
    space: Space,
    prefix: String,
    rows: VecDeque<Row>,
    told_current: bool,
    changes: BroadcastStream<Arc<Notification>>,
}

impl Watch {
    pub(crate) fn new(
        space: Space,
        prefix: String,
        rows: Vec<Row>,
        changes: broadcast::Receiver<Arc<Notification>>,
    ) -> Self {
        Self {
            space,
            prefix,
            rows: rows.into(),
            told_current: false,
            changes: BroadcastStream::new(changes),
        }
    }

    /// The next item; `None` when the node has stopped.
    pub async fn next(&mut self) -> Option<WatchItem> {
        tokio_stream::StreamExt::next(self).await
    }

    fn concerns(&self, event: &KeyEvent) -> bool {
        let here = match &self.space {
            Space::Shared => event.scope == Scope::Shared,
            Space::Own(member) => event.scope == Scope::Own && event.write.author == *member,
        };
        here && event.key.as_str().starts_with(&self.prefix)
    }
}

impl Stream for Watch {
    type Item = WatchItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchItem>> {
        if let Some(row) = self.rows.pop_front() {
            return Poll::Ready(Some(WatchItem::Row(row)));
        }
        if !self.told_current {
            self.told_current = true;
            return Poll::Ready(Some(WatchItem::Current));
        }
        loop {
            let item = match std::task::ready!(Pin::new(&mut self.changes).poll_next(cx)) {
                None => None,
                Some(Err(BroadcastStreamRecvError::Lagged(missed))) => {
                    Some(WatchItem::Lagged(missed))
                }
                Some(Ok(notification)) => match &*notification {
                    Notification::Key(event) if self.concerns(event) => {
                        Some(WatchItem::Changed(event.clone()))
                    }
                    _ => continue,
                },
            };
            return Poll::Ready(item);
        }
    }
}

/// One item of a [`Subscription`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionItem {
    /// What the node tells.
    Told(Arc<Notification>),
    /// The reader was too slow: this many are lost to it.
    Lagged(u64),
}

/// A stream of everything a node tells; ends when the node stops.
#[derive(Debug)]
pub struct Subscription {
    told: Option<BroadcastStream<Arc<Notification>>>,
}

impl Subscription {
    /// `None`: the node has stopped already.
    pub(crate) fn new(told: Option<broadcast::Receiver<Arc<Notification>>>) -> Self {
        Self {
            told: told.map(BroadcastStream::new),
        }
    }

    /// The next item; `None` when the node has stopped.
    pub async fn next(&mut self) -> Option<SubscriptionItem> {
        tokio_stream::StreamExt::next(self).await
    }
}

impl Stream for Subscription {
    type Item = SubscriptionItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SubscriptionItem>> {
        let Some(told) = &mut self.told else {
            return Poll::Ready(None);
        };
        let item = std::task::ready!(Pin::new(told).poll_next(cx));
        Poll::Ready(item.map(|item| match item {
            Ok(notification) => SubscriptionItem::Told(notification),
            Err(BroadcastStreamRecvError::Lagged(missed)) => SubscriptionItem::Lagged(missed),
        }))
    }
}
