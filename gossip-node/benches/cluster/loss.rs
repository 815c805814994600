//! Nobody dies, and packets are lost: how often is somebody condemned?
//!
//! Every node drops a share of the packets that come to it. Each death that
//! any node tells of is false. It takes the minutes it is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gossip_node::{MemberEventKind, Node, Notification, Profile, SubscriptionItem};
use gossip_quic::Faults;

use crate::numbers::line;
use crate::stage::{Stage, all_know, stop};
use crate::{Options, Result};

/// How often the progress is told.
const PROGRESS: Duration = Duration::from_secs(60);

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let count = options.take("nodes", 64_usize)?;
    let minutes = options.take("minutes", 30_u64)?;
    let percents = options.take("percent", String::from("5,10,20"))?;
    options.done()?;
    println!("{count} nodes for {minutes} minutes each, nobody dies");
    for percent in percents.split(',') {
        let percent: u32 = percent.trim().parse()?;
        one(count, minutes, percent).await?;
    }
    Ok(())
}

async fn one(count: usize, minutes: u64, percent: u32) -> Result<()> {
    let stage = Stage::new(Profile::Lan)?;
    let mut nodes: Vec<Node> = Vec::new();
    for index in 0..count {
        let faults = Faults {
            loss_ppm: percent * 10_000,
            seed: index as u64,
        };
        let builder = stage.builder(&format!("n{index:03}"))?;
        let builder = builder.transport(move |config| config.faults = Some(faults));
        let seeds = nodes.first().map(|first| first.local_addr().to_string());
        nodes.push(builder.seeds(seeds).start().await?);
    }
    all_know(&nodes, count).await?;
    let (suspected, died) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for node in &nodes {
        let mut told = node.subscribe();
        let (suspected, died) = (Arc::clone(&suspected), Arc::clone(&died));
        tokio::spawn(async move {
            while let Some(item) = told.next().await {
                if let SubscriptionItem::Told(told) = item
                    && let Notification::Member(event) = &*told
                {
                    match event.kind {
                        MemberEventKind::Died { .. } => died.fetch_add(1, Ordering::Relaxed),
                        MemberEventKind::Suspected { .. } => {
                            suspected.fetch_add(1, Ordering::Relaxed)
                        }
                        _ => 0,
                    };
                }
            }
        });
    }
    let began = Instant::now();
    let end = Duration::from_secs(60 * minutes);
    while began.elapsed() < end {
        tokio::time::sleep(PROGRESS.min(end.saturating_sub(began.elapsed()))).await;
        eprintln!(
            "  {percent} %: {} of {minutes} min, {} suspicions, {} deaths",
            began.elapsed().as_secs() / 60,
            suspected.load(Ordering::Relaxed),
            died.load(Ordering::Relaxed)
        );
    }
    let hours = count as f64 * began.elapsed().as_secs_f64() / 3_600.0;
    let deaths = died.load(Ordering::Relaxed);
    let anchor = match percent {
        5 => "memberlist over QUIC 83/h",
        10 => "memberlist over QUIC 237/h",
        20 => "memberlist over QUIC 374/h",
        _ => "",
    };
    line(
        &format!("{percent} % lost: false deaths in {hours:.1} node-hours"),
        &format!("{deaths}"),
        "0",
        anchor,
    );
    stop(nodes).await;
    Ok(())
}
