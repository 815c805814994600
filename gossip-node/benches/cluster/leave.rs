//! A graceful leave, as the others see it.
//!
//! Each round one node leaves; the clock runs from the call of `leave` to the
//! moment each other node tells that it has. Then it comes back. Beside it the
//! round trips that the handshakes have measured, as the protocol hears them.

use std::time::{Duration, Instant};

use gossip_node::{MemberEventKind, Notification, Profile, SubscriptionItem};

use crate::numbers::{millis, percentile};
use crate::stage::{Stage, all_know, stop};
use crate::{Options, Result};

pub(crate) async fn run(mut options: Options) -> Result<()> {
    let count = options.take("nodes", 20_usize)?;
    let rounds = options.take("rounds", 50_usize)?;
    options.done()?;
    if count < 2 {
        return Err("two nodes at least: one leaves, another sees it".into());
    }
    let stage = Stage::new(Profile::Lan)?;
    let mut nodes = stage.start_all("n", count).await?;
    let mut round_trips = Vec::new();
    for node in &nodes {
        let members = node.members().await?;
        round_trips.extend(members.into_iter().filter_map(|member| member.rtt));
    }
    print("round trip of a handshake", &mut round_trips);

    let (mut each, mut lasts) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Never the seed, so that everybody can come back.
        let index = 1 + round % (count - 1);
        let leaver = nodes.remove(index);
        let (id, name) = (leaver.id().clone(), leaver.id().as_str().to_owned());
        let mut watchers = Vec::new();
        for node in &nodes {
            let (mut told, id) = (node.subscribe(), id.clone());
            watchers.push(tokio::spawn(async move {
                while let Some(item) = told.next().await {
                    if let SubscriptionItem::Told(told) = item
                        && let Notification::Member(event) = &*told
                        && event.id == id
                        && event.kind == MemberEventKind::Left
                    {
                        break;
                    }
                }
                Instant::now()
            }));
        }
        let began = Instant::now();
        let leaving = tokio::spawn(async move { leaver.leave().await });
        let mut last = Duration::ZERO;
        for watcher in watchers {
            let after = watcher.await?.duration_since(began);
            last = last.max(after);
            each.push(after);
        }
        lasts.push(last);
        leaving.await??;
        nodes.insert(index, stage.start(&name, nodes.first()).await?);
        all_know(&nodes, count).await?;
    }
    print("a leave, at each other node", &mut each);
    print("a leave, at the last of them", &mut lasts);
    stop(nodes).await;
    Ok(())
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |permille| millis(percentile(times, permille));
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms ({} samples)",
        at(500),
        at(990),
        at(1_000),
        times.len()
    );
}
