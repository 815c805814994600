//! Large values over real QUIC on loopback: in chunks, intact, and beside what is
//! small.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "library_kit/mod.rs"]
mod kit;

use kit::{Cluster, eventually};

const MIB: usize = 1024 * 1024;

/// Bytes that repeat nowhere near a chunk's length.
fn large(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    });
    words.take(MIB).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_full_size_reach_everybody_intact_and_so_does_who_joins() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(4).await;
    let values: Vec<Vec<u8>> = (0..3).map(large).collect();
    for (number, value) in values.iter().enumerate() {
        let key = format!("large/{number}");
        nodes[number].put(&key, value.clone()).await.unwrap();
    }
    nodes[3].put("small", "soon").await.unwrap();
    for node in &nodes {
        eventually("the small one is there", async || {
            let row = node.get("small").await.unwrap();
            row.is_some_and(|row| *row.value.bytes() == "soon")
        })
        .await;
    }
    // One that comes later gets them in its first session.
    nodes.push(cluster.start(4, &[&nodes[0]]).await);
    for node in &nodes {
        for (number, value) in values.iter().enumerate() {
            let key = format!("large/{number}");
            eventually("the large one is there", async || {
                let row = node.get(&key).await.unwrap();
                row.is_some_and(|row| row.value.bytes() == value)
            })
            .await;
        }
    }
    let (mut sent, mut taken, mut wrong) = (0, 0, 0);
    for node in &nodes {
        let status = node.status().await.unwrap();
        sent += status.core.counters.chunks_sent;
        taken += status.core.counters.chunks_taken;
        wrong += status.core.counters.chunks_wrong + status.core.counters.chunked_dropped;
        assert_eq!(status.driver.messages_unsent, 0);
    }
    // Four others for each of three values; 33 chunks each.
    assert!(taken >= 4 * 3 * 33, "{taken}");
    assert!(sent >= taken);
    assert_eq!(wrong, 0);
}
