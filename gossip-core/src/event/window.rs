//! All runs: what is heard of each, and the window of what is kept.
//!
//! An event is kept until it is older than [`KEEP`], or until there are more
//! than [`limit::EVENTS_KEPT`]: then the first goes of the run that has most there, so
//! that an author who floods crowds out nobody but itself. What was heard of
//! a run is remembered longer, also of a member that is forgotten: should it come
//! back in the same run, nothing of it is news again.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::KEEP;
use super::run::Heard;
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::base::siphash::HashKey;
use crate::base::time::Instant;
use crate::message::{
    Checksum, Event, EventDelta, EventHave, EventRow, EventRun, EventSum, Generation, Lamport, Run,
    Sealed,
};

/// What became of an event that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is news.
    News,
    /// It was heard before, or is older than what is remembered: said again.
    Again,
    /// A newer one of its name was heard before it.
    Coalesced,
    /// It lies too far beyond what was heard; the lists will bring it.
    Ahead,
    /// Too many runs, or a run before the last two of its author.
    Refused,
}

/// What a run of a delta brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// What is news, in rising numbers.
    pub news: Vec<Sealed<Event>>,
    /// Events that nobody keeps for us any more.
    pub missed: u64,
    /// Events that later ones of their names have replaced.
    pub coalesced: u64,
    /// Events heard before.
    pub again: u64,
    /// Events of a run that is not heard.
    pub refused: u64,
}

/// Everything heard.
#[derive(Debug)]
pub struct Events {
    runs: BTreeMap<Run, Heard>,
    /// What is kept, in the order in which it came, and when it did.
    order: BTreeMap<u64, (Instant, Run, u64)>,
    next: u64,
    bytes: usize,
    clock: Lamport,
    /// How often something was heard.
    changes: u64,
    key: HashKey,
    /// We have not yet learned where the runs stand that began before us.
    fresh: bool,
}

impl Events {
    /// Those of a node that has heard nothing yet.
    pub fn new(cluster: &ClusterId) -> Self {
        Self {
            runs: BTreeMap::new(),
            order: BTreeMap::new(),
            next: 0,
            bytes: 0,
            clock: Lamport::default(),
            changes: 0,
            key: HashKey::of(cluster.as_str()),
            fresh: true,
        }
    }

    /// Whether we have yet to learn where the others stand.
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// There is nobody to learn it from.
    pub const fn begin(&mut self) {
        self.fresh = false;
    }

    /// Whether nothing is heard yet.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many events are kept, and how many bytes.
    pub fn kept(&self) -> (usize, usize) {
        (self.order.len(), self.bytes)
    }

    /// Our clock.
    pub const fn clock(&self) -> Lamport {
        self.clock
    }

    /// The time of the event we say next.
    pub const fn tick(&mut self) -> Lamport {
        self.clock = self.clock.next();
        self.clock
    }

    /// Our clock has seen another time. Whether that lay too far ahead.
    pub fn see(&mut self, time: Lamport) -> bool {
        let (clock, jumped) = self.clock.seen(time);
        self.clock = clock;
        jumped
    }

    /// What is kept, by Lamport time and author.
    pub fn window(&self) -> Vec<Event> {
        let kept = self.runs.values().flat_map(|heard| heard.kept.values());
        let mut kept: Vec<Event> = kept.map(|kept| kept.event.value.clone()).collect();
        kept.sort_by(|left, right| left.order().cmp(&right.order()));
        kept
    }

    /// One event came, as a rumor or in a delta.
    pub fn hear(&mut self, now: Instant, event: &Sealed<Event>) -> Told {
        if !self.may_begin(now, event.run()) {
            return Told::Refused;
        }
        let fresh = Heard::from(0, now);
        let heard = self.runs.entry(event.run().clone()).or_insert(fresh);
        let number = event.number();
        if heard.has(number) {
            return Told::Again;
        }
        if heard.is_ahead(number) {
            return Told::Ahead;
        }
        heard.mark(number);
        heard.at = now;
        self.changes += 1;
        heard.changed = self.changes;
        if heard.coalesced_by(&event.value).is_some() {
            return Told::Coalesced;
        }
        self.keep(now, event.clone());
        Told::News
    }

    fn keep(&mut self, now: Instant, event: Sealed<Event>) {
        let (run, number) = (event.run().clone(), event.number());
        let Some(heard) = self.runs.get_mut(&run) else {
            return;
        };
        self.bytes += event.weight();
        let order = self.next;
        self.next += 1;
        for gone in heard.keep(event, order) {
            self.bytes -= gone.event.weight();
            if let Some(order) = gone.order {
                self.order.remove(&order);
            }
        }
        self.order.insert(order, (now, run, number));
        self.expire(now);
    }

    /// Lets go of what is too old or too much.
    pub fn expire(&mut self, now: Instant) {
        loop {
            let full =
                self.order.len() > limit::EVENTS_KEPT || self.bytes > limit::EVENT_BYTES_KEPT;
            let Some((first, (at, ..))) = self.order.first_key_value() else {
                break;
            };
            let old = now.since(*at) >= KEEP;
            if !full && !old {
                break;
            }
            let goes = match old {
                true => *first,
                false => self.crowds().unwrap_or(*first),
            };
            let Some((_, run, number)) = self.order.remove(&goes) else {
                break;
            };
            let gone = self.runs.get_mut(&run);
            if let Some(gone) = gone.and_then(|heard| heard.let_go(number)) {
                self.bytes -= gone.event.weight();
            }
        }
    }

    /// The place of the first event of the run of which most are kept: who says much
    /// pays for it with its own.
    fn crowds(&self) -> Option<u64> {
        let most = self.runs.values().max_by_key(|heard| heard.kept.len())?;
        most.kept.values().find_map(|kept| kept.order)
    }

    /// Whether a run may be heard: it is, or there is room for it.
    fn may_begin(&mut self, now: Instant, run: &Run) -> bool {
        if self.runs.contains_key(run) {
            return true;
        }
        let first = Run {
            author: run.author.clone(),
            generation: Generation(0),
        };
        let others = self.runs.range(first..);
        let others = others.take_while(|(other, _)| other.author == run.author);
        let others: Vec<Run> = others.map(|(other, _)| other.clone()).collect();
        if let [older, .., newer] = others.as_slice() {
            // Two runs of one author are remembered: the last two.
            if run.generation < older.generation && run.generation < newer.generation {
                return false;
            }
            let older = older.clone();
            self.forget_run(&older);
        }
        if self.runs.len() >= limit::EVENT_RUNS {
            let oldest = self.runs.iter().min_by_key(|(_, heard)| heard.at);
            let oldest = oldest.filter(|(_, heard)| now.since(heard.at) >= KEEP);
            let Some(oldest) = oldest.map(|(run, _)| run.clone()) else {
                return false;
            };
            self.forget_run(&oldest);
        }
        true
    }

    fn forget_run(&mut self, run: &Run) {
        let Some(heard) = self.runs.remove(run) else {
            return;
        };
        for kept in heard.kept.values() {
            self.bytes -= kept.event.weight();
            if let Some(order) = kept.order {
                self.order.remove(&order);
            }
        }
    }

    /// All that is heard, as one number.
    pub fn sum(&self) -> EventSum {
        let mut sum = Checksum::default();
        for (run, heard) in &self.runs {
            heard.row(run).add_to(&mut sum, self.key);
        }
        EventSum {
            sum,
            fresh: self.fresh,
        }
    }

    /// All that is heard, run by run: as much as one message holds.
    pub fn have(&self, back: bool) -> EventHave {
        let rows = self.runs.iter().map(|(run, heard)| heard.row(run));
        let rows = fitting(rows);
        EventHave {
            whole: rows.len() == self.runs.len(),
            rows,
            clock: self.clock,
            back,
        }
    }

    /// How many changes there have been: a name for all that is heard now.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// The runs of which something was heard after so many changes.
    pub fn have_since(&self, changes: u64, back: bool) -> EventHave {
        let later = self
            .runs
            .iter()
            .filter(|(_, heard)| heard.changed > changes);
        EventHave {
            whole: false,
            rows: fitting(later.map(|(run, heard)| heard.row(run))),
            clock: self.clock,
            back,
        }
    }

    /// Where the runs stand, for one who has just come: what was first heard here
    /// while its question was on its way may have been said after it came, and
    /// counts as not heard yet.
    pub fn stands(&self, now: Instant) -> EventHave {
        let mut recent: BTreeMap<&Run, u64> = BTreeMap::new();
        for (at, run, number) in self.order.values().rev() {
            if now.since(*at) > ON_ITS_WAY {
                break;
            }
            let first = recent.entry(run).or_insert(*number);
            *first = (*first).min(*number);
        }
        let rows = self.runs.iter().map(|(run, heard)| {
            let mut row = heard.row(run);
            if let Some(first) = recent.get(run) {
                row.top = row.top.min(first.saturating_sub(1));
                row.holes.retain(|hole| *hole <= row.top);
            }
            row
        });
        let rows = fitting(rows.filter(|row| row.top > 0));
        EventHave {
            whole: true,
            rows,
            clock: self.clock,
            back: false,
        }
    }

    /// How much of one run is heard, if any.
    pub fn row(&self, run: &Run) -> Option<EventRow> {
        Some(self.runs.get(run)?.row(run))
    }

    /// How we stand with those of a peer's runs of which it has heard more, and
    /// with its own, since it wants to know.
    pub fn lacking(&self, theirs: &EventHave, peer: &NodeId) -> EventHave {
        let rows = theirs.rows.iter().filter_map(|row| {
            let Some(heard) = self.runs.get(&row.run) else {
                return Some(EventRow {
                    run: row.run.clone(),
                    top: 0,
                    holes: Vec::new(),
                });
            };
            let ours = heard.row(&row.run);
            let behind = ours.top < row.top || ours.holes.iter().any(|hole| !row.lacks(*hole));
            (behind || row.run.author == *peer).then_some(ours)
        });
        EventHave {
            rows: rows.collect(),
            clock: self.clock,
            whole: false,
            back: false,
        }
    }

    /// Where the runs stand that began before us; the rest does not concern us.
    pub fn learn(&mut self, now: Instant, theirs: &EventHave) {
        self.fresh = false;
        for row in &theirs.rows {
            if self.may_begin(now, &row.run) {
                let heard = self.runs.entry(row.run.clone());
                let heard = heard.or_insert_with(|| Heard::from(0, now));
                heard.settle(row.through());
                heard.floor = heard.floor.max(row.through());
                self.changes += 1;
                heard.changed = self.changes;
            }
        }
    }

    /// What a peer lacks; `None`: nothing.
    pub fn delta(&self, theirs: &EventHave) -> Option<EventDelta> {
        let mut delta = EventDelta {
            runs: Vec::new(),
            more: false,
        };
        let (mut budget, mut count) = (limit::DELTA_PIECE_BYTES * 4, limit::EVENT_PIECE);
        let listed = theirs.rows.iter();
        let listed: BTreeMap<&Run, &EventRow> = listed.map(|row| (&row.run, row)).collect();
        for (run, heard) in &self.runs {
            let row = listed.get(run);
            if row.is_none() && !theirs.whole {
                continue;
            }
            let lacks = |number: u64| row.is_none_or(|row| row.lacks(number));
            let theirs = row.map_or(0, |row| row.through());
            if theirs >= heard.top() {
                continue;
            }
            let mut told = EventRun {
                run: run.clone(),
                floor: heard.floor,
                through: heard.through(),
                events: Vec::new(),
            };
            budget = budget.saturating_sub(EventRun::frame(run));
            for (number, kept) in heard.kept.range(theirs.saturating_add(1)..) {
                if !lacks(*number) {
                    continue;
                }
                let weight = kept.event.weight();
                let is_first = delta.runs.is_empty() && told.events.is_empty();
                if (weight > budget || count == 0) && !is_first {
                    // What comes before it is told, and no more.
                    told.through = told.through.min(number - 1);
                    delta.more = true;
                    break;
                }
                budget = budget.saturating_sub(weight);
                count = count.saturating_sub(1);
                told.events.push(kept.event.clone());
            }
            if told.through > theirs || !told.events.is_empty() {
                delta.runs.push(told);
            }
            if delta.more || budget == 0 {
                delta.more = true;
                break;
            }
        }
        (!delta.runs.is_empty()).then_some(delta)
    }

    /// A run of a delta came. Nothing beyond what its author said itself is
    /// taken on the peer's word.
    pub fn take(&mut self, now: Instant, told: &EventRun) -> Taken {
        let mut taken = Taken::default();
        let ahead = self.hear_many(now, &told.events, &mut taken);
        let Some(heard) = self.runs.get_mut(&told.run) else {
            return taken;
        };
        let said = told.events.last().map_or(0, Sealed::number);
        let through = told.through.min(heard.top().max(said));
        let floor = told.floor.min(through);
        taken.missed = heard.settle(floor);
        if taken.missed > 0 {
            heard.floor = heard.floor.max(floor);
        }
        // Those that were too far beyond a hole are within reach now.
        if ahead {
            self.hear_many(now, &told.events, &mut taken);
        }
        if let Some(heard) = self.runs.get_mut(&told.run) {
            taken.coalesced += heard.settle(through);
            self.changes += 1;
            heard.changed = self.changes;
        }
        taken
    }

    /// Whether some lay too far beyond a hole.
    fn hear_many(&mut self, now: Instant, events: &[Sealed<Event>], taken: &mut Taken) -> bool {
        let mut ahead = false;
        for event in events {
            match self.hear(now, event) {
                Told::News => taken.news.push(event.clone()),
                Told::Again => taken.again += 1,
                Told::Coalesced => taken.coalesced += 1,
                Told::Ahead => ahead = true,
                Told::Refused => taken.refused += 1,
            }
        }
        ahead
    }
}

/// As many rows as one list holds.
fn fitting(rows: impl Iterator<Item = EventRow>) -> Vec<EventRow> {
    let mut weight = 0;
    let rows = rows.take_while(|row| {
        weight += row.weight();
        weight <= HAVE_BYTES
    });
    rows.collect()
}

/// For how long the first question of who has just come may be on its way (guess:
/// what three lost packets of a stream take).
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// Bytes of rows in one list (guess: half a message).
const HAVE_BYTES: usize = 512 * 1024;
