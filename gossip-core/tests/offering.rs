//! Offering: rumors by name, what is told eagerly, asked for, answered, and when
//! one goes cold.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::base::rng::Rng;
use gossip_core::base::time::Instant;
use gossip_core::dissemination::{Mode, Mongering, News, Stop, Terms};
use gossip_core::message::{Item, Offer, RumorId, Sealed};

use solo::{batch, begun, id};

const MS: Duration = Duration::from_millis(1);

fn terms() -> Terms {
    Terms {
        rule: Mongering::default(),
        eager_bytes: 64,
        interval: MS * 200,
        cycles: 8,
        grace: MS * 2_000,
    }
}

fn news() -> News {
    News::new(&"test".parse().unwrap())
}

/// A batch of one key of so many bytes, told apart by a number.
fn said(number: u8, bytes: usize) -> Item {
    let lineage = begun(7);
    let mut batch = batch("n9", lineage, u64::from(number) + 1, "k", 1);
    let value = batch.head.value.clone();
    let bytes_of = Bytes::from(vec![number; 100]);
    batch.head = Arc::new(Sealed {
        value,
        bytes: bytes_of,
    });
    let entry = &mut batch.parts[0].entry;
    entry.value.op = gossip_core::message::Op::Put(
        gossip_core::message::Value::new(Bytes::from(vec![0; bytes])).unwrap(),
    );
    entry.bytes = Bytes::from(vec![0; bytes + 20]);
    Item::Batch(batch)
}

fn at(ms: u32) -> Instant {
    Instant::from_millis(10_000) + MS * ms
}

fn answer(known: &[RumorId]) -> Offer {
    Offer {
        known: known.iter().map(|id| (*id, None)).collect(),
        ..Offer::default()
    }
}

#[test]
fn a_small_one_rides_along_once_and_a_large_one_never() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    news.add(said(1, 20));
    news.add(said(2, 300));
    let first = news.round(at(0), &terms(), 600, &mut rng).unwrap();
    assert_eq!(first.offer.hot.len(), 2);
    assert_eq!(first.eager, [said(1, 20)]);
    assert!(first.offer.asks);
    assert!(news.round(at(1), &terms(), 600, &mut rng).is_none());
    let second = news.round(at(40), &terms(), 600, &mut rng).unwrap();
    assert_eq!((second.offer.hot.len(), second.eager.len()), (2, 0));
}

#[test]
fn who_knows_cools_it_and_it_still_answers_for_a_while() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    news.add(said(1, 300));
    let id_of = news.id(&said(1, 300));
    let mut now = 0;
    for _ in 0..2 {
        assert!(news.round(at(now), &terms(), 600, &mut rng).is_some());
        let heard = news.hear(at(now), &id("n1"), &answer(&[id_of]), &[], &terms(), 600);
        assert!(heard.answer.is_none() && heard.wanted.is_empty());
        now += 300;
    }
    assert!(news.round(at(now), &terms(), 600, &mut rng).is_none());
    assert!(news.is_empty(), "twice in vain");
    let asks = Offer {
        wanted: vec![id_of],
        ..Offer::default()
    };
    let heard = news.hear(at(now), &id("n1"), &asks, &[], &terms(), 600);
    assert_eq!(heard.wanted, [said(1, 300)], "removed: it answers");
    assert!(news.everything(&terms()).is_some());
    assert!(
        news.round(at(now + 3_000), &terms(), 600, &mut rng)
            .is_none()
    );
    assert!(news.everything(&terms()).is_none(), "and is gone");
    assert_eq!(news.next_due(MS), None);
}

#[test]
fn news_keeps_it_hot_and_silence_does_not_cool_it_but_not_for_ever() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    news.add(said(1, 300));
    let told = (0..100).filter(|cycle| {
        let round = news.round(at(cycle * 300), &terms(), 600, &mut rng);
        round.is_some()
    });
    assert_eq!(told.count(), 8, "as often as the terms say");
    assert!(news.is_empty());
}

#[test]
fn an_offer_is_answered_with_known_taken_wanted_and_our_own() {
    let mut ours = news();
    ours.add(said(4, 20));
    ours.learn(&said(1, 20));
    let ids: Vec<RumorId> = (1..=4).map(|n| ours.id(&said(n, 20))).collect();
    let call = Offer {
        asks: true,
        hot: ids[..3].iter().map(|id| (*id, 0)).collect(),
        ..Offer::default()
    };
    let before = ours.known_of(&call);
    assert_eq!(before, [ids[0]]);
    ours.learn(&said(2, 20)); // It rode along.
    let heard = ours.hear(at(0), &id("n1"), &call, &before, &terms(), 600);
    let answer = heard.answer.unwrap();
    assert_eq!(answer.offer.known, [(ids[0], None)]);
    assert_eq!(answer.offer.taken, [ids[1]]);
    assert_eq!(answer.offer.wanted, [ids[2]]);
    assert_eq!(answer.offer.hot, [(ids[3], 0)]);
    assert!(!answer.offer.asks);
    assert_eq!(answer.eager, [said(4, 20)]);
    // Somebody else offers the same: it is on its way.
    let again = ours.hear(at(1), &id("n2"), &call, &ids[..2], &terms(), 600);
    assert!(again.answer.unwrap().offer.wanted.is_empty());
}

#[test]
fn what_does_not_come_is_asked_for_again_and_then_compared() {
    let mut news = news();
    let call = Offer {
        asks: false,
        hot: vec![(RumorId(7), 0)],
        ..Offer::default()
    };
    news.hear(at(0), &id("n1"), &call, &[], &terms(), 600);
    assert!(news.overdue(at(100), MS * 200).again.is_empty());
    for time in 1..4 {
        let overdue = news.overdue(at(time * 200), MS * 200);
        assert_eq!(overdue.again.len(), 1, "{time}");
        assert_eq!(overdue.again[0].1.wanted, [RumorId(7)]);
    }
    let overdue = news.overdue(at(800), MS * 200);
    assert_eq!(overdue.given_up, Some(id("n1")));
    assert_eq!(news.next_due(MS), None);
}

#[test]
fn minimised_the_one_told_more_often_in_vain_does_not_count() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    news.add(said(1, 300));
    let rumor = news.id(&said(1, 300));
    let mut round = |news: &mut News, ms, theirs| {
        let told = news.round(at(ms), &terms(), 600, &mut rng);
        let count = told.map(|told| told.offer.hot[0].1);
        let offer = Offer {
            known: vec![(rumor, theirs)],
            ..Offer::default()
        };
        news.hear(at(ms), &id("n1"), &offer, &[], &terms(), 600);
        count
    };
    assert_eq!(round(&mut news, 0, Some(0)), Some(0));
    assert_eq!(round(&mut news, 300, Some(0)), Some(1));
    // Ours is 1, theirs 0: it counts for them alone.
    assert_eq!(round(&mut news, 600, Some(0)), Some(1));
    assert_eq!(round(&mut news, 900, Some(1)), Some(1));
    assert_eq!(round(&mut news, 1_200, None), None);
}

#[test]
fn each_mode_says_what_it_is_for() {
    for (mode, tells, asks) in [
        (Mode::Push, true, false),
        (Mode::Pull, false, true),
        (Mode::PushPull, true, true),
    ] {
        let (mut news, mut rng) = (news(), Rng::new(1));
        news.add(said(1, 20));
        let mut terms = terms();
        terms.rule.mode = mode;
        let round = news.round(at(0), &terms, 600, &mut rng);
        assert_eq!(round.is_some(), tells, "{mode:?}");
        assert!(round.is_none_or(|round| round.offer.asks == asks));
        let call = Offer {
            asks: true,
            ..Offer::default()
        };
        let heard = news.hear(at(1), &id("n1"), &call, &[], &terms, 600);
        let offered = heard.answer.unwrap().offer.hot.len();
        assert_eq!(offered == 1, mode.pulls(), "{mode:?}");
    }
}

#[test]
fn blind_needs_no_answer() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    news.add(said(1, 300));
    let mut terms = terms();
    terms.rule.stop = Stop::BlindCounter;
    terms.rule.k = 3;
    let told = (0..20).filter(|cycle| {
        let round = news.round(at(cycle * 300), &terms, 600, &mut rng);
        round.is_some()
    });
    assert_eq!(told.count(), 3);
}

/// However much is written, and whatever others offer.
#[test]
fn every_queue_has_its_bound() {
    let (mut news, mut rng) = (news(), Rng::new(1));
    let mut dropped = 0;
    for number in 0..20 {
        dropped += news.add(said(number, 1_000_000));
    }
    assert!(dropped >= 11, "{dropped}");
    assert!(news.len() <= 9);
    let newest = news.round(at(0), &terms(), 600, &mut rng).unwrap();
    let last = news.id(&said(19, 1_000_000));
    assert_eq!(
        newest.offer.hot[0].0, last,
        "the newest stays and goes first"
    );
    for chunk in 0..200_u64 {
        let ids = (0..64).map(|at| (RumorId(chunk * 64 + at), 0));
        let flood = Offer {
            hot: ids.collect(),
            ..Offer::default()
        };
        news.hear(at(1), &id("n1"), &flood, &[], &terms(), 600);
    }
    let overdue = news.overdue(at(1_000), MS);
    assert!(overdue.again[0].1.wanted.len() <= limit::OFFER_RUMORS);
}
