//! What members and operators are told, at a real cluster: events that fold
//! into the list of members, an operator's word, and the quorum.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test stops at the first surprise.

#[path = "library_kit/mod.rs"]
mod kit;

use std::time::Duration;

use gossip_node::{
    Config, Electorate, Events, EventsItem, MemberEventKind, MemberPicture, MemberStatus, Node,
    NodeError, NodeId, Notification, Part, Profile, QuorumReason, QuorumStanding, Refusal,
};
use kit::{Cluster, eventually};

/// How long one event may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One who folds whatever it is told.
struct Folder {
    node: Node,
    events: Events,
    picture: MemberPicture,
    kinds: Vec<(NodeId, MemberEventKind)>,
}

impl Folder {
    async fn at(node: &Node) -> Self {
        let mut folder = Self {
            events: node.events().await.unwrap(),
            node: node.clone(),
            picture: MemberPicture::default(),
            kinds: Vec::new(),
        };
        while folder.step().await != EventsItem::Current {}
        folder
    }

    async fn step(&mut self) -> EventsItem {
        let item = tokio::time::timeout(PATIENCE, self.events.next()).await;
        let item = item.expect("something happens").expect("the node runs");
        assert!(self.picture.apply(&item), "nothing is lost here");
        if let EventsItem::Told(told) = &item
            && let Notification::Member(event) = &**told
        {
            self.kinds.push((event.id.clone(), event.kind.clone()));
        }
        item
    }

    fn status(&self, id: &NodeId) -> Option<MemberStatus> {
        self.picture.members().get(id).map(|seen| seen.status)
    }

    /// Folds until a member stands so.
    async fn until(&mut self, id: &NodeId, status: Option<MemberStatus>) {
        while self.status(id) != status {
            self.step().await;
        }
    }

    /// That it holds what the node answers. Another event may come between the
    /// answer and the fold; then both go on until they agree.
    async fn agrees(&mut self) {
        let agreed = async {
            loop {
                let answered = MemberPicture::of(&self.node.members().await.unwrap());
                if self.picture == answered {
                    return;
                }
                // The answer is ahead of us: what is missing is on its way.
                self.step().await;
            }
        };
        let agreed = tokio::time::timeout(PATIENCE, agreed).await;
        assert!(agreed.is_ok(), "{:#?}", self.picture);
    }

    fn kinds_of(&self, id: &NodeId) -> Vec<&MemberEventKind> {
        let kinds = self.kinds.iter().filter(|(of, _)| of == id);
        kinds.map(|(_, kind)| kind).collect()
    }
}

/// ```text
///   n0, n1, n2 ─ n3 joins ─ n4 joins ─ n4 crashes ─ n3 leaves ─ n4 returns
/// ```
#[tokio::test(flavor = "multi_thread")]
async fn events_fold_into_the_list_of_members() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let mut folders = Vec::new();
    for node in &nodes {
        folders.push(Folder::at(node).await);
    }
    let third = cluster.start(3, &[&nodes[0]]).await;
    let fourth = cluster.start(4, &[&nodes[1]]).await;
    let (left, crashed) = (third.id().clone(), fourth.id().clone());
    for folder in &mut folders {
        folder.until(&left, Some(MemberStatus::Alive)).await;
        folder.until(&crashed, Some(MemberStatus::Alive)).await;
        folder.agrees().await;
    }

    // A crash: it stops without a word.
    let generation = fourth.generation();
    fourth.shutdown().await;
    for folder in &mut folders {
        folder.until(&crashed, Some(MemberStatus::Dead)).await;
        folder.agrees().await;
        let died = folder
            .kinds_of(&crashed)
            .into_iter()
            .rev()
            .find_map(|kind| {
                let MemberEventKind::Died {
                    by,
                    accusers,
                    after,
                } = kind
                else {
                    return None;
                };
                Some((by.clone(), *accusers, *after))
            });
        let (by, accusers, after) = died.expect("it says why");
        assert_ne!(by, crashed);
        assert!(accusers >= 1, "somebody accused it");
        assert!(after > Duration::ZERO, "it was suspect first");
        let suspected = folder
            .kinds_of(&crashed)
            .into_iter()
            .any(|kind| matches!(kind, MemberEventKind::Suspected { by, .. } if *by != crashed));
        assert!(suspected, "{:#?}", folder.kinds);
    }

    third.leave().await.unwrap();
    for folder in &mut folders {
        folder.until(&left, Some(MemberStatus::Left)).await;
        folder.agrees().await;
    }

    let again = cluster.start(4, &[&nodes[2]]).await;
    assert!(again.generation() > generation);
    for folder in &mut folders {
        folder.until(&crashed, Some(MemberStatus::Alive)).await;
        let seen = &folder.picture.members()[&crashed];
        assert_eq!(seen.footing.generation, again.generation());
        let last = folder.kinds_of(&crashed).pop().unwrap();
        let before = Some(MemberStatus::Dead);
        assert_eq!(*last, MemberEventKind::Joined { before });
        folder.agrees().await;
    }
}

/// Removed where it is known to be gone, forgotten everywhere, refused where it
/// makes no sense.
#[tokio::test(flavor = "multi_thread")]
async fn an_operators_word_counts_at_once_and_everywhere() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(4).await;
    let [a, b, _, gone] = nodes.as_slice() else {
        panic!("four nodes");
    };
    for node in &nodes {
        eventually("all have met", async || {
            node.members().await.unwrap().len() == 4
        })
        .await;
    }
    let refused = async |node: &Node, id: &NodeId| {
        let remove = node.remove(id).await;
        let forget = node.forget(id).await;
        (remove, forget)
    };
    let nobody: NodeId = "n99".parse().unwrap();
    let unknown = Err(NodeError::Refused(Refusal::Unknown { id: nobody.clone() }));
    assert_eq!(refused(a, &nobody).await, (unknown.clone(), unknown));
    let ourselves = Err(NodeError::Refused(Refusal::Ourselves {
        id: a.id().clone(),
    }));
    assert_eq!(refused(a, a.id()).await, (ourselves.clone(), ourselves));
    let still_here = Refusal::StillHere { id: b.id().clone() };
    assert_eq!(a.forget(b.id()).await, Err(NodeError::Refused(still_here)));

    // One that is alive refutes, and is back.
    let mut folder = Folder::at(a).await;
    a.remove(b.id()).await.unwrap();
    folder.until(b.id(), Some(MemberStatus::Dead)).await;
    folder.until(b.id(), Some(MemberStatus::Alive)).await;
    let kinds = folder.kinds_of(b.id());
    let by = a.id().clone();
    assert!(
        kinds.contains(&&MemberEventKind::Removed { by }),
        "{kinds:?}"
    );

    // One that is gone is dead at once, without a suspicion.
    let id = gone.id().clone();
    gone.put_own("k", "v").await.unwrap();
    eventually("its key is here", async || {
        b.get_own(&id, "k").await.unwrap().is_some()
    })
    .await;
    gone.shutdown().await;
    let mut folders = Vec::new();
    for node in &nodes[..3] {
        folders.push(Folder::at(node).await);
    }
    a.remove(&id).await.unwrap();
    for folder in &mut folders {
        folder.until(&id, Some(MemberStatus::Dead)).await;
        folder.agrees().await;
    }
    let view = a.members().await.unwrap();
    let view = view.iter().find(|member| member.id == id).unwrap();
    assert_eq!(view.accused_by, [a.id().clone()]);

    // Forgotten at another, and gone everywhere, with what it said of itself.
    b.forget(&id).await.unwrap();
    for folder in &mut folders {
        folder.until(&id, None).await;
        folder.agrees().await;
        let node = folder.node.clone();
        eventually("its key is gone", async || {
            node.get_own(&id, "k").await.unwrap().is_none()
        })
        .await;
        let last = folder.kinds_of(&id).pop().unwrap();
        let by = Some(b.id().clone());
        assert_eq!(*last, MemberEventKind::Forgotten { by });
    }
    // Said again it changes nothing.
    a.remove(&id).await.unwrap();
    a.forget(&id).await.unwrap();

    // It comes back as a new run, and is welcome.
    let back = cluster.start(3, &[a]).await;
    for folder in &mut folders {
        folder.until(back.id(), Some(MemberStatus::Alive)).await;
        folder.agrees().await;
    }
}

/// Three of five are started, one dies: suspect, then out, and back at once
/// when one more comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_tells_of_its_quorum() {
    let cluster = Cluster::new();
    let mut config = Config::new(Profile::Local);
    config.quorum.timeout = Duration::from_millis(300);
    let voters = (0..5).map(|n| format!("n{n}").parse().unwrap());
    config.quorum.electorate = Electorate::of_voters(voters);
    let first = cluster.builder(0).config(config).start().await.unwrap();
    first.running().await.unwrap();
    let alone = first.quorum().await.unwrap();
    assert_eq!(alone.standing, QuorumStanding::Out);
    assert_eq!(alone.judgement.reason, QuorumReason::TooFew);
    assert_eq!(
        alone.judgement.to_string(),
        "1 of 5 voters are here, 3 are needed"
    );
    let absent = alone.members.iter().filter(|seat| seat.status.is_none());
    assert_eq!(absent.count(), 4);

    let mut events = first.events().await.unwrap();
    let mut next = async || loop {
        let item = tokio::time::timeout(PATIENCE, events.next()).await;
        if let Some(EventsItem::Told(told)) = item.expect("something happens")
            && let Notification::Quorum(event) = &*told
        {
            return event.clone();
        }
    };
    let second = cluster.start(1, &[&first]).await;
    let third = cluster.start(2, &[&first]).await;
    let joined = next().await;
    assert_eq!(
        (joined.before, joined.after),
        (QuorumStanding::Out, QuorumStanding::InQuorum)
    );
    assert_eq!(joined.judgement.to_string(), "3 of 5 voters are here");

    second.shutdown().await;
    let lost = next().await;
    assert!(matches!(lost.after, QuorumStanding::Suspect { .. }));
    assert_eq!(lost.judgement.here, 2);
    assert_eq!(next().await.after, QuorumStanding::Out);

    let fourth = cluster.start(3, &[&first]).await;
    let back = next().await;
    assert_eq!(
        (back.before, back.after),
        (QuorumStanding::Out, QuorumStanding::InQuorum)
    );

    // Another list: a stranger does not count, whatever it is.
    let ids = [first.id(), second.id(), third.id()];
    let list = Electorate::of_voters(ids.into_iter().cloned());
    first.elect(list).await.unwrap();
    let view = first.quorum().await.unwrap();
    assert_eq!(view.standing, QuorumStanding::InQuorum);
    assert_eq!((view.judgement.voters, view.judgement.here), (3, 2));
    let stranger = view.members.iter().find(|seat| seat.id == *fourth.id());
    assert_eq!(stranger.unwrap().part, Part::Stranger);
    let many = (0..2_000).map(|n| format!("n{n}").parse().unwrap());
    let refused = first.elect(Electorate::of_voters(many)).await;
    assert!(
        matches!(refused, Err(NodeError::Refused(Refusal::Electorate(_)))),
        "{refused:?}"
    );
    assert_eq!(first.quorum().await.unwrap().judgement.voters, 3);

    first.leave().await.unwrap();
    assert_eq!(next().await.after, QuorumStanding::Left);
}
