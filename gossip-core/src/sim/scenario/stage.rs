//! The stage: a scenario while it is played.
//!
//! ```text
//!   steps ─▶ agenda ──▶ deeds ──▶ World
//!                │                  │ every 100 ms, while something is expected
//!                └──▶ expectations ─┴──▶ held in time, or a failure
//! ```

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use super::deed::Deed;
use super::expect::{Expectation, Never};
use super::plan::Scenario;
use super::sky::is_fair;
use super::who::{Name, Who};
use crate::base::id::NodeId;
use crate::input::Ticket;
use crate::node::Node;
use crate::output::{MemberEventKind, MemberStatus, Notification};
use crate::sim::marks::Mark;
use crate::sim::{HostId, Journal, Machine, NodeSetup, Paths, Rule, Setup, World};

/// How often expectations are looked at: their times are this exact.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How old a command has to be at the end to have been answered (guess: a disk
/// takes milliseconds, and a leave a few seconds).
const ANSWERED_AFTER: Duration = Duration::from_secs(10);

/// How a scenario went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after {at:?}: {what}")]
pub struct Failure {
    /// When, since the start.
    pub at: Duration,
    /// The name of the rule, or the first word of the expectation.
    pub rule: String,
    /// What was broken, and how.
    pub what: String,
    /// The last lines of the trace.
    pub trace: Vec<String>,
}

/// How a scenario went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The hash of everything that happened.
    pub trace_hash: u64,
    /// What was expected, and how long it took.
    pub took: Vec<(String, Duration)>,
    /// Node-seconds simulated.
    pub node_seconds: u64,
    /// The rare states it has been in.
    pub marks: BTreeSet<Mark>,
}

/// What stands in the agenda.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// A step of the scenario.
    Step(usize),
    /// A deed that another one has brought along.
    Deed(Deed),
    /// A process starts on another disk.
    Boot(HostId, Journal),
    /// Somebody may have to be looked at.
    Look,
}

/// An expectation that is not over.
#[derive(Debug)]
struct Waiting {
    expectation: Expectation,
    asked: Duration,
    /// Since when it holds.
    since: Option<Duration>,
}

/// A scenario while it is played.
#[derive(Debug)]
pub struct Stage<M = Node> {
    pub(super) world: World<M>,
    pub(super) scenario: Scenario,
    pub(super) hosts: BTreeMap<Name, HostId>,
    pub(super) backups: BTreeMap<String, Journal>,
    /// Commands to processes that have not crashed since.
    pub(super) tickets: Vec<(Ticket, HostId, Duration)>,
    /// Hosts whose processes are paused or starved: they may never answer.
    pub(super) hampered: BTreeSet<HostId>,
    agenda: BTreeMap<(Duration, u64), Entry>,
    turn: u64,
    waiting: Vec<Waiting>,
    took: Vec<(String, Duration)>,
}

/// Plays a scenario with real nodes.
///
/// # Errors
/// The first rule or expectation that was broken.
pub fn play(scenario: &Scenario) -> Result<Played, Failure> {
    Stage::<Node>::of_machines(scenario, 0).play()
}

impl<M: Machine> Stage<M> {
    /// The stage as it is when the scenario begins; `trace_lines` of the trace
    /// are kept for a failure.
    pub fn of_machines(scenario: &Scenario, trace_lines: usize) -> Self {
        let setup = Setup::seeded(scenario.seed).traced(trace_lines);
        let mut world = World::of_machines(setup);
        world.stop_quietly();
        if !is_fair(&scenario.weather) {
            world.set_weather(&Paths::all(), &scenario.weather);
        }
        let mut stage = Self {
            world,
            scenario: scenario.clone(),
            hosts: BTreeMap::new(),
            backups: BTreeMap::new(),
            tickets: Vec::new(),
            hampered: BTreeSet::new(),
            agenda: BTreeMap::new(),
            turn: 0,
            waiting: Vec::new(),
            took: Vec::new(),
        };
        for (number, step) in scenario.steps.iter().enumerate() {
            stage.enter(step.at, Entry::Step(number));
        }
        for part in scenario.cast.iter().filter(|part| !part.late) {
            stage.add(&part.name);
        }
        stage
    }

    /// Leaves a rule off.
    pub const fn leave_off(&mut self, rule: Rule) {
        self.world.leave_off(rule);
    }

    /// The world, to look at.
    pub const fn world(&self) -> &World<M> {
        &self.world
    }

    /// The host of a name, if it is there yet.
    pub fn host(&self, name: &str) -> Option<HostId> {
        self.hosts.get(name).copied()
    }

    /// Plays on to the end.
    ///
    /// # Errors
    /// The first rule or expectation that was broken.
    pub fn play(mut self) -> Result<Played, Failure> {
        while let Some(((at, _), entry)) = self.agenda.pop_first() {
            if at > self.scenario.end {
                match entry {
                    Entry::Look => {}
                    _ if self.waiting.is_empty() => break,
                    // What is expected still has its time, and the network its faults.
                    Entry::Step(_) => continue,
                    _ => {}
                }
            }
            self.run_to(at)?;
            self.enact(entry)?;
        }
        self.run_to(self.scenario.end.max(self.world.elapsed()))?;
        if let Some(waiting) = self.waiting.pop() {
            let wrong = self.is_wrong(&waiting.expectation.what);
            return Err(self.missed(&waiting, wrong.unwrap_or_else(|| "the end came".to_owned())));
        }
        self.nevers()?;
        self.answers()?;
        let hosts = self.world.hosts().count() as u64;
        Ok(Played {
            trace_hash: self.world.trace_hash(),
            took: self.took,
            node_seconds: self.world.elapsed().as_secs() * hosts,
            marks: self.world.marks(),
        })
    }

    fn run_to(&mut self, at: Duration) -> Result<(), Failure> {
        let elapsed = self.world.elapsed();
        self.world.run_for(at.saturating_sub(elapsed));
        self.unbroken()
    }

    /// Whether all rules held.
    fn unbroken(&self) -> Result<(), Failure> {
        match self.world.broken() {
            None => Ok(()),
            Some(broken) => Err(Failure {
                at: broken.at,
                rule: broken.what.split(':').next().unwrap_or_default().to_owned(),
                what: format!("{} ({}): {}", broken.host, broken.id, broken.what),
                trace: broken.trace.clone(),
            }),
        }
    }

    /// Puts something on the agenda.
    pub(super) fn enter(&mut self, at: Duration, entry: Entry) {
        self.turn += 1;
        self.agenda.insert((at, self.turn), entry);
    }

    fn enact(&mut self, entry: Entry) -> Result<(), Failure> {
        match entry {
            Entry::Step(number) => {
                if let Some(step) = self.scenario.steps.get(number) {
                    let deed = step.deed.clone();
                    self.act(&deed);
                }
            }
            Entry::Deed(deed) => self.act(&deed),
            Entry::Boot(host, journal) => self.world.restart_from(host, journal),
            Entry::Look => self.look()?,
        }
        self.unbroken()
    }

    /// Adds a node of the cast, and starts it.
    pub(super) fn add(&mut self, name: &str) {
        let Some(part) = self.scenario.cast.iter().find(|part| part.name == name) else {
            return;
        };
        let Ok(id) = name.parse() else { return };
        let mut config = self.scenario.config();
        config.seeds.clone_from(&part.joins);
        let host = self.world.add(NodeSetup {
            id,
            config,
            journal: Journal::default(),
        });
        self.hosts.insert(name.to_owned(), host);
    }

    /// The hosts of these names that are there.
    pub(super) fn of(&self, who: &Who) -> Vec<HostId> {
        match who {
            Who::All => self.hosts.values().copied().collect(),
            Who::These(names) => names.iter().filter_map(|name| self.host(name)).collect(),
        }
    }

    /// Something is expected from now on.
    pub(super) fn wait_for(&mut self, expectation: Expectation) {
        let asked = self.world.elapsed();
        self.waiting.push(Waiting {
            expectation,
            asked,
            since: None,
        });
        self.enter(asked, Entry::Look);
    }

    /// Looks at everything that is expected.
    fn look(&mut self) -> Result<(), Failure> {
        let now = self.world.elapsed();
        let mut open = Vec::new();
        for mut waiting in core::mem::take(&mut self.waiting) {
            let Expectation {
                what,
                within,
                holding,
            } = &waiting.expectation;
            match (self.is_wrong(what), waiting.since) {
                (None, since) => {
                    let since = since.unwrap_or(now);
                    waiting.since = Some(since);
                    if now.saturating_sub(since) >= *holding {
                        let took = since.saturating_sub(waiting.asked);
                        self.took.push((waiting.expectation.to_string(), took));
                    } else {
                        open.push(waiting);
                    }
                }
                // It has to come to stay in time; until then it may come and go.
                (Some(wrong), _) if now.saturating_sub(waiting.asked) >= *within => {
                    return Err(self.missed(&waiting, wrong));
                }
                (Some(_), _) => {
                    waiting.since = None;
                    open.push(waiting);
                }
            }
        }
        let was_idle = self.waiting.is_empty();
        self.waiting.extend(open);
        let looks = self
            .agenda
            .values()
            .any(|entry| matches!(entry, Entry::Look));
        if was_idle && !self.waiting.is_empty() && !looks {
            self.enter(now + LOOK_EVERY, Entry::Look);
        }
        Ok(())
    }

    fn missed(&self, waiting: &Waiting, wrong: String) -> Failure {
        let at = self.world.elapsed();
        let expectation = &waiting.expectation;
        let asked = waiting.asked;
        let how = match waiting.since {
            Some(since) => format!("it held from {since:?}, then: {wrong}"),
            None => wrong,
        };
        Failure {
            at,
            rule: expectation.what.rule().to_owned(),
            what: format!("expected at {asked:?}: {expectation}: {how}"),
            trace: self.world.trace().map(ToOwned::to_owned).collect(),
        }
    }

    /// Whether anything happened that must not.
    fn nevers(&self) -> Result<(), Failure> {
        for never in &self.scenario.nevers {
            for (name, host) in &self.hosts {
                if never.to.has(name) {
                    self.never(never, name, *host)?;
                }
            }
        }
        Ok(())
    }

    fn never(&self, never: &Never, to: &str, host: HostId) -> Result<(), Failure> {
        let about = |id: &NodeId| match &never.about {
            Who::All => true,
            who => who.has(id.as_str()),
        };
        for (at, told) in self.world.notifications(host) {
            let Notification::Member(event) = told else {
                continue;
            };
            let status = match event.kind {
                MemberEventKind::Joined { .. } | MemberEventKind::Refuted { .. } => {
                    MemberStatus::Alive
                }
                MemberEventKind::Suspected { .. } => MemberStatus::Suspect,
                MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => {
                    MemberStatus::Dead
                }
                MemberEventKind::Left => MemberStatus::Left,
                _ => continue,
            };
            let at = at.since(crate::base::time::Instant::ZERO);
            if status == never.status && at >= never.after && about(&event.id) {
                return Err(Failure {
                    at,
                    rule: "never".to_owned(),
                    what: format!("never {never}: {to} was told {event:?}"),
                    trace: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// Whether every command was answered whose process did not crash.
    fn answers(&self) -> Result<(), Failure> {
        let now = self.world.elapsed();
        if let Some(what) = self.world.unended(|host| !self.hampered.contains(&host)) {
            return Err(Failure {
                at: now,
                rule: "answers".to_owned(),
                what,
                trace: Vec::new(),
            });
        }
        let old = |asked: &Duration| now.saturating_sub(*asked) >= ANSWERED_AFTER;
        let silent = self
            .tickets
            .iter()
            .find(|(ticket, _, asked)| old(asked) && self.world.reply(*ticket).is_none());
        match silent {
            None => Ok(()),
            Some((ticket, host, asked)) => Err(Failure {
                at: now,
                rule: "answers".to_owned(),
                what: format!("{host} never answered {ticket:?}, asked at {asked:?}"),
                trace: Vec::new(),
            }),
        }
    }
}
