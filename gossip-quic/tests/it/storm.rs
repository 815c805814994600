//! Storms: many strangers at once, and what the address check makes of them.

use std::time::Instant;

use gossip_quic::{Dialing, RetryPolicy, TargetName};

use crate::common::{Pki, config, eventually};

const DIALERS: usize = 200;

async fn storm(retry: RetryPolicy) {
    let pki = Pki::new("main");
    let mut config_of_hub = config(1);
    config_of_hub.retry = retry;
    let mut hub = pki.start_with("hub", config_of_hub);
    let mut dialers: Vec<_> = (0..DIALERS).map(|n| pki.start(&format!("n{n}"))).collect();
    let began = Instant::now();
    for dialer in &dialers {
        assert_eq!(dialer.endpoint.dial(hub.target()), Ok(Dialing::Started));
    }
    for dialer in &mut dialers {
        let outcome = dialer.outcome(&TargetName::Member(hub.id.clone())).await;
        assert_eq!(outcome, Ok(hub.id.clone()));
    }
    eventually("everybody up", || hub.endpoint.peers().len() == DIALERS).await;
    let (took, counters) = (began.elapsed(), hub.counters());
    println!(
        "{DIALERS} handshakes, {retry:?}: {took:?}, {} retried",
        counters.handshakes_retried
    );
    assert_eq!(counters.peers_up, DIALERS as u64);
    assert_eq!(counters.handshakes_failed, 0);
    if retry == RetryPolicy::Always {
        assert!(counters.handshakes_retried >= DIALERS as u64);
    }
    hub.drain();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_all_come_up() {
    storm(RetryPolicy::WhenBusy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_all_come_up_when_each_must_prove_its_address() {
    storm(RetryPolicy::Always).await;
}
