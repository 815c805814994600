//! The report of a story, for people and for programs.

use std::time::Duration;

use gossip_core::sim::study::{Length, Outlook, Percentiles, Seen, Spread, upper_bound};
use serde_json::{Value, json};

use super::wrap;

/// What was asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) outlook: &'a Outlook,
    pub(super) profile: &'a str,
    pub(super) seed: u64,
}

impl Asked<'_> {
    /// The cluster in one line.
    pub(super) fn heading(&self) -> String {
        let ground = &self.outlook.ground;
        let zones = match ground.zones {
            1 => String::new(),
            zones => format!(" in {zones} zones"),
        };
        let loss = percent(f64::from(ground.network.loss_ppm) / 10_000.0);
        format!("{} members{zones}, {loss} of packets lost", ground.nodes)
    }

    /// What else a picture's reader should know.
    pub(super) fn below(&self) -> String {
        let cut = match self.outlook.partition {
            Duration::ZERO => "no cut".to_owned(),
            span => format!("cut for {}", length(span)),
        };
        let crash = match self.outlook.crashes {
            0 => "no crash".to_owned(),
            1 => "1 crash".to_owned(),
            count => format!("{count} crashes at one moment"),
        };
        let (profile, seed) = (self.profile, self.seed);
        format!("profile {profile}, {crash}, {cut}, seed {seed}; simulated by gossip sim")
    }
}

/// A span with as many digits as it has a right to.
fn length(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match seconds {
        _ if seconds >= 7_200.0 => format!("{:.1} h", seconds / 3_600.0),
        _ if seconds >= 120.0 => format!("{:.1} min", seconds / 60.0),
        _ if seconds >= 10.0 => format!("{seconds:.1} s"),
        _ if seconds >= 1.0 => format!("{seconds:.2} s"),
        _ => format!("{:.0} ms", seconds * 1e3),
    }
}

fn measured(span: Option<Duration>) -> String {
    span.map_or_else(|| "not within 10 min".to_owned(), length)
}

fn percent(share: f64) -> String {
    if share.fract() == 0.0 {
        format!("{share:.0} %")
    } else {
        format!("{share:.2} %")
    }
}

fn bytes(count: f64) -> String {
    if count >= 10_000.0 {
        format!("{:.1} KB", count / 1e3)
    } else {
        format!("{count:.0} B")
    }
}

/// The lengths at which all of some spreads had reached so many of a thousand.
fn reached(spreads: &[Spread], permille: u32) -> Percentiles {
    Percentiles::of(spreads.iter().map(|it| it.at(permille)))
}

fn took(of: Option<Length>) -> Option<Duration> {
    match of {
        Some(Length::Took(span)) => Some(span),
        _ => None,
    }
}

/// The report for people.
pub(super) fn people(asked: &Asked<'_>, seen: &Seen) -> String {
    let outlook = asked.outlook;
    let mut rows: Vec<(&str, String)> = Vec::new();
    let joined = measured(seen.joined);
    rows.push((
        "joining",
        format!("all started at once and knew one seed; everybody knew everybody after {joined}"),
    ));
    rows.push(("traffic", traffic(asked, seen)));
    if !seen.updates.is_empty() {
        rows.push(("a write", write(seen)));
    }
    if !seen.crashes.is_empty() {
        rows.push(("a crash", crash(seen)));
        let back = measured(seen.back);
        let who = if seen.crashes.len() == 1 {
            "it"
        } else {
            "they"
        };
        let line = format!("started again, {who} took part, and all agreed, after {back}");
        rows.push(("coming back", line));
    }
    if !outlook.partition.is_zero() {
        rows.push(("a cut", cut(asked, seen)));
    }
    rows.push(("false positives", wrongs(seen)));
    let mut lines = vec![
        format!("{}, profile {}", asked.heading(), asked.profile),
        String::new(),
    ];
    for (name, text) in rows {
        for (place, part) in wrapped(&text).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            lines.push(format!("  {name:<17}{part}"));
        }
    }
    lines.push(String::new());
    lines.push(format!(
        "{} simulated; seed {}, trace {:016x}: the same arguments give the same run",
        length(seen.elapsed),
        asked.seed,
        seen.trace_hash
    ));
    lines.join("\n")
}

fn traffic(asked: &Asked<'_>, seen: &Seen) -> String {
    let seconds = seen.idle.span.as_secs_f64() * f64::from(asked.outlook.ground.nodes);
    let each = |count: u64| count as f64 / seconds;
    let young = match seen.idle.young {
        true => "; it is young still, and most of that are handshakes",
        false => "",
    };
    format!(
        "when nothing happens a member puts {} a second on the wire, QUIC and its acknowledgements included: {:.1} messages of {} together (probes {}, rumors {}, comparisons {}){young}",
        bytes(each(seen.idle.wire_bytes)),
        each(seen.idle.messages),
        bytes(each(seen.idle.bytes)),
        bytes(each(seen.idle.probe_bytes)),
        bytes(each(seen.idle.gossip_bytes)),
        bytes(each(seen.idle.sync_bytes)),
    )
}

fn write(seen: &Seen) -> String {
    let median = |permille| measured(took(reached(&seen.updates, permille).median()));
    let worst = measured(took(reached(&seen.updates, 1_000).most()));
    format!(
        "a key written on one member is on half of the others after {}, on 99 of 100 after {}, on the last after {} (medians of {} writes; the slowest took {worst})",
        median(500),
        median(990),
        median(1_000),
        seen.updates.len(),
    )
}

fn crash(seen: &Seen) -> String {
    let first = Percentiles::of(seen.crashes.iter().map(|it| it.learned.first().copied()));
    let rest = Percentiles::of(seen.crashes.iter().map(|it| {
        let (first, last) = (it.learned.first()?, it.at(1_000)?);
        Some(last.saturating_sub(*first))
    }));
    let count = seen.crashes.len();
    let show = |of: Option<Length>| measured(took(of));
    if count == 1 {
        return format!(
            "the first member declared it dead after {}, all others within {} more",
            show(first.median()),
            show(rest.most())
        );
    }
    format!(
        "{count} at one moment; the first member declared one dead after {} (median; the slowest {}), all others within {} more (the slowest {})",
        show(first.median()),
        show(first.most()),
        show(rest.median()),
        show(rest.most())
    )
}

fn cut(asked: &Asked<'_>, seen: &Seen) -> String {
    let span = asked.outlook.partition;
    let dials = seen.cut_dials as f64 / span.as_secs_f64();
    let parts = match asked.outlook.ground.zones {
        1 => "two halves",
        _ => "two groups of zones",
    };
    format!(
        "{parts} did not reach each other for {}; mended, all held all alive after {}, and what either side had written was everywhere after {}; meanwhile all members together dialed {dials:.1} times a second",
        length(span),
        measured(seen.healed),
        measured(seen.merged)
    )
}

fn wrongs(seen: &Seen) -> String {
    let hours = seen.node_time.as_secs_f64() / 3_600.0;
    let bound = upper_bound(seen.wrongs, hours);
    match seen.wrongs {
        0 => format!(
            "none: no running member that could be reached was declared dead in {hours:.0} node-hours (with 95 % confidence the rate is below {bound:.2} per node-hour)"
        ),
        count => format!(
            "{count} in {hours:.0} node-hours: so often a running member that could be reached was declared dead ({:.3} per node-hour)",
            count as f64 / hours
        ),
    }
}

/// Lines of a width that a terminal has.
fn wrapped(text: &str) -> Vec<String> {
    wrap::wrapped(text, |line, word| {
        line.chars().count() + word.chars().count() <= 78
    })
}

fn seconds(span: Option<Duration>) -> Value {
    span.map_or(Value::Null, |span| span.as_secs_f64().into())
}

fn spread(spreads: &[Spread]) -> Value {
    spreads
        .iter()
        .map(|it| {
            json!({
                "members": it.members,
                "first_s": seconds(it.learned.first().copied()),
                "half_s": seconds(it.at(500)),
                "p99_s": seconds(it.at(990)),
                "all_s": seconds(it.at(1_000)),
            })
        })
        .collect()
}

/// The report for programs. Times are in seconds; null: never.
pub(super) fn json(asked: &Asked<'_>, seen: &Seen) -> Value {
    let outlook = asked.outlook;
    let ground = &outlook.ground;
    let idle_s = seen.idle.span.as_secs_f64() * f64::from(ground.nodes);
    let hours = seen.node_time.as_secs_f64() / 3_600.0;
    json!({
        "event": "report",
        "nodes": ground.nodes,
        "zones": ground.zones,
        "profile": asked.profile,
        "seed": asked.seed,
        "loss": f64::from(ground.network.loss_ppm) / 1e6,
        "joined_s": seconds(seen.joined),
        "idle": {
            "young": seen.idle.young,
            "messages_per_node_s": seen.idle.messages as f64 / idle_s,
            "wire_bytes_per_node_s": seen.idle.wire_bytes as f64 / idle_s,
            "bytes_per_node_s": seen.idle.bytes as f64 / idle_s,
            "probe_bytes_per_node_s": seen.idle.probe_bytes as f64 / idle_s,
            "rumor_bytes_per_node_s": seen.idle.gossip_bytes as f64 / idle_s,
            "comparison_bytes_per_node_s": seen.idle.sync_bytes as f64 / idle_s,
        },
        "writes": spread(&seen.updates),
        "crashes": spread(&seen.crashes),
        "back_s": seconds(seen.back.filter(|_| !seen.crashes.is_empty())),
        "cut": (!outlook.partition.is_zero()).then(|| json!({
            "span_s": outlook.partition.as_secs_f64(),
            "healed_s": seconds(seen.healed),
            "merged_s": seconds(seen.merged),
            "dials": seen.cut_dials,
        })),
        "false_positives": {
            "count": seen.wrongs,
            "node_hours": hours,
            "per_node_hour_95": upper_bound(seen.wrongs, hours),
        },
        "simulated_s": seen.elapsed.as_secs_f64(),
        "trace": format!("{:016x}", seen.trace_hash),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_at_a_glance() {
        let of = |ms| length(Duration::from_millis(ms));
        assert_eq!(of(12), "12 ms");
        assert_eq!(of(1_234), "1.23 s");
        assert_eq!(of(93_456), "93.5 s");
        assert_eq!(of(300_000), "5.0 min");
        assert_eq!(of(7_200_000), "2.0 h");
        assert_eq!(measured(None), "not within 10 min");
    }

    #[test]
    fn a_report_has_no_line_too_long_for_a_terminal() {
        let text = "word ".repeat(60);
        assert!(wrapped(&text).iter().all(|line| line.len() <= 79));
    }
}
