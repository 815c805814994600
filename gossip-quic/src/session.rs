//! Sessions: ordered, two-way exchanges of messages, with back-pressure.
//!
//! ```text
//!  host                     session's task                       peer
//!   │ open ──────────────▶ stream, kind                            │
//!   │ ◀── SessionOpened    │ ─────────────────────▶ SessionOpened  │
//!   │ send (≤ 4 wait) ───▶ │ ── frames ──────────▶ SessionMessage  │
//!   │ QueueFull … SessionWritable                                  │
//!   │ ◀── SessionMessage   │ ◀────────── frames ──                 │
//!   │ finish ────────────▶ │ ── end ─────────────▶ SessionFinished │
//!   │ ◀── SessionClosed    │   both ended, or reset, or lost       │
//! ```
//!
//! Bulk travels here, so sessions yield to everything else on the connection.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use quinn::{ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use crate::close::CloseCode;
use crate::error::SendError;
use crate::event::{Event, SessionEnd, SessionKey};
use crate::frame::{self, FrameError, StreamKind};
use crate::inbox::{Share, reserve_held};
use crate::limit::{SESSION_MESSAGES, SESSIONS, STREAM_MESSAGE_BYTES};
use crate::link::Link;
use crate::shared::Shared;

/// QUIC's priority of a session: after all else.
const SESSION_PRIORITY: i32 = -10;

/// The host's end of a session.
#[derive(Debug)]
struct Handle {
    /// None once finished.
    queue: Option<mpsc::Sender<Bytes>>,
    /// Whether the host waits for `SessionWritable`.
    refused: Arc<AtomicBool>,
    reset: Arc<Notify>,
}

/// The task's end of a session.
struct Task {
    key: SessionKey,
    queue: mpsc::Receiver<Bytes>,
    refused: Arc<AtomicBool>,
    reset: Arc<Notify>,
}

/// Every session of an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    handles: Mutex<BTreeMap<SessionKey, Handle>>,
    next: AtomicU64,
}

impl Sessions {
    fn handles(&self) -> MutexGuard<'_, BTreeMap<SessionKey, Handle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, key: SessionKey) -> Result<Task, SendError> {
        let same_way = |known: &SessionKey| {
            matches!(known, SessionKey::Opened(_)) == matches!(key, SessionKey::Opened(_))
        };
        let mut handles = self.handles();
        if handles.contains_key(&key) {
            return Err(SendError::SessionTaken);
        }
        if handles.keys().filter(|known| same_way(known)).count() >= SESSIONS {
            return Err(SendError::LimitReached);
        }
        let (sender, queue) = mpsc::channel(SESSION_MESSAGES);
        let (refused, reset) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let handle = Handle {
            queue: Some(sender),
            refused: Arc::clone(&refused),
            reset: Arc::clone(&reset),
        };
        handles.insert(key, handle);
        Ok(Task {
            key,
            queue,
            refused,
            reset,
        })
    }

    /// Queues a message of a session.
    pub(crate) fn send(&self, key: SessionKey, bytes: Bytes) -> Result<(), SendError> {
        if bytes.len() > STREAM_MESSAGE_BYTES {
            return Err(SendError::TooLarge {
                bytes: bytes.len(),
                max: STREAM_MESSAGE_BYTES,
            });
        }
        let handles = self.handles();
        let handle = handles.get(&key).ok_or(SendError::NoSession)?;
        let queue = handle.queue.as_ref().ok_or(SendError::NoSession)?;
        let bytes = match queue.try_send(bytes) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(SendError::NoSession),
            Err(TrySendError::Full(bytes)) => bytes,
        };
        // Said before the second try: whoever makes room after it will see it.
        handle.refused.store(true, Ordering::SeqCst);
        queue.try_send(bytes).map_err(|error| match error {
            TrySendError::Full(_) => SendError::QueueFull,
            TrySendError::Closed(_) => SendError::NoSession,
        })
    }

    /// Nothing more will be sent.
    pub(crate) fn finish(&self, key: SessionKey) {
        if let Some(handle) = self.handles().get_mut(&key) {
            handle.queue = None;
        }
    }

    /// Ends a session at once.
    pub(crate) fn reset(&self, key: SessionKey) {
        if let Some(handle) = self.handles().get(&key) {
            handle.reset.notify_one();
        }
    }
}

/// Opens a session by the best link with a peer.
pub(crate) fn open(
    shared: &Arc<Shared>,
    peer: &NodeId,
    number: u64,
) -> Result<SessionKey, SendError> {
    let link = shared.pool().best(peer).ok_or(SendError::NotConnected)?;
    let key = SessionKey::Opened(number);
    let task = shared.sessions.register(key).inspect_err(|error| {
        if *error == SendError::LimitReached {
            shared.cells.sessions_over_limit.bump();
        }
    })?;
    shared
        .tasks
        .spawn(run_opened(Arc::clone(shared), link, task));
    Ok(key)
}

async fn run_opened(shared: Arc<Shared>, link: Arc<Link>, task: Task) {
    let permit = Arc::clone(&link.sessions).acquire_owned().await;
    let opening = async {
        permit.as_ref().ok()?;
        let (mut send, recv) = link.connection.open_bi().await.ok()?;
        let _ = send.set_priority(SESSION_PRIORITY);
        frame::write_kind(&mut send, StreamKind::Session)
            .await
            .ok()?;
        Some((send, recv))
    };
    let opened = tokio::select! {
        opened = opening => opened.ok_or(SessionEnd::ConnectionLost),
        () = task.reset.notified() => Err(SessionEnd::ResetHere),
    };
    match opened {
        Ok((send, recv)) => run(&shared, &link, task, send, recv).await,
        Err(why) => close(&shared, task.key, why).await,
    }
    drop(permit);
}

/// Sees what a peer wants with a two-way stream, and serves it if it is a session.
pub(crate) async fn accept(
    shared: Arc<Shared>,
    link: Arc<Link>,
    mut send: SendStream,
    mut recv: RecvStream,
) {
    let kind = match frame::read_varint(&mut recv).await {
        Ok(Some(kind)) if kind == StreamKind::Session.as_u64() => Ok(()),
        Ok(Some(kind)) => Err(FrameError::UnknownKind(kind)),
        Ok(None) => Err(FrameError::Truncated),
        Err(error) => Err(error),
    };
    if let Err(error) = kind {
        return turn_away(&mut send, &mut recv, shared.judge_frame_error(&error));
    }
    let permit = Arc::clone(&link.sessions).acquire_owned().await;
    let key = SessionKey::Accepted(shared.sessions.next.fetch_add(1, Ordering::Relaxed));
    let (Ok(_permit), Ok(task)) = (permit, shared.sessions.register(key)) else {
        shared.cells.sessions_over_limit.bump();
        return turn_away(&mut send, &mut recv, CloseCode::Limit);
    };
    let _ = send.set_priority(SESSION_PRIORITY);
    run(&shared, &link, task, send, recv).await;
}

/// Errors mean that the stream is over already.
fn turn_away(send: &mut SendStream, recv: &mut RecvStream, code: CloseCode) {
    let _ = send.reset(code.to_varint());
    let _ = recv.stop(code.to_varint());
}

async fn run(shared: &Shared, link: &Link, task: Task, mut send: SendStream, mut recv: RecvStream) {
    let _open = link.activity.open();
    let Task {
        key,
        mut queue,
        refused,
        reset,
    } = task;
    shared.cells.sessions_opened.bump();
    shared
        .tell(Event::SessionOpened {
            peer: link.peer.clone(),
            session: key,
        })
        .await;
    let exchange = async {
        let writing = write(shared, key, &mut queue, &refused, &mut send);
        let reading = read(shared, key, &link.share, &mut recv);
        match tokio::try_join!(writing, reading) {
            Ok(_) => SessionEnd::Finished,
            Err(why) => why,
        }
    };
    let why = tokio::select! {
        biased;
        () = reset.notified() => SessionEnd::ResetHere,
        why = exchange => why,
    };
    match why {
        SessionEnd::Finished | SessionEnd::ConnectionLost => {}
        SessionEnd::Malformed => turn_away(&mut send, &mut recv, CloseCode::Protocol),
        SessionEnd::ResetHere | SessionEnd::ResetByPeer(_) => {
            turn_away(&mut send, &mut recv, CloseCode::Normal);
        }
    }
    close(shared, key, why).await;
}

async fn close(shared: &Shared, key: SessionKey, why: SessionEnd) {
    shared.sessions.handles().remove(&key);
    shared
        .tell(Event::SessionClosed { session: key, why })
        .await;
}

/// Sends what the host queues, to its end and the peer's acknowledgement.
async fn write(
    shared: &Shared,
    key: SessionKey,
    queue: &mut mpsc::Receiver<Bytes>,
    refused: &AtomicBool,
    send: &mut SendStream,
) -> Result<(), SessionEnd> {
    let failed = |error| match error {
        WriteError::Stopped(code) => by_peer(code),
        _ => SessionEnd::ConnectionLost,
    };
    while let Some(bytes) = queue.recv().await {
        if refused.swap(false, Ordering::SeqCst) {
            shared.tell(Event::SessionWritable { session: key }).await;
        }
        frame::write_frame(send, bytes).await.map_err(failed)?;
    }
    // An error shows in the wait for the acknowledgement.
    let _ = send.finish();
    match send.stopped().await {
        Ok(None) => Ok(()),
        Ok(Some(code)) => Err(by_peer(code)),
        Err(_) => Err(SessionEnd::ConnectionLost),
    }
}

/// Hands the host what the peer sends, to its end.
async fn read(
    shared: &Shared,
    key: SessionKey,
    share: &Share,
    recv: &mut RecvStream,
) -> Result<(), SessionEnd> {
    let failed = |error: FrameError| {
        shared.judge_frame_error(&error);
        match error {
            FrameError::Stream(ReadError::Reset(code)) => by_peer(code),
            FrameError::Stream(_) => SessionEnd::ConnectionLost,
            _ => SessionEnd::Malformed,
        }
    };
    while let Some(length) = frame::read_length(recv).await.map_err(failed)? {
        let held = share.hold(length).await;
        let bytes = frame::read_body(recv, length).await.map_err(failed)?;
        if let Some(slot) = reserve_held(&shared.inbox, held).await {
            slot.send(Event::SessionMessage {
                session: key,
                bytes,
            });
        }
    }
    shared.tell(Event::SessionFinished { session: key }).await;
    Ok(())
}

fn by_peer(code: VarInt) -> SessionEnd {
    SessionEnd::ResetByPeer(CloseCode::from_varint(code))
}
