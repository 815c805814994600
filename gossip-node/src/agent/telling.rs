//! Telling: what the node notices, as lines of the log, each with its reason.

use gossip_node::{
    MemberEvent, MemberEventKind, Node, Notification, QuorumStanding, SubscriptionItem,
};
use tracing::{error, info, warn};

use crate::api::event::why;
use crate::api::quorum::standing_word;

/// Logs what the node tells, until it stops.
pub(crate) async fn tell(node: Node) {
    let mut told = node.subscribe();
    // Only a name is needed from here on: a handle would keep the node alive.
    let id = node.id().clone();
    drop(node);
    while let Some(item) = told.next().await {
        match item {
            SubscriptionItem::Told(notification) => line(&id, &notification),
            SubscriptionItem::Lagged(missed) => warn!(missed, "the log is too slow"),
        }
    }
}

fn line(id: &gossip_node::NodeId, notification: &Notification) {
    match notification {
        Notification::Running { generation } => {
            info!(%id, generation = generation.0, "takes part");
        }
        Notification::Member(event) => member(event),
        Notification::Quorum(event) => {
            let (before, after) = (standing_word(event.before), standing_word(event.after));
            let why = event.judgement.to_string();
            if event.judgement.quorum || event.after == QuorumStanding::Left {
                info!(%id, before, after, why, "quorum");
            } else {
                warn!(%id, before, after, why, "quorum");
            }
        }
        Notification::Missed { run, count } => {
            warn!(%id, author = %run.author, count, "events were missed");
        }
        Notification::Key(_)
        | Notification::Event(_)
        | Notification::Asked(_)
        | Notification::Answer { .. }
        | Notification::Ended { .. } => {}
        Notification::Conflict { key, won, lost, .. } => warn!(
            key = key.as_str(),
            won = crate::api::types::write_name(&won.0),
            won_stamp_ms = won.1.millis,
            lost = crate::api::types::write_name(&lost.0),
            lost_stamp_ms = lost.1.millis,
            "a concurrent write to a shared key lost"
        ),
        Notification::CaughtUp {
            author,
            from,
            to,
            dropped,
        } => info!(
            %author,
            from = from.version.0,
            to = to.version.0,
            dropped,
            "fetched a log from nothing, having missed too much of it"
        ),
        Notification::OverLimit {
            author,
            held,
            share,
            most,
        } => warn!(
            %author,
            held = held.version.0,
            "a member would have {share}, of {most} that are agreed: what it wrote last is refused"
        ),
        Notification::Twin { ours, theirs } => error!(
            %id,
            ours = ours.0,
            theirs = theirs.0,
            "another process runs under this node's name; the lower generation yields"
        ),
        Notification::Disk(why) => error!(%id, "{why}"),
    }
}

fn member(event: &MemberEvent) {
    let (member, generation) = (&event.id, event.footing.generation.0);
    let why = why(&event.kind);
    match &event.kind {
        MemberEventKind::Joined { .. } => info!(%member, generation, why, "joined"),
        MemberEventKind::Updated => info!(%member, generation, why, "updated"),
        MemberEventKind::Suspected { .. } => info!(%member, generation, why, "suspected"),
        MemberEventKind::Refuted { .. } => info!(%member, generation, why, "refuted"),
        MemberEventKind::Died { .. } => info!(%member, generation, why, "died"),
        MemberEventKind::Removed { .. } => warn!(%member, generation, why, "removed"),
        MemberEventKind::Left => info!(%member, generation, why, "left"),
        MemberEventKind::Conflict => error!(%member, generation, why, "conflict"),
        MemberEventKind::Forgotten { .. } => info!(%member, generation, why, "forgotten"),
    }
}
