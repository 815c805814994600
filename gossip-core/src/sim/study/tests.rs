//! The studies on the smallest clusters: they measure what they say.

use core::time::Duration;

use super::*;
use crate::config::Profile;
use crate::defence::Defence;

const SEED: u64 = 7;

fn small() -> Ground {
    Ground::new(5, Profile::Local)
}

fn most(sample: &Sample, what: &str) -> f64 {
    sample
        .percentiles(what)
        .most()
        .map_or(f64::NAN, Length::as_secs)
}

#[test]
fn a_quiet_network_wrongs_nobody_and_a_deaf_one_everybody() {
    let mut study = Quiet {
        ground: small(),
        warm_up: Duration::ZERO,
        loss_ppm: 0,
        span: Duration::from_secs(60),
    };
    let calm = study.trial(SEED, &mut |_| {});
    assert_eq!(calm.count(Wrongs::DEATHS), 0);
    assert_eq!(calm.time(quiet_name::NODE_TIME), Duration::from_secs(300));
    assert!(calm.count(quiet_name::BYTES) > 0);
    // Where nothing arrives, everybody that runs is declared dead.
    study.loss_ppm = 1_000_000;
    let deaf = study.trial(SEED, &mut |_| {});
    assert_eq!(deaf.count(Wrongs::DEATHS), 5);
    assert_eq!(deaf.count(Wrongs::TOLD), 20);
}

#[test]
fn a_crash_is_known_first_then_by_all_and_is_no_false_positive() {
    let study = Crash {
        ground: small(),
        loss_ppm: 0,
        crashes: 3,
    };
    let sample = study.trial(SEED, &mut |_| {});
    assert_eq!(sample.percentiles(crash_name::FIRST).count(), 3);
    assert_eq!(sample.percentiles(crash_name::ALL).never(), 0);
    assert!(most(&sample, crash_name::FIRST) <= most(&sample, crash_name::ALL));
    assert!(most(&sample, crash_name::BACK) < 10.0);
    assert_eq!(sample.count(Wrongs::DEATHS), 0);
    assert_eq!(sample, study.trial(SEED, &mut |_| {}));
}

#[test]
fn a_cut_is_no_false_positive_and_heals() {
    let study = Cut {
        ground: small(),
        span: Duration::from_secs(30),
        cuts: 1,
    };
    let sample = study.trial(SEED, &mut |_| {});
    assert_eq!(sample.percentiles(cut_name::HEALED).never(), 0);
    // Two on one side, three on the other, each pair both ways.
    assert_eq!(sample.count(cut_name::DEAD), 12);
    assert!(sample.count(cut_name::DIALS) > 0);
}

#[test]
fn coming_leaving_and_restarting_are_measured_to_their_end() {
    let cold = Cold { ground: small() }.trial(SEED, &mut |_| {});
    assert!(most(&cold, cold_name::EXACT) < 10.0);
    let leave = Leave {
        ground: small(),
        leaves: 2,
    };
    let left = leave.trial(SEED, &mut |_| {});
    assert!(most(&left, leave_name::KNOWN) < 10.0);
    let restart = Restart {
        ground: small(),
        down: Duration::from_secs(1),
    };
    let again = restart.trial(SEED, &mut |_| {});
    assert!(most(&again, restart_name::EXACT) < 30.0);
    assert_eq!(again.count(restart_name::REVIVED), 0);
}

#[test]
fn an_outlook_has_every_chapter() {
    let outlook = Outlook {
        ground: Ground {
            zones: 2,
            ..small()
        },
        updates: 2,
        crashes: 1,
        partition: Duration::from_secs(20),
        quiet: Duration::from_secs(10),
    };
    let mut changes = 0;
    let seen = outlook.trial(SEED, &mut |_| {}, &mut |_| changes += 1);
    assert!(changes > 20);
    assert!(seen.joined.is_some() && seen.back.is_some());
    assert!(seen.healed.is_some() && seen.merged.is_some());
    assert_eq!((seen.updates.len(), seen.crashes.len()), (2, 1));
    assert!(seen.updates.iter().all(|it| it.at(1_000).is_some()));
    assert_eq!(seen.crashes[0].learned.len(), 4);
    let chapters: alloc::vec::Vec<_> = seen.chapters.iter().map(|(_, it)| *it).collect();
    let wanted = [
        "start", "idle", "updates", "crash", "restart", "cut", "mended", "quiet",
    ];
    assert_eq!(chapters, wanted);
    // Of twenty pairs, twelve held one another dead across the cut; mended,
    // some may hear of it before the dead ones refute.
    let most = seen.timeline.iter().map(|(_, tally)| tally[2]).max();
    assert!(most >= Some(12), "{most:?}");
    assert_eq!(
        seen.timeline.last().map(|(_, tally)| *tally),
        Some([20, 0, 0, 0, 0])
    );
    assert_eq!(seen.wrongs, 0);
}

#[test]
fn the_sick_are_told_apart_from_the_healthy() {
    let mut study = Sick {
        ground: Ground::new(8, Profile::Local),
        sick: 1,
        ailment: Ailment::Mute,
        span: Duration::from_secs(60),
    };
    let mute = study.trial(SEED, &mut |_| {});
    assert!(mute.count(sick_name::FLAPS) >= 1);
    assert_eq!(mute.count(sick_name::SICK), 1);
    assert_eq!(mute.time(sick_name::SICK_TIME), Duration::from_secs(60));
    study.ailment = Ailment::FlipFlop(Duration::from_secs(20));
    let flips = study.trial(SEED, &mut |_| {});
    assert!(flips.count(sick_name::FLAPS) >= 1);
}

#[test]
fn whoever_stands_still_is_found_and_wrongs_nobody_here() {
    let study = Slow {
        ground: Ground::new(8, Profile::Local),
        slow: 2,
        how: Slowness::Paused,
        pause: Duration::from_secs(8),
        gap: Duration::from_secs(1),
        span: Duration::from_secs(30),
    };
    let sample = study.trial(SEED, &mut |_| {});
    assert_eq!(
        sample.time(slow_name::NODE_TIME),
        Duration::from_secs(36 * 8)
    );
    assert_eq!(sample, study.trial(SEED, &mut |_| {}));
    assert_eq!(sample.count(Wrongs::DEATHS), 0);
}

/// What the defences are worth: of two whose messages are held up, those who
/// believe everything hear verdicts on the healthy.
#[test]
fn what_a_slow_member_concludes_kills_only_those_without_defences() {
    let mut study = Slow {
        ground: Ground::new(32, Profile::Lan),
        slow: 6,
        how: Slowness::Held,
        pause: Duration::from_millis(8_192),
        gap: Duration::from_millis(64),
        span: Duration::from_secs(60),
    };
    let safe = study.trial(SEED, &mut |_| {});
    assert_eq!(safe.count(Wrongs::DEATHS), 0);
    let config = &mut study.ground.config;
    config.awareness_max = 0;
    config.jurors = 0;
    config.suspicion_max = config.suspicion_min;
    for defence in Defence::ALL {
        config.defences.without(defence);
    }
    let plain = study.trial(SEED, &mut |_| {});
    assert!(plain.count(Wrongs::DEATHS) > 0, "{plain:?}");
}

#[test]
fn many_crashes_are_all_known_to_all() {
    let study = Many {
        ground: Ground::new(12, Profile::Local),
        crashes: 4,
    };
    let sample = study.trial(SEED, &mut |_| {});
    assert_eq!(sample.percentiles(many_name::ALL).never(), 0);
    assert_eq!(sample.count(Wrongs::DEATHS), 0);
}
