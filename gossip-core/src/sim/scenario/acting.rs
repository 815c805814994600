//! Acting: how each deed is done to the world.

use alloc::format;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

use super::deed::{Deed, Disk, Wish, Writing};
use super::sky::is_fair;
use super::stage::{Entry, Stage};
use super::who::{Name, Route, Who};
use crate::base::id::NodeId;
use crate::input::{Command, DiskError, Expected, Query, Saying, Space, Write};
use crate::message::{Ask, Filter, Key, Scope, Value};
use crate::sim::{HostId, Hosts, Journal, Machine, Paths};

impl<M: Machine> Stage<M> {
    /// Does a deed. What makes no sense as things stand (a pause of somebody
    /// who does not run) does nothing, so that any step can be left out.
    pub(super) fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Start(who) => self.start(who),
            Deed::Crash(who) => self.for_each(who, Self::crash),
            Deed::Restart(who, disk) => self.for_each(who, |stage, host| stage.restart(host, disk)),
            Deed::Backup(of, name) => {
                if let Some(host) = self.host(of) {
                    let journal = self.world.journal(host).clone();
                    self.backups.insert(name.clone(), journal);
                }
            }
            Deed::Leave(who) => {
                self.for_each(who, |stage, host| stage.command(host, Command::Leave));
            }
            Deed::Pause(who) => self.for_running(who, |stage, host| {
                stage.hampered.insert(host);
                stage.world.pause(host);
            }),
            Deed::Resume(who) => self.for_each(who, |stage, host| {
                stage.hampered.remove(&host);
                stage.world.resume(host);
            }),
            Deed::Slow(who, span) => {
                self.for_each(who, |stage, host| {
                    stage.hampered.insert(host);
                    if span.is_zero() {
                        stage.hampered.remove(&host);
                    }
                    stage.world.slow(host, *span);
                });
            }
            Deed::Drift(who, ppm) => {
                self.for_each(who, |stage, host| stage.world.drift(host, *ppm));
            }
            Deed::Relocate(who) => self.for_each(who, |stage, host| {
                stage.forget(host);
                stage.world.relocate(host);
            }),
            Deed::Twin(of, name, disk) => {
                if let (Some(host), None) = (self.host(of), self.host(name))
                    && let Some(journal) = self.journal(host, disk)
                {
                    let twin = self.world.twin(host, journal);
                    self.hosts.insert(name.clone(), twin);
                }
            }
            Deed::Disks(who, how) => {
                let failing = match how {
                    Writing::Full => Some(DiskError::Full),
                    Writing::Failing => Some(DiskError::Failed),
                    Writing::Mended => None,
                };
                self.for_each(who, |stage, host| stage.world.fail_disk(host, failing));
            }
            Deed::Sever(who) => self.for_running(who, |stage, host| stage.world.break_links(host)),
            Deed::Weather(route, weather) => {
                for paths in self.paths(route) {
                    match is_fair(weather) {
                        true => self.world.clear_weather(&paths),
                        false => self.world.set_weather(&paths, weather),
                    }
                }
            }
            Deed::Cut(route) => self.for_paths(route, |stage, paths| stage.world.cut(paths)),
            Deed::Mend(route) => self.for_paths(route, |stage, paths| stage.world.mend(paths)),
            Deed::Clog(route, span) => {
                self.for_paths(route, |stage, paths| stage.world.clog(paths, *span));
            }
            Deed::Flap(route, every, span) => self.flap(route, *every, *span),
            Deed::Partition(groups) => {
                let groups: Vec<_> = groups.iter().map(|who| self.of(who)).collect();
                let groups: Vec<_> = groups.iter().map(Vec::as_slice).collect();
                self.world.partition(&groups);
            }
            Deed::Heal => self.world.heal(),
            Deed::Write(on, wishes) => self.write(on, wishes, Command::Write),
            Deed::WriteAtOnce(on, wishes) => self.write(on, wishes, Command::WriteAtOnce),
            Deed::Fill(on, scope, key, count) => {
                let wish = |number| Wish {
                    scope: *scope,
                    key: format!("{}{number}", key.as_str())
                        .parse()
                        .unwrap_or(key.clone()),
                    value: Some(format!("{number}")),
                    ttl: None,
                    unchanged: false,
                };
                let wishes: Vec<Wish> = (0..*count).map(wish).collect();
                self.write(on, &wishes, Command::Write);
            }
            Deed::Read(on, scope, key) => {
                if let Some(host) = self.host(on) {
                    let query = self.query(host, *scope, key);
                    self.command(host, Command::Get(query));
                }
            }
            Deed::Remove(on, of) => self.order(on, of, Command::Remove),
            Deed::Forget(on, of) => self.order(on, of, Command::Forget),
            Deed::Say(on, event, count) => self.say(on, event, *count, false),
            Deed::Coalesce(on, event, count) => self.say(on, event, *count, true),
            Deed::Ask(on, query, span) => {
                if let Some(host) = self.host(on) {
                    let ask = Ask {
                        filter: Filter::default(),
                        deadline_ms: u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
                        relays: 1,
                    };
                    let saying = saying(query, Bytes::new(), false, Some(ask));
                    self.command(host, Command::Say(saying));
                }
            }
            Deed::Expect(expectation) => self.wait_for(expectation.clone()),
        }
    }

    fn for_each(&mut self, who: &Who, mut act: impl FnMut(&mut Self, HostId)) {
        for host in self.of(who) {
            act(self, host);
        }
    }

    fn for_running(&mut self, who: &Who, mut act: impl FnMut(&mut Self, HostId)) {
        for host in self.of(who) {
            if self.world.is_running(host) {
                act(self, host);
            }
        }
    }

    fn for_paths(&mut self, route: &Route, mut act: impl FnMut(&mut Self, &Paths)) {
        for paths in self.paths(route) {
            act(self, &paths);
        }
    }

    fn start(&mut self, who: &Who) {
        let names: Vec<_> = match who {
            Who::These(names) => names.clone(),
            Who::All => self
                .scenario
                .cast
                .iter()
                .map(|part| part.name.clone())
                .collect(),
        };
        for name in names {
            match self.host(&name) {
                None => self.add(&name),
                Some(host) if !self.world.is_running(host) => self.world.restart(host),
                Some(_) => {}
            }
        }
    }

    fn crash(&mut self, host: HostId) {
        self.forget(host);
        if self.world.is_running(host) {
            self.world.crash(host);
        }
    }

    /// What was asked of a process that crashes is not answered.
    fn forget(&mut self, host: HostId) {
        self.tickets.retain(|(_, asked, _)| *asked != host);
    }

    /// A disk is swapped while the process does not run, and that takes until
    /// the clock has passed every generation the node ever ran as. Generations
    /// are seconds: a process that came back without its journal within the
    /// second in which it began would have the generation of its forerunner.
    fn restart(&mut self, host: HostId, disk: &Disk) {
        let Some(journal) = self.journal(host, disk) else {
            return;
        };
        self.crash(host);
        if *disk == Disk::Kept {
            return self.world.restart(host);
        }
        let newest = self.world.truth.newest(self.world.id(host));
        let newest = newest.map_or(0, |footing| footing.generation.0);
        let clock = self.world.hosts[host.index()]
            .clocks
            .read(self.world.now)
            .wall;
        let wait = (newest + 2).saturating_sub(clock.as_millis());
        let at = self.world.elapsed() + Duration::from_millis(wait);
        self.enter(at, Entry::Boot(host, journal));
    }

    fn journal(&self, host: HostId, disk: &Disk) -> Option<Journal> {
        match disk {
            Disk::Kept => Some(self.world.journal(host).clone()),
            Disk::Wiped => Some(Journal::default()),
            Disk::Backup(name) => self.backups.get(name).cloned(),
        }
    }

    fn command(&mut self, host: HostId, command: Command) {
        let asked = self.world.elapsed();
        let ticket = self.world.command(host, command);
        // One that is paused may be gone before it hears of it.
        if !self.hampered.contains(&host) {
            self.tickets.push((ticket, host, asked));
        }
    }

    fn order(&mut self, on: &Name, of: &Name, command: impl FnOnce(NodeId) -> Command) {
        if let (Some(on), Some(of)) = (self.host(on), self.host(of)) {
            let of = self.world.id(of).clone();
            self.command(on, command(of));
        }
    }

    fn write(&mut self, on: &Name, wishes: &[Wish], command: impl Fn(Vec<Write>) -> Command) {
        if let Some(host) = self.host(on) {
            let writes = wishes.iter().filter_map(|wish| self.wish(host, wish));
            let writes = writes.collect();
            self.command(host, command(writes));
        }
    }

    fn say(&mut self, on: &Name, event: &Key, count: u32, coalesce: bool) {
        for number in 0..count {
            if let Some(host) = self.host(on) {
                let payload = format!("{number}").into();
                let saying = saying(event, payload, coalesce, None);
                self.command(host, Command::Say(saying));
            }
        }
    }

    fn wish(&self, host: HostId, wish: &Wish) -> Option<Write> {
        let value = match &wish.value {
            Some(text) => Some(Value::new(Bytes::copy_from_slice(text.as_bytes())).ok()?),
            None => None,
        };
        let standing = || {
            let query = self.query(host, wish.scope, &wish.key);
            let row = self.world.node(host)?.as_node()?.value(&query);
            Some(row.map_or(Expected::Absent, |row| Expected::Write(row.write)))
        };
        Some(Write {
            scope: wish.scope,
            key: wish.key.clone(),
            value,
            ttl: wish.ttl,
            only_if: if wish.unchanged { standing() } else { None },
        })
    }

    fn query(&self, host: HostId, scope: Scope, key: &Key) -> Query {
        let space = match scope {
            Scope::Own => Space::Own(self.world.id(host).clone()),
            Scope::Shared => Space::Shared,
        };
        Query {
            space,
            key: key.clone(),
        }
    }

    fn hosts(&self, who: &Who) -> Hosts {
        match who {
            Who::All => Hosts::All,
            who => Hosts::These(self.of(who)),
        }
    }

    fn paths(&self, route: &Route) -> Vec<Paths> {
        let paths = |from, to| Paths { from, to };
        match route {
            Route::Everywhere => Vec::from([Paths::all()]),
            Route::From(a, b) => Vec::from([paths(self.hosts(a), self.hosts(b))]),
            Route::Between(a, b) => Vec::from([
                paths(self.hosts(a), self.hosts(b)),
                paths(self.hosts(b), self.hosts(a)),
            ]),
            Route::Into(who) => Vec::from([paths(Hosts::All, self.hosts(who))]),
            Route::OutOf(who) => Vec::from([paths(self.hosts(who), Hosts::All)]),
            Route::Around(who) => Vec::from([
                paths(Hosts::All, self.hosts(who)),
                paths(self.hosts(who), Hosts::All),
            ]),
        }
    }

    /// Cut and mended in turn, and mended at the end.
    fn flap(&mut self, route: &Route, every: Duration, span: Duration) {
        let now = self.world.elapsed();
        let mut at = Duration::ZERO;
        let mut cut = true;
        while at < span && !every.is_zero() {
            let deed = match cut {
                true => Deed::Cut(route.clone()),
                false => Deed::Mend(route.clone()),
            };
            self.enter(now + at, Entry::Deed(deed));
            cut = !cut;
            at += every;
        }
        self.enter(now + span, Entry::Deed(Deed::Mend(route.clone())));
    }
}

fn saying(name: &Key, payload: Bytes, coalesce: bool, ask: Option<Ask>) -> Saying {
    Saying {
        name: name.clone(),
        payload,
        coalesce,
        ask,
    }
}
