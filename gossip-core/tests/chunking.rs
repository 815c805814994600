//! Chunking: large values travel in chunks from whoever has them, and hold up
//! nothing that is small.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

#[path = "common/mod.rs"]
mod common;

use core::time::Duration;

use common::{all_alive, all_equal, all_read, false_deaths, grown, host, own, seconds};
use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::output::{Counters, MemberEventKind, Notification};
use gossip_core::sim::{HostId, NodeSetup, Setup, World};

const MIB: usize = 1024 * 1024;
const CHUNKS_A_MIB: u64 = 33;

/// So many bytes that look like nothing else.
fn large(seed: u64, bytes: usize) -> Vec<u8> {
    let mut rng = gossip_core::base::rng::Rng::new(seed);
    let words = (0..bytes.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes());
    words.take(bytes).collect()
}

fn counters(world: &mut World, host: HostId) -> Counters {
    world.status(host).unwrap().counters
}

fn sum(world: &mut World, of: impl Fn(&Counters) -> u64) -> u64 {
    let hosts = world.running();
    hosts
        .into_iter()
        .map(|host| of(&counters(world, host)))
        .sum()
}

fn suspicions(world: &World) -> usize {
    let told = world.hosts().flat_map(|host| world.notifications(host));
    told.filter(|(_, told)| {
        matches!(told, Notification::Member(event)
            if matches!(event.kind, MemberEventKind::Suspected { .. }))
    })
    .count()
}

/// How long it takes until everybody reads a key.
fn until_read(world: &mut World, key: &str, value: &[u8], most: Duration) -> Option<Duration> {
    let before = world.elapsed();
    let end = before + most;
    while !all_read(world, &Space::Shared, key, Some(value)) {
        if world.elapsed() >= end {
            return None;
        }
        world.run_for(Duration::from_millis(5));
    }
    Some(world.elapsed() - before)
}

#[test]
fn a_large_value_reaches_everybody_from_many_and_hardly_a_chunk_twice() {
    let mut world = grown(Setup::seeded(1), 16);
    let value = large(7, MIB);
    world.put(host(3), Scope::Shared, "large", &value);
    let took = until_read(&mut world, "large", &value, seconds(5)).expect("it is everywhere");
    let taken = sum(&mut world, |c| c.chunks_taken);
    let sent = sum(&mut world, |c| c.chunks_sent);
    let most = world
        .running()
        .into_iter()
        .map(|host| counters(&mut world, host).chunks_sent)
        .max()
        .unwrap();
    println!("1 MiB to 15 after {took:?}: {taken} chunks taken, {sent} sent, {most} by one");
    assert_eq!(taken, 15 * CHUNKS_A_MIB);
    assert!(sent <= taken + taken / 20, "{sent}");
    assert!(most < taken / 2, "more than one serves it");
    assert_eq!(sum(&mut world, |c| c.chunks_wrong), 0);
    assert!(took < seconds(1), "{took:?}");
}

/// Links of 10 Mbit/s. First a small write on idle links, then many of them while
/// four values of 1 MiB from four authors go to everybody.
#[test]
fn what_is_large_does_not_hold_up_what_is_small() {
    let mut setup = Setup::seeded(2);
    setup.network.bytes_per_second = 1_250_000;
    let mut world = grown(setup, 16);
    let mut idle = Duration::ZERO;
    for round in 0..10 {
        let key = format!("idle{round}");
        world.put(host(round % 16), Scope::Shared, &key, b"small");
        let took = until_read(&mut world, &key, b"small", seconds(5)).unwrap();
        idle = idle.max(took);
        world.run_for(seconds(1));
    }
    let suspected = suspicions(&world);
    let values: Vec<Vec<u8>> = (0..4).map(|seed| large(seed, MIB)).collect();
    for (number, value) in (0..4).zip(&values) {
        world.put(
            host(number),
            Scope::Shared,
            &format!("large{number}"),
            value,
        );
    }
    let (mut slowest, mut rounds) = (Duration::ZERO, 0);
    let everywhere = |world: &mut World| {
        (0..4).zip(&values).all(|(number, value)| {
            all_read(
                world,
                &Space::Shared,
                &format!("large{number}"),
                Some(value),
            )
        })
    };
    while !everywhere(&mut world) {
        assert!(rounds < 200, "the large ones never come");
        let key = format!("busy{rounds}");
        world.put(host(4 + rounds % 12), Scope::Shared, &key, b"small");
        let took = until_read(&mut world, &key, b"small", seconds(5)).expect("it is everywhere");
        slowest = slowest.max(took);
        rounds += 1;
    }
    println!(
        "small: {idle:?} at most on idle links, {slowest:?} of {rounds} beside the large ones"
    );
    assert!(rounds > 5, "they had something to be beside");
    assert!(slowest <= idle + Duration::from_millis(250), "{slowest:?}");
    assert_eq!(suspicions(&world), suspected, "nobody is suspected");
    assert_eq!(false_deaths(&world), 0);
    assert!(all_equal(&mut world));
}

#[test]
fn who_joins_gets_large_values_before_it_takes_part() {
    let mut world = grown(Setup::seeded(3), 4);
    let value = large(9, MIB);
    for number in 0..4 {
        world.put(host(number), Scope::Own, "state", &value);
    }
    world.run_for(seconds(5));
    let late = world.add(NodeSetup::named("late").joining("n0"));
    let joined = world.run_until(seconds(10), |world| world.picture(late).running);
    joined.expect("it takes part");
    for number in 0..4 {
        let space = own(&world, host(number));
        let row = world
            .value(late, space, "state")
            .expect("before it says so");
        assert_eq!(row.value.bytes(), &value[..]);
    }
    let counters = counters(&mut world, late);
    assert_eq!(counters.chunks_taken, 4 * CHUNKS_A_MIB);
    assert_eq!(counters.chunks_in_vain, 0);
}

/// The only link breaks again and again while the value comes: what came is not
/// fetched again.
#[test]
fn what_has_come_is_not_fetched_again_when_a_link_breaks() {
    let mut setup = Setup::seeded(4);
    setup.network.bytes_per_second = 250_000;
    let mut world = grown(setup, 2);
    let value = large(11, MIB);
    world.put(host(0), Scope::Shared, "large", &value);
    for _ in 0..6 {
        world.run_for(Duration::from_millis(700));
        world.break_links(host(1));
    }
    let took = until_read(&mut world, "large", &value, seconds(60)).expect("in the end");
    let counters = counters(&mut world, host(1));
    println!("{took:?} after the last break: {counters:?}");
    assert_eq!(counters.chunks_taken, CHUNKS_A_MIB);
    assert_eq!(counters.chunked_dropped, 0);
}

/// A large key is written faster than it can be fetched: everybody still gets
/// some of its values, and the last.
#[test]
fn a_large_key_written_again_and_again_is_not_fetched_for_ever() {
    let mut setup = Setup::seeded(5);
    setup.network.bytes_per_second = 1_250_000;
    let mut world = grown(setup, 4);
    for round in 0..20 {
        world.put(host(0), Scope::Own, "large", &large(round, MIB / 2));
        world.run_for(Duration::from_millis(300));
    }
    let last = large(19, MIB / 2);
    let space = own(&world, host(0));
    let end = world.elapsed() + seconds(60);
    while !all_read(&mut world, &space, "large", Some(&last)) {
        assert!(world.elapsed() < end, "the last never comes");
        world.run_for(Duration::from_millis(50));
    }
    assert!(all_alive(&world));
}

#[test]
fn a_third_of_all_packets_lost_keeps_no_chunk_away() {
    let mut world = grown(Setup::seeded(6).losing(300_000), 8);
    let value = large(13, MIB);
    world.put(host(5), Scope::Shared, "large", &value);
    let took = until_read(&mut world, "large", &value, seconds(60)).expect("in the end");
    println!("1 MiB at 30 % loss: {took:?}");
    let taken = sum(&mut world, |c| c.chunks_taken);
    assert_eq!(taken, 7 * CHUNKS_A_MIB);
}

/// A log has no gaps: what an author writes after something large waits for that,
/// and no longer; and nothing is sent again and again meanwhile.
#[test]
fn what_follows_on_something_large_comes_right_after_it() {
    let mut setup = Setup::seeded(7);
    setup.network.bytes_per_second = 1_250_000;
    let mut world = grown(setup, 12);
    let before = world.total_traffic().sent.bytes;
    let begun = world.elapsed();
    world.put(host(3), Scope::Shared, "large", &large(17, MIB));
    for number in 0..30 {
        world.run_for(Duration::from_millis(20));
        world.put(host(3), Scope::Shared, &format!("small{number}"), b"small");
    }
    let value = large(17, MIB);
    until_read(&mut world, "large", &value, seconds(20)).expect("the large one");
    let large_took = world.elapsed() - begun;
    for number in 0..30 {
        let key = format!("small{number}");
        until_read(&mut world, &key, b"small", seconds(5)).expect("what follows on it");
    }
    let all_took = world.elapsed() - begun;
    let bytes = world.total_traffic().sent.bytes - before;
    println!(
        "1 MiB to 11 after {large_took:?}, all that follows after {all_took:?}; {bytes} bytes"
    );
    assert!(all_took <= large_took + Duration::from_millis(500));
    assert!(bytes <= 11 * MIB as u64 * 23 / 20, "{bytes}");
    assert_eq!(false_deaths(&world), 0);
}

/// Ten megabytes in values of 8 KB, on a link of a Gbit/s.
#[test]
fn a_joiner_to_ten_megabytes_is_ready_soon() {
    let mut world = grown(Setup::seeded(8), 3);
    let value = large(19, 8_000);
    for round in 0..160 {
        for number in 0..8 {
            let key = format!("k{round}/{number}");
            world.put(host(number % 3), Scope::Own, &key, &value);
        }
        world.run_for(Duration::from_millis(5));
    }
    world.run_for(seconds(5));
    let late = world.add(NodeSetup::named("late").joining("n0"));
    let begun = world.elapsed();
    let joined = world.run_until(seconds(10), |world| world.picture(late).running);
    joined.expect("it takes part");
    let took = world.elapsed() - begun;
    let mut held = 0;
    for number in 0..3 {
        let space = own(&world, host(number));
        held += world.rows(late, space).len();
    }
    let counters = counters(&mut world, late);
    println!(
        "ready after {took:?}: {held} values in {} chunks, {} in vain",
        counters.chunks_taken, counters.chunks_in_vain
    );
    assert_eq!(held, 1_280);
    assert!(took <= seconds(2), "{took:?}");
    assert_eq!(counters.chunks_in_vain, 0);
}
