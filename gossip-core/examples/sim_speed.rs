//! How fast the simulator is, all checks on, on one core.
//!
//! ```text
//!   cargo run --release -p gossip-core --features sim --example sim_speed
//!   … -- 100 20000000     only 100 nodes, for so many node-rounds
//! ```
//!
//! A node-round is one node for one probe interval of simulated time. The
//! cluster has grown and is quiet: probes, gossip of nothing, and syncs. Time is
//! that of the processor, where the system tells it, so a busy machine counts
//! less.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it measures how long it takes itself"
)]

use std::error::Error;
use std::time::{Duration, Instant};

use gossip_core::config::Config;
use gossip_core::output::MemberStatus;
use gossip_core::sim::{NodeSetup, Setup, World};

/// Nodes, and how many node-rounds are timed.
const SIZES: [(u32, u32); 3] = [(10, 1_000_000), (100, 500_000), (1_000, 200_000)];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Result<Vec<u32>, _> = std::env::args().skip(1).map(|arg| arg.parse()).collect();
    let sizes = match args?[..] {
        [] => SIZES.to_vec(),
        [nodes, rounds] => vec![(nodes, rounds)],
        _ => return Err("either nothing, or how many nodes and node-rounds".into()),
    };
    println!(
        "{:>6} {:>14} {:>12} {:>10}",
        "nodes", "node-rounds/s", "× real time", "growing"
    );
    for (nodes, rounds) in sizes {
        let watch = Watch::start();
        let mut world = grown(nodes)?;
        let growing = watch.seconds();
        let interval = Config::default().probe_interval;
        let span = interval * (rounds / nodes);
        let watch = Watch::start();
        world.run_for(span);
        let took = watch.seconds();
        println!(
            "{nodes:>6} {:>14.0} {:>12.0} {growing:>8.1} s",
            f64::from(rounds) / took,
            span.as_secs_f64() / took,
        );
    }
    Ok(())
}

/// Measures what the processor spends on us.
struct Watch {
    wall: Instant,
    cpu_nanos: Option<u64>,
}

impl Watch {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu_nanos: cpu_nanos(),
        }
    }

    fn seconds(&self) -> f64 {
        match (self.cpu_nanos, cpu_nanos()) {
            (Some(begun), Some(now)) => (now - begun) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// What Linux says of the time this process has run.
fn cpu_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// A cluster in which everybody knows everybody, and nothing is new.
fn grown(nodes: u32) -> Result<World, Box<dyn Error>> {
    let mut world = World::new(Setup::seeded(1));
    world.add(NodeSetup::named("n0"));
    for number in 1..nodes {
        world.add(NodeSetup::named(&format!("n{number}")).joining("n0"));
    }
    let all = |world: &mut World| {
        let alive = |host| world.picture(host).count(MemberStatus::Alive);
        world.hosts().all(|host| alive(host) + 1 == nodes as usize)
    };
    let grown = world.run_until(Duration::from_secs(600), all);
    grown.ok_or("the cluster did not grow together within ten minutes")?;
    world.run_for(Duration::from_secs(60));
    Ok(world)
}
