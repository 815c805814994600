//! What an agent answers by itself, so that a query can be tried without
//! writing a program: `ping` and `version`.

use bytes::Bytes;
use gossip_node::{HeardItem, Node};

/// Answers until the node stops.
pub(super) async fn answer(node: Node) {
    let mut hearing = node.hear();
    while let Some(item) = hearing.next().await {
        let HeardItem::Asked(query) = item else {
            continue;
        };
        let response = match query.name.as_str() {
            "ping" => query.payload.clone(),
            "version" => Bytes::from_static(env!("CARGO_PKG_VERSION").as_bytes()),
            // For whoever listens to the API.
            _ => continue,
        };
        if let Err(why) = node.respond(&query.id, response).await {
            tracing::debug!(%why, "a query was not answered");
        }
    }
}
