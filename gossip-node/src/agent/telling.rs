//! Telling: what the node notices, as lines of the log.

use gossip_node::{MemberEvent, MemberEventKind, Node, Notification, SubscriptionItem};
use tracing::{error, info, warn};

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
        Notification::Key(_) => {}
        Notification::Conflict { key, won, lost } => warn!(
            key = key.as_str(),
            won = crate::api::types::write_name(&won.0),
            lost = crate::api::types::write_name(&lost.0),
            "a concurrent write to a shared key lost"
        ),
        Notification::Twin { ours, theirs } => error!(
            %id,
            ours = ours.0,
            theirs = theirs.0,
            "another process runs under this node's name; the lower generation yields"
        ),
        Notification::Quorum(_) => {}
        Notification::Disk(why) => error!(%id, "{why}"),
    }
}

fn member(event: &MemberEvent) {
    let (member, generation) = (&event.id, event.footing.generation.0);
    match &event.kind {
        MemberEventKind::Joined { .. } => info!(%member, generation, "joined"),
        MemberEventKind::Updated => info!(%member, generation, "moved"),
        MemberEventKind::Suspected { by, .. } => info!(%member, generation, %by, "suspected"),
        MemberEventKind::Refuted { .. } => info!(%member, generation, "refuted"),
        MemberEventKind::Died { by, .. } => info!(%member, generation, %by, "died"),
        MemberEventKind::Removed { by } => info!(%member, generation, %by, "removed"),
        MemberEventKind::Conflict => error!(%member, generation, "two processes"),
        MemberEventKind::Forgotten { .. } => info!(%member, generation, "forgotten"),
        MemberEventKind::Left => info!(%member, generation, "left"),
    }
}
