//! What is sent arrives, within its bounds, and loss is borne.

use std::time::Duration;

use bytes::Bytes;
use gossip_quic::{CloseCode, Direction, DownReason, Event, Faults, Priority, SendError, limit};

use crate::common::{Pki, config, connect, eventually, id, pair};

#[tokio::test]
async fn both_ends_hear_of_each_other() {
    let pki = Pki::new("main");
    let (a, b) = pair(&pki).await;
    let up = |node: &crate::common::Node| {
        node.told.iter().find_map(|event| match event {
            Event::Up {
                generation,
                remote_addr,
                direction,
                ..
            } => Some((*generation, *remote_addr, *direction)),
            _ => None,
        })
    };
    assert_eq!(up(&a), Some((1, b.addr(), Direction::Dialed)));
    assert_eq!(
        up(&b),
        Some((1, a.addr(), Direction::Accepted)),
        "we dial from where we listen"
    );
    assert!(
        a.endpoint
            .rtt(&b.id)
            .is_some_and(|rtt| rtt < Duration::from_secs(5))
    );
    let [info] = &a.endpoint.peers()[..] else {
        panic!("one peer")
    };
    assert_eq!((&info.id, info.generation, info.connections), (&b.id, 1, 1));
}

#[tokio::test]
async fn datagrams_and_messages_arrive_both_ways() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    let full = Bytes::from(vec![5; limit::DATAGRAM_BYTES]);
    a.endpoint.send_datagram(&b.id, full.clone()).unwrap();
    assert_eq!(
        b.next("datagram").await,
        Event::Datagram {
            peer: id("a"),
            bytes: full
        }
    );
    b.endpoint
        .send_message(&a.id, Bytes::from_static(b"hello"), Priority::Normal)
        .unwrap();
    let want = Event::Message {
        peer: id("b"),
        bytes: Bytes::from_static(b"hello"),
    };
    assert_eq!(
        a.until("message", |event| (*event == want).then_some(()))
            .await,
        ()
    );

    let big = Bytes::from(vec![9; 1024 * 1024]);
    a.endpoint
        .send_message(&b.id, big.clone(), Priority::Bulk)
        .unwrap();
    assert_eq!(
        b.next("a big message").await,
        Event::Message {
            peer: id("a"),
            bytes: big
        }
    );
    let empty = Bytes::new();
    a.endpoint
        .send_message(&b.id, empty.clone(), Priority::Urgent)
        .unwrap();
    assert_eq!(
        b.next("an empty message").await,
        Event::Message {
            peer: id("a"),
            bytes: empty
        }
    );
}

#[tokio::test]
async fn what_is_too_large_or_for_nobody_is_refused() {
    let pki = Pki::new("main");
    let (a, b) = pair(&pki).await;
    let (datagram, message) = (limit::DATAGRAM_BYTES, limit::STREAM_MESSAGE_BYTES);
    let got = a
        .endpoint
        .send_datagram(&b.id, vec![0; datagram + 1].into());
    assert_eq!(
        got,
        Err(SendError::TooLarge {
            bytes: datagram + 1,
            max: datagram
        })
    );
    let got = a
        .endpoint
        .send_message(&b.id, vec![0; message + 1].into(), Priority::Normal);
    assert_eq!(
        got,
        Err(SendError::TooLarge {
            bytes: message + 1,
            max: message
        })
    );
    let nobody = id("nobody");
    assert_eq!(
        a.endpoint.send_datagram(&nobody, Bytes::new()),
        Err(SendError::NotConnected)
    );
    assert_eq!(
        a.endpoint
            .send_message(&nobody, Bytes::new(), Priority::Normal),
        Err(SendError::NotConnected)
    );
    let counters = a.counters();
    assert_eq!(
        (counters.datagrams_too_large, counters.messages_too_large),
        (1, 1)
    );
}

#[tokio::test]
async fn a_queue_that_is_full_says_so() {
    let pki = Pki::new("main");
    // Nobody reads b's events, so what is sent piles up and comes back as refusal.
    let (a, b) = pair(&pki).await;
    let big = Bytes::from(vec![0; 1024 * 1024]);
    let mut sent = 0_u64;
    eventually("the queue to fill", || {
        let outcome = a
            .endpoint
            .send_message(&b.id, big.clone(), Priority::Normal);
        sent += u64::from(outcome.is_ok());
        outcome == Err(SendError::QueueFull)
    })
    .await;
    assert!(a.counters().messages_queue_full >= 1);
    assert_eq!(a.counters().messages_sent, sent);
    let share = limit::INBOUND_BYTES / big.len();
    assert!(
        b.counters().messages_received <= share as u64,
        "the reader's share is bounded"
    );
}

#[tokio::test]
async fn a_flood_costs_the_flooder_alone() {
    let pki = Pki::new("main");
    let (mut flooder, mut quiet, mut host) = (pki.start("f"), pki.start("q"), pki.start("h"));
    connect(&mut flooder, &mut host).await;
    connect(&mut quiet, &mut host).await;
    // The host's reader is away while datagrams beyond the share arrive.
    eventually("the share to be used up", || {
        for _ in 0..32 {
            let _ = flooder
                .endpoint
                .send_datagram(&host.id, Bytes::from_static(&[1; 64]));
        }
        host.counters().datagrams_over_share > 0
    })
    .await;
    assert_eq!(
        host.counters().datagrams_received,
        limit::INBOUND_DATAGRAMS as u64
    );
    quiet
        .endpoint
        .send_datagram(&host.id, Bytes::from_static(b"probe"))
        .unwrap();
    let heard = || host.counters().datagrams_received > limit::INBOUND_DATAGRAMS as u64;
    eventually("the other to be heard", heard).await;
    let from_quiet = |event: &Event| {
        matches!(event, Event::Datagram { peer, .. } if *peer == id("q")).then_some(())
    };
    host.until("the other's datagram", from_quiet).await;
}

#[tokio::test]
async fn a_fifth_of_all_packets_lost_costs_no_peer_and_no_message() {
    const MESSAGES: usize = 200;
    let pki = Pki::new("main");
    let lossy = |seed| {
        let mut config = config(1);
        config.faults = Some(Faults {
            loss_ppm: 200_000,
            seed,
        });
        // Connecting is not what is tested: give it time for its retransmissions.
        config.connect_timeout = Duration::from_secs(15);
        config
    };
    let (mut a, mut b) = (pki.start_with("a", lossy(1)), pki.start_with("b", lossy(2)));
    connect(&mut a, &mut b).await;
    for n in 0..MESSAGES {
        let body = Bytes::from(vec![n as u8; 2_000]);
        a.endpoint
            .send_message(&b.id, body, Priority::Normal)
            .unwrap();
        let _ = a.endpoint.send_datagram(&b.id, Bytes::from_static(b"ping"));
    }
    let (mut messages, mut datagrams) = (0, 0);
    b.until("every message", |event| {
        match event {
            Event::Message { .. } => messages += 1,
            Event::Datagram { .. } => datagrams += 1,
            _ => {}
        }
        (messages == MESSAGES).then_some(())
    })
    .await;
    assert!(
        datagrams > MESSAGES / 4,
        "only {datagrams} datagrams came through"
    );
    let (lost_a, lost_b) = (
        a.counters().packets_injected_loss,
        b.counters().packets_injected_loss,
    );
    assert!(lost_a > 0 && lost_b > 0);
    assert_eq!(a.ups_and_downs(&id("b")), (1, 0));
    assert_eq!(b.ups_and_downs(&id("a")), (1, 0));
}

#[tokio::test]
async fn a_goodbye_delivers_what_was_sent_before_it() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    for n in 0..100_u8 {
        a.endpoint
            .send_message(&b.id, vec![n; 1_000].into(), Priority::Normal)
            .unwrap();
    }
    a.endpoint.close("maintenance").await;
    let why = b.until_down(&id("a")).await;
    let want = DownReason::ClosedByPeer {
        code: CloseCode::Shutdown,
        reason: "maintenance".to_owned(),
    };
    assert_eq!(why, want);
    let arrived = b
        .told
        .iter()
        .filter(|event| matches!(event, Event::Message { .. }))
        .count();
    assert_eq!(arrived, 100);
    // The closed side hears its own end too, then nothing more.
    while let Some(event) = crate::common::within("the end", a.events.recv()).await {
        a.told.push(event);
    }
    assert_eq!(a.ups_and_downs(&id("b")), (1, 1));
    assert_eq!(a.counters().messages_lost, 0);
    assert!(a.endpoint.peers().is_empty());
}

#[tokio::test]
async fn what_was_acknowledged_reaches_a_host_that_reads_late() {
    // The whole share, and every stream beyond it that waits for its share.
    const MESSAGES: usize = limit::INBOUND_MESSAGES + limit::UNI_STREAMS as usize;
    let pki = Pki::new("main");
    let (a, mut b) = pair(&pki).await;
    let mut sent = 0;
    eventually("everything to be queued", || {
        while sent < MESSAGES {
            let body = Bytes::from(vec![1; 10]);
            if a.endpoint
                .send_message(&b.id, body, Priority::Normal)
                .is_err()
            {
                return false;
            }
            sent += 1;
        }
        true
    })
    .await;
    a.endpoint.close("done").await;
    assert_eq!(a.counters().messages_lost, 0, "all of it was acknowledged");
    b.until_down(&id("a")).await;
    assert_eq!(b.ups_and_downs(&id("a")), (1, 1));
    let arrived = b
        .told
        .iter()
        .filter(|event| matches!(event, Event::Message { .. }))
        .count();
    assert_eq!(arrived, MESSAGES);
}

#[tokio::test]
async fn a_dropped_endpoint_leaves_nothing_behind() {
    let pki = Pki::new("main");
    let (a, mut b) = pair(&pki).await;
    let (
        addr,
        crate::common::Node {
            endpoint,
            mut events,
            ..
        },
    ) = (a.addr(), a);
    endpoint.open_session(&b.id, 1).unwrap();
    endpoint
        .send_message(&b.id, Bytes::from_static(b"x"), Priority::Normal)
        .unwrap();
    drop(endpoint);
    b.until_down(&id("a")).await;
    // The tasks held the sending half; their end is the events' end.
    let end = async { while events.recv().await.is_some() {} };
    crate::common::within("the end of the events", end).await;
    // quinn's own task held the socket.
    let free = || std::net::UdpSocket::bind(addr).is_ok();
    eventually("the port to be free", free).await;
}
