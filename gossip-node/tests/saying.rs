//! Events and queries over real QUIC on loopback, through the library.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "library_kit/mod.rs"]
mod kit;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gossip_node::{
    AnswersItem, EventId, Filter, HeardItem, Hearing, Node, NodeError, QueryOptions, Refusal, Tag,
};
use kit::{Cluster, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

/// So many nodes that know each other, and hear what is said from now on.
async fn cluster(count: usize) -> (Cluster, Vec<Node>) {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(count).await;
    for node in &nodes {
        eventually("everybody hears everybody", async || {
            let status = node.status().await.unwrap().core;
            status.members[0] == count && status.hears_events
        })
        .await;
    }
    (cluster, nodes)
}

/// The next `count` events somebody hears.
async fn hear(mut hearing: Hearing, count: usize) -> Vec<EventId> {
    let mut heard = Vec::new();
    while heard.len() < count {
        match hearing.next().await.unwrap() {
            HeardItem::Event(event) => heard.push(event.id),
            other => panic!("{other:?} after {} events", heard.len()),
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_two_thousand_reaches_sixteen_or_is_refused() {
    let (_cluster, nodes) = cluster(16).await;
    let hearings: Vec<Hearing> = nodes.iter().map(Node::hear).collect();
    let mut accepted = BTreeSet::new();
    let mut refused = 0;
    let began = Instant::now();
    for number in 0..2_000 {
        match nodes[5].event("burst", format!("{number}")).await {
            Ok(id) => assert!(accepted.insert(id)),
            Err(NodeError::Refused(Refusal::Busy)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(accepted.len() + refused, 2_000);
    let readers = hearings.into_iter().map(|hearing| {
        let count = accepted.len();
        tokio::spawn(async move { tokio::time::timeout(PATIENCE, hear(hearing, count)).await })
    });
    for (reader, node) in readers.collect::<Vec<_>>().into_iter().zip(&nodes) {
        let heard = reader.await.unwrap();
        let heard = heard.unwrap_or_else(|_| panic!("{} heard too few", node.id()));
        // Each once, and none that was refused.
        let once: BTreeSet<EventId> = heard.into_iter().collect();
        assert!(once == accepted, "{} of {}", once.len(), accepted.len());
    }
    let (count, taken) = (accepted.len(), began.elapsed());
    println!("{count} accepted, {refused} refused, all told after {taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_answered_by_whom_it_asks() {
    let (_cluster, nodes) = cluster(4).await;
    nodes[1].put_own("tag/role", "db").await.unwrap();
    nodes[3].put_own("tag/role", "db").await.unwrap();
    for node in &nodes {
        let mut hearing = node.hear();
        let answering = node.clone();
        tokio::spawn(async move {
            while let Some(item) = hearing.next().await {
                if let HeardItem::Asked(query) = item {
                    let answer = format!("{} says {}", answering.id(), query.name);
                    answering.respond(&query.id, answer).await.unwrap();
                    let again = answering.respond(&query.id, "again").await;
                    assert_eq!(again, Err(NodeError::Refused(Refusal::Unasked)));
                }
            }
        });
        eventually("the tags are known", async || {
            let own = nodes[3].id();
            node.get_own(own, "tag/role").await.unwrap().is_some()
                && node
                    .get_own(nodes[1].id(), "tag/role")
                    .await
                    .unwrap()
                    .is_some()
        })
        .await;
    }
    let tag = Tag {
        key: "tag/role".parse().unwrap(),
        value: Bytes::from_static(b"db"),
    };
    let options = QueryOptions {
        filter: Filter {
            tags: vec![tag],
            ..Filter::default()
        },
        relays: 1,
        deadline: Duration::from_secs(30),
    };
    let mut answers = nodes[0].query("health", "", options).await.unwrap();
    assert_eq!(answers.asked(), 2);
    let (mut acked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let counts = loop {
        match answers.next().await.unwrap() {
            AnswersItem::Acked { from } => assert!(acked.insert(from)),
            AnswersItem::Answered { from, response, .. } => {
                assert_eq!(response, format!("{from} says health"));
                assert!(answered.insert(from));
            }
            AnswersItem::Ended(counts) => break counts,
            AnswersItem::Lagged(missed) => panic!("{missed} missed"),
        }
    };
    assert!(answers.next().await.is_none());
    let asked: BTreeSet<_> = [nodes[1].id().clone(), nodes[3].id().clone()].into();
    assert_eq!(answered, asked);
    assert_eq!((counts.asked, counts.answered, counts.late), (2, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_a_limit_is_refused_with_a_reason() {
    let (_cluster, nodes) = cluster(1).await;
    let long = nodes[0].event("long", vec![0; 8 * 1024 + 1]).await;
    let Err(error) = long else {
        panic!("{long:?}");
    };
    assert_eq!(
        error.to_string(),
        "8193 bytes are more than the 8192 allowed"
    );
    let nameless = nodes[0].event("", "").await;
    assert!(matches!(nameless, Err(NodeError::Key(_))));
    let options = QueryOptions {
        deadline: Duration::ZERO,
        ..QueryOptions::default()
    };
    let never = nodes[0].query("ping", "", options).await;
    assert!(matches!(
        never,
        Err(NodeError::Refused(Refusal::Unaskable { .. }))
    ));
}
