//! Overwriting: a member that writes more than is agreed, in a cluster that does
//! not. Whatever it does, the others hold the same, and less than it wants.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{all_alive, host, own, put, seconds};
use gossip_core::Node;
use gossip_core::base::time::{Instant, Now};
use gossip_core::config::{Config, ConfigError, Identity};
use gossip_core::input::{Input, Saved};
use gossip_core::message::{Body, Head, Scope};
use gossip_core::output::{Notification, Output};
use gossip_core::sim::{HostId, Machine, NodeSetup, Setup, World};

const KEYS: u32 = 20;

/// Six that agree on so many keys, and n3 that does not keep to it.
fn cluster<M: Machine>(setup: Setup) -> World<M> {
    let mut world = World::of_machines(setup);
    for number in 0..6 {
        let mut setup = NodeSetup::named(&format!("n{number}"));
        if number > 0 {
            setup = setup.joining("n0");
        }
        setup.config.author_keys = if number == 3 { 1_000 } else { KEYS };
        world.add(setup);
    }
    world
}

fn heads(world: &World, of: HostId) -> Vec<Option<Head>> {
    let id = world.id(of);
    let honest = world.running().into_iter().filter(|host| *host != of);
    let heads = honest.map(|host| {
        let mut logs = world.node(host).unwrap().logs();
        logs.find(|(author, _)| *author == id).map(|(_, head)| head)
    });
    heads.collect()
}

/// It writes twice as much as it may, through loss and a cut, some of it over and
/// over. Nobody holds more than is agreed, all hold the same and name it, and what
/// the others write is not touched by it. Then it clears up, and has everything
/// heard.
#[test]
fn who_breaks_its_word_is_stopped_at_one_point_everywhere() {
    for seed in 0..4 {
        let mut world: World = cluster(Setup::seeded(80 + seed).losing(50_000));
        world
            .run_until(seconds(60), |world| all_alive(world))
            .unwrap();
        let liar = host(3);
        for number in 0..2 * KEYS {
            let key = format!("k{number:02}");
            put(&mut world, liar, Scope::Own, &key, b"1");
            if number % 3 == 0 {
                put(&mut world, liar, Scope::Own, "k00", b"again");
            }
            if number == KEYS / 2 {
                world.partition(&[&[host(0), host(1)], &[host(2), host(4), host(5), liar]]);
            }
        }
        put(&mut world, host(1), Scope::Own, "mine", b"1");
        world.run_for(seconds(20));
        world.heal();
        world.run_for(seconds(120));
        let stopped = heads(&world, liar);
        assert!(
            stopped.iter().all(|head| head == &stopped[0]),
            "{stopped:?}"
        );
        for number in [0, 1, 2, 4, 5] {
            let node = world.node(host(number)).unwrap();
            assert_eq!(node.log(world.id(liar)).len(), KEYS as usize);
            let rows = node.rows(&own(&world, host(1)));
            assert_eq!(rows.len(), 1, "the others are heard");
            let told = world.notifications(host(number)).iter();
            let told = told.filter(|(_, told)| {
                matches!(told, Notification::OverLimit { author, .. } if author == world.id(liar))
            });
            assert!(told.count() >= 1, "n{number} names it");
            assert!(node.counters().author_full > 0);
        }
        for number in KEYS..2 * KEYS {
            let key = format!("k{number:02}");
            let ticket = world.delete(liar, Scope::Own, &key);
            common::answer(&mut world, ticket);
        }
        world.run_for(seconds(60));
        let still = heads(&world, liar);
        assert_eq!(still, stopped, "tombstones count, until they are cleared");
    }
}

/// Leaves something out of what it hears, as who makes a hole in a log does.
struct Holes(Node);

impl Machine for Holes {
    fn start(
        config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        saved: Saved,
    ) -> Result<Self, ConfigError> {
        Node::new(config, identity, seed, now, saved).map(Self)
    }

    fn handle_input(&mut self, now: Now, mut input: Input) {
        if let Input::Message { message, .. } = &mut input
            && let Body::Delta(delta) = &mut message.body
        {
            let batches = delta.logs.iter_mut().flat_map(|log| &mut log.batches);
            for batch in batches {
                if batch.version(0).0 == u64::from(KEYS / 2) {
                    batch.parts.clear();
                }
            }
        }
        self.0.handle_input(now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.0.poll_output()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }

    fn as_node(&self) -> Option<&Node> {
        Some(&self.0)
    }
}

/// The rule of heads finds whoever does it the other way.
#[test]
#[should_panic(expected = "heads: its log of n0")]
fn a_hole_is_found() {
    let mut world: World<Holes> = cluster(Setup::seeded(90));
    world.run_for(seconds(20));
    // What it writes alone comes to the others in sessions.
    let others: Vec<HostId> = (1..6).map(host).collect();
    world.partition(&[&[host(0)], &others]);
    world.run_for(seconds(20));
    for number in 0..KEYS {
        world.put(host(0), Scope::Own, &format!("k{number:02}"), b"1");
        world.run_for(core::time::Duration::from_millis(20));
    }
    world.run_for(seconds(20));
    world.heal();
    world.run_for(seconds(120));
}
