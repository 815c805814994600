//! Spreading: what members write reaches everybody by rumors alone, soon, and at
//! few copies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that stops at the first surprise"
)]

use gossip_core::config::Profile;
use gossip_core::sim::study::{Ground, Sample, Write, write_name as name};

fn played(nodes: u32, zones: u32, loss_percent: u32, bytes: usize, alone: bool) -> Sample {
    let mut ground = Ground::new(nodes, Profile::Lan);
    ground.zones = zones;
    let study = Write {
        ground,
        loss_ppm: loss_percent * 10_000,
        writes: 6,
        bytes,
        alone,
    };
    study.trial(bytes as u64, &mut |_| {})
}

/// Copies sent for each that had to be.
fn copies(sample: &Sample) -> f64 {
    sample.count(name::COPIES_SENT) as f64 / sample.count(name::COPIES_DUE) as f64
}

fn told(what: &str, sample: &Sample) {
    let due = sample.count(name::COPIES_DUE) as f64;
    let known = sample.percentiles(name::KNOWN);
    println!(
        "{what}: {:.2} copies, {:.2} in vain, {} of {due} missed, {:.0} B, known {:?} to {:?}",
        copies(sample),
        sample.count(name::COPIES_IN_VAIN) as f64 / due,
        sample.count(name::MISSED),
        sample.count(name::BYTES) as f64 / due,
        known.median().unwrap(),
        known.most().unwrap(),
    );
}

#[test]
fn a_small_write_is_everywhere_at_few_copies() {
    let sample = played(64, 1, 0, 20, true);
    told("20 B", &sample);
    assert!(copies(&sample) <= 6.5);
    assert_eq!(sample.count(name::MISSED), 0);
    let most = sample.percentiles(name::KNOWN).p99().unwrap();
    assert!(most.as_secs() <= 0.5, "{most:?}");
}

#[test]
fn a_larger_one_is_sent_to_each_once() {
    let sample = played(64, 1, 0, 500, true);
    told("500 B", &sample);
    assert!(copies(&sample) <= 1.1);
    assert_eq!(sample.count(name::MISSED), 0);
}

#[test]
fn one_that_fits_no_datagram_too() {
    let sample = played(16, 1, 0, 20_000, true);
    told("20 kB", &sample);
    assert!(copies(&sample) <= 1.1);
    assert_eq!(sample.count(name::MISSED), 0);
}

#[test]
fn a_third_of_all_packets_lost_keeps_it_from_nobody() {
    for bytes in [20, 500] {
        let alone = played(40, 1, 30, bytes, true);
        told("30 % loss, rumors alone", &alone);
        assert!(copies(&alone) <= 6.5);
        // One in a hundred, and it is found.
        assert!(alone.count(name::MISSED) <= 2);
        let sample = played(40, 1, 30, bytes, false);
        told("30 % loss", &sample);
        assert_eq!(sample.count(name::MISSED), 0);
        assert!(copies(&sample) <= 6.5);
    }
}

#[test]
fn zones_are_crossed_by_few_and_soon() {
    let sample = played(60, 3, 0, 20, true);
    told("3 zones", &sample);
    assert_eq!(sample.count(name::MISSED), 0);
    assert!(copies(&sample) <= 6.5);
    let most = sample.percentiles(name::KNOWN).p99().unwrap();
    assert!(most.as_secs() <= 1.0, "{most:?}");
}
