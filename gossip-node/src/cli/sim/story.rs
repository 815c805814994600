//! `gossip sim`: one cluster, told once.

use std::time::Duration;

use gossip_core::Profile;
use gossip_core::output::MemberStatus;
use gossip_core::sim::study::{Ground, News, Outlook, What};
use serde_json::json;

use super::meter::Meter;
use super::{Story, given, plot, words};
use crate::cli::exit::Failure;
use crate::cli::out;

/// The longest cut and the longest quiet that make sense to ask for.
const DAY: Duration = Duration::from_secs(86_400);

/// How many keys are written: enough for a median, few enough for seconds.
const UPDATES: u32 = 10;

pub(super) fn run(args: &Story, as_json: bool) -> Result<(), Failure> {
    let (outlook, profile) = asked(args)?;
    let seed = given::number("--seed", &args.seed, 0, u64::MAX)?;
    plot::check(args.plot.as_deref())?;

    let mut meter = Meter::start();
    let mut progress = |passed: Duration| {
        meter.show(|_| format!("{:.0} s simulated", passed.as_secs_f64()));
    };
    // A story goes on when nobody reads its trace any more: it is short.
    let mut traced = Ok(());
    let ground = &outlook.ground;
    let mut told = |news: &News| {
        if args.trace && traced.is_ok() {
            traced = trace(ground, news, as_json);
        }
    };
    let seen = outlook.trial(seed, &mut progress, &mut told);
    drop(meter);
    traced?;

    let asked = words::Asked {
        outlook: &outlook,
        profile,
        seed,
    };
    if let Some(path) = &args.plot {
        let members = outlook.ground.nodes;
        let picture = plot::story(&asked.heading(), &asked.below(), members, &seen);
        plot::write(path, &picture)?;
    }
    match (as_json, args.trace) {
        (true, true) => out::json_line(&words::json(&asked, &seen)),
        (true, false) => out::json(&words::json(&asked, &seen)),
        (false, _) => out::line(&words::people(&asked, &seen)),
    }
}

/// What was asked for, understood.
fn asked(args: &Story) -> Result<(Outlook, &str), Failure> {
    let nodes: u32 = given::number("--nodes", &args.nodes, 3, 10_000)?;
    let profile: Profile = given::profile("--profile", &args.profile)?;
    let mut ground = Ground::new(nodes, profile);
    ground.zones = given::number("--zones", &args.zones, 1, nodes.min(100))?;
    ground.network.loss_ppm = given::loss("--loss", &args.loss)?;
    let outlook = Outlook {
        ground,
        updates: UPDATES,
        crashes: given::number("--crash", &args.crash, 0, nodes - 2)?,
        partition: given::span("--partition", &args.partition, DAY)?,
        quiet: given::span("--duration", &args.duration, DAY)?,
    };
    Ok((outlook, &args.profile))
}

/// One line: when, who, what.
fn trace(ground: &Ground, news: &News, as_json: bool) -> Result<(), Failure> {
    let name = |member: usize| ground.name(u32::try_from(member).unwrap_or(u32::MAX));
    let who = name(news.observer);
    let (what, about) = match &news.what {
        What::Runs => ("takes part".to_owned(), None),
        What::Member {
            subject,
            before,
            after,
            wronged,
            ..
        } => {
            let before = before.map_or("never heard of", status);
            let wronged = if *wronged { ", wrongly" } else { "" };
            let what = format!("{} (was {before}){wronged}", status(*after));
            (what, Some(name(*subject)))
        }
        What::Key(key) => ("key".to_owned(), Some(key.to_string())),
        What::Other => return Ok(()),
    };
    if as_json {
        return out::json_line(&json!({
            "event": "change",
            "at_us": news.at.as_nanos() / 1_000,
            "member": who,
            "about": about,
            "what": what,
        }));
    }
    let about = about.unwrap_or_default();
    let seconds = news.at.as_nanos() as f64 / 1e9;
    out::line(&format!("{seconds:>13.6}s  {who:<8}  {about:<10}  {what}"))
}

fn status(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Alive => "alive",
        MemberStatus::Suspect => "suspect",
        MemberStatus::Dead => "dead",
        MemberStatus::Left => "left",
    }
}
