//! Seeds by name: resolved anew, several addresses, both families, slow and
//! wrong answers.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "library_kit/mod.rs"]
mod kit;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gossip_node::{Node, Phase, Resolve, Resolving};
use kit::{Cluster, eventually};

/// A name service in memory.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<BTreeMap<String, Vec<SocketAddr>>>>);

impl Names {
    fn say(&self, name: &str, addrs: &[SocketAddr]) {
        self.0
            .lock()
            .unwrap()
            .insert(name.to_owned(), addrs.to_vec());
    }
}

impl Resolve for Names {
    fn resolve(&self, name: &str) -> Resolving {
        // One name is never answered for.
        if name.starts_with("stuck.") {
            return Box::pin(std::future::pending());
        }
        let found = self.0.lock().unwrap().get(name).cloned();
        let found = found.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(async move { found })
    }
}

/// An address that takes everything and says nothing.
fn mute() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

async fn phase(node: &Node) -> Phase {
    node.status().await.unwrap().core.phase
}

async fn sees(node: &Node, count: usize) -> bool {
    node.members().await.unwrap().len() == count
}

#[tokio::test(flavor = "multi_thread")]
async fn two_dead_addresses_of_three_do_not_prevent_the_join() {
    let (cluster, names) = (Cluster::new(), Names::default());
    let first = cluster.start(0, &[]).await;
    let (one, another) = (mute(), mute());
    names.say("all.test:1", &[one.1, first.local_addr(), another.1]);
    let node = cluster.builder(1).seeds(["all.test:1"]).resolver(names);
    let node = node.start().await.unwrap();
    eventually("it has joined", async || sees(&node, 2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_answer_is_used() {
    let (cluster, names) = (Cluster::new(), Names::default());
    let elsewhere = mute();
    let node = cluster
        .builder(1)
        .seeds(["moves.test:1", "unheard.of:1"])
        .resolver(names.clone());
    let node = node.start().await.unwrap();
    // Neither name leads anywhere, and it keeps asking.
    eventually("it has asked more than once", async || {
        node.status().await.unwrap().driver.seeds_unresolved > 3
    })
    .await;
    names.say("moves.test:1", &[elsewhere.1]);
    eventually("it has dialed in vain", async || {
        node.status().await.unwrap().transport.dials_failed > 0
    })
    .await;
    assert_eq!(phase(&node).await, Phase::Joining);
    let first = cluster.start(0, &[]).await;
    names.say("moves.test:1", &[first.local_addr()]);
    eventually("it has joined", async || sees(&node, 2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_service_that_does_not_answer_holds_up_nobody() {
    let (cluster, names) = (Cluster::new(), Names::default());
    let first = cluster.start(0, &[]).await;
    names.say("good.test:1", &[first.local_addr()]);
    let seeds = ["stuck.test:1", "stuck.other:1", "good.test:1"];
    let node = cluster.builder(1).seeds(seeds).resolver(names);
    let node = node.start().await.unwrap();
    eventually("it has joined", async || sees(&node, 2).await).await;
    // And it still answers to its own.
    node.put("color", "green").await.unwrap();
}

/// With the system's resolver.
#[tokio::test(flavor = "multi_thread")]
async fn localhost_leads_to_whichever_family_listens() {
    let cluster = Cluster::new();
    let first = cluster.start(0, &[]).await;
    let port = first.local_addr().port();
    // One that speaks IPv4 only, asked for a name that may have an IPv6 address first.
    let four = cluster.builder(1).seeds([format!("localhost:{port}")]);
    let four = four.start().await.unwrap();
    eventually("IPv4 alone has joined", async || sees(&four, 2).await).await;

    if UdpSocket::bind("[::1]:0").is_err() {
        println!("no IPv6 here: the rest is not tested");
        return;
    }
    // One that speaks both, and is known by its IPv4 address.
    let both = cluster
        .builder(2)
        .listen("[::]:0".parse().unwrap())
        .advertise([([127, 0, 0, 1], 0).into()])
        .seeds([format!("localhost:{port}")]);
    let both = both.start().await.unwrap();
    eventually("both families have joined", async || sees(&both, 3).await).await;
    // One that speaks IPv6 only finds the one that speaks both.
    let names = Names::default();
    let port = both.local_addr().port();
    names.say(
        "both.test:1",
        &[
            ([127, 0, 0, 1], port).into(),
            SocketAddr::new("::1".parse().unwrap(), port),
        ],
    );
    let six = cluster
        .builder(3)
        .listen("[::1]:0".parse().unwrap())
        .seeds(["both.test:1"])
        .resolver(names);
    let six = six.start().await.unwrap();
    eventually("IPv6 alone is connected", async || {
        let peers = six.peers().await.unwrap();
        peers.iter().any(|peer| peer.id == *both.id())
    })
    .await;
}

/// Its own address among those of a name is no news, and no reason to stand alone.
#[tokio::test(flavor = "multi_thread")]
async fn ones_own_address_beside_one_that_is_down_is_not_the_whole_cluster() {
    let (cluster, names) = (Cluster::new(), Names::default());
    let own = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let down = mute();
    names.say("all.test:1", &[own, down.1]);
    let node = cluster
        .builder(1)
        .listen(own)
        .seeds(["all.test:1"])
        .resolver(names)
        .transport(|transport| transport.connect_timeout = Duration::from_secs(1));
    let node = node.start().await.unwrap();
    eventually("it has tried", async || {
        node.status().await.unwrap().transport.dials_failed > 1
    })
    .await;
    assert_eq!(phase(&node).await, Phase::Joining);
    drop(down.0);
    let addr = down.1;
    let first = cluster.builder(0).listen(addr).start().await.unwrap();
    eventually("it has joined", async || sees(&node, 2).await).await;
    eventually("so has the other", async || sees(&first, 2).await).await;
}
