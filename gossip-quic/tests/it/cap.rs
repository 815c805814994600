//! More peers than are kept connected: those at rest make room, nobody else.

use bytes::Bytes;
use gossip_quic::{CloseCode, DownReason, Event, SessionKey};

use crate::common::{Node, Pki, config, connect, eventually, id};

const KEPT: usize = 4;
const PEERS: usize = 10;

fn hub(pki: &Pki, kept: usize) -> Node {
    let mut config = config(1);
    config.limits.peers = kept;
    pki.start_with("hub", config)
}

/// Waits until a peer was hung up on, and sees how.
async fn spared(peer: &mut Node) {
    match peer.until_down(&id("hub")).await {
        DownReason::ClosedByPeer { code, .. } => assert_eq!(code, CloseCode::Spared),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_longest_unused_makes_room_whoever_dials() {
    let pki = Pki::new("main");
    let mut hub = hub(&pki, KEPT);
    let mut peers: Vec<Node> = (0..PEERS).map(|n| pki.start(&format!("n{n}"))).collect();
    for n in 0..PEERS {
        let newcomer = &mut peers[n];
        if n % 2 == 0 {
            connect(newcomer, &mut hub).await;
        } else {
            connect(&mut hub, newcomer).await;
        }
        // The oldest goes, and hears why; and only then are they few again.
        if n >= KEPT {
            spared(&mut peers[n - KEPT]).await;
        }
        eventually("the bound", || hub.endpoint.peers().len() <= KEPT).await;
    }
    let mut up: Vec<_> = hub.endpoint.peers().into_iter().map(|p| p.id).collect();
    up.sort();
    let newest: Vec<_> = (PEERS - KEPT..PEERS)
        .map(|n| id(&format!("n{n}")))
        .collect();
    assert_eq!(up, newest, "each newcomer stayed until it was the oldest");
    let counters = hub.counters();
    assert_eq!(counters.peers_spared, (PEERS - KEPT) as u64);
    assert_eq!(counters.peers_over_limit, 0);
    for peer in &peers {
        let dials = peer.counters().dials_started;
        assert!(dials <= 1, "nobody dials again unasked: {}", peer.id);
    }
    // One that was hung up on is welcome again.
    let (first, rest) = peers.split_first_mut().unwrap();
    connect(first, &mut hub).await;
    spared(&mut rest[PEERS - KEPT - 1]).await;
}

#[tokio::test]
async fn whoever_was_used_last_stays() {
    let pki = Pki::new("main");
    let mut hub = hub(&pki, 2);
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| pki.start(name));
    connect(&mut a, &mut hub).await;
    connect(&mut b, &mut hub).await;
    a.endpoint
        .send_datagram(&hub.id, Bytes::from_static(b"still here"))
        .unwrap();
    hub.until("the datagram", |event| {
        matches!(event, Event::Datagram { .. }).then_some(())
    })
    .await;
    connect(&mut c, &mut hub).await;
    spared(&mut b).await;
    assert_eq!(hub.endpoint.peers().len(), 2);
}

#[tokio::test]
async fn an_open_session_is_not_cut_off() {
    let pki = Pki::new("main");
    let mut hub = hub(&pki, 1);
    let [mut a, mut b, mut c] = ["a", "b", "c"].map(|name| pki.start(name));
    connect(&mut a, &mut hub).await;
    let session = a.endpoint.open_session(&hub.id, 7).unwrap();
    let theirs = hub
        .until("the session", |event| match event {
            Event::SessionOpened { session, .. } => Some(*session),
            _ => None,
        })
        .await;
    assert!(matches!(theirs, SessionKey::Accepted(_)));

    // Both stay: the one is at work, the other has just come.
    connect(&mut b, &mut hub).await;
    assert_eq!(hub.endpoint.peers().len(), 2);
    assert_eq!(hub.counters().peers_over_limit, 1);

    // At the next chance the bound holds again.
    a.endpoint.session_finish(session);
    hub.endpoint.session_finish(theirs);
    a.until("the end", |event| {
        matches!(event, Event::SessionClosed { .. }).then_some(())
    })
    .await;
    hub.until("the end", |event| {
        matches!(event, Event::SessionClosed { .. }).then_some(())
    })
    .await;
    connect(&mut c, &mut hub).await;
    spared(&mut a).await;
    spared(&mut b).await;
    eventually("the newcomer alone", || hub.endpoint.peers().len() == 1).await;
    assert_eq!(hub.endpoint.peers()[0].id, c.id);
}
