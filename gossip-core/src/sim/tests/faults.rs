//! Every fault, in a test in which it shows.

use super::*;
use crate::input::Target;
use crate::sim::names::Peers;
use crate::sim::{Burst, Latency, Paths, Weather};

const DATAGRAM: Via = Via::Datagram;

/// Three puppets; the second and the third have dialed the first.
///
/// ```text
///    b ──▶ a ◀── c
/// ```
fn three() -> (World<Puppet>, [HostId; 3]) {
    let (mut world, a, b) = pair(Setup::seeded(1));
    let c = world.add(NodeSetup::named("c"));
    world.run_for(ms(10));
    world.pull(c, Output::Dial(Target::Seed("a".to_string())));
    world.run_for(ms(100));
    for host in [a, b, c] {
        world.heard(host);
    }
    (world, [a, b, c])
}

impl World<Puppet> {
    fn dial_seed(&mut self, from: HostId, name: &str) {
        self.pull(from, Output::Dial(Target::Seed(name.to_string())));
    }

    /// What a puppet heard of links: who came up, and who went down and why.
    fn links_heard(&mut self, host: HostId) -> Vec<String> {
        let heard = self.heard(host).into_iter();
        heard
            .filter_map(|input| match input {
                Input::Link(LinkEvent::Up { peer, .. }) => Some(format!("{peer} up")),
                Input::Link(LinkEvent::Down { peer, why }) => Some(format!("{peer} {why:?}")),
                Input::Link(LinkEvent::DialFailed { why, .. }) => Some(format!("dial {why:?}")),
                _ => None,
            })
            .collect()
    }
}

/// ```text
///    a ──1──▶╳ b        a ◀──2── b        then the idle timeout: at b, and at a
/// ```
#[test]
fn a_one_way_cut_takes_one_direction() {
    let (mut world, a, b) = linked();
    world.cut(&Paths::out_of(a));
    world.say(a, b, DATAGRAM, 1);
    world.say(b, a, DATAGRAM, 2);
    world.run_for(ms(10));
    assert_eq!((world.numbers(a), world.numbers(b)), (vec![2], vec![]));
    // What b sends is not acknowledged either: it hears nothing any more.
    for number in 3..=14 {
        world.run_for(s(5));
        world.say(b, a, DATAGRAM, number);
    }
    assert_eq!(world.ends(b), ["timed out"]);
    world.pull(b, Output::Dial(Target::Seed("a".to_string())));
    world.run_for(s(6));
    assert_eq!(world.ends(b), ["timed out"], "a dial has to be answered");
    world.mend(&Paths::out_of(a));
    world.dial_seed(b, "a");
    world.run_for(s(1));
    assert_eq!(world.links_heard(b), ["a up"]);
}

#[test]
fn cuts_stack_with_partitions_and_healing_ends_both() {
    let (mut world, [a, b, c]) = three();
    world.cut(&Paths::into(b));
    world.partition(&[&[c]]);
    world.say(a, b, Via::Stream, 1);
    world.say(a, c, Via::Stream, 2);
    world.run_for(ms(100));
    world.mend(&Paths::all());
    world.run_for(s(2));
    assert_eq!((world.numbers(b), world.numbers(c)), (vec![1], vec![]));
    world.cut(&Paths::into(b));
    world.say(a, b, Via::Stream, 3);
    world.run_for(ms(100));
    world.heal();
    world.run_for(s(2));
    assert_eq!((world.numbers(b), world.numbers(c)), (vec![3], vec![2]));
}

#[test]
fn a_session_keeps_its_order_over_cuts_that_come_and_go() {
    let (mut world, a, b) = linked();
    let id = SessionId::outbound(1);
    for number in 0..400 {
        if number % 40 == 0 {
            world.cut(&Paths::into(a));
        }
        if number % 40 == 20 {
            world.heal();
        }
        world.say(b, a, Via::Session(id), number);
        world.run_for(Duration::from_micros(170));
    }
    world.run_for(s(20));
    assert_eq!(world.numbers(a), (0..400).collect::<Vec<_>>());
    let writable = |input: &Input| *input == Input::Session(id, SessionEvent::Writable);
    assert_eq!(world.heard(b).into_iter().filter(writable).count(), 400);
}

#[test]
fn a_session_goes_on_when_only_the_way_back_was_cut() {
    let (mut world, a, b) = linked();
    let id = SessionId::outbound(1);
    world.cut(&Paths::out_of(a));
    for number in 0..8 {
        world.say(b, a, Via::Session(id), number);
    }
    world.run_for(s(1));
    assert_eq!(world.numbers(a).len(), 8);
    let writable = |input: &Input| *input == Input::Session(id, SessionEvent::Writable);
    assert_eq!(world.heard(b).into_iter().filter(writable).count(), 3);
    world.heal();
    world.run_for(s(2));
    assert_eq!(world.heard(b).into_iter().filter(writable).count(), 5);
}

/// ```text
///    a ──1─2─3─▶ ▐ 2 s ▌ ──123──▶ b
/// ```
#[test]
fn a_clog_holds_everything_and_then_lets_go_at_once() {
    let (mut world, a, b) = linked();
    world.say(a, b, DATAGRAM, 0);
    world.clog(&Paths::into(b), s(2));
    for number in 1..=20 {
        world.say(
            a,
            b,
            if number % 2 == 1 {
                DATAGRAM
            } else {
                Via::Stream
            },
            number,
        );
        world.run_for(ms(90));
    }
    world.say(b, a, DATAGRAM, 1);
    world.run_for(ms(100));
    assert_eq!(world.numbers(a), [1], "the other way is free");
    assert!(world.numbers(b).is_empty());
    world.run_for(ms(100));
    assert_eq!(world.numbers(b), (0..=20).collect::<Vec<_>>());
    world.clog(&Paths::all(), s(100));
    world.say(a, b, DATAGRAM, 21);
    world.dial_seed(b, "a");
    world.run_for(ms(100));
    world.heal();
    world.run_for(ms(1));
    assert_eq!(world.numbers(b), [21]);
}

#[test]
fn a_dial_waits_for_a_clog_as_long_as_it_may() {
    let mut world = World::<Puppet>::of_machines(Setup::seeded(1));
    let (a, b) = (
        world.add(NodeSetup::named("a")),
        world.add(NodeSetup::named("b")),
    );
    world.run_for(ms(10));
    world.clog(&Paths::into(a), s(3));
    world.dial_seed(b, "a");
    world.run_for(ms(2_900));
    assert!(world.links_heard(b).is_empty());
    world.run_for(ms(200));
    assert_eq!(world.links_heard(b), ["a up"]);
    world.break_links(a);
    world.heard(b);
    world.clog(&Paths::out_of(a), s(30));
    world.dial_seed(b, "a");
    world.run_for(s(6));
    assert_eq!(world.links_heard(b), ["dial TimedOut"]);
}

#[test]
fn bad_weather_loses_repeats_and_reorders_datagrams_and_spares_streams() {
    let (mut world, a, b) = linked();
    let weather = Weather {
        loss_ppm: 100_000,
        burst: Some(Burst {
            mean_packets: 5,
            share_ppm: 50_000,
        }),
        duplicate_ppm: 100_000,
        reorder_ppm: 100_000,
        replay_ppm: 20_000,
        latency: Some(Latency {
            least: ms(5),
            spread: ms(1),
        }),
        ..Weather::default()
    };
    world.set_weather(&Paths::into(b), &weather);
    for number in 0..2_000 {
        world.say(a, b, DATAGRAM, number);
        world.run_for(ms(1));
    }
    world.run_for(s(11));
    let heard = world.numbers(b);
    let mut once = heard.clone();
    once.sort_unstable();
    once.dedup();
    assert!((1_600..1_800).contains(&once.len()), "{}", once.len());
    assert_eq!(world.traffic(a).lost, 2_000 - once.len() as u64);
    assert!(
        (140..260).contains(&(heard.len() - once.len())),
        "{}",
        heard.len()
    );
    let back = heard.windows(2).filter(|two| two[1] < two[0]).count();
    assert!((150..400).contains(&back), "{back}");
    for number in 0..200 {
        world.say(a, b, Via::Stream, number);
    }
    world.run_for(s(20));
    let mut heard = world.numbers(b);
    heard.sort_unstable();
    assert_eq!(heard, (0..200).collect::<Vec<_>>());
    world.clear_weather(&Paths::all());
    for number in 0..500 {
        world.say(a, b, DATAGRAM, number);
    }
    world.run_for(s(1));
    assert_eq!(world.numbers(b), (0..500).collect::<Vec<_>>());
}

#[test]
fn a_paused_process_hears_late_and_all_at_once() {
    let (mut world, a, b) = linked();
    let alarm = world.hosts[b.index()].clocks.read(world.now).mono + ms(500);
    world.hosts[b.index()].node.as_mut().unwrap().alarm = Some(alarm);
    world.drain(b);
    world.pause(b);
    for number in 0..10 {
        world.say(a, b, DATAGRAM, number);
        world.run_for(ms(1_000));
    }
    assert!(world.heard(b).is_empty());
    let paused_at = world.hosts[b.index()].node.as_ref().unwrap().now;
    world.hosts[b.index()].node.as_mut().unwrap().alarm = None;
    world.resume(b);
    let heard = world.heard(b);
    assert_eq!(
        heard
            .iter()
            .filter(|input| **input == Input::Timeout)
            .count(),
        1
    );
    assert_eq!(heard.len(), 11);
    let now = world.hosts[b.index()].node.as_ref().unwrap().now;
    assert!(now.since(paused_at) >= s(10), "its clock has moved on");
    world.say(a, b, DATAGRAM, 10);
    world.run_for(ms(1));
    assert_eq!(world.numbers(b), [10]);
}

#[test]
fn a_paused_process_acknowledges_nothing_and_its_socket_is_bounded() {
    let (mut world, a, b) = linked();
    world.pause(b);
    for number in 0..3_000 {
        world.say(a, b, DATAGRAM, number);
        world.run_for(ms(9));
    }
    assert!(world.ends(a).is_empty());
    world.run_for(s(4));
    assert_eq!(world.ends(a), ["timed out"]);
    world.dial_seed(a, "b");
    world.run_for(s(6));
    assert_eq!(world.ends(a), ["timed out"], "nobody answers");
    let ticket = world.command(b, Command::Members);
    assert_eq!(world.reply(ticket), None);
    world.resume(b);
    assert_eq!(world.numbers(b).len(), 1_024);
    assert_eq!(world.traffic(b).unread, 3_000 - 1_024);
    // It believes in its link until it speaks, and hears that there is none.
    world.say(b, a, DATAGRAM, 1);
    world.run_for(s(31));
    assert!(world.ends(b).len() <= 1);
}

#[test]
fn a_dial_to_a_paused_process_is_answered_when_it_goes_on() {
    let (mut world, [a, b, c]) = three();
    world.seeds.insert("b".to_string(), b);
    world.pause(b);
    world.dial_seed(c, "b");
    world.run_for(s(2));
    assert!(world.links_heard(c).is_empty());
    world.resume(b);
    world.run_for(s(3));
    assert_eq!(world.links_heard(c), ["b up"]);
    assert_eq!(world.links_heard(b), ["c up"]);
    // One that dialed and was stopped finds its time used up.
    world.break_links(c);
    world.heard(c);
    world.dial_seed(c, "b");
    world.pause(c);
    world.run_for(s(10));
    world.resume(c);
    world.run_for(ms(1));
    assert_eq!(world.links_heard(c), ["dial TimedOut"]);
    world.say(a, b, DATAGRAM, 1);
}

#[test]
fn a_crash_ends_a_pause() {
    let (mut world, a, b) = linked();
    world.pause(b);
    world.say(a, b, DATAGRAM, 1);
    world.run_for(ms(10));
    world.restart(b);
    world.heard(b);
    world.dial_seed(b, "a");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(b), ["a up"]);
    assert!(world.numbers(b).is_empty());
}

/// ```text
///    a ──1 2 3──▶ b:  ▐ 1 ▌▐ 2 ▌▐ 3 ▌    100 ms each
/// ```
#[test]
fn a_slow_process_takes_its_time_for_each_input() {
    let (mut world, a, b) = linked();
    world.slow(b, ms(100));
    for number in 1..=5 {
        world.say(a, b, DATAGRAM, number);
    }
    world.run_for(ms(99));
    assert!(world.heard(b).is_empty());
    world.run_for(ms(210));
    assert_eq!(world.numbers(b), [1, 2, 3]);
    let ticket = world.command(b, Command::Members);
    assert_eq!(world.reply(ticket), None, "it waits with the others");
    world.run_for(ms(300));
    assert_eq!(world.heard(b).len(), 3);
    world.say(a, b, DATAGRAM, 6);
    world.run_for(ms(50));
    world.pause(b);
    world.run_for(s(1));
    assert!(world.heard(b).is_empty());
    world.resume(b);
    world.slow(b, Duration::ZERO);
    assert_eq!(world.numbers(b), [6]);
    world.say(a, b, DATAGRAM, 7);
    world.run_for(ms(2));
    assert_eq!(world.numbers(b), [7]);
}

#[test]
fn a_slow_process_is_woken_once() {
    let (mut world, _, b) = linked();
    world.slow(b, ms(100));
    let due = world.hosts[b.index()].clocks.read(world.now).mono;
    world.hosts[b.index()].node.as_mut().unwrap().alarm = Some(due);
    world.drain(b);
    world.run_for(ms(99));
    world.hosts[b.index()].node.as_mut().unwrap().alarm = None;
    world.run_for(s(10));
    assert_eq!(world.heard(b), [Input::Timeout]);
}

#[test]
fn a_fast_clock_rings_early_and_a_slow_one_late() {
    for (ppm, span) in [
        (100_000, ms(10_000)),
        (-50_000, Duration::from_nanos(11_578_947_369)),
    ] {
        let (mut world, a, _) = linked();
        let alarm = world.hosts[a.index()].clocks.read(world.now).mono + s(11);
        world.hosts[a.index()].node.as_mut().unwrap().alarm = Some(alarm);
        world.drain(a);
        world.drift(a, ppm);
        world.run_for(span - Duration::from_nanos(1));
        assert!(!world.heard(a).contains(&Input::Timeout));
        world.hosts[a.index()].node.as_mut().unwrap().alarm = None;
        world.run_for(Duration::from_nanos(1));
        assert!(world.heard(a).contains(&Input::Timeout));
    }
}

#[test]
fn nobody_answers_at_the_old_address() {
    let (mut world, [a, b, c]) = three();
    let old = world.hosts[b.index()].addr();
    world.relocate(b);
    let new = world.hosts[b.index()].addr();
    assert_ne!(old, new);
    let member = |addr| Output::Dial(Target::Member("b".parse().unwrap(), vec![addr]));
    world.pull(c, member(old));
    world.run_for(ms(4_999));
    assert!(world.links_heard(c).is_empty());
    world.run_for(ms(1));
    assert_eq!(world.links_heard(c), ["dial TimedOut"]);
    world.pull(c, member(new));
    world.run_for(ms(10));
    assert_eq!(world.links_heard(c), ["b up"]);
    // The name of a seed leads to the new one at once.
    world.heard(a);
    world.hosts[a.index()].peers = Peers::default();
    world.dial_seed(a, "b");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(a), ["b up"]);
}

/// ```text
///    b ═══ a          b' of a later run dials a: b is told, a hears of both
///    b ──▶ a          b dials again: refused, by whom it is outlived
/// ```
#[test]
fn of_two_with_one_name_the_later_run_stays() {
    let (mut world, a, b) = linked();
    let twin = world.twin(b, Journal::default());
    world.run_for(ms(10));
    world.restart(twin);
    world.run_for(ms(10));
    // Its second boot: a later generation.
    world.dial_seed(twin, "a");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(twin), ["a up"]);
    assert_eq!(world.links_heard(a), ["b Closed", "b up"]);
    assert_eq!(world.links_heard(b), ["a Outlived { by: Generation(2) }"]);
    world.dial_seed(b, "a");
    world.run_for(ms(10));
    assert_eq!(
        world.links_heard(b),
        ["dial Outlived { by: Generation(2) }"]
    );
    assert!(world.links_heard(a).is_empty());
    world.say(a, twin, DATAGRAM, 1);
    world.run_for(ms(10));
    assert_eq!((world.numbers(b), world.numbers(twin)), (vec![], vec![1]));
    // One another they find under their own name.
    world.seeds.insert("other".to_string(), twin);
    world.dial_seed(b, "other");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(b), ["dial Ourselves"]);
    // Who reaches the earlier one by chance will not have it.
    world.seeds.insert("earlier".to_string(), b);
    world.dial_seed(a, "earlier");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(a), ["dial Refused"]);
    let told = ["a up", "a Outlived { by: Generation(2) }"];
    assert_eq!(world.links_heard(b), told);
}

#[test]
fn of_two_with_one_name_and_one_run_the_newer_link_stays() {
    let (mut world, a, b) = linked();
    let twin = world.twin(b, Journal::default());
    world.run_for(ms(10));
    world.dial_seed(twin, "a");
    world.run_for(ms(10));
    assert_eq!(world.links_heard(b), ["a Closed"]);
    assert_eq!(world.links_heard(a), ["b up"]);
    assert_eq!(world.links(a), 1);
}

#[test]
fn faults_repeat() {
    let hash = |seed| {
        let (mut world, a, b) = pair(Setup::seeded(seed).losing(50_000));
        let weather = Weather {
            duplicate_ppm: 200_000,
            reorder_ppm: 100_000,
            replay_ppm: 50_000,
            ..Weather::losing(100_000)
        };
        world.set_weather(&Paths::all(), &weather);
        world.slow(a, ms(3));
        world.drift(b, 300);
        for number in 0..300 {
            world.say(a, b, DATAGRAM, number);
            world.say(b, a, Via::Stream, number);
            if number % 50 == 0 {
                world.clog(&Paths::into(b), ms(20));
                world.pause(b);
            }
            if number % 50 == 30 {
                world.resume(b);
            }
            world.run_for(ms(1));
        }
        world.run_for(s(20));
        world.trace_hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

/// One link, a ping and its answer, and the end.
#[test]
fn the_wire_carries_what_real_quic_puts_on_it() {
    let (mut world, a, b) = linked();
    assert_eq!(world.traffic(b).connecting.bytes, 4_230);
    assert_eq!(world.traffic(a).connecting.bytes, 2_990);
    world.run_for(s(1));
    let before = [a, b].map(|host| *world.traffic(host));
    world.say(b, a, DATAGRAM, 1);
    world.run_for(ms(1));
    world.say(a, b, DATAGRAM, 1);
    world.run_for(s(1));
    world.say(b, a, DATAGRAM, 2);
    let bytes = world.traffic(b).sent.bytes - before[1].sent.bytes;
    let wire = world.traffic(b).wire.bytes - before[1].wire.bytes;
    assert_eq!(wire, bytes + 2 * 41 + 37);
    assert_eq!(world.traffic(b).acks.packets, 1);
    assert_eq!(world.traffic(a).acks.packets, 0);
    let answered = world.traffic(a).wire.bytes - before[0].wire.bytes;
    assert_eq!(answered, bytes / 2 + 41);
    let before = [a, b].map(|host| world.traffic(host).wire.bytes);
    world.pull(b, Output::HangUp("a".parse().unwrap()));
    world.run_for(ms(1));
    let after = [a, b].map(|host| world.traffic(host).wire.bytes);
    assert_eq!([after[0] - before[0], after[1] - before[1]], [39, 49]);
    world.crash(a);
    world.dial_seed(b, "a");
    world.run_for(ms(10));
    world.partition(&[&[a]]);
    world.dial_seed(b, "a");
    world.run_for(s(6));
    let tried = world.traffic(b).connecting.bytes;
    assert_eq!(tried, 4_230 + 1_200 + 12_000);
}
