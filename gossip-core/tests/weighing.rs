//! Weighing: what one member costs in memory.
//!
//! The sealed bytes of a claim, and the name, are shared with the queues, the
//! journal and whoever asks; what a row costs beside them is counted here, to
//! the byte, by the allocator itself. The test stands alone in its file, since
//! whatever ran beside it would be weighed too.
#![allow(
    clippy::unwrap_used,
    reason = "a test that stops at the first surprise"
)]

use std::alloc::System;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::base::time::Instant;
use gossip_core::config::Config;
use gossip_core::membership::Roster;
use gossip_core::message::{
    Accusation, Charge, Claim, Footing, Generation, Incarnation, Presence, Sealed,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is asked for, not what the system rounds it up to.
#[global_allocator]
static SCALES: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROWS: usize = 10_000;

/// The most a row may cost, in bytes.
const MOST: usize = 150;

/// The most it may cost beside that while it is suspect, and when it is dead: an
/// accusation without its bytes and names, who accuses it, a place among all who
/// are suspect (measured: 510 and 158).
const MOST_SUSPECT: usize = 560;
const MOST_DEAD: usize = 200;

fn claim(number: usize, addr: IpAddr) -> Sealed<Claim> {
    let member: NodeId = format!("eu/1/n{number}").parse().unwrap();
    let footing = Footing {
        generation: Generation(1_750_000_000),
        incarnation: Incarnation(0),
    };
    let port = u16::try_from(number % 60_000).unwrap();
    let value = Claim {
        member,
        footing,
        presence: Presence::Alive,
        addrs: [(addr, port).into()].into(),
    };
    let bytes = Bytes::from(vec![0; 60]);
    Sealed { value, bytes }
}

/// Ten thousand members with one address each, heard of in no order.
fn weigh(addr: IpAddr) -> usize {
    let all = || (0..ROWS).map(|turn| claim(turn * 7_919 % ROWS, addr));
    // What is shared, held here too: so that it is not counted twice. Held
    // twice, because sharing itself begins with the second holder.
    let shared: Vec<_> = all().map(|claim| (claim.clone(), claim)).collect();
    let mut roster = Roster::new("me".parse().unwrap());
    let region = Region::new(SCALES);
    for (turn, (claim, _)) in shared.iter().enumerate() {
        roster.hear_claim(claim.clone(), Instant::from_millis(turn as u64));
    }
    let change = region.change();
    let held = change.bytes_allocated - change.bytes_deallocated;
    assert_eq!(roster.iter().count(), ROWS);
    held.div_ceil(ROWS)
}

fn accusation(number: usize, charge: Charge) -> Sealed<Accusation> {
    let Claim {
        member, footing, ..
    } = claim(number, "10.0.0.9".parse().unwrap()).value;
    let value = Accusation {
        accuser: "me".parse().unwrap(),
        accused: member,
        footing,
        charge,
    };
    let bytes = Bytes::from(vec![0; 60]);
    Sealed { value, bytes }
}

/// What each row costs more when all are suspect, and when all are dead.
fn weigh_gone() -> [usize; 2] {
    let made = |charge| (0..ROWS).map(move |number| accusation(number, charge));
    let shared = |charge| made(charge).map(|it| (it.clone(), it)).collect::<Vec<_>>();
    let (suspicions, verdicts) = (shared(Charge::Suspect), shared(Charge::Dead));
    let mut roster = Roster::new("me".parse().unwrap());
    for number in 0..ROWS {
        let claim = claim(number, "10.0.0.9".parse().unwrap());
        roster.hear_claim(claim, Instant::from_millis(0));
    }
    let terms = Config::default().suspicion(ROWS, Duration::ZERO);
    let region = Region::new(SCALES);
    let held = || {
        let change = region.change();
        (change.bytes_allocated - change.bytes_deallocated).div_ceil(ROWS)
    };
    for (it, _) in &suspicions {
        roster.hear_accusation(it.clone(), Instant::from_millis(1), terms, None);
    }
    let suspect = held();
    for (it, _) in &verdicts {
        roster.condemn(it.clone(), Instant::from_millis(9_000));
    }
    assert_eq!(roster.dead(), ROWS);
    [suspect, held()]
}

#[test]
fn a_row_costs_little() {
    for addr in ["10.0.0.9", "2001:db8::9"] {
        let each = weigh(addr.parse().unwrap());
        println!("a row costs {each} bytes beside its name and its sealed bytes, at {addr}");
        assert!(each <= MOST, "{each} bytes a row, at most {MOST}");
    }
    let [suspect, dead] = weigh_gone();
    println!("suspect it costs {suspect} more, dead {dead} more");
    assert!(
        suspect <= MOST_SUSPECT && dead <= MOST_DEAD,
        "{suspect}, {dead}"
    );
}
