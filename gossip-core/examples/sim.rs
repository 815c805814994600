//! What happens to a cluster of so many nodes, on a network that loses so
//! much: the answer, before it happens.
//!
//! ```text
//!   cargo run --release -p gossip-core --features sim --example sim -- \
//!       --nodes 100 --loss 20 --seed 7 --partition 60
//! ```
//!
//! One seed gives one report, for ever.

#[path = "sim/story.rs"]
mod story;
#[path = "sim/verbs.rs"]
mod verbs;

use std::error::Error;
use std::time::Duration;

use gossip_core::input::Space;
use gossip_core::message::Scope;
use gossip_core::output::{MemberEventKind, MemberStatus, Notification};
use gossip_core::sim::{HostId, NodeSetup, Setup, Traffic, World};

/// What was asked for.
struct Options {
    nodes: u32,
    loss_percent: u32,
    seed: u64,
    partition_s: u64,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            nodes: 100,
            loss_percent: 0,
            seed: 1,
            partition_s: 0,
        };
        while let Some(name) = args.next() {
            let value = args.next().ok_or(format!("{name} needs a value"))?;
            match name.as_str() {
                "--nodes" => options.nodes = value.parse()?,
                "--loss" => options.loss_percent = value.parse()?,
                "--seed" => options.seed = value.parse()?,
                "--partition" => options.partition_s = value.parse()?,
                _ => {
                    return Err(format!(
                        "{name} is not known: --nodes N --loss PCT --seed S --partition SECS"
                    )
                    .into());
                }
            }
        }
        if options.nodes < 3 || options.loss_percent > 90 {
            return Err("at least 3 nodes, at most 90 % loss".into());
        }
        Ok(options)
    }
}

/// Longer than this nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if verbs::run(&args)? {
        return Ok(());
    }
    let options = Options::parse(args.into_iter())?;
    let (nodes, loss, seed) = (options.nodes, options.loss_percent, options.seed);
    println!("{nodes} nodes, {loss} % loss, seed {seed}\n");
    let mut world = World::new(Setup::seeded(seed).losing(loss * 10_000));
    world.add(NodeSetup::named("n0"));
    for number in 1..nodes {
        world.add(NodeSetup::named(&format!("n{number}")).joining("n0"));
    }

    let joined = world.run_until(PATIENCE, |world| all_alive(world));
    row("everybody knows everybody", joined);

    settle(&mut world);
    let before = (world.total_traffic(), world.elapsed());
    world.run_for(Duration::from_secs(60));
    traffic("idle", &world, before, nodes);

    let before = (world.total_traffic(), world.elapsed());
    world.put(HostId::new(1), Scope::Shared, "key", b"value");
    let spread = world.run_until(PATIENCE, |world| everywhere(world, "key"));
    row("a key is everywhere", spread);
    settle(&mut world);
    traffic("and with its echo", &world, before, nodes);

    let victim = HostId::new(nodes / 2);
    world.crash(victim);
    let first = world.run_until(PATIENCE, |world| held_dead(world, victim) > 0);
    row("a crash: first to know", first);
    let all = world.run_until(PATIENCE, |world| {
        held_dead(world, victim) == world.running().len()
    });
    row("a crash: all know, later by", all);
    world.restart(victim);
    let back = world.run_until(PATIENCE, |world| all_alive(world));
    row("restarted: alive for all", back);

    if options.partition_s > 0 {
        let half: Vec<_> = (0..nodes / 2).map(HostId::new).collect();
        world.partition(&[&half]);
        world.put(HostId::new(0), Scope::Shared, "left", b"value");
        world.put(HostId::new(nodes - 1), Scope::Shared, "right", b"value");
        world.run_for(Duration::from_secs(options.partition_s));
        let dead = world.picture(HostId::new(0)).count(MemberStatus::Dead);
        println!("{:<32}{dead} held dead", "cut in halves");
        world.heal();
        let alive = world.run_until(PATIENCE, |world| all_alive(world));
        row("healed: alive for all", alive);
        let merged = world.run_until(PATIENCE, |world| {
            everywhere(world, "left") && everywhere(world, "right")
        });
        row("healed: keys merged, later by", merged);
    }

    println!(
        "\n{:<32}{}",
        "healthy members called dead",
        false_deaths(&world, victim, options.partition_s > 0)
    );
    println!(
        "{:<32}{:.1} min",
        "simulated",
        world.elapsed().as_secs_f64() / 60.0
    );
    println!("{:<32}{:016x}", "trace", world.trace_hash());
    Ok(())
}

/// Half a minute without faults.
fn settle(world: &mut World) {
    world.run_for(Duration::from_secs(30));
}

fn row(what: &str, took: Option<Duration>) {
    match took {
        Some(took) => println!("{what:<32}{:.2} s", took.as_secs_f64()),
        None => println!("{what:<32}not within {} s", PATIENCE.as_secs()),
    }
}

fn traffic(what: &str, world: &World, (before, since): (Traffic, Duration), nodes: u32) {
    let total = world.total_traffic();
    let seconds = (world.elapsed() - since).as_secs_f64() * f64::from(nodes);
    let each = |now: u64, then: u64| (now - then) as f64 / seconds;
    println!(
        "{what:<32}{:.1} messages, {:.0} B a node and second (probes {:.0}, gossip {:.0}, sync {:.0})",
        each(total.sent.messages, before.sent.messages),
        each(total.sent.bytes, before.sent.bytes),
        each(total.probes.bytes, before.probes.bytes),
        each(total.gossip.bytes, before.gossip.bytes),
        each(total.sync.bytes, before.sync.bytes),
    );
}

/// Whether every running node takes part and holds all the others alive.
fn all_alive(world: &World) -> bool {
    let running = world.running();
    running.iter().all(|host| {
        let picture = world.picture(*host);
        picture.running && picture.count(MemberStatus::Alive) + 1 == running.len()
    })
}

fn held_dead(world: &World, victim: HostId) -> usize {
    let dead =
        |host: &HostId| world.picture(*host).status(world.id(victim)) == Some(MemberStatus::Dead);
    world.running().iter().filter(|host| dead(host)).count()
}

fn everywhere(world: &mut World, key: &str) -> bool {
    let running = world.running();
    running
        .into_iter()
        .all(|host| world.value(host, Space::Shared, key).is_some())
}

/// How often somebody was told of a death that was none. In a partition each
/// half rightly takes the other for dead, so only what came before counts.
fn false_deaths(world: &World, victim: HostId, cut: bool) -> String {
    if cut {
        return "not counted with a cut".to_owned();
    }
    let victim = world.id(victim);
    let told = world.hosts().flat_map(|host| world.notifications(host));
    let died = told.filter(|(_, told)| {
        matches!(told, Notification::Member(event)
            if matches!(event.kind, MemberEventKind::Died { .. }) && event.id != *victim)
    });
    died.count().to_string()
}
