//! A stage: a grown world under watch.
//!
//! Every study plays on one. It builds the cluster, lets time pass, and tells
//! the study each thing a member learns, in order of time, together with what
//! it means: was this death a wrong one, is everybody right about everybody.
//!
//! It takes the notifications out of the world as it reads them, so that hours
//! of a noisy network do not pile up: [`World::notifications`] has nothing
//! left to tell.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::views::Views;
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::config::{Config, Profile};
use crate::input::Command;
use crate::message::{Footing, Generation, Key};
use crate::output::{MemberEventKind, MemberStatus, Notification};
use crate::sim::hash::RunningHash;
use crate::sim::{HostId, NetworkSetup, NodeSetup, Setup, World};

/// How much time passes between two looks. Everything is known to the
/// nanosecond all the same; this is how far a wait runs past its end.
const STEP: Duration = Duration::from_millis(100);

/// So many notifications are read at once (guess: some tens of megabytes).
const MOST_TOLD: usize = 100_000;

/// Longest wait for a young cluster: beyond it the study goes on with what is
/// there (guess: ten times what the slowest anchor needs at 64 nodes).
const GROWING: Duration = Duration::from_secs(900);

/// The label of a study's own chance, apart from the world's.
const CHANCE: u64 = 0x0005_7abe;

/// What a study hands on as it goes: how much simulated time has passed.
pub type Progress<'a> = &'a mut dyn FnMut(Duration);

/// What a cluster is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// How many members.
    pub nodes: u32,
    /// In how many zones, in turn; one: nobody has a zone.
    pub zones: u32,
    /// The knobs of each.
    pub config: Config,
    /// What is between them from the start.
    pub network: NetworkSetup,
}

impl Ground {
    /// So many members of a profile in one zone, on a network without faults.
    pub fn new(nodes: u32, profile: Profile) -> Self {
        Self {
            nodes,
            zones: 1,
            config: Config::new(profile),
            network: NetworkSetup::default(),
        }
    }

    /// The name of a member.
    pub fn name(&self, number: u32) -> String {
        if self.zones < 2 {
            return format!("n{number}");
        }
        format!("z{}/n{number}", number % self.zones)
    }
}

/// One thing a member learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// When, since the world began.
    pub at: Instant,
    /// Who learned it: its place among the members.
    pub observer: usize,
    /// What.
    pub what: What,
}

impl News {
    /// Whom it condemns, if it does.
    pub fn condemns(&self) -> Option<usize> {
        self.holds(MemberStatus::Dead)
    }

    /// Whom it suspects, if it does.
    pub fn suspects(&self) -> Option<usize> {
        self.holds(MemberStatus::Suspect)
    }

    /// Who is held so from now on, if anybody is.
    pub fn holds(&self, status: MemberStatus) -> Option<usize> {
        match self.what {
            What::Member { subject, after, .. } if after == status => Some(subject),
            _ => None,
        }
    }
}

/// What a member can learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It takes part from now on.
    Runs,
    /// Another changed.
    Member {
        /// Who: its place among the members.
        subject: usize,
        /// What it was held for before; `None`: never heard of.
        before: Option<MemberStatus>,
        /// What it is held for now.
        after: MemberStatus,
        /// Where it stands in its history.
        footing: Footing,
        /// It was called dead, runs on this very footing, and could be
        /// reached: a false positive.
        wronged: bool,
    },
    /// A key changed.
    Key(Key),
    /// Anything else.
    Other,
}

/// A cluster under watch.
#[expect(missing_debug_implementations, reason = "it holds the caller's ear")]
pub struct Stage<'a> {
    world: World,
    views: Views,
    numbers: BTreeMap<NodeId, usize>,
    generations: Vec<Option<Generation>>,
    /// In which part of a cut each member is.
    sides: Vec<usize>,
    is_cut: bool,
    /// Footings that were suspected or condemned across a cut, rightly: what comes
    /// of that when it is mended is no error. While it lasts, it is.
    excused: BTreeSet<(usize, Footing)>,
    rng: Rng,
    progress: Progress<'a>,
}

/// What goes on.
impl<'a> Stage<'a> {
    /// A cluster that starts now: everybody at once, each with the first
    /// member for its only seed.
    pub fn open(ground: &Ground, seed: u64, progress: Progress<'a>) -> Self {
        let mut setup = Setup::seeded(seed);
        setup.network = ground.network.clone();
        let mut world = World::new(setup);
        let first = ground.name(0);
        for number in 0..ground.nodes {
            let mut node = NodeSetup::named(&ground.name(number));
            node.config = ground.config.clone();
            if number > 0 {
                node = node.joining(&first);
            }
            world.add(node);
        }
        let hosts = world.hosts();
        let numbers = hosts.map(|host| (world.id(host).clone(), host.index()));
        let count = ground.nodes as usize;
        Self {
            numbers: numbers.collect(),
            world,
            views: Views::of(count),
            generations: vec![None; count],
            sides: vec![0; count],
            is_cut: false,
            excused: BTreeSet::new(),
            rng: Rng::new(RunningHash::of(&[seed, CHANCE])),
            progress,
        }
    }

    /// The same, grown up: everybody knows everybody and what that stirred up
    /// has settled. Members stand at random points of their intervals.
    pub fn grown(ground: &Ground, seed: u64, progress: Progress<'a>) -> Self {
        let mut stage = Self::open(ground, seed, progress);
        stage.until_exact(GROWING);
        stage.settle(&ground.config);
        stage
    }

    /// Twenty probe intervals and a random part of one: suspicions are over,
    /// awareness is back to normal, rumors are cold (guess: twice the longest
    /// of these at 128 members).
    pub fn settle(&mut self, config: &Config) {
        let part = self.rng.within(config.probe_interval);
        self.run_for(config.probe_interval * 20 + part, &mut |_| {});
    }

    /// Lets time pass and tells what everybody learns meanwhile.
    pub fn run_for(&mut self, span: Duration, see: &mut dyn FnMut(&News)) {
        let mut left = span;
        while !left.is_zero() {
            let mut step = left.min(STEP);
            left -= step;
            // Where all learn of all at once it is read in parts: a thousand
            // members tell a million things in one step.
            while !step.is_zero() {
                step -= self.world.run_until_told(step, MOST_TOLD);
                self.read(see);
                if self.world.broken().is_some() {
                    return;
                }
            }
        }
    }

    /// Lets time pass until `done` says so after a step, at most for `limit`;
    /// whether it did.
    pub fn run_until(
        &mut self,
        limit: Duration,
        see: &mut dyn FnMut(&News),
        mut done: impl FnMut(&Self) -> bool,
    ) -> bool {
        let start = self.now();
        while !done(self) {
            if self.now().since(start) >= limit {
                return false;
            }
            self.run_for(STEP, see);
        }
        true
    }

    /// Lets time pass until every running member holds exactly the running
    /// ones alive; how long that took, or `None` if longer than `limit`.
    pub fn until_exact(&mut self, limit: Duration) -> Option<Duration> {
        let start = self.now();
        let exact = self.run_until(limit, &mut |_| {}, |stage| {
            stage.views.exact_since().is_some()
        });
        let since = self.views.exact_since().filter(|_| exact)?;
        Some(since.since(start))
    }

    /// Reads what has been told since the last look.
    fn read(&mut self, see: &mut dyn FnMut(&News)) {
        let mut told = Vec::new();
        self.world.told = 0;
        for (observer, host) in self.world.hosts.iter_mut().enumerate() {
            let new = core::mem::take(&mut host.notifications);
            told.extend(new.into_iter().map(|(at, it)| (at, observer, it)));
        }
        // Stable: what one member learns at one moment stays in order.
        told.sort_by_key(|(at, _, _)| *at);
        for (at, observer, notification) in told {
            let what = self.understand(at, observer, &notification);
            see(&News { at, observer, what });
        }
        (self.progress)(self.world.elapsed());
    }

    fn understand(&mut self, at: Instant, observer: usize, told: &Notification) -> What {
        let event = match told {
            Notification::Running { generation } => {
                self.generations[observer] = Some(*generation);
                self.views.runs(at, observer);
                return What::Runs;
            }
            Notification::Key(event) => return What::Key(event.key.clone()),
            Notification::Member(event) => event,
            _ => return What::Other,
        };
        let Some(subject) = self.numbers.get(&event.id).copied() else {
            return What::Other;
        };
        if subject == observer {
            return What::Other;
        }
        let before = self.views.seen(observer, subject);
        let after = match event.kind {
            MemberEventKind::Joined { .. } | MemberEventKind::Refuted { .. } => MemberStatus::Alive,
            MemberEventKind::Suspected { .. } => MemberStatus::Suspect,
            MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => MemberStatus::Dead,
            MemberEventKind::Left => MemberStatus::Left,
            _ => before.unwrap_or(MemberStatus::Alive),
        };
        self.views.see(at, observer, subject, after);
        let wronged = self.is_wronged(observer, subject, after, event.footing);
        What::Member {
            subject,
            before,
            after,
            footing: event.footing,
            wronged,
        }
    }

    fn is_wronged(
        &mut self,
        observer: usize,
        subject: usize,
        after: MemberStatus,
        footing: Footing,
    ) -> bool {
        let reachable = self.sides[observer] == self.sides[subject];
        if !matches!(after, MemberStatus::Suspect | MemberStatus::Dead) {
            return false;
        }
        if !reachable {
            self.excused.insert((subject, footing));
            return false;
        }
        after == MemberStatus::Dead
            && self.views.is_up(subject)
            && self.generations[subject] == Some(footing.generation)
            && (self.is_cut || !self.excused.contains(&(subject, footing)))
    }
}

/// What goes wrong.
impl Stage<'_> {
    /// Ends a process without a word.
    pub fn crash(&mut self, member: usize) {
        self.world.crash(host(member));
        self.views.goes(self.now(), member);
    }

    /// Starts a process on what is on its disk.
    pub fn restart(&mut self, member: usize) {
        self.world.restart(host(member));
        self.generations[member] = None;
        self.views.comes(self.now(), member);
    }

    /// Lets a member leave of its own will.
    pub fn leave(&mut self, member: usize) {
        self.views.goes(self.now(), member);
        self.world.command(host(member), Command::Leave);
    }

    /// Cuts these off from the rest.
    pub fn cut(&mut self, members: &[usize]) {
        self.sides.fill(0);
        for member in members {
            self.sides[*member] = 1;
        }
        let group: Vec<HostId> = members.iter().map(|member| host(*member)).collect();
        self.is_cut = true;
        self.world.partition(&[&group]);
    }

    /// Mends the cut.
    pub fn mend(&mut self) {
        self.sides.fill(0);
        self.is_cut = false;
        self.world.heal();
    }

    /// The world itself, for faults that do not change who runs or who can
    /// reach whom.
    pub fn world(&mut self) -> &mut World {
        &mut self.world
    }
}

/// What can be seen.
impl Stage<'_> {
    /// The moment.
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.world.elapsed()
    }

    /// How many members there are, running or not.
    pub fn count(&self) -> usize {
        self.sides.len()
    }

    /// Whether a member's process runs and has not said that it leaves.
    pub fn is_up(&self, member: usize) -> bool {
        self.views.is_up(member)
    }

    /// The members that run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.count()).filter(|it| self.is_up(*it)).collect()
    }

    /// Pairs of running members by what one holds the other for: alive,
    /// suspect, dead, left, never heard of.
    pub fn tally(&self) -> [usize; 5] {
        self.views.tally()
    }

    /// Whether all are right about all.
    pub fn is_exact(&self) -> bool {
        self.views.exact_since().is_some()
    }

    /// Since when all are right about all; `None` while one is not.
    pub fn exact_since(&self) -> Option<Instant> {
        self.views.exact_since()
    }

    /// Calls to members and seeds that are not here, by all that run, each
    /// since its process began.
    pub fn calls(&self) -> u64 {
        let nodes = self.world.hosts().filter_map(|host| self.world.node(host));
        nodes.map(|node| node.counters().calls).sum()
    }

    /// The study's own chance.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Some members by chance, each once, the first never among them: it is
    /// the others' only seed.
    pub fn some(&mut self, count: usize) -> Vec<usize> {
        let mut members = self.running();
        members.retain(|member| *member > 0);
        self.rng.shuffle(&mut members);
        members.truncate(count);
        members
    }
}

/// The host a member runs on.
pub(super) fn host(member: usize) -> HostId {
    HostId::new(u32::try_from(member).unwrap_or(u32::MAX))
}
