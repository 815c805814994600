//! The world's own tests, with puppets in the place of nodes: a puppet does
//! what the test pulls and remembers what it heard.

mod faults;

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{HostId, Journal, Machine, NodeSetup, Setup, World};
use crate::base::time::{Instant, Now};
use crate::config::{Config, ConfigError, Identity};
use crate::input::{
    Command, Input, LinkError, LinkEvent, PersistId, Saved, SessionEvent, SessionId, Target,
};
use crate::message::{Body, Generation, Message, Seq};
use crate::output::{Halt, Output, Record, Refusal, Reply, Transmit, Via};

struct Puppet {
    now: Instant,
    outputs: VecDeque<Output>,
    heard: Vec<Input>,
    alarm: Option<Instant>,
}

impl Machine for Puppet {
    fn start(_: Config, _: Identity, _: u64, now: Now, saved: Saved) -> Result<Self, ConfigError> {
        let generation = Generation(saved.generation.0 + 1);
        let persist = Output::Persist(PersistId(1), Record::Generation(generation));
        Ok(Self {
            now: now.mono,
            outputs: [persist].into(),
            heard: Vec::new(),
            alarm: None,
        })
    }

    fn handle_input(&mut self, now: Now, input: Input) {
        assert!(now.mono >= self.now, "time runs backwards");
        self.now = now.mono;
        self.heard.push(input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.alarm
    }
}

impl World<Puppet> {
    fn pull(&mut self, host: HostId, output: Output) {
        let node = self.hosts[host.index()].node.as_mut().unwrap();
        node.outputs.push_back(output);
        self.drain(host);
    }

    fn say(&mut self, from: HostId, to: HostId, via: Via, number: u64) {
        let (to, seq) = (self.id(to).clone(), Seq(number));
        let message = Message::bare(Body::Ping { seq });
        self.pull(from, Output::Send(Transmit { to, via, message }));
    }

    fn heard(&mut self, host: HostId) -> Vec<Input> {
        core::mem::take(&mut self.hosts[host.index()].node.as_mut().unwrap().heard)
    }

    /// The numbers of the messages a puppet heard.
    fn numbers(&mut self, host: HostId) -> Vec<u64> {
        let number = |input: Input| match input {
            Input::Message {
                message:
                    Message {
                        body: Body::Ping { seq },
                        ..
                    },
                ..
            } => Some(seq.0),
            _ => None,
        };
        self.heard(host).into_iter().filter_map(number).collect()
    }

    /// Why links went down, and sessions and dials came to nothing.
    fn ends(&mut self, host: HostId) -> Vec<&'static str> {
        let end = |input: Input| match input {
            Input::Session(_, SessionEvent::Closed) => Some("session"),
            Input::Link(LinkEvent::Down { why, .. } | LinkEvent::DialFailed { why, .. }) => {
                Some(match why {
                    LinkError::Unreachable => "unreachable",
                    LinkError::TimedOut => "timed out",
                    LinkError::Closed => "closed",
                    LinkError::Refused => "refused",
                    LinkError::Ourselves => "ourselves",
                    LinkError::Outlived { .. } => "outlived",
                    LinkError::NotTried => "not tried",
                })
            }
            _ => None,
        };
        self.heard(host).into_iter().filter_map(end).collect()
    }
}

/// Two puppets; the second has dialed the first.
///
/// ```text
///    a ◀──── b
/// ```
fn pair(mut setup: Setup) -> (World<Puppet>, HostId, HostId) {
    // Short enough to wait for.
    setup.network.idle_timeout = s(30);
    let mut world = World::of_machines(setup);
    let a = world.add(NodeSetup::named("a"));
    let b = world.add(NodeSetup::named("b"));
    world.run_for(ms(10));
    world.pull(b, Output::Dial(Target::Seed("a".to_string())));
    world.run_for(Duration::from_secs(6));
    (world, a, b)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn linked() -> (World<Puppet>, HostId, HostId) {
    let (mut world, a, b) = pair(Setup::seeded(1));
    world.heard(a);
    world.heard(b);
    (world, a, b)
}

#[test]
fn both_ends_hear_of_a_link_and_the_dialer_hears_which_seed() {
    let (mut world, a, b) = pair(Setup::seeded(1));
    let ups = |heard: Vec<Input>| {
        let up = |input| match input {
            Input::Link(LinkEvent::Up { peer, seed, .. }) => Some((peer.to_string(), seed)),
            _ => None,
        };
        heard.into_iter().filter_map(up).collect::<Vec<_>>()
    };
    assert_eq!(ups(world.heard(a)), [("b".to_string(), None)]);
    let seed = Some("a".to_string());
    assert_eq!(ups(world.heard(b)), [("a".to_string(), seed.clone())]);
    // Once more: they are connected already, so only the dialer is told.
    world.pull(b, Output::Dial(Target::Seed("a".to_string())));
    world.run_for(ms(1));
    assert_eq!(ups(world.heard(b)), [("a".to_string(), seed)]);
    assert!(ups(world.heard(a)).is_empty());
}

#[test]
fn a_dial_says_why_it_came_to_nothing() {
    let mut world = World::<Puppet>::of_machines(Setup::seeded(1));
    let a = world.add(NodeSetup::named("a"));
    let b = world.add(NodeSetup::named("b"));
    let dial = |name: &str| Output::Dial(Target::Seed(name.to_string()));
    world.pull(b, dial("nobody"));
    world.pull(b, dial("b"));
    world.run_for(ms(1));
    assert_eq!(world.ends(b), ["unreachable", "ourselves"]);
    world.crash(a);
    world.pull(b, dial("a"));
    world.run_for(ms(10));
    assert_eq!(world.ends(b), ["unreachable"]);
    world.restart(a);
    world.partition(&[&[a]]);
    world.pull(b, dial("a"));
    world.run_for(ms(4_999));
    assert!(world.ends(b).is_empty());
    world.run_for(ms(1));
    assert_eq!(world.ends(b), ["timed out"]);
    world.heal();
    let wrong = world.hosts[a.index()].addr();
    let target = Target::Member("c".parse().unwrap(), vec![wrong]);
    world.pull(b, Output::Dial(target));
    world.run_for(ms(10));
    assert_eq!(world.ends(b), ["refused"]);
}

#[test]
fn a_crash_is_noticed_after_the_idle_timeout_and_a_restart_at_once() {
    let (mut world, a, b) = linked();
    world.crash(a);
    world.say(b, a, Via::Datagram, 1);
    world.run_for(s(23));
    assert!(world.ends(b).is_empty());
    world.run_for(s(10));
    assert_eq!(world.ends(b), ["timed out"]);

    let (mut world, a, b) = linked();
    world.restart(a);
    world.run_for(s(1));
    assert!(world.ends(b).is_empty(), "b has sent nothing yet");
    world.say(b, a, Via::Datagram, 1);
    world.run_for(ms(2));
    assert_eq!(world.ends(b), ["closed"]);
}

#[test]
fn a_process_that_halts_says_so_to_its_peers() {
    let (mut world, a, b) = linked();
    world.pull(a, Output::Halt(Halt::Left));
    world.run_for(ms(2));
    assert_eq!(world.ends(b), ["closed"]);
    assert!(!world.is_running(a));
    assert_eq!(world.halt(a), Some(&Halt::Left));
    let ticket = world.command(a, Command::Members);
    let refused = Reply::Refused(Refusal::NotRunning);
    assert_eq!(world.reply(ticket), Some(&refused));
}

/// ```text
///    a ──1d─▶╳ cut        ──3s─▶ b
///    a ──2s─▶ … waits … heal ──▶ b
/// ```
#[test]
fn a_cut_takes_datagrams_and_delays_the_rest() {
    let (mut world, a, b) = linked();
    world.partition(&[&[a], &[b]]);
    world.say(a, b, Via::Datagram, 1);
    world.say(a, b, Via::Stream, 2);
    world.run_for(s(10));
    assert!(world.numbers(b).is_empty());
    world.heal();
    world.run_for(s(2));
    assert_eq!(world.numbers(b), [2]);
    world.partition(&[&[a]]);
    world.say(a, b, Via::Stream, 3);
    world.run_for(s(31));
    world.heal();
    world.run_for(s(5));
    assert_eq!(world.ends(b), ["timed out"]);
    assert_eq!(world.ends(a), ["timed out"]);
}

#[test]
fn a_session_is_ordered_and_paced_and_ends_after_its_messages() {
    let (mut world, a, b) = pair(Setup::seeded(3).losing(200_000));
    world.heard(a);
    let id = SessionId::outbound(1);
    for number in 0..50 {
        world.say(b, a, Via::Session(id), number);
    }
    world.pull(b, Output::Finish(id));
    world.run_for(s(20));
    let heard = world.heard(a);
    assert!(matches!(
        heard.first(),
        Some(Input::Session(_, SessionEvent::Opened { peer })) if peer.as_str() == "b"
    ));
    assert!(matches!(
        heard.last(),
        Some(Input::Session(_, SessionEvent::Closed))
    ));
    world.hosts[a.index()].node.as_mut().unwrap().heard = heard;
    assert_eq!(world.numbers(a), (0..50).collect::<Vec<_>>());
    let writable = |input: &Input| *input == Input::Session(id, SessionEvent::Writable);
    assert_eq!(world.heard(b).into_iter().filter(writable).count(), 50);
    assert!(world.hosts[a.index()].sessions.is_empty());
}

#[test]
fn replies_travel_back_and_a_broken_link_ends_sessions_first() {
    let (mut world, a, b) = linked();
    let (here, there) = (SessionId::outbound(7), SessionId::inbound(1));
    world.say(b, a, Via::Session(here), 1);
    world.run_for(ms(2));
    world.say(a, b, Via::Session(there), 2);
    world.run_for(ms(2));
    assert_eq!(world.numbers(a), [1]);
    let heard = world.heard(b);
    assert!(heard.iter().any(|input| matches!(
        input,
        Input::Message { via, .. } if *via == Via::Session(here)
    )));
    world.break_links(a);
    assert_eq!(world.ends(a), ["session", "closed"]);
    assert_eq!(world.ends(b), ["session", "closed"]);
    world.say(b, a, Via::Datagram, 3);
    assert_eq!(world.traffic(b).unlinked, 1);
}

#[test]
fn a_session_given_up_ends_at_the_other_side_only() {
    let (mut world, a, b) = linked();
    let id = SessionId::outbound(1);
    world.say(b, a, Via::Session(id), 1);
    world.run_for(ms(2));
    world.pull(b, Output::Reset(id));
    world.say(b, a, Via::Session(id), 2);
    world.run_for(ms(2));
    assert_eq!(world.ends(a), ["session"]);
    assert!(world.ends(b).is_empty());
    assert_eq!(world.traffic(b).unlinked, 1, "its number is used up");
}

#[test]
fn an_alarm_is_kept_to_the_nanosecond_on_the_nodes_own_clock() {
    let (mut world, a, _) = linked();
    let at = world.hosts[a.index()].clocks.read(world.now).mono + Duration::from_nanos(12_345);
    world.hosts[a.index()].node.as_mut().unwrap().alarm = Some(at);
    world.drain(a);
    world.run_for(Duration::from_nanos(12_344));
    assert!(!world.heard(a).contains(&Input::Timeout));
    let next = world.queue.pop_until(Instant::FAR_FUTURE).unwrap().0;
    assert_eq!(next, world.now + Duration::from_nanos(1));
}

#[test]
fn one_seed_is_one_run() {
    let hash = |seed| {
        let (mut world, a, b) = pair(Setup::seeded(seed).losing(100_000));
        for number in 0..200 {
            world.say(a, b, Via::Datagram, number);
            world.run_for(ms(1));
        }
        world.trace_hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
#[should_panic(expected = "before its generation is on disk")]
fn a_node_that_speaks_too_early_stops_the_run() {
    let mut world = World::<Puppet>::of_machines(Setup::seeded(1));
    let a = world.add(NodeSetup::named("a"));
    let b = world.add(NodeSetup::named("b"));
    world.say(a, b, Via::Datagram, 1);
}

#[test]
#[should_panic(expected = "does not move on")]
fn a_node_that_spins_stops_the_run() {
    let (mut world, a, _) = linked();
    world.hosts[a.index()].node.as_mut().unwrap().alarm = Some(Instant::ZERO);
    world.drain(a);
    world.run_for(ms(1));
}
