//! Duplicate connections: whoever dials, whoever restarts, one survives, the
//! same on both ends, and the host hears of each process once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use gossip_quic::{DialError, Dialing, Direction, DownReason, Event, Priority, Target, TargetName};
use tokio::net::UdpSocket;

use crate::common::{Node, Pki, config, eventually, id};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    A,
    B,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    /// Nothing was.
    Nothing,
    /// They were connected, then one was restarted and its connections closed.
    Restart(Who),
    /// They were connected, then one was restarted, and its ghost still answers.
    Ghost(Who),
}

async fn dial(who: Who, a: &mut Node, b: &mut Node) {
    if who != Who::B {
        assert_eq!(a.endpoint.dial(b.target()), Ok(Dialing::Started));
    }
    if who != Who::A {
        assert_eq!(b.endpoint.dial(a.target()), Ok(Dialing::Started));
    }
    if who != Who::B {
        assert_eq!(
            a.outcome(&TargetName::Member(b.id.clone())).await,
            Ok(b.id.clone())
        );
    }
    if who != Who::A {
        assert_eq!(
            b.outcome(&TargetName::Member(a.id.clone())).await,
            Ok(a.id.clone())
        );
    }
}

/// One connection, the same on both ends, and it carries both ways.
async fn settled(a: &mut Node, b: &mut Node) {
    let only = |node: &Node| match &node.endpoint.peers()[..] {
        [peer] if peer.connections == 1 => Some(peer.clone()),
        _ => None,
    };
    eventually("one connection on both ends", || {
        only(a).is_some() && only(b).is_some()
    })
    .await;
    let (at_a, at_b) = (only(a).unwrap(), only(b).unwrap());
    assert_ne!(at_a.direction, at_b.direction, "both kept the same one");
    assert_eq!((at_a.remote_addr, at_b.remote_addr), (b.addr(), a.addr()));
    carries(a, b).await;
    carries(b, a).await;
}

async fn carries(from: &mut Node, to: &mut Node) {
    let body = Bytes::from(format!("from {}", from.id));
    from.endpoint
        .send_message(&to.id, body.clone(), Priority::Normal)
        .unwrap();
    let want = Event::Message {
        peer: from.id.clone(),
        bytes: body,
    };
    to.until("the message", |event| (*event == want).then_some(()))
        .await;
}

async fn case(first: Who, before: Before) {
    let pki = Pki::new("main");
    let (mut a, mut b) = (pki.start("a"), pki.start("b"));
    let mut ghost = None;
    if before != Before::Nothing {
        dial(Who::Both, &mut a, &mut b).await;
        settled(&mut a, &mut b).await;
    }
    match before {
        Before::Nothing => {}
        Before::Restart(who) | Before::Ghost(who) => {
            let (old, other) = if who == Who::A {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            let name = old.id.to_string();
            let old = std::mem::replace(old, pki.start_with(&name, config(2)));
            if let Before::Restart(_) = before {
                drop(old);
                other.until_down(&id(&name)).await;
            } else {
                ghost = Some(old);
            }
        }
    }
    // A survivor that believes in the ghost has no reason to dial.
    let first = match (before, first) {
        (Before::Ghost(who), _) => who,
        (_, first) => first,
    };
    dial(first, &mut a, &mut b).await;
    settled(&mut a, &mut b).await;

    let (at_a, at_b) = (a.ups_and_downs(&id("b")), b.ups_and_downs(&id("a")));
    let want = match before {
        Before::Nothing => ((1, 0), (1, 0)),
        // The new process knows one life of the other, the other two of it.
        Before::Restart(Who::A) | Before::Ghost(Who::A) => ((1, 0), (2, 1)),
        Before::Restart(_) | Before::Ghost(_) => ((2, 1), (1, 0)),
    };
    assert_eq!((at_a, at_b), want, "first {first:?}, before {before:?}");
    if let (Before::Ghost(who), Some(mut ghost)) = (before, ghost) {
        let (survivor, name) = if who == Who::A { (&b, "a") } else { (&a, "b") };
        let replaced = Event::Down {
            peer: id(name),
            why: DownReason::Replaced { generation: 2 },
        };
        assert!(survivor.told.contains(&replaced), "{:?}", survivor.told);
        // Both times it is told by whom it is outlived.
        match ghost.until_down(&survivor.id).await {
            DownReason::ClosedByPeer { code, reason } => {
                assert_eq!(code.outlived_by(&reason), Some(2));
            }
            other => panic!("{other:?}"),
        }
        // The ghost cannot come back beside its successor.
        match ghost.dialed(survivor.target()).await {
            Err(DialError::Refused { code, reason, .. }) => {
                assert_eq!(code.outlived_by(&reason), Some(2));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn glare_and_single_dials_leave_one_connection() {
    for first in [Who::A, Who::B, Who::Both] {
        case(first, Before::Nothing).await;
    }
}

#[tokio::test]
async fn a_restarted_node_comes_up_again_whoever_dials() {
    for first in [Who::A, Who::B, Who::Both] {
        for restarted in [Who::A, Who::B] {
            case(first, Before::Restart(restarted)).await;
        }
    }
}

#[tokio::test]
async fn a_restarted_node_beats_its_own_ghost() {
    for restarted in [Who::A, Who::B] {
        case(restarted, Before::Ghost(restarted)).await;
    }
}

#[tokio::test]
async fn glare_settles_the_same_many_times() {
    let pki = Pki::new("main");
    for _ in 0..20 {
        let (mut a, mut b) = (pki.start("a"), pki.start("b"));
        dial(Who::Both, &mut a, &mut b).await;
        settled(&mut a, &mut b).await;
        assert_eq!(a.ups_and_downs(&id("b")), (1, 0));
        assert_eq!(b.ups_and_downs(&id("a")), (1, 0));
    }
}

#[tokio::test]
async fn nothing_sent_during_a_glare_is_lost() {
    const MESSAGES: usize = 300;
    let pki = Pki::new("main");
    let (mut a, mut b) = (pki.start("a"), pki.start("b"));
    assert_eq!(a.endpoint.dial(b.target()), Ok(Dialing::Started));
    assert_eq!(b.endpoint.dial(a.target()), Ok(Dialing::Started));
    a.until_up(&id("b")).await;
    for n in 0..MESSAGES {
        let body = Bytes::from(vec![n as u8; 500]);
        a.endpoint
            .send_message(&b.id, body, Priority::Normal)
            .unwrap();
    }
    let mut arrived = 0;
    b.until("every message", |event| {
        arrived += usize::from(matches!(event, Event::Message { .. }));
        (arrived == MESSAGES).then_some(())
    })
    .await;
    settled(&mut a, &mut b).await;
    assert_eq!(a.counters().messages_lost, 0);
}

/// Passes packets between whoever sends first and `to`, until it is cut.
async fn wire(to: SocketAddr) -> (SocketAddr, Arc<AtomicBool>) {
    let front = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let back = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    back.connect(to).await.unwrap();
    let (addr, cut) = (
        front.local_addr().unwrap(),
        Arc::new(AtomicBool::new(false)),
    );
    let is_cut = Arc::clone(&cut);
    tokio::spawn(async move {
        let (mut there, mut here) = (vec![0; 65_536], vec![0; 65_536]);
        let mut dialer = None;
        loop {
            let (socket, len) = tokio::select! {
                Ok((len, from)) = front.recv_from(&mut there) => {
                    // A knock comes from a socket of its own.
                    if len > 0 {
                        dialer = Some(from);
                    }
                    (&back, len)
                }
                Ok(len) = back.recv(&mut here) => (&front, len),
            };
            if is_cut.load(Ordering::SeqCst) {
                continue;
            }
            let _ = match (std::ptr::eq(socket, &back), dialer) {
                (true, _) => back.send(&there[..len]).await,
                (false, Some(dialer)) => front.send_to(&here[..len], dialer).await,
                (false, None) => Ok(0),
            };
        }
    });
    (addr, cut)
}

#[tokio::test]
async fn a_connection_only_one_end_believes_in_is_replaced() {
    let pki = Pki::new("main");
    let (mut a, mut b) = (pki.start("a"), pki.start("b"));
    // The greater name dials, so its connection outranks any that a dials.
    let (through, cut) = wire(a.addr()).await;
    assert_eq!(
        b.dialed(Target::member(id("a"), [through])).await,
        Ok(id("a"))
    );
    a.until_up(&id("b")).await;
    // a hangs up, and b never hears of it.
    cut.store(true, Ordering::SeqCst);
    a.endpoint.disconnect(&b.id, "unheard");
    a.until_down(&id("b")).await;
    assert_eq!(b.endpoint.peers().len(), 1, "b still believes");

    assert_eq!(a.dialed(b.target()).await, Ok(id("b")));
    settled(&mut a, &mut b).await;
    assert_eq!(
        b.endpoint.peers()[0].direction,
        Direction::Accepted,
        "the new one"
    );
    assert_eq!(
        b.ups_and_downs(&id("a")),
        (1, 0),
        "the same process all along"
    );
}
