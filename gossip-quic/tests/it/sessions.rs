//! Sessions: ordered, two-way, bounded, and each with one end.

use bytes::Bytes;
use gossip_quic::{CloseCode, Event, SendError, SessionEnd, SessionKey, limit};

use crate::common::{Node, Pki, id, pair};

async fn opened(node: &mut Node) -> SessionKey {
    node.until("session", |event| match event {
        Event::SessionOpened { session, .. } => Some(*session),
        _ => None,
    })
    .await
}

async fn closed(node: &mut Node, key: SessionKey) -> SessionEnd {
    node.until("the session's end", |event| match event {
        Event::SessionClosed { session, why } if *session == key => Some(*why),
        _ => None,
    })
    .await
}

async fn message(node: &mut Node) -> Bytes {
    node.until("session message", |event| match event {
        Event::SessionMessage { bytes, .. } => Some(bytes.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn question_and_answer_then_both_finish() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    let at_a = a.endpoint.open_session(&b.id, 7).unwrap();
    assert_eq!(at_a, SessionKey::Opened(7));
    assert_eq!(
        a.endpoint.open_session(&b.id, 7),
        Err(SendError::SessionTaken)
    );
    a.endpoint
        .session_send(at_a, Bytes::from_static(b"question"))
        .unwrap();
    let at_b = opened(&mut b).await;
    assert_eq!(message(&mut b).await, "question");
    let big = Bytes::from(vec![3; 1024 * 1024]);
    b.endpoint.session_send(at_b, big.clone()).unwrap();
    b.endpoint.session_finish(at_b);
    assert_eq!(message(&mut a).await, big);
    a.until("finished", |event| {
        (*event == Event::SessionFinished { session: at_a }).then_some(())
    })
    .await;
    a.endpoint.session_finish(at_a);
    assert_eq!(closed(&mut a, at_a).await, SessionEnd::Finished);
    assert_eq!(closed(&mut b, at_b).await, SessionEnd::Finished);
    assert_eq!(
        a.endpoint.session_send(at_a, Bytes::new()),
        Err(SendError::NoSession)
    );
    a.endpoint.open_session(&b.id, 7).unwrap();
}

#[tokio::test]
async fn a_full_session_becomes_writable_when_the_reader_reads() {
    const MESSAGES: u32 = 200;
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    let key = a.endpoint.open_session(&b.id, 1).unwrap();
    // More than every buffer on the way, with a reader that begins later.
    let body = |n: u32| {
        let mut body = vec![0; 64 * 1024];
        body[..4].copy_from_slice(&n.to_be_bytes());
        Bytes::from(body)
    };
    let mut next = 0;
    while a.endpoint.session_send(key, body(next)).is_ok() {
        next += 1;
    }
    assert_eq!(
        a.endpoint.session_send(key, body(next)),
        Err(SendError::QueueFull)
    );
    assert!(next as usize >= limit::SESSION_MESSAGES);

    let reader = tokio::spawn(async move {
        for n in 0..MESSAGES {
            assert_eq!(
                message(&mut b).await[..4],
                n.to_be_bytes(),
                "in order, none missing"
            );
        }
        b
    });
    while next < MESSAGES {
        match a.endpoint.session_send(key, body(next)) {
            Ok(()) => next += 1,
            Err(SendError::QueueFull) => {
                let want = Event::SessionWritable { session: key };
                a.until("writable", |event| (*event == want).then_some(()))
                    .await;
            }
            Err(other) => panic!("{other}"),
        }
    }
    reader.await.unwrap();
    assert!(a.counters().session_queue_full > 1);
}

#[tokio::test]
async fn a_reset_ends_both_ends_at_once() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    let at_a = a.endpoint.open_session(&b.id, 1).unwrap();
    let at_b = opened(&mut b).await;
    b.endpoint.session_reset(at_b);
    assert_eq!(closed(&mut b, at_b).await, SessionEnd::ResetHere);
    assert_eq!(
        closed(&mut a, at_a).await,
        SessionEnd::ResetByPeer(CloseCode::Normal)
    );
    assert_eq!(a.endpoint.peers().len(), 1, "the peer stays");
}

#[tokio::test]
async fn a_lost_peer_ends_its_sessions_first() {
    let pki = Pki::new("main");
    let (mut a, b) = pair(&pki).await;
    let key = a.endpoint.open_session(&b.id, 1).unwrap();
    opened(&mut a).await;
    drop(b);
    a.until_down(&id("b")).await;
    let ended = Event::SessionClosed {
        session: key,
        why: SessionEnd::ConnectionLost,
    };
    assert!(a.told.contains(&ended), "closed before down: {:?}", a.told);
}
