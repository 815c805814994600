//! Dials: one to a target, quick to say no, patient after a failure.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use gossip_quic::limit::DIALS_IN_FLIGHT;
use gossip_quic::{CloseCode, DialError, Dialing, Event, Target, TargetName};

use crate::common::{Pki, eventually, id, pair};

/// An address where nobody listens.
fn deserted() -> std::net::SocketAddr {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let pki = Pki::new("main");
    let mut a = pki.start("a");
    let (began, addr) = (Instant::now(), deserted());
    let why = a.dialed(Target::seed("gone", [addr])).await.unwrap_err();
    assert_eq!(why, DialError::Unreachable { addr });
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "well before the connect timeout"
    );
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let pki = Pki::new("main");
    let mut a = pki.start("a");
    let mute = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = mute.local_addr().unwrap();
    let why = a.dialed(Target::seed("mute", [addr])).await.unwrap_err();
    assert_eq!(why, DialError::Timeout { addr });
}

#[tokio::test]
async fn the_next_address_is_tried() {
    let pki = Pki::new("main");
    let (mut a, b) = (pki.start("a"), pki.start("b"));
    let target = Target::member(id("b"), [deserted(), b.addr()]);
    assert_eq!(a.dialed(target).await, Ok(id("b")));
}

#[tokio::test]
async fn two_dials_of_one_target_are_one() {
    let pki = Pki::new("main");
    let (mut a, mut b) = (pki.start("a"), pki.start("b"));
    assert_eq!(a.endpoint.dial(b.target()), Ok(Dialing::Started));
    assert_eq!(a.endpoint.dial(b.target()), Ok(Dialing::Joined));
    assert_eq!(a.outcome(&TargetName::Member(id("b"))).await, Ok(id("b")));
    assert_eq!(a.endpoint.dial(b.target()), Ok(Dialing::AlreadyUp));
    b.until_up(&id("a")).await;
    assert_eq!(b.counters().handshakes_accepted, 1);
    assert_eq!(
        b.endpoint.dial(a.target()),
        Ok(Dialing::AlreadyUp),
        "whoever dialed"
    );
    assert_eq!(a.counters().dials_started, 1);
    assert_eq!(a.counters().dials_joined, 2);
}

#[tokio::test]
async fn failures_are_paused_for_and_success_forgets_them() {
    let pki = Pki::new("main");
    let mut a = pki.start("a");
    let gone = deserted();
    let seed = |addr| Target::seed("s", [addr]);
    // The jitter may draw nothing, so fail until it draws a pause.
    let retry_in = loop {
        match a.endpoint.dial(seed(gone)) {
            Ok(Dialing::Started) => {
                a.outcome(&TargetName::Seed("s".into())).await.unwrap_err();
            }
            Err(DialError::BackingOff { retry_in }) => break retry_in,
            other => panic!("{other:?}"),
        }
    };
    assert!(retry_in <= Duration::from_secs(30));
    assert!(a.counters().dials_backing_off >= 1);
    let b = pki.start("b");
    eventually("the pause to end", || {
        a.endpoint.dial(seed(b.addr())).is_ok()
    })
    .await;
    assert_eq!(a.outcome(&TargetName::Seed("s".into())).await, Ok(id("b")));
    assert!(a.endpoint.dial(seed(b.addr())).is_ok(), "success resets");
}

#[tokio::test]
async fn a_seed_that_is_up_already_is_reached_without_another_up() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    assert_eq!(a.dialed(Target::seed("b", [b.addr()])).await, Ok(id("b")));
    let one = |node: &crate::common::Node| node.endpoint.peers()[0].connections == 1;
    eventually("the duplicate to drain", || one(&a) && one(&b)).await;
    assert_eq!(a.ups_and_downs(&id("b")), (1, 0));
    assert_eq!(b.ups_and_downs(&id("a")), (1, 0));
}

#[tokio::test]
async fn dials_that_make_no_sense_are_refused_at_once() {
    let pki = Pki::new("main");
    let a = pki.start("a");
    let nowhere = Target::member(id("b"), []);
    assert_eq!(a.endpoint.dial(nowhere.clone()), Err(DialError::NoAddress));
    assert_eq!(
        a.endpoint.dial(a.target()),
        Err(DialError::OwnIdentity { addr: a.addr() })
    );
    a.endpoint.close("enough").await;
    assert_eq!(a.endpoint.dial(nowhere), Err(DialError::Closing));
}

#[tokio::test]
async fn a_full_house_says_so_and_binds_strangers_only() {
    let pki = Pki::new("main");
    let mut small = crate::common::config(1);
    small.limits.connections = 1;
    let mut hub = pki.start_with("hub", small);
    let (mut first, mut second, third) = (pki.start("a"), pki.start("b"), pki.start("c"));
    assert_eq!(first.dialed(hub.target()).await, Ok(id("hub")));
    let why = second.dialed(hub.target()).await.unwrap_err();
    assert!(
        matches!(
            why,
            DialError::Refused {
                code: CloseCode::Limit,
                ..
            }
        ),
        "{why:?}"
    );
    assert_eq!(hub.counters().connections_over_limit, 1);
    assert_eq!(
        hub.dialed(third.target()).await,
        Ok(id("c")),
        "our own dials go out"
    );
    // Whoever leaves makes room.
    first.endpoint.disconnect(&id("hub"), "leaving");
    hub.until_down(&id("a")).await;
    let mut reached = false;
    while !reached {
        let dial = || second.endpoint.dial(hub.target()).is_ok();
        eventually("the pause to end", dial).await;
        reached = second.outcome(&TargetName::Member(id("hub"))).await.is_ok();
    }
}

#[tokio::test]
async fn many_who_do_not_answer_do_not_hold_up_one_who_does() {
    let pki = Pki::new("main");
    let (mut a, b) = (pki.start("a"), pki.start("b"));
    let mut mute = Vec::new();
    for n in 0..DIALS_IN_FLIGHT {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addr = socket.local_addr().unwrap();
        let target = Target::member(id(&format!("mute{n}")), [addr]);
        assert_eq!(a.endpoint.dial(target), Ok(Dialing::Started));
        mute.push(socket);
    }
    // The first of them fails only after the whole time a dial may take.
    assert_eq!(a.dialed(b.target()).await, Ok(b.id.clone()));
    let failed = |event: &Event| matches!(event, Event::DialFailed { .. });
    assert!(!a.told.iter().any(failed), "{:?}", a.told);
}
