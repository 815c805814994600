//! Nonsense is an error and a counter: no panic, no memory, no neighbour hurt.

use std::net::UdpSocket;

use bytes::Bytes;
use gossip_core::base::agreed::{Agreed, Share};
use gossip_core::base::rng::Rng;
use gossip_quic::{CloseCode, DownReason, Event, Priority, limit};

use crate::common::{Node, Pki, connect, eventually, id, within};
use crate::stranger::{self, RawHello, code_of_end, open_control};

/// What becomes of a stranger that says this first.
async fn answer_to(host: &mut Node, pki: &Pki, first_words: &[u8]) -> Option<u64> {
    let connection = stranger::connect_as(&pki.issue("stranger"), host.addr()).await;
    let _control = open_control(&connection, first_words).await;
    let code = code_of_end(&connection).await;
    assert_eq!(host.ups_and_downs(&id("stranger")), (0, 0));
    code
}

#[tokio::test]
async fn a_hello_that_is_wrong_is_refused_with_its_reason() {
    let pki = Pki::new("main");
    let mut host = pki.start("host");
    let hello = RawHello::default;
    for (words, code) in [
        (
            RawHello {
                layout: 3,
                ..hello()
            }
            .bytes(),
            CloseCode::Version,
        ),
        (
            RawHello {
                versions: (9, 12),
                ..hello()
            }
            .bytes(),
            CloseCode::Version,
        ),
        (
            RawHello {
                cluster: "other",
                ..hello()
            }
            .bytes(),
            CloseCode::ClusterMismatch,
        ),
        (
            RawHello {
                node: "somebody",
                ..hello()
            }
            .bytes(),
            CloseCode::IdentityMismatch,
        ),
        (
            RawHello {
                node: "No Name",
                ..hello()
            }
            .bytes(),
            CloseCode::Protocol,
        ),
        (
            RawHello {
                agreed: Agreed::of(Share { keys: 1, bytes: 1 }),
                ..hello()
            }
            .bytes(),
            CloseCode::Disagreed,
        ),
        (b"\0\x05GET /".to_vec(), CloseCode::Protocol),
        // A hello that announces a gigabyte; a first stream that is no control.
        (b"\0\xc0\0\0\0\x40\0\0\0".to_vec(), CloseCode::Protocol),
        (vec![2, 0, 0, 0], CloseCode::Protocol),
        (vec![0x3f; 64], CloseCode::Protocol),
    ] {
        let got = answer_to(&mut host, &pki, &words).await;
        assert_eq!(got, Some(u64::from(code.as_u32())), "{words:?}");
    }
    let counters = host.counters();
    assert_eq!(
        (counters.refused_version, counters.refused_other_cluster),
        (2, 1)
    );
    assert_eq!(
        (counters.refused_identity, counters.refused_protocol),
        (1, 5)
    );
    assert_eq!(counters.handshakes_failed, 10);
}

#[tokio::test]
async fn a_stranger_that_says_nothing_is_hung_up_on() {
    let pki = Pki::new("main");
    let host = pki.start("host");
    let connection = stranger::connect_as(&pki.issue("stranger"), host.addr()).await;
    assert_eq!(
        code_of_end(&connection).await,
        Some(u64::from(CloseCode::Slow.as_u32()))
    );
}

#[tokio::test]
async fn a_certificate_with_two_names_is_refused() {
    let pki = Pki::new("main");
    let host = pki.start("host");
    let signer = rcgen::KeyPair::from_pem(&pki.0.key_pem()).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(pki.0.certificate_pem(), signer).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    for name in ["stranger", "other"] {
        let uri = format!("spiffe://test.example/gossip/main/{name}");
        params
            .subject_alt_names
            .push(rcgen::SanType::URI(uri.as_str().try_into().unwrap()));
    }
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let connection = stranger::connect(&certificate.pem(), &key.serialize_pem(), host.addr()).await;
    assert_eq!(
        code_of_end(&connection).await,
        None,
        "TLS broke off, not we"
    );
    eventually("the refusal", || host.counters().handshakes_failed == 1).await;
}

#[tokio::test]
async fn packets_that_are_not_quic_are_counted_and_ignored() {
    let pki = Pki::new("main");
    let (mut host, mut peer) = (pki.start("host"), pki.start("peer"));
    let plain = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rng = Rng::new(4);
    for n in 0..100_usize {
        // Short, or with the fixed bit clear and no version negotiation.
        let mut packet: Vec<u8> = (0..1 + n * 10).map(|_| rng.next_u64() as u8).collect();
        packet[0] &= 0x3f;
        plain.send_to(&packet, host.addr()).unwrap();
    }
    plain.send_to(&[], host.addr()).unwrap();
    eventually("the count", || host.counters().packets_not_quic == 100).await;
    eventually("the knock", || host.counters().packets_knock == 1).await;
    connect(&mut peer, &mut host).await;
}

#[tokio::test]
async fn streams_of_nonsense_are_stopped_and_the_connection_stays() {
    let pki = Pki::new("main");
    let mut host = pki.start("host");
    let (connection, _send, _recv) = stranger::greeted(&pki.issue("stranger"), host.addr()).await;
    host.until_up(&id("stranger")).await;

    let mut unknown = connection.open_uni().await.unwrap();
    unknown.write_all(&[0x2a, 1, 2, 3]).await.unwrap();
    let code = within("the stop", unknown.stopped())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        code.into_inner(),
        u64::from(CloseCode::UnknownStream.as_u32())
    );

    // One byte more than a message may have, and as many as an integer can say.
    let over = 0x8000_0000 | u32::try_from(limit::STREAM_MESSAGE_BYTES + 1).unwrap();
    for length in [&over.to_be_bytes()[..], &[0xff; 8]] {
        let mut large = connection.open_uni().await.unwrap();
        large.write_all(&[&[1], length].concat()).await.unwrap();
        let code = within("the stop", large.stopped()).await.unwrap().unwrap();
        assert_eq!(code.into_inner(), u64::from(CloseCode::Limit.as_u32()));
    }

    let mut cut = connection.open_uni().await.unwrap();
    cut.write_all(&[1, 10, 0, 0]).await.unwrap();
    cut.finish().unwrap();
    let (mut two_way, _) = connection.open_bi().await.unwrap();
    two_way.write_all(&[0x2a]).await.unwrap();
    let code = within("the stop", two_way.stopped())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        code.into_inner(),
        u64::from(CloseCode::UnknownStream.as_u32())
    );

    let counted = || {
        let counters = host.counters();
        (
            counters.streams_unknown_kind,
            counters.frames_too_large,
            counters.frames_malformed,
        )
    };
    eventually("the counts", || counted() == (2, 2, 1)).await;

    let mut good = connection.open_uni().await.unwrap();
    good.write_all(&[1, 2, b'o', b'k']).await.unwrap();
    good.finish().unwrap();
    let want = Event::Message {
        peer: id("stranger"),
        bytes: Bytes::from_static(b"ok"),
    };
    host.until("a good message after all", |event| {
        (*event == want).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nonsense_on_the_control_stream_ends_the_connection() {
    let pki = Pki::new("main");
    let mut host = pki.start("host");
    let (connection, mut send, _recv) =
        stranger::greeted(&pki.issue("stranger"), host.addr()).await;
    send.write_all(&[0xee; 1_000]).await.unwrap();
    let code = code_of_end(&connection).await;
    assert_eq!(code, Some(u64::from(CloseCode::Protocol.as_u32())));
    assert_eq!(
        host.until_down(&id("stranger")).await,
        DownReason::ClosedHere
    );
}

#[tokio::test]
async fn random_streams_never_hurt() {
    let pki = Pki::new("main");
    let (mut host, mut peer) = (pki.start("host"), pki.start("peer"));
    let (connection, _send, _recv) = stranger::greeted(&pki.issue("stranger"), host.addr()).await;
    let mut rng = Rng::new(5);
    for _ in 0..300 {
        let len = rng.index(40).unwrap();
        let mut bytes: Vec<u8> = (0..len).map(|_| rng.next_u64() as u8).collect();
        if let Some(first) = bytes.first_mut() {
            *first = rng.below(4) as u8;
        }
        // The host may stop a stream while we still write.
        if rng.below(2) == 0 {
            let mut stream = within("a stream", connection.open_uni()).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let _ = stream.finish();
        } else {
            let (mut stream, _) = within("a stream", connection.open_bi()).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let _ = stream.finish();
        }
        host.drain();
    }
    connect(&mut peer, &mut host).await;
}

#[tokio::test]
async fn promised_bytes_that_never_come_starve_nobody_else() {
    let pki = Pki::new("main");
    let (mut host, mut peer) = (pki.start("host"), pki.start("peer"));
    let (connection, _send, _recv) = stranger::greeted(&pki.issue("stranger"), host.addr()).await;
    // Every stream promises a message of full size and sends one byte of it.
    let length = (0x8000_0000 | u32::try_from(limit::STREAM_MESSAGE_BYTES).unwrap()).to_be_bytes();
    let mut promises = Vec::new();
    for _ in 0..limit::UNI_STREAMS {
        let mut stream = within("a stream", connection.open_uni()).await.unwrap();
        stream
            .write_all(&[&[1], &length[..], &[0]].concat())
            .await
            .unwrap();
        promises.push(stream);
    }
    connect(&mut peer, &mut host).await;
    let big = Bytes::from(vec![1; 1024 * 1024]);
    peer.endpoint
        .send_message(&host.id, big.clone(), Priority::Normal)
        .unwrap();
    let want = Event::Message {
        peer: id("peer"),
        bytes: big,
    };
    host.until("another's message", |event| (*event == want).then_some(()))
        .await;
    // Its own datagrams pass too: they have a share of their own.
    connection
        .send_datagram(Bytes::from_static(b"probe"))
        .unwrap();
    let want = Event::Datagram {
        peer: id("stranger"),
        bytes: Bytes::from_static(b"probe"),
    };
    host.until("its datagram", |event| (*event == want).then_some(()))
        .await;
}
