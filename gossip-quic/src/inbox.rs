//! The inbox: one bounded queue to the host, and each peer's share of it.
//!
//! A peer may have only so many datagrams and so many bytes of messages
//! waiting. Datagrams beyond that are dropped and counted, for a late probe is
//! worth nothing; streams are simply not read on, and QUIC's flow control
//! tells the sender. So a flood costs the flooder, not its neighbours.
//!
//! What goes to the host is wrapped with the share it uses, which is given
//! back the moment the host takes it out.

use std::sync::Arc;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::counters::Cells;
use crate::event::Event;
use crate::limit;

/// An event, and the share of its peer that it uses. No event is the end.
#[derive(Debug)]
pub(crate) struct Envelope {
    event: Option<Event>,
    _share: Vec<OwnedSemaphorePermit>,
}

impl Envelope {
    /// The last there is.
    pub(crate) const END: Self = Self {
        event: None,
        _share: Vec::new(),
    };
}

impl From<Event> for Envelope {
    fn from(event: Event) -> Self {
        Self {
            event: Some(event),
            _share: Vec::new(),
        }
    }
}

/// The sending half of the queue to the host.
pub(crate) type Inbox = mpsc::Sender<Envelope>;

/// The receiving end of an endpoint's events.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Envelope>);

impl Events {
    /// The next event; `None` when the endpoint is closed and everything was told.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await?.event.or_else(|| self.end())
    }

    /// The next event, if one waits.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()?.event.or_else(|| self.end())
    }

    fn end(&mut self) -> Option<Event> {
        self.0.close();
        None
    }
}

/// The queue to the host.
pub(crate) fn inbox() -> (Inbox, Events) {
    let (sender, receiver) = mpsc::channel(limit::EVENTS);
    (sender, Events(receiver))
}

/// One peer's share of the queue.
#[derive(Debug)]
pub(crate) struct Share {
    datagrams: Arc<Semaphore>,
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// The part of a share that one message uses, from before its first byte is
/// allocated until the host has it.
#[derive(Debug)]
pub(crate) struct Held(Vec<OwnedSemaphorePermit>);

impl Share {
    pub(crate) fn new() -> Self {
        Self {
            datagrams: Arc::new(Semaphore::new(limit::INBOUND_DATAGRAMS)),
            messages: Arc::new(Semaphore::new(limit::INBOUND_MESSAGES)),
            bytes: Arc::new(Semaphore::new(limit::INBOUND_BYTES)),
        }
    }

    /// Hands a datagram to the host, or drops it.
    pub(crate) fn offer_datagram(&self, inbox: &Inbox, cells: &Cells, peer: &NodeId, bytes: Bytes) {
        let Ok(permit) = Arc::clone(&self.datagrams).try_acquire_owned() else {
            cells.datagrams_over_share.bump();
            return;
        };
        let event = Event::Datagram {
            peer: peer.clone(),
            bytes,
        };
        match inbox.try_send(Envelope {
            event: Some(event),
            _share: vec![permit],
        }) {
            Ok(()) => cells.datagrams_received.bump(),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                cells.datagrams_over_share.bump()
            }
        }
    }

    /// Waits until a message of this length may be put together.
    pub(crate) async fn hold(&self, length: usize) -> Held {
        let weight = u32::try_from(length.min(limit::INBOUND_BYTES)).unwrap_or(u32::MAX);
        let message = Arc::clone(&self.messages).acquire_owned().await;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(weight).await;
        // Neither semaphore is ever closed.
        Held(message.into_iter().chain(bytes).collect())
    }
}

/// A place in the queue for one event, with the share it will use.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    permit: mpsc::Permit<'a, Envelope>,
    held: Held,
}

impl Slot<'_> {
    pub(crate) fn send(self, event: Event) {
        self.permit.send(Envelope {
            event: Some(event),
            _share: self.held.0,
        });
    }
}

/// Waits for a place in the queue; `None` when the host is gone.
pub(crate) async fn reserve_held(inbox: &Inbox, held: Held) -> Option<Slot<'_>> {
    Some(Slot {
        permit: inbox.reserve().await.ok()?,
        held,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_share_is_bounded_and_comes_back() {
        let ((inbox, mut events), cells) = (inbox(), Cells::default());
        let (share, peer) = (Share::new(), "a".parse().unwrap());
        let other = (Share::new(), "b".parse().unwrap());
        for _ in 0..limit::INBOUND_DATAGRAMS + 10 {
            share.offer_datagram(&inbox, &cells, &peer, Bytes::new());
        }
        assert_eq!(cells.snapshot().datagrams_over_share, 10);
        other
            .0
            .offer_datagram(&inbox, &cells, &other.1, Bytes::new());
        assert_eq!(
            cells.snapshot().datagrams_over_share,
            10,
            "the other's share is its own"
        );
        events.recv().await.unwrap();
        share.offer_datagram(&inbox, &cells, &peer, Bytes::new());
        assert_eq!(
            cells.snapshot().datagrams_over_share,
            10,
            "what the host took is free again"
        );
    }

    #[tokio::test]
    async fn the_biggest_message_fits_into_an_empty_share() {
        let share = Share::new();
        let held = share.hold(limit::STREAM_MESSAGE_BYTES).await;
        assert_eq!(
            share.bytes.available_permits(),
            limit::INBOUND_BYTES - limit::STREAM_MESSAGE_BYTES
        );
        drop(held);
        assert_eq!(share.bytes.available_permits(), limit::INBOUND_BYTES);
    }
}
