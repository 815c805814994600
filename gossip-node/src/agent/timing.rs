//! Timing: the protocol's knobs, from text to a [`Config`] that it accepts.
//!
//! Whether a value is in its range is for [`Config::check`] alone to say; this
//! file only finds the words for it.

use std::time::Duration;

use gossip_core::config::DeltaOrder;
use gossip_core::message::Form;
use gossip_core::mongering::{Mode, Mongering, Stop};
use gossip_node::{Config, ConfigError, Detector, Profile};

use super::knob::Knob;
use super::layer::{Found, Layers, Raw};
use super::problem::{Origin, Problem, quoted};
use super::quorum;

/// The profile's settings with the operator's over them. What is wrong is
/// told, and the profile's own value stands in for it.
pub(crate) fn read(layers: &Layers, profile: Profile, problems: &mut Vec<Problem>) -> Config {
    let mut config = Config::new(profile);
    for (path, set) in SPANS {
        let Some(found) = layers.find(path) else {
            continue;
        };
        match span(found) {
            Ok(span) => *set(&mut config) = span,
            Err(wrong) => problems.push(problem(path, &found.origin, wrong, None)),
        }
    }
    for (path, set) in COUNTS {
        let Some(found) = layers.find(path) else {
            continue;
        };
        match count(found) {
            Ok(count) => *set(&mut config) = count,
            Err(wrong) => problems.push(problem(path, &found.origin, wrong, None)),
        }
    }
    if let Some(detector) = detector(layers, problems) {
        config.detector = detector;
    }
    mongering(layers, &mut config.mongering, problems);
    word(layers, DELTA_ORDER, problems, &mut |name| {
        DeltaOrder::named(name)
            .map(|order| config.delta_order = order)
            .is_some()
    });
    word(layers, FORM, problems, &mut |name| {
        Form::named(name)
            .map(|form| config.sync_form = form)
            .is_some()
    });
    quorum::read(layers, &mut config.quorum, problems);
    check(layers, profile, &mut config, problems);
    config
}

type Slot<T> = fn(&mut Config) -> &mut T;

const SPANS: [(&str, Slot<Duration>); 15] = [
    ("timing.probe_interval", |c| &mut c.probe_interval),
    ("timing.probe_timeout", |c| &mut c.probe_timeout),
    ("timing.probe_slack", |c| &mut c.probe_slack),
    ("timing.handshake_budget", |c| &mut c.handshake_budget),
    ("timing.suspicion_min", |c| &mut c.suspicion_min),
    ("timing.suspicion_max", |c| &mut c.suspicion_max),
    ("timing.forget_after", |c| &mut c.forget_after),
    ("timing.tombstone_grace", |c| &mut c.tombstone_grace),
    ("timing.gossip_interval", |c| &mut c.gossip_interval),
    ("timing.gossip_delay", |c| &mut c.gossip_delay),
    ("timing.sync_interval", |c| &mut c.sync_interval),
    ("timing.reconnect_interval", |c| &mut c.reconnect_interval),
    ("timing.leave_linger", |c| &mut c.leave_linger),
    ("quorum.timeout", |c| &mut c.quorum.timeout),
    ("quorum.probation", |c| &mut c.quorum.probation),
];

const COUNTS: [(&str, Slot<u32>); 15] = [
    ("timing.relays", |c| &mut c.relays),
    ("timing.awareness_max", |c| &mut c.awareness_max),
    ("timing.confirmations", |c| &mut c.confirmations),
    ("timing.jurors", |c| &mut c.jurors),
    ("timing.gossip_fanout", |c| &mut c.gossip_fanout),
    ("timing.rumor_factor", |c| &mut c.rumor_factor),
    ("timing.mongering_k", |c| &mut c.mongering.k),
    ("timing.eager_bytes", |c| &mut c.eager_bytes),
    ("timing.bulk_kib_per_s", |c| &mut c.bulk_kib_per_s),
    ("timing.peer_kib_per_s", |c| &mut c.peer_kib_per_s),
    ("timing.plain_rows", |c| &mut c.plain_rows),
    ("limits.author_keys", |c| &mut c.author_keys),
    ("limits.author_bytes", |c| &mut c.author_bytes),
    ("limits.author_keys_taken", |c| &mut c.author_keys_taken),
    ("limits.author_bytes_taken", |c| &mut c.author_bytes_taken),
];

/// Knobs whose range ends or begins with another: if the one that is out of its
/// range was left alone, one of the others is at fault.
const TIED: [(&str, &[&str]); 3] = [
    ("timing.probe_timeout", &["timing.probe_interval"]),
    (
        "timing.probe_slack",
        &["timing.probe_timeout", "timing.probe_interval"],
    ),
    ("timing.suspicion_max", &["timing.suspicion_min"]),
];

const DETECTOR: &str = "timing.detector";
const MODE: &str = "timing.mongering_mode";
const STOP: &str = "timing.mongering_stop";
const MINIMISE: &str = "timing.minimise";
const DELTA_ORDER: &str = "timing.delta_order";
const FORM: &str = "timing.sync_form";
const THRESHOLD: &str = "timing.threshold";

/// The threshold of Cassandra and Akka.
const PHI: u8 = 8;

/// How measured answers become a time to wait, if the operator says.
fn detector(layers: &Layers, problems: &mut Vec<Problem>) -> Option<Detector> {
    let mut told = |path, found: &Found, wrong| {
        problems.push(problem(path, &found.origin, wrong, None));
    };
    let named = layers.find(DETECTOR);
    let accrual = match named.map(text) {
        None | Some("timeout") => false,
        Some("accrual") => true,
        Some(other) => {
            let wrong = format!("{} is not a detector", quoted(other));
            told(DETECTOR, named?, wrong);
            return None;
        }
    };
    let Some(found) = layers.find(THRESHOLD) else {
        return accrual.then_some(Detector::Accrual { threshold: PHI });
    };
    match count(found) {
        Ok(_) if !accrual => {
            let wrong = "only counts with detector \"accrual\"".to_owned();
            told(THRESHOLD, found, wrong);
            None
        }
        Ok(threshold) => match u8::try_from(threshold) {
            Ok(threshold) => Some(Detector::Accrual { threshold }),
            Err(_) => {
                told(THRESHOLD, found, compared(false, &threshold.to_string()));
                None
            }
        },
        Err(wrong) => {
            told(THRESHOLD, found, wrong);
            None
        }
    }
}

/// A knob that is one of some words. `take` says whether it knows the word.
fn word(
    layers: &Layers,
    path: &'static str,
    problems: &mut Vec<Problem>,
    take: &mut dyn FnMut(&str) -> bool,
) {
    let Some(found) = layers.find(path) else {
        return;
    };
    if !take(text(found)) {
        let wrong = format!("{} is none of them", quoted(text(found)));
        problems.push(problem(path, &found.origin, wrong, None));
    }
}

/// How what members write is told, as far as the operator says.
fn mongering(layers: &Layers, rule: &mut Mongering, problems: &mut Vec<Problem>) {
    word(layers, MODE, problems, &mut |name| {
        Mode::named(name).map(|mode| rule.mode = mode).is_some()
    });
    word(layers, STOP, problems, &mut |name| {
        Stop::named(name).map(|stop| rule.stop = stop).is_some()
    });
    word(layers, MINIMISE, problems, &mut |answer| {
        rule.minimise = answer == "yes";
        matches!(answer, "yes" | "no")
    });
}

/// Every knob as it stands, as text: for `--check-config`.
pub(crate) fn shown(config: &Config) -> Vec<(&'static str, String)> {
    let mut config = config.clone();
    let mut shown = Vec::new();
    for (path, slot) in SPANS {
        shown.push((path, human(*slot(&mut config))));
    }
    for (path, slot) in COUNTS {
        shown.push((path, slot(&mut config).to_string()));
    }
    match config.detector {
        Detector::Timeout => shown.push((DETECTOR, "timeout".to_owned())),
        Detector::Accrual { threshold } => {
            shown.push((DETECTOR, "accrual".to_owned()));
            shown.push((THRESHOLD, threshold.to_string()));
        }
    }
    let rule = config.mongering;
    let minimise = if rule.minimise { "yes" } else { "no" };
    shown.push((MODE, rule.mode.name().to_owned()));
    shown.push((STOP, rule.stop.name().to_owned()));
    shown.push((MINIMISE, minimise.to_owned()));
    shown.push((DELTA_ORDER, config.delta_order.name().to_owned()));
    shown.push((FORM, config.sync_form.name().to_owned()));
    shown
}

/// Asks the core, one knob after the other: each that it refuses is told and
/// set back, so that the next one shows.
fn check(layers: &Layers, profile: Profile, config: &mut Config, problems: &mut Vec<Problem>) {
    let mut defaults = Config::new(profile);
    for _ in 0..=SPANS.len() + COUNTS.len() {
        let Err(error) = config.check() else {
            return;
        };
        let (knob, wrong, allowed) = match error {
            ConfigError::Span {
                knob,
                found,
                least,
                most,
            } => {
                let allowed = format!("{} to {}", human(least), human(most));
                (knob, compared(found < least, &human(found)), Some(allowed))
            }
            ConfigError::Count {
                knob,
                found,
                least,
                most,
            } => (
                knob,
                compared(found < least, &found.to_string()),
                Some(format!("{least} to {most}")),
            ),
            other => ("", other.to_string(), None),
        };
        let path = match knob.split_once('.') {
            Some(_) => knob.to_owned(),
            None => format!("timing.{knob}"),
        };
        let blamed = blamed(layers, &path);
        let wrong = if blamed == path {
            wrong
        } else {
            let slot = SPANS.iter().find(|(name, _)| *name == path);
            let kept = slot.map_or_else(String::new, |(_, slot)| human(*slot(config)));
            format!("leaves no room for the profile's {knob} of {kept}; set that as well")
        };
        let origin = layers
            .find(blamed)
            .map_or(Origin::Nowhere, |found| found.origin.clone());
        problems.push(problem(
            blamed,
            &origin,
            wrong,
            allowed.filter(|_| blamed == path),
        ));
        for (name, slot) in SPANS {
            if name == blamed || name == path {
                *slot(config) = *slot(&mut defaults);
            }
        }
        for (name, slot) in COUNTS {
            if name == path {
                *slot(config) = *slot(&mut defaults);
            }
        }
        if path == THRESHOLD {
            config.detector = defaults.detector;
        }
    }
}

/// Whose fault it is that a knob is out of its range: its own, or, if it was
/// left alone, that of the one which was not.
fn blamed<'a>(layers: &Layers, path: &'a str) -> &'a str {
    let tied = TIED.iter().find(|(knob, _)| *knob == path);
    let others = tied.map_or(&[][..], |(_, others)| others);
    if layers.find(path).is_some() {
        return path;
    }
    let turned = others.iter().find(|other| layers.find(other).is_some());
    turned.copied().unwrap_or(path)
}

fn compared(below: bool, found: &str) -> String {
    format!("{found} is too {}", if below { "little" } else { "much" })
}

fn problem(path: &str, origin: &Origin, wrong: String, allowed: Option<String>) -> Problem {
    let of_knob = || Knob::find(path).map_or("", |knob| knob.allowed).to_owned();
    Problem {
        origin: origin.clone(),
        key: path.to_owned(),
        wrong,
        allowed: allowed.unwrap_or_else(of_knob),
    }
}

fn text(found: &Found) -> &str {
    match &found.raw {
        Raw::One(text) => text.trim(),
        Raw::Many(_) => "",
    }
}

fn span(found: &Found) -> Result<Duration, String> {
    let text = text(found);
    if text.starts_with('-') {
        return Err(format!("{} is negative", quoted(text)));
    }
    humantime::parse_duration(text).map_err(|why| {
        let why = why.to_string().replace('\n', " ");
        format!(
            "{} is not a duration such as \"250ms\": {why}",
            quoted(text)
        )
    })
}

fn count(found: &Found) -> Result<u32, String> {
    let text = text(found);
    text.parse::<u32>().map_err(|_| {
        let digits = text.trim_start_matches(['-', '+']);
        let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        match (whole, text.starts_with('-')) {
            (true, true) => compared(true, text),
            (true, false) => compared(false, quoted(text).trim_matches('"')),
            (false, _) => format!("{} is not a whole number", quoted(text)),
        }
    })
}

/// A duration as an operator would write it.
pub(crate) fn human(span: Duration) -> String {
    humantime::format_duration(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::knob::{KNOBS, Shape};

    fn judged(assignments: &[&str]) -> Vec<String> {
        let mut layers = Layers::default();
        for assignment in assignments {
            layers.put_assignment(assignment).unwrap();
        }
        let mut problems = Vec::new();
        read(&layers, Profile::Lan, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_timing_knob_reaches_the_core() {
        let told: Vec<_> = KNOBS
            .iter()
            .filter(|knob| {
                let spans = ["quorum.timeout", "quorum.probation"];
                ["timing", "limits"].contains(&knob.section()) || spans.contains(&knob.path)
            })
            .filter(|knob| {
                ![DETECTOR, THRESHOLD, MODE, STOP, MINIMISE, FORM, DELTA_ORDER].contains(&knob.path)
            })
            .collect();
        assert_eq!(told.len(), SPANS.len() + COUNTS.len());
        for knob in told {
            let known = SPANS.iter().any(|(path, _)| *path == knob.path)
                || COUNTS.iter().any(|(path, _)| *path == knob.path);
            assert!(known, "{}", knob.path);
        }
    }

    /// The table's words and the core's judgement are the same law.
    #[test]
    fn what_the_table_allows_the_core_allows_and_no_more() {
        for knob in KNOBS {
            let Some((least, most)) = knob.allowed.split_once(" to ") else {
                continue;
            };
            if !matches!(knob.shape, Shape::Span | Shape::Count) {
                continue;
            }
            // Ranges that end with another knob, in the profile `lan`.
            let plain = |end| match end {
                "probe_interval" => "1s",
                "probe_timeout" => "500ms",
                "suspicion_min" => "3s",
                other => other,
            };
            let (least, most) = (plain(least), plain(most));
            // The others of a pair step out of the way.
            let aside: &[&str] = match knob.path {
                "timing.probe_interval" => &["timing.probe_timeout=10ms", "timing.probe_slack=0s"],
                "timing.probe_timeout" => &["timing.probe_slack=0s"],
                "timing.suspicion_min" => &["timing.suspicion_max=30m"],
                THRESHOLD => &["timing.detector=accrual"],
                _ => &[],
            };
            let judged = |assignment: &str| judged(&[aside, &[assignment]].concat());
            for good in [least, most] {
                let assignment = format!("{}={good}", knob.path);
                assert_eq!(judged(&assignment), Vec::<String>::new(), "{assignment}");
            }
            let beyond = match knob.shape {
                Shape::Span => {
                    let (least, most) = (
                        humantime::parse_duration(least).unwrap(),
                        humantime::parse_duration(most).unwrap(),
                    );
                    let step = Duration::from_nanos(1);
                    [least.checked_sub(step).map(human), Some(human(most + step))]
                }
                _ => {
                    let (least, most): (u32, u32) = (least.parse().unwrap(), most.parse().unwrap());
                    [
                        least.checked_sub(1).map(|n| n.to_string()),
                        Some((most + 1).to_string()),
                    ]
                }
            };
            for bad in beyond.into_iter().flatten() {
                let assignment = format!("{}={bad}", knob.path);
                let lines = judged(&assignment);
                assert_eq!(lines.len(), 1, "{assignment}: {lines:?}");
                assert!(lines[0].contains(knob.path), "{lines:?}");
            }
        }
    }

    #[test]
    fn every_wrong_knob_is_told_at_once() {
        let lines = judged(&[
            "timing.probe_interval=0s",
            "timing.relays=17",
            "timing.gossip_delay=99999999999999999999999h",
            "timing.sync_interval=soon",
        ]);
        assert_eq!(lines.len(), 4, "{lines:#?}");
        assert!(
            lines.iter().any(|line| line
                == "--set timing.relays: timing.relays: 17 is too much; allowed: 0 to 16")
        );
    }

    #[test]
    fn an_interval_below_the_profiles_timeout_says_so() {
        let lines = judged(&["timing.probe_interval=100ms"]);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("probe_timeout of 500ms"), "{lines:#?}");
        assert_eq!(
            judged(&["timing.probe_interval=100ms", "timing.probe_timeout=50ms"]),
            Vec::<String>::new()
        );
        let lines = judged(&["timing.suspicion_min=1m"]);
        assert_eq!(
            lines,
            [
                "--set timing.suspicion_min: timing.suspicion_min: leaves no room for the profile's \
                 suspicion_max of 18s; set that as well; allowed: 100ms to 5m"
            ]
        );
    }

    #[test]
    fn rumors_are_told_as_the_operator_says() {
        let mut layers = Layers::default();
        for assignment in [
            "timing.mongering_mode=push",
            "timing.mongering_stop=blind-coin",
            "timing.mongering_k=5",
            "timing.minimise=no",
            "timing.sync_form=pull",
        ] {
            layers.put_assignment(assignment).unwrap();
        }
        let mut problems = Vec::new();
        let config = read(&layers, Profile::Lan, &mut problems);
        let rule = config.mongering;
        assert!(problems.is_empty());
        assert_eq!(config.sync_form, Form::Pull);
        let said = (rule.mode, rule.stop, rule.k, rule.minimise);
        assert_eq!(said, (Mode::Push, Stop::BlindCoin, 5, false));
        for wrong in [
            "timing.mongering_mode=sideways",
            "timing.minimise=perhaps",
            "timing.sync_form=both",
            "timing.plain_rows=513",
        ] {
            let lines = judged(&[wrong]);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("allowed: "), "{lines:?}");
        }
    }

    #[test]
    fn a_threshold_needs_its_detector() {
        let only = |assignments: &[&str]| judged(assignments).join("\n");
        assert_eq!(only(&["timing.detector=accrual"]), "");
        let lone = only(&["timing.threshold=8"]);
        assert!(lone.contains("only counts with detector"), "{lone}");
        let wrong = only(&["timing.detector=guess"]);
        assert!(wrong.contains("\"guess\" is not a detector"), "{wrong}");
        let much = only(&["timing.detector=accrual", "timing.threshold=300"]);
        assert!(much.contains("300 is too much; allowed: 1 to 16"), "{much}");
        let mut layers = Layers::default();
        layers.put_assignment("timing.detector=accrual").unwrap();
        layers.put_assignment("timing.threshold=12").unwrap();
        let config = read(&layers, Profile::Lan, &mut Vec::new());
        assert_eq!(config.detector, Detector::Accrual { threshold: 12 });
    }
}
