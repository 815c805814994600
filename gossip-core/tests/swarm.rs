//! A swarm: many small clusters, each with its own mixture of trouble.
//!
//! ```text
//!   seed ─▶ size, loss, and 5 to 30 of:          then: heal everything
//!           crash · restart · wipe · backup            ▼
//!           restore · leave · partition · heal   all alive, all equal, and
//!           break links · full disk · write      every application was told so
//! ```
//!
//! The rules in `sim/check/` look at every step of it. What fails prints its
//! seed and its script; `SWARM_FROM=725 SWARM_SEEDS=1` plays it again, and
//! `SWARM_SEEDS=10000` goes on looking for an hour or so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use common::{all_alive, all_equal, cluster, own, seconds};
use gossip_core::base::rng::Rng;
use gossip_core::input::{Command, DiskError, Space};
use gossip_core::message::Scope;
use gossip_core::sim::{HostId, Journal, Setup, World};

/// Seeds that are run when nobody asks for others.
const SEEDS: u64 = 150;

/// One cluster, its chance, and the script of what was done to it.
struct Run {
    world: World,
    rng: Rng,
    script: String,
    backups: Vec<(HostId, Journal)>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let size = *rng.choose(&[2, 3, 4, 5, 6, 8, 12, 16]).unwrap();
        let loss = *rng
            .choose(&[0, 0, 10_000, 50_000, 100_000, 200_000])
            .unwrap();
        Self {
            world: cluster(Setup::seeded(seed).losing(loss), size),
            rng,
            script: format!("seed {seed}: {size} nodes, loss {loss} ppm\n"),
            backups: Vec::new(),
        }
    }

    fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let at = self.world.elapsed();
        writeln!(self.script, "{at:?} {what}").unwrap();
    }

    fn any_host(&mut self) -> HostId {
        let hosts: Vec<_> = self.world.hosts().collect();
        *self.rng.choose(&hosts).unwrap()
    }

    /// One thing goes wrong, or is written.
    fn trouble(&mut self, number: u64) {
        let host = self.any_host();
        match self.rng.below(17) {
            0 | 1 if self.world.is_running(host) => {
                self.note(format_args!("crash {host}"));
                self.world.crash(host);
            }
            2..=4 => {
                self.note(format_args!("restart {host}"));
                self.world.restart(host);
            }
            5 => {
                let group: Vec<_> = self.world.hosts().take(host.index() + 1).collect();
                self.note(format_args!("cut off h0 to {host}"));
                self.world.partition(&[&group]);
            }
            6 => {
                self.note(format_args!("heal"));
                self.world.heal();
            }
            7 => {
                self.note(format_args!("break the links of {host}"));
                self.world.break_links(host);
            }
            8 => {
                self.note(format_args!("disk of {host} full"));
                self.world.fail_disk(host, Some(DiskError::Full));
            }
            9 => {
                self.note(format_args!("disk of {host} works"));
                self.world.fail_disk(host, None);
            }
            10 => {
                self.note(format_args!("back {host} up"));
                let backup = self.world.journal(host).clone();
                self.backups.push((host, backup));
            }
            11 => self.lose_a_disk(host),
            12 => {
                self.note(format_args!("{host} leaves"));
                self.world.command(host, Command::Leave);
            }
            _ => self.writes(host, number),
        }
    }

    /// A disk is replaced: by a backup, or by an empty one.
    ///
    /// That takes a while. Generations are seconds, so a process that came
    /// back without its journal within the second in which it began would
    /// have the generation of its forerunner; where it also writes before it
    /// hears of that, the two histories cannot be told apart.
    fn lose_a_disk(&mut self, host: HostId) {
        let (host, disk) = match self.backups.pop() {
            Some((host, backup)) => (host, backup),
            None => (host, Journal::default()),
        };
        self.note(format_args!(
            "{host} gets another disk: {:?}",
            disk.generation()
        ));
        if self.world.is_running(host) {
            self.world.crash(host);
        }
        self.world.run_for(seconds(2));
        self.world.restart_from(host, disk);
    }

    fn writes(&mut self, host: HostId, number: u64) {
        for _ in 0..=self.rng.below(4) {
            let key = format!("k{}", self.rng.below(5));
            let scope = match self.rng.below(2) {
                0 => Scope::Own,
                _ => Scope::Shared,
            };
            if self.rng.below(4) == 0 {
                self.note(format_args!("{host} deletes {scope:?} {key}"));
                self.world.delete(host, scope, &key);
            } else {
                self.note(format_args!("{host} puts {scope:?} {key} = {number}"));
                self.world.put(host, scope, &key, &number.to_be_bytes());
            }
        }
    }

    /// From a millisecond to twenty seconds, any order of magnitude.
    fn pause(&mut self) {
        let most = *self
            .rng
            .choose(&[1, 10, 100, 1_000, 5_000, 20_000])
            .unwrap();
        let span = self.rng.within(Duration::from_millis(most));
        self.world.run_for(span + Duration::from_millis(1));
    }

    /// Everything works again, and everybody is started.
    fn repair(&mut self) {
        self.world.heal();
        self.world.set_loss(0);
        let hosts: Vec<_> = self.world.hosts().collect();
        for host in &hosts {
            self.world.fail_disk(*host, None);
        }
        // Those that leave have left.
        self.world.run_for(seconds(2));
        for host in hosts {
            if !self.world.is_running(host) {
                self.note(format_args!("start {host} for good"));
                self.world.restart(host);
            }
        }
        self.note(format_args!("quiet"));
    }

    fn must(&mut self, hold: bool, what: &str) {
        if !hold {
            let mut stands = String::new();
            for host in self.world.running() {
                let status = self.world.status(host);
                writeln!(stands, "{host}: {status:?}").unwrap();
            }
            panic!("{what}\n{}{stands}", self.script);
        }
    }

    /// What every application was told is what its node holds.
    fn compare_pictures(&mut self) {
        let hosts: Vec<_> = self.world.hosts().collect();
        for host in hosts {
            let me = self.world.id(host).clone();
            // A refutation that came before its accusation is not told: only
            // the run counts.
            let held: BTreeMap<_, _> = self
                .world
                .members(host)
                .into_iter()
                .filter(|member| member.id != me)
                .map(|member| (member.id, (member.status, member.footing.generation)))
                .collect();
            let told = self.world.picture(host).members.iter();
            let told: BTreeMap<_, _> = told
                .map(|(id, (status, footing))| (id.clone(), (*status, footing.generation)))
                .collect();
            self.must(
                held == told,
                &format!("{host}: members {told:?} / {held:?}"),
            );
        }
    }
}

fn run(seed: u64) -> (Duration, Duration) {
    let mut run = Run::new(seed);
    for number in 0..5 + run.rng.below(25) {
        run.trouble(number);
        run.pause();
    }
    run.repair();
    let alive = run.world.run_until(seconds(60), |world| all_alive(world));
    run.must(alive.is_some(), "not all alive within a minute");
    let equal = run.world.run_until(seconds(60), all_equal);
    run.must(equal.is_some(), "not all equal within two minutes");
    run.world.run_for(seconds(30));
    let stays = all_alive(&run.world) && all_equal(&mut run.world);
    run.must(stays, "not all alive and equal half a minute later");
    run.compare_pictures();
    (alive.unwrap(), equal.unwrap())
}

#[test]
fn whatever_happens_they_find_together_again() {
    let asked = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let (from, seeds) = (asked("SWARM_FROM", 0), asked("SWARM_SEEDS", SEEDS));
    let (mut alive, mut equal) = (Duration::ZERO, Duration::ZERO);
    for seed in from..from + seeds {
        let took = run(seed);
        alive = alive.max(took.0);
        equal = equal.max(took.1);
    }
    println!("{seeds} clusters: all alive after at most {alive:?}, equal {equal:?} later");
}

/// Shared and own keys as an application sees them that listens from the start.
#[test]
fn a_watcher_who_never_stops_sees_what_is_held() {
    for seed in 0..20 {
        let mut run = Run::new(seed);
        for number in 0..10 {
            let host = run.any_host();
            run.writes(host, number);
            run.pause();
            run.world.break_links(host);
        }
        run.repair();
        run.world.run_for(seconds(60));
        let hosts: Vec<_> = run.world.hosts().collect();
        let mut spaces: Vec<_> = hosts.iter().map(|host| own(&run.world, *host)).collect();
        spaces.push(Space::Shared);
        for host in hosts {
            let mut held = BTreeMap::new();
            for space in &spaces {
                for row in run.world.rows(host, space.clone()) {
                    held.insert((space.clone(), row.key), (row.value, row.write));
                }
            }
            let told = run.world.picture(host).keys.clone();
            run.must(told == held, &format!("{host}: keys {told:?} / {held:?}"));
        }
    }
}
