//! An outlook: one cluster, one story, told once.
//!
//! All start at once and know one seed; nothing happens for a while; keys are
//! written; members crash and come back; a cut parts the cluster and is
//! mended; and again nothing happens, on a network that goes on losing
//! packets. What a planner wants to know beforehand is measured on the way.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use super::stage::{Ground, News, Progress, Stage, What};
use super::wrongs::Wrongs;
use crate::base::time::Instant;
use crate::message::Scope;
use crate::output::MemberStatus;
use crate::sim::Tally;

/// What to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The cluster, its network's loss included.
    pub ground: Ground,
    /// So many keys are written, one after the other, each by another member.
    pub updates: u32,
    /// So many members crash at one moment; none: no crash.
    pub crashes: u32,
    /// For so long the cluster is cut in two; zero: no cut. With zones the cut
    /// goes between them, else through the middle.
    pub partition: Duration,
    /// So long nothing happens at the end, beside the loss.
    pub quiet: Duration,
}

/// When others learned of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// After how long one more knew, in order.
    pub learned: Vec<Duration>,
    /// How many should.
    pub members: usize,
}

impl Spread {
    /// After how long so many of a thousand knew; `None`: never.
    pub fn at(&self, permille: u32) -> Option<Duration> {
        let rank = (self.members * permille as usize).div_ceil(1_000).max(1);
        self.learned.get(rank - 1).copied()
    }
}

/// What all members sent together while nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Idle {
    /// Not everybody had had the time to ask everybody: connections were still
    /// being made.
    pub young: bool,
    /// For how long.
    pub span: Duration,
    /// Bytes on the wire, as UDP payload: messages and what QUIC adds.
    pub wire_bytes: u64,
    /// How many messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of them, in probes.
    pub probe_bytes: u64,
    /// Of them, in messages that carry rumors alone.
    pub gossip_bytes: u64,
    /// Of them, in comparisons.
    pub sync_bytes: u64,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// From the start until everybody knew everybody.
    pub joined: Option<Duration>,
    /// What all sent when nothing happened.
    pub idle: Idle,
    /// Each written key on its way.
    pub updates: Vec<Spread>,
    /// Each crash, from the moment of the crash.
    pub crashes: Vec<Spread>,
    /// From the restart until everybody agreed.
    pub back: Option<Duration>,
    /// From mending the cut until everybody agreed.
    pub healed: Option<Duration>,
    /// From mending until keys written on either side were everywhere.
    pub merged: Option<Duration>,
    /// Dials of all while the cut lasted.
    pub cut_dials: u64,
    /// False positives, counted once.
    pub wrongs: u64,
    /// Time of running nodes over which they were counted, from when everybody had
    /// joined.
    pub node_time: Duration,
    /// Moments and pairs by what a running member holds another for: alive,
    /// suspect, dead, left, never heard of.
    pub timeline: Vec<(Duration, [usize; 5])>,
    /// What happened when.
    pub chapters: Vec<(Duration, &'static str)>,
    /// When it ended.
    pub elapsed: Duration,
    /// The hash of everything that happened.
    pub trace_hash: u64,
}

/// The longest wait for anything (guess: what a planner would call never).
const PATIENCE: Duration = Duration::from_secs(600);

/// How long nothing happens while idle traffic is measured: six comparisons of
/// everything in profile `lan`.
const IDLE: Duration = Duration::from_secs(60);

/// The longest wait for everybody to have asked everybody (guess: what a few
/// hundred members need; a cluster of thousands is told of as young).
const WARM: Duration = Duration::from_secs(600);

/// How fine the timeline is: everything a plot of this width can show.
const TIMELINE_STEP: Duration = Duration::from_millis(100);

/// The play, and what it writes down as it goes.
struct Play<'a, 'b> {
    stage: Stage<'a>,
    told: &'b mut dyn FnMut(&News),
    seen: Seen,
    wrongs: Wrongs,
}

impl Outlook {
    /// Tells the story; `told` hears everything anybody learns.
    pub fn trial(&self, seed: u64, progress: Progress<'_>, told: &mut dyn FnMut(&News)) -> Seen {
        let mut play = Play {
            stage: Stage::open(&self.ground, seed, progress),
            told,
            seen: Seen::default(),
            wrongs: Wrongs::default(),
        };
        play.join(&self.ground);
        play.idle();
        for number in 0..self.updates {
            play.update(number);
        }
        if self.crashes > 0 {
            play.crash(self.crashes as usize);
        }
        if !self.partition.is_zero() {
            play.cut(self);
        }
        play.chapter("quiet");
        play.pass(self.quiet);
        play.seen.wrongs = play.wrongs.deaths();
        play.seen.elapsed = play.now();
        play.seen.trace_hash = play.stage.world().trace_hash();
        play.seen
    }
}

impl Play<'_, '_> {
    fn now(&self) -> Duration {
        self.stage.now().since(Instant::ZERO)
    }

    fn chapter(&mut self, what: &'static str) {
        self.seen.chapters.push((self.now(), what));
    }

    /// Lets a moment pass, listening.
    fn step(&mut self, also: &mut dyn FnMut(&News)) {
        let start = self.stage.now();
        let (told, wrongs) = (&mut *self.told, &mut self.wrongs);
        self.stage.run_for(TIMELINE_STEP, &mut |news| {
            wrongs.see(news, |_| true);
            told(news);
            also(news);
        });
        let running = u32::try_from(self.stage.running().len()).unwrap_or(u32::MAX);
        self.seen.node_time += self.stage.now().since(start) * running;
        let tally = self.stage.tally();
        // What does not change is said once, and once more where it ends.
        let timeline = &mut self.seen.timeline;
        let flat = timeline.iter().rev().take(2);
        if flat.filter(|(_, before)| *before == tally).count() == 2 {
            timeline.pop();
        }
        timeline.push((self.stage.now().since(Instant::ZERO), tally));
    }

    fn pass(&mut self, span: Duration) {
        let end = self.stage.now() + span;
        while self.stage.now() < end {
            self.step(&mut |_| {});
        }
    }

    fn until(&mut self, also: &mut dyn FnMut(&News), done: impl Fn(&Stage<'_>) -> bool) -> bool {
        let end = self.stage.now() + PATIENCE;
        while !done(&self.stage) {
            if self.stage.now() >= end {
                return false;
            }
            self.step(also);
        }
        true
    }

    fn until_exact(&mut self) -> Option<Duration> {
        let start = self.stage.now();
        self.until(&mut |_| {}, |stage| stage.is_exact());
        Some(self.stage.exact_since()?.since(start))
    }

    fn join(&mut self, ground: &Ground) {
        self.chapter("start");
        self.seen.joined = self.until_exact();
        self.seen.node_time = Duration::ZERO;
        // One round of probes: whom a member never asked it is not connected to,
        // and what a handshake costs is not the price of being there.
        let interval = ground.config.probe_interval;
        let round = interval * ground.nodes;
        self.seen.idle.young = round > WARM;
        self.pass(round.min(WARM).max(interval * 20));
    }

    fn idle(&mut self) {
        self.chapter("idle");
        let before = self.stage.world().total_traffic();
        self.pass(IDLE);
        let after = self.stage.world().total_traffic();
        let bytes = |after: Tally, before: Tally| after.bytes - before.bytes;
        self.seen.idle = Idle {
            young: self.seen.idle.young,
            span: IDLE,
            wire_bytes: after.wire.bytes - before.wire.bytes,
            messages: after.sent.messages - before.sent.messages,
            bytes: bytes(after.sent, before.sent),
            probe_bytes: bytes(after.probes, before.probes),
            gossip_bytes: bytes(after.gossip, before.gossip),
            sync_bytes: bytes(after.sync, before.sync),
        };
    }

    fn update(&mut self, number: u32) {
        let Some(author) = self.stage.some(1).first().copied() else {
            return;
        };
        if number == 0 {
            self.chapter("updates");
        }
        let key = format!("update-{number}");
        let others = self.stage.running().len().saturating_sub(1);
        let start = self.stage.now();
        let host = super::stage::host(author);
        self.stage.world().put(host, Scope::Shared, &key, b"value");
        let learned = RefCell::new(Vec::new());
        self.until(
            &mut |news| {
                if let What::Key(found) = &news.what
                    && found.as_str() == key
                    && news.observer != author
                {
                    learned.borrow_mut().push(news.at.since(start));
                }
            },
            |_| learned.borrow().len() >= others,
        );
        self.seen.updates.push(Spread {
            learned: learned.into_inner(),
            members: others,
        });
        self.pass(Duration::from_secs(1));
    }

    fn crash(&mut self, count: usize) {
        self.chapter("crash");
        let victims = self.stage.some(count);
        victims.iter().for_each(|victim| self.stage.crash(*victim));
        let start = self.stage.now();
        let others = self.stage.running().len();
        let learned: RefCell<BTreeMap<usize, Vec<Duration>>> = RefCell::default();
        self.until(
            &mut |news| {
                if let Some(victim) = news.condemns().filter(|it| victims.contains(it)) {
                    let mut learned = learned.borrow_mut();
                    let of = learned.entry(victim).or_default();
                    of.push(news.at.since(start));
                }
            },
            |_| {
                let learned = learned.borrow();
                let full = learned.values().filter(|of| of.len() >= others);
                full.count() == victims.len()
            },
        );
        let learned = learned.into_inner();
        self.seen.crashes = victims
            .iter()
            .map(|victim| Spread {
                learned: learned.get(victim).cloned().unwrap_or_default(),
                members: others,
            })
            .collect();
        self.pass(Duration::from_secs(10));
        self.chapter("restart");
        victims
            .iter()
            .for_each(|victim| self.stage.restart(*victim));
        self.seen.back = self.until_exact();
        self.pass(Duration::from_secs(20));
    }

    fn cut(&mut self, outlook: &Outlook) {
        self.chapter("cut");
        let (count, zones) = (self.stage.count(), outlook.ground.zones as usize);
        let side = |member: &usize| match zones {
            0 | 1 => *member < count / 2,
            _ => member % zones < zones / 2,
        };
        let half: Vec<usize> = (0..count).filter(side).collect();
        let before = self.stage.world().total_traffic().dials;
        self.stage.cut(&half);
        let other = (0..count).find(|member| !half.contains(member));
        for (key, member) in [("left", half.first().copied()), ("right", other)] {
            if let Some(member) = member {
                let host = super::stage::host(member);
                self.stage.world().put(host, Scope::Shared, key, b"value");
            }
        }
        let keys = RefCell::new((0, None));
        let mut see = |news: &News| {
            if matches!(&news.what, What::Key(key) if matches!(key.as_str(), "left" | "right")) {
                let mut keys = keys.borrow_mut();
                *keys = (keys.0 + 1, Some(news.at));
            }
        };
        let end = self.stage.now() + outlook.partition;
        while self.stage.now() < end {
            self.step(&mut see);
        }
        self.seen.cut_dials = self.stage.world().total_traffic().dials - before;
        self.chapter("mended");
        self.stage.mend();
        let start = self.stage.now();
        let wanted = self.stage.running().len() * 2;
        let done = |stage: &Stage<'_>| stage.is_exact() && keys.borrow().0 >= wanted;
        self.until(&mut see, done);
        self.seen.healed = self.stage.exact_since().map(|at| at.since(start));
        let (known, last) = keys.into_inner();
        let merged = last.filter(|_| known >= wanted);
        self.seen.merged = merged.map(|at| at.since(start));
        self.pass(Duration::from_secs(10));
    }
}

/// What an average running member holds the others for, in members.
pub fn average(tally: [usize; 5], members: u32) -> [f64; 5] {
    let pairs: usize = tally.iter().sum();
    let rows = pairs as f64 / f64::from(members.saturating_sub(1).max(1));
    tally.map(|count| if rows > 0.0 { count as f64 / rows } else { 0.0 })
}

/// The word for each place of a tally.
pub const TALLY: [Option<MemberStatus>; 5] = [
    Some(MemberStatus::Alive),
    Some(MemberStatus::Suspect),
    Some(MemberStatus::Dead),
    Some(MemberStatus::Left),
    None,
];
