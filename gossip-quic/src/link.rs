//! A link: one live connection with a proven peer that has said Hello.
//!
//! The [`pool`](crate::pool) decides which link of a peer is the best; a link
//! only carries. Everything it reads runs in one task tree, which ends when
//! the connection does: readers first, then the pool forgets the link, so
//! nothing of a peer reaches the host after its `Down`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gossip_core::base::id::NodeId;
use quinn::{Connection, ConnectionError, RecvStream, SendStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::activity::{Activity, Open};
use crate::close::CloseCode;
use crate::event::{Direction, Event};
use crate::frame::{self, FrameError, StreamKind};
use crate::hello::{RECORD_BYTES, going_away, read_record};
use crate::inbox::{Share, reserve_held};
use crate::limit;
use crate::outbox::Waiting;
use crate::rank::Rank;
use crate::session;
use crate::shared::Shared;

/// Sessions on one link at once: as many as both ends grant.
const LINK_SESSIONS: u32 = 2 * limit::BIDI_STREAMS;

/// One live connection with a proven peer.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: NodeId,
    pub(crate) peer_generation: u64,
    pub(crate) own_generation: u64,
    pub(crate) conn_seq: u64,
    pub(crate) direction: Direction,
    pub(crate) rank: Rank,
    pub(crate) connection: Connection,
    pub(crate) share: Arc<Share>,
    pub(crate) activity: Arc<Activity>,
    /// A permit for each message on its way; closed when no more may leave.
    pub(crate) writes: Arc<Semaphore>,
    /// A permit for each session.
    pub(crate) sessions: Arc<Semaphore>,
    /// Our half of the control stream, until we have said that we go away.
    control: Mutex<Option<SendStream>>,
    /// Whether the peer has said that nothing more will come.
    peer_done: watch::Sender<bool>,
    /// Whether the host may still hear of it.
    open: Mutex<bool>,
}

/// What a link is made of.
pub(crate) struct Facts {
    pub(crate) peer: NodeId,
    pub(crate) peer_generation: u64,
    pub(crate) own_generation: u64,
    pub(crate) conn_seq: u64,
    pub(crate) direction: Direction,
    pub(crate) rank: Rank,
}

impl Link {
    pub(crate) fn new(
        facts: Facts,
        connection: Connection,
        control: SendStream,
        share: Arc<Share>,
    ) -> Self {
        let Facts {
            peer,
            peer_generation,
            own_generation,
            conn_seq,
            direction,
            rank,
        } = facts;
        Self {
            peer,
            peer_generation,
            own_generation,
            conn_seq,
            direction,
            rank,
            connection,
            share,
            activity: Activity::new(),
            writes: Arc::new(Semaphore::new(limit::MESSAGES_IN_FLIGHT as usize)),
            sessions: Arc::new(Semaphore::new(LINK_SESSIONS as usize)),
            control: Mutex::new(Some(control)),
            peer_done: watch::Sender::new(false),
            open: Mutex::new(true),
        }
    }

    /// Whether the connection stands. A link in a map proves nothing: it stays
    /// there until its readers have ended.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.close_reason().is_none()
    }

    pub(crate) fn close(&self, code: CloseCode, reason: &str) {
        self.connection.close(code.to_varint(), reason.as_bytes());
    }

    /// From now on the host hears nothing more of this link.
    pub(crate) fn silence(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Tells the host something, unless the link was silenced.
    pub(crate) fn tell(&self, send: impl FnOnce()) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open {
            send();
        }
    }

    /// Says that we go away and sends nothing new; ends when what was on its
    /// way has arrived and the control stream's end is sent.
    async fn quiesce(&self, code: CloseCode) {
        let control = self
            .control
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut control) = control else {
            return;
        };
        if control.write_all(&going_away(code)).await.is_err() {
            return;
        }
        let written = self.writes.acquire_many(limit::MESSAGES_IN_FLIGHT).await;
        self.writes.close();
        drop(written);
        let ended = self.sessions.acquire_many(LINK_SESSIONS).await;
        self.sessions.close();
        drop(ended);
        // An error means that the connection is gone, which is the aim.
        let _ = control.finish();
    }

    /// Lets both directions come to rest, for `bound` at most, and hangs up.
    pub(crate) async fn drain(&self, code: CloseCode, reason: &str, bound: Duration) {
        let rest = async {
            self.quiesce(code).await;
            // An error cannot be: we hold the sender.
            let _ = self.peer_done.subscribe().wait_for(|done| *done).await;
        };
        // A peer that does not come to rest in time is cut off all the same.
        let _ = timeout(bound, rest).await;
        self.close(code, reason);
    }
}

/// Carries what comes in on a link until it ends, then has the pool forget it.
pub(crate) async fn run(shared: Arc<Shared>, link: Arc<Link>, control: RecvStream) {
    tokio::join!(
        read_control(&shared, &link, control),
        read_datagrams(&shared, &link),
        accept_messages(&shared, &link),
        accept_sessions(&shared, &link),
    );
    link.writes.close();
    // Sessions tell the host of their end before the peer's.
    let ended = link.sessions.acquire_many(LINK_SESSIONS).await;
    link.sessions.close();
    drop(ended);
    shared.forget(&link).await;
}

async fn read_control(shared: &Arc<Shared>, link: &Arc<Link>, mut control: RecvStream) {
    loop {
        let mut record = [0; RECORD_BYTES];
        let code = match control.read_exact(&mut record).await {
            Ok(()) => read_record(record),
            Err(quinn::ReadExactError::FinishedEarly(0)) => {
                link.peer_done.send_replace(true);
                return;
            }
            Err(quinn::ReadExactError::ReadError(quinn::ReadError::ConnectionLost(_))) => return,
            Err(_) => None,
        };
        match code {
            Some(CloseCode::Duplicate) => shared.peer_prefers_another(link),
            Some(code) => {
                let link = Arc::clone(link);
                shared.tasks.spawn(async move { link.quiesce(code).await });
            }
            None => {
                shared.cells.refused_protocol.bump();
                link.close(CloseCode::Protocol, "nonsense on the control stream");
                return;
            }
        }
    }
}

async fn read_datagrams(shared: &Shared, link: &Link) {
    while let Ok(bytes) = link.connection.read_datagram().await {
        link.activity.touch();
        link.tell(|| {
            link.share
                .offer_datagram(&shared.inbox, &shared.cells, &link.peer, bytes)
        });
    }
}

async fn accept_messages(shared: &Arc<Shared>, link: &Arc<Link>) {
    let mut readers = JoinSet::new();
    while let Ok(stream) = link.connection.accept_uni().await {
        while readers.try_join_next().is_some() {}
        readers.spawn(read_message(Arc::clone(shared), Arc::clone(link), stream));
    }
    while readers.join_next().await.is_some() {}
}

async fn read_message(shared: Arc<Shared>, link: Arc<Link>, mut stream: RecvStream) {
    let _open = link.activity.open();
    if let Err(error) = try_read_message(&shared, &link, &mut stream).await {
        let code = shared.judge_frame_error(&error);
        // An error means that the stream is over already.
        let _ = stream.stop(code.to_varint());
    }
}

async fn try_read_message(
    shared: &Shared,
    link: &Link,
    stream: &mut RecvStream,
) -> Result<(), FrameError> {
    let kind = frame::read_varint(stream)
        .await?
        .ok_or(FrameError::Truncated)?;
    if StreamKind::from_u64(kind) != Some(StreamKind::Message) {
        return Err(FrameError::UnknownKind(kind));
    }
    let length = frame::read_length(stream)
        .await?
        .ok_or(FrameError::Truncated)?;
    let held = link.share.hold(length).await;
    let bytes = frame::read_body(stream, length).await?;
    if let Some(slot) = reserve_held(&shared.inbox, held).await {
        link.tell(|| {
            shared.cells.messages_received.bump();
            slot.send(Event::Message {
                peer: link.peer.clone(),
                bytes,
            });
        });
    }
    Ok(())
}

async fn accept_sessions(shared: &Arc<Shared>, link: &Arc<Link>) {
    let mut sessions = JoinSet::new();
    while let Ok((send, recv)) = link.connection.accept_bi().await {
        while sessions.try_join_next().is_some() {}
        sessions.spawn(session::accept(
            Arc::clone(shared),
            Arc::clone(link),
            send,
            recv,
        ));
    }
    while sessions.join_next().await.is_some() {}
}

/// Sends the messages of one peer, each on a stream of its own, on whichever
/// link is the best when its turn comes. Ends with the peer.
pub(crate) async fn write_messages(
    shared: Arc<Shared>,
    outbox: Arc<crate::outbox::Outbox>,
    mut best: watch::Receiver<Arc<Link>>,
) {
    let mut writers = JoinSet::new();
    while let Some(waiting) = outbox.pop().await {
        while writers.try_join_next().is_some() {}
        let Some((stream, permit, open)) = open_message(&mut best).await else {
            shared.cells.messages_lost.bump();
            break;
        };
        let shared = Arc::clone(&shared);
        writers.spawn(async move {
            if write_message(stream, waiting).await.is_err() {
                shared.cells.messages_lost.bump();
            }
            drop((permit, open));
        });
    }
    while writers.join_next().await.is_some() {}
}

async fn open_message(
    best: &mut watch::Receiver<Arc<Link>>,
) -> Option<(SendStream, OwnedSemaphorePermit, Open)> {
    loop {
        let link = Arc::clone(&best.borrow_and_update());
        if let Ok(permit) = Arc::clone(&link.writes).acquire_owned().await
            && let Ok(stream) = link.connection.open_uni().await
        {
            let open = link.activity.open();
            return Some((stream, permit, open));
        }
        // Gone or going; the pool names another, or drops the peer.
        best.changed().await.ok()?;
    }
}

/// Done when the peer's QUIC has acknowledged every byte.
async fn write_message(mut stream: SendStream, waiting: Waiting) -> Result<(), ConnectionError> {
    let lost = |_| ConnectionError::LocallyClosed;
    // An error here shows again with the first write.
    let _ = stream.set_priority(waiting.priority.as_i32());
    let kind = bytes::Bytes::from(frame::encode_varint(StreamKind::Message.as_u64()));
    stream.write_chunk(kind).await.map_err(lost)?;
    frame::write_frame(&mut stream, waiting.bytes)
        .await
        .map_err(lost)?;
    let _ = stream.finish();
    match stream.stopped().await {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(_) => Err(ConnectionError::LocallyClosed),
    }
}
