//! What members say to everybody, and what they ask: events and queries.
//!
//! ```text
//!   node.event("deploy", "v2.1")  ──▶  Hearing at every member, once: HeardItem::Event
//!   node.query("ping", "", …)     ──▶  Hearing of whom it asks:      HeardItem::Asked
//!        Answers ◀── acks, responses ◀── node.respond(&id, "pong")
//! ```
//!
//! An event that was accepted is told to every member that takes part then and
//! in the end is connected, exactly once, or that member is told how many it
//! missed. Where there is no room for another the caller hears it
//! ([`Refusal::Busy`](gossip_core::output::Refusal::Busy)) and may try again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::message::{Ask, Event, EventId, Filter, Run, Said};
use gossip_core::output::{AskCounts, Notification};
use tokio_stream::Stream;

use crate::watch::{Subscription, SubscriptionItem};

/// One item of a [`Hearing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeardItem {
    /// A member, perhaps this one, says something.
    Event(Event),
    /// So many events of an author's run will never be heard here.
    Missed {
        /// Whose, and of which run.
        run: Run,
        /// How many.
        count: u64,
    },
    /// A query asks this node: [`Node::respond`](crate::Node::respond) answers it,
    /// within [`Ask::deadline`].
    Asked(Event),
    /// The reader was too slow: this many notifications of the node, of any
    /// kind, are lost to it.
    Lagged(u64),
}

/// A stream of [`HeardItem`]s; ends when the node stops.
#[derive(Debug)]
pub struct Hearing {
    told: Subscription,
}

impl Hearing {
    pub(crate) const fn new(told: Subscription) -> Self {
        Self { told }
    }

    /// The next item; `None` when the node has stopped.
    pub async fn next(&mut self) -> Option<HeardItem> {
        tokio_stream::StreamExt::next(self).await
    }
}

impl Stream for Hearing {
    type Item = HeardItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<HeardItem>> {
        loop {
            let told = match std::task::ready!(Pin::new(&mut self.told).poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(SubscriptionItem::Lagged(missed)) => {
                    return Poll::Ready(Some(HeardItem::Lagged(missed)));
                }
                Some(SubscriptionItem::Told(told)) => told,
            };
            if let Some(item) = heard(&told) {
                return Poll::Ready(Some(item));
            }
        }
    }
}

fn heard(told: &Arc<Notification>) -> Option<HeardItem> {
    match &**told {
        Notification::Event(event) => Some(HeardItem::Event((**event).clone())),
        Notification::Asked(event) => Some(HeardItem::Asked((**event).clone())),
        Notification::Missed { run, count } => Some(HeardItem::Missed {
            run: run.clone(),
            count: *count,
        }),
        _ => None,
    }
}

/// Whom a query asks, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryOptions {
    /// Whom; everybody, if it is empty.
    pub filter: Filter,
    /// How long this node listens: to a whole millisecond, an hour at most.
    pub deadline: Duration,
    /// Through how many others each answer comes as well: for when the straight
    /// way may be cut.
    pub relays: u32,
}

impl Default for QueryOptions {
    /// Everybody, for five seconds, no relays.
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            deadline: Duration::from_secs(5),
            relays: 0,
        }
    }
}

impl QueryOptions {
    pub(crate) fn ask(self) -> Ask {
        Ask {
            filter: self.filter,
            deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            relays: self.relays,
        }
    }
}

/// One item of [`Answers`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswersItem {
    /// A member is asked, and has heard it.
    Acked {
        /// Who.
        from: NodeId,
    },
    /// A member responds.
    Answered {
        /// Who.
        from: NodeId,
        /// What.
        response: Bytes,
        /// Who handed it on, if it did not come straight. What comes so is as
        /// true as the one who handed it on.
        relay: Option<NodeId>,
    },
    /// It is over, and nothing follows.
    Ended(AskCounts),
    /// The reader was too slow: this many notifications of the node, of any
    /// kind, are lost to it.
    Lagged(u64),
}

/// The answers to one query, as they come; ends with [`AnswersItem::Ended`], or
/// when the node stops.
#[derive(Debug)]
pub struct Answers {
    id: EventId,
    asked: usize,
    over: bool,
    told: Subscription,
}

impl Answers {
    /// `told` began before the query was asked.
    pub(crate) const fn new(id: EventId, asked: usize, told: Subscription) -> Self {
        Self {
            id,
            asked,
            over: false,
            told,
        }
    }

    /// Which query.
    pub const fn id(&self) -> &EventId {
        &self.id
    }

    /// How many it asks, as this node sees it.
    pub const fn asked(&self) -> usize {
        self.asked
    }

    /// The next item; `None` when it is over.
    pub async fn next(&mut self) -> Option<AnswersItem> {
        tokio_stream::StreamExt::next(self).await
    }

    fn item(&self, told: &Notification) -> Option<AnswersItem> {
        match told {
            Notification::Answer {
                to,
                from,
                relay,
                said,
            } if *to == self.id => Some(match said {
                Said::Ack => AnswersItem::Acked { from: from.clone() },
                Said::Response(response) => AnswersItem::Answered {
                    from: from.clone(),
                    response: response.clone(),
                    relay: relay.clone(),
                },
            }),
            Notification::Ended { id, counts } if *id == self.id => {
                Some(AnswersItem::Ended(*counts))
            }
            _ => None,
        }
    }
}

impl Stream for Answers {
    type Item = AnswersItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<AnswersItem>> {
        while !self.over {
            let told = match std::task::ready!(Pin::new(&mut self.told).poll_next(cx)) {
                None => break,
                Some(SubscriptionItem::Lagged(missed)) => {
                    return Poll::Ready(Some(AnswersItem::Lagged(missed)));
                }
                Some(SubscriptionItem::Told(told)) => told,
            };
            if let Some(item) = self.item(&told) {
                self.over = matches!(item, AnswersItem::Ended(_));
                return Poll::Ready(Some(item));
            }
        }
        Poll::Ready(None)
    }
}
