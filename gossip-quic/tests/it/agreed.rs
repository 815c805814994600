//! Two nodes that are set to different limits part at the greeting, and both say why.

use gossip_core::base::agreed::{Agreed, Share};
use gossip_quic::DialError;

use crate::common::{Pki, config, eventually};

fn writes(keys: u64) -> Agreed {
    let share = Share {
        keys,
        ..Share::default()
    };
    Agreed::of(share)
}

/// Whoever may write more than the other takes, the listener or the dialer: no
/// host hears `Up`, both count it, and the dialer's error names the setting, both
/// values and what to do.
#[tokio::test]
async fn limits_that_do_not_fit_are_refused_both_ways() {
    let pki = Pki::new("main");
    for (ours, theirs, who) in [
        (
            10,
            20,
            "the other end is set to limits.author_keys = 20, we to take 10",
        ),
        (
            20,
            10,
            "we are set to limits.author_keys = 20, the other end to take 10",
        ),
    ] {
        let (mut one, mut other) = (config(1), config(1));
        (one.agreed, other.agreed) = (writes(ours), writes(theirs));
        let mut dialer = pki.start_with("a", one);
        let mut listener = pki.start_with("b", other);
        let target = listener.target();
        let why = dialer.dialed(target).await.unwrap_err();
        assert!(matches!(why, DialError::Disagreed { .. }), "{why:?}");
        let text = why.to_string();
        assert!(
            text.contains(who) && text.contains("author_keys_taken"),
            "{text}"
        );
        let counted = || listener.counters().refused_disagreed > 0;
        eventually("the listener to count it", counted).await;
        assert_eq!(dialer.counters().refused_disagreed, 1);
        let (dialer_id, listener_id) = (dialer.id.clone(), listener.id.clone());
        assert_eq!(dialer.ups_and_downs(&listener_id), (0, 0));
        assert_eq!(listener.ups_and_downs(&dialer_id), (0, 0));
    }
}

/// While a running cluster is raised, those who already take more and those who
/// do not yet are one cluster, and so are those who write more and take it.
#[tokio::test]
async fn taking_more_than_the_other_writes_is_no_disagreement() {
    let pki = Pki::new("main");
    let patient = Agreed {
        takes: writes(20).takes,
        ..writes(10)
    };
    for (ours, theirs) in [(writes(10), patient), (patient, writes(20))] {
        let (mut one, mut other) = (config(1), config(1));
        (one.agreed, other.agreed) = (ours, theirs);
        let mut dialer = pki.start_with("a", one);
        let listener = pki.start_with("b", other);
        dialer.dialed(listener.target()).await.unwrap();
    }
}
