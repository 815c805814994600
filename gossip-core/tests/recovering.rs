//! Recovering: a node that lost its disk gets its own log back from others, and
//! loses its process in the middle of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use core::time::Duration;

use common::{all_equal, all_read, grown, host, own, put, seconds};
use gossip_core::message::Scope;
use gossip_core::sim::{Journal, Setup};

/// ```text
///   n1  k0 … k39, then k0 … k19 again ─ disk lost ─ gets 20…39, 40… ─✗ kept: how much?
///   n0  all of it: the only source                                   ─ disk lost
///   n2  k0 … k39, as they were first (it was down since)             ─ back
/// ```
///
/// Whatever moment n1 dies at, half a log is never a log: were its journal to hold
/// versions 20 to 39 as the whole of its log up to 39, n2 would hold k0 to k19 under
/// the same head, and nobody would ever know. The rules of heads hold throughout.
#[test]
fn half_a_log_is_never_taken_for_a_log() {
    let mut kept = Vec::new();
    for moment in 0..40 {
        let mut world = grown(Setup::seeded(40 + moment), 3);
        let (author, source, late) = (host(1), host(0), host(2));
        let value = [7; 6_000];
        let keys: Vec<String> = (0..40).map(|key| format!("k{key}")).collect();
        for key in &keys {
            put(&mut world, author, Scope::Own, key, &value);
        }
        let space = own(&world, author);
        let spread = world.run_until(seconds(60), |world| {
            world.rows(late, space.clone()).len() == keys.len() && all_equal(world)
        });
        spread.unwrap();
        // What is remembered is on disk after a second.
        world.run_for(seconds(3));
        world.crash(late);
        for key in keys.iter().take(20) {
            put(&mut world, author, Scope::Own, key, b"again");
        }
        let spread = world.run_until(seconds(60), |world| {
            all_read(world, &space, "k19", Some(b"again")) && all_equal(world)
        });
        spread.unwrap();
        // Back with nothing, and gone again while it gets its log, or right after.
        world.restart_from(author, Journal::default());
        world.run_for(Duration::from_millis(5 * moment));
        world.crash(author);
        world.restart_from(source, Journal::default());
        world.restart(author);
        world.run_for(seconds(1));
        kept.push(world.rows(author, space.clone()).len());
        put(&mut world, author, Scope::Own, "new", b"1");
        world.restart(late);
        let equal = world.run_until(seconds(120), |world| {
            all_read(world, &space, "new", Some(b"1")) && all_equal(world)
        });
        assert!(equal.is_some(), "died after {} ms", 5 * moment);
        world.run_for(seconds(30));
        assert!(all_equal(&mut world));
    }
    println!("keys that were left, by the moment of death: {kept:?}");
    // Nothing of the log, or all of it, and both have happened.
    assert!(kept.contains(&0) && kept.contains(&40), "{kept:?}");
    assert!(kept.iter().all(|kept| [0, 40].contains(kept)), "{kept:?}");
}
