//! Several addresses of one target, of one family and of both.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use gossip_quic::{DialError, EndpointConfig, Event, Target};

use crate::common::{BOUND, Pki, config, connect, id};

/// An address that takes everything and says nothing.
fn mute() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

fn listening(on: &str) -> EndpointConfig {
    let mut config = config(1);
    config.listen = on.parse().unwrap();
    config
}

/// Whether this machine has IPv6 at all; said aloud if not.
fn has_ipv6() -> bool {
    let has = UdpSocket::bind("[::1]:0").is_ok();
    if !has {
        println!("no IPv6 here: not tested");
    }
    has
}

#[tokio::test]
async fn dead_addresses_before_the_living_do_not_hold_it_up() {
    let pki = Pki::new("main");
    let mut patient = config(1);
    // One after the other would take longer than the test waits.
    patient.connect_timeout = BOUND;
    let (mut a, b) = (pki.start_with("a", patient), pki.start("b"));
    let (dead, worse) = (mute(), mute());
    let target = Target::member(id("b"), [dead.1, worse.1, b.addr()]);
    assert_eq!(a.dialed(target).await, Ok(id("b")));
}

#[tokio::test]
async fn a_refusal_says_more_than_silence() {
    let pki = Pki::new("main");
    let mut quick = config(1);
    quick.connect_timeout = Duration::from_secs(1);
    let (mut a, b) = (pki.start_with("a", quick), pki.start("b"));
    let dead = mute();
    let target = Target::member(id("c"), [b.addr(), dead.1]);
    let why = a.dialed(target).await.unwrap_err();
    assert!(matches!(why, DialError::WrongNode { .. }), "{why:?}");
}

#[tokio::test]
async fn ipv4_and_ipv6_do_not_mix_and_it_says_so() {
    let pki = Pki::new("main");
    let (mut a, b) = (pki.start("a"), pki.start("b"));
    let six: SocketAddr = "[::1]:9".parse().unwrap();
    let why = a.dialed(Target::seed("six", [six])).await.unwrap_err();
    let listen = "127.0.0.1:0".parse().unwrap();
    assert_eq!(why, DialError::Family { addr: six, listen });
    assert!(why.to_string().contains("listen on [::] for both"));
    // One that works is enough.
    let both = Target::seed("both", [six, b.addr()]);
    assert_eq!(a.dialed(both).await, Ok(id("b")));
}

#[tokio::test]
async fn one_that_listens_on_everything_speaks_both() {
    if !has_ipv6() {
        return;
    }
    let pki = Pki::new("main");
    let mut both = pki.start_with("both", listening("[::]:0"));
    let mut four = pki.start("four");
    let mut six = pki.start_with("six", listening("[::1]:0"));
    connect(&mut both, &mut six).await;
    connect(&mut both, &mut four).await;
    for peer in both.endpoint.peers() {
        let there = if peer.id == four.id {
            four.addr()
        } else {
            six.addr()
        };
        assert_eq!(peer.remote_addr, there, "as others would dial it");
    }
    let plain = |event: &Event| match event {
        Event::Up {
            peer, remote_addr, ..
        } if *peer == id("four") => Some(*remote_addr),
        _ => None,
    };
    assert_eq!(both.told.iter().find_map(plain), Some(four.addr()));
    // And the way back, by the address it would announce.
    let mut seven = pki.start("seven");
    let port = both.addr().port();
    let at_four = Target::member(id("both"), [SocketAddr::from(([127, 0, 0, 1], port))]);
    assert_eq!(seven.dialed(at_four).await, Ok(id("both")));
}
