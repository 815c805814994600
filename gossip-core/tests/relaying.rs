//! Relaying: asking for somebody else, and what may be asked of one node.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::time::Duration;

use gossip_core::base::limit;
use gossip_core::input::{LinkError, LinkEvent, Target, Via};
use gossip_core::message::{Body, Seq};
use gossip_core::output::{Output, Transmit};
use gossip_core::{Config, Input};

use solo::{SECOND, Solo, claim, footing, id};

const MS: Duration = Duration::from_millis(1);

/// `n0`, linked to `n1` who asks and to `n2` who is asked for; `n3` is known
/// and not linked. It probes nobody itself for a while.
fn helper() -> Solo {
    let mut config = Config::default();
    config.probe_interval = 60 * SECOND;
    let mut solo = Solo::with(config, Default::default());
    for name in ["n1", "n2", "n3"] {
        solo.rumors(name, vec![claim(name, footing(7, 0))]);
    }
    solo.link("n1");
    solo.link("n2");
    solo.said.clear();
    solo
}

fn ask(solo: &mut Solo, from: &str, seq: u64, target: &str) {
    let (seq, target) = (Seq(seq), id(target));
    solo.message(from, Via::Datagram, Body::PingReq { seq, target });
}

/// What was sent to somebody that is no gossip.
fn sent_to(solo: &mut Solo, peer: &str) -> Vec<Body> {
    let sent = solo.sent().into_iter();
    sent.filter(|sent| sent.to == id(peer) && sent.message.body != Body::Gossip)
        .map(|sent: Transmit| sent.message.body)
        .collect()
}

/// ```text
///   n1 ── ping-req 5 ──▶ n0 ── ping s ──▶ n2
///   n1 ◀──── ack 5 ───── n0 ◀── ack s ─── n2
/// ```
#[test]
fn an_answer_is_passed_on_under_the_askers_number() {
    let mut solo = helper();
    ask(&mut solo, "n1", 5, "n2");
    let Some(Body::Ping { seq }) = sent_to(&mut solo, "n2").pop() else {
        panic!("no ping");
    };
    // Of somebody else it is no answer.
    solo.message("n3", Via::Datagram, Body::Ack { seq });
    assert_eq!(sent_to(&mut solo, "n1"), []);
    solo.message("n2", Via::Datagram, Body::Ack { seq });
    assert_eq!(sent_to(&mut solo, "n1"), [Body::Ack { seq: Seq(5) }]);
    solo.message("n2", Via::Datagram, Body::Ack { seq });
    assert_eq!(sent_to(&mut solo, "n1"), [], "once");
}

/// A relay that has no answer says so at 80 % of the most a probe may take,
/// once; and still passes the answer on, if it comes after all.
#[test]
fn nack_is_said_at_eighty_percent_and_an_ack_after_all() {
    let mut solo = helper();
    ask(&mut solo, "n1", 5, "n2");
    let Some(Body::Ping { seq }) = sent_to(&mut solo, "n2").pop() else {
        panic!("no ping");
    };
    let most = Config::default().probe_timeout;
    solo.pass(most * 79 / 100);
    assert_eq!(sent_to(&mut solo, "n1"), []);
    solo.pass(most * 2 / 100);
    assert_eq!(sent_to(&mut solo, "n1"), [Body::Nack { seq: Seq(5) }]);
    solo.pass(most);
    assert_eq!(sent_to(&mut solo, "n1"), []);
    solo.message("n2", Via::Datagram, Body::Ack { seq });
    assert_eq!(sent_to(&mut solo, "n1"), [Body::Ack { seq: Seq(5) }]);
}

/// Of a member it does not know a relay can only say that it is well itself;
/// it is sent to no address that another names.
#[test]
fn an_unknown_target_is_nacked_at_once() {
    let mut solo = helper();
    ask(&mut solo, "n1", 5, "stranger");
    ask(&mut solo, "n1", 6, "n0");
    let nacks = [5, 6].map(|seq| Body::Nack { seq: Seq(seq) });
    assert_eq!(sent_to(&mut solo, "n1"), nacks);
    let dials = |output: &Output| matches!(output, Output::Dial(_));
    assert!(!solo.said.iter().any(dials));
}

/// A target that is known and not connected is dialed; where that fails, nack
/// is said at once.
#[test]
fn a_cold_target_is_dialed_and_nacked_when_that_fails() {
    for fails in [false, true] {
        let mut solo = helper();
        ask(&mut solo, "n1", 5, "n3");
        let dialed = solo.said.iter().find_map(|output| match output {
            Output::Dial(target @ Target::Member(peer, _)) if *peer == id("n3") => {
                Some(target.clone())
            }
            _ => None,
        });
        let target = dialed.unwrap();
        solo.pass(10 * MS);
        assert_eq!(sent_to(&mut solo, "n1"), []);
        if fails {
            let why = LinkError::Unreachable;
            solo.hear(Input::Link(LinkEvent::DialFailed { target, why }));
            assert_eq!(sent_to(&mut solo, "n1"), [Body::Nack { seq: Seq(5) }]);
        } else {
            solo.link("n3");
            let pings = sent_to(&mut solo, "n3");
            assert!(matches!(&pings[..], [Body::Ping { .. }]), "{pings:?}");
        }
    }
}

/// One peer does not make a node ask for it without end, nor do many; who was
/// turned away is counted, and there is room again when what was asked is over.
#[test]
fn what_is_relayed_has_a_bound_for_each_and_for_all() {
    let mut solo = helper();
    for seq in 0..100 {
        ask(&mut solo, "n1", seq, "n2");
    }
    let pings = sent_to(&mut solo, "n2").len();
    assert_eq!(pings, limit::RELAYED_PROBES_PER_PEER);
    let refused = solo.status().counters.relays_refused;
    assert_eq!(refused, 100 - pings as u64);
    // Others still find room, until there is none at all.
    solo.said.clear();
    for peer in 0..40 {
        for seq in 0..8 {
            ask(&mut solo, &format!("m{peer}"), seq, "n2");
        }
    }
    let pings = sent_to(&mut solo, "n2").len();
    assert_eq!(
        pings,
        limit::RELAYED_PROBES - limit::RELAYED_PROBES_PER_PEER
    );
    let config = solo_config();
    solo.pass(config.probe_interval + config.handshake_budget + MS);
    solo.said.clear();
    ask(&mut solo, "n1", 900, "n2");
    assert_eq!(sent_to(&mut solo, "n2").len(), 1, "room again");
}

fn solo_config() -> Config {
    let mut config = Config::default();
    config.probe_interval = 60 * SECOND;
    config
}

/// A pause of the relay's own is not held against the target.
#[test]
fn a_relay_that_paused_says_nack_later() {
    let mut config = Config::default();
    config.probe_interval = SECOND;
    let mut solo = Solo::with(config, Default::default());
    solo.rumors("n2", vec![claim("n2", footing(7, 0))]);
    solo.link("n1");
    solo.link("n2");
    solo.said.clear();
    ask(&mut solo, "n1", 5, "n2");
    solo.sent();
    solo.sleep(30 * SECOND);
    solo.hear(Input::Timeout);
    assert_eq!(sent_to(&mut solo, "n1"), []);
}

/// A ping is answered to whoever asked, on what it came on, with its number;
/// where rumors are hot the answer carries them, and still fits.
#[test]
fn rumors_ride_on_an_answer_within_its_bytes() {
    let mut solo = helper();
    for number in 0..200 {
        let name = format!("m{number}");
        solo.rumors("n1", vec![claim(&name, footing(7, 0))]);
    }
    solo.sent();
    solo.message("n2", Via::Datagram, Body::Ping { seq: Seq(4) });
    let sent = solo.sent();
    let ack = sent
        .iter()
        .find(|sent| sent.message.body == Body::Ack { seq: Seq(4) });
    let ack = ack.unwrap();
    assert_eq!((&ack.to, ack.via), (&id("n2"), Via::Datagram));
    let weight = ack.message.weight();
    assert!(!ack.message.rumors.is_empty());
    assert!(weight <= limit::DATAGRAM_BYTES, "{weight}");
    assert!(weight > limit::DATAGRAM_BYTES / 2, "it is used: {weight}");
}
