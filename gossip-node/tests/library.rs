//! Nodes over real QUIC on loopback, through the library's public face.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "library_kit/mod.rs"]
mod kit;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use gossip_node::{
    EventsItem, Expected, Key, KeyError, Keys, MemberEventKind, MemberPicture, MemberStatus,
    NodeError, Notification, Phase, Refusal, Scope, Selection, Space, StartError, Stopped,
    SubscriptionItem, Value, WatchItem, Write,
};
use kit::{Cluster, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_meet_and_say_the_same() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    for node in &nodes {
        eventually("everybody is alive", async || {
            let members = node.members().await.unwrap();
            members.len() == 3 && members.iter().all(|m| m.status == MemberStatus::Alive)
        })
        .await;
    }
    let [a, b, c] = nodes.as_slice() else {
        panic!("three nodes");
    };

    // Put, everywhere.
    let id = a.put("color", "green").await.unwrap();
    assert_eq!(&id.author, a.id());
    for node in &nodes {
        eventually("the key is there", async || {
            let row = node.get("color").await.unwrap();
            row.is_some_and(|row| row.write == id && *row.value.bytes() == "green")
        })
        .await;
    }

    // Compare and set, on what stands.
    let expected = Expected::Write(id.clone());
    let second = b
        .compare_and_set("color", expected.clone(), Some(Bytes::from("blue")))
        .await
        .unwrap()
        .unwrap();
    let again = b
        .compare_and_set("color", expected, Some(Bytes::from("red")))
        .await;
    let Err(NodeError::Refused(Refusal::Unexpected { found, .. })) = again else {
        panic!("the key stood otherwise, got {again:?}");
    };
    assert_eq!(found, Some(second));
    let absent = b.compare_and_set("color", Expected::Absent, None).await;
    assert!(matches!(
        absent,
        Err(NodeError::Refused(Refusal::Unexpected { .. }))
    ));

    // A batch, all or none; own keys in their own name space.
    let key = |text: &str| text.parse::<Key>().unwrap();
    let write = |scope, name: &str, value: Option<&'static str>| Write {
        scope,
        key: key(name),
        value: value.map(|value| Value::new(Bytes::from_static(value.as_bytes())).unwrap()),
        only_if: None,
        ttl: None,
    };
    let ids = c
        .write(vec![
            write(Scope::Shared, "list/1", Some("one")),
            write(Scope::Shared, "list/2", Some("two")),
            write(Scope::Own, "color", Some("mine")),
        ])
        .await
        .unwrap();
    assert_eq!(ids.len(), 3);
    for node in &nodes {
        eventually("the batch is there, whole", async || {
            let rows = node.list("list/").await.unwrap();
            let own = node.get_own(c.id(), "color").await.unwrap();
            assert!(rows.len() == 2 || rows.is_empty(), "never half of it");
            rows.len() == 2 && own.is_some_and(|row| *row.value.bytes() == "mine")
        })
        .await;
        let own = node.list_own(c.id(), "").await.unwrap();
        assert_eq!(own.len(), 1);
        assert!(node.list_own(a.id(), "").await.unwrap().is_empty());
    }
    let twice = vec![
        write(Scope::Shared, "x", Some("1")),
        write(Scope::Shared, "x", None),
    ];
    let twice = c.write(twice).await;
    assert!(matches!(
        twice,
        Err(NodeError::Refused(Refusal::Twice { .. }))
    ));

    // Delete, everywhere, and what is not there.
    assert!(a.delete("list/1").await.unwrap().is_some());
    assert_eq!(a.delete("list/1").await.unwrap(), None);
    assert_eq!(a.delete_own("nothing").await.unwrap(), None);
    for node in &nodes {
        eventually("the key is gone", async || {
            node.get("list/1").await.unwrap().is_none()
        })
        .await;
    }

    // Status knows all floors.
    let status = b.status().await.unwrap();
    assert_eq!(status.core.phase, Phase::Running);
    assert_eq!(status.core.members, [3, 0, 0, 0]);
    assert!(status.transport.peers_up >= 1);
    assert!(status.journal.records_written >= 4, "{:?}", status.journal);
    assert_eq!(status.driver.undecodable, 0);
    assert_eq!(b.peers().await.unwrap().len(), status.core.links);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_rows_and_then_each_change_once() {
    const WRITES: usize = 200;
    let cluster = Cluster::new();
    let nodes = cluster.start_all(2).await;
    let [writer, watcher] = nodes.as_slice() else {
        panic!("two nodes");
    };
    let task = {
        let writer = writer.clone();
        tokio::spawn(async move {
            for number in 0..WRITES {
                let key = format!("w/{}", number % 10);
                writer.put(&key, number.to_string()).await.unwrap();
                writer.put("other", "not watched").await.unwrap();
            }
        })
    };
    // Watches that begin at any moment see every state from then on.
    let mut watches = Vec::new();
    for _ in 0..8 {
        for node in [writer, watcher] {
            watches.push(node.watch(Space::Shared, "w/").await.unwrap());
        }
        let before = watcher.list("w/").await.unwrap().len();
        if before < 10 {
            eventually("something more is there", async || {
                watcher.list("").await.unwrap().len() >= before
            })
            .await;
        }
    }
    task.await.unwrap();
    let mut last = writer.list("w/").await.unwrap();
    last.sort_by(|a, b| a.key.cmp(&b.key));
    for mut watch in watches {
        let mut picture = BTreeMap::new();
        let mut current = false;
        let newest = last.iter().map(|row| row.write.version).max().unwrap();
        loop {
            let (key, version, stamp) = match watch.next().await.unwrap() {
                WatchItem::Row(row) => {
                    assert!(!current, "rows come first");
                    assert!(!picture.contains_key(&row.key), "each row once");
                    (row.key, row.write.version, row.stamp)
                }
                WatchItem::Current(_) => {
                    current = true;
                    if picture.values().any(|(version, _)| *version == newest) {
                        break;
                    }
                    continue;
                }
                WatchItem::Changed(event) => {
                    assert!(event.key.as_str().starts_with("w/"));
                    (event.key, event.write.version, event.stamp)
                }
                other => panic!("{other:?}"),
            };
            let before = picture.insert(key, (version, stamp));
            assert!(
                before.is_none_or(|(before, _)| before < version),
                "each change once, and in order"
            );
            if current && version == newest {
                break;
            }
        }
        let seen: Vec<_> = picture
            .into_iter()
            .map(|(key, (version, _))| (key, version))
            .collect();
        let wanted: Vec<_> = last
            .iter()
            .map(|row| (row.key.clone(), row.write.version))
            .collect();
        assert_eq!(seen, wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_subscriber_learns_how_much_it_missed() {
    let cluster = Cluster::new();
    let node = cluster.start(0, &[]).await;
    let mut watch = node.watch(Space::Own(node.id().clone()), "").await.unwrap();
    let mut told = node.subscribe();
    let mut events = node.events().await.unwrap();
    let capacity = gossip_node::limit::NOTIFICATIONS;
    // Each batch is 64 changes.
    let batches = capacity / 64 + 10;
    for batch in 0..batches {
        let writes = (0..64).map(|entry| Write {
            scope: Scope::Own,
            key: format!("{entry}").parse().unwrap(),
            value: Some(Value::new(Bytes::from(format!("{batch}"))).unwrap()),
            only_if: None,
            ttl: None,
        });
        node.write(writes.collect()).await.unwrap();
    }
    let missed = (batches * 64 - capacity) as u64;
    assert_eq!(told.next().await, Some(SubscriptionItem::Lagged(missed)));
    let member = events.next().await;
    assert!(matches!(member, Some(EventsItem::Member(_))), "{member:?}");
    assert_eq!(events.next().await, Some(EventsItem::Current));
    assert_eq!(events.next().await, Some(EventsItem::Lagged(missed)));
    assert!(!MemberPicture::default().apply(&EventsItem::Lagged(missed)));
    // A watch has a queue of its own, which holds what came first.
    let room = gossip_node::limit::WATCH_EVENTS;
    let lost = (batches * 64 - room) as u64;
    assert!(matches!(watch.next().await, Some(WatchItem::Current(_))));
    for number in 1..=room as u64 {
        let Some(WatchItem::Changed(event)) = watch.next().await else {
            panic!("what came before the queue was full is complete");
        };
        assert_eq!(event.cursor.number(), number);
    }
    assert_eq!(watch.next().await, Some(WatchItem::Lagged(lost)));
    let before_the_gap = watch.cursor().unwrap();
    assert_eq!(before_the_gap.number(), room as u64);
    node.put_own("after", "the gap").await.unwrap();
    let Some(WatchItem::Changed(after)) = watch.next().await else {
        panic!("it goes on");
    };
    assert_eq!(after.cursor.number(), (batches * 64 + 1) as u64);
    assert_eq!(watch.cursor(), Some(after.cursor));

    // Whoever resumes has exactly what was lost, as far as it is kept.
    let selection = || Selection::member(node.id().clone(), Keys::Prefix(String::new()));
    let mut resumed = node
        .watch_from(selection(), Some(before_the_gap))
        .await
        .unwrap();
    for number in room as u64 + 1..=after.cursor.number() {
        let Some(WatchItem::Changed(event)) = resumed.next().await else {
            panic!("it was missed");
        };
        assert_eq!(event.cursor.number(), number);
    }
    assert_eq!(resumed.next().await, Some(WatchItem::Current(after.cursor)));
    let start = "0000000000000000-0".parse().unwrap();
    let mut anew = node.watch_from(selection(), Some(start)).await.unwrap();
    assert_eq!(anew.next().await, Some(WatchItem::Anew), "of another run");
    assert_eq!(anew.cursor(), None, "it does not hold all that stands");
    for _ in 0..65 {
        assert!(matches!(anew.next().await, Some(WatchItem::Row(_))));
    }
    assert_eq!(anew.next().await, Some(WatchItem::Current(after.cursor)));

    // What does not concern a watch brings its cursor on all the same.
    node.put("shared", "not watched").await.unwrap();
    eventually("it is level", async || {
        resumed.cursor().unwrap().number() == after.cursor.number() + 1
    })
    .await;
    node.shutdown().await;
    assert_eq!(watch.next().await, None, "it ends with the node");
    assert_eq!(node.subscribe().next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_told_and_stops() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let [a, b, c] = nodes.as_slice() else {
        panic!("three nodes");
    };
    for node in [a, b] {
        eventually("everybody is alive", async || {
            node.members().await.unwrap().len() == 3
        })
        .await;
    }
    let mut told = a.subscribe();
    c.leave().await.unwrap();
    assert_eq!(c.stopped().await, Stopped::Left);
    assert_eq!(c.members().await, Err(NodeError::Stopped));
    loop {
        let Some(SubscriptionItem::Told(notification)) = told.next().await else {
            panic!("the subscription goes on");
        };
        if let Notification::Member(event) = &*notification
            && event.id == *c.id()
        {
            assert_eq!(event.kind, MemberEventKind::Left);
            break;
        }
    }
    eventually("the other knows as well", async || {
        let members = b.members().await.unwrap();
        members
            .iter()
            .any(|m| m.id == *c.id() && m.status == MemberStatus::Left)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_raises_the_generation_and_keeps_the_keys() {
    let cluster = Cluster::new();
    let first = cluster.start(0, &[]).await;
    let second = cluster.start(1, &[&first]).await;
    second.put("shared", "from the second").await.unwrap();
    second.put_own("own", "mine").await.unwrap();
    first.put("other", "from the first").await.unwrap();
    eventually("the other's key is here", async || {
        second.get("other").await.unwrap().is_some()
    })
    .await;
    let generation = second.generation();
    assert_eq!(second.shutdown().await, Stopped::Shutdown);
    assert_eq!(second.put("x", "y").await, Err(NodeError::Stopped));

    // Alone, so that what is there comes from the disk.
    assert_eq!(first.shutdown().await, Stopped::Shutdown);
    // It looks for the others it remembers, and answers meanwhile.
    let again = cluster.builder(1).start().await.unwrap();
    assert!(again.generation() > generation);
    for (key, value) in [("shared", "from the second"), ("other", "from the first")] {
        let row = again.get(key).await.unwrap().unwrap();
        assert_eq!(*row.value.bytes(), value);
    }
    let own = again.get_own(again.id(), "own").await.unwrap().unwrap();
    assert_eq!(*own.value.bytes(), "mine");

    // The peer book finds the others without a seed.
    let first = cluster.start_at(0, first.local_addr(), &[]).await;
    again.running().await.unwrap();
    eventually("they meet again", async || {
        let members = again.members().await.unwrap();
        members
            .iter()
            .filter(|m| m.status == MemberStatus::Alive)
            .count()
            == 2
    })
    .await;
    again.put("after", "the restart").await.unwrap();
    eventually("a write of the new run arrives", async || {
        first.get("after").await.unwrap().is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_a_limit_is_refused_before_anything_happens() {
    let cluster = Cluster::new();
    let node = cluster.start(0, &[]).await;
    let long = "k".repeat(257);
    let refused = node.put(&long, "v").await;
    assert_eq!(
        refused,
        Err(NodeError::Key(KeyError::TooLong { bytes: 257 }))
    );
    let refused = node.put("", "v").await;
    assert_eq!(refused, Err(NodeError::Key(KeyError::Empty)));
    let big = vec![0; 1024 * 1024 + 1];
    let refused = node.put("k", big).await;
    assert_eq!(
        refused,
        Err(NodeError::Key(KeyError::ValueTooLong {
            bytes: 1024 * 1024 + 1
        }))
    );
    let many = (0..65).map(|number| Write {
        scope: Scope::Shared,
        key: format!("{number}").parse().unwrap(),
        value: None,
        only_if: None,
        ttl: None,
    });
    let refused = node.write(many.collect()).await;
    assert!(matches!(
        refused,
        Err(NodeError::Refused(Refusal::TooLarge { entries: 65, .. }))
    ));
    assert!(node.list("").await.unwrap().is_empty());
    // The greatest that is allowed is.
    let biggest = vec![7; 1024 * 1024];
    node.put(&"k".repeat(256), biggest.clone()).await.unwrap();
    let row = node.get(&"k".repeat(256)).await.unwrap().unwrap();
    assert_eq!(*row.value.bytes(), biggest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_says_what_to_do() {
    let cluster = Cluster::new();
    let error = gossip_node::Node::builder().start().await.unwrap_err();
    assert!(
        error.to_string().contains("NodeBuilder::credentials"),
        "{error}"
    );
    let builder = cluster.builder(0).listen("0.0.0.0:0".parse().unwrap());
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Unspecified { .. }), "{error}");
    let builder = cluster
        .builder(0)
        .advertise(["0.0.0.0:7400".parse().unwrap()]);
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Undialable { .. }), "{error}");
    // Two nodes with one data directory, and one port.
    let node = cluster.start(0, &[]).await;
    let error = cluster.builder(0).start().await.unwrap_err();
    assert!(matches!(error, StartError::Journal(_)), "{error}");
    let builder = cluster.builder(1).listen(node.local_addr());
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Transport(_)), "{error}");
    // Listening everywhere is fine when the address is said.
    let builder = cluster.builder(2).listen("0.0.0.0:0".parse().unwrap());
    let node = builder
        .advertise(["127.0.0.1:0".parse().unwrap()])
        .start()
        .await
        .unwrap();
    node.running().await.unwrap();
    let members = node.members().await.unwrap();
    let port = node.local_addr().port();
    let addr = members.first().unwrap().addrs.first().copied();
    assert_eq!(addr, Some(([127, 0, 0, 1], port).into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_last_handle_stops_the_node() {
    let cluster = Cluster::new();
    let node = cluster.start(0, &[]).await;
    let mut told = node.subscribe();
    let clone = node.clone();
    drop(node);
    clone.put("k", "v").await.unwrap();
    drop(clone);
    while told.next().await.is_some() {}
    // Its journal is free again as soon as the task has wound down.
    let mut again = Err(());
    for _ in 0..200 {
        again = cluster.builder(0).start().await.map_err(drop);
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let row = again.unwrap().get("k").await.unwrap();
    assert!(row.is_some());
}
