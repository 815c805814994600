//! A watch: some keys as they stand, then every change to them, once each.
//!
//! The driver takes the rows and opens the watch's queue at one moment, between
//! two inputs of the core, so no change falls between them and none comes
//! twice. A program that reads too slowly is told exactly how many changes it
//! missed ([`WatchItem::Lagged`]) rather than slowing the node down.
//!
//! ```text
//!   begin            Row … Row  Current(c)  Changed …
//!   resume from c    Changed …  Current(d)  Changed …     what it missed first
//!   c is too old     Anew  Row … Row  Current(d)  Changed …
//! ```
//!
//! Whoever keeps [`Watch::cursor`] can resume: after a lag, after its own
//! restart, wherever the same run of the same node still knows what came after.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use gossip_core::message::{Key, Stamp, WriteId};
use gossip_core::output::{Begins, KeyEvent, Notification, Row, Watching};
use gossip_core::watched::Cursor;
use tokio::sync::broadcast;
use tokio_stream::Stream;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use crate::feed::{Fed, Reader};

/// One item of a [`Watch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchItem {
    /// What came after the cursor is no longer known: forget what you hold.
    /// The keys as they stand follow.
    Anew,
    /// A key as it stood when the watch began.
    Row(Row),
    /// That is how it stands, or what was missed; changes follow. Behind it is
    /// this cursor.
    Current(Cursor),
    /// A key changed.
    Changed(KeyEvent),
    /// Of two concurrent writes to a shared key one lost.
    Conflict {
        /// Which key.
        key: Key,
        /// The write that stands, and when it was made.
        won: (WriteId, Stamp),
        /// The write that is lost, and when it was made.
        lost: (WriteId, Stamp),
        /// Its place in the order of what the node tells of keys.
        cursor: Cursor,
    },
    /// The reader was too slow: exactly this many items of this watch are lost
    /// to it, between the last one and the next. Those that follow are complete
    /// again. To have what was lost, resume from [`Watch::cursor`] before the
    /// next item is read.
    Lagged(u64),
}

/// A stream of [`WatchItem`]s; ends when the node stops.
#[derive(Debug)]
pub struct Watch {
    /// What comes before the queue.
    first: VecDeque<WatchItem>,
    cursor: Option<Cursor>,
    lagged: bool,
    reader: Reader,
}

impl Watch {
    pub(crate) fn new(watching: Watching, from: Option<Cursor>, reader: Reader) -> Self {
        let mut first = VecDeque::new();
        let cursor = match watching.begins {
            Begins::Stands(rows) => {
                first.extend(rows.into_iter().map(WatchItem::Row));
                None
            }
            Begins::Anew(rows) => {
                first.push_back(WatchItem::Anew);
                first.extend(rows.into_iter().map(WatchItem::Row));
                None
            }
            Begins::Missed(missed) => {
                first.extend(missed.into_iter().filter_map(item));
                from
            }
        };
        first.push_back(WatchItem::Current(watching.cursor));
        Self {
            first,
            cursor,
            lagged: false,
            reader,
        }
    }

    /// The next item; `None` when the node has stopped.
    pub async fn next(&mut self) -> Option<WatchItem> {
        tokio_stream::StreamExt::next(self).await
    }

    /// From where to resume with
    /// [`Node::watch_from`](crate::Node::watch_from): behind the last item read,
    /// or, after [`WatchItem::Lagged`], before what was lost. `None`: not all
    /// keys that stood at the beginning have been read.
    pub fn cursor(&self) -> Option<Cursor> {
        let behind_all = match self.first.is_empty() && !self.lagged {
            true => self.reader.level(),
            false => None,
        };
        behind_all.or(self.cursor)
    }
}

impl Stream for Watch {
    type Item = WatchItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchItem>> {
        let next = match self.first.pop_front() {
            Some(first) => Some(first),
            None => loop {
                match ready!(self.reader.poll(cx)) {
                    None => break None,
                    Some(Fed::Lagged(missed)) => break Some(WatchItem::Lagged(missed)),
                    Some(Fed::Told(told)) => {
                        if let Some(item) = item(Arc::unwrap_or_clone(told)) {
                            break Some(item);
                        }
                    }
                }
            },
        };
        match &next {
            Some(WatchItem::Current(cursor) | WatchItem::Conflict { cursor, .. }) => {
                self.cursor = Some(*cursor);
                self.lagged = false;
            }
            Some(WatchItem::Changed(event)) => {
                self.cursor = Some(event.cursor);
                self.lagged = false;
            }
            Some(WatchItem::Lagged(_)) => self.lagged = true,
            Some(WatchItem::Anew | WatchItem::Row(_)) | None => {}
        }
        Poll::Ready(next)
    }
}

/// What a watch says of a notification; `None`: nothing, it is not of a key.
fn item(told: Notification) -> Option<WatchItem> {
    match told {
        Notification::Key(event) => Some(WatchItem::Changed(event)),
        Notification::Conflict {
            key,
            won,
            lost,
            cursor,
        } => Some(WatchItem::Conflict {
            key,
            won,
            lost,
            cursor,
        }),
        _ => None,
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
