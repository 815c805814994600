//! The quorum view, case by case: libopenstorage/gossip's own tests in spirit.
//!
//! A picture is a line of text: `a b? c! d- e` is alive a, suspect b, dead c,
//! left d, alive e. A story is a machine that looks at one picture after the
//! other, at given seconds.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use gossip_core::base::id::NodeId;
use gossip_core::base::limit;
use gossip_core::base::rng::Rng;
use gossip_core::base::time::Instant;
use gossip_core::electorate::{
    Domain, Electorate, ElectorateError, QuorumConfig, QuorumProvider, Seat,
};
use gossip_core::membership::quorum::{Present, Quorum, judge};
use gossip_core::output::MemberStatus;
use gossip_core::quorum::{Fate, Part, QuorumReason, QuorumStanding};
use proptest::prelude::*;

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

#[derive(Debug, Clone, Default)]
struct Picture(BTreeMap<NodeId, MemberStatus>);

impl Present for Picture {
    fn status(&self, id: &NodeId) -> Option<MemberStatus> {
        self.0.get(id).copied()
    }

    fn each(&self) -> impl Iterator<Item = (&NodeId, MemberStatus)> {
        self.0.iter().map(|(id, status)| (id, *status))
    }
}

fn picture(text: &str) -> Picture {
    let members = text.split_whitespace().map(|word| {
        let name = word.trim_end_matches(['?', '!', '-']);
        let status = match word.get(name.len()..) {
            Some("?") => MemberStatus::Suspect,
            Some("!") => MemberStatus::Dead,
            Some("-") => MemberStatus::Left,
            _ => MemberStatus::Alive,
        };
        (id(name), status)
    });
    Picture(members.collect())
}

/// A list: `a b c*` has two voters and a watcher.
fn list(text: &str) -> Electorate {
    let seats = text.split_whitespace().map(|word| {
        let votes = !word.ends_with('*');
        let seat = Seat {
            votes,
            ..Seat::default()
        };
        (id(word.trim_end_matches('*')), seat)
    });
    Electorate {
        seats: Some(seats.collect()),
        ..Electorate::default()
    }
}

fn without(electorate: Electorate, inactive: &[&str]) -> Electorate {
    let inactive = inactive.iter().map(|domain| domain.parse().unwrap());
    Electorate {
        inactive: inactive.collect(),
        ..electorate
    }
}

/// A machine, the time, and whose it is.
struct Story {
    machine: Quorum,
    me: NodeId,
}

impl Story {
    fn of(me: &str, provider: QuorumProvider, electorate: Electorate) -> Self {
        let config = QuorumConfig {
            provider,
            electorate,
            ..QuorumConfig::default()
        };
        Self {
            machine: Quorum::new(config),
            me: id(me),
        }
    }

    fn majority(me: &str, voters: &str) -> Self {
        Self::of(me, QuorumProvider::Majority, list(voters))
    }

    /// What stands after a look at `second`, and whether it was news.
    fn sees(&mut self, second: u64, text: &str) -> (&'static str, bool) {
        let now = Instant::from_millis(second * 1_000);
        self.machine.touch();
        let event = self.machine.look(now, &self.me, &picture(text));
        (word(self.machine.standing(now)), event.is_some())
    }

    fn elects(&mut self, electorate: Electorate) {
        self.machine.elect(electorate);
    }
}

fn word(standing: QuorumStanding) -> &'static str {
    match standing {
        QuorumStanding::Out => "out",
        QuorumStanding::Suspect { .. } => "suspect",
        QuorumStanding::InQuorum => "in",
        QuorumStanding::Left => "left",
    }
}

const NEWS: bool = true;

/// TestQuorumAllNodesUpOneByOne.
#[test]
fn members_come_one_by_one_and_the_third_of_five_makes_the_quorum() {
    let mut story = Story::majority("a", "a b c d e");
    assert_eq!(story.sees(0, "a"), ("out", false));
    assert_eq!(story.sees(1, "a b"), ("out", false));
    assert_eq!(story.sees(2, "a b c"), ("in", NEWS));
    assert_eq!(story.sees(3, "a b c d"), ("in", false));
    assert_eq!(story.sees(4, "a b c d e"), ("in", false));
}

/// TestQuorumNodeLoosesQuorumAndGainsBack.
#[test]
fn a_quorum_that_goes_is_suspect_then_out_and_back_at_once() {
    let mut story = Story::majority("a", "a b c");
    assert_eq!(story.sees(0, "a b c"), ("in", NEWS));
    assert_eq!(story.sees(10, "a b! c!"), ("suspect", NEWS));
    let machine = &story.machine;
    assert_eq!(machine.next_deadline(), Some(Instant::from_millis(70_000)));
    let at = Instant::from_millis(30_000);
    let left = Duration::from_secs(40);
    assert_eq!(machine.standing(at), QuorumStanding::Suspect { left });
    assert_eq!(story.sees(69, "a b! c!"), ("suspect", false));
    assert_eq!(story.sees(70, "a b! c!"), ("out", NEWS));
    assert_eq!(story.machine.next_deadline(), None);
    assert_eq!(story.sees(71, "a b c!"), ("in", NEWS));
}

/// The timer alone makes it look: nobody has to come or go.
#[test]
fn the_timer_fires_without_a_change() {
    let mut story = Story::majority("a", "a b c");
    story.sees(0, "a b c");
    story.sees(10, "a");
    let now = Instant::from_millis(70_000);
    let event = story.machine.look(now, &id("a"), &picture("a")).unwrap();
    assert_eq!(event.after, QuorumStanding::Out);
    assert_eq!(
        event.before,
        QuorumStanding::Suspect {
            left: Duration::ZERO
        }
    );
    assert_eq!(
        event.judgement.to_string(),
        "1 of 3 voters are here, 2 are needed"
    );
    assert!(story.machine.look(now, &id("a"), &picture("a")).is_none());
}

/// TestQuorumTwoNodesLooseConnectivity.
#[test]
fn both_halves_of_two_are_out() {
    for (me, seen) in [("a", "a b!"), ("b", "a! b")] {
        let mut story = Story::majority(me, "a b");
        assert_eq!(story.sees(0, "a b"), ("in", NEWS));
        assert_eq!(story.sees(1, seen), ("suspect", NEWS));
        assert_eq!(story.sees(61, seen), ("out", NEWS));
    }
}

/// TestQuorumOneNodeIsolated and TestQuorumNetworkPartition.
#[test]
fn the_greater_side_goes_on_and_the_lesser_does_not() {
    for (me, seen, then, last) in [
        ("a", "a b! c! d! e!", "suspect", "out"),
        ("b", "a! b c d e", "in", "in"),
        ("c", "a! b! c d e", "in", "in"),
        ("a", "a b c! d! e!", "suspect", "out"),
    ] {
        let mut story = Story::majority(me, "a b c d e");
        story.sees(0, "a b c d e");
        assert_eq!(story.sees(1, seen).0, then, "{me}: {seen}");
        assert_eq!(story.sees(61, seen).0, last, "{me}: {seen}");
    }
}

/// TestQuorumEventHandling: failures one after the other do not restart the
/// timer, a recovery in time makes it void, one too late is a new beginning.
#[test]
fn only_the_first_loss_starts_the_timer() {
    let mut story = Story::majority("a", "a b c d e");
    story.sees(0, "a b c d e");
    assert_eq!(story.sees(10, "a b c d! e!"), ("in", false));
    assert_eq!(story.sees(20, "a b c! d! e!"), ("suspect", NEWS));
    assert_eq!(story.sees(50, "a b! c! d! e!"), ("suspect", false));
    assert_eq!(story.sees(79, "a b c d! e!"), ("in", NEWS));
    assert_eq!(story.sees(90, "a b c! d! e!"), ("suspect", NEWS));
    // The first timer would have fired at 80.
    assert_eq!(story.sees(149, "a b c! d! e!"), ("suspect", false));
    assert_eq!(story.sees(150, "a b c! d! e!"), ("out", NEWS));
    assert_eq!(story.sees(151, "a b! c d! e!"), ("out", false));
    assert_eq!(story.sees(152, "a b? c d! e!"), ("in", NEWS));
}

/// TestQuorumRemoveNodes and TestQuorumAddNodes.
#[test]
fn the_list_changes_the_quorum_at_once() {
    let mut story = Story::majority("a", "a b c d e");
    story.sees(0, "a b c d e");
    story.sees(1, "a b c! d! e!");
    assert_eq!(story.sees(61, "a b c! d! e!"), ("out", NEWS));
    // Two that are dead are taken off the list.
    story.elects(list("a b c"));
    assert_eq!(story.sees(62, "a b c! d! e!"), ("in", NEWS));
    // Two that have not started yet are put on it.
    story.elects(list("a b c f g"));
    assert_eq!(story.sees(63, "a b c! d! e!"), ("suspect", NEWS));
    assert_eq!(story.sees(64, "a b c! f"), ("in", NEWS));
}

/// TestNonQuorumMembersAddRemove, TestMajorityNonQuorumMembersGoDown,
/// TestNonMajorityQuorumMembersGoDown.
#[test]
fn who_has_no_vote_neither_makes_nor_breaks_a_quorum() {
    let mut story = Story::majority("a", "a b c w* x* y*");
    assert_eq!(story.sees(0, "a w x y"), ("out", false));
    assert_eq!(story.sees(1, "a b w x y"), ("in", NEWS));
    assert_eq!(story.sees(2, "a b c w! x! y!"), ("in", false));
    assert_eq!(story.sees(3, "a b! c! w x y"), ("suspect", NEWS));
    // One without a vote is in the quorum of those who have one.
    let mut watcher = Story::majority("w", "a b c w*");
    assert_eq!(watcher.sees(0, "a b w"), ("in", NEWS));
}

/// Zero quorum members need one: nobody is ever in.
#[test]
fn a_cluster_without_voters_has_no_quorum() {
    let mut story = Story::majority("a", "a* b* c*");
    assert_eq!(story.sees(0, "a b c"), ("out", false));
    let judgement = judge(
        QuorumProvider::Majority,
        &list("a* b*"),
        &id("a"),
        &picture("a b"),
    );
    assert_eq!(judgement.reason, QuorumReason::NoVoters);
    assert_eq!(judgement.needed, 1);
    assert_eq!(judgement.to_string(), "nobody votes");
}

/// TestQuorumFdOneFailureDomainDownAndBackUp: a domain that comes back in time.
#[test]
fn a_domain_that_returns_in_time_is_no_loss() {
    let all = list("z1/a z1/b z2/c z2/d z3/e z3/f");
    let mut story = Story::of("z1/a", QuorumProvider::FailureDomain, all);
    let up = "z1/a z1/b z2/c z2/d z3/e z3/f";
    assert_eq!(story.sees(0, up), ("in", NEWS));
    assert_eq!(
        story.sees(1, "z1/a z1/b z2/c z2/d z3/e? z3/f?"),
        ("in", false)
    );
    assert_eq!(
        story.sees(2, "z1/a z1/b z2/c z2/d z3/e! z3/f!"),
        ("in", false)
    );
    assert_eq!(
        story.sees(3, "z1/a z1/b z2/c! z2/d! z3/e! z3/f!"),
        ("suspect", NEWS)
    );
    assert_eq!(
        story.sees(62, "z1/a z1/b z2/c z2/d z3/e! z3/f!"),
        ("in", NEWS)
    );
}

/// TestQuorumFdTwoFailureDomainsDownOutOfQuorum, …DownAndDeactivated and
/// …DeactivatedAndReactivated.
#[test]
fn a_dead_domain_taken_out_of_use_gives_the_rest_its_quorum_back() {
    let all = || list("z1/a z1/b z2/c z2/d z3/e z3/f");
    let mut story = Story::of("z1/a", QuorumProvider::FailureDomain, all());
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let down = "z1/a z1/b z2/c! z2/d! z3/e! z3/f!";
    assert_eq!(story.sees(1, down), ("suspect", NEWS));
    assert_eq!(story.sees(61, down), ("out", NEWS));
    story.elects(without(all(), &["z2", "z3"]));
    assert_eq!(story.sees(62, down), ("in", NEWS));

    // They start again while they are out of use: no quorum for them.
    let up = "z1/a z1/b z2/c z2/d z3/e z3/f";
    let mut inactive = Story::of(
        "z2/c",
        QuorumProvider::FailureDomain,
        without(all(), &["z2", "z3"]),
    );
    assert_eq!(inactive.sees(70, up), ("out", false));
    assert_eq!(story.sees(70, up), ("in", false));
    // Domain by domain they are taken into use again.
    inactive.elects(without(all(), &["z2"]));
    assert_eq!(inactive.sees(71, up), ("out", false));
    inactive.elects(without(all(), &["z3"]));
    assert_eq!(inactive.sees(72, up), ("in", NEWS));
}

/// What a domain-counting machine makes of the dead, in order of name.
fn fates(story: &Story, second: u64, text: &str) -> String {
    let now = Instant::from_millis(second * 1_000);
    let view = story.machine.view(now, true, &story.me, &picture(text));
    let told = view.members.iter().filter_map(|seat| {
        let fate = match seat.fate? {
            Fate::Down => "down".to_string(),
            Fate::SuspectDown { left } => left.as_secs().to_string(),
        };
        Some(format!("{}={fate}", seat.id))
    });
    told.collect::<Vec<_>>().join(" ")
}

/// Six voters in three domains, as one of them sees it.
fn domains(me: &str) -> Story {
    let all = list("z1/a z1/b z2/c z2/d z3/e z3/f");
    Story::of(me, QuorumProvider::FailureDomain, all)
}

fn asked(story: &mut Story, text: &str) -> Vec<NodeId> {
    let mut rng = Rng::new(1);
    story.machine.to_ask(&mut rng, &picture(text))
}

/// TestQuorumFdOneNodeDown: the neighbour is asked, and its answer settles it.
#[test]
fn a_neighbour_that_answers_says_that_its_domain_is_in_sight() {
    let mut story = domains("z1/a");
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let seen = "z1/a z1/b z2/c! z2/d z3/e z3/f";
    story.sees(10, seen);
    assert_eq!(asked(&mut story, seen), [id("z2/d")]);
    assert!(asked(&mut story, seen).is_empty(), "once");
    assert_eq!(fates(&story, 11, seen), "z2/c=59");
    // Of another domain: it says nothing of this one.
    story.machine.answered(&id("z3/e"));
    assert_eq!(fates(&story, 11, seen), "z2/c=59");
    story.machine.answered(&id("z2/d"));
    assert_eq!(fates(&story, 11, seen), "z2/c=down");
    // Its neighbour follows: now nobody is left in sight.
    let seen = "z1/a z1/b z2/c! z2/d! z3/e z3/f";
    story.sees(20, seen);
    assert!(asked(&mut story, seen).is_empty(), "nobody is left");
    assert_eq!(fates(&story, 21, seen), "z2/c=down z2/d=59");
}

/// Our own domain is in sight: we are there.
#[test]
fn who_dies_beside_us_is_down_at_once() {
    let mut story = domains("z1/a");
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let seen = "z1/a z1/b! z2/c z2/d z3/e z3/f";
    story.sees(10, seen);
    assert_eq!(fates(&story, 10, seen), "z1/b=down");
}

/// TestQuorumFdOneFailureDomainDownProbationExpires, and TestProbation*: each
/// has its own time, and it is back without a trace.
#[test]
fn a_domain_out_of_sight_is_suspect_until_its_probation_is_over() {
    let mut story = domains("z1/a");
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let seen = "z1/a z1/b z2/c! z2/d! z3/e z3/f";
    story.sees(10, "z1/a z1/b z2/c! z2/d? z3/e z3/f");
    story.sees(13, seen);
    assert_eq!(fates(&story, 20, seen), "z2/c=50 z2/d=53");
    let first = Instant::from_millis(70_000);
    assert_eq!(story.machine.next_deadline(), Some(first));
    // The timer alone makes it look.
    assert!(
        story
            .machine
            .look(first, &story.me, &picture(seen))
            .is_none()
    );
    assert_eq!(fates(&story, 70, seen), "z2/c=down z2/d=3");
    let back = "z1/a z1/b z2/c! z2/d z3/e z3/f";
    story.sees(72, back);
    assert_eq!(fates(&story, 72, back), "z2/c=down");
    assert_eq!(story.machine.next_deadline(), None);
    // Dead again: a new probation.
    story.sees(80, seen);
    assert_eq!(fates(&story, 80, seen), "z2/c=down z2/d=60");
}

/// What we slept through is given back, to the quorum as to the probations, once;
/// the rest of the time runs as before.
#[test]
fn a_pause_of_our_own_is_given_back() {
    let mut story = domains("z1/a");
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let seen = "z1/a z1/b z2/c! z2/d z3/e z3/f";
    story.sees(10, seen);
    story.machine.forgive(Duration::from_secs(80));
    assert_eq!(story.sees(100, seen), ("in", false));
    assert_eq!(fates(&story, 100, seen), "z2/c=50");
    let lost = "z1/a z1/b z2/c! z2/d! z3/e! z3/f";
    assert_eq!(story.sees(120, lost), ("suspect", NEWS));
    story.machine.forgive(Duration::from_secs(70));
    assert_eq!(story.sees(200, lost), ("suspect", false));
    assert_eq!(fates(&story, 200, lost), "z2/c=20 z2/d=50 z3/e=50");
    assert_eq!(story.sees(249, lost), ("suspect", false));
    assert_eq!(story.sees(250, lost), ("out", NEWS));
}

/// TestQuorumFdTwoFailureDomainsDownOutOfQuorum: who is out of quorum condemns
/// nobody, however long it lasts; and …DownAndDeactivated: once it is back in,
/// the time that runs is the last.
#[test]
fn out_of_quorum_probation_begins_again() {
    let mut story = domains("z1/a");
    story.sees(0, "z1/a z1/b z2/c z2/d z3/e z3/f");
    let seen = "z1/a z1/b z2/c! z2/d! z3/e! z3/f!";
    assert_eq!(story.sees(10, seen), ("suspect", NEWS));
    assert_eq!(story.sees(70, seen), ("out", NEWS));
    let all = "z2/c=60 z2/d=60 z3/e=60 z3/f=60";
    assert_eq!(fates(&story, 70, seen), all);
    assert_eq!(story.sees(130, seen), ("out", false));
    assert_eq!(fates(&story, 130, seen), all);
    let voters = list("z1/a z1/b z2/c z2/d z3/e z3/f");
    story.elects(without(voters, &["z2", "z3"]));
    assert_eq!(story.sees(140, seen), ("in", NEWS));
    assert_eq!(fates(&story, 140, seen), all.replace("60", "50"));
    assert_eq!(story.sees(190, seen), ("in", false));
    assert_eq!(fates(&story, 190, seen), all.replace("60", "down"));
}

/// Who counts heads does not ask for domains; and a stranger has no seat.
#[test]
fn only_those_who_count_by_domains_have_fates() {
    let mut story = Story::majority("z1/a", "z1/a z2/c");
    story.sees(0, "z1/a z2/c");
    story.sees(1, "z1/a z2/c!");
    assert_eq!(fates(&story, 1, "z1/a z2/c!"), "");
    let mut story = domains("z1/a");
    let seen = "z1/a z1/b z2/c z2/d z9/x!";
    story.sees(1, seen);
    assert_eq!(fates(&story, 1, seen), "");
}

/// TestQuorumProvider* ×8, and what they do not ask.
#[test]
fn the_table() {
    use QuorumProvider::{FailureDomain as Domains, Majority, None as Nobody};
    let everybody = Electorate::default;
    let moved = {
        let mut electorate = list("a b c d e");
        if let Some(seats) = &mut electorate.seats {
            for name in ["d", "e"] {
                let seat = seats.get_mut(&id(name)).unwrap();
                seat.domain = Some("rack9".parse().unwrap());
            }
        }
        electorate
    };
    #[rustfmt::skip]
    let table = [
        // provider, list, me, picture, in quorum, of how many, reason
        (Majority, everybody(), "a", "a", true, (1, 1, 1), "1 of 1 voters are here"),
        (Majority, everybody(), "a", "a b!", false, (2, 1, 2), "1 of 2 voters are here, 2 are needed"),
        (Majority, everybody(), "a", "a b?", true, (2, 2, 2), "2 of 2 voters are here"),
        (Majority, everybody(), "a", "a b c- d- e!", true, (3, 2, 2), "2 of 3 voters are here"),
        (Majority, everybody(), "a", "", false, (0, 0, 1), "nobody votes"),
        // NodesNeverGossiped: listed, never met.
        (Majority, list("a b c d e"), "a", "a b", false, (5, 2, 3), "2 of 5 voters are here, 3 are needed"),
        (Majority, list("a b c d e"), "a", "a b c", true, (5, 3, 3), "3 of 5 voters are here"),
        // Whoever left and is still listed is missed.
        (Majority, list("a b c"), "a", "a b- c-", false, (3, 1, 2), "1 of 3 voters are here, 2 are needed"),
        // Strangers do not count, however many.
        (Majority, list("a b c"), "a", "a x y z", false, (3, 1, 2), "1 of 3 voters are here, 2 are needed"),
        (Majority, list("a b"), "x", "a b x", false, (2, 2, 2), "this node is not on the list of members (2 of 2 voters are here)"),
        (Majority, list("a b c d"), "a", "a b", false, (4, 2, 3), "2 of 4 voters are here, 3 are needed"),
        // Only the provider that asks for domains hears of them.
        (Majority, without(list("a z1/b"), &["z1"]), "a", "a z1/b", true, (2, 2, 2), "2 of 2 voters are here"),
        (Domains, list("a b c"), "a", "a b", true, (3, 2, 2), "2 of 3 voters are here"),
        (Domains, without(list("z1/a z2/b z2/c"), &["z2"]), "z1/a", "z1/a", true, (1, 1, 1), "1 of 1 voters are here; zone z2 is inactive"),
        (Domains, without(list("z1/a z2/b z2/c"), &["z1"]), "z1/a", "z1/a z2/b z2/c", false, (2, 2, 2), "this node's own zone z1 is inactive"),
        (Domains, without(list("z1/a z1/b z1/d z1/e z1/f z2/c"), &["z2"]), "z1/a", "z1/a z1/b z2/c", false, (5, 2, 3), "2 of 5 voters are here, 3 are needed; zone z2 is inactive"),
        (Domains, without(everybody(), &["z2"]), "z1/a", "z1/a z1/b! z2/c z2/d", false, (2, 1, 2), "1 of 2 voters are here, 2 are needed; zone z2 is inactive"),
        (Domains, without(everybody(), &[""]), "z1/a", "z1/a b c", true, (1, 1, 1), "1 of 1 voters are here; zone (none) is inactive"),
        // A domain given in the list, rather than the zone of the name.
        (Domains, without(moved.clone(), &["rack9"]), "a", "a b", true, (3, 2, 2), "2 of 3 voters are here; zone rack9 is inactive"),
        (Domains, without(moved, &["rack9"]), "d", "a b c d", false, (3, 3, 2), "this node's own zone rack9 is inactive"),
        (Nobody, list("a b c d e"), "a", "a", true, (5, 1, 3), "nobody is counted (provider none)"),
        (Nobody, list("b*"), "a", "a", true, (0, 0, 1), "nobody is counted (provider none)"),
    ];
    for (provider, electorate, me, seen, quorum, count, reason) in table {
        let found = judge(provider, &electorate, &id(me), &picture(seen));
        assert_eq!(found.to_string(), reason, "{provider:?} {me}: {seen}");
        assert_eq!(found.quorum, quorum, "{reason}");
        assert_eq!((found.voters, found.here, found.needed), count, "{reason}");
    }
}

#[test]
fn leaving_is_the_end() {
    let mut story = Story::majority("a", "a b");
    story.sees(0, "a b");
    let now = Instant::from_millis(1_000);
    let event = story.machine.leave(now, &id("a"), &picture("a b")).unwrap();
    assert_eq!(event.after, QuorumStanding::Left);
    assert_eq!(event.judgement.reason, QuorumReason::Left);
    assert_eq!(story.sees(2, "a b"), ("left", false));
    assert!(
        story
            .machine
            .leave(now, &id("a"), &picture("a b"))
            .is_none()
    );
}

#[test]
fn without_a_timeout_it_is_out_at_once() {
    let config = QuorumConfig {
        timeout: Duration::ZERO,
        electorate: list("a b"),
        ..QuorumConfig::default()
    };
    let mut story = Story {
        machine: Quorum::new(config),
        me: id("a"),
    };
    assert_eq!(story.sees(0, "a b"), ("in", NEWS));
    assert_eq!(story.sees(1, "a"), ("out", NEWS));
}

/// What an operator sees: the absent, and those nobody expected.
#[test]
fn a_view_names_everybody_on_the_list_or_known() {
    let config = QuorumConfig {
        provider: QuorumProvider::FailureDomain,
        electorate: without(list("z1/a z1/b* z2/c z3/d"), &["z2"]),
        ..QuorumConfig::default()
    };
    let machine = Quorum::new(config);
    let seen = picture("z1/a z1/b z2/c? z1/x");
    let view = machine.view(Instant::ZERO, true, &id("z1/a"), &seen);
    let members = view.members.iter();
    let members = members.map(|seat| (seat.id.as_str(), seat.part, seat.status));
    use MemberStatus::{Alive, Suspect};
    assert_eq!(
        members.collect::<Vec<_>>(),
        [
            ("z1/a", Part::Voter, Some(Alive)),
            ("z1/b", Part::Watcher, Some(Alive)),
            ("z1/x", Part::Stranger, Some(Alive)),
            ("z2/c", Part::Inactive, Some(Suspect)),
            ("z3/d", Part::Voter, None),
        ]
    );
    assert_eq!(
        view.judgement.to_string(),
        "1 of 2 voters are here, 2 are needed; zone z2 is inactive"
    );
    let starting = machine.view(Instant::ZERO, false, &id("z1/a"), &seen);
    assert_eq!(starting.judgement.reason, QuorumReason::NotRunning);
}

#[test]
fn a_list_has_a_bound() {
    let of = |count: usize| Electorate::of_voters((0..count).map(|n| id(&format!("n{n}"))));
    assert_eq!(of(limit::ELECTORATE).check(), Ok(()));
    let found = limit::ELECTORATE + 1;
    assert_eq!(of(found).check(), Err(ElectorateError::TooMany { found }));
}

fn status() -> impl Strategy<Value = MemberStatus> {
    prop_oneof![
        Just(MemberStatus::Alive),
        Just(MemberStatus::Suspect),
        Just(MemberStatus::Dead),
        Just(MemberStatus::Left),
    ]
}

fn names() -> impl Strategy<Value = NodeId> {
    "z[1-3]/n[1-4]".prop_map(|name| name.parse().unwrap())
}

fn electorate() -> impl Strategy<Value = Electorate> {
    let seat = any::<bool>().prop_map(|votes| Seat {
        votes,
        domain: None,
    });
    let seats = proptest::collection::btree_map(names(), seat, 0..9);
    let inactive = proptest::collection::btree_set("z[1-3]", 0..3);
    (proptest::option::of(seats), inactive).prop_map(|(seats, inactive)| Electorate {
        seats,
        inactive: inactive
            .into_iter()
            .map(|zone| zone.parse::<Domain>().unwrap())
            .collect(),
    })
}

fn provider() -> impl Strategy<Value = QuorumProvider> {
    prop_oneof![
        Just(QuorumProvider::Majority),
        Just(QuorumProvider::FailureDomain),
    ]
}

proptest! {
    /// Two sides of a cut that count by one list are never both in quorum.
    #[test]
    fn two_sides_of_one_list_are_never_both_in_quorum(
        provider in provider(),
        electorate in electorate(),
        sides in proptest::collection::btree_map(names(), any::<bool>(), 2..9),
    ) {
        prop_assume!(electorate.seats.is_some());
        let side = |left: bool| {
            let members = sides.iter().map(|(id, of)| {
                let status = if *of == left { MemberStatus::Alive } else { MemberStatus::Dead };
                (id.clone(), status)
            });
            Picture(members.collect())
        };
        let judged = |left: bool| {
            let mut here = sides.iter().filter(|(_, of)| **of == left);
            let seen = side(left);
            here.any(|(me, _)| judge(provider, &electorate, me, &seen).quorum)
        };
        prop_assert!(!(judged(true) && judged(false)));
    }

    /// Whoever comes never takes a quorum away, whoever goes never gives one,
    /// where a list says who votes.
    #[test]
    fn more_of_the_listed_is_never_worse(
        provider in provider(),
        electorate in electorate(),
        members in proptest::collection::btree_map(names(), status(), 1..9),
        comes in names(),
    ) {
        prop_assume!(electorate.seats.is_some());
        let me = members.keys().next().unwrap().clone();
        let before = judge(provider, &electorate, &me, &Picture(members.clone()));
        let mut more = members;
        more.insert(comes, MemberStatus::Alive);
        let after = judge(provider, &electorate, &me, &Picture(more));
        prop_assert!(after.quorum || !before.quorum);
    }

    /// The machine is in quorum exactly when the count says so, and between in
    /// and out there is always a suspicion of its whole length.
    #[test]
    fn the_machine_follows_the_count(
        electorate in electorate(),
        steps in proptest::collection::vec(
            (1..40_u64, proptest::collection::btree_map(names(), status(), 1..9)),
            1..30,
        ),
    ) {
        let me = id("z1/n1");
        let timeout = Duration::from_secs(60);
        let mut machine = Quorum::new(QuorumConfig {
            electorate: electorate.clone(),
            timeout,
            ..QuorumConfig::default()
        });
        let (mut second, mut suspect_since) = (0, None);
        for (step, members) in steps {
            second += step;
            let now = Instant::from_millis(second * 1_000);
            let seen = Picture(members);
            machine.touch();
            let event = machine.look(now, &me, &seen);
            let judged = judge(QuorumProvider::Majority, &electorate, &me, &seen);
            let standing = machine.standing(now);
            prop_assert_eq!(standing == QuorumStanding::InQuorum, judged.quorum);
            if let Some(event) = event {
                prop_assert_eq!(event.judgement, judged);
                match (event.before, event.after) {
                    (QuorumStanding::InQuorum, QuorumStanding::Suspect { left }) => {
                        prop_assert_eq!(left, timeout);
                        suspect_since = Some(second);
                    }
                    (QuorumStanding::Suspect { .. }, QuorumStanding::Out) => {
                        prop_assert!(second - suspect_since.unwrap() >= 60);
                    }
                    (_, QuorumStanding::InQuorum) => {}
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
    }
}
