//! What members write, told by the rule that is configured.
//!
//! A rumor is told to a few as soon as it is here: the whole of it if it is
//! small, else its name alone. From then on, a cycle after the other, only its
//! name is told: who does not know it asks. Who knows it says so, and that
//! cools it ([`Heat`]); what nobody answers does not, so loss makes a rumor
//! live longer.
//!
//! ```text
//!   add ─▶ due at once ─▶ round: told ─▶ due a cycle later ─▶ judged ─▶ told ─▶ …
//!                                          ▲                    │
//!                          answers: known, taken, wanted        ▼ cold: gone
//! ```
//!
//! The second telling comes soon (a sixteenth of an interval), since the first
//! leaves out one in twenty; the
//! later ones an interval apart. A rumor whose answers do not come is let go
//! after as many cycles as a member's claim is told times.
//!
//! What has gone cold still answers for a while: to who asks for it, and by name
//! to who probes us, which is how somebody finds it whom nobody happened to
//! call (the pull of push-pull: all call somebody once a probe interval). Who
//! asked for a rumor and did not get it asks again, and in the end compares
//! notes. Whoever is missed even so is found by anti-entropy.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use super::heat::Heat;
use super::known::{Awaited, Known, Overdue};
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::siphash::HashKey;
use crate::base::time::Instant;
use crate::message::{Batch, Item, Offer, RumorId};
use crate::mongering::Mongering;

/// One rumor that is hot here.
#[derive(Debug)]
struct Story {
    item: Item,
    weight: usize,
    /// Keys and values in it, in bytes.
    payload: usize,
    heat: Heat,
    /// In how many rounds it was told.
    told: u32,
    /// It is not told any more, but still answered with.
    cold: bool,
    /// When it is told, judged or let go next.
    turn: (Instant, u64),
}

/// What a node tells in a round, to everybody the same.
#[derive(Debug, Default)]
pub struct Telling {
    /// By name.
    pub offer: Offer,
    /// What rides along.
    pub eager: Vec<Item>,
    /// Some of it is told for the first time.
    pub fresh: bool,
}

impl Telling {
    /// Nothing, and the question for what others have.
    pub fn asking() -> Self {
        let mut telling = Self::default();
        telling.offer.asks = true;
        telling
    }
}

/// What follows from another's offer.
#[derive(Debug, Default)]
pub struct Heard {
    /// To be said in turn, with what rides along.
    pub answer: Option<Telling>,
    /// What the other wants.
    pub wanted: Vec<Item>,
}

/// What the application says, as long as it is news.
#[derive(Debug)]
pub struct News {
    key: HashKey,
    stories: BTreeMap<RumorId, Story>,
    /// By when they are told next; among equals the newest first.
    turns: BTreeSet<(Instant, u64, RumorId)>,
    bytes: usize,
    known: Known,
    awaited: Awaited,
    added: u64,
    cold: usize,
}

impl News {
    /// Of a node of `cluster`: none.
    pub fn new(cluster: &ClusterId) -> Self {
        Self {
            key: HashKey::of(cluster.as_str()),
            stories: BTreeMap::new(),
            turns: BTreeSet::new(),
            bytes: 0,
            known: Known::default(),
            awaited: Awaited::default(),
            added: 0,
            cold: 0,
        }
    }

    /// How many are hot.
    pub fn len(&self) -> usize {
        self.stories.len() - self.cold
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When something is to be told, judged, let go, or asked for again.
    pub fn next_due(&self, patience: Duration) -> Option<Instant> {
        let due = self.turns.first().map(|(at, ..)| *at);
        due.into_iter().chain(self.awaited.next_due(patience)).min()
    }

    /// The name of a rumor: the first eight bytes of the hash of what its author
    /// sealed, under the cluster's key.
    pub fn id(&self, item: &Item) -> RumorId {
        let sealed = match item {
            Item::Claim(claim) => &claim.bytes,
            Item::Accusation(accusation) => &accusation.bytes,
            Item::Batch(batch) => &batch.head.bytes,
            Item::Event(event) => &event.bytes,
        };
        self.named(sealed)
    }

    /// The name of what an author sealed.
    pub fn named(&self, sealed: &[u8]) -> RumorId {
        RumorId((self.key.hash(sealed) & u128::from(u64::MAX)) as u64)
    }

    /// What we asked for has begun to come, in another form. Whether we did.
    pub fn comes(&mut self, id: RumorId) -> bool {
        self.awaited.came(id)
    }

    /// Whether we have heard it.
    pub fn knows(&self, id: RumorId) -> bool {
        self.known.contains(id)
    }

    /// We hold it from now on, and shall not ask for it.
    pub fn learn(&mut self, item: &Item) -> RumorId {
        let id = self.id(item);
        self.awaited.came(id);
        self.known.insert(id);
        id
    }

    /// The same of a batch.
    pub fn learn_batch(&mut self, batch: &Batch) {
        let id = self.named(&batch.head.bytes);
        self.awaited.came(id);
        self.known.insert(id);
    }

    /// It is news: told in the next round. Answers how many had to be let go
    /// for it.
    pub fn add(&mut self, item: Item) -> u64 {
        let id = self.learn(&item);
        self.remove(id);
        self.added += 1;
        let (weight, payload) = (item.weight(), payload_bytes(&item));
        let story = Story {
            item,
            weight,
            payload,
            heat: Heat::default(),
            told: 0,
            cold: false,
            // What was never told goes before everything else, and counted down,
            // so that the newest of it goes first.
            turn: (Instant::ZERO, u64::MAX - self.added),
        };
        self.bytes += weight;
        self.turns.insert((story.turn.0, story.turn.1, id));
        self.stories.insert(id, story);
        let mut dropped = 0;
        while self.stories.len() > limit::NEWS || self.bytes > limit::NEWS_BYTES {
            // What is cold, then what was told last, then the oldest of what was not.
            let Some((_, _, last)) = self.turns.last().copied() else {
                break;
            };
            self.remove(last);
            dropped += 1;
        }
        dropped
    }

    fn remove(&mut self, id: RumorId) {
        if let Some(story) = self.stories.remove(&id) {
            self.turns.remove(&(story.turn.0, story.turn.1, id));
            self.bytes -= story.weight;
            self.cold -= usize::from(story.cold);
        }
    }

    /// What is due, as it is told now; `None`: nothing is. What has cooled is not
    /// told, and what was cold for long enough goes.
    /// `budget`: bytes of what rides along.
    pub fn round(
        &mut self,
        now: Instant,
        terms: &Terms,
        budget: usize,
        rng: &mut Rng,
    ) -> Option<Telling> {
        let mut telling = Telling::default();
        let mut rest = budget;
        while let Some((at, order, id)) = self.turns.first().copied()
            && at <= now
            && telling.offer.hot.len() < limit::OFFER_RUMORS
        {
            self.turns.remove(&(at, order, id));
            let Some(story) = self.stories.get_mut(&id) else {
                continue;
            };
            if story.cold {
                self.remove(id);
                continue;
            }
            let hot = story.told == 0 || story.heat.judge(&terms.rule, rng);
            if !hot || story.told >= terms.cycles {
                story.cold = true;
                self.cold += 1;
                story.turn = (now + terms.grace, order);
                self.turns.insert((story.turn.0, order, id));
                continue;
            }
            if terms.rule.mode.pushes() {
                let small = story.payload <= terms.eager_bytes;
                if story.told == 0 && small && story.weight <= rest {
                    rest -= story.weight;
                    telling.eager.push(story.item.clone());
                }
                let count = story.heat.count().min(Offer::COUNT_MAX);
                telling.offer.hot.push((id, count));
                if !terms.rule.stop.is_feedback() {
                    story.heat.in_vain();
                }
            }
            telling.fresh |= story.told == 0;
            story.told += 1;
            let cycle = match story.told {
                1 => terms.interval / FIRST_REPEAT,
                _ => terms.interval,
            };
            story.turn = (now + rng.jittered(cycle), order);
            self.turns.insert((story.turn.0, order, id));
        }
        telling.offer.asks = terms.rule.mode.pulls();
        let says = !telling.offer.hot.is_empty();
        says.then_some(telling)
    }

    /// What is hot, or was of late, for one who has just come or asks whether we
    /// are there; nothing rides along.
    pub fn everything(&self, terms: &Terms) -> Option<Offer> {
        let hot = self.turns.iter().take(limit::OFFER_RUMORS);
        let hot = hot.filter_map(|(_, _, id)| Some((*id, count(self.stories.get(id)?))));
        let hot: Vec<(RumorId, u32)> = hot.collect();
        let offer = Offer {
            asks: terms.rule.mode.pulls(),
            hot,
            ..Offer::default()
        };
        (!offer.hot.is_empty()).then_some(offer)
    }

    /// Those of an offer that we know already: to be asked before what rides
    /// along is heard.
    pub fn known_of(&self, offer: &Offer) -> Vec<RumorId> {
        let ids = offer.hot.iter().map(|(id, _)| *id);
        ids.filter(|id| self.knows(*id)).collect()
    }

    /// Another's offer, or its answer to ours. `before`: what we knew of it
    /// before it came. `budget`: bytes of an answer with what rides along.
    pub fn hear(
        &mut self,
        now: Instant,
        from: &NodeId,
        offer: &Offer,
        before: &[RumorId],
        terms: &Terms,
        budget: usize,
    ) -> Heard {
        let rule = &terms.rule;
        for (id, theirs) in &offer.known {
            self.both_knew(*id, *theirs, rule);
        }
        for id in offer.taken.iter().chain(&offer.wanted) {
            if let Some(story) = self.stories.get_mut(id) {
                story.heat.useful();
            }
        }
        let wanted = offer.wanted.iter().take(limit::OFFER_RUMORS);
        let wanted = wanted.filter_map(|id| self.stories.get(id).map(|story| story.item.clone()));
        let wanted = wanted.collect();

        let mut said = Offer::default();
        for (id, theirs) in &offer.hot {
            if before.contains(id) {
                let ours = self.stories.get(id).filter(|story| !story.cold);
                let ours = ours.map(count);
                said.known.push((*id, ours));
                if rule.mode.pulls() {
                    self.both_knew(*id, Some(*theirs), rule);
                }
            } else if self.knows(*id) {
                said.taken.push(*id);
            } else if self.awaited.ask(now, *id, from) {
                said.wanted.push(*id);
            }
        }
        let mut eager = Vec::new();
        if offer.asks && rule.mode.pulls() {
            let mut rest = budget.saturating_sub(said.weight());
            for (id, story) in &self.stories {
                if rest < Offer::ROW || said.hot.len() >= limit::OFFER_RUMORS {
                    break;
                }
                if story.cold || offer.hot.iter().any(|(theirs, _)| theirs == id) {
                    continue;
                }
                rest -= Offer::ROW;
                said.hot.push((*id, count(story)));
                let small = story.payload <= terms.eager_bytes;
                let fresh = story.told == 0 || !rule.mode.pushes();
                if fresh && small && story.weight <= rest {
                    rest -= story.weight;
                    eager.push(story.item.clone());
                }
            }
        }
        let says = offer.asks || !offer.hot.is_empty();
        Heard {
            answer: says.then_some(Telling {
                offer: said,
                eager,
                fresh: false,
            }),
            wanted,
        }
    }

    /// A contact in which both knew a rumor.
    fn both_knew(&mut self, id: RumorId, theirs: Option<u32>, rule: &Mongering) {
        if let Some(story) = self.stories.get_mut(&id)
            && rule.stop.is_feedback()
            && rule.counts(story.heat.count(), theirs)
        {
            story.heat.in_vain();
        }
    }

    /// What was asked for and has not come within `patience`.
    pub fn overdue(&mut self, now: Instant, patience: Duration) -> Overdue {
        self.awaited.overdue(now, patience)
    }
}

/// The first repeat comes after this part of an interval: as soon as the answers to
/// the first telling are there (our simulation: the last of 64 hears it a hop later).
const FIRST_REPEAT: u32 = 16;

/// The counter that is told of a rumor.
fn count(story: &Story) -> u32 {
    match story.cold {
        true => Offer::COUNT_MAX,
        false => story.heat.count().min(Offer::COUNT_MAX),
    }
}

/// How news is told: what the configuration and the cluster's size say.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The rule.
    pub rule: Mongering,
    /// Up to how many bytes of keys and values are told without being asked for.
    pub eager_bytes: usize,
    /// A cycle.
    pub interval: Duration,
    /// After so many a rumor is cold whatever is answered.
    pub cycles: u32,
    /// How long what is cold still answers.
    pub grace: Duration,
}

/// Keys and values of what members write.
fn payload_bytes(item: &Item) -> usize {
    match item {
        Item::Claim(_) | Item::Accusation(_) | Item::Event(_) => 0,
        Item::Batch(batch) => {
            let parts = batch.parts.iter();
            parts.map(|part| part.entry.value.payload_bytes()).sum()
        }
    }
}
