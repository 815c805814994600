//! Telling: which rumor goes first, how often, and when one is let go.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/solo.rs"]
mod solo;

use gossip_core::base::limit;
use gossip_core::dissemination::Hot;
use gossip_core::message::{Charge, Claim, Item, Presence, Statement};

use solo::{accusation, batch, begun, claim, footing, id, seal};

fn left(name: &str) -> Item {
    seal(Statement::Claim(Claim {
        member: id(name),
        footing: footing(7, 1),
        presence: Presence::Left,
        addrs: [].into(),
    }))
}

/// Room for all.
const WIDE: usize = 1_000_000;

/// Whatever is asked for, it fits, and what fits is used.
#[test]
fn rumors_keep_to_the_bytes_there_are() {
    let mut hot = Hot::default();
    for number in 0..50 {
        hot.add(claim(&format!("n{number}"), footing(7, 0)));
    }
    let each = claim("n10", footing(7, 0)).weight();
    for budget in [0, 10, each - 1, each, 3 * each, 1_000] {
        let weight: usize = hot.take(budget, 100).iter().map(Item::weight).sum();
        assert!(weight <= budget);
        assert!(budget - weight < each, "{weight} of {budget}");
    }
}

/// A rumor is told so often and no more; a farewell or a refutation twice as
/// often, one of several accusations half as often.
#[test]
fn a_rumor_is_told_so_often_and_is_cold_then() {
    let cases = [
        (claim("n1", footing(7, 0)), 4),
        (claim("n1", footing(7, 1)), 8),
        (left("n1"), 8),
        (accusation("n2", "n1", footing(7, 0), Charge::Suspect), 2),
        (accusation("n2", "n1", footing(7, 0), Charge::Dead), 4),
    ];
    for (item, expected) in cases {
        let mut hot = Hot::default();
        hot.add(item.clone());
        let times = (0..100).filter(|_| !hot.take(WIDE, 4).is_empty()).count();
        assert_eq!(times, expected, "{item:?}");
        assert!(hot.is_empty());
    }
}

/// What somebody's life depends on goes first, what the application says last;
/// among equals what was told least, and of those the newest.
#[test]
fn what_is_urgent_goes_first_and_then_what_was_told_least() {
    let mut hot = Hot::default();
    let mut data = batch("n9", begun(7), 1, "k", 1);
    data.parts.shrink_to_fit();
    let in_order = [
        left("n1"),
        accusation("n2", "n3", footing(7, 0), Charge::Suspect),
        claim("n4", footing(7, 0)),
        Item::Batch(data),
    ];
    for item in in_order.iter().rev() {
        hot.add(item.clone());
    }
    assert_eq!(hot.take(WIDE, 9), in_order);

    let mut hot = Hot::default();
    hot.add(claim("a", footing(7, 0)));
    hot.add(claim("b", footing(7, 0)));
    let one = claim("a", footing(7, 0)).weight();
    let first = |hot: &mut Hot| match hot.take(one, 9).pop() {
        Some(Item::Claim(claim)) => claim.value.member,
        other => panic!("{other:?}"),
    };
    assert_eq!(first(&mut hot), id("b"), "the newest");
    assert_eq!(first(&mut hot), id("a"), "told less");
    hot.add(claim("c", footing(7, 0)));
    assert_eq!(
        first(&mut hot),
        id("c"),
        "fresh news never waits behind old"
    );
}

/// What stands about a member takes the place of what stood: at most one claim
/// or verdict, and no accusation that it answers. Different accusers each count.
#[test]
fn the_newer_word_on_a_member_takes_the_place_of_the_older() {
    let mut hot = Hot::default();
    hot.add(claim("n1", footing(7, 0)));
    for by in ["n2", "n3", "n3"] {
        hot.add(accusation(by, "n1", footing(7, 0), Charge::Suspect));
    }
    assert_eq!(hot.len(), 3, "a claim, and two accusers");
    hot.add(accusation("n2", "n1", footing(7, 0), Charge::Dead));
    assert_eq!(hot.len(), 1, "the verdict");
    hot.add(claim("n1", footing(7, 1)));
    assert_eq!(hot.take(WIDE, 9), [claim("n1", footing(7, 1))]);
}

/// The queue has a bound, and what was told most, of what matters least, goes.
#[test]
fn the_coldest_goes_where_there_is_no_room() {
    let mut hot = Hot::default();
    let mut dropped = hot.add(left("leaver"));
    for number in 0..limit::HOT_RUMORS + 10 {
        dropped += hot.add(claim(&format!("n{number}"), footing(7, 0)));
    }
    assert_eq!((hot.len(), dropped), (limit::HOT_RUMORS, 11));
    assert_eq!(hot.take(200, 9)[0], left("leaver"));
}
