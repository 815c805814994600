//! Chaos: what the swarm does not: disks swapped back and forth, writes by
//! nodes that have barely started, conditions, and every answer counted.
//!
//! ```text
//!   dense: 20 to 60 deeds, most of them milliseconds apart
//!   backup A ─ backup B ─ restore A ─ writes ─ restore B ─ writes …
//!                         └── two histories of one author ──┘
//!   heal ─▶ all alive · all equal · all as told · every ticket one answer
//! ```
//!
//! What fails prints its seed; `CHAOS_FROM=17 CHAOS_SEEDS=1` plays it again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that stops at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use common::{all_alive, all_equal, cluster, seconds};
use gossip_core::base::rng::Rng;
use gossip_core::input::{Command, DiskError, Expected, Query, Space, Ticket, Write};
use gossip_core::message::{Scope, Value};
use gossip_core::sim::{HostId, Journal, Setup, World};

/// Seeds that are run when nobody asks for others.
const SEEDS: u64 = 60;

struct Run {
    world: World,
    rng: Rng,
    seed: u64,
    script: Vec<String>,
    backups: Vec<(HostId, Journal)>,
    /// The highest generation each host ever ran as.
    highest: BTreeMap<HostId, u64>,
    /// Asked of a process that has not crashed since.
    tickets: Vec<(Ticket, HostId)>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0xc4a0_5c4a);
        let size = 2 + rng.index(6).unwrap();
        let loss = *rng.choose(&[0, 0, 20_000, 100_000]).unwrap();
        Self {
            world: cluster(Setup::seeded(seed).losing(loss), size),
            rng,
            seed,
            script: vec![format!("{size} nodes, loss {loss} ppm")],
            backups: vec![],
            highest: BTreeMap::new(),
            tickets: vec![],
        }
    }

    fn note(&mut self, what: &str, host: HostId) {
        let at = self.world.elapsed();
        self.script.push(format!("{at:?} {what} {host}"));
    }

    fn forget(&mut self, crashed: HostId) {
        self.tickets.retain(|(_, host)| *host != crashed);
    }

    /// Lets a host's clock pass every generation it ever ran as. A disk that is
    /// lost within the second, before anybody told the next run of the last
    /// one, makes two runs of one generation: clocks of seconds allow no more.
    fn pass_generations(&mut self, host: HostId) {
        let highest = self.highest.get(&host).copied().unwrap_or(0);
        let clock = 1_750_000_000 + self.world.elapsed().as_secs();
        self.world
            .run_for(seconds((highest + 2).saturating_sub(clock)));
    }

    fn deed(&mut self, number: u64) {
        let hosts: Vec<_> = self.world.hosts().collect();
        for host in &hosts {
            let generation = self.world.node(*host).map_or(0, |node| node.generation().0);
            let highest = self.highest.entry(*host).or_default();
            *highest = generation.max(*highest);
        }
        let host = *self.rng.choose(&hosts).unwrap();
        match self.rng.below(24) {
            0 => {
                self.note("crash", host);
                self.forget(host);
                if self.world.is_running(host) {
                    self.world.crash(host);
                }
            }
            1 | 2 => {
                self.note("restart", host);
                self.forget(host);
                self.world.restart(host);
            }
            3 => {
                self.note("wipe", host);
                self.forget(host);
                self.pass_generations(host);
                self.world.restart_wiped(host);
            }
            4 | 5 => {
                self.note("backup", host);
                let journal = self.world.journal(host).clone();
                self.backups.push((host, journal));
            }
            6 | 7 => {
                if let Some((host, journal)) = self.rng.choose(&self.backups).cloned() {
                    self.note("restore", host);
                    self.forget(host);
                    self.pass_generations(host);
                    self.world.restart_from(host, journal);
                    if self.rng.below(2) == 0 {
                        self.write(host, number);
                    }
                }
            }
            8 => {
                self.note("cut off", host);
                self.world.partition(&[&[host]]);
            }
            9 => {
                self.note("cut up to", host);
                self.world.partition(&[&hosts[..=host.index()]]);
            }
            10 => {
                self.note("heal", host);
                self.world.heal();
            }
            11 => {
                self.note("disk fails", host);
                self.world.fail_disk(host, Some(DiskError::Failed));
            }
            12 => {
                self.note("disk works", host);
                self.world.fail_disk(host, None);
            }
            13 => {
                self.note("break links", host);
                self.world.break_links(host);
            }
            14 if self.rng.below(3) == 0 => {
                self.note("leave", host);
                let ticket = self.world.command(host, Command::Leave);
                self.tickets.push((ticket, host));
            }
            _ => self.write(host, number),
        }
    }

    /// One to four commands at once, so that some wait for others.
    fn write(&mut self, host: HostId, number: u64) {
        self.note("write", host);
        for _ in 0..=self.rng.below(4) {
            let mut writes: Vec<Write> = vec![];
            for _ in 0..=self.rng.below(3) {
                let scope = *self.rng.choose(&[Scope::Own, Scope::Shared]).unwrap();
                let key = format!("k{}", self.rng.below(4)).parse().unwrap();
                let value = Value::new(Bytes::from(number.to_be_bytes().to_vec())).unwrap();
                let value = (self.rng.below(4) > 0).then_some(value);
                let only_if = self.expects(host, scope, &key);
                writes.push(Write {
                    scope,
                    key,
                    value,
                    only_if,
                });
            }
            let ticket = self.world.command(host, Command::Write(writes));
            self.tickets.push((ticket, host));
        }
    }

    /// No condition, or how the key stands just now.
    fn expects(
        &mut self,
        host: HostId,
        scope: Scope,
        key: &gossip_core::message::Key,
    ) -> Option<Expected> {
        if self.rng.below(3) > 0 {
            return None;
        }
        let space = match scope {
            Scope::Own => common::own(&self.world, host),
            Scope::Shared => Space::Shared,
        };
        let query = Query {
            space,
            key: key.clone(),
        };
        let row = self.world.value(host, query.space, query.key.as_str());
        Some(row.map_or(Expected::Absent, |row| Expected::Write(row.write)))
    }

    fn repair(&mut self) {
        self.world.heal();
        self.world.set_loss(0);
        let hosts: Vec<_> = self.world.hosts().collect();
        for host in &hosts {
            self.world.fail_disk(*host, None);
        }
        self.world.run_for(seconds(3));
        for host in hosts {
            if !self.world.is_running(host) {
                self.note("start for good", host);
                self.world.restart(host);
            }
        }
    }

    fn must(&mut self, holds: bool, what: &str) {
        if !holds {
            let (seed, script) = (self.seed, self.script.join("\n"));
            panic!("seed {seed}: {what}\n{script}");
        }
    }

    /// What the applications were told of members is what their nodes hold.
    fn as_told(&mut self) -> bool {
        let hosts: Vec<_> = self.world.hosts().collect();
        hosts.into_iter().all(|host| {
            let me = self.world.id(host).clone();
            let told = self.world.picture(host).members.clone();
            let held: BTreeMap<_, _> = self
                .world
                .members(host)
                .into_iter()
                .filter(|member| member.id != me)
                .map(|member| (member.id, member.status))
                .collect();
            held.len() == told.len()
                && held
                    .iter()
                    .all(|(id, status)| told.get(id).is_some_and(|(told, _)| told == status))
        })
    }

    fn play(&mut self) {
        for number in 0..20 + self.rng.below(40) {
            self.deed(number);
            let most = *self.rng.choose(&[0, 1, 3, 10, 100, 1_000, 8_000]).unwrap();
            let span = self.rng.within(Duration::from_millis(most));
            self.world.run_for(span);
        }
        self.repair();
        let alive = self.world.run_until(seconds(60), |world| all_alive(world));
        self.must(alive.is_some(), "not all alive within a minute");
        let equal = self.world.run_until(seconds(60), all_equal);
        self.must(equal.is_some(), "not all equal within two minutes");
        self.world.run_for(seconds(20));
        let stays = all_alive(&self.world) && all_equal(&mut self.world);
        self.must(stays, "not all alive and equal a while later");
        let told = self.as_told();
        self.must(told, "an application was told otherwise");
        let mut tickets = self.tickets.iter();
        let silent = tickets.find(|(ticket, _)| self.world.reply(*ticket).is_none());
        let silent = silent.copied();
        self.must(silent.is_none(), &format!("never answered: {silent:?}"));
    }
}

#[test]
fn they_find_together_and_every_answer_comes() {
    let asked = |name, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let (from, seeds) = (asked("CHAOS_FROM", 0), asked("CHAOS_SEEDS", SEEDS));
    for seed in from..from + seeds {
        Run::new(seed).play();
    }
}
