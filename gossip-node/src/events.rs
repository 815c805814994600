//! Members as they stand, then everything that becomes of them.
//!
//! As a [`Watch`](crate::Watch) is for keys: the driver takes the members and
//! joins the broadcast at one moment, so nothing falls between. Whoever puts
//! the rows into a [`MemberPicture`] and applies every event holds what
//! [`Node::members`](crate::Node::members) answers then.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use gossip_core::base::id::NodeId;
use gossip_core::message::Footing;
use gossip_core::output::{MemberEvent, MemberEventKind, MemberStatus, MemberView, Notification};
use tokio::sync::broadcast;
use tokio_stream::Stream;

use crate::watch::{Subscription, SubscriptionItem};

/// One item of [`Events`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsItem {
    /// A member as it stood when this began.
    Member(MemberView),
    /// All members have been told; events follow.
    Current,
    /// Something happened. Never a change of a key, which is watched with
    /// [`Node::watch`](crate::Node::watch), or what members say to everybody.
    Told(Arc<Notification>),
    /// The reader was too slow: this many notifications of the node, keys
    /// included, are lost to it. Those that follow are complete again; what was
    /// lost shows only in a new list of members.
    Lagged(u64),
}

/// A stream of [`EventsItem`]s; ends when the node stops.
#[derive(Debug)]
pub struct Events {
    members: VecDeque<MemberView>,
    told_current: bool,
    told: Subscription,
}

impl Events {
    pub(crate) fn new(
        members: Vec<MemberView>,
        told: broadcast::Receiver<Arc<Notification>>,
    ) -> Self {
        Self {
            members: members.into(),
            told_current: false,
            told: Subscription::new(Some(told)),
        }
    }

    /// The next item; `None` when the node has stopped.
    pub async fn next(&mut self) -> Option<EventsItem> {
        tokio_stream::StreamExt::next(self).await
    }
}

impl Stream for Events {
    type Item = EventsItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<EventsItem>> {
        if let Some(member) = self.members.pop_front() {
            return Poll::Ready(Some(EventsItem::Member(member)));
        }
        if !self.told_current {
            self.told_current = true;
            return Poll::Ready(Some(EventsItem::Current));
        }
        loop {
            let item = match std::task::ready!(Pin::new(&mut self.told).poll_next(cx)) {
                None => None,
                Some(SubscriptionItem::Lagged(missed)) => Some(EventsItem::Lagged(missed)),
                Some(SubscriptionItem::Told(told)) => match &*told {
                    Notification::Key(_)
                    | Notification::Event(_)
                    | Notification::Missed { .. }
                    | Notification::Asked(_)
                    | Notification::Answer { .. }
                    | Notification::Ended { .. } => continue,
                    _ => Some(EventsItem::Told(told)),
                },
            };
            return Poll::Ready(item);
        }
    }
}

/// What a member is after all events: of a [`MemberView`] what does not change
/// by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSeen {
    /// How it stands.
    pub status: MemberStatus,
    /// Where it stands in its history.
    pub footing: Footing,
    /// Where it says it is.
    pub addrs: Vec<std::net::SocketAddr>,
}

/// Everybody, as told by events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberPicture {
    members: BTreeMap<NodeId, MemberSeen>,
}

impl MemberPicture {
    /// Everybody as [`Node::members`](crate::Node::members) lists them.
    pub fn of(members: &[MemberView]) -> Self {
        let mut picture = Self::default();
        for member in members {
            picture.put(member);
        }
        picture
    }

    /// Everybody, in order of name.
    pub fn members(&self) -> &BTreeMap<NodeId, MemberSeen> {
        &self.members
    }

    /// Takes one item in. `false` for what says that the picture is not true
    /// any more ([`EventsItem::Lagged`]): begin anew.
    pub fn apply(&mut self, item: &EventsItem) -> bool {
        match item {
            EventsItem::Member(member) => self.put(member),
            EventsItem::Told(told) => {
                if let Notification::Member(event) = &**told {
                    self.change(event);
                }
            }
            EventsItem::Current => {}
            EventsItem::Lagged(_) => return false,
        }
        true
    }

    fn put(&mut self, member: &MemberView) {
        let seen = MemberSeen {
            status: member.status,
            footing: member.footing,
            addrs: member.addrs.clone(),
        };
        self.members.insert(member.id.clone(), seen);
    }

    fn change(&mut self, event: &MemberEvent) {
        let before = self.members.get(&event.id).map(|seen| seen.status);
        let status = match &event.kind {
            MemberEventKind::Forgotten { .. } => None,
            kind => status_after(kind).or(before),
        };
        let Some(status) = status else {
            self.members.remove(&event.id);
            return;
        };
        let seen = MemberSeen {
            status,
            footing: event.footing,
            addrs: event.addrs.clone(),
        };
        self.members.insert(event.id.clone(), seen);
    }
}

/// How a member stands after an event; `None`: as before, or not at all.
pub fn status_after(kind: &MemberEventKind) -> Option<MemberStatus> {
    match kind {
        MemberEventKind::Joined { .. } | MemberEventKind::Refuted { .. } => {
            Some(MemberStatus::Alive)
        }
        MemberEventKind::Suspected { .. } => Some(MemberStatus::Suspect),
        MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => Some(MemberStatus::Dead),
        MemberEventKind::Left => Some(MemberStatus::Left),
        MemberEventKind::Updated
        | MemberEventKind::Conflict
        | MemberEventKind::Forgotten { .. } => None,
    }
}
